"""What a component sees of the run while it handles a message."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

import msgspec

from headrace.errors import ComponentError, ExpressionError
from headrace.expr import Template
from headrace.sdk.clock import Clock
from headrace.sdk.transaction import Database, Insert, Result, Statement, Transaction
from headrace.sdk.watermark import Watermark
from headrace.values import Json, Message

__all__ = ["Context", "Emission", "FanOut", "RaisedError", "RunInfo"]


Value = TypeVar("Value")


class RunInfo(msgspec.Struct, frozen=True):
    """The run that a message belongs to; `$run` in expressions.

    Attributes:
        started_at: RFC 3339, UTC.
        attempt: which attempt of the task this is, from 1.
    """

    id: str
    flow: str
    trigger: str
    started_at: str
    attempt: int = 1


class RaisedError(msgspec.Struct, frozen=True):
    """An error that was raised while a message was worked on.

    Attributes:
        error: the text for people, secrets masked.
        detail: `errorDetail`: code, retryable, node, attempt and further facts.
        handled: whether an `error` port took it.
    """

    error: str
    detail: dict[str, Json]
    handled: bool


class Emission(msgspec.Struct, frozen=True):
    """How the work below one emission ended.

    Attributes:
        failure: what it failed of and what was undone; None if it ended well.
        errors: what was raised below, handled or not, the failure included; about the first 1,000.
        error_count: how many that were in all.
    """

    failure: RaisedError | None
    errors: tuple[RaisedError, ...]
    error_count: int


class Context(Protocol):
    """One message at one node: how to emit, to fail, to write, to show progress."""

    @property
    def node(self) -> str:
        """The node's name."""
        ...

    @property
    def run(self) -> RunInfo:
        """The run."""
        ...

    @property
    def base(self) -> Message:
        """The value that results are added to: the message before it was shaped for this node."""
        ...

    @property
    def idempotency_key(self) -> str:
        """`task/node/path`: the same when this work is repeated after a failure, else unique."""
        ...

    def trace_headers(self) -> dict[str, str]:
        """What a request carries that belongs to a trace: `traceparent`; empty where nothing is traced."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def first_delivery(self) -> bool:
        """Whether this is known to be the task's first execution."""
        ...

    def is_wired(self, port: str) -> bool:
        """Whether an edge leaves the port."""
        ...

    async def emit(self, port: str, message: Message, key: int | None = None) -> None:
        """Send a message; on return everything below it has finished, or is a task in the outcome.

        Args:
            port: an output of this node.
            message: must not be changed afterwards.
            key: the number of the emission among those of this port, where emissions may run in
                parallel or in an order that is not always the same; counted if None.

        Raises:
            The first unhandled error below. Let it pass: it is not this node's own.
        """
        ...

    async def attempt(
        self, port: str, message: Message, key: int, *, survive: bool, repeats: bool = False
    ) -> Emission:
        """As `emit`, but tells how it went.

        Args:
            survive: if true, a failure below undoes what was done below (writes, new tasks, counters)
                and is returned; if false it is raised. Failures of databases and stores, cancellation
                and interruption are always raised.
            repeats: the failure counts as one that is tried again: the node makes a task that does it.
        """
        ...

    async def add_result(self, port: str, value: Json) -> None:
        """Emit the base value with `value` under the name that the port adds (or `as:` says)."""
        ...

    async def collect(self, failure: RaisedError, message: Message, key: int) -> None:
        """Send a failure that was survived to this node's `error` port, if wired; it is handled then."""
        ...

    async def reject(self, error: ComponentError | ExpressionError, facts: dict[str, Json], key: int) -> None:
        """Send the failure of a part of the message to this node's `error` port; the node goes on.

        It is recorded as handled. Where the port is not wired, the failure rises as the whole message's.

        Args:
            error: why the part failed; not of infrastructure, which always rises.
            facts: which part it was: members beside `error` and `errorDetail`.
            key: the number of the emission among those of the port.
        """
        ...

    def fan_out(self, done_port: str, done: dict[str, Json], items: int) -> "FanOut":
        """Begin a fan-out of tasks, or go on with it where this task is its continuation (rule 7).

        Args:
            done_port: the output that is told once, when all members have finished.
            done: its message; `processed`, `failed` and `errors` are set from the members.
            items: of all members together.
        """
        ...

    def gather(self) -> "FanOut":
        """As `fan_out`, of further tasks of this node (`FanOut.go_on`) and what they make.

        When all have finished, the node is handed its message once more, with `resume` `{ended}`, which has
        what the members counted, `tally`; `failed` and `errors` as `done` has them; `watermark`, the highest
        of the members below the first that failed, as `Watermark.json`; and `hasGap`, whether any did.
        """
        ...

    @property
    def resume(self) -> Json:
        """Where to go on: what `FanOut.go_on` was given, null in the first task."""
        ...

    def transaction(self, database: Database) -> AbstractAsyncContextManager[Transaction]:
        """The task's transaction on a database, for one statement; begun at its first use.

        Waits until no other branch of the task is in it; a branch keeps it to its end. Where a failure of
        this statement can be survived, a mark is taken first and undone when the block raises.
        """
        ...

    async def once(self, make: Callable[[], Awaitable[Value]]) -> Value:
        """What `make` gives, such as the answer to a question; kept should the message come again in a trial.

        See `Component.repeats`; once for each message.
        """
        ...

    def may_post(self, port: str) -> bool:
        """Whether `post` may be used instead of `transaction`: nobody waits for what goes to this output."""
        ...

    async def post(
        self,
        database: Database,
        statements: Sequence[Statement | Insert],
        show: Callable[[list[Result]], Awaitable[None]],
    ) -> None:
        """Write in the task's transaction without waiting for the results, after `may_post` said so.

        What they count (`Result.counters`) is counted for the node. If a statement fails, all that the task
        did is rolled back, and the message comes again.

        Args:
            show: called with the results once they are known, for `add_result` alone: the task may have
                committed by then.
        """
        ...

    def has_transaction(self, key: Hashable) -> bool:
        """Whether this task has begun a transaction on the database with that key."""
        ...

    async def get_state(self, key: str) -> Json:
        """What the flow keeps under a key, as this task has it; null if nothing.

        Raises:
            StoreError: the store failed.
        """
        ...

    def set_state(self, key: str, value: Json) -> None:
        """Keep a value under a key; durable with the task's commit, undone with its branch. Null: no more."""
        ...

    def holds(self, template: Template, message: Message) -> bool:
        """Whether a setting that is evaluated for each message is true, by JavaScript's truthiness.

        Raises:
            ExpressionError: it has no value for the message.
        """
        ...

    def evaluate(self, template: Template, message: Message) -> Json:
        """The value of a setting that is evaluated for each message.

        Raises:
            ExpressionError: it has none for the message.
        """
        ...

    def mask(self, text: str) -> str:
        """The text without the values of the flow's secrets: for what goes into a message."""
        ...

    def respond(self, response: Json) -> None:
        """Answer whoever waits for this run, once the task has committed; the first response counts.

        Args:
            response: not null; what the trigger's `Call.answer` gets.
        """
        ...

    def count(self, counter: str, number: int = 1) -> None:
        """Add to a counter of this node in the run's record; durable with the task."""
        ...

    def progress(self, done: int, total: int = 0) -> None:
        """Add to the items done, and to the items there are, for people who watch."""
        ...

    def expect(self, total: int) -> None:
        """Say how many records the source of this run has in all, for people who watch."""
        ...


class FanOut(Protocol):
    """A group of tasks whose end is announced once, at the output that `Context.fan_out` named."""

    @property
    def id(self) -> str:
        """What tells it from others."""
        ...

    def add(self, port: str, message: Message, key: int, items: int, member: int) -> None:
        """Make an emission a part of a member: a task for each edge of the port.

        Args:
            key: the number of the emission among those of this port.
            items: how many items count as failed if anything fails below.
            member: shown as `batchNum` in the errors of `done`.
        """
        ...

    def go_on(self, resume: Json, member: int = 0) -> None:
        """Have the node's message delivered again, as a further task of the group, with `Context.resume` set.

        Large fan-outs expand in chunks by this. These tasks are within the node's `lane_limit`, one after the
        other as they were made. The same `resume` makes the same task.

        Args:
            member: whose part it is; 0 for none's.
        """
        ...

    def tally(self, counts: dict[str, int], watermark: Watermark | None = None) -> None:
        """Count for the group, and say how far this member has come."""
        ...
