"""What the nodes and edges of a program have counted in one process, and where that was when runs began."""

from collections.abc import Iterable
from itertools import chain

import msgspec

from headrace.engine import NodeStats, Program
from headrace.engine.observer import RunStats
from headrace.flow.model import Flow

__all__ = ["Mark", "Marks", "Tally", "nothing_of", "tally_of"]

_MOST_ENDED = 100
"""Runs that have ended, and whose beginnings are still known."""


class Tally(msgspec.Struct, array_like=True):
    """Counts of a program.

    Attributes:
        nodes: by name; a trigger receives nothing, its runs are counted elsewhere.
        edges: by the edge's index, how many messages have crossed it.
    """

    nodes: dict[str, NodeStats]
    edges: dict[int, int]

    def since(self, base: "Tally") -> "Tally":
        """What was counted since; `active` is a level, and no count."""
        return Tally(
            {name: _since(stats, base.nodes[name]) for name, stats in self.nodes.items()},
            {index: crossed - base.edges[index] for index, crossed in self.edges.items()},
        )

    def add(self, other: "Tally") -> None:
        """Count in what another process has counted of the same version."""
        for name, stats in other.nodes.items():
            if (own := self.nodes.get(name)) is not None:
                own.add(stats)
        for index, crossed in other.edges.items():
            if index in self.edges:
                self.edges[index] += crossed

    def without_zeros(self) -> "Tally":
        """The same, to be sent."""
        return Tally(
            {name: stats for name, stats in self.nodes.items() if stats != NodeStats()},
            {index: crossed for index, crossed in self.edges.items() if crossed},
        )


def tally_of(program: Program) -> Tally:
    """The counts of a program now."""
    units = program.units.values()
    targets = chain.from_iterable(chain.from_iterable(unit.targets.values()) for unit in units)
    return Tally(
        {unit.name: _since(unit.stats, NodeStats()) for unit in units if not unit.node.spec.trigger},
        {target.edge.index: target.crossed for target in targets},
    )


def nothing_of(flow: Flow) -> Tally:
    """The counts of a flow in a process that does not execute it."""
    names = [name for name, node in flow.nodes.items() if not node.spec.trigger]
    return Tally({name: NodeStats() for name in names}, {edge.index: 0 for edge in flow.edges})


def _since(stats: NodeStats, base: NodeStats) -> NodeStats:
    return NodeStats(
        received=stats.received - base.received,
        active=stats.active,
        failed=stats.failed - base.failed,
        items_done=stats.items_done - base.items_done,
        items_total=stats.items_total - base.items_total,
        passes=stats.passes - base.passes,
    )


class Mark(msgspec.Struct, frozen=True):
    """Where the counts were when a run began here; what is expected of the run goes on."""

    tally: Tally
    stats: RunStats


class Marks:
    """The counts of a program at the beginnings of its runs: active ones, and the last that have ended.

    The run is kept, too, with which the present stretch began in which there always is one.

    Attributes:
        program: whose counts they are.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._active: dict[str, Mark] = {}
        self._ended: dict[str, Mark] = {}
        self._first = ""

    def begin(self, run_id: str, stats: RunStats) -> None:
        """A run begins, or goes on here."""
        if not self._active:
            self._first = run_id
        self._ended.pop(run_id, None)
        self._active[run_id] = Mark(tally_of(self.program), stats)

    def end(self, run_id: str) -> None:
        """A run has ended."""
        mark = self._active.pop(run_id, None)
        if mark is None:
            return
        self._ended[run_id] = mark
        if len(self._ended) > _MOST_ENDED:
            del self._ended[next(id_ for id_ in self._ended if id_ != self._first)]

    def of(self, run_ids: Iterable[str]) -> dict[str, Mark]:
        """The marks of some runs, in the same order, as far as there are any."""
        found = ((id_, self._active.get(id_) or self._ended.get(id_)) for id_ in run_ids)
        return {id_: mark for id_, mark in found if mark is not None}
