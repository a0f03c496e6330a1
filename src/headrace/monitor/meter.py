"""Counts of a program as they are now: per node, and of the whole; rates and the time that is left."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import msgspec

from headrace.engine import NodeStats, Program
from headrace.engine.observer import RunStats
from headrace.sdk.budget import BudgetState

__all__ = ["Meter", "NodeRow", "Snapshot"]

_WINDOW_S = 5.0
"""Rates are of the last seconds: short enough to follow a change, long enough not to flicker."""


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
    received: list[int]
    crossed: list[int]
    done: dict[str, int]


class Meter:
    """Reads the counts of a program, which go on from its start, as those of the current run.

    Attributes:
        program: whose counts they are.
    """

    def __init__(
        self,
        program: Program,
        stats_of: Callable[[str], RunStats | None],
        budgets: Callable[[], Sequence[BudgetState]] = tuple,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with all counts as they are.

        Args:
            program: whose nodes are read.
            stats_of: what is known of an active run.
            budgets: how APIs are asked now.
            now_s: seconds on a clock that only goes forward.
        """
        # A trigger receives nothing; its runs are counted elsewhere.
        units = program.units.values()
        self._stats = {unit.name: unit.stats for unit in units if not unit.node.spec.trigger}
        self._targets = [target for unit in units for targets in unit.targets.values() for target in targets]
        self._senders: dict[str, set[str]] = {}
        self._receivers: dict[str, set[str]] = {}
        for unit in units:
            for target in chain.from_iterable(unit.targets.values()):
                self._senders.setdefault(target.unit.name, set()).add(unit.name)
                self._receivers.setdefault(unit.name, set()).add(target.unit.name)
        self._above: tuple[frozenset[str], set[str]] = frozenset(), set()
        self.program = program
        self._stats_of = stats_of
        self._budgets = budgets
        self._now_s = now_s
        self._runs: dict[str, RunStats] = {}
        self._latest = RunStats()
        self._rebase()

    def _rebase(self) -> None:
        self._done = 0
        self._base = {name: _copy(stats) for name, stats in self._stats.items()}
        self._base_crossed = [target.crossed for target in self._targets]
        self._started_s = self._now_s()
        self._ended_s: float | None = None
        self._samples: deque[_Sample] = deque()

    def begin(self, run_id: str, *, is_alone: bool) -> None:
        """A run has begun; if no other is active, counts start from zero."""
        if is_alone:
            self._rebase()
        self._ended_s = None
        stats = self._stats_of(run_id)
        if stats is not None:
            self._runs[run_id] = self._latest = stats

    def end(self, run_id: str) -> int:
        """A run has ended; returns how many pages its source gave, 0 if it has none."""
        stats = self._runs.pop(run_id, RunStats())
        if not self._runs:
            self._ended_s = self._now_s()
        return stats.pages

    def read(self) -> Snapshot:
        """The counts now."""
        now_s = self._now_s() if self._ended_s is None else self._ended_s
        counts = {name: _since(stats, self._base[name]) for name, stats in self._stats.items()}
        name = self._counting(counts)
        source = counts.get(name, NodeStats())
        expected = sum(stats.expected for stats in self._runs.values()) or self._latest.expected
        crossed = [t.crossed - base for t, base in zip(self._targets, self._base_crossed, strict=True)]
        received = [count.received for count in counts.values()]
        sample = _Sample(now_s, received, crossed, {name: c.items_done for name, c in counts.items()})
        first = self._first(sample)
        passed_s = now_s - first.at_s
        rates = _rates(sample.received, first.received, passed_s)
        edge_rates = _rates(crossed, first.crossed, passed_s)
        # Less is done where a trial was taken back, or an iterator begins with what its source has got.
        done = self._done = max(source.items_done, self._done)
        total = max(expected, source.items_total, done)
        rate = _rate(source.items_done - first.done.get(name, 0), passed_s)
        return Snapshot(
            elapsed_s=now_s - self._started_s,
            rows=tuple(
                NodeRow(name, c.received, c.active, c.failed, rate, c.items_done, c.items_total)
                for (name, c), rate in zip(counts.items(), rates, strict=True)
            ),
            done=done,
            total=total,
            pages=sum(stats.pages for stats in self._runs.values()) or self._latest.pages,
            batches=source.passes,
            rate=rate,
            left_s=(total - source.items_done) / rate if rate and expected else None,
            budgets=tuple(self._budgets()) if self._runs else (),
            edges={
                target.edge.index: (count, rate)
                for target, count, rate in zip(self._targets, crossed, edge_rates, strict=True)
            },
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

    def _counting(self, counts: Mapping[str, NodeStats]) -> str:
        """The node that tells how many records are done; empty if there is none.

        It is none above the source: what is counted there, such as the pages to be fetched, is no record.
        """
        sources = frozenset(name for stats in self._runs.values() for name in stats.sources)
        above = self._all_above(sources or frozenset(self._latest.sources))
        among = [name for name in counts if name not in above]
        return max(among, key=lambda name: (counts[name].items_total, counts[name].items_done), default="")

    def _all_above(self, names: frozenset[str]) -> set[str]:
        """The nodes whose messages lead to one of some nodes, and to which its own do not lead back."""
        if names != self._above[0]:
            above = (_reached(name, self._senders) - _reached(name, self._receivers) for name in names)
            self._above = names, set(chain.from_iterable(above))
        return self._above[1]


def _reached(name: str, neighbours: Mapping[str, set[str]]) -> set[str]:
    """All that lies beyond a node in one direction; with the node itself, if it is in a loop."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = neighbours.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _rates(new: list[int], old: list[int], seconds: float) -> list[float]:
    return [_rate(after - before, seconds) for after, before in zip(new, old, strict=True)]


def _rate(count: int, seconds: float) -> float:
    return max(count, 0) / seconds if seconds > 0 else 0.0


def _copy(stats: NodeStats) -> NodeStats:
    return _since(stats, NodeStats())


def _since(stats: NodeStats, base: NodeStats) -> NodeStats:
    """What was counted since; `active` is a level, and no count."""
    return NodeStats(
        received=stats.received - base.received,
        active=stats.active,
        failed=stats.failed - base.failed,
        items_done=stats.items_done - base.items_done,
        items_total=stats.items_total - base.items_total,
        passes=stats.passes - base.passes,
    )
