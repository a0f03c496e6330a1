"""An unfinished run and what is open of it: decides, and says what changed. Pure; no I/O."""

from collections.abc import Iterable

import msgspec

from headrace.store.group import GroupNote, GroupState
from headrace.store.records import (
    MAX_ERRORS,
    Attempt,
    Committed,
    DeadLetter,
    ErrorFate,
    ErrorRecord,
    NewGroup,
    Outcome,
    Response,
    RunRecord,
    RunStatus,
    TaskRecord,
)
from headrace.values import Json

__all__ = ["Changes", "NumberedError", "NumberedNote", "RunState"]

_KEPT_RETRIES = 100


class NumberedError(msgspec.Struct, frozen=True):
    """An error at its place in its run's list."""

    run_id: str
    number: int
    error: ErrorRecord


class NumberedNote(msgspec.Struct, frozen=True):
    """A group's note, numbered within the group from 1."""

    group_id: str
    number: int
    note: GroupNote


class Changes(msgspec.Struct):
    """What one decision changed; to become durable together.

    Attributes:
        run: the run as it is now; None if nothing changed.
        ends_as: how it will end once its kept tasks are decided, where it was cancelled.
        opened: tasks that are open now and were not before, groups' `done` among them.
        closed: ids of tasks that are open no more.
        attempt: a task that is due again.
        state: of the flow, by key; None takes a value away.
        response: the run's, if this is the one that counts.
        encoded: those of the opened tasks that are JSON already, by id.
    """

    run: RunRecord | None = None
    ends_as: RunStatus | None = None
    opened: list[TaskRecord] = msgspec.field(default_factory=list)
    closed: list[str] = msgspec.field(default_factory=list)
    attempt: tuple[str, Attempt] | None = None
    errors: list[NumberedError] = msgspec.field(default_factory=list)
    groups: list[NewGroup] = msgspec.field(default_factory=list)
    closed_groups: list[str] = msgspec.field(default_factory=list)
    notes: list[NumberedNote] = msgspec.field(default_factory=list)
    buried: DeadLetter | None = None
    revived: str | None = None
    state: dict[str, Json] = msgspec.field(default_factory=dict)
    response: Json = None
    encoded: dict[str, bytes] = msgspec.field(default_factory=dict)

    @property
    def committed(self) -> Committed:
        """The same, as the engine is told."""
        run = self.run
        is_end = run is not None and run.status is not RunStatus.RUNNING
        dropped = tuple(e.error for e in self.errors if e.error.fate is ErrorFate.DROPPED)
        return Committed(tuple(self.opened), run if is_end else None, self.response, dropped)


