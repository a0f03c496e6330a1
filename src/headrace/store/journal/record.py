"""Records of runs as JSON, as they lie in journals, snapshots and the history. Pure."""

from typing import Any

import msgspec

from headrace.store.caller import Caller
from headrace.store.encoding import decode_error, encode_error
from headrace.store.journal.change import EndedRun
from headrace.store.records import RunRecord, RunStatus

__all__ = ["copy_run", "decode_ended", "decode_run", "encode_ended", "encode_run"]


class _RunFields(msgspec.Struct, rename="camel", omit_defaults=True):
    id: str
    flow: str
    version: str
    trigger: str
    scheduled_at: int
    started_at: int
    vars: dict[str, Any]
    status: RunStatus
    ended_at: int | None = None
    counters: dict[str, int] = {}
    errors: list[msgspec.Raw] = []
    error_count: int = 0
    retries: int = 0
    dead_letters: int = 0
    tasks_done: int = 0
    worked: int = 0
    caller: Caller = Caller.NONE
    has_response: bool = False


class _EndedFields(msgspec.Struct, rename="camel"):
    run: msgspec.Raw
    response: Any
    sequence: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_RunFields).decode
_decode_ended = msgspec.json.Decoder(_EndedFields).decode


def encode_run(run: RunRecord) -> bytes:
    """A run as JSON, with its errors."""
    return _encode(
        _RunFields(
            id=run.id,
            flow=run.flow,
            version=run.version,
            trigger=run.trigger,
            scheduled_at=run.scheduled_at_ns,
            started_at=run.started_at_ns,
            vars=run.vars,
            status=run.status,
            ended_at=run.ended_at_ns,
            counters=run.counters,
            errors=[msgspec.Raw(encode_error(error)) for error in run.errors],
            error_count=run.error_count,
            retries=run.retries,
            dead_letters=run.dead_letters,
            tasks_done=run.tasks_done,
            worked=run.worked_ns,
            caller=run.caller,
            has_response=run.has_response,
        )
    )


def decode_run(data: bytes | msgspec.Raw) -> RunRecord:
    """Read what `encode_run` wrote.

    Raises:
        msgspec.MsgspecError: it is something else.
    """
    fields = _decode(data)
    return RunRecord(
        id=fields.id,
        flow=fields.flow,
        version=fields.version,
        trigger=fields.trigger,
        scheduled_at_ns=fields.scheduled_at,
        started_at_ns=fields.started_at,
        vars=fields.vars,
        status=fields.status,
        ended_at_ns=fields.ended_at,
        counters=fields.counters,
        errors=[decode_error(bytes(error)) for error in fields.errors],
        error_count=fields.error_count,
        retries=fields.retries,
        dead_letters=fields.dead_letters,
        tasks_done=fields.tasks_done,
        worked_ns=fields.worked,
        caller=fields.caller,
        has_response=fields.has_response,
    )


def encode_ended(ended: EndedRun) -> bytes:
    """An ended run as JSON."""
    return _encode(_EndedFields(msgspec.Raw(encode_run(ended.run)), ended.response, ended.sequence))


def decode_ended(data: bytes | msgspec.Raw) -> EndedRun:
    """Read what `encode_ended` wrote.

    Raises:
        msgspec.MsgspecError: it is something else.
    """
    fields = _decode_ended(data)
    return EndedRun(decode_run(fields.run), fields.response, fields.sequence)


def copy_run(run: RunRecord) -> RunRecord:
    """A run as it is now, for somebody who may change it or keep it."""
    return msgspec.structs.replace(run, counters=dict(run.counters), errors=list(run.errors))
