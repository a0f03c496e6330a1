"""A flow file as far as it can be understood, whatever is wrong with it."""

import re
from functools import cached_property

from headrace.errors import Finding
from headrace.expr import Scope
from headrace.expr.inference import RUN, Roots, infer
from headrace.expr.shape import ANY, Shape, join_all, object_of, of, shape_of
from headrace.flow.draft import Draft, DraftEdge, DraftNode
from headrace.flow.loader import Loaded, load_flow
from headrace.flow.settings import is_per_message
from headrace.flow.shape import Shapes, follow
from headrace.flow.tree import Entry, Mapping, Path, Sequence, Tree
from headrace.lsp.repair import mended
from headrace.sdk import Registry, Spec
from headrace.source import Source

__all__ = ["Reading", "is_flow", "read", "repaired"]

_API_VERSION = r"""(["']?)apiVersion\1[ \t]*:[ \t]*["']?headrace\.dev/"""
_IN_BLOCK_STYLE = re.compile(f"^{_API_VERSION}", re.MULTILINE)
_IN_FLOW_STYLE = re.compile(rf"(?:[ \t]*(?:#[^\r\n]*|---)?[\r\n])*[ \t]*\{{[^{{}}\[\]]*?{_API_VERSION}")


def is_flow(text: str) -> bool:
    """Whether a YAML text says that it is headrace's, and not of something within it."""
    return bool(_IN_BLOCK_STYLE.search(text) or _IN_FLOW_STYLE.match(text))


class Reading:
    """What was understood of one text.

    Attributes:
        source: the text.
        findings: everything that is wrong with it.
        draft: its nodes and edges; None if it has no `spec`.
        tree: its located nodes; None if it is no YAML.
    """

    def __init__(self, source: Source, loaded: Loaded) -> None:
        self.source = source
        self.findings: tuple[Finding, ...] = loaded.findings
        self.draft: Draft | None = loaded.draft
        self.tree: Tree | None = loaded.tree

    def part(self, path: Path) -> Tree | None:
        """What stands at a path."""
        part = self.tree
        for key in path:
            if isinstance(part, Mapping) and isinstance(key, str):
                part = part.get(key)
            elif isinstance(part, Sequence) and isinstance(key, int) and key < len(part.items):
                part = part.items[key]
            else:
                return None
        return part

    def entries(self, path: Path) -> dict[str, Entry]:
        """The entries of the mapping at a path; none if there is no mapping."""
        part = self.part(path)
        return part.entries if isinstance(part, Mapping) else {}

    def node(self, name: str) -> DraftNode | None:
        """A node by its name."""
        return self.draft.nodes.get(name) if self.draft else None

    def component(self, name: str) -> str | None:
        """The name of a node's component, if it exists."""
        node = self.node(name)
        return node.spec.name if node and node.spec else None

    def edges(self, index: int) -> list[DraftEdge]:
        """The edges that an item of `spec.edges` makes."""
        item = self.part(("spec", "edges", index))
        if item is None or self.draft is None:
            return []
        span = item.span
        return [
            edge for edge in self.draft.edges if span.start <= edge.span.start and edge.span.end <= span.end
        ]

    def described(self, path: Path) -> Path:
        """Where what stands at a path is described: an edge's `data` is its target's input."""
        match path:
            case ("spec", "edges", int(index), "data" | "add", *rest):
                targets = {edge.target for edge in self.edges(index)}
                target = targets.pop() if len(targets) == 1 else None
                node = self.node(target.node) if target else None
                if target is None or node is None or node.spec is None or node.input is not None:
                    return path
                if target.port != node.spec.inputs[0].name:
                    return path
                return ("spec", "nodes", target.node, "input", *rest)
            case _:
                return path

    # ---- what expressions see

    def scope(self, path: Path, registry: Registry) -> Scope | None:
        """What the expressions of the template at a path may read; None where no template stands."""
        match path:
            case ("spec", "nodes", str(name), "settings", *rest):
                return _settings_scope(registry.get(self.component(name) or ""), tuple(rest))
            case ("spec", "defaults", str(component), *rest):
                return _settings_scope(registry.get(component), tuple(rest))
            case ("spec", "nodes", _, "input", *_):
                return Scope.INPUT
            case ("spec", "edges", int(), "data" | "add", *_):
                return Scope.EDGE
            case _:
                return None

    def roots(self, path: Path, scope: Scope) -> Roots:
        """The shapes of what the expressions of the template at a path read."""
        variables = self._vars
        if scope.settings:
            secrets = {name: of("text") for name in self.draft.secrets} if self.draft else {}
            message = object_of({"vars": variables, "secrets": object_of(secrets)})
            return Roots(message, variables)
        return Roots(self._message(path), variables, RUN)

    @cached_property
    def _vars(self) -> Shape:
        return shape_of(self.draft.vars) if self.draft else ANY

    def _message(self, path: Path) -> Shape:
        match path:
            case ("spec", "edges", int(index), *_):
                sources = [edge.source for edge in self.edges(index) if edge.source]
                return join_all(map(self.shapes.emitted, sources)) if sources else ANY
            case ("spec", "nodes", str(name), "input", *_):
                return self._arriving(name)
            case ("spec", "nodes", str(name), "settings", *_):
                node = self.node(name)
                arriving = self._arriving(name)
                if node is None or node.input is None:
                    return arriving
                return infer(node.input, Roots(arriving, self._vars, RUN))
            case _:
                return ANY

    def _arriving(self, name: str) -> Shape:
        node = self.node(name)
        inputs = node.spec.inputs if node and node.spec else ()
        return self.shapes.arriving(name, inputs[0].name) if inputs else ANY

    @cached_property
    def shapes(self) -> Shapes:
        """The shapes of the messages."""
        return follow(self.draft or Draft(self.source.span(0, 0)))


def _settings_scope(spec: Spec | None, path: Path) -> Scope:
    return Scope.WHEN if spec and is_per_message(spec.settings, path) else Scope.SETTINGS


def read(source: Source, registry: Registry) -> Reading:
    """Read a text."""
    return Reading(source, load_flow(source, registry))


def repaired(source: Source, registry: Registry, near: int | None, *, in_place: bool = True) -> Reading:
    """Read a text that is no YAML, with what is broken taken out.

    Args:
        source: the text.
        registry: the components that there are.
        near: the offset at which somebody types, where it is most probably broken.
        in_place: whether the places in what is read must be those of the text.
    """
    return read(mended(source, near, in_place=in_place) or source, registry)
