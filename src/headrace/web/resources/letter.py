"""Dead letters: tasks that failed for good."""

from typing import Annotated

from pydantic import Field

from headrace.store import DeadLetter
from headrace.web.resources.base import AnyJson, Given, Resource
from headrace.web.resources.run import RunError, run_error

__all__ = ["Bulk", "Letter", "LetterDetail", "LetterRef", "Letters", "Refused", "Which", "letter_of"]


class LetterRef(Given):
    """Names a dead letter."""

    run: str
    task: str


class Letter(Resource):
    """A dead letter, without its message."""

    run: str
    task: str
    flow: str
    node: str
    port: str
    attempts: int
    error: RunError


class LetterDetail(Letter):
    """A dead letter with its message.

    `messageText` is the same as JSON text, in which numbers have all their digits; `isMasked` says that
    secrets were taken out of both, so that they are not what the task has.
    """

    message: AnyJson
    message_text: str
    is_masked: bool


class Letters(Resource):
    """A page of dead letters, the newest first; `next` is the `before` of the following page."""

    letters: list[Letter]
    next: str | None
    total: int


class Which(Given):
    """Which dead letters something is to be done with: those that are named, or all that fit."""

    letters: Annotated[list[LetterRef] | None, Field(max_length=10_000)] = None
    flow: str | None = None
    run: str | None = None
    node: str | None = None
    code: str | None = None
    text: str = ""


class Refused(Resource):
    """A dead letter with which it was not done."""

    run: str
    task: str
    reason: str


class Accepted(Resource):
    """A dead letter with which it was done."""

    run: str
    task: str


class Bulk(Resource):
    """What became of several dead letters."""

    accepted: list[Accepted]
    refused: list[Refused]


def letter_of(letter: DeadLetter) -> Letter:
    """A dead letter, without its message."""
    task = letter.task
    return Letter(
        run=task.run_id,
        task=task.id,
        flow=letter.flow,
        node=task.node,
        port=task.port,
        attempts=letter.attempts,
        error=run_error(letter.error),
    )
