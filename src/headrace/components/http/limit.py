"""How many requests a node sends, and how fast."""

import asyncio
import re
from types import TracebackType

from headrace.sdk import Clock

__all__ = ["Limiter", "parse_rate"]

_PER_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
_RATE = re.compile(r"(\d+)\s*/\s*(s|m|h)")


def parse_rate(value: object) -> float:
    """Requests a second from text such as `10/s`, `100/m` or `5000/h`.

    Raises:
        ValueError: with what to write instead.
    """
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError(f"`{value}` is no rate; write it like `10/s`, `100/m` or `5000/h`")
    return int(match[1]) / _PER_S[match[2]]


class Limiter:
    """Spaces requests evenly and bounds how many are open; entered for each request."""

    def __init__(self, clock: Clock, rate_per_s: float | None, max_concurrency: int) -> None:
        self._clock = clock
        self._interval_ns = 0 if rate_per_s is None else round(1e9 / rate_per_s)
        self._open = asyncio.Semaphore(max_concurrency)
        self._next_ns = 0

    def pause(self, seconds: float) -> None:
        """Hold all further requests back: the server said so (Retry-After)."""
        self._next_ns = max(self._next_ns, self._clock.now_ns() + int(seconds * 1e9))

    async def __aenter__(self) -> None:
        await self._open.acquire()
        now_ns = self._clock.now_ns()
        start_ns = max(now_ns, self._next_ns)
        if self._interval_ns:
            self._next_ns = start_ns + self._interval_ns
        if start_ns > now_ns:
            try:
                await self._clock.sleep((start_ns - now_ns) / 1e9)
            except BaseException:
                self._open.release()
                raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.release()
