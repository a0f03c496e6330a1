"""Time is a port: code asks a `Clock`, tests bring one that jumps."""

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]

_LOOK_S = 60.0
"""The event loop's timers stand still while a machine sleeps, and do not see a clock that is set."""


class Clock(Protocol):
    """Where the time comes from."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; returns at once for zero and less."""
        ...

    async def sleep_until(self, time_ns: int) -> None:
        """Wait until `now_ns` is no less than this, whatever happens to the clock meanwhile."""
        ...


class SystemClock:
    """The machine's clock and the event loop's timers."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds."""
        return time.time_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait by the event loop's timer."""
        await asyncio.sleep(max(seconds, 0.0))

    async def sleep_until(self, time_ns: int) -> None:
        """Wait by the event loop's timer, and look at the machine's clock once a minute."""
        while (left_ns := time_ns - self.now_ns()) > 0:  # noqa: ASYNC110 - a clock tells nobody
            await asyncio.sleep(min(left_ns / 1e9, _LOOK_S))
