"""Snapshots of journals, and the history beside them: both let go of what a journal holds.

All that a replica knows of ended runs and of dead letters is written into the history, then the replica as a
snapshot; then the journal may begin there. Each step may be repeated, by any process, at any time.
"""

import msgspec

from headrace.errors import StoreError
from headrace.store.jetstream.connection import Connection
from headrace.store.jetstream.failure import ERRORS, failure_of
from headrace.store.jetstream.history import History
from headrace.store.jetstream.values import Values
from headrace.store.journal.replica import Replica
from headrace.store.journal.snapshot import decode_snapshot, encode_snapshot

__all__ = ["Snapshots"]


class _Head(msgspec.Struct):
    """What begins a kept snapshot, so that the newer of two is known: its place in the journal."""

    sequence: int


class Snapshots:
    """The latest snapshot of each flow."""

    def __init__(self, connection: Connection, values: Values, history: History) -> None:
        self._connection = connection
        self._values = values
        self._history = history

    async def latest(self, flow: str) -> Replica | None:
        """The newest replica that was kept; None if none was.

        Raises:
            StoreError: NATS is away, or it cannot be read.
        """
        value = await self._connection.patiently(lambda: self._values.get(flow))
        if value is None:
            return None
        try:
            return decode_snapshot(value.partition(b"\n")[2])
        except (ValueError, msgspec.MsgspecError) as error:
            raise StoreError(
                f"the snapshot of flow `{flow}` cannot be read: {error}", code="HR404"
            ) from error

    async def take(self, replica: Replica) -> bool:
        """Keep a replica as it is now; false if there is a newer one.

        Raises:
            StoreError: NATS is away.
        """
        flow, sequence = replica.flow, replica.sequence
        body = encode_snapshot(replica)
        ended = list(replica.ended.values())
        letters = [(task_id, kept) for task_id, kept in replica.letters.items() if kept.letter is not None]
        try:
            for run in ended:
                await self._history.keep_run(run)
            for task_id, kept in letters:
                await self._history.keep_letter(task_id, kept)
            head = msgspec.json.encode(_Head(sequence))
            return await self._values.put_over(
                flow, head + b"\n" + body, lambda old: _head(old).sequence < sequence
            )
        except ERRORS as error:
            raise failure_of(error, self._connection.place) from error


def _head(value: bytes) -> _Head:
    return msgspec.json.decode(value.partition(b"\n")[0], type=_Head)
