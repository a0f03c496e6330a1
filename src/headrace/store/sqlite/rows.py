"""From rows to records: what is read from a store's file."""

import sqlite3
import sys
import zlib
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeAlias, TypeVar

import msgspec

from headrace.store.caller import Caller
from headrace.store.encoding import decode_error, decode_group, decode_note, decode_task
from headrace.store.ledger import LeftRun
from headrace.store.notice import Notice, NoticeKind
from headrace.store.records import (
    Attempt,
    DeadLetter,
    RunRecord,
    RunStatus,
    TaskRecord,
    TriggerRecord,
    VersionRecord,
)
from headrace.store.request import LetterFilter, LetterPage, Request, RequestKind, RunFilter
from headrace.values import Json, JsonError, decode_json

__all__ = [
    "Damaged",
    "count_open_tasks",
    "find_dead_letters",
    "find_flows",
    "find_last_notice",
    "find_left_runs",
    "find_letters",
    "find_notices",
    "find_open_tasks",
    "find_profile",
    "find_repeated",
    "find_requests",
    "find_response",
    "find_run",
    "find_runs",
    "find_state",
    "find_switches",
    "find_triggers",
    "find_version",
]

Arguments = ParamSpec("Arguments")
Found = TypeVar("Found")

_RunRow: TypeAlias = tuple[
    str, str, str, str, int, int, int | None, RunStatus, RunStatus | None, bytes, bytes,
    int, int, int, int, int, Caller, int,
]  # fmt: skip
_TaskRow: TypeAlias = tuple[bytes, int, int, int, int]
_LetterRow: TypeAlias = tuple[bytes, bytes, int, str]
_VersionRow: TypeAlias = tuple[str, str, str, bytes]


class Damaged(Exception):
    """A row does not hold what was written: something else has changed the file."""


class _NoticeFields(msgspec.Struct):
    id: str
    flow: str
    kind: NoticeKind
    at_ns: int
    body: Any = None


class _RequestFields(msgspec.Struct):
    id: str
    flow: str
    kind: RequestKind
    run_id: str
    task_id: str
    trigger: str
    has_data: bool
    data: Any


