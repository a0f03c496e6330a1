"""What writing batches to PostgreSQL costs with three drivers; one JSON line each.

    python bench/drivers.py [--transactions 300]

The work: a transaction of ten statements, each below a savepoint of its own: an upsert of a batch by
`unnest` of six arrays (four text, one jsonb, one timestamptz). Batches of 10 and of 100 rows. The server is
headrace's embedded one with its default durability.

    asyncpg     its own protocol; arrays as Python lists, timestamps as datetime objects
    psycopg     AsyncConnection with AsyncRawCursor and its pipeline mode; arrays as Python lists
    headrace    `headrace.connections.postgres`: everything of a statement in one round trip, arrays as text
"""

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
from psycopg.rows import dict_row

from headrace.connections.embedded import EmbeddedPostgres, EmbeddedServer
from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.sdk.transaction import Statement

TABLE = """CREATE TABLE IF NOT EXISTS users (external_id text PRIMARY KEY, email text, name text, status text,
    metadata jsonb, updated_at timestamptz)"""
UPSERT = """INSERT INTO users (external_id, email, name, status, metadata, updated_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])
    ON CONFLICT (external_id) DO UPDATE SET email = EXCLUDED.email, name = EXCLUDED.name,
    status = EXCLUDED.status, metadata = EXCLUDED.metadata, updated_at = EXCLUDED.updated_at"""
STATEMENTS = 10
NOW = "2026-01-02T03:04:05.123456Z"


def batch(number: int, size: int) -> list[list[Any]]:
    ids = [f"usr_{number * size + index:08d}" for index in range(size)]
    return [
        ids,
        [f"{name}@example.com" for name in ids],
        [f"First Last {name}" for name in ids],
        ["active"] * size,
        [json.dumps({"source": "external-system", "original_id": name, "synced_at": NOW}) for name in ids],
        [NOW] * size,
    ]


Run = Callable[[list[list[list[Any]]]], Awaitable[None]]


async def with_asyncpg(server: EmbeddedServer) -> tuple[Run, Callable[[], Awaitable[None]]]:
    connection = await asyncpg.connect(host=server.socket_folder, port=server.port, user="postgres")

    async def run(batches: list[list[list[Any]]]) -> None:
        async with connection.transaction():
            for columns in batches:
                moments = [datetime.fromisoformat(text) for text in columns[5]]
                async with connection.transaction():
                    await connection.execute(UPSERT, *columns[:5], moments)

    return run, connection.close


async def with_psycopg(server: EmbeddedServer) -> tuple[Run, Callable[[], Awaitable[None]]]:
    connection = await psycopg.AsyncConnection.connect(
        server.url(), cursor_factory=psycopg.AsyncRawCursor, row_factory=dict_row, prepare_threshold=0
    )

    async def run(batches: list[list[list[Any]]]) -> None:
        async with connection.pipeline(), connection.transaction():
            for columns in batches:
                async with connection.transaction():
                    await connection.execute(UPSERT, columns)

    return run, connection.close


async def with_headrace(server: EmbeddedServer) -> tuple[Run, Callable[[], Awaitable[None]]]:
    pool = PostgresPool(PostgresTarget.parse(server.url()))

    async def run(batches: list[list[list[Any]]]) -> None:
        transaction = await pool.begin()
        for columns in batches:
            transaction.mark("batch")
            await transaction.execute(Statement(UPSERT, columns))
            transaction.release("batch")
        await transaction.commit()

    return run, pool.close


DRIVERS = {"asyncpg": with_asyncpg, "psycopg": with_psycopg, "headrace": with_headrace}


async def measure(name: str, server: EmbeddedServer, size: int, transactions: int) -> dict[str, Any]:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute("TRUNCATE users")
    run, close = await DRIVERS[name](server)
    work = [[batch(t * STATEMENTS + s, size) for s in range(STATEMENTS)] for t in range(transactions)]
    await run(work[0])  # connects and prepares
    wall, cpu = time.perf_counter(), time.process_time()
    for batches in work:
        await run(batches)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    await close()
    rows = transactions * STATEMENTS * size
    return {
        "driver": name,
        "rows_per_statement": size,
        "ms_per_transaction": round(wall / transactions * 1e3, 3),
        "us_per_row": round(wall / rows * 1e6, 2),
        "python_us_per_row": round(cpu / rows * 1e6, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--transactions", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        embedded = EmbeddedPostgres(Path(home))
        server = embedded.start()
        try:
            for size in (100, 10):
                for name in DRIVERS:
                    print(
                        json.dumps(asyncio.run(measure(name, server, size, arguments.transactions))),
                        flush=True,
                    )
        finally:
            embedded.leave()
            shutil.rmtree(embedded.state)  # for root it lies outside the home folder


if __name__ == "__main__":
    main()
