"""A transaction on a SQLite file: alone among the writers of this process from its first statement on."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from weakref import WeakValueDictionary

from headrace.connections.mark import Marking
from headrace.connections.sqlite.connection import SqliteConnection
from headrace.errors import HeadraceError, InfrastructureError, InternalError, PermanentError
from headrace.sdk.transaction import Result, Statement

__all__ = ["SqliteTransaction", "Turn"]


# By real path: whichever pools the writers of a file come from, they take turns. Gone with the last user.
_locks: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()


class Turn:
    """The turn to write to a file, in this process."""

    def __init__(self, path: Path, wait_s: float) -> None:
        """Share the turn of a file.

        Args:
            path: resolved.
            wait_s: how long to wait for the turn, in seconds.
        """
        lock = _locks.get(path)
        if lock is None:
            lock = _locks[path] = asyncio.Lock()
        self._path = path
        self._wait_s = wait_s
        self._lock = lock

    async def take(self) -> None:
        """Wait for the turn.

        Raises:
            InfrastructureError: it did not come in time.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                await self._lock.acquire()
        except TimeoutError as error:
            raise InfrastructureError(
                f"another task has been writing to SQLite `{self._path}` for more than {self._wait_s:g} s"
            ) from error

    def give(self) -> None:
        """Let the next one write."""
        self._lock.release()


class SqliteTransaction(Marking):
    """An open transaction; `BEGIN IMMEDIATE` goes before its first statement."""

    def __init__(
        self, connection: SqliteConnection, give_back: Callable[[SqliteConnection], None], turn: Turn
    ) -> None:
        """Begin on a connection; `give_back` takes it when the transaction ends."""
        super().__init__([])
        self._connection = connection
        self._give_back = give_back
        self._turn = turn
        self._begun = False
        self._ended = False

    async def execute(self, statement: Statement) -> Result:
        """Run a statement; see `sdk.transaction.Transaction.execute`."""
        return await self._run(statement)

    async def commit(self, record: Statement | None = None) -> None:
        """Commit; durable when this returns. See `sdk.transaction.Transaction.commit`.

        Args:
            record: a last statement before the commit; if it fails, nothing is committed.
        """
        self._check_open()
        try:
            if self._begun or record is not None:
                await self._run(record, commit=True)
        except BaseException:
            await self.rollback()
            raise
        self._end()

    async def rollback(self) -> None:
        """Undo everything and give the connection back."""
        if self._ended:
            return
        try:
            if self._begun and not self._connection.is_reusable and not self._connection.broken:
                await self._connection.run(["ROLLBACK"])
        except HeadraceError:
            self._connection.close()
        finally:
            self._end()

    async def _run(self, statement: Statement | None, *, commit: bool = False) -> Result:
        self._check_open()
        before = self._pending
        if not self._begun:
            await self._turn.take()
            self._begun = True
            before = ["BEGIN IMMEDIATE", *before]
        elif self._connection.is_reusable:
            raise PermanentError("a statement (or a full disk) rolled the whole transaction back")
        self._pending = []
        return await self._connection.run(before, statement, ["COMMIT"] if commit else [])

    def _end(self) -> None:
        self._ended = True
        self._give_back(self._connection)
        if self._begun:
            self._turn.give()

    def _check_open(self) -> None:
        if self._ended:
            raise InternalError("the transaction has ended already")
