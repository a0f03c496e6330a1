"""A flow's journal in JetStream, with the replica that this process has of it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from nats.aio.msg import Msg

from headrace.errors import InternalError, StoreError
from headrace.store.jetstream.connection import Connection
from headrace.store.jetstream.follower import Follower
from headrace.store.jetstream.snapshots import Snapshots
from headrace.store.jetstream.writer import PART, Writer
from headrace.store.journal.change import Applied
from headrace.store.journal.event import Batch, Compacted, Event, decode_batch
from headrace.store.journal.replica import Replica
from headrace.store.records import Outcome

__all__ = ["FlowJournal"]

_log = logging.getLogger(__name__)

_LONG = 5_000
_LONG_BYTES = 64 * 2**20
_STALE_PARTS_NS = 600 * 10**9
"""Nobody goes on with a batch of which so long nothing came: its author gave up long before."""


class _Parts(msgspec.Struct):
    """A batch of which some parts were read."""

    parts: dict[int, bytes]
    last_ns: int


class FlowJournal:
    """Follows a flow's journal, and writes into it.

    Attributes:
        replica: what the journal comes to, as far as it was read.
        read_count, read_bytes: messages since the last snapshot, and their bytes.
    """

    def __init__(
        self,
        connection: Connection,
        snapshots: Snapshots,
        flow: str,
        author: str,
        patience_s: float,
        on_applied: Callable[["FlowJournal", Sequence[Applied]], None],
    ) -> None:
        """Set up.

        Args:
            author: of what is written; random, of this process.
            on_applied: told what each message came to, in order.
        """
        self.flow = flow
        self.replica = Replica(flow)
        self.read_bytes = self.read_count = 0
        self._connection = connection
        self._snapshots = snapshots
        self._author = author
        self._on_applied = on_applied
        self._writer = Writer(connection, connection.subject(flow), author, patience_s)
        self._outcomes: dict[str, Outcome] = {}
        self._parts: dict[tuple[str, int], _Parts] = {}
        self._running: asyncio.Task[None] | None = None
        self._follower: Follower | None = None

    async def open(self) -> None:
        """Read the journal up to what is there now, and go on reading.

        Raises:
            StoreError: NATS is away.
        """
        stream = await self._connection.stream(self.flow)
        found = await self._snapshots.latest(self.flow)
        if found is not None:
            self.replica = found
        await self._match(self.replica.sequence)
        self._follower = Follower(self._connection, stream, self._take, self.replica.sequence)
        self._running = asyncio.create_task(self._run(self._follower))
        await self.catch_up()

    async def _match(self, sequence: int) -> None:
        """See that the journal goes on where the snapshot ends.

        A power failure, or a backup that was taken while something was written, may have more of the one than
        of the other.

        Raises:
            StoreError: what lies between them is gone, or NATS is away.
        """
        first, last = await self._connection.extent(self.flow)
        if last < sequence:  # the snapshot has all that there was, and more
            _log.warning("NATS has lost the end of the journal of flow %s; its snapshot has it", self.flow)
            await self._connection.begin_after(self.flow, sequence)
        elif first > sequence + 1:
            raise StoreError(
                f"NATS has lost a part of the journal of flow `{self.flow}`, from {sequence + 1} up to "
                f"{first - 1}: restore a backup that has it, or begin a store of another name",
                code="HR404",
            )

    @property
    def running(self) -> "asyncio.Task[None]":
        """Ends with a StoreError if the journal cannot be read or written any more."""
        if self._running is None:
            raise InternalError("the journal is not open")
        return self._running

    @property
    def _reading(self) -> Follower:
        if self._follower is None:
            raise InternalError("the journal is not open")
        return self._follower

    async def catch_up(self) -> None:
        """Read up to what is in the journal now.

        Raises:
            StoreError: NATS is away, or the journal is broken.
        """
        _, last = await self._connection.extent(self.flow)
        reading = asyncio.ensure_future(self._reading.reached(last))
        await asyncio.wait((reading, self.running), return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            reading.cancel()
            await self.running
        await reading

    def write(self, event: Event, outcome: tuple[str, Outcome] | None = None) -> "asyncio.Future[Any]":
        """Write an event; gives what came of it.

        Args:
            outcome: of the task that the event ends, by its id.
        """
        if outcome is not None:
            self._outcomes[outcome[0]] = outcome[1]
        if self.running.done():
            failure = None if self.running.cancelled() else self.running.exception()
            raise failure or StoreError(f"the journal of flow `{self.flow}` is closed")
        return self._writer.write(event)

    @property
    def is_long(self) -> bool:
        """Whether much was read since the last snapshot, and none of it in part.

        The member that has been there longest is to take the next one; should it not, the second, and so on.
        """
        members = list(self.replica.claims.members)
        if self._parts or self._author not in members:
            return False
        patience = 1 + members.index(self._author)
        return self.read_count > patience * _LONG or self.read_bytes > patience * _LONG_BYTES

    async def close(self) -> None:
        """Follow it no more."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run(self, follower: Follower) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(follower.run())
                group.create_task(self._writer.run())
        except BaseExceptionGroup as errors:
            failure = errors.exceptions[0]
            self._writer.fail(failure)
            raise failure from None
        finally:
            self._writer.fail(StoreError(f"the journal of flow `{self.flow}` was closed"))

    def _take(self, message: Msg, sequence: int, at_ns: int) -> None:
        self.read_bytes += len(message.data)
        self.read_count += 1
        body = self._whole(message, at_ns)
        if body is None:
            self.replica.sequence = sequence
            return
        batch = self._read(body)
        is_ours = batch.author == self._author
        outcomes = self._outcomes if is_ours else None
        applied = self.replica.apply(batch, sequence, at_ns, outcomes)
        if not applied:
            return
        if any(isinstance(each, Compacted) for each in batch.events):
            self.read_count = self.read_bytes = 0
        self._on_applied(self, applied)
        if is_ours:
            for each in batch.events:
                self._outcomes.pop(getattr(each, "task_id", ""), None)
            self._writer.seen(batch.number, applied)

    def _read(self, body: bytes) -> Batch:
        try:
            return decode_batch(body)
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"the journal of flow `{self.flow}` was written by a newer headrace, or by something else; "
                "upgrade headrace here",
                code="HR404",
            ) from error

    def _whole(self, message: Msg, at_ns: int) -> bytes | None:
        """A batch, once all its parts have been read."""
        part = None if message.headers is None else message.headers.get(PART)
        if part is None:
            return message.data
        author, number, index, count = part.split(" ")
        key = author, int(number)
        for stale in [key for key, found in self._parts.items() if found.last_ns < at_ns - _STALE_PARTS_NS]:
            del self._parts[stale]
        found = self._parts.setdefault(key, _Parts({}, at_ns))
        found.parts[int(index)], found.last_ns = message.data, at_ns
        if len(found.parts) < int(count):
            return None
        del self._parts[key]
        return b"".join(found.parts[at] for at in range(int(count)))
