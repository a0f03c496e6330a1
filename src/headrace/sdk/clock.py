"""Time is a port: code asks a `Clock`, tests bring one that jumps."""

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Where the time comes from."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; returns at once for zero and less."""
        ...


class SystemClock:
    """The machine's clock and the event loop's timers."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds."""
        return time.time_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait by the event loop's timer."""
        await asyncio.sleep(max(seconds, 0.0))
