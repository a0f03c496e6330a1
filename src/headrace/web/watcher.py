"""What happens in the engine, and elsewhere, told to those who watch, and counted."""

import asyncio
import time
from functools import partial

from msgspec import to_builtins

from headrace.engine import Engine, Observer
from headrace.engine.observer import RunStats
from headrace.errors import HeadraceError
from headrace.flow.model import Flow
from headrace.monitor.fleet import Fleet
from headrace.monitor.meter import Meter, meter_of
from headrace.monitor.recorder import Recorder
from headrace.monitor.tally import nothing_of
from headrace.store import ErrorFate, ErrorRecord, LetterFilter, RunRecord, Store
from headrace.values import Json
from headrace.web.feed import Feed
from headrace.web.resources.live import Live, live
from headrace.web.resources.run import RunErrorOf, run_error, summary

__all__ = ["Watcher"]

_PERIOD_S = 0.5
"""How often counts are told."""
_AFTERWARDS_S = 2.0
"""How long after the end of a run: what other processes have counted of it may be lost on its way."""


class Watcher(Observer):
    """Publishes events, and twice a second what has changed of counts and tasks, if anybody watches.

    Attributes:
        where: by flow and trigger, where it listens.
    """

    def __init__(self, feed: Feed, recorder: Recorder, store: Store, fleet: Fleet) -> None:
        self._feed = feed
        self._recorder = recorder
        self._fleet = fleet
        self._store = store
        self._engine: Engine | None = None
        self._meters: dict[str, Meter] = {}
        self._elsewhere: dict[str, Flow] = {}
        self._active: dict[str, RunRecord] = {}
        self._flows: dict[str, str] = {}  # of runs, those that have ended since `follow` looked included
        self._lettered: set[str] = set()
        self._members: frozenset[str] = frozenset()
        self._ended_s: dict[str, float] = {}  # of flows that others execute as well
        self.where: dict[tuple[str, str], str] = {}

    def attach(self, engine: Engine) -> None:
        """Read the counts of an engine, from its entering on."""
        self._engine = engine

    async def follow(self) -> None:
        """Tell of counts and tasks, until cancelled.

        Raises:
            StoreError: the store failed.
        """
        while True:
            await asyncio.sleep(_PERIOD_S)
            spans = self._recorder.take_spans()
            flows, self._flows = self._flows, {run.id: run.flow for run in self._active.values()}
            self._look_at_members()
            if not self._feed.is_watched:
                continue
            await self._tell_counts()
            for run_id, changed in spans.items():
                flow = flows.get(run_id, "")
                tasks: Json = {"run": run_id, "flow": flow, "spans": to_builtins(changed)}
                self._feed.publish("tasks", tasks, flow=flow, run=run_id)
            await self._count_letters()

    def _look_at_members(self) -> None:
        """Who executes the flows is another thing to be shown of them."""
        sharing, engine = self._store.sharing, self._engine
        if sharing is None or engine is None:
            return
        before, self._members = self._members, frozenset(sharing.members())
        if before != self._members:  # at first, too: who has read the flow may not have seen them yet
            for flow in engine.flows:
                self.flow_changed(flow)

    async def _tell_counts(self) -> None:
        since_s = time.monotonic() - _AFTERWARDS_S
        self._ended_s = {flow: at_s for flow, at_s in self._ended_s.items() if at_s > since_s}
        flows = sorted({run.flow for run in self._active.values()} | self._ended_s.keys())
        await self._fleet.ask([meter for flow in flows if (meter := self._meter(flow)) is not None])
        for flow in flows:
            self._progress(flow)

    async def _count_letters(self) -> None:
        flows, self._lettered = self._lettered, set()
        for flow in sorted(flows):
            page = await self._store.letters(LetterFilter(flow=flow, limit=0))
            facts: Json = {"flow": flow, "deadLetters": page.total}
            self._feed.publish("letters_changed", facts, flow=flow)

    def letters_changed(self, flow: str) -> None:
        """A dead letter was made, tried again or removed."""
        self._lettered.add(flow)

    def flow_changed(self, flow: str) -> None:
        """A flow was loaded, changed, removed, or one of its triggers switched."""
        if not self._is_here(flow) and flow not in self._elsewhere:
            self._meters.pop(flow, None)
            self.where = {key: where for key, where in self.where.items() if key[0] != flow}
        self._feed.publish("flow_changed", {"flow": flow}, flow=flow)

    def _is_here(self, flow: str) -> bool:
        return self._engine is not None and self._engine.program(flow) is not None

    async def live(self, flow: str) -> Live | None:
        """The counts of a flow in all processes; None if it is not known here."""
        if (meter := self._meter(flow)) is not None:
            await self._fleet.ask([meter])
        return self._live(flow)

    def _live(self, flow: str) -> Live | None:
        meter = self._meter(flow)
        if meter is None:
            return None
        return live(flow, [run.id for run in self._active.values() if run.flow == flow], meter.read())

    def _progress(self, flow: str) -> None:
        counts = self._live(flow)
        if counts is not None:
            self._feed.publish_text("progress", counts.model_dump_json(), flow=flow)

    def _meter(self, flow: str) -> Meter | None:
        """The meter of the current version of a flow."""
        engine = self._engine
        program = None if engine is None else engine.program(flow)
        shown = self._elsewhere.get(flow) if program is None else program.flow
        if engine is None or shown is None:
            return None
        meter = self._meters.get(flow)
        if meter is None or meter.flow is not shown:
            if program is not None:
                meter = meter_of(program, engine.stats, self._fleet.budgets)
            else:
                nothing = partial(nothing_of, shown)
                meter = Meter(shown, nothing, lambda _: RunStats(), self._fleet.budgets)
            self._meters[flow] = meter
        return meter

    # ---- what others execute, as the lookout sees it

    def show(self, name: str, flow: Flow | None) -> None:
        """A flow is executed elsewhere: its counts are those of others; None if it does not load here."""
        if flow is None:
            self._elsewhere.pop(name, None)
        else:
            self._elsewhere[name] = flow

    def recall(self, run: RunRecord) -> None:
        """A run has ended elsewhere before anybody looked: counts are its own until another begins."""
        if (meter := self._meter(run.flow)) is not None:
            meter.begin(run.id, is_alone=True, age_s=_age_s(run.started_at_ns))
            meter.end(run.id, _age_s(run.ended_at_ns))

    def leave(self, flow: str) -> None:
        """A flow that was elsewhere is here now, or nowhere any more."""
        self._elsewhere.pop(flow, None)
        ours = () if self._engine is None else self._engine.open_runs
        gone = [run.id for run in self._active.values() if run.flow == flow and run.id not in ours]
        for run_id in gone:
            del self._active[run_id]

    # ---- what the engine tells

    def run_started(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._begun("run_started", run)

    def run_resumed(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._begun("run_resumed", run)
        self._lettered.add(run.flow)

    def _begun(self, event: str, run: RunRecord) -> None:
        meter = self._meter(run.flow)
        if meter is not None:
            is_alone = all(other.flow != run.flow for other in self._active.values())
            age_s = 0.0 if self._is_here(run.flow) else _age_s(run.started_at_ns)
            meter.begin(run.id, is_alone=is_alone, age_s=age_s)
        self._active[run.id] = run
        self._flows[run.id] = run.flow
        self._publish_run(event, run)

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._active.pop(run.id, None)
        meter = self._meter(run.flow)
        if meter is not None:
            meter.end(run.id, 0.0 if self._is_here(run.flow) else _age_s(run.ended_at_ns))
            self._progress(run.flow)
        if self._store.sharing is not None:
            self._ended_s[run.flow] = time.monotonic()
        self._publish_run("run_ended", run)

    def _publish_run(self, event: str, run: RunRecord) -> None:
        self._feed.publish_text(event, summary(run).model_dump_json(), flow=run.flow, run=run.id)

    def run_stuck(self, run: RunRecord, error: HeadraceError) -> None:
        """See `Observer`."""
        self._notice(
            f"run {run.id} of {run.flow} cannot go on with version {run.version}, which does not load any "
            f"more: {error.message}"
        )

    def listening(self, flow: str, trigger: str, where: str) -> None:
        """See `Observer`."""
        self.where[flow, trigger] = where

    def flow_moved(self, flow: str, moved_from: str) -> None:
        """See `Observer`."""
        self._notice(f"flow {flow} is read from another file now; it was {moved_from}")

    def _notice(self, text: str) -> None:
        self._feed.publish("notice", {"text": text})

    def firing_dropped(self, flow: str, trigger: str, reason: str) -> None:
        """See `Observer`."""
        facts: Json = {"flow": flow, "trigger": trigger, "reason": reason}
        self._feed.publish("firing_dropped", facts, flow=flow)

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`."""
        run = self._active.get(run_id)
        flow = "" if run is None else run.flow
        if error.fate is ErrorFate.DEAD:
            self._lettered.add(flow)
        told = RunErrorOf(**dict(run_error(error)), run=run_id, flow=flow)
        self._feed.publish_text("error", told.model_dump_json(), flow=flow, run=run_id)


def _age_s(at_ns: int | None) -> float:
    """How long ago something was, by the clock of another machine."""
    return 0.0 if at_ns is None else max(time.time_ns() - at_ns, 0) / 1e9
