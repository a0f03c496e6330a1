"""Turns at things that have a name."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

__all__ = ["Turns"]


class Turns:
    """One at a time for each key; nothing is kept of keys that nobody has or waits for."""

    def __init__(self) -> None:
        self._taken: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: Hashable) -> AsyncIterator[None]:
        """A turn at a key, for as long as the block lasts."""
        lock, users = self._taken.get(key, (asyncio.Lock(), 0))
        self._taken[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._taken.pop(key)
            if users > 1:
                self._taken[key] = lock, users - 1
