"""What a store keeps: states as data. Times are Unix nanoseconds."""

from collections.abc import Callable, Mapping
from enum import Enum

import msgspec

from headrace.sdk.schedule import Overlap
from headrace.sdk.watermark import Watermark, higher
from headrace.store.caller import Caller
from headrace.values import Json, Message

__all__ = [
    "MAX_ERRORS",
    "Adoption",
    "Attempt",
    "Committed",
    "DeadLetter",
    "ErrorFate",
    "ErrorRecord",
    "FireRequest",
    "Fired",
    "GroupMember",
    "NewGroup",
    "OpenRun",
    "Outcome",
    "Response",
    "RunRecord",
    "RunStatus",
    "TaskRecord",
    "TriggerRecord",
    "VersionRecord",
]

MAX_ERRORS = 1000
"""Errors that a run or a group keeps whole; further ones are counted (rule 2)."""


class RunStatus(Enum):
    """The life of a run: running, then one of the others; a retried dead letter makes it running again."""

    RUNNING = "running"
    """It has open tasks."""
    SUCCEEDED = "succeeded"
    """All tasks ended; every error was handled or collected."""
    FAILED = "failed"
    """All tasks ended, at least one as a dead letter; or its time ran out."""
    CANCELLED = "cancelled"
    """Someone stopped it; its open tasks were dropped."""


class ErrorFate(Enum):
    """What became of an error."""

    HANDLED = "handled"
    """An `error` port took it."""
    COLLECTED = "collected"
    """An iterator went on without what failed."""
    RETRIED = "retried"
    """The task was tried again."""
    DEAD = "dead"
    """The task became a dead letter."""
    ENDED = "ended"
    """It ended the run (timeout)."""
    DROPPED = "dropped"
    """It is a response that nobody gets, since its run had one before."""


class ErrorRecord(msgspec.Struct, frozen=True):
    """One error of a run.

    Attributes:
        message: for people, secrets masked.
        node: where it was raised; empty for an error of the run itself.
        place: `file:line:column` in the flow file.
        excerpt: that line with carets, or empty.
        attempt: which attempt of the task, from 1.
        context: facts of the message that tell which data it was (`batchNum`, `page`).
    """

    at_ns: int
    code: str
    message: str
    node: str
    place: str
    excerpt: str
    attempt: int
    fate: ErrorFate
    retryable: bool = False
    context: dict[str, Json] = msgspec.field(default_factory=dict)


class GroupMember(msgspec.Struct, frozen=True):
    """Membership of a task in a fan-out: the group, and which emission it belongs to.

    What a member's task creates belongs to the same emission.

    Attributes:
        number: shown as `batchNum` in errors.
        port: the emission's port, and `key` its number there.
        items: how many items have failed if anything below the emission fails.
    """

    group_id: str
    number: int
    port: str
    key: int
    items: int


class TaskRecord(msgspec.Struct, frozen=True):
    """Deliver this message to this port, in this run.

    Attributes:
        id: derives from the parent's id and the path that made it, never from time or order (rule 3).
        is_output: the port is an output: the message is emitted there (a firing, a group's `done`).
        base: the value that results are added to; the message itself where it was not shaped.
        lane: the node whose detached port made it, where that node limits how many run at once.
        closes_loop: made over a loop-closing edge: waits while too many tasks of the run are open.
        resume: where a component goes on that splits its work over several tasks.
        tracks: the node whose items (`group.items`) are done, for display, once the task has ended well.
    """

    id: str
    run_id: str
    node: str
    port: str
    message: Message
    base: Message
    is_output: bool = False
    lane: str | None = None
    closes_loop: bool = False
    group: GroupMember | None = None
    resume: Json = None
    tracks: str = ""


class Attempt(msgspec.Struct, frozen=True):
    """The state of a task's attempts, as the store has it.

    Attributes:
        number: the attempt that is due, from 1.
        infrastructure: failures of databases and stores so far; they have a budget of their own (rule 6).
        interruptions: how often its process died while it was executing (rule 9).
        due_at_ns: not before this time.
        first: whether this is known to be its first execution.
    """

    number: int = 1
    infrastructure: int = 0
    interruptions: int = 0
    due_at_ns: int = 0
    first: bool = True


class NewGroup(msgspec.Struct, frozen=True):
    """A fan-out to be created with a task's outcome (rule 7).

    Attributes:
        id: derived like a task's.
        done: the task that is created when all members have finished. Of a message at an output, `processed`,
            `failed` and `errors` are set then; else the node itself is told, by `resume`.
        total_items: items of all members, for `processed`.
    """

    id: str
    done: TaskRecord
    total_items: int


