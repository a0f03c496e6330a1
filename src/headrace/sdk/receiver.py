"""How a trigger fires by what comes from outside, and what it may tell those who wait for an answer."""

from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import msgspec

from headrace.errors import TemporaryError
from headrace.expr import Template
from headrace.values import Json, Message

__all__ = ["Answer", "Call", "Paused", "Receiver"]


class Paused(TemporaryError):
    """A person has paused the trigger."""


class Answer(msgspec.Struct, frozen=True):
    """What a caller has waited for: a response, or the end of a run that gave none.

    Attributes:
        response: what a node gave to `Context.respond`.
        ended: how the run ended without a response; None where there is one.
    """

    response: Json = None
    ended: Literal["succeeded", "failed", "cancelled"] | None = None


class Call(Protocol):
    """A caller who waits for an answer."""

    @property
    def run(self) -> str:
        """The id of the run that works for the caller."""
        ...

    async def answer(self) -> Answer:
        """Wait for the answer; it has committed with its task when this returns.

        Raises:
            TemporaryError: this process stops before there is one.
        """
        ...


class Receiver(Protocol):
    """Where a trigger that listens fires.

    A dedupe key makes one run of several firings with the same key, as long as the store keeps that run.
    """

    @property
    def node(self) -> str:
        """The trigger's node and flow, for people."""
        ...

    @property
    def open_runs(self) -> int:
        """How many runs of the trigger are open in this process."""
        ...

    def is_wired(self, port: str) -> bool:
        """Whether an edge leads to an input of the trigger."""
        ...

    async def fire(self, payload: Json, dedupe_key: str | None = None) -> str:
        """Fire, with a payload that becomes the trigger's message; returns the run's id, durable.

        Raises:
            PermanentError: the payload cannot be kept; it is too large, say.
            StoreError: the store failed; nothing was fired.
            TemporaryError: this process takes nothing any more; its `retry_after_s` says when to ask again.
        """
        ...

    def call(self, payload: Json, dedupe_key: str | None = None) -> AbstractAsyncContextManager[Call]:
        """Fire for a caller who waits; for as long as the block lasts.

        Cancelling the block cancels the waiting, not the firing.

        Raises:
            As `fire`.
        """
        ...

    def evaluate(self, template: Template, message: Message) -> Json:
        """The value of a setting that is evaluated for each message.

        Raises:
            ExpressionError: it has none for this message.
        """
        ...

    def mask(self, text: str) -> str:
        """The text without the values of the flow's secrets."""
        ...
