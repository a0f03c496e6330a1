"""A transaction on one connection: marks wait for the next statement and travel with it."""

from collections.abc import Callable

from headrace.connections.mark import Marking
from headrace.connections.postgres.deferral import check_deferred
from headrace.connections.postgres.failure import StalePlan
from headrace.connections.postgres.session import PostgresSession
from headrace.connections.postgres.task import TaskTable
from headrace.errors import HeadraceError, InfrastructureError, InternalError, PermanentError
from headrace.sdk.transaction import Insert, Result, Statement, TaskRow

__all__ = ["PostgresTransaction"]

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
        self._ended = False

    async def execute(self, statement: Statement | Insert) -> Result:
        """Run a statement; see `sdk.transaction.Transaction.execute`."""
        self._check_open()
        try:
            return await self._session.execute(statement, self._pending)
        except StalePlan as error:
            self._retire()
            raise InfrastructureError(_STALE) from error

    async def check_deferred(self) -> None:
        """See `sdk.transaction.Transaction.check_deferred`."""
        self._check_open()
        if self._has_nothing:
            return
        try:
            await check_deferred(self._session, self._pending)
        except StalePlan as error:
            self._retire()
            raise InfrastructureError(_STALE) from error

    async def commit(self, row: TaskRow | None = None) -> bool:
        """Commit; durable when this returns. See `sdk.transaction.Transaction.commit`."""
        self._check_open()
        self._ended = True
        try:
            if self._has_nothing:
                return False
            tag = await self._send_commit(row)
        except StalePlan as error:
            self._retire()
            raise InfrastructureError(_STALE) from error
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

    @property
    def _has_nothing(self) -> bool:
        """Whether nothing was sent yet, so that nothing has to be ended."""
        return self._pending[:1] == ["BEGIN"]

    def _check_open(self) -> None:
        if self._ended:
            raise InternalError("the transaction has ended already")
        if self._session.broken:
            raise self._session.loss
