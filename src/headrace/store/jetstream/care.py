"""Looks after the journals of flows that are executed: buries dead members, and makes long journals short."""

import asyncio
from collections.abc import Callable, Sequence

from headrace.errors import StoreError
from headrace.store.jetstream.connection import Connection, heed
from headrace.store.jetstream.journal import FlowJournal
from headrace.store.jetstream.presence import Presence, here
from headrace.store.jetstream.snapshots import Snapshots
from headrace.store.journal.event import Compacted, Lost

__all__ = ["Care"]

_PERIOD_S = 1.0


class Care:
    """Does so for one process; all that execute a flow do, and it is done once."""

    def __init__(
        self,
        author: str,
        connection: Connection,
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
        self._connection = connection
        self._presence = presence
        self._snapshots = snapshots
        self._journals = journals

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
        """Take a snapshot of a journal that has become long; then it begins at the one before.

        With what lies between the two, a process that reads slowly goes on, and so does a store of which
        the last snapshot is lost.
        """
        if not journal.is_long:
            return
        before, sequence = journal.replica.compacted, journal.replica.sequence
        try:
            if await self._snapshots.take(journal.replica):
                await journal.write(Compacted(sequence))
                if before:
                    await self._connection.begin_after(journal.flow, before)
        except StoreError:
            return  # NATS is away: another time