class Response(msgspec.Struct, frozen=True):
    """An answer for the caller of a run.

    Attributes:
        value: not null.
        late: the error to be recorded if the run has had a response before.
    """

    value: Json
    late: ErrorRecord


class Outcome(msgspec.Struct):
    """What a task did, to become durable as a whole or not at all (rule 4).

    Attributes:
        errors: the first `MAX_ERRORS`, whole.
        further_errors: how many there were beyond those.
        state: what nodes keep, by node and key; None takes a value away.
        response: for the caller; the first one of a run counts.
        tally: counts for the group that the task is a member of.
        watermark: how far the member has come, for the group; None if that is not told.
    """

    tasks: list[TaskRecord] = msgspec.field(default_factory=list)
    groups: list[NewGroup] = msgspec.field(default_factory=list)
    errors: list[ErrorRecord] = msgspec.field(default_factory=list)
    further_errors: int = 0
    counters: dict[str, int] = msgspec.field(default_factory=dict)
    state: dict[str, Json] = msgspec.field(default_factory=dict)
    response: Response | None = None
    tally: dict[str, int] = msgspec.field(default_factory=dict)
    watermark: Watermark | None = None

    def count(self, node: str, counter: str, number: int) -> None:
        """Add to a counter of a node."""
        name = f"{node}.{counter}"
        self.counters[name] = self.counters.get(name, 0) + number

    def count_all(self, node: str, counters: Mapping[str, int]) -> None:
        """Add to counters of a node."""
        for counter, number in counters.items():
            self.count(node, counter, number)

    def add_error(self, error: ErrorRecord) -> None:
        """Record an error, or count it."""
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)
        else:
            self.further_errors += 1

    def absorb_errors(self, other: "Outcome") -> None:
        """Take over the errors of a branch, and nothing else of it."""
        room = MAX_ERRORS - len(self.errors)
        self.errors += other.errors[:room]
        self.further_errors += other.further_errors + len(other.errors[room:])

    def respond(self, response: Response) -> None:
        """Answer the caller, or record that this comes too late."""
        if self.response is None:
            self.response = response
        else:
            self.add_error(response.late)

    def absorb(self, other: "Outcome") -> None:
        """Take over what a branch did."""
        self.tasks += other.tasks
        self.groups += other.groups
        self.absorb_errors(other)
        self.state |= other.state
        if other.response is not None:
            self.respond(other.response)
        for name, count in other.counters.items():
            self.counters[name] = self.counters.get(name, 0) + count
        for name, count in other.tally.items():
            self.tally[name] = self.tally.get(name, 0) + count
        self.watermark = higher(self.watermark, other.watermark)


class RunRecord(msgspec.Struct):
    """One run.

    Attributes:
        vars: the effective vars that it began with.
        errors: the first `MAX_ERRORS`, whole, without retried ones beyond the first hundred.
        error_count: all errors but the retried ones.
        retries: attempts of tasks that failed and were tried again.
        worked_ns: how long a worker was alive for it; a timeout counts no other time (rule 8).
        has_response: whether a task has responded to the caller; further responses are dropped.
    """

    id: str
    flow: str
    version: str
    trigger: str
    scheduled_at_ns: int
    started_at_ns: int
    vars: dict[str, Json]
    status: RunStatus = RunStatus.RUNNING
    ended_at_ns: int | None = None
    counters: dict[str, int] = msgspec.field(default_factory=dict)
    errors: list[ErrorRecord] = msgspec.field(default_factory=list)
    error_count: int = 0
    retries: int = 0
    dead_letters: int = 0
    tasks_done: int = 0
    worked_ns: int = 0
    caller: Caller = Caller.NONE
    has_response: bool = False


