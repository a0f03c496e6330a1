"""The outline of a flow: its nodes and its edges."""

from dataclasses import dataclass, field
from typing import Literal

from headrace.flow.tree import Scalar, Tree
from headrace.lsp.reading import Reading
from headrace.source import Span

__all__ = ["Symbol", "symbols"]


@dataclass(frozen=True, slots=True)
class Symbol:
    """An entry of the outline.

    Attributes:
        span: all of it.
        place: its name, within `span`.
    """

    name: str
    kind: Literal["part", "node", "trigger", "edge"]
    span: Span
    place: Span
    detail: str = ""
    children: list["Symbol"] = field(default_factory=list)


def symbols(reading: Reading) -> list[Symbol]:
    """Nodes and edges, in the order of the file."""
    found = []
    entries = reading.entries(("spec",))
    for name, members in (("nodes", _nodes(reading)), ("edges", _edges(reading))):
        if entry := entries.get(name):
            span = _around(entry.place, entry.value)
            found.append(Symbol(name, "part", span, entry.place, str(len(members)), members))
    return found


def _around(place: Span, value: Tree) -> Span:
    """From a key to the end of its value; an alias's value stands elsewhere."""
    same = value.span.source is place.source
    return Span(place.source, place.start, max(place.end, value.span.end if same else 0))


def _nodes(reading: Reading) -> list[Symbol]:
    made = []
    for name, entry in reading.entries(("spec", "nodes")).items():
        node = reading.node(name)
        is_trigger = bool(node and node.spec and node.spec.trigger)
        detail = reading.component(name) or ""
        kind: Literal["node", "trigger"] = "trigger" if is_trigger else "node"
        made.append(Symbol(name or "?", kind, _around(entry.place, entry.value), entry.place, detail))
    return made


def _edges(reading: Reading) -> list[Symbol]:
    part = reading.part(("spec", "edges"))
    made = []
    for index, item in enumerate(getattr(part, "items", ())):
        edges = reading.edges(index)
        if isinstance(item, Scalar):
            name = " ".join(item.text.value.split())
        else:
            starts = ", ".join(_end(edge.start.node, edge.start.port) for edge in edges)
            name = f"{starts} -> {_end(edges[0].end.node, edges[0].end.port)}" if edges else ""
        made.append(Symbol(name or "?", "edge", item.span, item.span))
    return made


def _end(node: str, port: str | None) -> str:
    return f"{node}:{port}" if port else node
