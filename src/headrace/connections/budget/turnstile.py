"""Who waits gets through one after the other, in the order in which they came."""

import asyncio
from collections.abc import Callable
from math import inf

from headrace.sdk.clock import Clock

__all__ = ["Turnstile"]

_LOOK_S = 1.0
"""What an answer says may change how long is waited, and so may a clock that is set."""


class Turnstile:
    """A queue whose first alone looks whether it may pass.

    Cancellation: who is cancelled while waiting has taken nothing, and the next one looks.
    """

    def __init__(self, clock: Clock) -> None:
        self.waiting = 0
        self._clock = clock
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    async def enter(self, take: Callable[[], float]) -> None:
        """Wait until `take` has taken.

        Args:
            take: takes, and returns 0; or takes nothing, and returns for how many seconds it will not
                either, infinity if until `notify` is called. What it raises is raised here.
        """
        if not self.waiting and take() <= 0:
            return
        self.waiting += 1
        try:
            async with self._turn:
                while (wait_s := take()) > 0:
                    self._changed.clear()
                    if wait_s == inf:
                        await self._changed.wait()
                    else:
                        await self._clock.sleep(min(wait_s, _LOOK_S))
        finally:
            self.waiting -= 1

    def notify(self) -> None:
        """Have the first in the queue look again."""
        if self.waiting:
            self._changed.set()
