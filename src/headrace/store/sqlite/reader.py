"""The connection that reads, in a thread of its own: what is asked does not wait for what is written."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from headrace.errors import StoreError
from headrace.store.sqlite.connection import connect
from headrace.store.sqlite.failure import DAMAGED, SQLITE_ERRORS, failure_of, in_short
from headrace.store.sqlite.rows import Damaged

__all__ = ["Reader"]

Value = TypeVar("Value")


class Reader:
    """Asks a store's file; connected at the first question."""

    def __init__(self, path: Path, patience_s: float) -> None:
        self._path = path
        self._patience_s = patience_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="headrace-store-reader")
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False

    async def ask(self, find: Callable[[sqlite3.Connection], Value]) -> Value:
        """What a question to the file gives.

        Raises:
            StoreError: SQLite refuses, a row is damaged, or the reader is closed.
        """

        def work() -> Value:
            if self._connection is None:
                self._connection = connect(self._path, self._patience_s)
            return find(self._connection)

        if self._is_closed:
            raise StoreError("the store is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except SQLITE_ERRORS as error:
            raise failure_of(error, self._path) from error
        except Damaged as error:
            raise StoreError(
                f"the store `{self._path}` failed: {in_short(error)} ({DAMAGED})", code="HR403"
            ) from error

    def close(self) -> None:
        """Answer what was asked, and let go of the file; safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._connection is not None:
            self._thread.submit(self._connection.close)
        self._thread.shutdown()
