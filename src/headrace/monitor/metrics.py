"""What Prometheus scrapes: counts of runs and tasks since the process began, and how things stand now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from headrace.engine import NodeStats, Observer, Step
from headrace.monitor.counts import Counts
from headrace.monitor.exposition import CONTENT_TYPE, Standing, exposed
from headrace.monitor.profile import RESULTS
from headrace.sdk import Clock, SystemClock
from headrace.sdk.budget import BudgetState
from headrace.store import ErrorRecord, RunFilter, RunRecord, RunStatus, Store, TaskRecord

__all__ = ["CONTENT_TYPE", "Metrics", "Watched"]

_MOST_CODES = 200
"""Codes of errors that are told apart: a component of a third party may make up as many as it likes."""
_LATEST = 20
_SUCCEEDED = frozenset({RunStatus.SUCCEEDED})


class Watched(Protocol):
    """The engine, as far as it is asked for metrics."""

    @property
    def flows(self) -> Sequence[str]:
        """Names of the flows that are executed."""
        ...

    def open_tasks(self) -> dict[str, int]:
        """By flow, tasks that wait or are executed."""
        ...

    def budgets(self) -> list[BudgetState]:
        """How the APIs are asked that are being asked."""
        ...


class Metrics(Observer):
    """Counts what happens. Needs no registry of the process, so that several may be there."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        """Set up.

        Args:
            store: knows when runs ended before this process began.
            clock: the engine's; the machine's if None.
        """
        self._store = store
        self._now_ns = (clock or SystemClock()).now_ns
        self._counts = Counts()
        self._flow_of: dict[str, str] = {}
        self._began_ns: dict[str, int] = {}
        self._codes: set[str] = set()
        self._succeeded_ns: dict[str, int] = {}
        self._asked: set[str] = set()

    async def render(self, engine: Watched) -> bytes:
        """Everything in Prometheus' text format; its content type is `CONTENT_TYPE`.

        Raises:
            StoreError: it was to be asked when the runs of a flow ended, and failed.
        """
        flows = tuple(engine.flows)
        for flow in flows:
            if flow not in self._asked:
                self._succeeded(flow, await self._last_success_ns(flow))
                self._asked.add(flow)
        return exposed(
            self._counts,
            Standing(
                flows=flows,
                running=Counter(self._flow_of.values()),
                open_tasks=engine.open_tasks(),
                succeeded_ns={flow: self._succeeded_ns[flow] for flow in flows if flow in self._succeeded_ns},
                budgets=tuple(engine.budgets()),
                now_ns=self._now_ns(),
            ),
        )

    async def _last_success_ns(self, flow: str) -> int | None:
        runs = await self._store.runs(RunFilter(flow=flow, statuses=_SUCCEEDED, limit=_LATEST))
        return max((run.ended_at_ns for run in runs if run.ended_at_ns is not None), default=None)

    def _succeeded(self, flow: str, at_ns: int | None) -> None:
        if at_ns is not None:
            self._succeeded_ns[flow] = max(self._succeeded_ns.get(flow, 0), at_ns)

    def flow_loaded(self, flow: str) -> None:
        """See `Observer`. Another process may have executed it meanwhile."""
        self._asked.discard(flow)

    def run_started(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._flow_of[run.id] = run.flow

    def run_resumed(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._flow_of[run.id] = run.flow

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._counts.runs[run.flow, run.status.value] += 1
        self.run_ended_elsewhere(run)

    def run_ended_elsewhere(self, run: RunRecord) -> None:
        """See `Observer`. It is counted there, so that sums over all processes are right."""
        self._flow_of.pop(run.id, None)
        if run.status is RunStatus.SUCCEEDED:
            self._succeeded(run.flow, run.ended_at_ns)

    def firing_dropped(self, flow: str, trigger: str, reason: str) -> None:
        """See `Observer`."""
        self._counts.dropped[flow, reason] += 1

    def task_reached(self, task: TaskRecord, step: Step, attempt: int) -> None:
        """See `Observer`."""
        if step is Step.BEGUN:
            self._began_ns[task.id] = self._now_ns()
            return
        result = RESULTS.get(step)
        if result is None:
            return
        flow = self._flow_of.get(task.run_id, "")
        self._counts.tasks[flow, result] += 1
        began_ns = self._began_ns.pop(task.id, None)
        if began_ns is not None:
            self._counts.durations[flow].add(max(self._now_ns() - began_ns, 0) / 1e9)

    def task_counted(self, task: TaskRecord, nodes: Mapping[str, NodeStats], hops: int) -> None:
        """See `Observer`."""
        flow, counts = self._flow_of.get(task.run_id, ""), self._counts
        counts.hops[flow,] += hops
        for name, stats in nodes.items():
            key = flow, name
            counts.messages[key] += stats.received
            if stats.failed:
                counts.failures[key] += stats.failed
            if stats.items_done:
                counts.items[key] += stats.items_done

    def error_raised_elsewhere(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`. It is counted there."""

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`."""
        code = error.code
        if code not in self._codes:
            if len(self._codes) >= _MOST_CODES:
                code = "other"
            self._codes.add(code)
        self._counts.errors[self._flow_of.get(run_id, ""), code, error.fate.value] += 1
