"""Records as JSON, as they are kept and as they lie in a target's task row. Pure.

Each message is encoded once: an outcome's JSON holds its tasks as they go into the store.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from headrace.errors import PermanentError
from headrace.sdk.transaction import Result, Upserted
from headrace.sdk.watermark import Rank, Watermark
from headrace.store.group import GroupNote
from headrace.store.records import (
    ErrorFate,
    ErrorRecord,
    GroupMember,
    NewGroup,
    Outcome,
    Response,
    TaskRecord,
)
from headrace.values import Json, JsonError, encode_json

__all__ = [
    "EncodedOutcome",
    "decode_error",
    "decode_group",
    "decode_note",
    "decode_outcome",
    "decode_task",
    "encode_error",
    "encode_group",
    "encode_measured",
    "encode_note",
    "encode_outcome",
    "encode_task",
]

Fields: TypeAlias = dict[str, Any]
_encode = msgspec.json.Encoder().encode


class _Fields(msgspec.Struct, rename="camel"):
    """Members of an object; what has no default must be there, and what is unknown is passed over."""


class _TaskFields(_Fields):
    id: str
    run: str
    node: str
    port: str
    message: Any
    base: Any = msgspec.UNSET
    is_output: bool = False
    lane: str | None = None
    closes_loop: bool = False
    group: tuple[str, int, str, int, int] | None = None
    resume: Any = None
    tracks: str = ""


class _GroupFields(_Fields):
    id: str
    done: _TaskFields
    total_items: int


class _NoteFields(_Fields):
    member: tuple[str, int, str, int, int]
    count: int
    errors: list[Any]
    tally: dict[str, int] = {}
    watermark: tuple[Rank, Rank] | None = None


class _ErrorFields(_Fields):
    at: int
    code: str
    message: str
    node: str
    place: str
    excerpt: str
    attempt: int
    fate: ErrorFate
    retryable: bool
    context: dict[str, Any]


class _ResponseFields(_Fields):
    value: Any
    late: _ErrorFields


class _OutcomeFields(_Fields):
    tasks: list[_TaskFields] = []
    groups: list[_GroupFields] = []
    errors: list[_ErrorFields] = []
    further_errors: int = 0
    counters: dict[str, int] = {}
    state: dict[str, Any] = {}
    response: _ResponseFields | None = None
    tally: dict[str, int] = {}
    watermark: tuple[Rank, Rank] | None = None
    posted: list[tuple[str, int]] = []
    written: str = ""


_decode_task = msgspec.json.Decoder(_TaskFields).decode
_decode_group = msgspec.json.Decoder(_GroupFields).decode
_decode_note = msgspec.json.Decoder(_NoteFields).decode
_decode_error = msgspec.json.Decoder(_ErrorFields).decode
_decode_outcome = msgspec.json.Decoder(_OutcomeFields).decode


class EncodedOutcome(msgspec.Struct, frozen=True):
    """An outcome that was measured and can be kept.

    Attributes:
        tasks: each of the outcome's tasks as JSON, by its id.
    """

    outcome: Outcome
    tasks: Mapping[str, bytes]

    def record(self, posted: Sequence[tuple[str, int]] = ()) -> bytes:
        """The whole outcome as JSON, for the task's row in a target.

        Args:
            posted: node and number of rows of each insert that the outcome does not count yet; the target
                adds what they wrote, see `sdk.transaction.TaskRow`.
        """
        outcome = self.outcome
        fields: Fields = {
            "tasks": [msgspec.Raw(self.tasks[task.id]) for task in outcome.tasks],
            "groups": [_group_fields(group) for group in outcome.groups],
            "errors": [_error_fields(error) for error in outcome.errors],
            "furtherErrors": outcome.further_errors,
            "counters": outcome.counters,
            "state": outcome.state,
            "response": _response_fields(outcome.response),
            "tally": outcome.tally,
            "watermark": None if outcome.watermark is None else outcome.watermark.json,
            "posted": posted,
        }
        return _encode({name: value for name, value in fields.items() if value})


def encode_outcome(outcome: Outcome, max_bytes: int) -> EncodedOutcome:
    """Encode and measure what an outcome holds, before anything commits (rule 4).

    Raises:
        PermanentError: a message or a value of state is no JSON, or larger than `max_bytes`; names the port
            that it is for, or its key.
    """
    if (response := outcome.response) is not None:
        _measured(lambda: encode_json(response.value), "the response", max_bytes)
    tasks = {task.id: encode_measured(task, max_bytes) for task in outcome.tasks}
    for group in outcome.groups:
        encode_measured(group.done, max_bytes)
    for key, value in outcome.state.items():
        _measure_value(key, value, max_bytes)
    return EncodedOutcome(outcome, tasks)


def _measure_value(key: str, value: Json, max_bytes: int) -> None:
    try:
        size = len(encode_json(value)) + len(encode_json(key))
    except JsonError as error:
        raise PermanentError(f"the value of state `{key!r}` cannot be kept: {error}", code="HR401") from error
    if size > max_bytes:
        raise PermanentError(
            f"the value of state `{key}` has {size / 2**20:.1f} MiB, and the store takes "
            f"{max_bytes / 2**20:.0f} MiB at most",
            code="HR402",
        )


def encode_measured(task: TaskRecord, max_bytes: int) -> bytes:
    """A task as JSON that can be kept.

    Raises:
        PermanentError: its message is no JSON, or larger than `max_bytes`; names the port that it is for.
    """
    return _measured(lambda: encode_task(task), f"the message for `{task.node}:{task.port}`", max_bytes)


def _measured(encode: Callable[[], bytes], what: str, max_bytes: int) -> bytes:
    try:
        encoded = encode()
    except JsonError as error:
        raise PermanentError(f"{what} cannot be kept: {error}", code="HR401") from error
    if len(encoded) > max_bytes:
        raise PermanentError(
            f"{what} has {len(encoded) / 2**20:.1f} MiB, and the store "
            f"takes {max_bytes / 2**20:.0f} MiB at most; carry less from task to task",
            code="HR402",
        )
    return encoded


def decode_outcome(record: bytes) -> EncodedOutcome:
    """Read what `EncodedOutcome.record` wrote, and count what the target has added.

    Raises:
        msgspec.MsgspecError: it is something else; so does all that reads here.
    """
    fields = _decode_outcome(record)
    outcome = Outcome(
        tasks=[_task(task) for task in fields.tasks],
        groups=[_group(group) for group in fields.groups],
        errors=[_error(error) for error in fields.errors],
        further_errors=fields.further_errors,
        counters=fields.counters,
        state=fields.state,
        response=_response(fields.response),
        tally=fields.tally,
        watermark=_watermark(fields.watermark),
    )
    if fields.posted:
        written = fields.written.split(" ")[-len(fields.posted) :]
        for (node, rows), counts in zip(fields.posted, written, strict=True):
            inserted, affected = map(int, counts.split("/"))
            result = Result(row_count=affected, upserted=Upserted.of(rows, inserted, affected))
            outcome.count_all(node, result.counters)
    return EncodedOutcome(outcome, {task.id: encode_task(task) for task in outcome.tasks})


def encode_task(task: TaskRecord) -> bytes:
    """A task as JSON.

    Raises:
        JsonError: its message is none.
    """
    return encode_json(_task_fields(task))


def decode_task(data: bytes) -> TaskRecord:
    """Read what `encode_task` wrote."""
    return _task(_decode_task(data))


def encode_group(group: NewGroup) -> bytes:
    """A group as JSON."""
    return _encode(_group_fields(group))


def decode_group(data: bytes) -> NewGroup:
    """Read what `encode_group` wrote."""
    return _group(_decode_group(data))


def encode_note(note: GroupNote) -> bytes:
    """A group's note as JSON."""
    fields: Fields = {"member": _member_fields(note.member), "count": note.error_count, "errors": note.errors}
    if note.tally:
        fields["tally"] = note.tally
    if note.watermark is not None:
        fields["watermark"] = note.watermark.json
    return _encode(fields)


