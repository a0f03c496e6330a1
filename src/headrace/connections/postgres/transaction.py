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
        self._check_open()
        with self._fresh_plans():
            await self._collect()
        settled, self._settled = self._settled, []
        return settled

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
        self._ended = True
        try:
            if self._has_nothing:
                return False
            with self._fresh_plans():
                await self._collect()
                tag = await self._send_commit(row)
        finally:
            # A failed COMMIT has ended the transaction; whatever is left in one is closed by the pool.
            self._give_back(self._session)
        if tag != "COMMIT":  # the server answers the COMMIT of a failed transaction with ROLLBACK
            raise PermanentError(
                "the transaction had failed, so the database rolled it back instead of committing",
                code="25P02",
            )
        return True

    async def rollback(self) -> None:
        """Undo everything and give the connection back; a lost connection has undone it already."""
        if self._ended:
            return
        self._ended = True
        try:
            if not self._session.broken and not self._has_nothing:
                await self._session.discard()
                await self._session.command(["ROLLBACK"])
        except HeadraceError:
            self._session.close()
        finally:
            self._give_back(self._session)

    async def _send_commit(self, row: TaskRow | None) -> str:
        """Send what waits, the row and COMMIT in one round trip; gives the tag of the COMMIT."""
        if row is not None:
            return await self._tasks.commit(self._session, self._pending, row)
        return await self._session.command([*self._pending, "COMMIT"])

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
