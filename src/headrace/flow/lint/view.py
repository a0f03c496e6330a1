"""What rules ask of a draft: what lies below what, and how its nodes are connected."""

from collections.abc import Iterator
from functools import cached_property

from headrace.expr import Template
from headrace.flow.draft import Draft, DraftEdge, DraftNode
from headrace.flow.graph import Link, PortGraph, Ports
from headrace.flow.model import PortRef
from headrace.flow.shape import Shapes, follow
from headrace.flow.tree import Mapping, to_json
from headrace.values import Json

__all__ = ["CLIENT", "CONNECTOR", "DELAY", "ITERATOR", "ROUTER", "SERVER", "View"]

CLIENT = "http-module/client"
CONNECTOR = "database-module/connector"
DELAY = "common-module/delay"
ITERATOR = "common-module/iterator"
ROUTER = "common-module/router"
SERVER = "http-module/server"


class View:
    """A draft and what can be told from it."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    @cached_property
    def is_whole(self) -> bool:
        """Whether all nodes and edges are understood; else what seems unreachable may not be."""
        known = all(node.spec is not None and node.outputs is not None for node in self.draft.nodes.values())
        return known and not self.draft.misses_edges and len(self.draft.wired) == len(self.draft.edges)

    @cached_property
    def graph(self) -> PortGraph:
        """The port graph."""
        ports = {
            node.name: Ports(
                node.spec.inputs if node.spec else (),
                node.outputs or (),
                trigger=node.spec is not None and node.spec.trigger,
            )
            for node in self.draft.nodes.values()
        }
        links = [Link(edge.index, source, target) for edge, source, target in self.draft.wired]
        return PortGraph(ports, links)

    @cached_property
    def sure_shapes(self) -> Shapes:
        """What messages are sure to be like."""
        return follow(self.draft, likely=False)

    @cached_property
    def likely_shapes(self) -> Shapes:
        """What messages are like if samples, schemas and the triggers' own payloads are believed."""
        is_more = any(
            node.sample_tree or node.schema_tree or _has_payload(node) for node in self.draft.nodes.values()
        )
        return follow(self.draft) if is_more else self.sure_shapes

    @cached_property
    def leaving(self) -> dict[PortRef, list[tuple[DraftEdge, PortRef]]]:
        """The edges that leave each port, with their targets."""
        edges: dict[PortRef, list[tuple[DraftEdge, PortRef]]] = {}
        for edge, source, target in self.draft.wired:
            edges.setdefault(source, []).append((edge, target))
        return edges

    @cached_property
    def arriving(self) -> dict[str, list[tuple[DraftEdge, PortRef]]]:
        """The edges that lead to each node, with their target ports."""
        edges: dict[str, list[tuple[DraftEdge, PortRef]]] = {}
        for edge, _, target in self.draft.wired:
            edges.setdefault(target.node, []).append((edge, target))
        return edges

    def of(self, *components: str) -> list[DraftNode]:
        """The nodes of these components."""
        return [node for node in self.draft.nodes.values() if node.spec and node.spec.name in components]

    def setting(self, node: DraftNode, name: str) -> Json:
        """A setting as it stands in the file (a template as its text); null where it is not given."""
        tree = node.settings.get(name)
        return to_json(tree) if tree is not None else None

    def is_wired(self, node: str, port: str) -> bool:
        """Whether an edge leaves the port."""
        return PortRef(node, port) in self.leaving

    def below(self, starts: tuple[PortRef, ...], *, across: bool) -> set[str]:
        """The names of the nodes that messages from these outputs come to."""
        cached = self._below_cache.get((starts, across))
        if cached is None:
            vertices = self.graph.below(starts, across=across)
            cached = {node for node, side, _ in vertices if side == "in"}
            self._below_cache[starts, across] = cached
        return cached

    @cached_property
    def _below_cache(self) -> dict[tuple[tuple[PortRef, ...], bool], set[str]]:
        return {}

    def outputs(self, node: DraftNode) -> tuple[PortRef, ...]:
        """All outputs of a node."""
        return tuple(PortRef(node.name, output.name) for output in node.outputs or ())

    def branches(self, node: DraftNode) -> tuple[PortRef, ...]:
        """The outputs of an iterator at which its items leave."""
        return PortRef(node.name, "item"), PortRef(node.name, "batch")

    def shapes(self, node: DraftNode) -> list[Template]:
        """The templates that build the messages which a node's first input gets."""
        if node.input is not None:
            return [node.input]
        return [edge.data for edge, _ in self.arriving.get(node.name, ()) if edge.data is not None]

    def messages(self, node: DraftNode) -> list[Mapping]:
        """The mappings in the file that build the whole message which a node's first input gets."""
        trees = [node.input_tree]
        if node.input_tree is None:
            trees = [edge.data_tree for edge, _ in self.arriving.get(node.name, ())]
        return [tree for tree in trees if isinstance(tree, Mapping)]

    def message_templates(self) -> Iterator[Template]:
        """All templates that read messages."""
        for edge in self.draft.edges:
            yield from (template for template in (edge.data, edge.add) if template is not None)
        for node in self.draft.nodes.values():
            if node.input is not None:
                yield node.input
            yield from node.message_templates.values()


def _has_payload(node: DraftNode) -> bool:
    """Whether a trigger has a message of its own, which a request may replace."""
    entries = node.settings.entries.values()
    return (
        node.spec is not None
        and node.spec.trigger
        and any(isinstance(entry.value, Mapping) for entry in entries)
    )
