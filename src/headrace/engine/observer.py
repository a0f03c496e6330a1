"""What people who watch can see: counts that are kept as they happen, and a few events."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from headrace.engine.probe import Probe, Probes
from headrace.errors import HeadraceError
from headrace.sdk import RunInfo
from headrace.store import ErrorRecord, RunRecord, TaskRecord
from headrace.values import Json

__all__ = ["NodeStats", "Observer", "Observers", "RunStats", "Step"]


class NodeStats(msgspec.Struct):
    """Counts of one node in this process, for display; not durable.

    Attributes:
        received: messages that entered.
        active: messages that are being worked on now.
        failed: messages at which this node itself failed.
        items_done: of the items in the messages that the node has tracked (`Context.progress`).
        items_total: how many those are.
        passes: in how many steps (an iterator's batches) they were done.
    """

    received: int = 0
    active: int = 0
    failed: int = 0
    items_done: int = 0
    items_total: int = 0
    passes: int = 0

    def add(self, other: "NodeStats") -> None:
        """Count in what another process has counted."""
        self.received += other.received
        self.active += other.active
        self.failed += other.failed
        self.items_done += other.items_done
        self.items_total += other.items_total
        self.passes += other.passes

    def take_back(self, other: "NodeStats") -> None:
        """Uncount what is counted anew."""
        self.received -= other.received
        self.failed -= other.failed
        self.items_done -= other.items_done
        self.items_total -= other.items_total
        self.passes -= other.passes


class RunStats(msgspec.Struct):
    """What a run is expected to be, for display; not durable.

    Attributes:
        expected: records in all, as its source says; 0 if unknown.
        pages: how often the source has said so, that is with how many answers.
        sources: the nodes that have said so.
    """

    expected: int = 0
    pages: int = 0
    sources: set[str] = msgspec.field(default_factory=set)


class Step(Enum):
    """How far a task has come with an attempt; each attempt that has begun ends with one of the last five."""

    BEGUN = "begun"
    """It is executing."""
    PERFORMED = "performed"
    """All its work is done; nothing is committed yet."""
    WRITTEN = "written"
    """What it wrote is committed in its database, with its row."""
    DECIDED = "decided"
    """The store has decided that it ended well."""
    RETRIED = "retried"
    """It failed, and is due again later: the store has noted its next attempt."""
    BURIED = "buried"
    """It failed for good: the store keeps it as a dead letter."""
    DROPPED = "dropped"
    """Its run was cancelled: what it did is rolled back, and the store has forgotten it."""
    LEFT = "left"
    """Its process stops: what it did is rolled back, and it is open in the store."""


class Observer:
    """Told of what happens, in the engine's event loop; must be quick and must not raise."""

    def flow_loaded(self, flow: str) -> None:
        """A flow is executed here from now on, or another version of it."""

    def run_started(self, run: RunRecord) -> None:
        """A firing created a run."""

    def run_resumed(self, run: RunRecord) -> None:
        """A run goes on that another process left unfinished, or that had ended with a dead letter."""

    def run_ended(self, run: RunRecord) -> None:
        """A run has ended; its end is durable."""

    def run_stuck(self, run: RunRecord, error: HeadraceError) -> None:
        """A run that is unfinished cannot be gone on with: its version does not load any more."""

    def listening(self, flow: str, trigger: str, where: str) -> None:
        """A trigger takes what comes from outside."""

    def flow_moved(self, flow: str, moved_from: str) -> None:
        """A flow is read from another file than before."""

    def firing_dropped(self, flow: str, trigger: str, reason: str) -> None:
        """A firing was due and created no run (`overlap`, `queued`, `exhausted`)."""

    def task_reached(self, task: TaskRecord, step: Step, attempt: int) -> None:
        """A task has come to a step; one that is repeated comes to it again.

        Args:
            attempt: which it is, from 1; failures of databases and stores do not count.
        """

    def task_counted(self, task: TaskRecord, nodes: Mapping[str, NodeStats], hops: int) -> None:
        """A task was executed, well or not: what its nodes have counted, and how many edges were crossed.

        It comes before the step with which the attempt ends; what is given is not changed any more.
        """

    def probe(self, task: TaskRecord, attempt: int, run: RunInfo) -> Probe | None:
        """What is to be told of an execution that begins now; None to have it go on faster."""
        return None

    def result_added(self, node: str, value: Json) -> None:
        """A node has got an answer from outside, and adds it to its message; must not be changed."""

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """An error was raised, whatever becomes of it."""

    # What another process does to a run in which this one takes part. Each is done by one process, so who
    # counts or sends leaves it to that one; who shows the run is told as if it was done here.

    def run_started_elsewhere(self, run: RunRecord) -> None:
        """As `run_started`, by another process."""
        self.run_started(run)

    def run_resumed_elsewhere(self, run: RunRecord) -> None:
        """As `run_resumed`, by another process."""
        self.run_resumed(run)

    def run_ended_elsewhere(self, run: RunRecord) -> None:
        """As `run_ended`, by another process."""
        self.run_ended(run)

    def error_raised_elsewhere(self, run_id: str, error: ErrorRecord) -> None:
        """As `error_raised`, by another process."""
        self.error_raised(run_id, error)


class Observers(Observer):
    """Tells several observers, in their order."""

    def __init__(self, *observers: Observer) -> None:
        self._all = observers
        # What is told of each task costs nothing where nobody listens.
        self._reached = [each for each in observers if type(each).task_reached is not Observer.task_reached]
        self._counted = [each for each in observers if type(each).task_counted is not Observer.task_counted]
        self._adding = [each for each in observers if type(each).result_added is not Observer.result_added]
        self._probing = [each for each in observers if type(each).probe is not Observer.probe]

    def flow_loaded(self, flow: str) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.flow_loaded(flow)

    def run_started(self, run: RunRecord) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.run_started(run)

    def run_resumed(self, run: RunRecord) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.run_resumed(run)

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.run_ended(run)

    def run_stuck(self, run: RunRecord, error: HeadraceError) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.run_stuck(run, error)

    def listening(self, flow: str, trigger: str, where: str) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.listening(flow, trigger, where)

    def flow_moved(self, flow: str, moved_from: str) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.flow_moved(flow, moved_from)

    def firing_dropped(self, flow: str, trigger: str, reason: str) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.firing_dropped(flow, trigger, reason)

    def task_reached(self, task: TaskRecord, step: Step, attempt: int) -> None:
        """See `Observer`."""
        for observer in self._reached:
            observer.task_reached(task, step, attempt)

    def task_counted(self, task: TaskRecord, nodes: Mapping[str, NodeStats], hops: int) -> None:
        """See `Observer`."""
        for observer in self._counted:
            observer.task_counted(task, nodes, hops)

    def probe(self, task: TaskRecord, attempt: int, run: RunInfo) -> Probe | None:
        """See `Observer`."""
        probes = [probe for each in self._probing if (probe := each.probe(task, attempt, run)) is not None]
        if not probes:
            return None
        return Probes(probes) if len(probes) > 1 else probes[0]

    def result_added(self, node: str, value: Json) -> None:
        """See `Observer`."""
        for observer in self._adding:
            observer.result_added(node, value)

    def error_raised(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.error_raised(run_id, error)

    def run_started_elsewhere(self, run: RunRecord) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.run_started_elsewhere(run)

    def run_resumed_elsewhere(self, run: RunRecord) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.run_resumed_elsewhere(run)

    def run_ended_elsewhere(self, run: RunRecord) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.run_ended_elsewhere(run)

    def error_raised_elsewhere(self, run_id: str, error: ErrorRecord) -> None:
        """See `Observer`."""
        for observer in self._all:
            observer.error_raised_elsewhere(run_id, error)
