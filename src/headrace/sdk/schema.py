"""JSON Schema -> shape: what a schema says that a value may be.

Known are types, properties, required, items, additionalProperties, enum, const, anyOf, oneOf, allOf,
`nullable` and references within the schema. Whatever else a schema says is not used: the shape may be
larger than the schema, never smaller. One thing is taken more strictly than the standard does: members
that a schema does not name are not expected, unless `additionalProperties` says so; `certain` is false then.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from msgspec.structs import replace
from pydantic import BaseModel

from headrace.expr.shape import (
    ANY,
    KINDS,
    NOTHING,
    NULL,
    Kind,
    Member,
    ObjectShape,
    Origin,
    Shape,
    join,
    join_all,
    shape_of,
)
from headrace.values import Json

__all__ = ["SchemaProblem", "check_schema", "model_shape", "schema_shape"]

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of a schema."""

_KIND_OF: dict[str, Kind] = {
    "null": "null",
    "boolean": "boolean",
    "integer": "number",
    "number": "number",
    "string": "text",
    "array": "array",
    "object": "object",
}
_OPENING = ("patternProperties", "if", "then", "else", "dependentSchemas", "not", "unevaluatedProperties")
"""Keywords that may name further members in ways that are not followed."""

_MOST_CHOICES = 500
"""Of more alternatives than that nothing is known: to join them all would take too long."""

_DEEPEST = 12
"""References are followed to this depth; a schema that refers to itself has no end."""


