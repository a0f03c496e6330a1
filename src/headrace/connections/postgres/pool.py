"""Connections to one PostgreSQL database, and what runs on them."""

from collections.abc import Hashable

from headrace.connections.pool import WAIT_S, Pool
from headrace.connections.postgres.failure import StalePlan
from headrace.connections.postgres.session import PostgresSession
from headrace.connections.postgres.target import PostgresTarget
from headrace.connections.postgres.transaction import PostgresTransaction
from headrace.errors import InfrastructureError
from headrace.sdk.transaction import Result, Statement

__all__ = ["PostgresPool"]


class PostgresPool:
    """A `Database`: opens connections when they are needed, at most `max_size` at once."""

    def __init__(self, target: PostgresTarget, max_size: int = 10, wait_s: float = WAIT_S) -> None:
        """Make a pool; nothing is connected yet.

        Args:
            max_size: connections at most (`maxOpenConns`).
            wait_s: how long to wait for a free one, in seconds.
        """
        self._target = target
        self._key = target.key
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
        """Take a connection and begin a transaction on it; see `sdk.transaction.Database.begin`."""
        return PostgresTransaction(await self._pool.acquire(), self._give_back, self._retire)

    async def execute(self, statement: Statement) -> Result:
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

    async def close(self) -> None:
        """Close all connections; those in use when they are given back."""
        await self._pool.close()

    async def _execute(self, statement: Statement) -> Result:
        session = await self._pool.acquire()
        try:
            return await session.execute(statement, [])
        finally:
            self._give_back(session)

    async def _open(self) -> PostgresSession:
        generation = self._generation
        session = await PostgresSession.open(self._target)
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
