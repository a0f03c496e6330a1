"""A store in memory: nothing survives the process. For tests and throw-away runs."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from headrace.sdk.schedule import Overlap
from headrace.store.group import GroupState
from headrace.store.limit import check_messages
from headrace.store.records import (
    MAX_ERRORS,
    Attempt,
    Committed,
    DeadLetter,
    ErrorFate,
    ErrorRecord,
    Fired,
    FireRequest,
    OpenRun,
    Outcome,
    RunRecord,
    RunStatus,
    TaskRecord,
    TriggerRecord,
)

__all__ = ["MAX_MESSAGE_BYTES", "MemoryStore"]

MAX_MESSAGE_BYTES = 64 * 2**20
"""Of one task's message as JSON: as large as the HTTP client lets a response be."""

_KEPT_RUNS = 1000
_KEPT_RETRIES = 100


@dataclass(slots=True)
class _Run:
    """A run and what is open of it."""

    record: RunRecord
    open: dict[str, tuple[TaskRecord, Attempt]] = field(default_factory=dict)
    groups: dict[str, GroupState] = field(default_factory=dict)
    dead: list[DeadLetter] = field(default_factory=list)
    ends_as: RunStatus | None = None


class MemoryStore:
    """Runs, tasks, triggers and dead letters in dictionaries; the last 1,000 ended runs are kept."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._ended: deque[str] = deque()
        self._triggers: dict[tuple[str, str], TriggerRecord] = {}

    async def activate(self, flow: str, trigger: str, now_ns: int) -> tuple[TriggerRecord, bool]:
        """See `Store`."""
        key = flow, trigger
        is_new = key not in self._triggers
        if is_new:
            self._triggers[key] = TriggerRecord(anchor_ns=now_ns, last_scheduled_ns=now_ns)
        return self._triggers[key], is_new

    async def fire(self, request: FireRequest) -> Fired:
        """See `Store`."""
        tick = 0
        superseded: tuple[str, ...] = ()
        if not request.on_request:
            trigger, _ = await self.activate(request.flow, request.trigger, request.fired_at_ns)
            if request.queued:
                if not trigger.is_queued:
                    return Fired(reason="duplicate")
            elif request.scheduled_at_ns <= trigger.last_scheduled_ns and trigger.firings > 0:
                return Fired(reason="duplicate")
            if request.max_firings and trigger.firings >= request.max_firings:
                return Fired(reason="exhausted")
            trigger.last_scheduled_ns = max(trigger.last_scheduled_ns, request.scheduled_at_ns)
            running = self._open_ids(request.flow, request.trigger)
            if running and request.overlap is Overlap.SKIP:
                return Fired(reason="overlap")
            if running and request.overlap is Overlap.QUEUE:
                trigger.is_queued = True
                return Fired(reason="queued")
            if request.overlap is Overlap.CANCEL_RUNNING:
                superseded = running
            trigger.is_queued = False
            trigger.firings += 1
            tick = trigger.firings
        record = RunRecord(
            id=request.run_id,
            flow=request.flow,
            version=request.version,
            trigger=request.trigger,
            scheduled_at_ns=request.scheduled_at_ns,
            started_at_ns=request.fired_at_ns,
            vars=request.vars,
        )
        message = request.message(tick)
        task = TaskRecord(
            id=f"{request.run_id}.0",
            run_id=request.run_id,
            node=request.trigger,
            port=request.port,
            message=message,
            base=message,
            is_output=True,
        )
        self._runs[record.id] = _Run(record, {task.id: (task, Attempt())})
        return Fired(record, task, superseded=superseded)

    def check(self, outcome: Outcome) -> None:
        """See `Store`."""
        check_messages(outcome, MAX_MESSAGE_BYTES)

    async def commit(self, task: TaskRecord, outcome: Outcome, now_ns: int) -> Committed:
        """See `Store`."""
        run = self._runs[task.run_id]
        if task.id not in run.open:
            return Committed()
        record = run.record
        record.tasks_done += 1
        for name, count in outcome.counters.items():
            record.counters[name] = record.counters.get(name, 0) + count
        for error in outcome.errors:
            _add_error(record, error)
        record.error_count += outcome.further_errors
        created: list[TaskRecord] = []
        if run.ends_as is None:
            for group in outcome.groups:
                run.groups[group.id] = GroupState(group)
                self._join(run, group.done)
            for new in outcome.tasks:
                run.open[new.id] = new, Attempt()
                self._join(run, new)
            created += outcome.tasks
        return self._decided(run, task, outcome, created, now_ns)

    async def retry(
        self, task: TaskRecord, attempt: Attempt, error: ErrorRecord | None, now_ns: int
    ) -> Committed | None:
        """See `Store`."""
        run = self._runs[task.run_id]
        if error is not None:
            _add_error(run.record, error)
        if run.ends_as is not None:
            return await self.drop(task, now_ns)
        run.open[task.id] = task, attempt
        return None

    async def bury(self, task: TaskRecord, attempts: int, error: ErrorRecord, now_ns: int) -> Committed:
        """See `Store`."""
        run = self._runs[task.run_id]
        if task.id not in run.open:
            return Committed()
        run.dead.append(DeadLetter(task, error, attempts))
        run.record.dead_letters += 1
        _add_error(run.record, error)
        return self._decided(run, task, Outcome(errors=[error]), [], now_ns)

    async def revive(self, run_id: str, task_id: str) -> OpenRun | None:
        """See `Store`."""
        run = self._runs.get(run_id)
        letter = next((dead for dead in run.dead if dead.task.id == task_id), None) if run else None
        if run is None or letter is None:
            return None
        record = run.record
        if record.status is not RunStatus.RUNNING:
            record.status, record.ended_at_ns = RunStatus.RUNNING, None
            run.ends_as = None
            self._ended.remove(run_id)
        run.dead.remove(letter)
        record.dead_letters -= 1
        revived = letter.task, Attempt(first=False)
        run.open[task_id] = revived
        return OpenRun(record, (revived,))

    async def cancel(
        self, run_id: str, status: RunStatus, error: ErrorRecord | None, keep: frozenset[str], now_ns: int
    ) -> Committed:
        """See `Store`."""
        run = self._runs.get(run_id)
        if run is None or run.record.status is not RunStatus.RUNNING or run.ends_as is not None:
            return Committed()
        run.ends_as = status
        if error is not None:
            _add_error(run.record, error)
        run.open = {id_: state for id_, state in run.open.items() if id_ in keep}
        run.groups.clear()
        return Committed(ended=self._end_if_empty(run, now_ns))

    async def drop(self, task: TaskRecord, now_ns: int) -> Committed:
        """See `Store`."""
        run = self._runs[task.run_id]
        run.open.pop(task.id, None)
        return Committed(ended=self._end_if_empty(run, now_ns))

    async def run(self, run_id: str) -> RunRecord | None:
        """See `Store`."""
        run = self._runs.get(run_id)
        return None if run is None else run.record

    async def runs(self, flow: str | None = None, limit: int = 50) -> list[RunRecord]:
        """See `Store`."""
        records = [run.record for run in self._runs.values() if flow in (None, run.record.flow)]
        return records[::-1][:limit]

    async def open_runs(self, flow: str) -> list[OpenRun]:
        """See `Store`."""
        return [
            OpenRun(run.record, tuple(run.open.values()))
            for run in self._runs.values()
            if run.record.flow == flow and run.record.status is RunStatus.RUNNING
        ]

    async def dead_letters(self, run_id: str) -> list[DeadLetter]:
        """See `Store`."""
        run = self._runs.get(run_id)
        return [] if run is None else list(run.dead)

    async def close(self) -> None:
        """See `Store`."""

    def _open_ids(self, flow: str, trigger: str) -> tuple[str, ...]:
        return tuple(
            run.record.id
            for run in self._runs.values()
            if (run.record.flow, run.record.trigger, run.record.status) == (flow, trigger, RunStatus.RUNNING)
        )

    def _join(self, run: _Run, task: TaskRecord) -> None:
        if task.group is not None and task.group.group_id in run.groups:
            run.groups[task.group.group_id].open.add(task.id)

    def _decided(
        self,
        run: _Run,
        task: TaskRecord,
        outcome: Outcome,
        created: list[TaskRecord],
        now_ns: int,
    ) -> Committed:
        """Close a task: its group may finish, whose `done` may belong to a group, and the run may end."""
        del run.open[task.id]
        if task.group is not None and (state := run.groups.get(task.group.group_id)) is not None:
            state.note(task, outcome)
            state.open.discard(task.id)
        touched = [group.id for group in outcome.groups]
        if task.group is not None:
            touched.append(task.group.group_id)
        for done in self._finished_groups(run, touched):
            run.open[done.id] = done, Attempt()
            created.append(done)
        return Committed(tuple(created), self._end_if_empty(run, now_ns))

    def _finished_groups(self, run: _Run, touched: Iterable[str]) -> Iterable[TaskRecord]:
        """The announcements of those of some groups that have no open member (any more)."""
        finished = [run.groups[id_] for id_ in dict.fromkeys(touched) if id_ in run.groups]
        for state in finished:
            if state.open:
                continue
            del run.groups[state.group.id]
            outer = state.group.done.group
            if outer is not None and outer.group_id in run.groups:
                run.groups[outer.group_id].include(state)
            yield state.finished()

    def _end_if_empty(self, run: _Run, now_ns: int) -> RunRecord | None:
        record = run.record
        if run.open or record.status is not RunStatus.RUNNING:
            return None
        ordinary = RunStatus.FAILED if record.dead_letters else RunStatus.SUCCEEDED
        record.status = run.ends_as or ordinary
        record.ended_at_ns = now_ns
        self._ended.append(record.id)
        while len(self._ended) > _KEPT_RUNS:
            del self._runs[self._ended.popleft()]
        return record


def _add_error(record: RunRecord, error: ErrorRecord) -> None:
    if error.fate is ErrorFate.RETRIED:
        record.retries += 1
        if record.retries > _KEPT_RETRIES:
            return
    else:
        record.error_count += 1
    if len(record.errors) < MAX_ERRORS:
        record.errors.append(error)
