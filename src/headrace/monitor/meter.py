"""Counts of a flow as they are now: per node, and of the whole; rates and the time that is left."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from itertools import chain

import msgspec

from headrace.engine import NodeStats, Program
from headrace.engine.observer import RunStats
from headrace.flow.model import Flow
from headrace.monitor.tally import Tally, tally_of
from headrace.sdk.budget import BudgetState

__all__ = ["Meter", "NodeRow", "Part", "Snapshot", "meter_of"]

_WINDOW_S = 5.0
"""Rates are of the last seconds: short enough to follow a change, long enough not to flicker."""
_MOST_SINCE = 50


class NodeRow(msgspec.Struct, frozen=True):
    """One node: messages received, being worked on, failed; received a second; items if it tracks any."""

    name: str
    received: int
    active: int
    failed: int
    rate: float
    items_done: int
    items_total: int


class Snapshot(msgspec.Struct, frozen=True):
    """All counts at one time.

    Attributes:
        elapsed_s: since the run began (of several at once: the first).
        done: records done.
        total: records in all, as the source says, or as far as they are known; 0 if nothing is known.
        pages: answers of the source.
        batches: steps in which the records were done.
        rate: records a second.
        left_s: the time that is left at this rate; None if it cannot be told.
        budgets: how the APIs are asked that are being asked.
        edges: of each edge, by its index, how many messages crossed it, and how many a second.
    """

    elapsed_s: float
    rows: tuple[NodeRow, ...]
    done: int
    total: int
    pages: int
    batches: int
    rate: float
    left_s: float | None
    budgets: tuple[BudgetState, ...] = ()
    edges: dict[int, tuple[int, float]] = msgspec.field(default_factory=dict)


class _Sample(msgspec.Struct, frozen=True):
    at_s: float
    tally: Tally


class Part(msgspec.Struct, array_like=True):
    """What another process has counted since the runs began that a meter is about.

    Attributes:
        runs: what it knows of each, if its source is read there.
    """

    tally: Tally
    runs: dict[str, RunStats]


class Meter:
    """Reads the counts of a flow, which go on from its start, as those of the current run.

    Attributes:
        flow: whose counts they are.
        since: the runs that have begun since counts started from zero, the first and the last of them;
            another list whenever they start anew.
    """

    def __init__(
        self,
        flow: Flow,
        tally: Callable[[], Tally],
        stats_of: Callable[[str], RunStats | None],
        budgets: Callable[[], Sequence[BudgetState]] = tuple,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with all counts as they are.

        Args:
            flow: whose nodes they are.
            tally: what this process has counted of it.
            stats_of: what is known of an active run.
            budgets: how APIs are asked now.
            now_s: seconds on a clock that only goes forward.
        """
        self._senders: dict[str, set[str]] = {}
        self._receivers: dict[str, set[str]] = {}
        for edge in flow.edges:
            self._senders.setdefault(edge.target.node, set()).add(edge.source.node)
            self._receivers.setdefault(edge.source.node, set()).add(edge.target.node)
        self._above: tuple[frozenset[str], set[str]] = frozenset(), set()
        self.flow = flow
        self._tally = tally
        self._stats_of = stats_of
        self._budgets = budgets
        self._now_s = now_s
        self._runs: dict[str, RunStats] = {}
        self._latest = "", RunStats()
        self._rebase()

    def _rebase(self) -> None:
        self._done = 0
        self._base = self._tally()
        self._parts: dict[str, Part] = {}
        self.since: list[str] = []
        self._started_s = self._now_s()
        self._ended_s: float | None = None
        self._samples: deque[_Sample] = deque()

    def begin(self, run_id: str, *, is_alone: bool, age_s: float = 0.0) -> None:
        """A run has begun, so long ago; if no other is active, counts start from zero."""
        if is_alone:
            self._rebase()
            self._started_s -= age_s
        self._ended_s = None
        stats = self._stats_of(run_id)
        if stats is not None:
            self._runs[run_id] = stats
            self._latest = run_id, stats
        self.since.append(run_id)
        if len(self.since) > _MOST_SINCE:
            del self.since[1]

    def end(self, run_id: str, age_s: float = 0.0) -> int:
        """A run has ended, so long ago; returns how many pages its source gave, 0 if it has none."""
        stats = self._runs.pop(run_id, RunStats())
        if not self._runs:
            self._ended_s = max(self._now_s() - age_s, self._started_s)
        return stats.pages

    def hear(self, member: str, part: Part) -> None:
        """Another process has counted this, all in all."""
        if member not in self._parts:
            self._samples.clear()  # what it has counted so far was not counted just now
        self._parts[member] = part

    def keep_to(self, members: Set[str]) -> None:
        """Processes that are gone work on nothing; what they have counted stays."""
        for member in self._parts.keys() - members:
            for stats in self._parts[member].tally.nodes.values():
                stats.active = 0

    def read(self) -> Snapshot:
        """The counts now."""
        now_s = self._now_s() if self._ended_s is None else self._ended_s
        tally = self._tally().since(self._base)
        for part in self._parts.values():
            tally.add(part.tally)
        runs, latest = [self._known(*run) for run in self._runs.items()], self._known(*self._latest)
        sources = frozenset(name for stats in runs for name in stats.sources) or frozenset(latest.sources)
        counting = self._counting(tally.nodes, sources)
        source = tally.nodes.get(counting, NodeStats())
        expected = sum(stats.expected for stats in runs) or latest.expected
        first = self._first(_Sample(now_s, tally))
        passed_s = now_s - first.at_s
        before = first.tally.nodes
        # Less is done where a trial was taken back, or an iterator begins with what its source has got.
        done = self._done = max(source.items_done, self._done)
        total = max(expected, source.items_total, done)
        rate = _rate(source.items_done - before.get(counting, source).items_done, passed_s)
        return Snapshot(
            elapsed_s=now_s - self._started_s,
            rows=tuple(
                NodeRow(
                    name,
                    count.received,
                    count.active,
                    count.failed,
                    _rate(count.received - before[name].received, passed_s),
                    count.items_done,
                    count.items_total,
                )
                for name, count in tally.nodes.items()
            ),
            done=done,
            total=total,
            pages=sum(stats.pages for stats in runs) or latest.pages,
            batches=source.passes,
            rate=rate,
            left_s=(total - source.items_done) / rate if rate and expected else None,
            budgets=tuple(self._budgets()) if self._runs else (),
            edges={
                index: (crossed, _rate(crossed - first.tally.edges[index], passed_s))
                for index, crossed in tally.edges.items()
            },
        )

    def _known(self, run_id: str, own: RunStats) -> RunStats:
        """What all processes know of a run."""
        told = [own, *(part.runs[run_id] for part in self._parts.values() if run_id in part.runs)]
        return RunStats(
            expected=max(stats.expected for stats in told),
            pages=sum(stats.pages for stats in told),
            sources=set().union(*(stats.sources for stats in told)),
        )

    def _first(self, sample: _Sample) -> _Sample:
        """Remember what was read, after the end the last alone, and give what rates are told from."""
        samples = self._samples
        if self._ended_s is not None and samples and samples[-1].at_s == sample.at_s:
            samples.pop()
        samples.append(sample)
        while len(samples) > 1 and sample.at_s - samples[1].at_s >= _WINDOW_S:
            samples.popleft()
        return samples[0]

    def _counting(self, counts: Mapping[str, NodeStats], sources: frozenset[str]) -> str:
        """The node that tells how many records are done; empty if there is none.

        It is none above the source: what is counted there, such as the pages to be fetched, is no record.
        """
        above = self._all_above(sources)
        among = [name for name in counts if name not in above]
        return max(among, key=lambda name: (counts[name].items_total, counts[name].items_done), default="")

    def _all_above(self, names: frozenset[str]) -> set[str]:
        """The nodes whose messages lead to one of some nodes, and to which its own do not lead back."""
        if names != self._above[0]:
            above = (_reached(name, self._senders) - _reached(name, self._receivers) for name in names)
            self._above = names, set(chain.from_iterable(above))
        return self._above[1]


def meter_of(
    program: Program,
    stats_of: Callable[[str], RunStats | None],
    budgets: Callable[[], Sequence[BudgetState]] = tuple,
    now_s: Callable[[], float] = time.monotonic,
) -> Meter:
    """The meter of a program, which this process executes."""
    return Meter(program.flow, partial(tally_of, program), stats_of, budgets, now_s)


def _reached(name: str, neighbours: Mapping[str, set[str]]) -> set[str]:
    """All that lies beyond a node in one direction; with the node itself, if it is in a loop."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = neighbours.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _rate(count: int, seconds: float) -> float:
    return max(count, 0) / seconds if seconds > 0 else 0.0