def _reading(what: str) -> Callable[[Callable[Arguments, Found]], Callable[Arguments, Found]]:
    """What a function reads, for `Damaged`, which it raises where a row is of other types or is no JSON."""

    def decorate(find: Callable[Arguments, Found]) -> Callable[Arguments, Found]:
        @wraps(find)
        def reading(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Found:
            try:
                return find(*args, **kwargs)
            except (msgspec.MsgspecError, JsonError, UnicodeError, RecursionError) as error:
                raise Damaged(f"{what} cannot be read: {error}") from error

        return reading

    return decorate


_RUN = """
SELECT id, flow, version, trigger_name, scheduled_at, started_at, ended_at, status, ends_as, vars, counters,
    error_count, retries, dead_letters, tasks_done, worked, caller, has_response
FROM runs
"""


@_reading("a run")
def find_run(connection: sqlite3.Connection, run_id: str) -> RunRecord | None:
    """A run with its errors."""
    row = connection.execute(f"{_RUN} WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        return None
    run = _run(row)
    errors = connection.execute("SELECT error FROM run_errors WHERE run_id = ? ORDER BY number", (run_id,))
    run.errors = [decode_error(_blob(error)) for (error,) in errors]
    return run


@_reading("a run")
def find_runs(connection: sqlite3.Connection, wanted: RunFilter) -> list[RunRecord]:
    """Runs, the latest first, without their errors."""
    statuses = sorted(status.value for status in wanted.statuses)
    conditions = [f"status IN ({', '.join('?' * len(statuses))})", "started_at > ?"]
    values: list[str | int] = [*statuses, wanted.started_after_ns]
    if wanted.flow is not None:
        conditions.append("flow = ?")
        values.append(wanted.flow)
    if wanted.trigger is not None:
        conditions.append("trigger_name = ?")
        values.append(wanted.trigger)
    if wanted.before is not None:
        started_ns, id_ = wanted.before
        conditions.append("started_at <= ? AND (started_at < ? OR id > ?)")
        values += [started_ns, started_ns, id_]
    if wanted.id_prefix:
        conditions.append("substr(id, 1, ?) = ?")
        values += [len(wanted.id_prefix), wanted.id_prefix]
    sql = f"{_RUN} WHERE {' AND '.join(conditions)} ORDER BY started_at DESC, id LIMIT ?"
    return [_run(row) for row in connection.execute(sql, (*values, wanted.limit))]


@_reading("an unfinished run")
def find_left_runs(connection: sqlite3.Connection, flow: str) -> list[LeftRun]:
    """The unfinished runs of a flow, the oldest first, with all that is open of them."""
    ids = connection.execute(
        "SELECT id, ends_as FROM runs WHERE flow = ? AND status = 'running' ORDER BY started_at, id", (flow,)
    ).fetchall()
    return [_left_run(connection, id_, ends_as) for id_, ends_as in ids]


def _left_run(connection: sqlite3.Connection, run_id: str, ends_as: str | None) -> LeftRun:
    record = find_run(connection, run_id)
    tasks = tuple(find_open_tasks(connection, run_id))
    if record is None or not tasks:
        raise Damaged(f"run `{run_id}` is unfinished, and nothing of it is open")
    if stray := next((task for task, _ in tasks if task.run_id != run_id), None):
        raise Damaged(f"a task of run `{run_id}` says that it is one of `{stray.run_id}`")
    groups = [
        (
            decode_group(_blob(body)),
            [decode_note(_blob(note)) for (note,) in connection.execute(_NOTES, (id_,))],
        )
        for id_, body in connection.execute("SELECT id, body FROM task_groups WHERE run_id = ?", (run_id,))
    ]
    return LeftRun(record, msgspec.convert(ends_as, RunStatus | None), tasks, tuple(groups))


_NOTES = "SELECT note FROM group_notes WHERE group_id = ? ORDER BY number"


@_reading("an open task")
def find_open_tasks(connection: sqlite3.Connection, run_id: str) -> list[tuple[TaskRecord, Attempt]]:
    """The open tasks of a run in the order of their making; none is known to be at its first delivery."""
    rows = connection.execute(
        """
        SELECT task, attempt, infrastructure, interruptions, due_at FROM tasks WHERE run_id = ?
        ORDER BY position
        """,
        (run_id,),
    )
    return [_open_task(*msgspec.convert(row, _TaskRow)) for row in rows]


@_reading("the number of open tasks")
def count_open_tasks(connection: sqlite3.Connection, run_id: str) -> int:
    """How many open tasks a run has, by the index alone."""
    (count,) = connection.execute("SELECT count(*) FROM tasks WHERE run_id = ?", (run_id,)).fetchone()
    return int(count)


def _open_task(
    task: bytes, number: int, infrastructure: int, interruptions: int, due_at: int
) -> tuple[TaskRecord, Attempt]:
    return decode_task(task), Attempt(number, infrastructure, interruptions, due_at, first=False)


@_reading("a dead letter")
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
    return [_letter(row) for row in rows]


@_reading("a dead letter")
def find_letters(connection: sqlite3.Connection, wanted: LetterFilter) -> LetterPage:
    """A page of dead letters, the newest first."""
    given = {
        "flow = ?": wanted.flow,
        "run_id = ?": wanted.run_id,
        "? IN (json_extract(CAST(error AS TEXT), '$.node'), node_of(task))": wanted.node,
        "json_extract(CAST(error AS TEXT), '$.code') = ?": wanted.code,
        "instr(casefold(json_extract(CAST(error AS TEXT), '$.message')), casefold(?))": wanted.text or None,
    }
    conditions = ["1", *(condition for condition, value in given.items() if value is not None)]
    values = [value for value in given.values() if value is not None]
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    # SQLite's own functions take no JSON that is nested as deeply as a message may be.
    connection.create_function("node_of", 1, _node_of, deterministic=True)
    where = " AND ".join(conditions)
    (total,) = connection.execute(f"SELECT count(*) FROM dead_letters WHERE {where}", values).fetchone()  # noqa: S608 - of these conditions
    if not wanted.limit:
        return LetterPage((), None, total)
    rows = connection.execute(
        f"SELECT position, task, error, attempts, flow FROM dead_letters WHERE {where} AND position < ? "  # noqa: S608 - likewise
        "ORDER BY position DESC LIMIT ?",
        [*values, wanted.before if wanted.before is not None else sys.maxsize, wanted.limit + 1],
    ).fetchall()
    shown = rows[: wanted.limit]
    following = shown[-1][0] if len(rows) > len(shown) else None
    return LetterPage(tuple(_letter(row) for _, *row in shown), following, total)


class _Named(msgspec.Struct):
    node: str = ""


def _node_of(task: bytes) -> str:
    return msgspec.json.decode(task, type=_Named).node


def _letter(row: object) -> DeadLetter:
    task, error, attempts, flow = msgspec.convert(row, _LetterRow)
    return DeadLetter(decode_task(task), decode_error(error), attempts, flow)


@_reading("a flow")
def find_flows(connection: sqlite3.Connection) -> dict[str, str]:
    """The path of each flow's file, by the flow's name."""
    rows = connection.execute("SELECT name, path FROM flows ORDER BY name").fetchall()
    return msgspec.convert(dict(rows), dict[str, str])


@_reading("a version of a flow")
def find_version(connection: sqlite3.Connection, flow: str, version: str) -> VersionRecord | None:
    """A version of a flow."""
    row = connection.execute(
        "SELECT path, name, text, overrides FROM versions WHERE flow = ? AND version = ?", (flow, version)
    ).fetchone()
    if row is None:
        return None
    path, name, text, overrides = msgspec.convert(row, _VersionRow)
    return VersionRecord(flow, version, path, name, text, _object(overrides))


@_reading("a trigger")
def find_triggers(connection: sqlite3.Connection, flow: str) -> dict[tuple[str, str], TriggerRecord]:
    """The triggers of a flow."""
    rows = connection.execute("SELECT name, body, revision FROM triggers WHERE flow = ?", (flow,))
    return {(flow, name): _trigger(_blob(body), revision) for name, body, revision in rows}


def _trigger(body: bytes, revision: object) -> TriggerRecord:
    trigger = msgspec.json.decode(body, type=TriggerRecord)
    if trigger.revision != revision:
        raise Damaged(f"a trigger has revision {trigger.revision}, and its row {revision}")
    return trigger


@_reading("a trigger's switch")
def find_switches(connection: sqlite3.Connection, flow: str) -> dict[str, bool]:
    """The triggers of a flow that a person has started or stopped."""
    rows = connection.execute("SELECT trigger_name, is_on FROM switches WHERE flow = ?", (flow,))
    return {name: bool(msgspec.convert(is_on, int)) for name, is_on in rows}


@_reading("a value of state")
def find_state(connection: sqlite3.Connection, flow: str, key: str) -> Json:
    """What is kept under a key."""
    row = connection.execute("SELECT value FROM state WHERE flow = ? AND key = ?", (flow, key)).fetchone()
    return None if row is None else decode_json(_blob(row[0]))


def find_repeated(connection: sqlite3.Connection, flow: str, trigger: str, key: str) -> str | None:
    """The run of the firing with a dedupe key."""
    row = connection.execute(
        "SELECT run_id FROM dedupe_keys WHERE flow = ? AND trigger_name = ? AND key = ?", (flow, trigger, key)
    ).fetchone()
    return None if row is None else row[0]


@_reading("a response")
def find_response(connection: sqlite3.Connection, run_id: str) -> Json:
    """What a run that has a dedupe key answered."""
    row = connection.execute("SELECT response FROM dedupe_keys WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None or row[0] is None else decode_json(_blob(row[0]))


def find_profile(connection: sqlite3.Connection, run_id: str) -> bytes | None:
    """What is kept of how a run went; nothing where it is damaged, since it is only to be shown."""
    row = connection.execute("SELECT profile FROM profiles WHERE run_id = ?", (run_id,)).fetchone()
    try:
        return None if row is None else zlib.decompress(_blob(row[0]))
    except (zlib.error, msgspec.ValidationError):
        return None


@_reading("a notice")
def find_notices(connection: sqlite3.Connection, flow: str) -> list[Notice]:
    """The notices of a flow that were not sent."""
    rows = connection.execute(
        "SELECT body FROM notices WHERE flow = ? AND is_sent = 0 ORDER BY position", (flow,)
    )
    return [_notice(body) for (body,) in rows]


@_reading("a notice")
def find_last_notice(connection: sqlite3.Connection, flow: str) -> Notice | None:
    """The latest notice of a flow."""
    row = connection.execute(
        "SELECT body FROM notices WHERE flow = ? ORDER BY position DESC LIMIT 1", (flow,)
    ).fetchone()
    return None if row is None else _notice(row[0])


def _notice(body: object) -> Notice:
    fields = msgspec.json.decode(_blob(body), type=_NoticeFields)
    return Notice(**msgspec.structs.asdict(fields))


@_reading("a request")
def find_requests(connection: sqlite3.Connection, flow: str) -> list[Request]:
    """The requests for a flow that nobody has answered."""
    rows = connection.execute(
        "SELECT body FROM requests WHERE flow = ? AND refusal IS NULL ORDER BY position", (flow,)
    )
    return [_request(msgspec.json.decode(_blob(body), type=_RequestFields)) for (body,) in rows]


def _request(fields: _RequestFields) -> Request:
    return Request(**msgspec.structs.asdict(fields))


def _run(row: object) -> RunRecord:
    (
        id_, flow, version, trigger, scheduled_at, started_at, ended_at, status, _, variables, counters,
        error_count, retries, dead_letters, tasks_done, worked, caller, has_response,
    ) = msgspec.convert(row, _RunRow)  # fmt: skip
    return RunRecord(
        id=id_,
        flow=flow,
        version=version,
        trigger=trigger,
        scheduled_at_ns=scheduled_at,
        started_at_ns=started_at,
        vars=_object(variables),
        status=status,
        ended_at_ns=ended_at,
        counters=msgspec.json.decode(counters, type=dict[str, int]),
        error_count=error_count,
        retries=retries,
        dead_letters=dead_letters,
        tasks_done=tasks_done,
        worked_ns=worked,
        caller=caller,
        has_response=bool(has_response),
    )


def _object(text: bytes) -> dict[str, Any]:
    return msgspec.json.decode(text, type=dict[str, Any])


def _blob(value: object) -> bytes:
    return msgspec.convert(value, bytes)
