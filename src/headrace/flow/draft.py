"""A flow while it is read: what is known of it so far, with trees and places, for the checks.

Unlike the model, a draft may be wrong anywhere: a component may be unknown, a port missing. Checks look
at the parts that are there, so that one mistake does not hide the others.
"""

import msgspec

from headrace.expr import Template
from headrace.flow.model import Hooks, PortRef
from headrace.flow.tree import Mapping, Tree
from headrace.sdk import Output, Spec
from headrace.source import Span
from headrace.values import Json

__all__ = ["Draft", "DraftEdge", "DraftNode", "Endpoint", "Path"]

Path = tuple[str | int, ...]


class DraftNode(msgspec.Struct):
    """A node.

    Attributes:
        place: of its name.
        head: of its first key, where something missing is reported.
        settings: over the defaults; a mapping without entries if there are none.
        outputs: None if they cannot be known (unknown component, settings beyond reading).
        settings_template: without the settings that are evaluated for each message.
        settings_usable: whether that may be evaluated: nothing was wrong with its expressions.
        message_templates: those, by path.
        sample_tree: an example of what comes from outside (`sample`).
        schema_tree: a JSON Schema of it (`schema`), where it is one.
    """

    name: str
    place: Span
    head: Span
    settings: Mapping
    spec: Spec | None = None
    outputs: tuple[Output, ...] | None = None
    settings_template: Template | None = None
    settings_usable: bool = False
    message_templates: dict[Path, Template] = msgspec.field(default_factory=dict)
    input_tree: Tree | None = None
    input: Template | None = None
    result_name: str | None = None
    sample_tree: Tree | None = None
    schema_tree: Tree | None = None
    control: dict[str, Json] = msgspec.field(default_factory=dict)
    description: str = ""

    @property
    def component(self) -> str:
        """The component's name without its module, as messages show it."""
        return self.spec.name.rpartition("/")[2] if self.spec else "node"


class Endpoint(msgspec.Struct, frozen=True):
    """One end of an edge as it is written; the port may be left out."""

    node: str
    port: str | None
    span: Span
    node_span: Span
    port_span: Span


class DraftEdge(msgspec.Struct):
    """An edge; `source` and `target` are None where they could not be told."""

    index: int
    span: Span
    start: Endpoint
    end: Endpoint
    source: PortRef | None = None
    target: PortRef | None = None
    data_tree: Tree | None = None
    data: Template | None = None
    add_tree: Tree | None = None
    add: Template | None = None
    description: str = ""
    boundary: bool = False


class Draft(msgspec.Struct):
    """All of a flow file.

    Attributes:
        misses_edges: whether there may be edges that could not be read.
    """

    head: Span
    secrets: tuple[str, ...] = ()
    vars: dict[str, Json] = msgspec.field(default_factory=dict)
    nodes: dict[str, DraftNode] = msgspec.field(default_factory=dict)
    edges: list[DraftEdge] = msgspec.field(default_factory=list)
    misses_edges: bool = False
    boundary: frozenset[int] = frozenset()
    hooks: Hooks = Hooks()

    @property
    def wired(self) -> list[tuple[DraftEdge, PortRef, PortRef]]:
        """The edges whose two ends are known."""
        return [
            (edge, edge.source, edge.target)
            for edge in self.edges
            if edge.source is not None and edge.target is not None
        ]
