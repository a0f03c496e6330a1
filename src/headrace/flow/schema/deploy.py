"""JSON Schema of `spec.deploy`: unlike settings, it holds no expressions, and text is no number."""

from typing import Any

from headrace.flow.deploy import Deploy
from headrace.flow.schema.model import Schema, duration_schema, notes
from headrace.flow.schema.written import is_duration

__all__ = ["deploy_schema"]

_KEPT = (
    "type",
    "enum",
    "pattern",
    "minimum",
    "exclusiveMinimum",
    "minLength",
    "additionalProperties",
    "required",
)


def deploy_schema() -> Schema:
    """The schema, with all models inside it written out; a key of its own may be left empty."""
    schema = Deploy.model_json_schema(by_alias=True)
    made = _plain(schema, schema["$defs"])
    for name, field in made["properties"].items():
        made["properties"][name] = _or_null(field)
    return _or_null(made)


def _plain(field: Schema, models: Schema) -> Schema:
    """A field's schema without references, titles and the null that stands for "not given"."""
    if "$ref" in field:
        field = {**models[field["$ref"].rpartition("/")[2]], **field}
    if is_duration(field):
        return {**duration_schema(field["pattern"]), **notes(field)}
    choices = [_plain(each, models) for each in field.get("anyOf", ()) if each.get("type") != "null"]
    if choices:
        return {**(choices[0] if len(choices) == 1 else {"anyOf": choices}), **notes(field)}
    made: Schema = {key: _inner(field[key], models) for key in _KEPT if key in field}
    if "properties" in field:
        made["properties"] = {name: _plain(below, models) for name, below in field["properties"].items()}
    if "items" in field:
        made["items"] = _plain(field["items"], models)
    return {**made, **notes(field)}


def _inner(value: Any, models: Schema) -> Any:  # noqa: ANN401 - what a key of a schema holds
    return _plain(value, models) if isinstance(value, dict) else value


def _or_null(schema: Schema) -> Schema:
    """What may be left empty."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None], "type": [schema["type"], "null"]}
    return {**schema, "type": [schema["type"], "null"]}
