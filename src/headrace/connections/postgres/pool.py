"""Connections to one PostgreSQL database, and what runs on them."""

from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager

from headrace.connections.pool import WAIT_S, Pool
from headrace.connections.postgres.failure import StalePlan
from headrace.connections.postgres.session import PostgresSession
from headrace.connections.postgres.target import PostgresTarget
from headrace.connections.postgres.task import TaskTable
from headrace.connections.postgres.transaction import PostgresTransaction
from headrace.errors import InfrastructureError
from headrace.sdk.transaction import Insert, Result, Statement

__all__ = ["PostgresPool"]


class PostgresPool:
    """A `Database`: opens connections when they are needed, at most `max_size` at once."""

    def __init__(
        self, target: PostgresTarget, max_size: int = 10, wait_s: float = WAIT_S, *, time_limits: bool = True
    ) -> None:
        """Make a pool; nothing is connected yet.

        Args:
            max_size: connections at most (`maxOpenConns`).
            wait_s: how long to wait for a free one, in seconds.
            time_limits: transactions are ended by the server as `session.TRANSACTION_LIMITS` says.
        """
        self._target = target
        self._key = target.key
        self._time_limits = time_limits
        self._tasks = TaskTable()
        self._generation = 0
        name = f"PostgreSQL `{target.database}` at {target.address}"
        self._pool = Pool(name, self._open, max_size, wait_s)

    @property
    def key(self) -> Hashable:
        """What it connects to, without the password."""
        return self._key

    @property
    def max_size(self) -> int:
        """Connections at most."""
        return self._pool.max_size

    def grow(self, max_size: int) -> None:
        """Allow more connections; of the nodes that share a pool, the largest `maxOpenConns` counts."""
        self._pool.grow(max_size)

    async def begin(self) -> PostgresTransaction:
        """Take a connection and begin a transaction on it; see `sdk.transaction.Database.begin`.

        Raises:
            PermanentError: there is no table of committed tasks, and it cannot be made.
        """
        session = await self._pool.acquire()
        try:
            await self._tasks.ensure(session)
        except BaseException:
            self._give_back(session)
            raise
        return PostgresTransaction(session, self._give_back, self._retire, self._tasks)

    async def execute(self, statement: Statement | Insert) -> Result:
        """Run a statement and commit it; with `rows`, all of them commit together or none.

        See `sdk.transaction.Database.execute`.
        """
        try:
            return await self._execute(statement)
        except StalePlan:
            self._retire()
        try:
            return await self._execute(statement)
        except StalePlan as error:
            raise InfrastructureError("a table changed while the statement ran; it is repeated") from error

    async def find_task(self, task_id: str) -> bytes | None:
        """The outcome in a task's row; see `sdk.transaction.Database.find_task`."""
        async with self._session() as session:
            return await self._tasks.find(session, task_id)

    async def forget_tasks(self, run_ids: Sequence[str]) -> int:
        """Remove the rows of runs; see `sdk.transaction.Database.forget_tasks`."""
        async with self._session() as session:
            return await self._tasks.forget(session, run_ids)

    async def close(self) -> None:
        """Close all connections; those in use when they are given back."""
        await self._pool.close()

    async def _execute(self, statement: Statement | Insert) -> Result:
        async with self._session() as session:
            return await session.execute(statement, [])

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[PostgresSession]:
        session = await self._pool.acquire()
        try:
            yield session
        finally:
            self._give_back(session)

    async def _open(self) -> PostgresSession:
        generation = self._generation
        session = await PostgresSession.open(self._target, time_limits=self._time_limits)
        session.generation = generation
        return session

    def _give_back(self, session: PostgresSession) -> None:
        if session.generation != self._generation:
            session.close()
        self._pool.release(session)

    def _retire(self) -> None:
        """Replace the connections, since their prepared statements no longer fit the tables."""
        self._generation += 1
        self._pool.retire_idle()
