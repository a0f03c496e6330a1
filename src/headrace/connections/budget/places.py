"""Requests at once of nodes that ask for fewer than others of their API, where several processes ask it."""

import time
from math import inf
from types import TracebackType

from headrace.connections.budget.share import Share
from headrace.connections.budget.turnstile import Turnstile
from headrace.sdk.budget import BudgetWord
from headrace.sdk.clock import Clock

__all__ = ["Places"]


class Places:
    """An asynchronous context manager: a place for one request, of so many in all processes together."""

    def __init__(self, most: int, clock: Clock, share: Share) -> None:
        self._most = most
        self._clock = clock
        self._share = share
        self._turnstile = Turnstile(clock)
        self._taken = 0

    async def __aenter__(self) -> None:
        if not self._share.is_asked:
            self._share.begin(time.monotonic())
            self._divide()
        await self._turnstile.enter(self._take)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._taken > self._share.most:
            self._share.hasten()  # somebody waits for it
        self._taken -= 1
        self._turnstile.notify()

    def word(self, name: str) -> BudgetWord | None:
        """What other processes are to know; None while no place is wanted."""
        if not self._taken and not self._turnstile.waiting:
            self._share.end()
            return None
        self._divide()
        return BudgetWord(name, max(self._taken, self._share.reserved))

    def hear(self, word: BudgetWord) -> None:
        """Another process wants places; to be told after its share."""
        self._divide()

    def _take(self) -> float:
        """See `Turnstile.enter`."""
        if self._taken >= self._share.most:
            return inf
        self._taken += 1
        return 0

    def _divide(self) -> None:
        self._share.divide(self._most, time.monotonic(), self._clock.now_ns() / 1e9)
        self._turnstile.notify()
