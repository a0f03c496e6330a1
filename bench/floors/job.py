"""What the floor scripts share: the job of the reference flow, written by hand with no engine around it.

Fetch a page of users, shape each record, upsert the page in one statement and one transaction. This is the
least that the job costs with ordinary tools; headrace's figures are ratios to it.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import asyncpg
import msgspec
import usage
import uvloop

__all__ = ["Job", "main"]

TABLE = """
    CREATE TABLE IF NOT EXISTS users (
        external_id TEXT PRIMARY KEY,
        email TEXT,
        name TEXT,
        status VARCHAR(20) NOT NULL,
        metadata JSONB,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL
    )"""

UPSERT = """
    INSERT INTO users (external_id, email, name, status, metadata, updated_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])
    ON CONFLICT (external_id) DO UPDATE SET
        email = EXCLUDED.email, name = EXCLUDED.name, status = EXCLUDED.status,
        metadata = EXCLUDED.metadata, updated_at = EXCLUDED.updated_at
    WHERE (users.email, users.name, users.status)
        IS DISTINCT FROM (EXCLUDED.email, EXCLUDED.name, EXCLUDED.status)"""

Row = tuple[str, str, str, str, str, datetime]
Sync = Callable[["Job"], Awaitable[None]]


@dataclass
class Job:
    """Where users come from and go to, and what was done so far.

    Attributes:
        databases: one for each page that may be in flight. Not asyncpg's pool, which resets a connection
            each time it is given back: one more round trip a page.
    """

    api: str
    http: aiohttp.ClientSession
    databases: list[asyncpg.Connection]
    page_size: int
    records: int = 0

    async def fetch(self, page: int) -> tuple[list[dict[str, Any]], int]:
        """The users of a page, and the total of all."""
        query = {"page": str(page), "limit": str(self.page_size), "updated_since": ""}
        async with self.http.get(f"{self.api}/users", params=query) as response:
            response.raise_for_status()
            body = msgspec.json.decode(await response.read())
        return body["data"], body["total"]

    async def store(self, users: list[dict[str, Any]], database: asyncpg.Connection) -> None:
        """Upsert a page of users in a transaction of its own; durable on return."""
        if users:
            await database.execute(UPSERT, *zip(*rows(users), strict=True))
        self.records += len(users)


def rows(users: list[dict[str, Any]]) -> list[Row]:
    """The reference page's transform; one instant for the whole page."""
    now = datetime.now(UTC)
    synced_at = now.isoformat()
    encode = msgspec.json.encode
    return [
        (
            user["id"],
            user["email"].lower(),
            f"{user['first_name']} {user['last_name']}",
            "active" if user["active"] else "inactive",
            encode({"source": "external-system", "original_id": user["id"], "synced_at": synced_at}).decode(),
            now,
        )
        for user in users
    ]


async def _run(sync: Sync, options: argparse.Namespace) -> dict[str, float]:
    """Connect, then time the work alone."""
    databases = [await asyncpg.connect(options.database) for _ in range(options.in_flight)]
    await databases[0].execute(TABLE)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {options.token}"}) as http:
        job = Job(options.api, http, databases, options.page_size)
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        await sync(job)
        figures = {
            "records": job.records,
            "sync_s": time.perf_counter() - began_s,
            "cpu_s": time.process_time() - began_cpu_s,
        }
    for database in databases:
        await database.close()
    return figures


def main(sync: Sync, in_flight: int) -> None:
    """Read the options, do the job and print its figures as one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", required=True, help="the URL that `/users` is below")
    parser.add_argument("--database", required=True, help="the URL of the PostgreSQL database")
    parser.add_argument("--token", default="", help="the API's")
    parser.add_argument("--page-size", type=int, default=100)
    parser.add_argument("--in-flight", type=int, default=in_flight)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(_run(sync, parser.parse_args()))
    print(json.dumps({**figures, "peak_mib": usage.peak_mib()}))
