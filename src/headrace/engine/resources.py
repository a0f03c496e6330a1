"""What nodes share, made once and closed in reverse order."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar, cast

from headrace.sdk import Clock, Closable
from headrace.sdk.budget import Budgeting, BudgetState, Peers
from headrace.sdk.resource import DEFAULT_ADDRESS, Address

__all__ = ["SharedResources"]

Resource = TypeVar("Resource", bound=Closable)


class SharedResources:
    """See `headrace.sdk.Resources`.

    Attributes:
        peers: the processes that budgets are shared with; None if there are none.
    """

    def __init__(
        self, home: Path, clock: Clock, closing: AsyncExitStack, address: Address = DEFAULT_ADDRESS
    ) -> None:
        self.home = home
        self.clock = clock
        self.address = address
        self.peers: Peers | None = None
        self._closing = closing
        self._made: dict[Hashable, Closable] = {}
        self._making: dict[Hashable, asyncio.Lock] = {}

    async def acquire(self, key: Hashable, make: Callable[[], Awaitable[Resource]]) -> Resource:
        """See `headrace.sdk.Resources`."""
        async with self._making.setdefault(key, asyncio.Lock()):
            if key not in self._made:
                self._made[key] = resource = await make()
                self._closing.push_async_callback(resource.close)
                if self.peers is not None and isinstance(budgeting := self._made[key], Budgeting):
                    budgeting.join(self.peers)
            return cast("Resource", self._made[key])

    def budgets(self) -> list[BudgetState]:
        """The state of the budgets that resources keep."""
        return [state for keeper in self.budgeting() for state in keeper.states()]

    def budgeting(self) -> Iterator[Budgeting]:
        """The resources that keep budgets."""
        return (resource for resource in self._made.values() if isinstance(resource, Budgeting))