def decode_note(data: bytes) -> GroupNote:
    """Read what `encode_note` wrote."""
    fields = _decode_note(data)
    return GroupNote(
        GroupMember(*fields.member), fields.count, fields.errors, fields.tally, _watermark(fields.watermark)
    )


def encode_error(error: ErrorRecord) -> bytes:
    """An error as JSON."""
    return _encode(_error_fields(error))


def decode_error(data: bytes) -> ErrorRecord:
    """Read what `encode_error` wrote."""
    return _error(_decode_error(data))


def _task_fields(task: TaskRecord) -> Fields:
    fields: Fields = {
        "id": task.id,
        "run": task.run_id,
        "node": task.node,
        "port": task.port,
        "message": task.message,
    }
    if task.base is not task.message:
        fields["base"] = task.base
    if task.is_output:
        fields["isOutput"] = True
    if task.lane is not None:
        fields["lane"] = task.lane
    if task.closes_loop:
        fields["closesLoop"] = True
    if task.group is not None:
        fields["group"] = _member_fields(task.group)
    if task.resume is not None:
        fields["resume"] = task.resume
    if task.tracks:
        fields["tracks"] = task.tracks
    return fields


def _task(fields: _TaskFields) -> TaskRecord:
    base = fields.message if fields.base is msgspec.UNSET else fields.base
    return TaskRecord(
        id=fields.id,
        run_id=fields.run,
        node=fields.node,
        port=fields.port,
        message=fields.message,
        base=base,
        is_output=fields.is_output,
        lane=fields.lane,
        closes_loop=fields.closes_loop,
        group=None if fields.group is None else GroupMember(*fields.group),
        resume=fields.resume,
        tracks=fields.tracks,
    )


def _member_fields(member: GroupMember) -> list[Json]:
    return [member.group_id, member.number, member.port, member.key, member.items]


def _group_fields(group: NewGroup) -> Fields:
    return {"id": group.id, "done": _task_fields(group.done), "totalItems": group.total_items}


def _group(fields: _GroupFields) -> NewGroup:
    return NewGroup(fields.id, _task(fields.done), fields.total_items)


def _response_fields(response: Response | None) -> Fields | None:
    return None if response is None else {"value": response.value, "late": _error_fields(response.late)}


def _response(fields: _ResponseFields | None) -> Response | None:
    return None if fields is None else Response(fields.value, _error(fields.late))


def _watermark(fields: tuple[Rank, Rank] | None) -> Watermark | None:
    return None if fields is None else Watermark(*fields)


def _error_fields(error: ErrorRecord) -> Fields:
    return {
        "at": error.at_ns,
        "code": error.code,
        "message": error.message,
        "node": error.node,
        "place": error.place,
        "excerpt": error.excerpt,
        "attempt": error.attempt,
        "fate": error.fate.value,
        "retryable": error.retryable,
        "context": error.context,
    }


def _error(fields: _ErrorFields) -> ErrorRecord:
    return ErrorRecord(
        at_ns=fields.at,
        code=fields.code,
        message=fields.message,
        node=fields.node,
        place=fields.place,
        excerpt=fields.excerpt,
        attempt=fields.attempt,
        fate=fields.fate,
        retryable=fields.retryable,
        context=fields.context,
    )
