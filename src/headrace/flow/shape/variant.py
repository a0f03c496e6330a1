"""What only the messages of one edge are like, where several edges lead to a port.

What is fine for most messages may have to fail for all that come over one of the edges. Followed is the way
of such messages up to a node that may look into them to decide where they go.
"""

from collections.abc import Iterator

import msgspec

from headrace.expr.inference import Doubt
from headrace.flow.draft import DraftEdge
from headrace.flow.model import PortRef
from headrace.flow.shape.edge import EdgeShapes
from headrace.flow.shape.node import NO_ENTRY, Entry
from headrace.flow.shape.result import Shapes

__all__ = ["Strayed", "strayed"]

_FARTHEST = 12
"""Nodes that one way is followed through."""

_MOST = 2000
"""Templates that are looked at again in all, so that flows with many joins stay quick to check."""


class Strayed(msgspec.Struct, frozen=True):
    """What must fail for each message of one edge, though not for those of the others.

    Attributes:
        edge: over which they come.
        port: where it leads to.
        entry: what arrives over it there.
        doubts: about the templates of the edge's target and of what follows it.
        reads: of members that these messages lack, in the same templates; null is fine there.
    """

    edge: DraftEdge
    port: PortRef
    entry: Entry
    doubts: tuple[Doubt, ...]
    reads: tuple[Doubt, ...]


def strayed(shapes: Shapes) -> Iterator[Strayed]:
    """The edges whose messages differ from the others' at the same port, with what must fail for them."""
    walk = _Walk(shapes)
    arriving: dict[PortRef, list[EdgeShapes]] = {}
    for edge in shapes.edges:
        arriving.setdefault(edge.target, []).append(edge)
    for port, edges in arriving.items():
        live = [edge for edge in edges if not shapes.crossings.get(edge.edge.index, NO_ENTRY).is_nothing]
        for edge in live if len(live) > 1 else ():
            entry = shapes.crossings[edge.edge.index]
            if entry != shapes.entries.get(port):
                doubts = tuple(walk.way(port, entry))
                fatal = tuple(doubt for doubt in doubts if doubt.fails)
                reads = tuple(doubt for doubt in doubts if not doubt.fails)
                yield Strayed(edge.edge, port, entry, fatal, reads)


class _Walk:
    """Goes the ways of all edges of a flow, within a common bound."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._left = _MOST
        self._leaving: dict[PortRef, list[EdgeShapes]] = {}
        for edge in shapes.edges:
            self._leaving.setdefault(edge.source, []).append(edge)

    def way(self, port: PortRef, entry: Entry) -> Iterator[Doubt]:
        """What cannot go well for what arrives at a port, there and below."""
        waiting = [(port, entry, 0)]
        seen = {port}
        while waiting and self._left > 0:
            port, entry, distance = waiting.pop()
            for below, found, doubts in self._steps(port, entry):
                yield from (doubt for doubt in doubts if doubt.certain)
                if below is None or below in seen or found.is_nothing or distance == _FARTHEST:
                    continue
                if found != self._shapes.entries.get(below):
                    seen.add(below)
                    waiting.append((below, found, distance + 1))

    def _steps(
        self, port: PortRef, entry: Entry
    ) -> Iterator[tuple[PortRef | None, Entry, tuple[Doubt, ...]]]:
        """What a node makes of an entry: its own `input`, then each edge that leaves it."""
        node = self._shapes.nodes[port.node]
        spec = node.node.spec
        shaping = self._shapes.inputs.get(port.node)
        if spec is None:
            return
        if shaping is not None and spec.inputs[0].name == port.port:
            self._left -= 1
            entry, doubts = shaping.shaped(entry)
            yield None, entry, doubts
        for output in node.outputs if not spec.chooses else ():
            sent = node.emitted(output, port.port, entry)
            for edge in self._leaving.get(PortRef(port.node, output.name), ()):
                self._left -= 1
                found, doubts = edge.crossed(sent)
                yield edge.target, found, doubts
