"""Completion: what may be written at an offset of a flow file."""

from collections.abc import Iterator

from headrace.flow.draft import DraftNode
from headrace.flow.plain import ambiguity, resolve
from headrace.flow.schema import Schema
from headrace.flow.schema.model import TEMPLATE
from headrace.flow.tree import Mapping, to_json
from headrace.lsp.cursor import Cursor, find
from headrace.lsp.endpoint import End, end_at
from headrace.lsp.expression import expression_at
from headrace.lsp.grammar import Grammar
from headrace.lsp.offer import offers
from headrace.lsp.reading import Reading
from headrace.lsp.suggestion import Suggestion, SuggestionKind
from headrace.lsp.wording import component_text, outline, port_text, schema_text
from headrace.sdk import Registry
from headrace.source import Source
from headrace.values import Json

__all__ = ["complete"]


def complete(source: Source, offset: int, reading: Reading, grammar: Grammar) -> list[Suggestion]:
    """What may be written at an offset.

    Args:
        source: the text as it is now.
        offset: the place.
        reading: what was understood of the text, or of an earlier state of it.
        grammar: what may be written where.
    """
    cursor = find(source, offset)
    if cursor is None:
        return []
    scope = reading.scope(cursor.path, grammar.registry) if cursor.is_value else None
    if scope is not None and expression_at(cursor.text.value, cursor.at):
        return offers(cursor, scope, reading.roots(cursor.path, scope))
    path = reading.described(cursor.path)
    part = reading.part(cursor.path)
    schemas = grammar.at(path, reading.component, to_json(part) if part else None)
    found: list[Suggestion] = []
    is_mapping = cursor.is_key and isinstance(part, Mapping)
    if cursor.is_value and not is_mapping:
        found += _values(cursor, reading, schemas, grammar.registry)
    if cursor.is_key and "->" not in cursor.text.value:
        known = {name: grammar.at((*path, name), reading.component) for name in _names(schemas)}
        found += _keys(cursor, reading, schemas, known)
    return found


# ---- values


def _values(
    cursor: Cursor, reading: Reading, schemas: list[Schema], registry: Registry
) -> Iterator[Suggestion]:
    end = end_at(cursor)
    if end is not None:
        yield from _ends(cursor, end, reading)
        return
    match cursor.path:
        case ("spec", "nodes", _, "component"):
            yield from _components(cursor, registry)
        case ("spec", "edges", int(), "from" | "to" | "target" as key, *_, "node" | "port" as what):
            yield from _mapped_end(cursor, reading, is_source=key == "from", what=what)
        case _:
            for value, detail in dict(_constants(schemas)).items():
                yield _value(cursor, value, SuggestionKind.VALUE, detail)


def _value(
    cursor: Cursor, text: str, kind: SuggestionKind, detail: str = "", documentation: str = "", rank: int = 0
) -> Suggestion:
    """A value in place of all of the scalar."""
    start, stop = cursor.span.start, cursor.span.end
    if cursor.style:
        start += 1
        is_closed = stop > start and cursor.span.text.endswith(cursor.style)
        stop = stop - 1 if is_closed else max(start, cursor.text.offsets[cursor.at])
        return Suggestion(text, kind, text, start, stop, detail, documentation, rank=rank)
    before = cursor.span.source.text[start - 1 : start]
    space = " " if before in (":", "-") else ""
    return Suggestion(text, kind, space + text, start, stop, detail, documentation, rank=rank)


def _components(cursor: Cursor, registry: Registry) -> Iterator[Suggestion]:
    for spec in registry:
        yield _value(cursor, spec.name, SuggestionKind.COMPONENT, spec.summary, component_text(spec))


def _constants(schemas: list[Schema]) -> Iterator[tuple[str, str]]:
    """The values that a schema names, and examples of others, as a flow file has them."""
    for schema in schemas:
        if schema.get("pattern") == TEMPLATE:
            continue
        types = schema.get("type", [])
        values: list[Json] = [*schema.get("enum", [])]
        if "const" in schema:
            values.append(schema["const"])
        if "boolean" in types:
            values += [True, False]
        default = schema.get("default")
        for value in values:
            yield _plain(value), "default" if value == default and type(value) is type(default) else ""
        if not values:
            known = [*([] if default in (None, "") else [default]), *schema.get("examples", [])]
            for value in known:
                if isinstance(value, str | int | float):
                    yield _plain(value), "default" if value == default else "for example"


