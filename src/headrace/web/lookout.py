"""Looks at the flows that other processes execute: nobody tells this one what happens to them."""

import asyncio
from collections.abc import Container, Iterable, Iterator
from typing import Protocol

import msgspec

from headrace.app.elsewhere import Elsewhere, FlowElsewhere
from headrace.engine import Engine
from headrace.flow.model import Flow
from headrace.store import ErrorRecord, Glance, RunRecord, RunStatus, Store
from headrace.web.feed import Feed

__all__ = ["Lookout"]

_PERIOD_S = 1.0
"""So much later than what happens here it is told, where somebody watches."""


class Told(Protocol):
    """Who is told, as by an engine: see `Watcher`."""

    def show(self, name: str, flow: Flow | None) -> None:
        """A version of a flow is executed elsewhere; None if it does not load here."""
        ...

    def recall(self, run: RunRecord) -> None:
        """A run has ended before anybody looked."""
        ...

    def leave(self, flow: str) -> None:
        """A flow is here now, or nowhere any more."""
        ...

    def flow_changed(self, flow: str) -> None:
        """Something of it has."""
        ...

    def letters_changed(self, flow: str) -> None:
        """A dead letter was made, tried again or removed."""
        ...

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """An error of an active run."""
        ...

    def run_started(self, run: RunRecord) -> None:
        """A run has begun."""
        ...

    def run_resumed(self, run: RunRecord) -> None:
        """A run that had ended goes on."""
        ...

    def run_ended(self, run: RunRecord) -> None:
        """A run has ended."""
        ...


class _Seen(msgspec.Struct):
    """What was told of a flow.

    Attributes:
        active: the runs that have begun, and not ended, and how many errors of each were told.
        glance: when it was last looked at; None before the first time.
    """

    flow: FlowElsewhere
    active: dict[str, int] = msgspec.field(default_factory=dict)
    glance: Glance | None = None


class Lookout:
    """Compares what is with what was, once a second while somebody watches, and whenever somebody asks."""

    def __init__(self, elsewhere: Elsewhere, store: Store, engine: Engine, feed: Feed, told: Told) -> None:
        self._elsewhere = elsewhere
        self._store = store
        self._engine = engine
        self._feed = feed
        self._told = told
        self._seen: dict[str, _Seen] = {}
        self._looking = asyncio.Lock()

    async def follow(self) -> None:
        """Look while somebody watches, until cancelled.

        Raises:
            StoreError: the store failed.
        """
        while self._store.sharing is not None:
            await asyncio.sleep(_PERIOD_S)
            if self._feed.is_watched:
                await self.look()
        await asyncio.Event().wait()

    async def look(self) -> None:
        """Tell what has changed of all flows."""
        async with self._looking:
            found = await self._elsewhere.flows()
            for name in self._seen.keys() - {flow.name for flow, _ in found}:
                self._leave(name)
            for flow, glance in found:
                await self._take_in(flow, glance)

    async def look_at(self, name: str) -> None:
        """Tell what has changed of one flow."""
        async with self._looking:
            found = await self._elsewhere.find(name)
            if found is not None:
                await self._take_in(*found)
            elif name in self._seen:
                self._leave(name)

    def _leave(self, name: str) -> None:
        del self._seen[name]
        self._told.leave(name)
        self._told.flow_changed(name)

    async def _take_in(self, flow: FlowElsewhere, glance: Glance) -> None:
        if self._engine.program(flow.name) is not None:
            return  # its file is gone, and its last runs end here
        seen = self._seen.setdefault(flow.name, _Seen(flow))
        before, seen.glance = seen.glance, glance
        self._told.show(flow.name, flow.flow)
        await self._tell_runs(seen, before, glance)
        if before is None or seen.flow is not flow or _facts(before) != _facts(glance):
            self._told.flow_changed(flow.name)
        if before is not None and before.letters != glance.letters:
            self._told.letters_changed(flow.name)
        seen.flow = flow

    async def _tell_runs(self, seen: _Seen, before: Glance | None, glance: Glance) -> None:
        if before is None:
            if not glance.active:  # then the counts are those of the last run
                for run in await self._runs(list(glance.ended)[:1]):
                    self._told.recall(run)
            before = glance
        changed = (glance.active.items() ^ seen.active.items()) | (
            glance.ended.items() - before.ended.items()
        )
        ids = {run_id for run_id, _ in changed}
        runs = await self._runs(ids)
        for run, is_end in _in_order(runs, seen.active):
            if not is_end:
                has_ended = run.id in before.ended
                (self._told.run_resumed if has_ended else self._told.run_started)(run)
                seen.active[run.id] = len(run.errors) if has_ended or run.id in before.active else 0
                continue
            self._tell_errors(seen, run)
            seen.active.pop(run.id, None)
            self._told.run_ended(run)
        for run in runs:
            self._tell_errors(seen, run)
        for run_id in ids - {run.id for run in runs}:
            seen.active.pop(run_id, None)

    def _tell_errors(self, seen: _Seen, run: RunRecord) -> None:
        """What an active run has had of errors since they were told."""
        told = seen.active.get(run.id)
        if told is None:
            return
        for error in run.errors[told:]:
            self._told.error_raised(run.id, error)
        seen.active[run.id] = len(run.errors)

    async def _runs(self, ids: Iterable[str]) -> list[RunRecord]:
        found = [await self._store.run(run_id) for run_id in ids]
        return [run for run in found if run is not None]


def _facts(glance: Glance) -> tuple[object, ...]:
    """What pages show of a flow besides its runs."""
    return glance.version, glance.members, glance.switches


def _in_order(runs: list[RunRecord], active: Container[str]) -> Iterator[tuple[RunRecord, bool]]:
    """The beginnings and ends of runs, as they came; of those that were active the ends alone."""
    moments = [(run.started_at_ns, False, run) for run in runs if run.id not in active]
    moments += [(run.ended_at_ns or 0, True, run) for run in runs if run.status is not RunStatus.RUNNING]
    for _, is_end, run in sorted(moments, key=lambda each: each[:2]):
        yield run, is_end
