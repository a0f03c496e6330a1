"""Who built an object of a message: what shapes carry as their `origins`."""

from typing import Literal

import msgspec

from headrace.expr import Template
from headrace.flow.draft import DraftEdge, DraftNode
from headrace.source import Span

__all__ = ["Maker", "edge_maker", "edge_name", "input_maker", "port_maker", "sample_maker"]


class Maker(msgspec.Struct, frozen=True, eq=False):
    """A place in the file that decides which members an object has.

    Attributes:
        kind: an edge's `data` or `add`, a node's `input`, a node's own output, its `sample` or `schema`.
        name: in the user's words: `extract -> iterate`, `fetch`, `iterate:batch`.
        span: where.
        template: what builds the object; None where a component or a sample does.
    """

    kind: Literal["edge", "input", "port", "sample", "schema"]
    name: str
    span: Span
    template: Template | None = None


def edge_name(edge: DraftEdge, nodes: dict[str, DraftNode]) -> str:
    """An edge as people write it: with ports where a node has several."""
    start = edge.start.node
    node = nodes.get(start)
    outputs = node.outputs if node is not None and node.outputs is not None else ()
    plain = [output.name for output in outputs if not output.error]
    if edge.source is not None and plain != [edge.source.port]:
        start = str(edge.source)
    return f"{start} -> {edge.end.node}"


def edge_maker(edge: DraftEdge, nodes: dict[str, DraftNode]) -> Maker:
    """An edge that shapes messages."""
    return Maker("edge", edge_name(edge, nodes), edge.span, edge.data or edge.add)


def input_maker(node: DraftNode) -> Maker:
    """A node that shapes what it gets."""
    span = node.place if node.input_tree is None else node.input_tree.span
    return Maker("input", node.name, span, node.input)


def port_maker(node: DraftNode, port: str) -> Maker:
    """A node's own output."""
    return Maker("port", f"{node.name}:{port}", node.place)


def sample_maker(node: DraftNode) -> Maker:
    """A node's sample or schema."""
    if node.sample_tree is not None:
        return Maker("sample", node.name, node.sample_tree.span)
    span = node.place if node.schema_tree is None else node.schema_tree.span
    return Maker("schema", node.name, span)
