"""A clock that jumps: an hour takes no time, and the order of what happens is kept."""

import asyncio
import heapq
from collections.abc import Iterator
from contextlib import contextmanager

START_NS = 1_700_000_000_000_000_000


class JumpingClock:
    """See `headrace.sdk.Clock`. Jumps to the earliest sleeper once the event loop has nothing else to do.

    Whether something else is left to do is judged by turns of the event loop, so it suits code that waits
    for nothing but the clock; what waits for something else holds it.
    """

    def __init__(self, now_ns: int = START_NS) -> None:
        self._now_ns = now_ns
        self._started_ns = now_ns
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._sequence = 0
        self._jumping: asyncio.Task[None] | None = None
        self._idle_turns = 0
        self._holders = 0
        self._is_free = asyncio.Event()
        self._is_free.set()

    @property
    def slept_s(self) -> float:
        """How far it has jumped."""
        return (self._now_ns - self._started_ns) / 1e9

    def now_ns(self) -> int:
        return self._now_ns

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        self._idle_turns = 0  # who has come to sleep may have left work to others
        self._sequence += 1
        heapq.heappush(self._sleepers, (self._now_ns + round(seconds * 1e9), self._sequence, future))
        if self._jumping is None or self._jumping.done():
            self._jumping = asyncio.create_task(self._jump())
        await future

    async def sleep_until(self, time_ns: int) -> None:
        while (left_ns := time_ns - self._now_ns) > 0:
            await self.sleep(left_ns / 1e9)

    def set(self, now_ns: int) -> None:
        """Somebody sets the clock, or the machine was suspended: sleepers notice when it is their time."""
        self._now_ns = now_ns

    @contextmanager
    def held(self) -> Iterator[None]:
        """It does not jump meanwhile: something is waited for that takes real time, such as a disk."""
        self._holders += 1
        self._is_free.clear()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._is_free.set()

    async def _jump(self) -> None:
        while self._sleepers:
            self._idle_turns = 0
            while self._idle_turns < 20:
                self._idle_turns = self._idle_turns + 1 if self._is_free.is_set() else 0
                await (asyncio.sleep(0) if self._idle_turns else self._is_free.wait())
            due_ns, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self._now_ns = max(self._now_ns, due_ns)
                future.set_result(None)
