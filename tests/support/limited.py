"""Scripts for `support.misbehaving`: APIs that take so many requests, and say so in their headers."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate

from support.clock import JumpingClock
from support.misbehaving import Wire, answer

__all__ = ["Crowded", "FixedWindow", "TokenBucket", "system_s"]


def system_s() -> float:
    """The event loop's time, for APIs of tests that take real time."""
    return asyncio.get_running_loop().time()


def seconds_of(clock: JumpingClock) -> Callable[[], float]:
    """Unix time by a clock that jumps."""
    return lambda: clock.now_ns() / 1e9


@dataclass
class TokenBucket:
    """Refills all the time; answers 429 when it is empty. `X-RateLimit-Reset`: whole seconds until it is full."""

    rate_per_s: float
    burst: int
    now_s: Callable[[], float] = system_s
    latency_s: float = 0.01
    times: list[float] = field(default_factory=list)
    refused: int = 0
    _tokens: float = -1.0
    _at_s: float = 0.0

    async def __call__(self, wire: Wire) -> None:
        now_s = self.now_s()
        if self._tokens < 0:
            self._tokens, self._at_s = float(self.burst), now_s
        self._tokens = min(self._tokens + (now_s - self._at_s) * self.rate_per_s, float(self.burst))
        self._at_s = now_s
        is_refused = self._tokens < 1
        if is_refused:
            self.refused += 1
        else:
            self._tokens -= 1
            self.times.append(now_s)
        said = {
            "X-RateLimit-Limit": self.burst,
            "X-RateLimit-Remaining": int(self._tokens),
            "X-RateLimit-Reset": math.ceil((self.burst - self._tokens) / self.rate_per_s),
        }
        await asyncio.sleep(self.latency_s)
        await wire.send(answer("429 Too Many Requests" if is_refused else "200 OK", b"", **said))

    @property
    def rate(self) -> float:
        """Requests a second that it took, but for the first burst."""
        later = self.times[self.burst :]
        return (len(later) - 1) / (later[-1] - later[0])


@dataclass
class FixedWindow:
    """So many requests in each window; answers 429, or as it is told, beyond.

    Attributes:
        headers: which are sent, from what is left, when the window ends (Unix time), and the time now.
    """

    limit: int
    window_s: float
    now_s: Callable[[], float]
    headers: Callable[[int, float, float], dict[str, object]]
    status: str = "429 Too Many Requests"
    taken: list[float] = field(default_factory=list)
    refused: int = 0

    async def __call__(self, wire: Wire) -> None:
        now_s = self.now_s()
        begun_s = now_s // self.window_s * self.window_s
        used = sum(time >= begun_s for time in self.taken)
        is_refused = used >= self.limit
        if is_refused:
            self.refused += 1
        else:
            self.taken.append(now_s)
            used += 1
        said = self.headers(self.limit - used, begun_s + self.window_s, now_s)
        await wire.send(answer(self.status if is_refused else "200 OK", b"", **said))


def as_draft(left: int, ends_s: float, now_s: float) -> dict[str, object]:
    """draft-ietf-httpapi-ratelimit-headers."""
    return {"RateLimit": f'"minute";r={left};t={math.ceil(ends_s - now_s)}', "RateLimit-Policy": '"minute";q=100;w=60'}  # fmt: skip


def as_epoch(left: int, ends_s: float, now_s: float) -> dict[str, object]:
    """As GitHub."""
    date = formatdate(now_s, usegmt=True)
    return {"X-RateLimit-Remaining": left, "X-RateLimit-Reset": math.ceil(ends_s), "Date": date}


@dataclass
class Crowded:
    """Does `best` requests at once well; the more there are above, the less it gets done.

    Attributes:
        took_s: for all requests, where nothing else holds up those that it has at once.
    """

    best: int
    latency_s: float
    open: int = 0
    most: int = 0
    took_s: float = 0.0

    async def __call__(self, wire: Wire) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        delay_s = self.latency_s * max(1.0, self.open / self.best) ** 2
        self.took_s += delay_s / self.open
        await asyncio.sleep(delay_s)
        self.open -= 1
        await wire.send(answer())
