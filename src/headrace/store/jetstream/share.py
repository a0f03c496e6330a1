"""How this process takes part in executing flows with others. See `store.sharing.Sharing`."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence, Set
from itertools import islice

from headrace.errors import StoreError
from headrace.store.jetstream.journal import FlowJournal
from headrace.store.jetstream.presence import GONE_AFTER_S
from headrace.store.jetstream.sayings import Sayings
from headrace.store.journal import event as events
from headrace.store.journal.change import Applied
from headrace.store.journal.replica import Replica
from headrace.store.records import Attempt, RunRecord, TaskRecord
from headrace.store.sharing import Glance, SharedChange

__all__ = ["Share"]

_OF_NOBODY = (events.Left, events.Lost)
"""What these change is told to everybody: nobody waits for their result."""
_OF_TRIGGERS = (events.Followed, events.Switched, *_OF_NOBODY)
_LATEST = 50
"""Of the runs that have ended, in a glance."""


class Share:
    """Claims tasks for this process, and tells what others decide.

    Attributes:
        has_room: see `Sharing`.
    """

    def __init__(
        self,
        author: str,
        journal_of: Callable[[str], FlowJournal | None],
        journals: Callable[[], Iterable[FlowJournal]],
        sayings: Sayings,
        followed: Mapping[str, FlowJournal],
        read: Callable[[str], Awaitable[FlowJournal]],
        latest_version: Callable[[str], Awaitable[str | None]],
    ) -> None:
        """Set up.

        Args:
            author: this process.
            journal_of: the journal that a run is in, by the run's id; None if there is none.
            journals: those of the flows that this process executes.
            sayings: what processes say to each other.
            followed: the journals that this process reads, whoever executes their flows.
            read: reads one from now on.
            latest_version: of a flow, the version that was executed last.
        """
        self.me = self._author = author
        self._journal_of = journal_of
        self._journals = journals
        self.say = sayings.say
        self.sayings = sayings.__call__
        self.has_room: Callable[[], bool] = lambda: True
        self._followed = followed
        self._read = read
        self._latest_version = latest_version
        self._latest: dict[str, tuple[int, str | None]] = {}  # with the place in the journal at that time
        self._changes: asyncio.Queue[SharedChange] = asyncio.Queue()

    async def claim(self, task: TaskRecord, concurrency: int) -> Attempt | None:
        """See `Sharing`."""
        journal = self._journal_of(task.run_id)
        if journal is None:
            return None
        replica = journal.replica
        state = replica.ledger.runs.get(task.run_id)
        if state is not None and replica.claims.holder.get(task.id) == self._author:
            return state.open[task.id][1]
        attempt: Attempt | None = await journal.write(events.Claimed(task.run_id, task.id, concurrency))
        return attempt

    def may_begin(self, task: TaskRecord) -> bool:
        """See `Sharing`."""
        replica = self._replica_of(task.run_id)
        state = None if replica is None else replica.ledger.runs.get(task.run_id)
        if replica is None or state is None or task.id not in state.open:
            return False
        return replica.claims.decides(self._author, task.id)

    def share_of(self, run: RunRecord, concurrency: int) -> int:
        """See `Sharing`."""
        replica = self._replica_of(run.id)
        if replica is None:
            return concurrency
        claims = replica.claims
        elsewhere = claims.executing.get(run.id, 0) - len(self.held(run.id))
        fair = math.ceil(concurrency / max(len(claims.members), 1))
        return min(fair, concurrency - elsewhere)

    def place_in(self, run: RunRecord) -> tuple[int, int]:
        """See `Sharing`; in the order in which they came, which is the same for all."""
        replica = self._replica_of(run.id)
        members = [] if replica is None else list(replica.claims.members)
        if self._author not in members:
            return len(members), len(members) + 1
        return members.index(self._author), len(members)

    def held(self, run_id: str) -> frozenset[str]:
        """See `Sharing`."""
        replica = self._replica_of(run_id)
        own = {} if replica is None else replica.claims.held.get(self._author, {})
        return frozenset(task_id for task_id, run in own.items() if run == run_id)

    async def changes(self) -> AsyncIterator[SharedChange]:
        """See `Sharing`."""
        while True:
            yield await self._changes.get()

    async def follow(self, flow: str, version: str, changed_ns: int) -> None:
        """See `Sharing`."""
        journal = self._followed.get(flow)
        if journal is None:
            return
        event = events.Followed(version, changed_ns)
        if version:
            await journal.write(event)
            return
        with contextlib.suppress(TimeoutError, StoreError):  # what cannot be told now others see soon
            async with asyncio.timeout(GONE_AFTER_S):
                await journal.write(event)

    def fires(self, flow: str, version: str) -> bool:
        """See `Sharing`."""
        journal = self._followed.get(flow)
        return journal is None or journal.replica.claims.version in (None, version)

    async def glance(self, flow: str) -> Glance:
        """See `Sharing`."""
        replica = (await self._read(flow)).replica
        version = replica.claims.version or await self._version(flow, replica.sequence)
        latest = islice(reversed(replica.past.values()), _LATEST)
        return Glance(
            version=version,
            members=frozenset(replica.claims.members),
            active={id_: len(state.record.errors) for id_, state in replica.ledger.runs.items()},
            ended={run.id: run.ended_at_ns for run in latest},
            letters=len(replica.letters),
            switches=dict(replica.switches),
        )

    async def _version(self, flow: str, sequence: int) -> str | None:
        """The version that was executed last; looked up again once the journal has grown."""
        known = self._latest.get(flow)
        if known is None or known[0] != sequence:
            known = self._latest[flow] = sequence, await self._latest_version(flow)
        return known[1]

    def members(self, *others: str) -> Set[str]:
        """See `Sharing`."""
        followed = (self._followed.get(flow) for flow in others)
        journals = (*self._journals(), *filter(None, followed))
        return {self.me}.union(*(journal.replica.claims.members for journal in journals))

    def tell(self, flow: str, applied: Sequence[Applied]) -> None:
        """Note what of a flow's journal others have written.

        Raises:
            StoreError: this process was taken for dead.
        """
        for each in applied:
            if isinstance(each.event, events.Lost) and each.event.member == self._author:
                raise StoreError(
                    "NATS was not reached for so long that others have taken over what this process did; "
                    "start it again",
                    code="HR409",
                )
            if each.author == self._author and not isinstance(each.event, _OF_NOBODY):
                continue
            for change in each.changes:
                self._changes.put_nowait(SharedChange(flow, change))
            if isinstance(each.event, _OF_TRIGGERS):
                self._changes.put_nowait(SharedChange(flow))

    def _replica_of(self, run_id: str) -> Replica | None:
        journal = self._journal_of(run_id)
        return None if journal is None else journal.replica
