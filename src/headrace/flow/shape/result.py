"""What is known of a flow's messages."""

from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import msgspec

from headrace.expr import Template
from headrace.expr.inference import RUN, Doubt, Roots, infer
from headrace.expr.shape import ANY, Shape, join_all
from headrace.flow.draft import Draft, Path
from headrace.flow.model import PortRef
from headrace.flow.shape.edge import EdgeShapes, InputShapes
from headrace.flow.shape.node import NO_ENTRY, Entry, NodeShapes
from headrace.sdk import Spec

__all__ = ["At", "Shapes"]


class At(msgspec.Struct, frozen=True):
    """A template of a flow: an edge's by its index, a node's `input` by its name."""

    kind: Literal["edge", "input"]
    key: int | str


class Shapes:
    """The shapes of a flow's messages, at every port.

    Attributes:
        nodes: those whose component is known, by name.
        inputs: the nodes' `input`, by name.
        edges: those whose two ends are known.
        entries: what arrives at each input, as it crosses the edges.
        entered: what the component gets, by node and port.
        sent: what leaves each output.
        crossings: what arrives over each edge, by its index.
        doubts: what cannot go well in the templates of edges and inputs.
    """

    def __init__(
        self,
        draft: Draft,
        variables: Shape,
        settings: Shape,
        nodes: dict[str, NodeShapes],
        inputs: dict[str, InputShapes],
        edges: list[EdgeShapes],
    ) -> None:
        self._draft = draft
        self._vars = variables
        self._settings = settings
        self.nodes = nodes
        self.inputs = inputs
        self.edges = edges
        self.entries: dict[PortRef, Entry] = {}
        self.entered: dict[str, dict[str, Entry]] = {}
        self.sent: dict[PortRef, Shape] = {}
        self.crossings: dict[int, Entry] = {}
        self.doubts: dict[At, tuple[Doubt, ...]] = {}

    def emitted(self, port: PortRef) -> Shape:
        """What leaves an output; anything where that is not known, or nothing ever arrives."""
        return _known(self.sent.get(port, ANY))

    def arriving(self, node: str, port: str) -> Shape:
        """What arrives at an input, before the node's own `input` shapes it."""
        return _known(self.entries.get(PortRef(node, port), NO_ENTRY).message)

    def received(self, node: str, port: str) -> Shape:
        """What the component gets at an input."""
        return _known(self.entered.get(node, {}).get(port, NO_ENTRY).message)

    def message(self, template: Template) -> Shape:
        """What `$` is in a template of the flow; anything in one of another flow."""
        return self._messages.get(id(template), ANY)

    def roots(self, template: Template) -> Roots:
        """What the expressions of a template read."""
        return Roots(self.message(template), self._vars, RUN)

    def checked(self) -> Iterator[tuple[Path, tuple[Doubt, ...]]]:
        """The settings that are evaluated for each message, by path, and what cannot go well in them."""
        for name, node in self._draft.nodes.items():
            arrived = [entry.message for entry in self.entered.get(name, {}).values()]
            is_trigger = node.spec is not None and node.spec.trigger
            if not node.message_templates or (not is_trigger and all(each.is_nothing for each in arrived)):
                continue
            for path, template in node.message_templates.items():
                doubts: list[Doubt] = []
                if template.usable:
                    infer(template, self.roots(template), report=doubts.append)
                yield path, tuple(doubts)

    @cached_property
    def _messages(self) -> dict[int, Shape]:
        found: dict[int, list[Shape]] = {}
        for edge in self._draft.edges:
            sent = ANY if edge.source is None else self.emitted(edge.source)
            for template in (edge.data, edge.add):
                if template is not None:
                    found.setdefault(id(template), []).append(sent)
        for name, node in self._draft.nodes.items():
            ports = node.spec.inputs if node.spec else ()
            if node.input is not None:
                found[id(node.input)] = [self.arriving(name, ports[0].name) if ports else ANY]
            read = [self.received(name, port.name) for port in ports]
            if node.spec is not None and (made := _evaluated(node.spec)):
                read = [self.emitted(PortRef(name, made))]
            for template in node.message_templates.values():
                found[id(template)] = read
            if node.settings_template is not None:
                found[id(node.settings_template)] = [self._settings]
        return {key: join_all(shapes) for key, shapes in found.items()}


def _evaluated(spec: Spec) -> str:
    """The output whose messages settings read; empty where they read what arrives."""
    if spec.trigger:  # an input is for its callers
        return spec.outputs[0].name if spec.outputs else ""
    return spec.evaluates


def _known(shape: Shape) -> Shape:
    return ANY if shape.is_nothing else shape