def _plain(value: Json) -> str:
    """A constant as YAML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    needs_quotes = isinstance(value, str) and (ambiguity(text) or resolve(text) != value)
    return f'"{text}"' if needs_quotes else text


# ---- ends of edges


def _ends(cursor: Cursor, end: End, reading: Reading) -> Iterator[Suggestion]:
    nodes = reading.draft.nodes.values() if reading.draft else ()
    written = None if not end.on_port else end.node
    before = cursor.span.source.text[end.start - 1 : end.start]
    space = " " if before in (":", "-", ">", "→") and not cursor.style else ""
    for node in nodes:
        if written is not None and node.name != written:
            continue
        ports = _ports(node, is_source=end.is_source)
        plain = [name for name, detail in ports if detail != "error"]
        if written is None and (len(plain or ports) == 1 or node.spec is None):
            about = node.spec.name if node.spec else ""
            yield Suggestion(
                node.name, SuggestionKind.NODE, space + node.name, end.start, end.stop, about,
                node.description,
            )  # fmt: skip
        for name, detail in ports if len(ports) > 1 or written is not None else ():
            text = f"{node.name}:{name}"
            yield Suggestion(
                text, SuggestionKind.PORT, space + text, end.start, end.stop,
                _port_detail(node, name, is_source=end.is_source), rank=2 if detail == "error" else 1,
            )  # fmt: skip


def _ports(node: DraftNode, *, is_source: bool) -> list[tuple[str, str]]:
    """The ports at which an edge can begin or end, and which of them are for errors."""
    if not is_source:
        return [(port.name, "") for port in (node.spec.inputs if node.spec else ())]
    return list(
        {
            output.name: (output.name, "error" if output.error else "") for output in node.outputs or ()
        }.values()
    )


def _port_detail(node: DraftNode, name: str, *, is_source: bool) -> str:
    if not is_source:
        return next((port.summary for port in node.spec.inputs if port.name == name), "") if node.spec else ""
    return next((port_text(output) for output in node.outputs or () if output.name == name), "")


def _mapped_end(cursor: Cursor, reading: Reading, *, is_source: bool, what: str) -> Iterator[Suggestion]:
    """In `{node: a, port: out}`."""
    nodes = reading.draft.nodes if reading.draft else {}
    if what == "node":
        for node in nodes.values():
            if _ports(node, is_source=is_source):
                about = node.spec.name if node.spec else ""
                yield _value(cursor, node.name, SuggestionKind.NODE, about, node.description)
        return
    named = reading.part((*cursor.path[:-1], "node"))
    name = to_json(named) if named else None
    if isinstance(name, str) and name in nodes:
        for port, _ in _ports(nodes[name], is_source=is_source):
            detail = _port_detail(nodes[name], port, is_source=is_source)
            yield _value(cursor, port, SuggestionKind.PORT, detail)


# ---- keys


def _keys(
    cursor: Cursor, reading: Reading, schemas: list[Schema], known: dict[str, list[Schema]]
) -> Iterator[Suggestion]:
    text = cursor.span.source.text
    start, stop = cursor.span.start, cursor.span.end
    given = {name for name in reading.entries(cursor.path) if name != cursor.text.value.strip()}
    space = " " if text[start - 1 : start] == "-" else ""
    for name, below in known.items():
        if name in given or any(_is_refused(schema) for schema in below):
            continue
        ending = ": " if cursor.closers or not any(map(_is_collection, below)) else ":"
        ending = "" if text[stop : stop + 1] == ":" else ending
        rank = 0 if any(name in schema.get("required", ()) for schema in schemas) else 1
        yield Suggestion(
            name, SuggestionKind.KEY, f"{space}{name}{ending}", start, stop,
            outline(below), schema_text(name, below), rank=rank,
        )  # fmt: skip


def _names(schemas: list[Schema]) -> list[str]:
    return list(dict.fromkeys(name for schema in schemas for name in schema.get("properties", {})))


def _is_refused(schema: Schema) -> bool:
    """Whether a key has no effect there, which its description says."""
    return schema.get("type") == "null" and "description" in schema


def _is_collection(schema: Schema) -> bool:
    """Whether a mapping or a list stands there, on lines of its own."""
    types = schema.get("type", [])
    return types in ("object", "array") or (isinstance(types, list) and types[:1] in (["object"], ["array"]))
