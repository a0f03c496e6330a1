"""Writes batches into a flow's journal, until each is seen there or given up."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from nats.aio.msg import Msg

from headrace.errors import PermanentError, StoreError
from headrace.store.jetstream.connection import Connection, heed
from headrace.store.jetstream.failure import ERRORS, cure_of
from headrace.store.journal.change import Applied
from headrace.store.journal.event import Batch, Event, encode_batch
from headrace.values import JsonError

__all__ = ["PART", "Writer"]

_log = logging.getLogger(__name__)

PART = "Headrace-Part"
"""The header of a part of a batch that is larger than a message: `author number index count`."""

_AGAIN_S = 1.0
"""A batch that was not seen for so long is written again; it counts once."""
_LOOK_S = 0.25
_HEADER_BYTES = 512
_MOST_GATHERED = 200


class _Written(msgspec.Struct):
    """A batch that was not seen yet.

    Attributes:
        first_s, last_s: when it was written first and last.
        refusal: what the server said last.
    """

    body: bytes
    results: list[asyncio.Future[Any]]
    first_s: float
    last_s: float
    refusal: str = ""


class Writer:
    """Writes for one process into one journal."""

    def __init__(self, connection: Connection, subject: str, author: str, patience_s: float) -> None:
        """Set up.

        Args:
            author: of the batches.
            patience_s: how long is tried before the store has failed.
        """
        self._connection = connection
        self._subject = subject
        self._author = author
        self._patience_s = patience_s
        self._number = 0
        self._gathered: list[tuple[Event, asyncio.Future[Any]]] = []
        self._unseen: dict[int, _Written] = {}
        self._inbox = connection.client.new_inbox()
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Write again what is not seen, until cancelled.

        Raises:
            StoreError: something could not be written for too long.
        """
        subscription = await self._connection.client.subscribe(f"{self._inbox}.*", cb=self._answered)
        try:
            while True:
                heed()
                await asyncio.sleep(_LOOK_S)
                now_s = time.monotonic()
                for number, written in sorted(self._unseen.items()):
                    if now_s - written.first_s > self._patience_s:
                        raise StoreError(self._failure(written), code="HR403")
                    if now_s - written.last_s > _AGAIN_S and self._connection.client.is_connected:
                        await self._send(number, written)
        finally:
            with contextlib.suppress(*ERRORS):  # else it went with its connection
                await subscription.unsubscribe()

    def write(self, event: Event) -> "asyncio.Future[Any]":
        """Write an event with others of this moment; gives what came of it, once it is in the journal."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if not self._gathered:
            loop.call_soon(self._flush)
        self._gathered.append((event, future))
        return future

    def seen(self, number: int, applied: Sequence[Applied]) -> None:
        """A batch of ours is in the journal."""
        written = self._unseen.pop(number, None)
        if written is None:
            return
        for future, each in zip(written.results, applied, strict=True):
            if not future.done():
                if isinstance(each.result, Exception):
                    future.set_exception(each.result)
                else:
                    future.set_result(each.result)

    def fail(self, error: BaseException) -> None:
        """Nothing can be written any more: whoever waits is told."""
        waiting = [future for written in self._unseen.values() for future in written.results]
        for future in (*waiting, *(future for _, future in self._gathered)):
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody may be waiting
        self._unseen.clear()
        self._gathered.clear()

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        while gathered:
            some, gathered = gathered[:_MOST_GATHERED], gathered[_MOST_GATHERED:]
            self._begin([event for event, _ in some], [future for _, future in some])

    def _begin(self, events: list[Event], results: list[asyncio.Future[Any]]) -> None:
        number = self._number + 1
        settled = min(self._unseen, default=number) - 1
        failure: JsonError | None = None
        try:
            body = encode_batch(Batch(self._author, number, settled, events))
        except JsonError as error:
            body, failure = b"", error
        if not 0 < len(body) <= self._room and len(events) > 1:  # rather two messages than one in parts
            half = len(events) // 2
            self._begin(events[:half], results[:half])
            self._begin(events[half:], results[half:])
            return
        if failure is not None:
            results[0].set_exception(PermanentError(f"it cannot be kept: {failure}", code="HR401"))
            return
        self._number = number
        now_s = time.monotonic()
        written = self._unseen[number] = _Written(body, results, now_s, now_s)
        sending = asyncio.get_running_loop().create_task(self._send(number, written))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    @property
    def _room(self) -> int:
        return self._connection.most_bytes - _HEADER_BYTES

    async def _send(self, number: int, written: _Written) -> None:
        """Send a batch; should that fail, it is sent again by `run`."""
        written.last_s = time.monotonic()
        client, reply, room = self._connection.client, f"{self._inbox}.{number}", self._room
        try:
            if len(written.body) <= room:
                await client.publish(self._subject, written.body, reply=reply)
                return
            parts = [written.body[at : at + room] for at in range(0, len(written.body), room)]
            for index, part in enumerate(parts):
                headers = {PART: f"{self._author} {number} {index} {len(parts)}"}
                await client.publish(self._subject, part, reply=reply, headers=headers)
                await client.flush()
        except ERRORS as error:
            written.refusal = str(error)

    async def _answered(self, message: Msg) -> None:
        """What the server says of a batch; that it was kept is seen in the journal."""
        number = int(message.subject.rpartition(".")[2])
        written = self._unseen.get(number)
        if written is None:
            return
        if message.headers is not None and message.headers.get("Status") == "503":
            written.refusal = "nobody answers for the stream"
            return
        answer = msgspec.json.decode(message.data, type=_Answer)
        if answer.error is not None:
            self._refused(written, answer.error.description)

    def _refused(self, written: _Written, refusal: str) -> None:
        """It is tried again; people are told why it takes so long, once."""
        if not any(each.refusal for each in self._unseen.values()):
            shown = self._connection.place.shown
            _log.warning(
                "JetStream at %s takes nothing: %s%s; it is tried again for %g s",
                *(shown, refusal, cure_of(refusal), self._patience_s),
            )
        written.refusal = refusal

    def _failure(self, written: _Written) -> str:
        shown = self._connection.place.shown
        why = f": {written.refusal}{cure_of(written.refusal)}" if written.refusal else " and does not answer"
        return f"JetStream at {shown} has taken nothing for {self._patience_s:g} s{why}"


class _Refusal(msgspec.Struct):
    description: str = ""


class _Answer(msgspec.Struct):
    error: _Refusal | None = None
