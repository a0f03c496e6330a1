"""The forms of keys in the schema of flow files."""

from headrace.flow.schema.model import Schema, notes

__all__ = ["exclusive", "noted", "optional", "reference"]


def noted(schema: Schema, description: str) -> Schema:
    """With what people read about it."""
    return {**schema, **notes({"description": description})}


def optional(kind: str, description: str = "", **rest: object) -> Schema:
    """A key that may be left empty, which is the same as not given."""
    return noted({"type": [kind, "null"], **rest}, description)


def exclusive(first: str, second: str) -> Schema:
    """Two keys of which only one may be given."""
    given = {"not": {"type": "null"}}
    return {"not": {"required": [first, second], "properties": {first: given, second: given}}}


def reference(name: str) -> Schema:
    """What a definition of that name says."""
    return {"$ref": f"#/definitions/{name}"}
