"""What has a name of its own in a flow, where it is declared and where it is used."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from headrace.expr import ParsedExpression, Template
from headrace.expr.nodes import Index, Member, Node, index_key, path_of, walk
from headrace.flow.draft import Draft
from headrace.flow.tree import Scalar, Sequence
from headrace.lsp.cursor import Cursor, find
from headrace.lsp.endpoint import end_at
from headrace.lsp.expression import expression_at, node_at, parse_text
from headrace.lsp.reading import Reading
from headrace.sdk import Registry
from headrace.source import Source, Span, Text

__all__ = ["Target", "anchor_of", "cut", "declarations", "target_at", "uses"]


@dataclass(frozen=True, slots=True)
class Target:
    """A node, secret or var, by its name."""

    kind: Literal["node", "secret", "var"]
    name: str
    span: Span


def target_at(source: Source, offset: int, reading: Reading, registry: Registry) -> Target | None:
    """What is named at an offset."""
    cursor = find(source, offset)
    if cursor is None:
        return None
    inner = Span(source, cursor.text.offsets[0], cursor.text.offsets[-1])
    match cursor.path:
        case ("spec", "nodes") if cursor.is_key:
            return Target("node", cursor.text.value, cursor.span)
        case ("spec", "vars") if cursor.is_key:
            return Target("var", cursor.text.value, cursor.span)
        case ("spec", "secrets", int()):
            return Target("secret", cursor.text.value, inner)
        case ("spec", "edges", int(), "from" | "to" | "target", *_, "node"):
            return Target("node", cursor.text.value, inner)
        case _:
            return _used_at(cursor, reading, registry)


def _used_at(cursor: Cursor, reading: Reading, registry: Registry) -> Target | None:
    """What an end of an edge or an expression names at a cursor."""
    if (end := end_at(cursor)) is not None:
        if end.on_port:
            return None
        span = Span(cursor.span.source, end.start, end.start + len(end.node))
        return Target("node", end.node, span)
    scope = reading.scope(cursor.path, registry)
    if scope is None:
        return None
    return _read_at(cursor, is_settings=scope.settings)


def _read_at(cursor: Cursor, *, is_settings: bool) -> Target | None:
    """The secret or var that an expression reads at a cursor."""
    found = expression_at(cursor.text.value, cursor.at)
    if found is None:
        return None
    begin, end = found
    text = cut(cursor.text, begin, end)
    tree = parse_text(text)
    node = node_at(tree, cursor.at - begin) if tree is not None else None
    named = _named(node, is_settings=is_settings) if node is not None else None
    if node is None or named is None:
        return None
    kind, name = named
    return Target(kind, name, _name_span(text, node, name))


def cut(text: Text, begin: int, end: int) -> Text:
    """A piece of a text, with its places."""
    return Text(text.value[begin:end], text.source, text.offsets[begin : end + 1])


def _named(node: Node, *, is_settings: bool) -> tuple[Literal["secret", "var"], str] | None:
    """The secret or var that a member access reads, if it reads one itself."""
    match node:
        case Member(target=target, name=name):
            key: str | int | None = name
        case Index(target=target, index=index):
            key = index_key(index)
        case _:
            return None
    path = path_of(target)
    if not isinstance(key, str):
        return None
    if path == ("$vars",) or (is_settings and path == ("$", "vars")):
        return "var", key
    return ("secret", key) if is_settings and path == ("$", "secrets") else None


def _name_span(text: Text, node: Node, name: str) -> Span:
    start = text.value.rfind(name, node.start, node.end)
    return text.span(start, start + len(name)) if start >= 0 else text.span(node.start, node.end)


# ---- where


def declarations(target: Target, reading: Reading) -> list[Span]:
    """Where it is declared."""
    match target.kind:
        case "node":
            found = reading.entries(("spec", "nodes")).get(target.name)
            return [found.place] if found else []
        case "var":
            found = reading.entries(("spec", "vars")).get(target.name)
            return [found.place] if found else []
        case "secret":
            listed = reading.part(("spec", "secrets"))
            items = listed.items if isinstance(listed, Sequence) else ()
            return [
                item.text.whole for item in items if isinstance(item, Scalar) and item.value == target.name
            ]


def uses(target: Target, reading: Reading) -> list[Span]:
    """Where it is used: the ends of edges, or what expressions read; each once, in the order of the file."""
    if reading.draft is None:
        return []
    found = _ends(target.name, reading.draft) if target.kind == "node" else _reads(target, reading.draft)
    places = {(span.start, span.end): span for span in found}
    return [places[key] for key in sorted(places)]


def _ends(name: str, draft: Draft) -> Iterator[Span]:
    for edge in draft.edges:
        yield from (end.node_span for end in (edge.start, edge.end) if end.node == name)


def _reads(target: Target, draft: Draft) -> Iterator[Span]:
    for template in _templates(draft):
        for expression in template.expressions:
            yield from _reads_in(target, expression, is_settings=template.scope.settings)


def _reads_in(target: Target, expression: ParsedExpression, *, is_settings: bool) -> Iterator[Span]:
    for node in walk(expression.node):
        if _named(node, is_settings=is_settings) == (target.kind, target.name):
            yield _name_span(expression.text, node, target.name)


def _templates(draft: Draft) -> Iterator[Template]:
    for node in draft.nodes.values():
        yield from filter(None, (node.settings_template, node.input, *node.message_templates.values()))
    for edge in draft.edges:
        yield from filter(None, (edge.data, edge.add))


def anchor_of(source: Source, offset: int) -> Span | None:
    """The `&name` that the `*name` at an offset stands for."""
    cursor = find(source, offset)
    alias = re.fullmatch(r"\*([^\s,\[\]{}]+)", cursor.span.text) if cursor else None
    if cursor is None or alias is None:
        return None
    pattern = re.compile(rf"(?<=[\s\[{{,])&({re.escape(alias[1])})(?=[\s,\[\]{{}}]|$)")
    last = None
    for found in pattern.finditer(source.text, 0, cursor.span.start):
        last = found
    return source.span(*last.span()) if last else None
