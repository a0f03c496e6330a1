"""A transaction on one connection: marks wait for the next statement and travel with it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from headrace.connections.mark import Marking
from headrace.connections.postgres.deferral import check_deferred
from headrace.connections.postgres.failure import StalePlan
from headrace.connections.postgres.session import PostgresSession
from headrace.connections.postgres.task import TaskTable
from headrace.errors import HeadraceError, InfrastructureError, InternalError, PermanentError
from headrace.sdk.transaction import Insert, Result, Statement, TaskRow

__all__ = ["PostgresTransaction"]

_MOST_POSTED = 200
"""Statements whose results are kept by libpq at most."""
_STALE = "a table changed after the statement was prepared; the transaction is repeated"


class PostgresTransaction(Marking):
    """An open transaction; `BEGIN` is sent with its first statement.

    A transaction that ran nothing costs the server nothing: its marks cancel out and its commit is empty.
    """

    def __init__(
        self,
        session: PostgresSession,
        give_back: Callable[[PostgresSession], None],
        retire: Callable[[], None],
        tasks: TaskTable,
    ) -> None:
        """Begin on a connection.

        Args:
            give_back: takes the connection when the transaction ends.
            retire: told when tables changed under prepared statements.
            tasks: where the row of the task goes.
        """
        super().__init__(["BEGIN"])
        self._session = session
        self._give_back = give_back
        self._retire = retire
        self._tasks = tasks
        self._settled: list[Result] = []
        self._ended = False

    async def execute(self, statement: Statement | Insert) -> Result:
        """Run a statement; see `sdk.transaction.Transaction.execute`."""
        self._check_open()
        with self._fresh_plans():
            await self._collect()
            return await self._session.execute(statement, self._pending)

    async def post(self, statement: Statement | Insert) -> None:
        """See `sdk.transaction.Transaction.post`."""
        self._check_open()
        if len(self._session.posted) >= _MOST_POSTED or not self._session.post(statement, self._pending):
            self._settled.append(await self.execute(statement))

    async def settle(self) -> list[Result]:
        """See `sdk.transaction.Transaction.settle`."""
        if not self._ended:
            self._check_open()
            with self._fresh_plans():
                await self._collect()
        settled, self._settled = self._settled, []
        return settled

    @property
    def may_settle_late(self) -> bool:
        """See `sdk.transaction.Transaction.may_settle_late`: where the database counts what is written."""
        return not self._settled and self._session.deferral == () and self._session.notes_all

    async def check_deferred(self) -> None:
        """See `sdk.transaction.Transaction.check_deferred`."""
        self._check_open()
        if self._has_nothing:
            return
        with self._fresh_plans():
            await self._collect()
            await check_deferred(self._session, self._pending)

    async def commit(self, row: TaskRow | None = None) -> bool:
        """Commit; durable when this returns. See `sdk.transaction.Transaction.commit`."""
        self._check_open()
        if self._has_nothing:
            self._end()
            return False
        try:
            with self._fresh_plans():
                if not self.may_settle_late:
                    await self._collect()
                tag = await self._send_commit(row)
        except BaseException:
            await self.rollback()
            raise
        self._end()
        if tag != "COMMIT":  # the server answers the COMMIT of a failed transaction with ROLLBACK
            raise PermanentError(
                "the transaction had failed, so the database rolled it back instead of committing",
                code="25P02",
            )
        return True

    async def rollback(self, *, at_once: bool = False) -> None:
        """Undo everything and give the connection back; a lost connection has undone it already."""
        if self._ended:
            return
        try:
            if not self._session.broken and not self._has_nothing and not self._session.is_idle:
                if at_once and self._session.posted:
                    await self._session.abort()
                else:
                    await self._session.discard()
                    await self._session.command(["ROLLBACK"])
        except HeadraceError:
            self._session.close()
        finally:
            self._end()

    def _end(self) -> None:
        self._ended = True
        self._give_back(self._session)

    async def _send_commit(self, row: TaskRow | None) -> str:
        """Send what waits, the row and COMMIT in one round trip; gives the tag of the COMMIT."""
        if row is None:
            settled, tag = await self._session.commit(self._pending)
        else:
            settled, tag = await self._tasks.commit(self._session, self._pending, row)
        self._settled += settled
        return tag

    async def _collect(self) -> None:
        """Wait for what was posted: nothing else can be sent and told apart before."""
        if self._session.posted:
            self._settled += await self._session.settle()

    @contextmanager
    def _fresh_plans(self) -> Iterator[None]:
        try:
            yield
        except StalePlan as error:
            self._retire()
            raise InfrastructureError(_STALE) from error

    @property
    def _has_nothing(self) -> bool:
        """Whether nothing was sent yet, so that nothing has to be ended."""
        return self._pending[:1] == ["BEGIN"]

    def _check_open(self) -> None:
        if self._ended:
            raise InternalError("the transaction has ended already")
        if self._session.broken:
            raise self._session.loss
