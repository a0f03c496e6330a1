"""A transaction on one connection: marks wait for the next statement and travel with it."""

from collections.abc import Callable

from headrace.connections.mark import Marking
from headrace.connections.postgres.failure import StalePlan
from headrace.connections.postgres.session import PostgresSession
from headrace.errors import HeadraceError, InfrastructureError, InternalError, PermanentError
from headrace.sdk.transaction import Result, Statement

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
    ) -> None:
        """Begin on a connection.

        Args:
            give_back: takes the connection when the transaction ends.
            retire: told when tables changed under prepared statements.
        """
        super().__init__(["BEGIN"])
        self._session = session
        self._give_back = give_back
        self._retire = retire
        self._ended = False

    async def execute(self, statement: Statement) -> Result:
        """Run a statement; see `sdk.transaction.Transaction.execute`."""
        self._check_open()
        try:
            return await self._session.execute(statement, self._pending)
        except StalePlan as error:
            self._retire()
            raise InfrastructureError(_STALE) from error

    async def commit(self, record: Statement | None = None) -> None:
        """Commit; durable when this returns. See `sdk.transaction.Transaction.commit`.

        Args:
            record: a last statement that travels with COMMIT; if it fails, nothing is committed.
        """
        self._check_open()
        self._ended = True
        try:
            tag = await self._send_commit(record)
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

    async def _send_commit(self, record: Statement | None) -> str:
        """Send what waits, the record and COMMIT in one round trip; gives the tag of the COMMIT."""
        if record is not None:
            return (await self._session.execute(record, self._pending, then="COMMIT")).command
        if self._has_nothing:
            return "COMMIT"
        return await self._session.command([*self._pending, "COMMIT"])

    @property
    def _has_nothing(self) -> bool:
        """Whether nothing was sent yet, so that nothing has to be ended."""
        return self._pending[:1] == ["BEGIN"]

    def _check_open(self) -> None:
        if self._ended:
            raise InternalError("the transaction has ended already")
        if self._session.broken:
            raise InfrastructureError("the connection of the transaction is lost")
