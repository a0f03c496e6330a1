"""A flow file as far as it can be understood, whatever is wrong with it."""

import re
from collections.abc import Iterator
from functools import cached_property

from headrace.errors import Finding
from headrace.expr import Scope
from headrace.expr.inference import RUN, Roots, infer
from headrace.expr.shape import ANY, Shape, join_all, object_of, of, shape_of
from headrace.flow.draft import Draft, DraftEdge, DraftNode
from headrace.flow.loader import Loaded, load_flow
from headrace.flow.shape import Shapes, follow
from headrace.flow.tree import Entry, Mapping, Path, Sequence, Tree
from headrace.lsp.cursor import find
from headrace.lsp.permessage import is_per_message
from headrace.sdk import Registry, Spec
from headrace.source import Source

__all__ = ["Reading", "is_flow", "read", "repaired"]

_API_VERSION = re.compile(r"""^[\s{]*["']?apiVersion["']?\s*:\s*["']?headrace\.dev/""", re.MULTILINE)
_MOST_REPAIRS = 4


def is_flow(text: str) -> bool:
    """Whether a YAML text says that it is headrace's."""
    return _API_VERSION.search(text) is not None


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


def repaired(source: Source, registry: Registry, near: int | None) -> Reading:
    """Read a text that is no YAML, with what is broken taken out; all other offsets stay.

    Args:
        source: the text.
        registry: the components that there are.
        near: the offset at which somebody types, where it is most probably broken.
    """
    reading = read(source, registry)
    attempts = iter(_closed_at(source, near)) if near is not None else iter(())
    for _ in range(_MOST_REPAIRS):
        if reading.tree is not None:
            break
        text = next(attempts, None) or _without_line_of(reading.findings)
        if text is None:
            break
        reading = read(Source(source.name, text), registry)
    return reading


def _closed_at(source: Source, offset: int) -> Iterator[str]:
    """The text with what is open at an offset closed there, then without its line."""
    line = source.position(offset)[0]
    start = source.line_starts[line - 1]
    end = start + len(source.line(line))
    cursor = find(source, offset)
    if cursor is not None:
        quote = cursor.style if cursor.style in ("'", '"') else ""
        closers = quote + cursor.closers
        yield (
            source.text[:offset]
            + closers.ljust(end - offset)[: max(end - offset, len(closers))]
            + source.text[end:]
        )
    yield source.text[:start] + " " * (end - start) + source.text[end:]


def _without_line_of(findings: tuple[Finding, ...]) -> str | None:
    """The text without the line of the last finding, which is what ended its reading."""
    if not findings:
        return None
    span = findings[-1].span
    source = span.source
    line = span.line
    start = source.line_starts[line - 1]
    content = source.line(line)
    return (
        source.text[:start] + " " * len(content) + source.text[start + len(content) :]
        if content.strip()
        else None
    )
