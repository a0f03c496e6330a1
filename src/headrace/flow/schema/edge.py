"""Edges, in the schema of flow files."""

from headrace.flow.schema.key import exclusive, noted, optional, reference
from headrace.flow.schema.model import TEMPLATE, Schema

__all__ = ["edge_schema", "end_schema"]

_END = r"^\s*[A-Za-z0-9_.-]+\s*(:.*)?$"


def end_schema() -> Schema:
    """One end of an edge."""
    mapping = {
        "type": "object",
        "required": ["node"],
        "additionalProperties": False,
        "properties": {"node": {"type": "string"}, "port": {"type": ["string", "null"]}},
    }
    return {"anyOf": [{"type": "string", "pattern": _END}, mapping]}


def edge_schema() -> Schema:
    """An edge, as a mapping or as text."""
    end, null = reference("end"), {"type": "null"}
    mapping = {
        "type": "object",
        "required": ["from"],
        "anyOf": [{"required": ["to"]}, {"required": ["target"]}],
        "allOf": [exclusive("to", "target"), exclusive("data", "add")],
        "additionalProperties": False,
        "properties": {
            "from": noted(
                {"anyOf": [end, {"type": "array", "items": end, "minItems": 1}]},
                "Where it begins: `node:port`, or a list of such.",
            ),
            "to": noted({"anyOf": [end, null]}, "Where it leads: `node:port`."),
            "target": noted({"anyOf": [end, null]}, "Another name for `to`."),
            "data": noted({}, "Builds the message that arrives; without it the message passes unchanged."),
            "add": noted(
                {"type": ["object", "string", "null"], "pattern": rf"^\s*{TEMPLATE}"},
                "Members that are laid over the message: `{...message, ...add}`.",
            ),
            "description": optional("string", "For people."),
        },
    }
    text = {
        "type": "string",
        "pattern": r"\S\s*(->|→)\s*\S",
        "not": {"pattern": TEMPLATE},
        "patternErrorMessage": "an edge as text is written `a -> b` or `a:port -> b:port -> c`",
    }
    return {"anyOf": [mapping, text]}
