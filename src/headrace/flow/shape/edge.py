"""What arrives over an edge, by what leaves at its source."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from headrace.expr import Template
from headrace.expr.inference import RUN, Doubt, Roots, infer
from headrace.expr.shape import ANY, NOTHING, ObjectShape, Origin, Shape, holding, join, members_of, overlay
from headrace.flow.draft import DraftEdge, DraftNode
from headrace.flow.model import PortRef
from headrace.flow.shape.maker import Maker, edge_maker, input_maker
from headrace.flow.shape.node import Entry

__all__ = ["EdgeShapes", "Found", "InputShapes"]

Report = Callable[[Doubt], None]


class Found(msgspec.Struct, frozen=True):
    """A template's shape, and what cannot go well in it."""

    shape: Shape
    doubts: tuple[Doubt, ...] = ()


class _Builder(msgspec.Struct):
    """A template that builds messages, with what it last gave."""

    template: Template
    origin: Origin
    vars: Shape
    _last: tuple[Shape, Found] | None = None

    def build(self, message: Shape) -> Found:
        if self._last is not None and (self._last[0] is message or self.template.constant):
            return self._last[1]
        if not self.template.usable:
            return Found(ANY)
        doubts: list[Doubt] = []
        roots = Roots(message, self.vars, RUN)
        shape = infer(self.template, roots, report=doubts.append, origin=self.origin)
        found = Found(shape, tuple(doubts))
        self._last = message, found
        return found


class EdgeShapes:
    """An edge whose two ends are known."""

    def __init__(self, edge: DraftEdge, nodes: dict[str, DraftNode], variables: Shape) -> None:
        assert edge.source is not None  # noqa: S101 - the edge is wired
        assert edge.target is not None  # noqa: S101 - likewise
        self.edge = edge
        self.source: PortRef = edge.source
        self.target: PortRef = edge.target
        template = edge.data or edge.add
        self.maker: Maker | None = edge_maker(edge, nodes) if template is not None else None
        self._builder = _Builder(template, self.maker, variables) if template is not None else None

    def crossed(self, sent: Shape) -> tuple[Entry, tuple[Doubt, ...]]:
        """What arrives of what is sent."""
        if sent.is_nothing or self._builder is None:
            return Entry(sent, sent), ()
        found = self._builder.build(sent)
        if self.edge.data is not None:
            return Entry(found.shape, sent), found.doubts
        laid = _laid(sent, found.shape)
        return Entry(laid, laid), found.doubts


class InputShapes:
    """A node's `input`."""

    def __init__(self, node: DraftNode, template: Template, variables: Shape) -> None:
        self.maker = input_maker(node)
        self._builder = _Builder(template, self.maker, variables)

    def shaped(self, entry: Entry) -> tuple[Entry, tuple[Doubt, ...]]:
        """What the component gets of what arrives; what arrived is the base value then."""
        if entry.message.is_nothing:
            return Entry(NOTHING, entry.message), ()
        found = self._builder.build(entry.message)
        return Entry(found.shape, entry.message), found.doubts


def _laid(below: Shape, added: Shape) -> Shape:
    """What `add` makes of a message: members over its own; what is no object is not added."""
    parts = NOTHING
    if added.may_be("object"):
        above = replace(members_of(added), origins=frozenset())  # it leaves nothing out
        if below.may_be("object"):
            parts = join(parts, holding(overlay(members_of(below), above)))
        if not below.without("object").is_nothing:
            parts = join(parts, holding(overlay(ObjectShape(), above)))
    if not added.without("object").is_nothing:
        parts = join(parts, below)
    return parts
