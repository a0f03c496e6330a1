"""JSON Schemas as shapes: what they say, what they do not, and what is no schema."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from headrace.cli.capture.sample import schema_of
from headrace.expr.shape import ANY, NOTHING, Member, Shape, admits, array_of, object_of, of
from headrace.sdk import JsonValue, MessageModel
from headrace.sdk.schema import SchemaProblem, check_schema, model_shape, schema_shape

NUMBER, TEXT, BOOLEAN = of("number"), of("text"), of("boolean")


def likely(members: dict[str, Member | Shape], rest: Shape | None = None) -> Shape:
    return object_of(members, rest=rest, certain=False)


@pytest.mark.parametrize(
    ("schema", "shape"),
    [
        (True, ANY),
        (False, NOTHING),
        ({}, ANY),
        ({"type": "integer"}, NUMBER),
        ({"type": ["string", "null"]}, TEXT.or_null()),
        ({"type": "string", "nullable": True}, TEXT.or_null()),
        ({"type": "string", "minLength": 3, "format": "email"}, TEXT),
        ({"const": 1}, NUMBER),
        ({"enum": ["a", 1, None]}, of("text", "number", "null")),
        ({"type": "string", "enum": ["a", None]}, TEXT),
        ({"type": "array"}, of("array")),
        ({"type": "array", "items": {"type": "string"}}, array_of(TEXT)),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "number"}}, of("array")),
        ({"type": "object"}, of("object")),
        (
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}, "b": True}},
            likely({"a": NUMBER, "b": Member(ANY, optional=True)}),
        ),
        (
            {"type": "object", "properties": {"a": True}, "additionalProperties": False},
            object_of({"a": Member(ANY, optional=True)}),
        ),
        (
            {"type": "object", "additionalProperties": {"type": "number"}},
            object_of(rest=NUMBER),
        ),
        (
            {"type": "object", "properties": {"a": True}, "additionalProperties": True},
            object_of({"a": Member(ANY, optional=True)}, rest=ANY),
        ),
        (
            {"type": "object", "properties": {"a": True}, "patternProperties": {"^x": True}},
            likely({"a": Member(ANY, optional=True)}, rest=ANY),
        ),
        ({"type": "object", "required": ["a"], "properties": {}}, likely({"a": ANY})),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, of("text", "number")),
        ({"oneOf": [{"type": "string"}, {"type": "number"}]}, of("text", "number")),
        ({"type": "string", "oneOf": [{"type": "string"}, {"type": "number"}]}, TEXT),
        (
            {
                "allOf": [
                    {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}},
                    {"type": "object", "properties": {"b": {"type": "string"}}},
                ]
            },
            likely({"a": NUMBER, "b": Member(TEXT, optional=True)}),
        ),
        (
            {"type": "object", "properties": {"a": True}, "additionalProperties": False, "allOf": [{}]},
            likely({"a": Member(ANY, optional=True)}),
        ),
        (
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {"type": "number"}}},
                    {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}},
                ]
            },
            likely({"a": NUMBER}),
        ),
        (
            {
                "allOf": [
                    {"type": "object", "additionalProperties": {"type": kind}}
                    for kind in ("number", "string")
                ]
            },
            object_of(rest=of("number", "text")),
        ),
        (
            {
                "allOf": [
                    {"type": "object", "properties": {}},
                    {"type": "object", "additionalProperties": {"type": "number"}},
                ]
            },
            likely({}, rest=NUMBER),
        ),
        ({"type": "array", "items": [{"type": "string"}]}, of("array")),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "number"}}}, NUMBER),
        ({"$ref": "https://example.com/schema"}, ANY),
        ({"definitions": {"a/b": {"type": "string"}}, "$ref": "#/definitions/a~1b"}, TEXT),
    ],
    ids=lambda value: "shape" if isinstance(value, Shape) else repr(value),
)
def test_a_schema_says(schema: Any, shape: Shape) -> None:
    check_schema(schema)
    assert schema_shape(schema) == shape


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    schema: Any = {"type": "object", "properties": {"parent": {"$ref": "#"}, "id": {"type": "integer"}}}
    shape = schema_shape(schema)
    for _ in range(3):
        assert shape.object is not None
        assert shape.object.members["id"].shape == NUMBER
        shape = shape.object.members["parent"].shape


@pytest.mark.parametrize(
    ("schema", "message", "path"),
    [
        ([], "a schema is a mapping such as `{type: object}`", ()),
        (
            {"properties": {"a": "text"}},
            "a schema is a mapping such as `{type: object}`",
            ("properties", "a"),
        ),
        ({"properties": []}, "`properties` is a mapping of schemas by name", ("properties",)),
        ({"anyOf": {}}, "`anyOf` is a list of schemas", ("anyOf",)),
        ({"anyOf": [True, 1]}, "a schema is a mapping such as `{type: object}`", ("anyOf", 1)),
        ({"required": True}, "`required` is a list of names", ("required",)),
        ({"enum": "a"}, "`enum` is a list of values", ("enum",)),
        ({"$ref": 1}, "`$ref` is text such as `#/$defs/name`", ("$ref",)),
        ({"items": {"$ref": "#/$defs/x"}}, "`#/$defs/x` leads to nothing in this schema", ("items", "$ref")),
    ],
    ids=repr,
)
def test_what_is_no_schema_is_said_with_its_place(schema: Any, message: str, path: tuple[Any, ...]) -> None:
    with pytest.raises(SchemaProblem) as caught:
        check_schema(schema)
    assert (str(caught.value), caught.value.path) == (message, path)


class Inner(BaseModel):
    size: float


class Sent(MessageModel):
    item_id: int
    inner: Inner
    tags: list[str] = Field(default_factory=list)
    note: str | None = None
    any_thing: JsonValue = None


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    id: int


def test_a_model_has_its_fields_and_no_others() -> None:
    assert model_shape(Sent) == object_of(
        {
            "itemId": NUMBER,
            "inner": object_of({"size": NUMBER}),
            "tags": Member(array_of(TEXT), optional=True),
            "note": Member(TEXT.or_null(), optional=True),
            "anyThing": Member(ANY, optional=True),
        }
    )


def test_a_model_may_allow_others() -> None:
    assert model_shape(Open) == object_of({"id": NUMBER}, rest=ANY)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from("abcd"), below, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_the_schema_of_values_admits_them(values: list[Any]) -> None:
    schema: Any = schema_of(values)
    check_schema(schema)
    strict = schema_shape(_closed(schema))
    assert admits(strict, values)


def _closed(schema: Any) -> Any:
    """The same schema, whose objects are sure to have no other members, so that everything is compared."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    return {**closed, "additionalProperties": False} if "properties" in schema else closed
