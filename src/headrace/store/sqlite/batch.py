"""What is to be written in one transaction: decisions of many tasks, each thing once.

Every statement may be repeated: a commit whose end is not known is tried again as a whole.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from headrace.errors import StoreError
from headrace.store.encoding import encode_error, encode_group, encode_note, encode_task
from headrace.store.records import Attempt, RunRecord, RunStatus, TriggerRecord
from headrace.store.run import Changes
from headrace.values import encode_json

__all__ = ["Batch"]

Row: TypeAlias = tuple[str | bytes | int | None, ...]
Statement: TypeAlias = tuple[str, Row]

_SET_RUN = """
INSERT INTO runs (
    id, flow, version, trigger_name, scheduled_at, started_at, ended_at, status, ends_as, vars, counters,
    error_count, retries, dead_letters, tasks_done, worked, caller, has_response, is_recorded
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, ended_at = excluded.ended_at, status = excluded.status,
    ends_as = excluded.ends_as, vars = excluded.vars, counters = excluded.counters,
    error_count = excluded.error_count, retries = excluded.retries, dead_letters = excluded.dead_letters,
    tasks_done = excluded.tasks_done, worked = excluded.worked, caller = excluded.caller,
    has_response = excluded.has_response,
    is_recorded = max(is_recorded, excluded.is_recorded)
"""
_ADD_TASK = """
INSERT OR REPLACE INTO tasks (id, run_id, task, attempt, infrastructure, interruptions, due_at, is_executing)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_SET_ATTEMPT = """
UPDATE tasks SET attempt = ?, infrastructure = ?, interruptions = ?, due_at = ?, is_executing = 0 WHERE id = ?
"""
_ADD_LETTER = """
INSERT INTO dead_letters (id, run_id, flow, task, error, attempts) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""

_encode = msgspec.json.encode


class Batch(msgspec.Struct):
    """Rows to write; later ones of the same thing take the place of earlier ones.

    Attributes:
        closed: ids of tasks that were in the store already; removed before any is opened.
        opened: new tasks by id; one that is closed in the same batch is never written.
        attempts: of tasks that were in the store already.
        executing: ids of tasks that were in the store already and have begun.
        triggers: changed ones by flow and name, with the revision that each had before.
        others: whatever else, in order.
    """

    runs: dict[str, Row] = msgspec.field(default_factory=dict)
    closed: dict[str, None] = msgspec.field(default_factory=dict)
    opened: dict[str, Row] = msgspec.field(default_factory=dict)
    attempts: dict[str, Row] = msgspec.field(default_factory=dict)
    executing: dict[str, None] = msgspec.field(default_factory=dict)
    triggers: dict[tuple[str, str], tuple[int, TriggerRecord]] = msgspec.field(default_factory=dict)
    others: list[Statement] = msgspec.field(default_factory=list)

    def __len__(self) -> int:
        tasks = len(self.closed) + len(self.opened) + len(self.attempts) + len(self.executing)
        return tasks + len(self.runs) + len(self.triggers) + len(self.others)

    def add(self, changes: Changes, encoded: Mapping[str, bytes], *, is_recorded: bool = False) -> None:
        """Take in what a decision changed.

        Args:
            encoded: those of the opened tasks that are encoded already, by id.
            is_recorded: the decided task has a row in its target.
        """
        run = changes.run
        if run is None:
            return
        self.runs[run.id] = _run_row(run, changes.ends_as, is_recorded or self._is_recorded(run.id))
        first = Attempt()
        for task in changes.opened:
            body = encoded.get(task.id) or changes.encoded.get(task.id) or encode_task(task)
            self.opened[task.id] = (task.id, task.run_id, body, *_attempt_row(first), 0)
        for id_ in changes.closed:
            self._close(id_)
        if changes.attempt is not None:
            self._set_attempt(*changes.attempt)
        self.others += _statements(changes)
        self.others += [
            ("DELETE FROM state WHERE flow = ? AND key = ?", (run.flow, key))
            if value is None
            else ("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", (run.flow, key, encode_json(value)))
            for key, value in changes.state.items()
        ]

    def begin(self, task_id: str) -> None:
        """A task is executing."""
        row = self.opened.get(task_id)
        if row is None:
            self.executing[task_id] = None
        else:
            self.opened[task_id] = (*row[:-1], 1)

    def set_trigger(
        self, flow: str, name: str, before: TriggerRecord | None, after: TriggerRecord | None
    ) -> None:
        """Change a trigger's record, if it is still the one that was read (rule 22)."""
        if after is None or after is before:
            return
        key = flow, name
        revision = self.triggers[key][0] if key in self.triggers else before.revision if before else 0
        self.triggers[key] = revision, after

    def answer(self, request_id: str | None, refusal: str = "") -> None:
        """Answer the request of another process that this was asked for by, if any and if it waits."""
        if request_id is not None:
            self.execute(
                "UPDATE requests SET refusal = ? WHERE id = ? AND refusal IS NULL", refusal, request_id
            )

    def switch(self, flow: str, trigger: str, is_on: bool | None) -> None:
        """Note that a person has started or stopped a trigger; None: neither."""
        self.execute("DELETE FROM switches WHERE flow = ? AND trigger_name = ?", flow, trigger)
        if is_on is not None:
            sql = "INSERT INTO switches (flow, trigger_name, is_on) VALUES (?, ?, ?)"
            self.execute(sql, flow, trigger, is_on)

    def execute(self, sql: str, *values: str | bytes | int | None) -> None:
        """Add a statement."""
        self.others.append((sql, values))

    def write(self, connection: sqlite3.Connection) -> None:
        """Run everything, within the transaction that is open."""
        connection.executemany(_SET_RUN, self.runs.values())
        connection.executemany("DELETE FROM tasks WHERE id = ?", _ids(self.closed))
        connection.executemany(_ADD_TASK, self.opened.values())
        connection.executemany(_SET_ATTEMPT, self.attempts.values())
        connection.executemany("UPDATE tasks SET is_executing = 1 WHERE id = ?", _ids(self.executing))
        for (flow, name), (revision, trigger) in self.triggers.items():
            _set_trigger(connection, flow, name, revision, trigger)
        for sql, values in self.others:
            connection.execute(sql, values).fetchall()

    def _close(self, task_id: str) -> None:
        self.executing.pop(task_id, None)
        self.attempts.pop(task_id, None)
        if self.opened.pop(task_id, None) is None:
            self.closed[task_id] = None

    def _set_attempt(self, task_id: str, attempt: Attempt) -> None:
        self.executing.pop(task_id, None)
        row = self.opened.get(task_id)
        if row is None:
            self.attempts[task_id] = (*_attempt_row(attempt), task_id)
        else:
            self.opened[task_id] = (*row[:3], *_attempt_row(attempt), 0)

    def _is_recorded(self, run_id: str) -> bool:
        row = self.runs.get(run_id)
        return row is not None and bool(row[-1])


def _set_trigger(
    connection: sqlite3.Connection, flow: str, name: str, revision: int, trigger: TriggerRecord
) -> None:
    found = connection.execute(
        "SELECT revision, body FROM triggers WHERE flow = ? AND name = ?", (flow, name)
    ).fetchone()
    stored, body = found or (0, b"")
    changed = _encode(trigger)
    if stored != revision and body != changed:  # the same: it is repeated
        raise StoreError(f"trigger `{name}` of flow `{flow}` was changed by another process", code="HR406")
    connection.execute(
        "INSERT OR REPLACE INTO triggers VALUES (?, ?, ?, ?)", (flow, name, changed, trigger.revision)
    )


def _statements(changes: Changes) -> Iterable[Statement]:
    """What happens seldom: errors, groups, dead letters, responses."""
    run_id = changes.run.id if changes.run is not None else ""
    for numbered in changes.errors:
        row = (numbered.run_id, numbered.number, encode_error(numbered.error))
        yield "INSERT OR REPLACE INTO run_errors VALUES (?, ?, ?)", row
    for group in changes.groups:
        yield "INSERT OR REPLACE INTO task_groups VALUES (?, ?, ?)", (group.id, run_id, encode_group(group))
    for note in changes.notes:
        yield (
            "INSERT OR REPLACE INTO group_notes VALUES (?, ?, ?)",
            (note.group_id, note.number, encode_note(note.note)),
        )
    for id_ in changes.closed_groups:
        yield "DELETE FROM task_groups WHERE id = ?", (id_,)
        yield "DELETE FROM group_notes WHERE group_id = ?", (id_,)
    if (letter := changes.buried) is not None:
        task = letter.task
        buried = (
            task.id, task.run_id, letter.flow, encode_task(task), encode_error(letter.error), letter.attempts
        )  # fmt: skip
        yield _ADD_LETTER, buried
    if changes.response is not None:  # for repeats of the request; others cannot ask for it again
        answered = encode_json(changes.response), run_id
        yield "UPDATE dedupe_keys SET response = ? WHERE run_id = ?", answered
    if changes.revived is not None:
        yield "DELETE FROM dead_letters WHERE id = ?", (changes.revived,)


def _run_row(run: RunRecord, ends_as: RunStatus | None, is_recorded: bool) -> Row:
    return (
        run.id,
        run.flow,
        run.version,
        run.trigger,
        run.scheduled_at_ns,
        run.started_at_ns,
        run.ended_at_ns,
        run.status.value,
        None if ends_as is None else ends_as.value,
        encode_json(run.vars),
        _encode(run.counters),
        run.error_count,
        run.retries,
        run.dead_letters,
        run.tasks_done,
        run.worked_ns,
        run.caller.value,
        run.has_response,
        is_recorded,
    )


def _attempt_row(attempt: Attempt) -> tuple[int, int, int, int]:
    return attempt.number, attempt.infrastructure, attempt.interruptions, attempt.due_at_ns


def _ids(ids: Iterable[str]) -> Iterable[Row]:
    return ((id_,) for id_ in ids)
