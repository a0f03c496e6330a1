"""Connections to one SQLite file, and what runs on them."""

from collections.abc import Hashable
from pathlib import Path

from headrace.connections.pool import WAIT_S, Pool
from headrace.connections.sql import classify, leading_word
from headrace.connections.sqlite.connection import SqliteConnection
from headrace.connections.sqlite.transaction import SqliteTransaction, Turn
from headrace.errors import UsageError
from headrace.sdk.transaction import Result, Statement

__all__ = ["SqliteDatabase"]

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

    async def execute(self, statement: Statement) -> Result:
        """Run a statement and commit it; with `rows`, all of them commit together or none.

        See `sdk.transaction.Database.execute`.
        """
        if classify(statement.sql) == "read" or leading_word(statement.sql) in _OUTSIDE:
            connection = await self._pool.acquire()
            try:
                return await connection.run([], statement)
            finally:
                self._pool.release(connection)
        transaction = await self.begin()
        try:
            result = await transaction.execute(statement)
            await transaction.commit()
        finally:
            await transaction.rollback()  # does nothing after a commit
        return result

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()
