"""The port graph: which edges are boundaries, and what lies below what (rule 1 of the runtime).

Vertices are ports. Edges of the flow lead from outputs to inputs; inside a node, an input leads to the
outputs that it reaches. Nothing here depends on the order of the file.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

import msgspec

from headrace.flow.model import PortRef
from headrace.sdk import Input, Output

__all__ = ["Link", "PortGraph", "Ports", "Vertex", "boundary_edges", "strong_groups"]


class Ports(msgspec.Struct, frozen=True):
    """The ports of one node."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    trigger: bool = False


class Link(msgspec.Struct, frozen=True):
    """An edge of the flow, by its index there."""

    index: int
    source: PortRef
    target: PortRef


Vertex: TypeAlias = tuple[str, str, str]  # node, "in" or "out", port


class PortGraph:
    """The ports of a flow and the edges between them."""

    def __init__(self, nodes: Mapping[str, Ports], links: Sequence[Link]) -> None:
        self.nodes = nodes
        self.links = links
        self._reached: dict[Vertex, list[Vertex]] = {}
        for name, ports in nodes.items():
            for port in ports.inputs:
                names = [output.name for output in ports.outputs]
                if port.reaches is not None:
                    names = [output for output in names if output in port.reaches]
                self._reached[name, "in", port.name] = [(name, "out", output) for output in names]

    def _arcs(self, links: Iterable[Link]) -> dict[Vertex, list[Vertex]]:
        """Successors of every port, over these edges and through the nodes."""
        arcs = dict(self._reached)
        for link in links:
            arcs.setdefault(_out(link), []).append(_in(link))
        return arcs

    @cached_property
    def _all_arcs(self) -> dict[Vertex, list[Vertex]]:
        return self._arcs(self.links)

    @cached_property
    def _inner_arcs(self) -> dict[Vertex, list[Vertex]]:
        return self._arcs(link for link in self.links if link.index not in self.boundary)

    def below(self, starts: Iterable[PortRef], *, across: bool = True) -> set[Vertex]:
        """The ports that messages leaving these outputs can come to, the starts included.

        Args:
            starts: outputs.
            across: whether boundary edges are followed.
        """
        arcs = self._all_arcs if across else self._inner_arcs
        seen: set[Vertex] = {(start.node, "out", start.port) for start in starts}
        waiting = deque(seen)
        while waiting:
            for vertex in arcs.get(waiting.popleft(), ()):
                if vertex not in seen:
                    seen.add(vertex)
                    waiting.append(vertex)
        return seen

    @cached_property
    def loops(self) -> list[frozenset[Vertex]]:
        """The groups of ports that lead back to themselves, boundary edges included."""
        return _loops(self._all_arcs)

    @cached_property
    def boundary(self) -> frozenset[int]:
        """The indexes of all edges on which a message becomes a task of its own."""
        cut = self._declared()
        while True:
            inner = [link for link in self.links if link.index not in cut]
            closing = self._closing(inner)
            if not closing:
                return frozenset(cut)
            cut |= closing

    def _declared(self) -> set[int]:
        """The edges that are boundaries by declaration: out of triggers and of detached outputs."""
        detached = {
            (name, output.name)
            for name, ports in self.nodes.items()
            for output in ports.outputs
            if ports.trigger or output.detached
        }
        return {link.index for link in self.links if (link.source.node, link.source.port) in detached}

    def _closing(self, inner: Sequence[Link]) -> set[int]:
        """The edges of loops that lead into ports which are entered from outside as well."""
        group_of = {vertex: group for group in _loops(self._arcs(inner)) for vertex in group}
        entered = {
            _in(link) for link in self.links if group_of.get(_in(link)) is not group_of.get(_out(link))
        }
        inside: dict[frozenset[Vertex], list[Link]] = {}
        for link in inner:
            group = group_of.get(_in(link))
            if group is not None and group is group_of.get(_out(link)):
                inside.setdefault(group, []).append(link)
        closing: set[int] = set()
        for links in inside.values():
            # A loop that nothing enters never runs; it is cut everywhere, whatever the order.
            closing.update(link.index for link in [k for k in links if _in(k) in entered] or links)
        return closing


def _loops(arcs: Mapping[Vertex, Sequence[Vertex]]) -> list[frozenset[Vertex]]:
    return [group for group in strong_groups(arcs) if len(group) > 1]


def boundary_edges(nodes: Mapping[str, Ports], links: Sequence[Link]) -> frozenset[int]:
    """The indexes of the edges on which a message becomes a task of its own (rule 1)."""
    return PortGraph(nodes, links).boundary


def _out(link: Link) -> Vertex:
    return link.source.node, "out", link.source.port


def _in(link: Link) -> Vertex:
    return link.target.node, "in", link.target.port


def strong_groups(arcs: Mapping[Vertex, Sequence[Vertex]]) -> list[frozenset[Vertex]]:
    """The strongly connected groups (Tarjan's algorithm without recursion)."""
    order: dict[Vertex, int] = {}
    lowest: dict[Vertex, int] = {}
    open_stack: list[Vertex] = []
    is_open: set[Vertex] = set()
    groups: list[frozenset[Vertex]] = []
    for root in sorted(arcs):
        if root in order:
            continue
        work: list[tuple[Vertex, Iterator[Vertex]]] = [(root, iter(arcs[root]))]
        order[root] = lowest[root] = len(order)
        open_stack.append(root)
        is_open.add(root)
        while work:
            vertex, successors = work[-1]
            for successor in successors:
                if successor not in order:
                    order[successor] = lowest[successor] = len(order)
                    open_stack.append(successor)
                    is_open.add(successor)
                    work.append((successor, iter(arcs.get(successor, ()))))
                    break
                if successor in is_open:
                    lowest[vertex] = min(lowest[vertex], order[successor])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[vertex])
                if lowest[vertex] == order[vertex]:
                    groups.append(_pop_group(open_stack, is_open, vertex))
    return groups


def _pop_group(open_stack: list[Vertex], is_open: set[Vertex], vertex: Vertex) -> frozenset[Vertex]:
    group = set()
    while True:
        member = open_stack.pop()
        is_open.discard(member)
        group.add(member)
        if member == vertex:
            return frozenset(group)
