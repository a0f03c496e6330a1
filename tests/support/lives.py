"""A flow with a schedule in processes that start, stop and die, one after the other, by a fake clock."""

import inspect
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from headrace.sdk import Context, Json
from headrace.store import Fired, FireRequest, Store
from support.clock import JumpingClock
from support.flows import Bench, Seen, bench
from support.stores import Reopened, opened

__all__ = ["DAY", "HOUR", "MINUTE", "SECOND", "Died", "Firings", "Lives", "at", "text"]

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def at(time: str) -> int:
    """Unix nanoseconds of a time such as `2026-03-29T01:00Z`."""
    return round(datetime.fromisoformat(time).timestamp()) * SECOND


def text(time_ns: int) -> str:
    """The reverse, as `03-29 01:00`, with seconds if there are any."""
    moment = datetime.fromtimestamp(time_ns / SECOND, UTC)
    return moment.strftime("%m-%d %H:%M:%S" if moment.second else "%m-%d %H:%M")


class Died(Exception):
    """The process died at a step of a firing."""


@dataclass
class Firings:
    """What the store decided about scheduled firings, over all lives."""

    runs: list[tuple[int, int, int]] = field(default_factory=list)
    """Scheduled time, time at which it fired, tick number."""
    dropped: list[tuple[int, str]] = field(default_factory=list)

    @property
    def scheduled(self) -> list[int]:
        return [scheduled for scheduled, _, _ in self.runs]

    @property
    def fired(self) -> list[int]:
        return [fired for _, fired, _ in self.runs]

    @property
    def ticks(self) -> list[int]:
        return [tick for _, _, tick in self.runs]


class _Watched:
    """A store of which firings are noted, and which kills its process when it is told to."""

    def __init__(self, store: Store, lives: "Lives") -> None:
        self._store = store
        self._lives = lives

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        # a store is watched for ever; the others wait for a disk
        if name == "watch" or not inspect.iscoroutinefunction(found):
            return found

        async def held(*args: Any, **options: Any) -> Any:
            with self._lives.clock.held():
                return await found(*args, **options)

        return held

    async def fire(self, request: FireRequest) -> Fired:
        ticks = []

        def message(tick: int) -> Json:
            ticks.append(tick)
            return request.message(tick)

        if self._lives.dies == "before a firing":
            raise Died
        changed = {name: getattr(request, name) for name in request.__struct_fields__}
        with self._lives.clock.held():
            fired = await self._store.fire(FireRequest(**{**changed, "message": message}))
        if not request.on_request:
            self._lives.note(request, fired, ticks)
        if self._lives.dies == "after a firing" and fired.run is not None:
            raise Died
        return fired


@dataclass
class Lives:
    """One trigger, whose firings lead to a node that takes `run_s` seconds (0: it does not wait)."""

    place: Reopened
    clock: JumpingClock
    settings: dict[str, Json]
    component: str = "common-module/ticker"
    run_s: float = 0.0
    dies: str = ""
    starts: bool = True
    firings: Firings = field(default_factory=Firings)
    seen: Seen = field(default_factory=Seen)
    told: list[str] = field(default_factory=list)

    def note(self, request: FireRequest, fired: Fired, ticks: list[int]) -> None:
        if fired.run is not None:
            self.firings.runs.append((request.scheduled_at_ns, request.fired_at_ns, ticks[0]))
        elif fired.reason != "waits":
            self.firings.dropped.append((request.scheduled_at_ns, fired.reason))

    async def live(self, until_ns: int, act: Callable[[Bench], Awaitable[None]] | None = None) -> None:
        """A process starts, goes on with what is open, follows the schedule until a time, and stops."""
        self.seen.before["end"] = self._work
        spec = SPEC.format(
            component=self.component, settings=json.dumps(self.settings), starts=json.dumps(self.starts)
        )
        async with (
            opened(self.place) as store,
            bench(spec, seen=self.seen, clock=self.clock, store=_Watched(store, self)) as flow,
        ):
            await flow.engine.resume(flow.program)
            await flow.engine.follow(flow.program)
            if act is not None:
                await act(flow)
            await self.clock.sleep_until(until_ns)
            self.told += flow.observer.dropped

    async def die(self, when: str, until_ns: int) -> None:
        """As `live`, but the process dies `before a firing` or `after a firing`, if there is one until then."""
        with self._dying(when):
            try:
                await self.live(until_ns)
            except Died:
                return

    @contextmanager
    def _dying(self, when: str) -> Iterator[None]:
        self.dies = when
        yield
        self.dies = ""

    async def _work(self, message: Json, context: Context) -> None:
        if self.run_s:
            await context.clock.sleep(self.run_s)


SPEC = """
nodes:
  tick:
    component: {component}
    settings: {settings}
    control: {{start: {starts}}}
  end: {{component: test-module/probe}}
edges:
  - tick -> end
"""
