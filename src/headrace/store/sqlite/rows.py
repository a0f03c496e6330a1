"""From rows to records: what is read from a store's file."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from headrace.store.caller import Caller
from headrace.store.encoding import decode_error, decode_group, decode_note, decode_task
from headrace.store.ledger import LeftRun
from headrace.store.records import (
    Attempt,
    DeadLetter,
    Request,
    RequestKind,
    RunFilter,
    RunRecord,
    RunStatus,
    TaskRecord,
    TriggerRecord,
    VersionRecord,
)
from headrace.values import Json, decode_json

__all__ = [
    "find_dead_letters",
    "find_flows",
    "find_left_runs",
    "find_open_tasks",
    "find_repeated",
    "find_requests",
    "find_response",
    "find_run",
    "find_runs",
    "find_state",
    "find_triggers",
    "find_version",
]

_RUN = """
SELECT id, flow, version, trigger_name, scheduled_at, started_at, ended_at, status, ends_as, vars, counters,
    error_count, retries, dead_letters, tasks_done, worked, caller, has_response
FROM runs
"""


def find_run(connection: sqlite3.Connection, run_id: str) -> RunRecord | None:
    """A run with its errors."""
    row = connection.execute(f"{_RUN} WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        return None
    run = _run(row)
    run.errors = [
        decode_error(error)
        for (error,) in connection.execute(
            "SELECT error FROM run_errors WHERE run_id = ? ORDER BY number", (run_id,)
        )
    ]
    return run


def find_runs(connection: sqlite3.Connection, wanted: RunFilter) -> list[RunRecord]:
    """Runs, the latest first, without their errors."""
    statuses = sorted(status.value for status in wanted.statuses)
    conditions = [f"status IN ({', '.join('?' * len(statuses))})", "started_at > ?"]
    values: list[str | int] = [*statuses, wanted.started_after_ns]
    if wanted.flow is not None:
        conditions.append("flow = ?")
        values.append(wanted.flow)
    if wanted.id_prefix:
        conditions.append("substr(id, 1, ?) = ?")
        values += [len(wanted.id_prefix), wanted.id_prefix]
    sql = f"{_RUN} WHERE {' AND '.join(conditions)} ORDER BY started_at DESC, id LIMIT ?"
    return [_run(row) for row in connection.execute(sql, (*values, wanted.limit))]


def find_left_runs(connection: sqlite3.Connection, flow: str) -> list[LeftRun]:
    """The unfinished runs of a flow, the oldest first, with all that is open of them."""
    ids = connection.execute(
        "SELECT id, ends_as FROM runs WHERE flow = ? AND status = 'running' ORDER BY started_at, id", (flow,)
    ).fetchall()
    return [_left_run(connection, id_, ends_as) for id_, ends_as in ids]


def _left_run(connection: sqlite3.Connection, run_id: str, ends_as: str | None) -> LeftRun:
    record = find_run(connection, run_id)
    assert record is not None, "it was found in the same transaction"  # noqa: S101
    groups = [
        (decode_group(body), [decode_note(note) for (note,) in connection.execute(_NOTES, (id_,))])
        for id_, body in connection.execute("SELECT id, body FROM task_groups WHERE run_id = ?", (run_id,))
    ]
    return LeftRun(
        record,
        None if ends_as is None else RunStatus(ends_as),
        tuple(find_open_tasks(connection, run_id)),
        tuple(groups),
    )


_NOTES = "SELECT note FROM group_notes WHERE group_id = ? ORDER BY number"


def find_open_tasks(connection: sqlite3.Connection, run_id: str) -> list[tuple[TaskRecord, Attempt]]:
    """The open tasks of a run in the order of their making; none is known to be at its first delivery."""
    rows = connection.execute(
        """
        SELECT task, attempt, infrastructure, interruptions, due_at FROM tasks WHERE run_id = ?
        ORDER BY position
        """,
        (run_id,),
    )
    return [
        (decode_task(task), Attempt(number, infrastructure, interruptions, due_at, first=False))
        for task, number, infrastructure, interruptions, due_at in rows
    ]


def find_dead_letters(
    connection: sqlite3.Connection, run_id: str | None, flow: str | None, task_id: str | None = None
) -> list[DeadLetter]:
    """Dead letters, the oldest first."""
    given = {"run_id": run_id, "flow": flow, "id": task_id}
    conditions = [f"{name} = ?" for name, value in given.items() if value is not None]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = connection.execute(
        f"SELECT task, error, attempts, flow FROM dead_letters {where} ORDER BY position",  # noqa: S608 - names of columns
        [value for value in given.values() if value is not None],
    )
    return [
        DeadLetter(decode_task(task), decode_error(error), attempts, of) for task, error, attempts, of in rows
    ]


def find_flows(connection: sqlite3.Connection) -> dict[str, str]:
    """The path of each flow's file, by the flow's name."""
    return dict(connection.execute("SELECT name, path FROM flows ORDER BY name").fetchall())


def find_version(connection: sqlite3.Connection, flow: str, version: str) -> VersionRecord | None:
    """A version of a flow."""
    row = connection.execute(
        "SELECT path, name, text, overrides FROM versions WHERE flow = ? AND version = ?", (flow, version)
    ).fetchone()
    if row is None:
        return None
    path, name, text, overrides = row
    return VersionRecord(flow, version, path, name, text, _object(overrides))


def find_triggers(connection: sqlite3.Connection, flow: str) -> dict[tuple[str, str], TriggerRecord]:
    """The triggers of a flow."""
    rows = connection.execute("SELECT name, body FROM triggers WHERE flow = ?", (flow,))
    return {(flow, name): msgspec.json.decode(body, type=TriggerRecord) for name, body in rows}


def find_state(connection: sqlite3.Connection, flow: str, key: str) -> Json:
    """What is kept under a key."""
    row = connection.execute("SELECT value FROM state WHERE flow = ? AND key = ?", (flow, key)).fetchone()
    return None if row is None else decode_json(row[0])


def find_repeated(connection: sqlite3.Connection, flow: str, trigger: str, key: str) -> str | None:
    """The run of the firing with a dedupe key."""
    row = connection.execute(
        "SELECT run_id FROM dedupe_keys WHERE flow = ? AND trigger_name = ? AND key = ?", (flow, trigger, key)
    ).fetchone()
    return None if row is None else row[0]


def find_response(connection: sqlite3.Connection, run_id: str) -> Json:
    """What a run that has a dedupe key answered."""
    row = connection.execute("SELECT response FROM dedupe_keys WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None or row[0] is None else decode_json(row[0])


def find_requests(connection: sqlite3.Connection, flow: str) -> list[Request]:
    """The requests for a flow that nobody has answered."""
    rows = connection.execute(
        "SELECT body FROM requests WHERE flow = ? AND refusal IS NULL ORDER BY position", (flow,)
    )
    return [_request(_object(body)) for (body,) in rows]


def _request(body: dict[str, Any]) -> Request:
    return Request(**{**body, "kind": RequestKind(body["kind"])})


def _run(row: Sequence[Any]) -> RunRecord:
    (
        id_, flow, version, trigger, scheduled_at, started_at, ended_at, status, _, variables, counters,
        error_count, retries, dead_letters, tasks_done, worked, caller, has_response,
    ) = row  # fmt: skip
    return RunRecord(
        id=id_,
        flow=flow,
        version=version,
        trigger=trigger,
        scheduled_at_ns=scheduled_at,
        started_at_ns=started_at,
        vars=_object(variables),
        status=RunStatus(status),
        ended_at_ns=ended_at,
        counters=_object(counters),
        error_count=error_count,
        retries=retries,
        dead_letters=dead_letters,
        tasks_done=tasks_done,
        worked_ns=worked,
        caller=Caller(caller),
        has_response=bool(has_response),
    )


def _object(text: str | bytes) -> dict[str, Any]:
    value = decode_json(text)
    return value if isinstance(value, dict) else {}
