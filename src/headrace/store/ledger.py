"""What stores decide about unfinished runs and triggers, in memory. Pure; a store makes it durable.

The process that executes a flow alone changes its runs (rule 20), so it decides by what it has in memory;
what is durable follows, decision by decision.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from headrace.store.caller import Caller
from headrace.store.encoding import EncodedOutcome, encode_measured
from headrace.store.firing import activate, deactivate, decide
from headrace.store.group import GroupNote
from headrace.store.limit import MAX_MESSAGE_BYTES
from headrace.store.records import (
    Attempt,
    DeadLetter,
    ErrorRecord,
    Fired,
    FireRequest,
    NewGroup,
    OpenRun,
    RunRecord,
    RunStatus,
    TaskRecord,
    TriggerRecord,
)
from headrace.store.request import Revival
from headrace.store.run import Changes, RunState
from headrace.values import Json

__all__ = ["Ledger", "LeftRun", "revived_task"]


class LeftRun(msgspec.Struct, frozen=True):
    """An unfinished run as a process left it."""

    record: RunRecord
    ends_as: RunStatus | None
    tasks: tuple[tuple[TaskRecord, Attempt], ...]
    groups: tuple[tuple[NewGroup, list[GroupNote]], ...]


def revived_task(revival: Revival, letter: DeadLetter) -> TaskRecord:
    """A dead letter's task as it is to be tried again.

    Raises:
        PermanentError: the edited message is no JSON, or larger than a store takes.
    """
    task = letter.task
    if revival.is_edited:
        base = task.base if task.base is not task.message else revival.message
        task = replace(task, message=revival.message, base=base)
        encode_measured(task, MAX_MESSAGE_BYTES)
    return task


class Ledger(msgspec.Struct):
    """Unfinished runs by id, and triggers by flow and name."""

    runs: dict[str, RunState] = msgspec.field(default_factory=dict)
    triggers: dict[tuple[str, str], TriggerRecord] = msgspec.field(default_factory=dict)

    def take_up(self, left: Iterable[LeftRun]) -> None:
        """Go on with runs that another process left."""
        for run in left:
            state = RunState(run.record, {task.id: (task, attempt) for task, attempt in run.tasks})
            state.ends_as = run.ends_as
            state.restore(run.groups)
            self.runs[run.record.id] = state

    def open_runs(self, flow: str) -> tuple[OpenRun, ...]:
        """The unfinished runs of a flow, the oldest first."""
        return tuple(
            OpenRun(state.record, tuple(state.open.values()), is_cancelled=state.ends_as is not None)
            for state in self.runs.values()
            if state.record.flow == flow and state.record.status is RunStatus.RUNNING
        )

    def activate(
        self, flow: str, trigger: str, schedule: str, now_ns: int, *, emit_on_start: bool
    ) -> TriggerRecord:
        """See `Store`."""
        record = activate(self.triggers.get((flow, trigger)), schedule, now_ns, emit_on_start=emit_on_start)
        self.triggers[flow, trigger] = record
        return record

    def deactivate(self, flow: str, trigger: str) -> TriggerRecord | None:
        """See `Store`; the record, None if there is none."""
        record = self.triggers.get((flow, trigger))
        if record is not None:
            record = self.triggers[flow, trigger] = deactivate(record)
        return record

    def fire(self, request: FireRequest) -> tuple[Fired, tuple[Changes, ...]]:
        """See `Store`; dedupe keys are the store's own business.

        Raises:
            PermanentError | UsageError: the trigger's message cannot be kept, or made; nothing was decided.
        """
        key = request.flow, request.trigger
        decision = decide(self.triggers.get(key), request, self._running(*key))
        if decision.tick is None:
            self._set_trigger(key, decision.trigger)
            return Fired(reason=decision.reason), ()
        record = RunRecord(
            id=request.run_id,
            flow=request.flow,
            version=request.version,
            trigger=request.trigger,
            scheduled_at_ns=request.scheduled_at_ns,
            started_at_ns=request.fired_at_ns,
            vars=request.vars,
            caller=Caller.WAITS if request.has_caller else Caller.NONE,
        )
        message = request.message(decision.tick)
        task = TaskRecord(
            id=f"{request.run_id}.0",
            run_id=request.run_id,
            node=request.trigger,
            port=request.port,
            message=message,
            base=message,
            is_output=True,
        )
        encoded = {task.id: encode_measured(task, MAX_MESSAGE_BYTES)}
        self._set_trigger(key, decision.trigger)  # from here on nothing can fail
        self.runs[record.id] = RunState(record, {task.id: (task, Attempt())})
        cancelled = {
            id_: self.cancel(id_, RunStatus.CANCELLED, None, request.cut_off(id_), request.fired_at_ns)
            for id_ in decision.superseded
        }
        superseded = {id_: changes.committed for id_, changes in cancelled.items()}
        begun = Changes(run=record, opened=[task], encoded=encoded)
        return Fired(record, task, superseded=superseded), (*cancelled.values(), begun)

    def commit(self, task: TaskRecord, outcome: EncodedOutcome, now_ns: int) -> Changes:
        """See `Store`."""
        state = self.runs.get(task.run_id)
        return Changes() if state is None else state.commit(task, outcome.outcome, now_ns)

    def bury(self, task: TaskRecord, attempts: int, error: ErrorRecord, now_ns: int) -> Changes:
        """See `Store`."""
        state = self.runs.get(task.run_id)
        return Changes() if state is None else state.bury(task, attempts, error, now_ns)

    def retry(
        self, task: TaskRecord, attempt: Attempt, error: ErrorRecord | None, now_ns: int
    ) -> tuple[Changes, bool]:
        """See `Store`; second: whether the task was dropped."""
        state = self.runs.get(task.run_id)
        return (Changes(), True) if state is None else state.retry(task, attempt, error, now_ns)

    def revive(self, revival: Revival, letter: DeadLetter, record: RunRecord) -> Changes:
        """See `Store`; `record` is that of the dead letter's run, which may have ended."""
        return self.reopen(record, revived_task(revival, letter), revival.version, revival.vars)

    def reopen(
        self, record: RunRecord, task: TaskRecord, version: str, variables: dict[str, Json]
    ) -> Changes:
        """A task is open again; its run, where it has ended, goes on with another version."""
        state = self.runs.setdefault(record.id, RunState(record))
        if record.status is not RunStatus.RUNNING:
            record.version, record.vars = version, variables
        return state.revive(task, Attempt(first=False))

    def cancel(
        self, run_id: str, status: RunStatus, error: ErrorRecord | None, keep: frozenset[str], now_ns: int
    ) -> Changes:
        """See `Store`."""
        state = self.runs.get(run_id)
        return Changes() if state is None else state.cancel(status, error, keep, now_ns)

    def drop(self, task: TaskRecord, now_ns: int) -> Changes:
        """See `Store`."""
        state = self.runs.get(task.run_id)
        return Changes() if state is None else state.drop(task, now_ns)

    def forget(self, run_id: str) -> None:
        """A run has ended, or is another process's now."""
        self.runs.pop(run_id, None)

    def _set_trigger(self, key: tuple[str, str], record: TriggerRecord | None) -> None:
        if record is not None:
            self.triggers[key] = record

    def _running(self, flow: str, trigger: str) -> tuple[str, ...]:
        return tuple(
            id_
            for id_, state in self.runs.items()
            if (state.record.flow, state.record.trigger) == (flow, trigger)
            and state.record.status is RunStatus.RUNNING
        )