class SchemaProblem(ValueError):
    """A part of a schema that is no schema; `path` leads to it."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


def model_shape(model: type[BaseModel], origins: Iterable[Origin] = ()) -> Shape:
    """The shape of the messages that a pydantic model describes: they have no other members.

    A field with a default may be absent, unless its model says otherwise by `extra="allow"`.
    """
    schema = model.model_json_schema(by_alias=True, mode="serialization")
    shape = schema_shape(schema, origins=origins)
    return _closed(shape)


def _closed(shape: Shape) -> Shape:
    """The same, where members that are not named are sure not to be there."""
    members = shape.object
    if members is not None:
        closed = {
            name: replace(member, shape=_closed(member.shape)) for name, member in members.members.items()
        }
        members = replace(members, members=closed, certain=True)
    return replace(shape, object=members, items=None if shape.items is None else _closed(shape.items))


def schema_shape(schema: Json, *, origins: Iterable[Origin] = ()) -> Shape:
    """The shape of the values that a schema describes; what it says in unknown words is anything."""
    return _Reading(schema, frozenset(origins)).shape(schema, _DEEPEST)


class _Reading:
    """One schema, while its parts become shapes."""

    def __init__(self, root: Json, origins: frozenset[Origin]) -> None:
        self._root = root
        self._origins = origins
        self._known: dict[tuple[int, int], Shape] = {}  # by the schema's identity and depth

    def shape(self, schema: Json, depth: int) -> Shape:
        if schema is False:
            return NOTHING
        if not isinstance(schema, dict) or depth == 0:
            return ANY
        key = id(schema), depth
        if key not in self._known:
            self._known[key] = self._shape(schema, depth)
        return self._known[key]

    def _shape(self, schema: dict[str, Json], depth: int) -> Shape:
        shape = self._own(schema, depth)
        if isinstance(reference := schema.get("$ref"), str):
            shape = _meet(shape, self.shape(self._target(reference), depth - 1))
        for word in ("anyOf", "oneOf"):
            if isinstance(choices := schema.get(word), list) and 0 < len(choices) <= _MOST_CHOICES:
                shape = _meet(shape, join_all(self.shape(choice, depth - 1) for choice in choices))
        if isinstance(parts := schema.get("allOf"), list):
            for part in parts:
                shape = _meet(shape, self.shape(part, depth - 1))
        return shape.or_null() if schema.get("nullable") is True else shape

    def _own(self, schema: dict[str, Json], depth: int) -> Shape:
        """What the schema itself says, without the schemas that it joins."""
        kinds = _kinds(schema.get("type"))
        values: list[Json] | None = None
        if "const" in schema:
            values = [schema["const"]]
        elif isinstance(listed := schema.get("enum"), list):
            values = listed
        if values is not None and len(values) > _MOST_CHOICES:
            return Shape(kinds)
        if values is not None:
            return join_all(self._one(value) for value in values).only(*kinds)
        members = self._members(schema, depth) if "object" in kinds else None
        items = schema.get("items")
        known = (
            self.shape(items, depth - 1) if isinstance(items, dict) and "prefixItems" not in schema else None
        )
        return Shape(kinds, members, known if "array" in kinds else None)

    def _one(self, value: Json) -> Shape:
        return NULL if value is None else shape_of(value, certain=False, origins=self._origins)

    def _members(self, schema: dict[str, Json], depth: int) -> ObjectShape | None:
        properties, required = schema.get("properties"), schema.get("required")
        further = schema.get("additionalProperties")
        if not isinstance(properties, dict):
            properties = {}
            if further is None:
                return None
        names = required if isinstance(required, list) else []
        members = {
            name: Member(self.shape(part, depth - 1), optional=name not in names)
            for name, part in properties.items()
        }
        rest = None if further in (None, False) else self.shape(further, depth - 1)
        if any(word in schema for word in _OPENING):
            rest = ANY
        for name in names:
            if isinstance(name, str) and name not in members:
                members[name] = Member(ANY if rest is None else rest)
        certain = further is not None and "allOf" not in schema
        return ObjectShape(members, rest, certain, self._origins)

    def _target(self, reference: str) -> Json:
        """What a reference within the schema leads to; anything for others."""
        if not reference.startswith("#"):
            return True
        try:
            found: Json = _referred(self._root, reference)
        except LookupError:
            return True
        return found


def _referred(root: Any, reference: str) -> Any:  # noqa: ANN401 - part of what a user wrote
    """What a reference within a schema leads to, `#/$defs/name` (RFC 6901).

    Raises:
        LookupError: to nothing.
    """
    part = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(part, dict) or name not in part:
            raise LookupError(name)
        part = part[name]
    return part


def _kinds(types: Json) -> frozenset[Kind]:
    listed = types if isinstance(types, list) else [types]
    found = {_KIND_OF[name] for name in listed if isinstance(name, str) and name in _KIND_OF}
    return frozenset(found) or KINDS


def _meet(first: Shape, second: Shape) -> Shape:
    """Values that both allow; members that only one of them names are allowed by the other."""
    kinds = first.kinds & second.kinds
    items = first.items if second.items is None else second.items
    if first.object is None or second.object is None:
        members = first.object or second.object
    else:
        one, other = first.object, second.object
        rest = (
            one.rest if other.rest is None else other.rest if one.rest is None else join(one.rest, other.rest)
        )
        named = {**other.members, **one.members}
        optional = {
            name: all(part.members[name].optional for part in (one, other) if name in part.members)
            for name in named
        }
        both = {name: Member(_met(name, one, other), optional[name]) for name in named}
        members = ObjectShape(both, rest, one.certain and other.certain, one.origins | other.origins)
    return Shape(kinds, members if "object" in kinds else None, items if "array" in kinds else None)


def _met(name: str, one: ObjectShape, other: ObjectShape) -> Shape:
    found = [part.members[name].shape for part in (one, other) if name in part.members]
    return found[0] if len(found) == 1 else _meet(found[0], found[1])


# ---- whether it is a schema

_SCHEMAS = ("items", "additionalProperties", "not", "if", "then", "else")
_LISTS = ("anyOf", "oneOf", "allOf")
_MAPPINGS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")


def check_schema(schema: Any) -> None:  # noqa: ANN401 - what a user wrote may be anything
    """Refuse what is no schema.

    Raises:
        SchemaProblem: the first part that is wrong, with its path.
    """
    _check(schema, (), schema)


def _check(schema: Any, path: Path, root: Any) -> None:  # noqa: ANN401 - likewise
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise SchemaProblem("a schema is a mapping such as `{type: object}`", path)
    types = schema.get("type")
    for name in types if isinstance(types, list) else [types]:
        if name is not None and (not isinstance(name, str) or name not in _KIND_OF):
            known = ", ".join(f"`{each}`" for each in _KIND_OF)
            raise SchemaProblem(f"there is no type `{name}`; there are {known}", (*path, "type"))
    if "required" in schema and not _is_names(schema["required"]):
        raise SchemaProblem("`required` is a list of names", (*path, "required"))
    if "enum" in schema and not isinstance(schema["enum"], list):
        raise SchemaProblem("`enum` is a list of values", (*path, "enum"))
    _check_reference(schema, path, root)
    for word in _SCHEMAS:
        if word in schema and not (word == "items" and isinstance(schema[word], list)):
            _check(schema[word], (*path, word), root)
    for word in _LISTS:
        parts = schema.get(word, [])
        if not isinstance(parts, list):
            raise SchemaProblem(f"`{word}` is a list of schemas", (*path, word))
        for index, part in enumerate(parts):
            _check(part, (*path, word, index), root)
    for word in _MAPPINGS:
        named = schema.get(word, {})
        if not isinstance(named, dict):
            raise SchemaProblem(f"`{word}` is a mapping of schemas by name", (*path, word))
        for name, part in named.items():
            _check(part, (*path, word, name), root)


def _is_names(value: Any) -> bool:  # noqa: ANN401 - likewise
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _check_reference(schema: dict[str, Any], path: Path, root: Any) -> None:  # noqa: ANN401 - likewise
    reference = schema.get("$ref")
    if reference is None:
        return
    if not isinstance(reference, str):
        raise SchemaProblem("`$ref` is text such as `#/$defs/name`", (*path, "$ref"))
    if not reference.startswith("#"):
        return
    try:
        _referred(root, reference)
    except LookupError as error:
        raise SchemaProblem(f"`{reference}` leads to nothing in this schema", (*path, "$ref")) from error
