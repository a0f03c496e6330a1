"""Connections to one SQLite file, and what runs on them."""

import sqlite3
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TypeVar

from headrace.connections.pool import WAIT_S, Pool
from headrace.connections.sql import classify, leading_word
from headrace.connections.sqlite.connection import SqliteConnection
from headrace.connections.sqlite.insert import insert_rows
from headrace.connections.sqlite.statement import execute
from headrace.connections.sqlite.task import find, forget
from headrace.connections.sqlite.transaction import SqliteTransaction, Turn
from headrace.errors import UsageError
from headrace.sdk.transaction import Insert, Result, Statement

__all__ = ["SqliteDatabase"]

Value = TypeVar("Value")

_OUTSIDE = frozenset({"PRAGMA", "VACUUM", "ATTACH", "DETACH"})  # refuse or do nothing in a transaction


class SqliteDatabase:
    """A `Database`: one file, created at the first use; one writer at a time, readers beside it."""

    def __init__(self, path: Path | str, max_size: int = 10, wait_s: float = WAIT_S) -> None:
        """Make it; nothing is opened yet.

        Args:
            path: the file; a relative path starts at the working folder.
            max_size: connections at most.
            wait_s: how long to wait for a free connection, and for the turn to write, in seconds.

        Raises:
            UsageError: the path is `:memory:`, where each connection would have a database of its own.
        """
        if str(path) == ":memory:":
            raise UsageError("SQLite in memory is not shared between connections; give a file")
        self.path = Path(path).expanduser().resolve()
        self._turn = Turn(self.path, wait_s)
        self._pool = Pool(f"SQLite `{path}`", lambda: SqliteConnection.open(self.path), max_size, wait_s)

    @property
    def key(self) -> Hashable:
        """The file."""
        return ("sqlite", str(self.path))

    @property
    def max_size(self) -> int:
        """Connections at most."""
        return self._pool.max_size

    def grow(self, max_size: int) -> None:
        """Allow more connections."""
        self._pool.grow(max_size)

    async def begin(self) -> SqliteTransaction:
        """Take a connection; the turn to write comes with the first statement."""
        return SqliteTransaction(await self._pool.acquire(), self._pool.release, self._turn)

    async def execute(self, statement: Statement | Insert) -> Result:
        """Run a statement and commit it; with `rows`, all of them commit together or none.

        See `sdk.transaction.Database.execute`.
        """
        if isinstance(statement, Insert):
            insert = statement
            return await self._write(lambda connection: insert_rows(connection, insert))
        if classify(statement.sql) == "read" or leading_word(statement.sql) in _OUTSIDE:
            return await self._read(lambda connection: execute(connection, statement))
        return await self._write(lambda connection: execute(connection, statement))

    async def find_task(self, task_id: str) -> bytes | None:
        """The outcome in a task's row; see `sdk.transaction.Database.find_task`."""
        return await self._read(lambda connection: find(connection, task_id))

    async def forget_tasks(self, run_ids: Sequence[str]) -> int:
        """Remove the rows of runs; see `sdk.transaction.Database.forget_tasks`."""
        return await self._write(lambda connection: forget(connection, run_ids))

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    async def _read(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        connection = await self._pool.acquire()
        try:
            return await connection.run(work)
        finally:
            self._pool.release(connection)

    async def _write(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        transaction = await self.begin()
        try:
            result = await transaction.run(work)
            await transaction.commit()
        finally:
            await transaction.rollback()  # does nothing after a commit
        return result
