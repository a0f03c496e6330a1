"""Follows shapes from triggers along all edges, until nothing new arrives anywhere.

What is known at a port grows from nothing; a node is looked at again when more arrives. In a loop that
builds ever deeper messages it would grow without end: there it is widened.
"""

import heapq
from collections import deque

from headrace.expr.shape import NOTHING, Shape, join, widen
from headrace.flow.draft import Draft, DraftEdge, DraftNode
from headrace.flow.model import PortRef
from headrace.flow.shape.edge import EdgeShapes, InputShapes
from headrace.flow.shape.node import ANY_ENTRY, NO_ENTRY, Entry, NodeShapes, settings_shape, vars_shape
from headrace.flow.shape.result import At, Shapes
from headrace.sdk import Output

__all__ = ["follow"]

_EXACT = 4
"""So often a node is looked at with all that is known; most loops have settled by then."""

_DEPTHS = (6, 5, 4, 3, 2, 1)
"""To how many levels shapes are known in later rounds."""


def follow(draft: Draft, *, likely: bool = True) -> Shapes:
    """The shapes of all messages of a flow.

    Args:
        draft: what is understood of it; what is not may be anything.
        likely: whether samples, schemas and payloads of triggers are believed. Editors want that; what is
            found to be wrong with them is no more than a warning.
    """
    return _Following(draft, likely=likely).run()


class _Following:
    """One call of `follow`."""

    def __init__(self, draft: Draft, *, likely: bool) -> None:
        self._draft = draft
        self._vars = vars_shape(draft.vars)
        self._nodes = {
            name: NodeShapes(node, likely=likely) for name, node in draft.nodes.items() if node.spec
        }
        self._inputs = {
            name: InputShapes(node, node.input, self._vars)
            for name, node in draft.nodes.items()
            if node.input is not None
        }
        edges = [EdgeShapes(edge, draft.nodes, self._vars) for edge, _, _ in draft.wired]
        self._leaving: dict[PortRef, list[EdgeShapes]] = {}
        for edge in edges:
            self._leaving.setdefault(edge.source, []).append(edge)
        self.shapes = Shapes(
            draft, self._vars, settings_shape(draft, self._vars), self._nodes, self._inputs, edges
        )
        self._visits: dict[str, int] = {}
        self._order = _order(draft)
        self._waiting: list[tuple[int, str]] = []

    def run(self) -> Shapes:
        """All shapes."""
        leading: dict[str, list[DraftEdge]] = {}
        for edge in self._draft.edges:
            leading.setdefault(edge.end.node, []).append(edge)
        for name, node in self._draft.nodes.items():
            if node.spec is None:
                continue
            for port in _unknown(node, leading.get(name, [])):
                self._arrive(PortRef(name, port), ANY_ENTRY)
            if node.spec.trigger:
                self._wait(name)
        while self._waiting:
            _, name = heapq.heappop(self._waiting)
            while self._waiting and self._waiting[0][1] == name:
                heapq.heappop(self._waiting)
            self._visit(name)
        return self.shapes

    def _wait(self, name: str) -> None:
        heapq.heappush(self._waiting, (self._order[name], name))

    def _arrive(self, port: PortRef, entry: Entry) -> None:
        """More may arrive at a port."""
        known = self.shapes.entries.get(port, NO_ENTRY)
        joined = known.joined(entry)
        rounds = self._visits.get(port.node, 0) - _EXACT
        if rounds >= 0:
            depth = _DEPTHS[min(rounds // 2, len(_DEPTHS) - 1)]
            joined = Entry(widen(joined.message, depth), widen(joined.base, depth))
        if joined != known:
            self.shapes.entries[port] = joined
            self._wait(port.node)

    def _visit(self, name: str) -> None:
        self._visits[name] = self._visits.get(name, 0) + 1
        node = self._nodes[name]
        entered = self._entered(name)
        for output in node.outputs:
            port = PortRef(name, output.name)
            sent = self._sent(node, output, entered)
            known = self.shapes.sent.get(port)
            if known is not None and known == sent:
                continue
            self.shapes.sent[port] = sent
            for edge in self._leaving.get(port, ()):
                entry, doubts = edge.crossed(sent)
                self.shapes.crossings[edge.edge.index] = entry
                self.shapes.doubts[At("edge", edge.edge.index)] = doubts
                if not entry.is_nothing:
                    self._arrive(edge.target, entry)

    def _entered(self, name: str) -> dict[str, Entry]:
        """What the component gets at each input."""
        spec = self._draft.nodes[name].spec
        entered: dict[str, Entry] = {}
        for position, port in enumerate(spec.inputs if spec else ()):
            entry = self.shapes.entries.get(PortRef(name, port.name), NO_ENTRY)
            shaping = self._inputs.get(name)
            if position == 0 and shaping is not None and not entry.is_nothing:
                entry, self.shapes.doubts[At("input", name)] = shaping.shaped(entry)
            entered[port.name] = entry
        self.shapes.entered[name] = entered
        return entered

    def _sent(self, node: NodeShapes, output: Output, entered: dict[str, Entry]) -> Shape:
        sent = NOTHING
        if node.node.spec is not None and node.node.spec.trigger:
            sent = node.emitted(output, "", NO_ENTRY)
        for port, entry in entered.items():
            sent = join(sent, node.emitted(output, port, entry))
        return sent


def _unknown(node: DraftNode, leading: list[DraftEdge]) -> list[str]:
    """The inputs at which anything may arrive: nothing leads there yet, or it is not understood what does."""
    spec = node.spec
    if spec is None or (spec.trigger and not spec.inputs):
        return []
    unclear = [edge for edge in leading if edge.source is None or edge.target is None]
    if any(edge.target is None for edge in unclear) or not leading:
        return [port.name for port in spec.inputs]
    return list({edge.target.port for edge in unclear if edge.target is not None})


def _order(draft: Draft) -> dict[str, int]:
    """A rank for each node: those before a node have lower ones, but for what closes a loop."""
    following: dict[str, list[str]] = {name: [] for name in draft.nodes}
    for _, source, target in draft.wired:
        following[source.node].append(target.node)
    entered = {target.node for _, _, target in draft.wired}
    roots = [name for name in draft.nodes if name not in entered]
    finished: deque[str] = deque()
    seen: set[str] = set()
    for root in (*roots, *draft.nodes):
        if root in seen:
            continue
        seen.add(root)
        work = [(root, iter(following[root]))]
        while work:
            name, below = work[-1]
            for successor in below:
                if successor not in seen:
                    seen.add(successor)
                    work.append((successor, iter(following[successor])))
                    break
            else:
                work.pop()
                finished.appendleft(name)
    return {name: rank for rank, name in enumerate(finished)}
