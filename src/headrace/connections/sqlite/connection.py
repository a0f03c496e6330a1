"""One connection to a SQLite file and the thread it lives in."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from headrace.connections.sqlite.failure import failure_of
from headrace.errors import InfrastructureError, PermanentError
from headrace.sdk.transaction import STORE_APPLICATION_ID
from headrace.wal import use_wal

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
            InfrastructureError | PermanentError: it cannot be opened, is no database, or is headrace's store.
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

    async def run(self, work: Callable[[sqlite3.Connection], Value], before: Sequence[str] = ()) -> Value:
        """Do some work in the connection's thread, after commands, in one go.

        Cancellation: what runs is interrupted, and the connection is closed, which rolls back.

        Raises:
            PermanentError | InfrastructureError: the first thing that failed; the rest did not run.
        """
        if self.broken:
            raise InfrastructureError("the connection to SQLite is closed")
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._thread, _run, self._connection, before, work)
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
        _refuse_store(connection, path)
        use_wal(connection, BUSY_TIMEOUT_S)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_store(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application == STORE_APPLICATION_ID:
        raise PermanentError(
            f"`{path.name}` is the store in which headrace keeps runs and tasks; name another file",
            code="HR327",
        )


def _run(
    connection: sqlite3.Connection, before: Sequence[str], work: Callable[[sqlite3.Connection], Value]
) -> Value:
    for command in before:
        connection.execute(command)
    return work(connection)
