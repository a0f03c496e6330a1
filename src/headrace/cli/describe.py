"""A component as text: what it does, its settings, its ports, an example."""

import textwrap
from collections.abc import Iterator

from pydantic import BaseModel

from headrace.app.snippet import snippet_of
from headrace.expr.text import stringify
from headrace.flow.schema import Schema
from headrace.flow.schema.written import bounds_text, default_of, is_duration, is_size
from headrace.sdk import Spec

__all__ = ["describe"]

_PLAIN_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "array": "array",
}
_FORMATS = {
    "duration": "duration",
    "expression": "expression",
    "password": "text, secret",
    "size": "size",
}


def describe(spec: Spec, width: int) -> str:
    """All of a component, for a display of that many columns."""
    parts = ["\n".join(_wrapped(f"{spec.name}: {spec.summary}", width, ""))]
    if spec.documentation:
        parts += ["\n".join(_wrapped(paragraph, width, "")) for paragraph in spec.documentation.split("\n\n")]
    settings = list(_fields(spec.settings, width, "  "))
    parts.append("\n".join(["Settings", *(settings or ["  none"])]))
    if spec.inputs:
        lines = ["Inputs"]
        for port in spec.inputs:
            lines += _wrapped(f"{port.name}: {port.summary or 'any message'}", width, "  ")
            lines += _fields(port.message, width, "    ") if port.message else []
        parts.append("\n".join(lines))
    lines = ["Outputs"]
    for output in spec.outputs:
        noted = " (each message becomes a task)" if output.detached else ""
        lines += _wrapped(f"{output.name}{noted}: {output.summary}", width, "  ")
    if spec.dynamic_outputs is not None:
        lines.append("  … and those that its settings name")
    parts.append("\n".join(lines))
    if added := [output.adds for output in spec.outputs if output.adds]:
        keys = [f"as: another name than `{added[0]}` for what it adds"]
        if spec.samples:
            keys.append(f"sample, schema: an example or a JSON Schema of `{spec.samples}`, for checks")
        lines = [line for key in keys for line in _wrapped(key, width, "  ")]
        parts.append("\n".join(["Further keys of its nodes", *lines]))
    parts.append("Example\n" + textwrap.indent(snippet_of(spec), "  ").rstrip())
    return "\n\n".join(parts)


def _fields(model: type[BaseModel], width: int, indent: str) -> Iterator[str]:
    schema = model.model_json_schema(by_alias=True)
    yield from _schema_fields(schema, schema.get("$defs", {}), width, indent)


def _schema_fields(schema: Schema, models: Schema, width: int, indent: str) -> Iterator[str]:
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        bounds = bounds_text(field)
        head = f"{name}: {_type(field, models)}" + (f", {bounds}" if bounds else "")
        if name in required:
            head += ", required"
        elif (default := _default(field)) is not None:
            head += f", default {default}"
        yield from _wrapped(head, width, indent)
        yield from _wrapped(field.get("description", ""), width, indent + "    ")
        for below in _models_of(field, models):
            yield from _schema_fields(below, models, width, indent + "    ")


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, max(width, 40), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _models_of(field: Schema, models: Schema) -> Iterator[Schema]:
    """The objects with members of their own in a field."""
    if "$ref" in field:
        model = models[field["$ref"].rpartition("/")[2]]
        if "properties" in model:
            yield model
    for below in (*field.get("anyOf", ()), *field.get("oneOf", ()), field.get("items", {})):
        yield from _models_of(below, models) if below else ()


def _type(field: Schema, models: Schema) -> str:
    if "$ref" in field:
        model = models[field["$ref"].rpartition("/")[2]]
        return "object" if "properties" in model else _type(model, models)
    if "enum" in field:
        return " · ".join(map(str, field["enum"]))
    if "const" in field:
        return f"`{field['const']}`"
    if choices := field.get("anyOf") or field.get("oneOf"):
        names = [_type(choice, models) for choice in choices if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(names))
    if field.get("format") in _FORMATS:
        return _FORMATS[field["format"]]
    kind = field.get("type")
    if kind == "array" and field.get("items"):
        return f"array of {_type(field['items'], models)}"
    return _PLAIN_TYPES.get(kind, "any value") if isinstance(kind, str) else "any value"


def _default(field: Schema) -> str | None:
    """The default as a flow file would have it; None where there is nothing to tell."""
    value = default_of(field)
    if value is None or value == "":
        return None
    if isinstance(value, str) and not (is_duration(field) or is_size(field)):
        return f"`{value}`"
    return value if isinstance(value, str) else stringify(value)