class PastRun(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """As much of a run that has ended as tells whether it is wanted, or to be forgotten.

    Attributes:
        is_recorded: its tasks may have rows in a target (rule 12).
    """

    id: str
    flow: str
    trigger: str
    status: RunStatus
    started_at_ns: int
    ended_at_ns: int
    is_recorded: bool = False


class DeadLetter(msgspec.Struct, frozen=True):
    """A task that failed for good, kept whole."""

    task: TaskRecord
    error: ErrorRecord
    attempts: int
    flow: str = ""


class TriggerRecord(msgspec.Struct, frozen=True):
    """What is remembered of a trigger: one record, changed by compare-and-set (rule 22).

    Attributes:
        schedule: what its schedule is, `Schedule.identity`.
        anchor_ns: where its grid starts: its activation, or the last firing before the schedule changed.
        last_scheduled_ns: the grid time that was decided last, fired or dropped.
        since_ns: when this schedule took effect; of earlier times none but the latest was missed.
        firings: scheduled firings that made a run; the next one's tick number is one more.
        queued_ns: the scheduled time of the firing that waits for the open run to end (`overlap: queue`).
        owes_start: the activation's own firing is still to come (`emitOnStart`); its time is the anchor.
        is_active: false while it is stopped.
        decided_at_ns: when `last_scheduled_ns` was decided: later than it, if it had been missed.
        revision: increases with each change.
    """

    schedule: str
    anchor_ns: int
    last_scheduled_ns: int
    since_ns: int
    firings: int = 0
    queued_ns: int | None = None
    owes_start: bool = False
    is_active: bool = True
    decided_at_ns: int = 0
    revision: int = 1


class FireRequest(msgspec.Struct, frozen=True):
    """Fire a trigger.

    Attributes:
        run_id: random, used if the firing creates a run.
        scheduled_at_ns: the firing's time on the grid.
        on_request: fire regardless of schedule and overlap; leaves tick numbers alone.
        message: makes the trigger's message from the tick number (0 on request).
        max_firings: no more than this many scheduled firings, ever; 0 for no limit.
        queued: it is the firing that the trigger holds.
        waits: it was missed, and is made up for once there is room: nothing is decided before.
        dedupe_key: a firing of the trigger with the same key, whose run is still kept, is not repeated.
        has_caller: somebody waits for an answer.
        cut_off: called with the id of each open run that is cancelled for it (`overlap: cancel-running`),
            stops what the run does, and gives the ids of its tasks that are decided before it has ended.
    """

    flow: str
    version: str
    trigger: str
    port: str
    run_id: str
    scheduled_at_ns: int
    fired_at_ns: int
    vars: dict[str, Json]
    message: Callable[[int], Message]
    on_request: bool = False
    overlap: Overlap = Overlap.SKIP
    max_firings: int = 0
    queued: bool = False
    waits: bool = False
    dedupe_key: str | None = None
    has_caller: bool = False
    cut_off: Callable[[str], frozenset[str]] = lambda run_id: frozenset()


class Committed(msgspec.Struct, frozen=True):
    """What a decision about a task led to.

    Attributes:
        tasks: tasks that are open now and were not before, groups' `done` among them.
        ended: the run, if this ended it.
        response: for whoever waits for the run.
        dropped: the errors of further responses.
    """

    tasks: tuple[TaskRecord, ...] = ()
    ended: RunRecord | None = None
    response: Json = None
    dropped: tuple[ErrorRecord, ...] = ()


class Fired(msgspec.Struct, frozen=True):
    """What became of a firing.

    Attributes:
        run: the run that it created; None if it created none.
        task: that run's first task.
        reason: why there is no run, as `store.firing.Decision` says; or `repeated`.
        repeats: the run of an earlier firing with the same dedupe key.
        superseded: what became of the runs that were cancelled for it (`overlap: cancel-running`), by id.
    """

    run: RunRecord | None = None
    task: TaskRecord | None = None
    reason: str = ""
    repeats: str = ""
    superseded: Mapping[str, Committed] = msgspec.field(default_factory=dict)


class VersionRecord(msgspec.Struct, frozen=True):
    """One version of a flow, as it can be loaded again (rule 21).

    Attributes:
        path: the file that it came from, absolute; places in errors name it as `name` does.
        text: of the file.
        overrides: values by dotted path below `spec` that replace the file's (`--set`).
    """

    flow: str
    version: str
    path: str
    name: str
    text: str
    overrides: dict[str, Json] = msgspec.field(default_factory=dict)


class OpenRun(msgspec.Struct, frozen=True):
    """An unfinished run, with its open tasks.

    Attributes:
        is_cancelled: its tasks were executing when it was cancelled; nothing of it is to be executed.
    """

    run: RunRecord
    tasks: tuple[tuple[TaskRecord, Attempt], ...]
    is_cancelled: bool = False


class Adoption(msgspec.Struct, frozen=True):
    """What a process finds that begins to execute a flow.

    Attributes:
        runs: the unfinished runs, the oldest first.
        moved_from: where the flow's file was before, if that was another path.
    """

    runs: tuple[OpenRun, ...] = ()
    moved_from: str = ""
