"""What has happened since one looked last, and how things are now."""

from collections.abc import Mapping

import msgspec

from headrace.cli.runs.watch.source import Kept, Source
from headrace.cli.runs.watch.target import Target
from headrace.cli.watch import Ended, Event, Raised, Resumed, Said, Started
from headrace.monitor.meter import Snapshot
from headrace.store import ErrorRecord, RunRecord, RunStatus
from headrace.store.records import MAX_ERRORS

__all__ = ["Board", "Follower", "Seen"]

_MARGIN_NS = 10 * 10**9
"""Runs may come to be known in another order than that of their beginnings."""
_LATEST_ERRORS = 5
_MOST = 20
"""Flows whose counts are asked for, and runs of which more is asked than that they are active."""


class Board(msgspec.Struct, frozen=True):
    """How things are.

    Attributes:
        runs: those that are active, the oldest first; or the one that is watched, also when it has ended.
        counts: by flow, where they are known.
        kept: by run, where its flow's counts are not known.
        errors: the latest, the newest last.
    """

    runs: tuple[RunRecord, ...] = ()
    counts: Mapping[str, Snapshot] = msgspec.field(default_factory=dict)
    kept: Mapping[str, Kept] = msgspec.field(default_factory=dict)
    errors: tuple[ErrorRecord, ...] = ()


class Seen(msgspec.Struct, frozen=True):
    """What one look gave: what has happened since the last one, and how things are now."""

    events: list[Event]
    board: Board


class Follower:
    """Looks at a target again and again, and tells what is new; of what was before, what still goes on.

    Each step first asks, and then notes what it was told, so that nothing is lost or told twice where an
    answer does not come.

    Attributes:
        source: where it looks; may be replaced.
        ended: the run that is the target, once it has ended.
        is_gone: the run that is the target is not there any more.
    """

    def __init__(self, source: Source, target: Target) -> None:
        self.source = source
        self.ended: RunRecord | None = None
        self.is_gone = False
        self._target = target
        self._active: dict[str, RunRecord] = {}
        self._known: set[str] = set()  # of the runs that began after the horizon
        self._horizon_ns: int | None = None
        self._newest_ns = 0
        self._told_errors: dict[str, int] = {}  # of the runs that are active or known
        self._events: list[Event] = []
        self._errors: list[ErrorRecord] = []
        self._counts: dict[str, Snapshot] = {}

    async def look(self) -> Seen:
        """Look once.

        Raises:
            SourceLost: there is no answer. What has happened is told by the next look.
            StoreError: the store failed.
        """
        passed = await self._passed() if self._target.run is None else []
        listed = await self.source.active(self._target.flow)
        active = {run.id: run for run in reversed(listed) if self._target.run in (None, run.id)}
        gone = [id_ for id_ in self._active if id_ not in active]
        for run_id in passed:
            if run_id not in active and run_id not in self._active:
                await self._end(run_id, is_new=True)
        for run in active.values():
            await self._go_on(run)
        for run_id in gone:
            await self._end(run_id)
        if self._target.run is not None and not self._active and not (self.ended or self.is_gone):
            await self._end(self._target.run)
        board = await self._board()
        if self._horizon_ns is not None:
            self._horizon_ns = max(self._horizon_ns, self._newest_ns - _MARGIN_NS)
        for run_id in self._told_errors.keys() - self._active.keys() - self._known:
            del self._told_errors[run_id]
        events, self._events = self._events, []
        return Seen(events, board)

    async def _passed(self) -> list[str]:
        """Runs that have ended and were never seen, the oldest first; none of those before the first look."""
        flow, horizon_ns = self._target.flow, self._horizon_ns
        if horizon_ns is None:
            latest = await self.source.latest(flow)
            horizon_ns = 0 if latest is None else max(latest.started_at_ns - _MARGIN_NS, 0)
        recent = await self.source.since(flow, horizon_ns)
        ended = [run.id for run in reversed(recent) if run.status is not RunStatus.RUNNING]
        if self._horizon_ns is None:
            self._known = {run.id for run in recent}
        self._known &= {run.id for run in recent}
        self._newest_ns = max((run.started_at_ns for run in recent), default=0)
        self._horizon_ns = horizon_ns
        return [run_id for run_id in ended if run_id not in self._known]

    async def _go_on(self, run: RunRecord) -> None:
        """Tell of an active run: that it began, and its errors."""
        before = self._active.get(run.id)
        earlier = (0, 0) if before is None else (before.error_count, before.retries)
        has_new = (run.error_count, run.retries) != earlier
        is_full = self._told_errors.get(run.id, 0) >= MAX_ERRORS
        whole = await self.source.run(run.id) if has_new and not is_full else None
        self._active[run.id] = run
        if before is None:
            is_new = self._horizon_ns is not None and run.started_at_ns > self._horizon_ns
            is_new = is_new and run.id not in self._known
            self._events.append(Started(run) if is_new else Resumed(run, run.tasks_done))
            self._known.add(run.id)
            if whole is not None and not is_new:
                self._skip_errors(whole)
        if whole is not None:
            self._raise_errors(whole)

    def _skip_errors(self, run: RunRecord) -> None:
        """Of the errors from before one looked, the latest are enough."""
        self._told_errors.setdefault(run.id, max(len(run.errors) - _LATEST_ERRORS, 0))

    def _raise_errors(self, run: RunRecord) -> None:
        """Tell of the errors of a run that were not told."""
        new = run.errors[self._told_errors.get(run.id, 0) :]
        self._told_errors[run.id] = len(run.errors)
        self._errors = [*self._errors, *new][-_LATEST_ERRORS:]
        self._events += [Raised(run.id, error) for error in new]

    async def _end(self, run_id: str, *, is_new: bool = False) -> None:
        """Tell of a run that is not active any more."""
        run = await self.source.run(run_id)
        if run is not None and run.status is RunStatus.RUNNING:  # it was tried again right now
            return
        seen = self._active.pop(run_id, None)
        self._known.add(run_id)
        if run is None:
            self.is_gone = run_id == self._target.run
            self._told_errors.pop(run_id, None)
            self._events.append(Said(f"run {run_id} is not there any more"))
            return
        if is_new:
            self._events.append(Started(run))
        elif seen is None:
            self._skip_errors(run)
        self._raise_errors(run)
        if run_id == self._target.run:
            self.ended = run
        snapshot = self._counts.get(run.flow)
        is_alone = all(other.flow != run.flow for other in self._active.values())
        self._events.append(Ended(run, snapshot.pages if snapshot is not None and is_alone else 0))

    async def _board(self) -> Board:
        runs = tuple(self._active.values()) if self.ended is None else (self.ended,)
        counts, kept = {}, {}
        for flow in list(dict.fromkeys(run.flow for run in runs))[:_MOST]:
            if (snapshot := await self.source.counts(flow)) is not None:
                counts[flow] = snapshot
        for run in [run for run in runs if run.flow not in counts and run.ended_at_ns is None][:_MOST]:
            if (facts := await self.source.kept(run)) is not None:
                kept[run.id] = facts
        self._counts = counts
        return Board(runs, counts, kept, tuple(self._errors))
