"""A JSON Schema, draft-07, as the API server takes schemas: *structural*.

Each part has one type, references are written out, and nothing is told that depends on other parts. What
cannot be said so is left open (`x-kubernetes-preserve-unknown-fields`): the loader says it, with places, in
the resource's status. What is open, and why:

- any JSON: templates, payloads, vars;
- several types at one place (an edge is text or a mapping): there is no `anyOf` over types;
- objects that hold objects of their own kind, since there are no references;
- settings and messages of components: their schema depends on `component` beside them.

Defaults are left out, since the API server would write them into the flow. Keys that are not known are
refused by kubectl, and dropped for clients that do not ask for that.
"""

from typing import Any

from headrace.flow.schema import Schema

__all__ = ["OPEN", "structural"]

OPEN: Schema = {"x-kubernetes-preserve-unknown-fields": True}
"""Anything."""

_KEPT = ("pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "required")


def structural(schema: Schema, definitions: Schema, inside: frozenset[str] = frozenset()) -> Schema:
    """The part of a schema that the API server can check.

    Args:
        schema: draft-07.
        definitions: what it refers to.
        inside: the definitions that it lies in.
    """
    return {**_said(schema, definitions, inside), **_noted(schema)}


def _said(schema: Schema, definitions: Schema, inside: frozenset[str]) -> Schema:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in inside:
            return OPEN
        return _said(definitions[name], definitions, inside | {name})
    if "anyOf" in schema and "properties" not in schema:
        return _choice(schema["anyOf"], definitions, inside)
    if "enum" in schema:
        values = [value for value in schema["enum"] if value is not None]
        nullable = {"nullable": True} if None in schema["enum"] else {}
        return {"type": "string", "enum": values + [None] * bool(nullable), **nullable}
    given = schema.get("type")
    types = given if isinstance(given, list) else [given]
    nullable = {"nullable": True} if "null" in types else {}
    match [name for name in types if name not in ("null", None)]:
        case ["object"]:
            return {"type": "object", **nullable, **_object(schema, definitions, inside)}
        case ["array"]:
            items = structural(schema.get("items", {}), definitions, inside)
            return {"type": "array", **nullable, **_bounds(schema), "items": items}
        case [name]:
            return {"type": name, **nullable, **_bounds(schema)}
        case _:
            return OPEN


def _choice(choices: list[Schema], definitions: Schema, inside: frozenset[str]) -> Schema:
    """One of several: null and one other, text and a number, or anything."""
    others = [choice for choice in choices if choice != {"type": "null"}]
    nullable = {"nullable": True} if len(others) < len(choices) else {}
    if len(others) == 1:
        return {**_said(others[0], definitions, inside), **nullable}
    if len(others) == 2 and others[0].get("type") == "string" and others[1] == {"const": 0}:
        return {"x-kubernetes-int-or-string": True, "pattern": others[0]["pattern"], **nullable}
    return OPEN


def _object(schema: Schema, definitions: Schema, inside: frozenset[str]) -> Schema:
    more = schema.get("additionalProperties", True)
    properties = schema.get("properties")
    if properties is None and isinstance(more, dict):
        return {"additionalProperties": structural(more, definitions, inside)}
    made: Schema = _bounds(schema)
    if properties is not None:
        made["properties"] = {
            name: structural(below, definitions, inside) for name, below in properties.items()
        }
    return made if more is False else {**made, **OPEN}


def _bounds(schema: Schema) -> Schema:
    made: Schema = {key: schema[key] for key in _KEPT if key in schema}
    if "exclusiveMinimum" in schema:  # a number in draft-07, a switch here
        made |= {"minimum": schema["exclusiveMinimum"], "exclusiveMinimum": True}
    return made


def _noted(schema: Schema) -> dict[str, Any]:
    return {"description": schema["description"]} if "description" in schema else {}
