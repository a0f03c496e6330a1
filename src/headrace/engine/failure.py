"""A failure on its way up: which node raised it, with its place."""

from collections.abc import Callable
from typing import cast

import msgspec
from msgspec.structs import replace

from headrace.errors import ComponentError, ExpressionError, InfrastructureError, InternalError
from headrace.flow.model import Node
from headrace.sdk import RaisedError
from headrace.source import Span
from headrace.store import ErrorFate, ErrorRecord, Outcome
from headrace.values import Json, Message, well_formed

__all__ = [
    "Raised",
    "Teller",
    "error_detail",
    "error_record",
    "facts_of",
    "raised_error",
    "raised_errors",
    "with_error",
]


class Raised(Exception):
    """An error that a node raised and nobody has handled yet; `cause` is what the node raised.

    Attributes:
        record: the error as the run's record will have it.
    """

    def __init__(self, record: ErrorRecord, cause: Exception) -> None:
        super().__init__(record.message)
        self.record = record
        self.cause = cause

    @property
    def is_infrastructure(self) -> bool:
        """Whether a database or a store failed: never data, the whole task is repeated (rule 6)."""
        return isinstance(self.cause, InfrastructureError)

    @property
    def retry_after_s(self) -> float | None:
        """The earliest sensible time to try again, in seconds from now."""
        return self.cause.retry_after_s if isinstance(self.cause, ComponentError) else None

    def was_handling(self, first: "Raised") -> None:
        """Name the error that the failing nodes were to handle, so that it is not lost."""
        said = f"{self.record.message} (while handling: {first.record.node}: {first.record.message})"
        self.record = replace(self.record, message=said)

    def fated(self, fate: ErrorFate) -> ErrorRecord:
        """The record, once it is known what became of the error."""
        return replace(self.record, fate=fate)


class Teller(msgspec.Struct, frozen=True):
    """Turns what components raise into records: masks secrets, finds the place."""

    mask: Callable[[str], str]
    now_ns: Callable[[], int]


def error_record(
    error: Exception, node: Node, span: Span, attempt: int, message: Message, teller: Teller
) -> ErrorRecord:
    """The record of an error at a node.

    Args:
        error: what was raised. What is none of ours is a bug of the component; its traceback is in the log.
        node: where.
        span: the place to show if the error has none of its own.
        attempt: of the task, from 1.
        message: what the node worked on; a few of its facts are kept.
        teller: masks and dates.
    """
    retryable = False
    match error:
        case ExpressionError():
            code, text, span = error.code, error.message, error.span
        case ComponentError():
            code, text, retryable = error.code, error.message, error.retryable
        case _:
            code = InternalError.code
            text = f"{node.spec.name} failed unexpectedly: {type(error).__name__}: {error}"
    return ErrorRecord(
        at_ns=teller.now_ns(),
        code=code,
        message=well_formed(teller.mask(text)),
        node=node.name,
        place=well_formed(str(span)),
        excerpt=well_formed(teller.mask(span.excerpt())) if isinstance(error, ExpressionError) else "",
        attempt=attempt,
        fate=ErrorFate.DEAD,
        retryable=retryable,
        context={
            name: teller.mask(fact) if isinstance(fact, str) else fact
            for name, fact in facts_of(message).items()
        },
    )


def error_detail(record: ErrorRecord, cause: Exception, mask: Callable[[str], str]) -> dict[str, Json]:
    """`errorDetail` of a message at an error port; a URL in it, say, may have been made with a secret."""
    detail: dict[str, Json] = {
        "code": record.code,
        "retryable": record.retryable,
        "node": record.node,
        "attempt": record.attempt,
        "place": record.place,
    }
    if isinstance(cause, ComponentError):
        facts = cast("dict[str, Json]", cause.detail)
        detail |= {name: mask(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    return detail


def raised_error(raised: Raised, mask: Callable[[str], str], *, handled: bool) -> RaisedError:
    """The error as components see it."""
    return RaisedError(raised.record.message, error_detail(raised.record, raised.cause, mask), handled)


def raised_errors(outcome: Outcome) -> tuple[tuple[RaisedError, ...], int]:
    """The errors of an emission's outcome, and how many there were in all."""
    errors = tuple(
        RaisedError(
            record.message,
            {"code": record.code, "node": record.node},
            handled=record.fate is ErrorFate.HANDLED,
        )
        for record in outcome.errors
    )
    return errors, len(errors) + outcome.further_errors


def with_error(message: Message, error: RaisedError) -> dict[str, Json]:
    """What goes to an error port: the message plus `error` and `errorDetail`."""
    members = message if isinstance(message, dict) else {"value": message}
    return {**members, "error": error.error, "errorDetail": error.detail}


def facts_of(message: Message) -> dict[str, Json]:
    """Small members of a message that tell which data it was: numbers and short texts of known names."""
    if not isinstance(message, dict):
        return {}
    context = message.get("context")
    members = {**context, **message} if isinstance(context, dict) else message
    names = ("page", "batchNum", "index", "syncId", "url", "method", "cursor", "offset")
    return {
        name: well_formed(member) if isinstance(member, str) else member
        for name in names
        if isinstance(member := members.get(name), int | str) and len(str(member)) <= 200
    }
