"""What is asked of a store, and what one process asks of another through it."""

from enum import Enum

import msgspec

from headrace.store.records import RunStatus
from headrace.values import Json, Message

__all__ = ["ALL_RUNS", "Request", "RequestKind", "Revival", "RunFilter"]


class Revival(msgspec.Struct, frozen=True):
    """A dead letter is to be tried again.

    Attributes:
        version: of the flow on which it is tried; its run, where it has ended, goes on with that version.
        vars: the effective vars of that version.
        is_edited: whether `message` takes the place of the task's own.
        answers: id of the request that asks for it; both become durable together.
    """

    run_id: str
    task_id: str
    version: str
    vars: dict[str, Json]
    is_edited: bool = False
    message: Message = None
    answers: str | None = None


class RunFilter(msgspec.Struct, frozen=True):
    """Which runs are wanted: of a flow, of some statuses, begun after a time; `limit` of them at most.

    Attributes:
        id_prefix: with which their ids begin.
    """

    flow: str | None = None
    statuses: frozenset[RunStatus] = frozenset(RunStatus)
    started_after_ns: int = 0
    id_prefix: str = ""
    limit: int = 50


ALL_RUNS = RunFilter()
"""The latest runs of all flows."""


class RequestKind(Enum):
    """What another process asks of the one that executes a flow."""

    FIRE = "fire"
    """Fire a trigger; the run gets the request's id."""
    CANCEL = "cancel"
    """Cancel a run."""
    RETRY = "retry"
    """Try a dead letter again."""
    DISCARD = "discard"
    """Remove a dead letter."""


class Request(msgspec.Struct, frozen=True):
    """What a process asks of the one that executes a flow.

    Attributes:
        id: random.
        trigger: to fire.
        data: the firing's payload, or what takes the place of a dead letter's message; where `has_data`.
    """

    id: str
    flow: str
    kind: RequestKind
    run_id: str = ""
    task_id: str = ""
    trigger: str = ""
    has_data: bool = False
    data: Json = None