class RunState(msgspec.Struct):
    """A run and what is open of it.

    Attributes:
        ends_as: set once it was cancelled: how it ends when the tasks that were executing are decided.
    """

    record: RunRecord
    open: dict[str, tuple[TaskRecord, Attempt]] = msgspec.field(default_factory=dict)
    groups: dict[str, GroupState] = msgspec.field(default_factory=dict)
    ends_as: RunStatus | None = None

    def restore(self, groups: Iterable[tuple[NewGroup, list[GroupNote]]]) -> None:
        """Take over the groups that were open when the run was left; its open tasks are there already."""
        for group, notes in groups:
            self.groups[group.id] = state = GroupState(group)
            for note in notes:
                state.apply(note)
        for group_state in self.groups.values():
            self._join(group_state.group.done)
        for task, _ in self.open.values():
            self._join(task)

    def commit(self, task: TaskRecord, outcome: Outcome, now_ns: int) -> Changes:
        """A task ended well. What a cancelled run's task would create is dropped."""
        changes = Changes()
        if task.id not in self.open:
            return changes
        record = self.record
        record.tasks_done += 1
        for name, count in outcome.counters.items():
            record.counters[name] = record.counters.get(name, 0) + count
        for error in outcome.errors:
            self._add_error(error, changes)
        record.error_count += outcome.further_errors
        changes.state = outcome.state
        if outcome.response is not None:
            self._respond(outcome.response, changes)
        if self.ends_as is None:
            for group in outcome.groups:
                self.groups[group.id] = GroupState(group)
                self._join(group.done)
                changes.groups.append(group)
            for new in outcome.tasks:
                if new.id not in self.open:  # made twice it is one task
                    self._open(new, changes)
        return self._decided(task, outcome, now_ns, changes)

    def _respond(self, response: Response, changes: Changes) -> None:
        if self.record.has_response:
            self._add_error(response.late, changes)
        else:
            self.record.has_response = True
            changes.response = response.value

    def bury(self, task: TaskRecord, attempts: int, error: ErrorRecord, now_ns: int) -> Changes:
        """A task failed for good."""
        changes = Changes()
        if task.id not in self.open:
            return changes
        self.record.dead_letters += 1
        self._add_error(error, changes)
        changes.buried = DeadLetter(task, error, attempts, self.record.flow)
        return self._decided(task, Outcome(errors=[error]), now_ns, changes)

    def retry(
        self, task: TaskRecord, attempt: Attempt, error: ErrorRecord | None, now_ns: int
    ) -> tuple[Changes, bool]:
        """A task failed and is due again; second: whether it is open no more, its run being cancelled."""
        if task.id not in self.open:
            return Changes(), True
        changes = Changes(run=self.record, ends_as=self.ends_as)
        if error is not None:
            self._add_error(error, changes)
        if self.ends_as is not None:
            return self._dropped(task, now_ns, changes), True
        self.open[task.id] = task, attempt
        changes.attempt = task.id, attempt
        return changes, False

    def revive(self, task: TaskRecord, attempt: Attempt) -> Changes:
        """A dead letter's task is to be tried again; a run that has ended is running again."""
        record = self.record
        if record.status is not RunStatus.RUNNING:
            record.status, record.ended_at_ns = RunStatus.RUNNING, None
            self.ends_as = None
        record.dead_letters -= 1
        changes = Changes(run=record, ends_as=self.ends_as, revived=task.id)
        self._open(task, changes, attempt)
        return changes

    def cancel(
        self, status: RunStatus, error: ErrorRecord | None, keep: frozenset[str], now_ns: int
    ) -> Changes:
        """End the run before its time; tasks in `keep` are executing and are decided before it has ended."""
        changes = Changes()
        if self.record.status is not RunStatus.RUNNING or self.ends_as is not None:
            return changes
        self.ends_as = status
        if error is not None:
            self._add_error(error, changes)
        changes.closed = [id_ for id_ in self.open if id_ not in keep]
        changes.closed_groups = list(self.groups)
        for id_ in changes.closed:
            del self.open[id_]
        self.groups.clear()
        return self._ending(now_ns, changes)

    def drop(self, task: TaskRecord, now_ns: int) -> Changes:
        """A task of a cancelled run, kept because it was executing, did not end."""
        changes = Changes()
        return self._dropped(task, now_ns, changes) if task.id in self.open else changes

    def _dropped(self, task: TaskRecord, now_ns: int, changes: Changes) -> Changes:
        del self.open[task.id]
        changes.closed.append(task.id)
        return self._ending(now_ns, changes)

    def _open(self, task: TaskRecord, changes: Changes, attempt: Attempt | None = None) -> None:
        self.open[task.id] = task, attempt or Attempt()
        self._join(task)
        changes.opened.append(task)

    def _join(self, task: TaskRecord) -> None:
        if task.group is not None and task.group.group_id in self.groups:
            self.groups[task.group.group_id].open.add(task.id)

    def _decided(self, task: TaskRecord, outcome: Outcome, now_ns: int, changes: Changes) -> Changes:
        """Close a task: its group may finish, whose `done` may belong to a group, and the run may end."""
        del self.open[task.id]
        changes.closed.append(task.id)
        if task.group is not None and (state := self.groups.get(task.group.group_id)) is not None:
            self._note(state, state.note(task, outcome), changes)
            state.open.discard(task.id)
        touched = [group.id for group in outcome.groups]
        if task.group is not None:
            touched.append(task.group.group_id)
        for id_ in dict.fromkeys(touched):
            if (finished := self.groups.get(id_)) is not None and not finished.open:
                self._announce(finished, changes)
        return self._ending(now_ns, changes)

    def _announce(self, state: GroupState, changes: Changes) -> None:
        """A group has no open member (any more): tell it."""
        del self.groups[state.group.id]
        changes.closed_groups.append(state.group.id)
        outer = state.group.done.group
        if outer is not None and (around := self.groups.get(outer.group_id)) is not None:
            self._note(around, around.include(state), changes)
        self._open(state.finished(), changes)

    @staticmethod
    def _note(state: GroupState, note: GroupNote | None, changes: Changes) -> None:
        if note is not None:
            changes.notes.append(NumberedNote(state.group.id, state.notes, note))

    def _ending(self, now_ns: int, changes: Changes) -> Changes:
        record = changes.run = self.record
        changes.ends_as = self.ends_as
        if not self.open and record.status is RunStatus.RUNNING:
            ordinary = RunStatus.FAILED if record.dead_letters else RunStatus.SUCCEEDED
            record.status = self.ends_as or ordinary
            record.ended_at_ns = now_ns
        return changes

    def _add_error(self, error: ErrorRecord, changes: Changes) -> None:
        record = self.record
        if error.fate is ErrorFate.RETRIED:
            record.retries += 1
            if record.retries > _KEPT_RETRIES:
                return
        else:
            record.error_count += 1
        if len(record.errors) < MAX_ERRORS:
            changes.errors.append(NumberedError(record.id, len(record.errors), error))
            record.errors.append(error)
