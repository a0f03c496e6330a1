"""JSON Schema of a pydantic model as flow files write it.

Pydantic's own schema tells what the model holds; a flow file may write more: an expression wherever a value
may stand, text for a number (`"5"`), `0` for a duration. What a validator accepts that pydantic cannot tell
is left open.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from headrace.flow.schema.written import default_of, is_duration

__all__ = ["TEMPLATE", "Schema", "duration_schema", "model_schema", "notes"]

Schema = dict[str, Any]
"""A JSON Schema, draft-07."""

TEMPLATE = r"\{\{"
"""Pattern of text that holds an expression."""

_OPEN = "x-open"
_INTEGER = r"^\s*[-+]?[0-9_]+(\.0*)?\s*$"
_NUMBER = r"^\s*[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)([eE][-+]?[0-9]+)?\s*$"
_BOOLEAN = (
    "^([Tt]([Rr][Uu][Ee])?|[Ff]([Aa][Ll][Ss][Ee])?|[Yy]([Ee][Ss])?|[Nn]([Oo])?|[Oo]([Nn]|[Ff][Ff])|0|1)$"
)
_SCALARS: dict[str, Schema] = {  # what pydantic takes for each, without `strict`
    "integer": {"type": ["integer", "string"], "pattern": _INTEGER},
    "number": {"type": ["number", "string"], "pattern": _NUMBER},
    "boolean": {"type": ["boolean", "string", "integer"], "pattern": _BOOLEAN, "minimum": 0, "maximum": 1},
}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = ("minItems", "maxItems", "minProperties", "maxProperties", "minLength")


def model_schema(model: type[BaseModel]) -> Schema:
    """The schema of a model's object, with all models inside it written out and no definitions of its own."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    models = schema.get("$defs", {})
    inside: frozenset[str] = frozenset()
    if "$ref" in schema:  # a model that holds itself
        name = schema["$ref"].rpartition("/")[2]
        schema, inside = models[name], frozenset({name})
    known = {} if schema.get(_OPEN) else dict(_object(schema, models, inside))
    return {"type": "object", **known, **notes(schema)}


class _Generator(GenerateJsonSchema):
    """Marks what a function sees before pydantic does, since it may accept anything."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        made = super().function_before_schema(schema)
        return made if schema.get("json_schema_input_schema") else {**made, _OPEN: True}

    def function_wrap_schema(self, schema: core_schema.WrapValidatorFunctionSchema) -> JsonSchemaValue:
        made = super().function_wrap_schema(schema)
        return made if schema.get("json_schema_input_schema") else {**made, _OPEN: True}

    def handle_invalid_for_json_schema(
        self, schema: core_schema.CoreSchema, error_info: str
    ) -> JsonSchemaValue:
        """A type that JSON Schema does not know may hold anything."""
        _ = schema, error_info
        return {}


def notes(field: Schema) -> Schema:
    """What people read about a field: description, default, examples.

    `markdownDescription` is what editors show where they know it; they show backticks of a plain
    `description` as they are.
    """
    made: Schema = {}
    if about := " ".join(field.get("description", "").split()):
        made["description"] = about
        if "`" in about:
            made["markdownDescription"] = about
    if (default := default_of(field)) is not None:
        made["default"] = default
    if "examples" in field:
        made["examples"] = field["examples"]
    return made


def _written(field: Schema, models: Schema, inside: frozenset[str]) -> Schema:
    """A field's schema as flow files write it.

    Args:
        field: as pydantic makes it.
        models: pydantic's definitions.
        inside: the models that it lies in; one that holds itself is left open.
    """
    made = _kind(field, models, inside)
    if field.get(_OPEN):
        made = {"anyOf": [made, {}]}
    return {**made, **notes(field)}


def _kind(field: Schema, models: Schema, inside: frozenset[str]) -> Schema:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return {} if name in inside else _written(models[name], models, inside | {name})
    for choices in ("anyOf", "oneOf", "allOf"):
        if choices in field:
            word = "allOf" if choices == "allOf" else "anyOf"  # an expression fits several of `oneOf`
            return {word: list(_choices(field[choices], word, models, inside))}
    if "enum" in field or "const" in field:
        values = field["enum"] if "enum" in field else [field["const"]]
        return {"anyOf": [{"enum": values}, {"type": "string", "pattern": TEMPLATE}]}
    match field.get("type"):
        case "integer" | "number" | "boolean" as name:
            scalar = _SCALARS[name]
            bounds = {key: field[key] for key in _BOUNDS if key in field}
            return {**scalar, **bounds, "pattern": f"{TEMPLATE}|{scalar['pattern']}"}
        case "string":
            return _text(field)
        case "array":
            return {**_templated(field), **_array(field, models, inside)}
        case "object":
            return {**_templated(field), **dict(_object(field, models, inside))}
        case list() as names:
            pattern = {"pattern": f"{TEMPLATE}|{field['pattern']}"} if "pattern" in field else {}
            bounds = {key: field[key] for key in _BOUNDS if key in field}
            return {"type": names if "string" in names else [*names, "string"], **bounds, **pattern}
        case "null":
            return {"type": "null"}
        case _:
            return {}


def _choices(choices: list[Schema], word: str, models: Schema, inside: frozenset[str]) -> Iterator[Schema]:
    """Each choice; choices of choices are laid open."""
    for choice in choices:
        made = _written(choice, models, inside)
        yield from made[word] if set(made) == {word} else (made,)


def _templated(field: Schema) -> Schema:
    """An array or an object, or one expression that gives it."""
    counts = {key: field[key] for key in _COUNTS if key in field}
    return {"type": [field["type"], "string"], "pattern": TEMPLATE, **counts}


def _text(field: Schema) -> Schema:
    pattern = field.get("pattern")
    if field.get("format") == "expression":
        return {"type": ["string", "object", "array"], "pattern": pattern}
    if is_duration(field):
        return duration_schema(f"{TEMPLATE}|{pattern}")
    made: Schema = {"type": "string"}
    if field.get("format", "password") != "password":  # pydantic takes numbers for times as well
        made["type"] = ["string", "number"]
    if "minLength" in field:
        made["minLength"] = field["minLength"]
    if pattern is not None:
        made["pattern"] = f"{TEMPLATE}|{pattern}"
    if "maxLength" in field:
        longest = {**made, "maxLength": field["maxLength"]}
        return {"anyOf": [longest, {"type": "string", "pattern": TEMPLATE}]}
    return made


def duration_schema(pattern: str) -> Schema:
    """A duration, whose text has this pattern; 0 needs no unit. Editors show the messages."""
    says = "a duration has a unit: `500ms`, `60s`, `5m`, `1h30m`"
    text = {"type": "string", "pattern": pattern, "patternErrorMessage": says, "errorMessage": says}
    return {"anyOf": [text, {"const": 0}]}


def _array(field: Schema, models: Schema, inside: frozenset[str]) -> Schema:
    if "prefixItems" in field:
        return {"items": [_written(item, models, inside) for item in field["prefixItems"]]}
    items = field.get("items")
    return {"items": _written(items, models, inside)} if isinstance(items, dict) else {}


def _object(field: Schema, models: Schema, inside: frozenset[str]) -> Iterator[tuple[str, Any]]:
    if "properties" in field:
        properties = field["properties"].items()
        yield "properties", {name: _written(below, models, inside) for name, below in properties}
    if field.get("required"):
        yield "required", field["required"]
    more = field.get("additionalProperties")
    if more is not None:
        yield "additionalProperties", _written(more, models, inside) if isinstance(more, dict) else more
