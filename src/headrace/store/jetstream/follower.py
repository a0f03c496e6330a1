"""Reads a stream from some place on, in order and without gaps, whatever happens to connections and servers.

The client's own ordered consumer does not come back when heartbeats stay away (nats.py issue 510).
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from headrace.errors import StoreError
from headrace.store.jetstream.connection import Connection, heed
from headrace.store.jetstream.failure import ERRORS

__all__ = ["Behind", "Follower", "Handle", "SetBack"]

_HEARTBEAT_S = 1.0
_SILENT_S = 3.0
"""Without a message or heartbeat for so long, the consumer is gone."""
_LOOK_S = 0.5
_PAUSE_S = 0.25
_KNOWN = 1000
"""Messages whose times are remembered: by them the stream is known again after the line was cut."""

Handle = Callable[[Msg, int, int], None]
"""Takes a message, its place in the stream, and its time there in Unix nanoseconds."""


class Behind(StoreError):
    """What was to be read next is not in the stream any more."""


class SetBack(StoreError):
    """The stream has lost messages that were read, and goes on with others."""


class Follower:
    """Follows one stream.

    Attributes:
        sequence: of the last message that was handled.
    """

    def __init__(self, connection: Connection, stream: str, handle: Handle, after: int) -> None:
        """Set up.

        Args:
            after: the place in the stream after which reading begins.
        """
        self.sequence = after
        self._connection = connection
        self._stream = stream
        self._handle = handle
        self._times_ns: deque[int] = deque(maxlen=_KNOWN)
        self._subscription: Subscription | None = None
        self._delivered = 0
        self._heard_s = 0.0
        self._broken = asyncio.Event()
        self._failure: BaseException | None = None
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    async def run(self) -> None:
        """Read until cancelled.

        Raises:
            Behind: some of it is gone.
            SetBack: it is not the stream any more that was read so far.
            Exception: what `handle` raised.
        """
        try:
            while True:
                heed()
                try:
                    await self._subscribe()
                except ERRORS:
                    await asyncio.sleep(_PAUSE_S)
                    continue
                await self._watch()
        finally:
            await self._unsubscribe()

    async def _watch(self) -> None:
        """Return when nothing is heard any more, or something was lost on the way."""
        while time.monotonic() - self._heard_s < _SILENT_S:
            heed()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):  # `wait_for` may swallow a cancellation
                    await self._broken.wait()
            if self._failure is not None:
                raise self._failure
            if self._broken.is_set():
                return

    async def reached(self, sequence: int) -> None:
        """Wait until a place has been read."""
        if self.sequence < sequence:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((sequence, future))
            await future

    async def _subscribe(self) -> None:
        """Read on from what was read last, if there is that, to see whether the stream still has it."""
        await self._unsubscribe()
        client = self._connection.client
        inbox = client.new_inbox()
        self._delivered, self._heard_s = 0, time.monotonic()
        self._broken.clear()
        self._subscription = await client.subscribe(inbox, cb=self._take)
        await self._connection.jetstream.add_consumer(
            self._stream,
            ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.sequence + (not self._times_ns),
                deliver_subject=inbox,
                ack_policy=AckPolicy.NONE,
                max_deliver=1,
                mem_storage=True,
                num_replicas=1,
                flow_control=True,
                idle_heartbeat=_HEARTBEAT_S,
                inactive_threshold=30.0,
            ),
        )

    async def _unsubscribe(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(*ERRORS):  # else it went with its connection
                await subscription.unsubscribe()

    async def _take(self, message: Msg) -> None:
        """A message, or a sign of life."""
        self._heard_s = time.monotonic()
        if message.headers is not None and message.headers.get("Status") == "100":
            await self._answer(message)
            return
        sequence, delivered, at_ns = _place_of(message.reply)
        if self._broken.is_set():
            return
        if delivered != self._delivered + 1:  # something was lost on the way: begin anew
            self._broken.set()
            return
        self._delivered = delivered
        if sequence != self.sequence + 1:
            self._look_at(sequence, at_ns)
            return
        try:
            self._handle(message, sequence, at_ns)
        except BaseException as error:  # noqa: BLE001 - the client would swallow it; `run` raises it
            self._fail(error)
            return
        self.sequence = sequence
        self._times_ns.append(at_ns)
        if self._waiting:
            self._tell()

    def _look_at(self, sequence: int, at_ns: int) -> None:
        """A message that is not the next one: read before, if all is well."""
        before = self.sequence - sequence
        if before < 0:
            self._fail(
                Behind(
                    "this process has read nothing for so long that NATS has no more of what is next; "
                    "start it again",
                    code="HR409",
                )
            )
        elif before >= len(self._times_ns) or self._times_ns[-1 - before] != at_ns:
            self._fail(
                SetBack(
                    "NATS has lost what this process had read already, as a power failure or an old backup "
                    "has it; start it again",
                    code="HR409",
                )
            )

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._broken.set()

    def _tell(self) -> None:
        """Whoever waits for what has been read goes on."""
        for at, future in self._waiting:
            if at <= self.sequence and not future.done():
                future.set_result(None)
        self._waiting = [(at, future) for at, future in self._waiting if not future.done()]

    async def _answer(self, message: Msg) -> None:
        """Tell the server that we follow: it waits for that when much is on the way."""
        reply = message.reply or (message.headers or {}).get("Nats-Consumer-Stalled")
        if reply:
            with contextlib.suppress(*ERRORS):  # else the connection is gone, and with it who waits
                await self._connection.client.publish(reply)


def _place_of(reply: str) -> tuple[int, int, int]:
    """Of a delivery's reply subject: place in the stream, number of the delivery, time (NATS ADR-15).

    `$JS.ACK.<stream>.<consumer>.<times>.<place>.<number>.<time>.<pending>`; newer servers put a domain and an
    account after `ACK`, and may put more at the end.
    """
    tokens = reply.split(".")
    first = 5 if len(tokens) == 9 else 7
    return int(tokens[first]), int(tokens[first + 1]), int(tokens[first + 2])
