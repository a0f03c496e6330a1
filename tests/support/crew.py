"""Several engines, of as many processes as it were, that execute one flow on the store of many machines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from headrace.monitor.fleet import Fleet
from headrace.monitor.meter import Meter, meter_of
from headrace.monitor.recorder import Recorder
from headrace.store import RunRecord, RunStatus
from headrace.store.jetstream import JetStreamStore, Place
from support.flows import Bench, Seen, bench
from support.nats_server import shared_server


@dataclass
class Member:
    """One engine, which can go before the others; with what shows its runs."""

    flow: Bench
    recorder: Recorder
    fleet: Fleet
    _stack: AsyncExitStack

    def meter(self) -> Meter:
        """One that reads the counts of the flow from now on."""
        return meter_of(self.flow.program, self.flow.engine.stats, self.fleet.budgets)

    async def leave(self) -> None:
        """Stop, as on SIGTERM: what is executed is cut off, and left to the others."""
        await self.flow.engine.drain(0.0)
        await self._stack.aclose()


class Crewed:
    """Engines with a flow."""

    def __init__(self, spec: str, options: dict[str, Any]) -> None:
        self.place = Place((shared_server().url,), f"test-{uuid4().hex[:12]}")
        self.members: list[Member] = []
        self.seen: list[Seen] = []
        self._spec = spec
        self._options = options

    @property
    def engines(self) -> list[Bench]:
        """The engines that are there."""
        return [member.flow for member in self.members]

    async def join(self, seen: Seen | None = None, **options: Any) -> Member:
        """Have one more; it takes up what is going on."""
        stack = AsyncExitStack()
        store = await JetStreamStore.open(self.place, patience_s=10)
        stack.push_async_callback(store.close)
        seen = seen or Seen()
        recorder = Recorder(store)
        fleet = Fleet(store, recorder)
        for each in (recorder, fleet):
            await stack.enter_async_context(each)
        options = {**self._options, "store": store, "seen": seen, "observers": (recorder, fleet), **options}
        flow = await stack.enter_async_context(bench(self._spec, **options))
        fleet.attach(flow.engine)
        await flow.engine.resume(flow.program)
        self.seen.append(seen)
        self.members.append(member := Member(flow, recorder, fleet, stack))
        return member

    async def leave(self, member: Member) -> None:
        """Have one less; what its probes saw stays."""
        self.members.remove(member)
        await member.leave()

    async def ended(self, run_id: str) -> RunRecord:
        """The run, once every engine knows that it has ended."""
        first, *others = await asyncio.gather(*(_ended(each, run_id) for each in self.engines))
        assert others == [first] * len(others)
        return first

    def saw(self, node: str) -> list[Any]:
        """What the probes of one name have seen in all of them."""
        return [message for seen in self.seen for message in seen[node]]


async def _ended(member: Bench, run_id: str) -> RunRecord:
    """The run, once an engine knows that it has ended; it may have to hear first that it has begun."""
    while (run := await member.store.run(run_id)) is None or run.status is RunStatus.RUNNING:
        await asyncio.sleep(0.005)
    return await member.engine.wait(run_id)


@asynccontextmanager
async def crew(spec: str, size: int = 3, **options: Any) -> AsyncIterator[Crewed]:
    """So many engines with a flow."""
    crewed = Crewed(spec, options)
    try:
        for _ in range(size):
            await crewed.join()
        yield crewed
    finally:
        for member in list(crewed.members):
            await crewed.leave(member)
