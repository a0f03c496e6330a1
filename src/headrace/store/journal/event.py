"""What is written into a flow's journal. An event is a fact or a wish; the replica says what comes of it."""

from typing import Any

import msgspec

from headrace.sdk.schedule import Overlap
from headrace.store.caller import Caller
from headrace.store.records import Attempt, RunStatus
from headrace.store.request import RequestKind
from headrace.values import JsonError

__all__ = [
    "NOTHING",
    "Activated",
    "Answered",
    "Asked",
    "Batch",
    "Buried",
    "Cancelled",
    "Claimed",
    "Committed",
    "Compacted",
    "Deactivated",
    "Discarded",
    "Dropped",
    "Event",
    "Fired",
    "Followed",
    "Forgotten",
    "Joined",
    "Left",
    "Lost",
    "Retried",
    "Revived",
    "Settled",
    "Swept",
    "Switched",
    "decode_batch",
    "encode_batch",
]


NOTHING = msgspec.Raw(b"null")
"""No record."""


class _Event(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Members that are `Raw` are records as `store.encoding` writes them."""


class Joined(_Event, frozen=True):
    """Its author executes tasks of the flow from now on.

    Attributes:
        host: with `pid`, where it is; for people, and for who starts after it on the same host.
    """

    host: str
    pid: int


class Left(_Event, frozen=True):
    """Its author executes nothing of the flow any more; what it had claimed is free again."""


class Lost(_Event, frozen=True):
    """A member shows no sign of life; what it had claimed was interrupted (rule 9)."""

    member: str


class Followed(_Event, frozen=True):
    """Its author, a member, fires the flow's triggers by themselves from now on; without a version: no more.

    Attributes:
        version: of the flow, that it has.
        changed_ns: when the file of that version was changed; of several versions the latest counts.
    """

    version: str
    changed_ns: int


class Activated(_Event, frozen=True):
    """A trigger's schedule is followed (`store.firing.activate`)."""

    trigger: str
    schedule: str
    now_ns: int
    emit_on_start: bool = False


class Deactivated(_Event, frozen=True):
    """A trigger is stopped."""

    trigger: str


class Switched(_Event, frozen=True):
    """A person has started or stopped a trigger; None: it is again as its file says."""

    trigger: str
    is_on: bool | None


class Fired(_Event, frozen=True):
    """A trigger is to fire: `store.records.FireRequest`, made for the trigger's record at a revision.

    Attributes:
        revision: of the record for whose next tick `message` was made; None on request.
        message: of the trigger.
        kept: of runs that are cancelled for it, what its author will still decide about.
        goes_on: its author begins with the run's first task.
    """

    version: str
    trigger: str
    port: str
    run_id: str
    scheduled_at_ns: int
    fired_at_ns: int
    vars: dict[str, Any]
    message: Any
    revision: int | None = None
    overlap: Overlap = Overlap.SKIP
    max_firings: int = 0
    queued: bool = False
    waits: bool = False
    has_caller: bool = False
    dedupe_key: str | None = None
    kept: dict[str, list[str]] = {}
    goes_on: bool = True

    @property
    def on_request(self) -> bool:
        """Whether it fires regardless of the schedule."""
        return self.revision is None


class Claimed(_Event, frozen=True):
    """Its author begins to execute a task, unless another does.

    Attributes:
        concurrency: how many tasks of the run may execute at once.
    """

    run_id: str
    task_id: str
    concurrency: int


class Committed(_Event, frozen=True):
    """A task ended well.

    Attributes:
        outcome: `store.encoding.EncodedOutcome.record`.
        is_recorded: it lies in the target, too.
        goes_on: its author goes on with what it made.
    """

    run_id: str
    task_id: str
    outcome: msgspec.Raw
    now_ns: int
    is_recorded: bool = False
    goes_on: bool = True


class Retried(_Event, frozen=True):
    """A task failed and is due again.

    Attributes:
        attempt: the one that is due.
    """

    run_id: str
    task_id: str
    attempt: Attempt
    now_ns: int
    error: msgspec.Raw = NOTHING


class Buried(_Event, frozen=True):
    """A task failed for good."""

    run_id: str
    task_id: str
    attempts: int
    error: msgspec.Raw
    now_ns: int


class Revived(_Event, frozen=True):
    """A dead letter is to be tried again.

    Attributes:
        task: as it is to be tried.
        run: its run, as `store.journal.record` writes it, which may have ended.
    """

    task_id: str
    task: msgspec.Raw
    run: msgspec.Raw
    version: str
    vars: dict[str, Any]
    answers: str | None = None


class Discarded(_Event, frozen=True):
    """A dead letter is to be removed."""

    task_id: str
    answers: str | None = None


class Cancelled(_Event, frozen=True):
    """A run is to end before its time.

    Attributes:
        keep: tasks that its author executes and will still decide about.
    """

    run_id: str
    status: RunStatus
    keep: list[str]
    now_ns: int
    error: msgspec.Raw = NOTHING
    answers: str | None = None


class Dropped(_Event, frozen=True):
    """A task of a cancelled run did not end."""

    run_id: str
    task_id: str
    now_ns: int


class Forgotten(_Event, frozen=True):
    """Ended runs are remembered no longer."""

    run_ids: list[str]


class Swept(_Event, frozen=True):
    """The rows of the tasks of ended runs were removed from the targets."""

    run_ids: list[str]


class Compacted(_Event, frozen=True):
    """All that came of the journal up to a place lies in a snapshot and the history."""

    sequence: int


class Settled(_Event, frozen=True):
    """What became of a run's caller."""

    run_id: str
    caller: Caller


class Asked(_Event, frozen=True):
    """A process asks something of those who execute the flow: `store.request.Request`."""

    id: str
    kind: RequestKind
    run_id: str = ""
    task_id: str = ""
    trigger: str = ""
    has_data: bool = False
    data: Any = None


class Answered(_Event, frozen=True):
    """A request was carried out, or refused for a reason."""

    id: str
    refusal: str = ""


Event = (
    Joined | Left | Lost | Followed | Activated | Deactivated | Switched | Fired | Claimed | Committed
    | Retried | Buried | Revived | Discarded | Cancelled | Dropped | Forgotten | Swept | Compacted
    | Settled | Asked | Answered
)  # fmt: skip


class Batch(msgspec.Struct, frozen=True):
    """Events that their author wrote at once: all of them are in the journal, or none.

    Attributes:
        author: random, of a process.
        number: of the author's batches, from 1. One that is written twice counts once.
        settled: all of its author's batches up to this number are in the journal, or never will be.
    """

    author: str
    number: int
    settled: int
    events: list[Event]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Batch).decode


def encode_batch(batch: Batch) -> bytes:
    """A batch as JSON.

    Raises:
        JsonError: a value in it has no form in JSON.
    """
    try:
        return _encode(batch)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, TypeError, ValueError) as error:
        raise JsonError(str(error)) from error


def decode_batch(data: bytes) -> Batch:
    """Read what `encode_batch` wrote.

    Raises:
        msgspec.MsgspecError: it is something else, or of a newer headrace.
    """
    return _decode(data)
