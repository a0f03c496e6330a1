"""The one connection that writes, in a thread of its own: what waits is committed together.

While a transaction commits, further decisions gather in the next batch (group commit). A batch that
somebody waits for is fully synchronous: a power failure does not undo it. Others are in the file after the
death of the process, but a power failure may take the last of them; the file stays whole and in order
(sqlite.org/pragma.html#pragma_synchronous, NORMAL in WAL mode).
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from headrace.errors import StoreError
from headrace.store.sqlite.batch import Batch
from headrace.store.sqlite.failure import SQLITE_ERRORS, failure_of, is_temporary

__all__ = ["Writer"]

_GATHER_S = 0.02
"""How long changes that nobody waits for gather: a few pages of a fast loop."""
_MOST_GATHERED = 1000
"""Rows; more are written at once, so that the next start has little to find out again."""
_PAUSE_S = 0.1
"""Between two tries on a full disk."""


class Writer:
    """Writes batches in the order of their making."""

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection], patience_s: float) -> None:
        """Set up; `start` opens the connection, in the writer's thread.

        Args:
            path: of the file, for messages.
            connect: makes the connection.
            patience_s: how long a full disk or a lock is waited for before the store has failed.
        """
        self._path = path
        self._connect = connect
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._batch = Batch()
        self._waiting: list[asyncio.Future[None]] = []
        self._is_closing = False
        self._failure: StoreError | None = None
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self._failed.add_done_callback(_take_error)  # nobody may be watching
        self._thread = threading.Thread(target=self._run, name="headrace-store", daemon=True)
        self._started: asyncio.Future[None] = self._loop.create_future()

    @property
    def failed(self) -> asyncio.Future[None]:
        """Raises once the store has failed; never has a result."""
        return self._failed

    async def start(self) -> None:
        """Open the connection.

        Raises:
            StoreError | sqlite3.Error: as `connect`.
        """
        self._thread.start()
        await self._started

    def change(self, add: Callable[[Batch], None]) -> None:
        """Add to what is written soon.

        Raises:
            StoreError: the store has failed.
        """
        with self._changed:
            self._check()
            was_empty = not len(self._batch)
            self._add(add)
            if was_empty or len(self._batch) > _MOST_GATHERED:
                self._changed.notify()

    async def commit(self, add: Callable[[Batch], None]) -> None:
        """Add to what is written, and wait until it is durable; so is then what was added before it.

        Cancellation: it is written all the same.

        Raises:
            StoreError: the store has failed; it is not known whether this was written.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        with self._changed:
            self._check()
            self._add(add)
            self._waiting.append(future)
            self._changed.notify()
        await future

    async def close(self) -> None:
        """Write what waits, and close the connection."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _add(self, add: Callable[[Batch], None]) -> None:
        """Take a change in whole; what is half in the batch must never be written."""
        try:
            add(self._batch)
        except Exception as error:
            self._fail(StoreError(f"the store `{self._path}` cannot take a change: {error}", code="HR403"))
            self._changed.notify()
            raise

    def _fail(self, failure: StoreError) -> None:
        self._failure = failure
        self._tell([self._failed], failure)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._is_closing:
            raise StoreError("the store is closed")

    # ---- in the thread

    def _run(self) -> None:
        try:
            connection = self._connect()
        except BaseException as error:  # noqa: BLE001 - told to who starts it
            self._tell([self._started], error)
            return
        self._tell([self._started], None)
        try:
            while (gathered := self._take()) is not None:
                batch, waiting = gathered
                self._tell(waiting, self._write(connection, batch, is_full=bool(waiting)))
        finally:
            connection.close()

    def _take(self) -> tuple[Batch, list[asyncio.Future[None]]] | None:
        """The next batch, when it is due; None at the end."""
        with self._changed:
            while not len(self._batch) and not self._waiting:
                if self._is_closing:
                    return None
                self._changed.wait()
            if not self._waiting and not self._is_closing and len(self._batch) <= _MOST_GATHERED:
                self._changed.wait_for(self._is_due, _GATHER_S)
            batch, self._batch = self._batch, Batch()
            waiting, self._waiting = self._waiting, []
            return batch, waiting

    def _is_due(self) -> bool:
        return bool(self._waiting) or self._is_closing or len(self._batch) > _MOST_GATHERED

    def _write(self, connection: sqlite3.Connection, batch: Batch, *, is_full: bool) -> StoreError | None:
        """Commit a batch, for some time in spite of locks and a full disk; tells how it failed."""
        if self._failure is not None:
            return self._failure
        deadline_s = time.monotonic() + self._patience_s
        while True:
            try:
                self._commit(connection, batch, is_full=is_full)
            except SQLITE_ERRORS as error:
                if is_temporary(error) and time.monotonic() < deadline_s and not self._is_closing:
                    time.sleep(_PAUSE_S)
                    continue
                failure = failure_of(error, self._path)
            except StoreError as error:
                failure = error
            except Exception as error:  # noqa: BLE001 - a thread that dies would let everybody wait for ever
                failure = StoreError(f"the store `{self._path}` cannot take a change: {error}", code="HR403")
            else:
                return None
            with self._changed:
                self._fail(failure)
            return failure

    @staticmethod
    def _commit(connection: sqlite3.Connection, batch: Batch, *, is_full: bool) -> None:
        connection.execute(f"PRAGMA synchronous = {'FULL' if is_full else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            batch.write(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _tell(self, futures: list[asyncio.Future[None]], error: BaseException | None) -> None:
        if futures:
            with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
                self._loop.call_soon_threadsafe(_settle, futures, error)


def _settle(futures: list[asyncio.Future[None]], error: BaseException | None) -> None:
    for future in futures:
        if future.done():  # who waited for it was cancelled
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def _take_error(future: asyncio.Future[None]) -> None:
    if not future.cancelled():
        future.exception()
