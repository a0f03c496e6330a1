"""Running example flows in tests: a file, an API, a database `myapp`, and a clock that jumps."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from headrace.components import MODULES
from headrace.connections.embedded import EmbeddedServer
from headrace.engine import Engine
from headrace.flow.loader import read_flow, require
from headrace.sdk import Clock, Registry
from headrace.store import MemoryStore
from headrace.values import Json
from support.api import TOKEN, Api
from support.clock import START_NS, JumpingClock
from support.flows import Bench, Recorder, Seen, probes
from support.postgres import Databases

EXAMPLES = Path(__file__).parents[2] / "examples"
START = datetime.fromtimestamp(START_NS // 10**9, UTC)
"""The time that the jumping clock shows at first, as a database gives it."""
START_TEXT = "2023-11-14T22:13:20Z"

CREATE_USERS = """
CREATE TABLE users (
    external_id TEXT PRIMARY KEY,
    email TEXT,
    name TEXT,
    status VARCHAR(20) NOT NULL,
    metadata JSONB,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL
)"""
CREATE_SYNC_LOGS = """
CREATE TABLE sync_logs (
    id SERIAL PRIMARY KEY,
    sync_id BIGINT NOT NULL,
    status VARCHAR(20) NOT NULL,
    records_processed INT NOT NULL,
    pages INT NOT NULL,
    duration_seconds DECIMAL(10,2),
    errors JSONB,
    completed_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
)"""


@dataclass
class Target:
    """The database `myapp` on a server."""

    server: EmbeddedServer

    @property
    def url(self) -> str:
        return self.server.url("myapp")

    @property
    def secrets(self) -> dict[str, str]:
        """Of the examples. A Unix socket needs no password, and `sslMode` does not apply to it."""
        return {
            "apiToken": TOKEN,
            "dbHost": self.server.socket_folder,
            "dbUser": "postgres",
            "dbPassword": "not-asked-for",
        }

    def execute(self, *statements: str) -> None:
        """Run statements, committed at once."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query; times in UTC."""
        with psycopg.connect(self.url, options="-c timezone=UTC") as connection:
            return connection.execute(query).fetchall()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Columns of all tables: name, type, whether null is allowed, default."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for table, *column in self.rows(
            """
            SELECT table_name, column_name, data_type, character_maximum_length, numeric_scale, is_nullable,
                   column_default
            FROM information_schema.columns WHERE table_schema = 'public'
            ORDER BY table_name, ordinal_position
            """
        ):
            found.setdefault(table, []).append(tuple(column))
        return found


@contextmanager
def fresh_target(databases: Databases) -> Iterator[Target]:
    """An empty database `myapp`."""
    with databases.empty("myapp"):
        yield Target(databases.server)


@asynccontextmanager
async def open_example(
    path: str,
    api: Api,
    target: Target,
    *,
    clock: Clock | None = None,
    overrides: Mapping[str, Json] | None = None,
) -> AsyncIterator[Bench]:
    """An engine with an example's flow.

    Args:
        path: below `examples/`.
        api: what `vars.apiUrl` is set to.
        target: whose secrets the flow gets.
        clock: a new jumping one if None.
        overrides: further ones.
    """
    seen, observer, store = Seen(), Recorder(), MemoryStore()
    registry = Registry((*MODULES, probes(seen)))
    given = {"vars.apiUrl": api.url, **(overrides or {})}
    flow = require(read_flow(EXAMPLES / path, registry, overrides=given))
    async with Engine(store, Path("unused"), clock=clock or JumpingClock(), observer=observer) as engine:
        program = await engine.load(flow, target.secrets)
        yield Bench(engine, program, store, seen, observer, registry)
