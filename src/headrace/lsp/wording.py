"""Shapes, functions, components and settings in words, as Markdown."""

import re
from collections.abc import Iterator

from headrace.expr.shape import KINDS, ObjectShape, Shape
from headrace.expr.signature import Function, Method
from headrace.flow.schema import Schema
from headrace.flow.schema.model import TEMPLATE
from headrace.sdk import Output, Spec
from headrace.values import encode_json

__all__ = ["component_text", "outline", "port_text", "schema_text", "shape_text", "signature_text"]

_MOST_MEMBERS = 12
_MOST_VALUES = 10
_DEPTH = 2
_PLAIN = re.compile(r"[^\W\d][\w$]*")


def shape_text(shape: Shape, depth: int = _DEPTH) -> str:
    """What a value is: `object {page: number, response: {…}}`, `array of text`, `text or null`."""
    if shape.is_nothing:
        return "never reached"
    if shape.kinds == KINDS and shape.object is None and shape.items is None:
        return "any value"
    words: list[str] = [word for word in ("boolean", "number", "text") if word in shape.kinds]
    if "array" in shape.kinds:
        words.append(_array(shape, depth))
    if "object" in shape.kinds:
        words.append(f"object {_members(shape.object, depth)}" if shape.object else "object")
    if "null" in shape.kinds:
        words.append("null")
    return " or ".join(words)


def _array(shape: Shape, depth: int) -> str:
    if shape.items is None or depth == 0:
        return "array"
    if shape.items.is_nothing:
        return "empty array"
    items = shape_text(shape.items, depth - 1)
    return f"array of ({items})" if " or " in items else f"array of {items}"


def _members(known: ObjectShape, depth: int) -> str:
    if depth == 0:
        return "{…}"
    shown = [
        f"{_key(name)}{'?' if member.optional else ''}: {_nested(member.shape, depth - 1)}"
        for name, member in list(known.members.items())[:_MOST_MEMBERS]
    ]
    if len(known.members) > _MOST_MEMBERS or known.rest is not None:
        shown.append("…")
    return "{" + ", ".join(shown) + "}"


def _nested(shape: Shape, depth: int) -> str:
    """As a member's shape, where an object needs no word."""
    return shape_text(shape, depth).replace("object {", "{")


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else encode_json(name).decode()


def signature_text(entry: Function | Method) -> str:
    """A function or method: its signature, summary and examples."""
    examples = "\n".join(f"{example.expression} → {example.value}" for example in entry.examples)
    return f"```text\n{entry.signature}\n```\n{entry.summary}\n\n```text\n{examples}\n```"


def component_text(spec: Spec) -> str:
    """A component: what it does, its ports and settings."""
    parts = [f"**{spec.name}**: {spec.summary}"]
    if spec.documentation:
        parts.append(spec.documentation)
    inputs = [f"`{port.name}`" for port in spec.inputs]
    outputs = [f"`{port.name}`" for port in spec.outputs]
    if spec.dynamic_outputs is not None:
        outputs.insert(0, "those that its settings name")
    if inputs:
        parts.append(f"Inputs: {', '.join(inputs)}")
    parts.append(f"Outputs: {', '.join(outputs)}")
    settings = [f"`{field.alias or name}`" for name, field in spec.settings.model_fields.items()]
    if settings:
        parts.append(f"Settings: {', '.join(settings)}")
    return "\n\n".join(parts)


def port_text(output: Output) -> str:
    """An output port."""
    noted = "each message becomes a task" if output.detached else ""
    return "; ".join(filter(None, (output.summary, noted)))


def schema_text(name: str, schemas: list[Schema]) -> str:
    """A key of a flow file: its type, default and description."""
    about = next((text for schema in schemas if (text := schema.get("description"))), "")
    defaults = (schema["default"] for schema in schemas if "default" in schema)
    default = next((value for value in defaults if value not in (None, "", [], {})), None)
    head = f"**{name}**: {outline(schemas)}" if outline(schemas) else f"**{name}**"
    if default is not None:
        shown = default if isinstance(default, str) else encode_json(default).decode()
        head += f", default `{shown}`"
    return "\n\n".join(filter(None, (head, about)))


def outline(schemas: list[Schema]) -> str:
    """The type of a value in a few words: `true or false`, `a` · `b`, `text`."""
    return " or ".join(dict.fromkeys(_kinds(schemas)))


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "array": "list",
}


def _kinds(schemas: list[Schema]) -> Iterator[str]:
    for schema in schemas:
        if schema.get("pattern") == TEMPLATE:  # an expression, which may stand nearly everywhere
            continue
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            shown = [f"`{value}`" for value in values[:_MOST_VALUES]]
            yield " · ".join(shown if len(values) <= _MOST_VALUES else [*shown, "…"])
        elif "has a unit" in schema.get("patternErrorMessage", ""):
            yield "duration"
        else:
            types = schema.get("type", [])
            names = [types] if isinstance(types, str) else list(types)
            # The first is what it is; the others are further ways to write it.
            yield from [_WORDS[name] for name in names if name in _WORDS][:1]
