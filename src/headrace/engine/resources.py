"""What nodes share, made once and closed in reverse order."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar, cast

from headrace.sdk import Clock, Closable
from headrace.sdk.budget import Budgeting, BudgetState
from headrace.sdk.resource import DEFAULT_ADDRESS, Address

__all__ = ["SharedResources"]

Resource = TypeVar("Resource", bound=Closable)


class SharedResources:
    """See `headrace.sdk.Resources`."""

    def __init__(
        self, home: Path, clock: Clock, closing: AsyncExitStack, address: Address = DEFAULT_ADDRESS
    ) -> None:
        self.home = home
        self.clock = clock
        self.address = address
        self._closing = closing
        self._made: dict[Hashable, Closable] = {}
        self._making: dict[Hashable, asyncio.Lock] = {}

    async def acquire(self, key: Hashable, make: Callable[[], Awaitable[Resource]]) -> Resource:
        """See `headrace.sdk.Resources`."""
        async with self._making.setdefault(key, asyncio.Lock()):
            if key not in self._made:
                resource = await make()
                self._made[key] = resource
                self._closing.push_async_callback(resource.close)
            return cast("Resource", self._made[key])

    def budgets(self) -> list[BudgetState]:
        """The state of the budgets that resources keep."""
        keepers = (resource for resource in self._made.values() if isinstance(resource, Budgeting))
        return [state for keeper in keepers for state in keeper.states()]
