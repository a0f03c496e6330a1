"""What is asked of a store, and what one process asks of another through it."""

from collections.abc import Iterable, Sequence
from enum import Enum
from heapq import nsmallest
from typing import TypeVar
from uuid import uuid4

import msgspec

from headrace.store.records import DeadLetter, PastRun, RunRecord, RunStatus
from headrace.values import Json, Message

__all__ = ["ALL_RUNS", "LetterFilter", "LetterPage", "Request", "RequestKind", "Revival", "RunFilter"]

Value = TypeVar("Value")
AnyRun = TypeVar("AnyRun", bound=RunRecord | PastRun)


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
        before: when a run began, and its id: only what comes after it in the order of `Store.runs`.
        id_prefix: with which their ids begin.
    """

    flow: str | None = None
    trigger: str | None = None
    statuses: frozenset[RunStatus] = frozenset(RunStatus)
    started_after_ns: int = 0
    before: tuple[int, str] | None = None
    id_prefix: str = ""
    limit: int = 50

    def wants(self, run: RunRecord | PastRun) -> bool:
        """Whether a run is one of them."""
        is_later = self.before is None or (self.before[0], run.id) > (run.started_at_ns, self.before[1])
        return (
            is_later
            and self.flow in (None, run.flow)
            and self.trigger in (None, run.trigger)
            and run.status in self.statuses
            and run.started_at_ns > self.started_after_ns
            and run.id.startswith(self.id_prefix)
        )

    def chosen(self, runs: Iterable[AnyRun]) -> list[AnyRun]:
        """Those of some runs, the latest first."""
        return nsmallest(self.limit, filter(self.wants, runs), key=lambda run: (-run.started_at_ns, run.id))


ALL_RUNS = RunFilter()
"""The latest runs of all flows."""


class LetterFilter(msgspec.Struct, frozen=True):
    """Which dead letters are wanted; `limit` of them at most.

    Attributes:
        node: where the error was raised, or which the task is for.
        code: of the error.
        text: is in the error's message, in capitals or not.
        before: a cursor of `LetterPage.next`.
        limit: 0 where their number alone is wanted.
    """

    flow: str | None = None
    run_id: str | None = None
    node: str | None = None
    code: str | None = None
    text: str = ""
    before: int | None = None
    limit: int = 50

    @property
    def looks_inside(self) -> bool:
        """Whether letters have to be read to tell which are wanted; else their run and flow tell."""
        return bool(self.node is not None or self.code is not None or self.text)

    def page(self, found: Sequence[tuple[int, Value]]) -> tuple[list[Value], int | None]:
        """Those after the cursor, and the next one; `found` are all, with their cursors, the newest first."""
        page = [each for each in found if self.before is None or each[0] < self.before]
        shown = page[: self.limit]
        following = shown[-1][0] if shown and len(page) > len(shown) else None
        return [value for _, value in shown], following

    def wants(self, letter: DeadLetter) -> bool:
        """Whether a letter is one of them, wherever the page begins."""
        error = letter.error
        return (
            self.flow in (None, letter.flow)
            and self.run_id in (None, letter.task.run_id)
            and self.node in (None, error.node, letter.task.node)
            and self.code in (None, error.code)
            and self.text.casefold() in error.message.casefold()
        )


class LetterPage(msgspec.Struct, frozen=True):
    """Some of the dead letters that are wanted.

    Attributes:
        next: where the following page begins; None if this is the last.
        total: how many are wanted, whatever the limit.
    """

    letters: tuple[DeadLetter, ...]
    next: int | None
    total: int

    @classmethod
    def of(cls, found: Sequence[tuple[int, DeadLetter]], wanted: LetterFilter) -> "LetterPage":
        """The page of all that a filter wants, the newest first, each after its cursor."""
        shown, following = wanted.page(found)
        return cls(tuple(shown), following, len(found))


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

    @classmethod
    def firing(cls, flow: str, trigger: str, payload: Json, run_id: str = "") -> "Request":
        """Have a trigger fired.

        Args:
            payload: None for the trigger's own.
            run_id: of the run, and of the request; random if empty.
        """
        id_, has_data = run_id or uuid4().hex[:16], payload is not None
        return cls(id_, flow, RequestKind.FIRE, trigger=trigger, has_data=has_data, data=payload)
