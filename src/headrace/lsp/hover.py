"""What stands at an offset, explained."""

from collections.abc import Iterator
from dataclasses import dataclass

from headrace.expr import Scope
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.inference import Roots
from headrace.expr.nodes import (
    Call,
    Constant,
    FunctionName,
    Index,
    Member,
    MethodCall,
    Name,
    Node,
    Query,
    Root,
)
from headrace.expr.parser import CONSTANTS
from headrace.expr.shape import ANY
from headrace.flow.draft import DraftNode
from headrace.lsp.cursor import Cursor, find
from headrace.lsp.endpoint import end_at
from headrace.lsp.expression import expression_at, node_at, parse_text
from headrace.lsp.grammar import Grammar
from headrace.lsp.reading import Reading
from headrace.lsp.shaping import shapes_of
from headrace.lsp.target import cut
from headrace.lsp.wording import component_text, port_text, schema_text, shape_text, signature_text
from headrace.pages import page_of, title_of
from headrace.source import Source, Span, Text

__all__ = ["Hover", "hover"]


@dataclass(frozen=True, slots=True)
class Hover:
    """An explanation of a place, in Markdown."""

    text: str
    span: Span


def hover(source: Source, offset: int, reading: Reading, grammar: Grammar) -> Hover | None:
    """Explain what stands at an offset; what is wrong there is told with its page.

    Args:
        source: the text.
        offset: the place.
        reading: what was understood of it.
        grammar: what may be written where.
    """
    cursor = find(source, offset)
    found = _explained(cursor, reading, grammar) if cursor is not None else None
    links = "\n\n".join(_pages(offset, reading))
    if found is None and not links:
        return None
    text = "\n\n".join(filter(None, (found.text if found else "", links)))
    return Hover(text, found.span if found else source.span(offset, offset))


def _pages(offset: int, reading: Reading) -> Iterator[str]:
    for code in dict.fromkeys(
        finding.code for finding in reading.findings if finding.span.start <= offset <= finding.span.end
    ):
        if page := page_of(code):
            yield f"[{code}]({page.as_uri()}): {title_of(page)}"


def _explained(cursor: Cursor, reading: Reading, grammar: Grammar) -> Hover | None:
    if cursor.is_key and not cursor.is_value:
        return _key(cursor, reading, grammar)
    scope = reading.scope(cursor.path, grammar.registry)
    if scope is not None and (found := expression_at(cursor.text.value, cursor.at)):
        text = cut(cursor.text, *found)
        return _expression(text, cursor.at - found[0], scope, reading.roots(cursor.path, scope))
    if (end := end_at(cursor)) is not None:
        node = reading.node(end.node)
        span = Span(cursor.span.source, end.start, end.stop)
        return Hover(_node(node, end.port if end.on_port else None), span) if node else None
    match cursor.path:
        case ("spec", "nodes", _, "component") | ("spec", "defaults", _):
            spec = grammar.registry.get(cursor.text.value)
            return Hover(component_text(spec), cursor.span) if spec else None
        case ("spec", "edges", int(), "from" | "to" | "target", *_, "node"):
            node = reading.node(cursor.text.value)
            return Hover(_node(node, None), cursor.span) if node else None
        case ("spec", *_, str(name)) if cursor.text.value:
            return _described(name, cursor, reading, grammar)
        case _:
            return None


def _key(cursor: Cursor, reading: Reading, grammar: Grammar) -> Hover | None:
    name = cursor.text.value
    if cursor.path == ("spec", "nodes"):
        node = reading.node(name)
        return Hover(_node(node, None), cursor.span) if node else None
    if cursor.path == ("spec", "defaults"):
        spec = grammar.registry.get(name)
        return Hover(component_text(spec), cursor.span) if spec else None
    path = (*reading.described(cursor.path), name)
    schemas = grammar.at(path, reading.component)
    text = schema_text(name, schemas) if any(schemas) else ""
    return Hover(text, cursor.span) if text else None


def _described(name: str, cursor: Cursor, reading: Reading, grammar: Grammar) -> Hover | None:
    """A value, by its key."""
    schemas = grammar.at(reading.described(cursor.path), reading.component)
    return Hover(schema_text(name, schemas), cursor.span) if any(schemas) else None


def _node(node: DraftNode, port: str | None) -> str:
    """A node: its component and description, or one of its ports."""
    head = f"**{node.name}**"
    if node.spec is not None:
        head += f": {node.spec.name}"
    parts = [head, node.description or (node.spec.summary if node.spec else "")]
    for output in node.outputs or ():
        if output.name == port:
            parts = [f"**{node.name}:{port}**", port_text(output)]
    for taken in node.spec.inputs if node.spec else ():
        if taken.name == port:
            parts = [f"**{node.name}:{port}**", taken.summary]
    return "\n\n".join(filter(None, parts))


def _expression(text: Text, at: int, scope: Scope, roots: Roots) -> Hover | None:
    tree = parse_text(text)
    node = node_at(tree, at) if tree is not None else None
    if tree is None or node is None:
        return None
    if (called := _callable(node, at)) is not None:
        start, end, about = called
        return Hover(about, text.span(start, end))
    if not isinstance(node, Member | Index | Root | Name | Query):
        return None
    shape = shapes_of(text, tree, scope, roots).get(id(node), ANY)
    written = text.value[node.start : node.end]
    return Hover(f"`{written}`: {shape_text(shape)}", text.span(node.start, node.end))


def _callable(node: Node, at: int) -> tuple[int, int, str] | None:
    """A function or method whose name stands at an offset: where, and its text."""
    match node:
        case Call(name=name) | FunctionName(name=name):
            start = node.start
        case MethodCall(name=name, name_start=start):
            pass
        case Constant(name=name):
            return node.start, node.end, f"`{name}`: {CONSTANTS[name]}"
        case _:
            return None
    entry = METHODS.get(name) if isinstance(node, MethodCall) else FUNCTIONS.get(name)
    end = start + len(name)
    return (start, end, signature_text(entry)) if entry and start <= at < end else None
