"""A replica as bytes, from which another process goes on. Pure.

Of what the history has (ended runs, the messages of dead letters) it has what is needed to choose from them.
"""

import zlib
from typing import Any

import msgspec

from headrace.sdk.watermark import Rank, Watermark
from headrace.store.encoding import decode_group, decode_task, encode_group, encode_task
from headrace.store.group import GroupState
from headrace.store.journal.change import KeptLetter
from headrace.store.journal.claim import Claims
from headrace.store.journal.desk import Desk
from headrace.store.journal.record import decode_run, encode_run
from headrace.store.journal.replica import Replica
from headrace.store.ledger import Ledger
from headrace.store.records import Attempt, PastRun, RunStatus, TriggerRecord
from headrace.store.request import Request, RequestKind
from headrace.store.run import RunState

__all__ = ["FORMAT", "decode_snapshot", "encode_snapshot"]

FORMAT = 2
"""Of the snapshots that are written here; others are refused."""

_LEVEL = 1
"""Of zlib: JSON shrinks to a fifth at 100 MB a second."""


class _Group(msgspec.Struct):
    group: msgspec.Raw
    failed_items: list[tuple[int, str, int, int]]
    errors: list[Any]
    error_count: int
    notes: int
    tally: dict[str, int]
    watermarks: list[tuple[int, Rank, Rank]]


class _Run(msgspec.Struct):
    record: msgspec.Raw
    ends_as: RunStatus | None
    open: list[tuple[msgspec.Raw, Attempt]]
    groups: list[_Group]


class _Request(msgspec.Struct):
    id: str
    flow: str
    kind: RequestKind
    run_id: str
    task_id: str
    trigger: str
    has_data: bool
    data: Any


class _Snapshot(msgspec.Struct):
    format: int
    flow: str
    sequence: int
    compacted: int
    runs: list[_Run]
    past: list[PastRun]
    triggers: dict[str, TriggerRecord]
    claims: Claims
    began_ns: dict[str, int]
    switches: dict[str, bool]
    state: dict[str, Any]
    keys: list[tuple[str, str, str]]
    letters: list[tuple[str, str, int, int]]
    last_position: int
    recorded: list[str]
    responses: dict[str, Any]
    callers: dict[str, str]
    waiting: list[_Request]
    answers: dict[str, str]


class _Format(msgspec.Struct):
    format: int


def encode_snapshot(replica: Replica) -> bytes:
    """A replica as it is now."""
    snapshot = _Snapshot(
        format=FORMAT,
        flow=replica.flow,
        sequence=replica.sequence,
        compacted=replica.compacted,
        runs=[_run(state) for state in replica.ledger.runs.values()],
        past=list(replica.past.values()),
        triggers={name: record for (_, name), record in replica.ledger.triggers.items()},
        claims=replica.claims,
        began_ns=replica.began_ns,
        switches=replica.switches,
        state=replica.state,
        keys=[(trigger, key, run_id) for (trigger, key), run_id in replica.keys.items()],
        letters=[(id_, kept.run_id, kept.position, kept.sequence) for id_, kept in replica.letters.items()],
        last_position=replica.last_position,
        recorded=sorted(replica.recorded),
        responses=replica.responses,
        callers=replica.callers,
        waiting=[_Request(**msgspec.structs.asdict(each)) for each in replica.desk.waiting.values()],
        answers=replica.desk.answers,
    )
    return zlib.compress(msgspec.json.encode(snapshot), _LEVEL)


def decode_snapshot(data: bytes) -> Replica:
    """Read what `encode_snapshot` wrote.

    Raises:
        ValueError: it is something else, or of another format.
    """
    try:
        text = zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    found = msgspec.json.decode(text, type=_Format).format
    if found != FORMAT:
        raise ValueError(f"it is of format {found}, and this headrace knows {FORMAT}")
    snapshot = msgspec.json.decode(text, type=_Snapshot)
    states = [_state(run) for run in snapshot.runs]
    return Replica(
        flow=snapshot.flow,
        sequence=snapshot.sequence,
        compacted=snapshot.compacted,
        ledger=Ledger(
            {state.record.id: state for state in states},
            {(snapshot.flow, name): record for name, record in snapshot.triggers.items()},
        ),
        past={run.id: run for run in snapshot.past},
        claims=snapshot.claims,
        began_ns=snapshot.began_ns,
        switches=snapshot.switches,
        state=snapshot.state,
        keys={(trigger, key): run_id for trigger, key, run_id in snapshot.keys},
        letters={
            id_: KeptLetter(run_id, None, position, sequence)
            for id_, run_id, position, sequence in snapshot.letters
        },
        last_position=snapshot.last_position,
        recorded=set(snapshot.recorded),
        responses=snapshot.responses,
        callers=snapshot.callers,
        desk=Desk(
            {each.id: Request(**msgspec.structs.asdict(each)) for each in snapshot.waiting},
            snapshot.answers,
        ),
    )


def _run(state: RunState) -> _Run:
    return _Run(
        record=msgspec.Raw(encode_run(state.record)),
        ends_as=state.ends_as,
        open=[(msgspec.Raw(encode_task(task)), attempt) for task, attempt in state.open.values()],
        groups=[_group(group) for group in state.groups.values()],
    )


def _group(state: GroupState) -> _Group:
    return _Group(
        group=msgspec.Raw(encode_group(state.group)),
        failed_items=[(*key, items) for key, items in state.failed_items.items()],
        errors=state.errors,
        error_count=state.error_count,
        notes=state.notes,
        tally=state.tally,
        watermarks=[(number, each.rank, each.value) for number, each in state.watermarks.items()],
    )


def _state(run: _Run) -> RunState:
    tasks = [(decode_task(bytes(task)), attempt) for task, attempt in run.open]
    state = RunState(decode_run(run.record), {task.id: (task, attempt) for task, attempt in tasks})
    state.ends_as = run.ends_as
    for each in run.groups:
        group = decode_group(bytes(each.group))
        state.groups[group.id] = GroupState(
            group,
            failed_items={(number, port, key): items for number, port, key, items in each.failed_items},
            errors=each.errors,
            error_count=each.error_count,
            notes=each.notes,
            tally=each.tally,
            watermarks={number: Watermark(rank, value) for number, rank, value in each.watermarks},
        )
    state.restore(())
    return state
