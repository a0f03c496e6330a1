"""Looks after the journals of flows that are executed: buries dead members, and makes long journals short."""

import asyncio
import time
from collections.abc import Callable, Sequence

from headrace.errors import StoreError
from headrace.store.jetstream.connection import heed
from headrace.store.jetstream.journal import FlowJournal
from headrace.store.jetstream.presence import Presence, here
from headrace.store.jetstream.snapshots import Snapshots
from headrace.store.journal.event import Compacted, Lost

__all__ = ["Care"]

_PERIOD_S = 1.0
_LAGGARD_S = 30.0
"""Who has not read for so long what a snapshot has fails, and begins anew from the snapshot."""


class Care:
    """Does so for one process; all that execute a flow do, and it is done once."""

    def __init__(
        self,
        author: str,
        presence: Presence,
        snapshots: Snapshots,
        journals: Callable[[], Sequence[FlowJournal]],
    ) -> None:
        """Set up.

        Args:
            author: this process.
            journals: those of the flows that it executes.
        """
        self._author = author
        self._presence = presence
        self._snapshots = snapshots
        self._journals = journals
        self._shortened: dict[str, tuple[int, float]] = {}

    async def run(self) -> None:
        """Look after them until cancelled.

        Raises:
            StoreError: a journal cannot be written any more.
        """
        while True:
            heed()
            await asyncio.sleep(_PERIOD_S)
            for journal in self._journals():
                await self.bury_dead(journal, surely=True)
                await self._shorten(journal)

    async def bury_dead(self, journal: FlowJournal, *, surely: bool) -> None:
        """Have the tasks of members that show no life done by others.

        Args:
            journal: of a flow.
            surely: else of those alone of which this machine itself knows that they are dead.

        Raises:
            StoreError: the journal cannot be written any more.
        """
        for author, member in list(journal.replica.claims.members.items()):
            is_known = member.host == here() or (surely and self._presence.is_steady)
            if author == self._author or not is_known:
                continue
            try:
                is_dead = not await self._presence.shows_life(author, member)
            except StoreError:
                return  # NATS is away: another time
            if is_dead:
                await journal.write(Lost(author))

    async def _shorten(self, journal: FlowJournal) -> None:
        """Take a snapshot of a journal that has become long; it begins there once all have read so far."""
        flow, now_s = journal.flow, time.monotonic()
        try:
            if journal.is_long:
                sequence = journal.replica.sequence
                if await self._snapshots.take(journal.replica):
                    await journal.write(Compacted(sequence))
                    self._shortened[flow] = sequence, now_s + _LAGGARD_S
            sequence, due_s = self._shortened.get(flow, (0, now_s))
            if now_s > due_s:
                del self._shortened[flow]
                await self._snapshots.shorten(flow, sequence)
        except StoreError:
            return  # NATS is away: another time
