"""A bounded pool of connections, for any driver."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from headrace.errors import InfrastructureError

__all__ = ["WAIT_S", "Connection", "Pool"]

WAIT_S = 30.0
"""How long a task waits for a connection before it is put back: as long as the server's lock timeout."""


class Connection(Protocol):
    """What the pool asks of a connection."""

    @property
    def is_reusable(self) -> bool:
        """Whether it may serve another task as it is."""
        ...

    def check(self) -> bool:
        """Whether it is still whole after lying idle; cheap, no round trip."""
        ...

    def close(self) -> None:
        """Close it at once; safe to call twice."""
        ...


AnyConnection = TypeVar("AnyConnection", bound=Connection)


class Pool(Generic[AnyConnection]):
    """At most `max_size` connections, opened when needed and handed out in the order of asking."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Awaitable[AnyConnection]],
        max_size: int,
        wait_s: float = WAIT_S,
    ) -> None:
        """Make an empty pool.

        Args:
            name: for messages: what it connects to.
            connect: opens a connection.
            max_size: at least 1.
            wait_s: how long `acquire` waits for its turn, in seconds.
        """
        self.name = name
        self.max_size = max_size
        self._connect = connect
        self._wait_s = wait_s
        self._idle: list[AnyConnection] = []
        self._size = 0  # idle, handed out, or being opened
        # What a waiter gets: a connection, or None for the right to open one.
        self._waiters: deque[asyncio.Future[AnyConnection | None]] = deque()
        self._closed = False

    def grow(self, max_size: int) -> None:
        """Allow more connections; a smaller number changes nothing."""
        self.max_size = max(self.max_size, max_size)
        while self._size < self.max_size and self._waiters:
            self._size += 1
            self._hand_over(None)

    async def acquire(self) -> AnyConnection:
        """Take a connection; give it back with `release`.

        Raises:
            InfrastructureError: none came free in time, none could be opened, or the pool is closed.
        """
        if self._closed:
            raise InfrastructureError(f"the pool of {self.name} is closed")
        connection = self._take_idle()
        if connection is None and self._size < self.max_size:
            self._size += 1
        elif connection is None:
            connection = await self._wait()
        return connection if connection is not None else await self._open()

    def release(self, connection: AnyConnection) -> None:
        """Give a connection back; one that cannot be used again is closed."""
        if self._closed or not connection.is_reusable:
            connection.close()
            self._hand_over(None)
        else:
            self._hand_over(connection)

    def retire_idle(self) -> None:
        """Close the connections that are not in use, so that new ones are opened."""
        while self._idle:
            self._idle.pop().close()
            self._size -= 1

    async def close(self) -> None:
        """Close all connections, those in use when they are given back; safe to call twice."""
        self._closed = True
        self.retire_idle()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(InfrastructureError(f"the pool of {self.name} is closed"))

    def _take_idle(self) -> AnyConnection | None:
        while self._idle:
            connection = self._idle.pop()  # the latest one: the others may rest
            if connection.check():
                return connection
            connection.close()
            self._size -= 1
        return None

    async def _open(self) -> AnyConnection:
        try:
            return await self._connect()
        except BaseException:
            self._hand_over(None)
            raise

    async def _wait(self) -> AnyConnection | None:
        waiter: asyncio.Future[AnyConnection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(self._wait_s):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._hand_over(waiter.result())  # it came at the last moment
            if isinstance(error, TimeoutError):
                raise InfrastructureError(
                    f"no connection to {self.name} came free within {self._wait_s:g} s; "
                    f"all {self.max_size} are in use (maxOpenConns)"
                ) from error
            raise

    def _hand_over(self, connection: AnyConnection | None) -> None:
        """Give a connection, or the right to open one, to who waits longest, else keep it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._size -= 1
        else:
            self._idle.append(connection)
