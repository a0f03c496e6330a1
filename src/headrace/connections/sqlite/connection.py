"""One connection to a SQLite file and the thread it lives in."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from headrace.connections.sqlite.failure import failure_of
from headrace.connections.sqlite.statement import execute
from headrace.errors import InfrastructureError
from headrace.sdk.transaction import Result, Statement

__all__ = ["BUSY_TIMEOUT_S", "SqliteConnection"]

BUSY_TIMEOUT_S = 30.0
"""How long SQLite waits for a lock of another process: as long as PostgreSQL's lock timeout here."""

Value = TypeVar("Value")


class SqliteConnection:
    """A connection; used by one task at a time."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread
        self.broken = False

    @classmethod
    async def open(cls, path: Path) -> "SqliteConnection":
        """Open the file, or create it; WAL, foreign keys on, fully synchronous.

        Raises:
            InfrastructureError | PermanentError: it cannot be opened, or is no database.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="headrace-sqlite")
        try:
            connection = await asyncio.get_running_loop().run_in_executor(thread, _connect, path)
        except sqlite3.Error as error:
            thread.shutdown(wait=False)
            failure = failure_of(error)
            raise type(failure)(f"`{path}`: {failure.message}", code=failure.code) from error
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(connection, thread)

    @property
    def is_reusable(self) -> bool:
        """Whether it may go back to its pool: whole, and in no transaction."""
        return not self.broken and not self._connection.in_transaction

    def check(self) -> bool:
        """A file does not go away by itself."""
        return not self.broken

    def close(self) -> None:
        """Close it, after what its thread still does; safe to call twice."""
        if not self.broken:
            self.broken = True
            self._thread.submit(self._connection.close)
            self._thread.shutdown(wait=False)

    async def run(
        self, before: Sequence[str], statement: Statement | None = None, after: Sequence[str] = ()
    ) -> Result:
        """Run commands, a statement and commands in one go.

        Cancellation: what runs is interrupted, and the connection is closed, which rolls back.

        Raises:
            PermanentError | InfrastructureError: the first thing that failed; the rest did not run.
        """
        return await self._in_thread(lambda connection: _run(connection, before, statement, after))

    async def _in_thread(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        if self.broken:
            raise InfrastructureError("the connection to SQLite is closed")
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, self._connection)
        try:
            return await asyncio.shield(future)
        except sqlite3.Error as error:
            raise failure_of(error) from error
        except asyncio.CancelledError:
            self._connection.interrupt()
            await asyncio.wait([future])
            if not future.cancelled():
                future.exception()  # taken, so that the loop does not report it as forgotten
            self.close()
            raise


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _run(
    connection: sqlite3.Connection,
    before: Sequence[str],
    statement: Statement | None,
    after: Sequence[str],
) -> Result:
    for command in before:
        connection.execute(command)
    result = execute(connection, statement) if statement is not None else Result()
    for command in after:
        connection.execute(command)
    return result
