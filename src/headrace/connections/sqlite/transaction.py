"""A transaction on a SQLite file: alone among the writers of this process from its first statement on."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

from headrace.connections.mark import Marking
from headrace.connections.sqlite.connection import SqliteConnection
from headrace.connections.sqlite.deferral import check_deferred
from headrace.connections.sqlite.insert import insert_rows
from headrace.connections.sqlite.statement import execute
from headrace.connections.sqlite.task import insert as insert_task
from headrace.errors import HeadraceError, InfrastructureError, InternalError, StatementError
from headrace.sdk.transaction import Insert, Result, Statement, TaskRow

__all__ = ["SqliteTransaction", "Turn"]

Value = TypeVar("Value")

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
        self.path = path
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
                f"another task has been writing to SQLite `{self.path}` for more than {self._wait_s:g} s"
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
        self._may_defer = True
        self._posted: list[Result] = []
        self._begun = False
        self._ended = False

    async def execute(self, statement: Statement | Insert) -> Result:
        """Run a statement; see `sdk.transaction.Transaction.execute`."""
        if isinstance(statement, Insert):
            insert = statement
            return await self.run(lambda connection: insert_rows(connection, insert))
        if statement.rows is not None and not statement.rows:
            return Result()
        return await self.run(lambda connection: execute(connection, statement))

    async def post(self, statement: Statement | Insert) -> None:
        """See `sdk.transaction.Transaction.post`; there is no way to a server that would be worth hiding."""
        self._posted.append(await self.execute(statement))

    async def settle(self) -> list[Result]:
        """See `sdk.transaction.Transaction.settle`."""
        posted, self._posted = self._posted, []
        return posted

    @property
    def may_settle_late(self) -> bool:
        """See `sdk.transaction.Transaction.may_settle_late`; results are there at once."""
        return not self._posted

    async def check_deferred(self) -> None:
        """See `sdk.transaction.Transaction.check_deferred`; `PRAGMA defer_foreign_keys` goes on."""
        if self._begun and self._may_defer:
            self._may_defer = await self.run(lambda connection: check_deferred(connection, self._turn.path))

    async def run(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        """Do some work on the connection within the transaction; the first waits for the turn to write.

        Raises:
            PermanentError | InfrastructureError: as `execute`.
        """
        self._check_open()
        before = self._pending
        if not self._begun:
            await self._turn.take()
            self._begun = True
            before = ["BEGIN IMMEDIATE", *before]
        elif self._connection.is_reusable:
            raise StatementError("a statement (or a full disk) rolled the whole transaction back")
        self._pending = []
        return await self._connection.run(work, before)

    async def commit(self, row: TaskRow | None = None) -> bool:
        """Commit; durable when this returns. See `sdk.transaction.Transaction.commit`."""
        self._check_open()
        try:
            if self._begun:
                await self.run(lambda connection: _commit(connection, row))
        except BaseException:
            await self.rollback()
            raise
        self._end()
        return self._begun

    async def rollback(self, *, at_once: bool = False) -> None:
        """Undo everything and give the connection back; nothing is under way that could be cancelled."""
        if self._ended:
            return
        try:
            if self._begun and not self._connection.is_reusable and not self._connection.broken:
                await self._connection.run(lambda connection: connection.execute("ROLLBACK"))
        except HeadraceError:
            self._connection.close()
        finally:
            self._end()

    def _end(self) -> None:
        self._ended = True
        self._give_back(self._connection)
        if self._begun:
            self._turn.give()

    def _check_open(self) -> None:
        if self._ended:
            raise InternalError("the transaction has ended already")


def _commit(connection: sqlite3.Connection, row: TaskRow | None) -> None:
    if row is not None:
        insert_task(connection, row)
    connection.execute("COMMIT")
