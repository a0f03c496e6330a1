"""The keys and values that can stand at a path of a flow file, by the file's JSON Schema."""

from collections.abc import Callable, Iterator
from functools import cached_property

from headrace.flow.schema import Schema, flow_schema
from headrace.flow.schema.model import TEMPLATE
from headrace.flow.tree import Path
from headrace.sdk import Registry
from headrace.values import Json

__all__ = ["Grammar"]

ComponentOf = Callable[[str], str | None]
"""The component of a node, by the node's name."""

_NOTES = ("description", "default", "examples")
_UNIONS = ("anyOf", "oneOf", "allOf")


class Grammar:
    """What may be written where, for the components of a registry."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    @cached_property
    def _root(self) -> Schema:
        return flow_schema(self.registry)

    def at(self, path: Path, component_of: ComponentOf, given: Json = None) -> list[Schema]:
        """The schemas of what stands at a path: alternatives, each without unions of its own.

        Args:
            path: keys and indexes from the top of the file.
            component_of: tells what nodes are made of.
            given: what stands there, which tells apart alternatives that have a constant member.
        """
        found = [self._root]
        for depth, key in enumerate(path):
            component = component_of(str(path[2])) if depth == 3 and path[:2] == ("spec", "nodes") else None
            found = [below for schema in self._open(found, component) for below in _below(schema, key)]
        return [schema for schema in self._open(found, None) if _fits(schema, given)]

    def _open(self, schemas: list[Schema], component: str | None) -> Iterator[Schema]:
        """The alternatives of schemas: references followed, unions and conditions laid open."""
        for schema in schemas:
            if "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                yield from self._open([self._root["definitions"][name]], component)
                continue
            if "if" in schema:
                tested = schema["if"].get("properties", {}).get("component", {}).get("const")
                if component is not None and tested == component:
                    yield from self._open([schema["then"]], component)
                continue
            below = [part for word in _UNIONS for part in schema.get(word, [])]
            own = {key: value for key, value in schema.items() if key not in _UNIONS}
            # A description beside a union belongs to each of its parts.
            notes: Schema = {key: own[key] for key in _NOTES if key in own}
            if not below or set(own) - set(notes):
                yield own
            for part in self._open(below, component):
                yield part if part.get("type") == "null" else {**notes, **part}


def _below(schema: Schema, key: str | int) -> Iterator[Schema]:
    """What a schema says of a member or an item."""
    if isinstance(key, int):
        items = schema.get("items")
        if isinstance(items, dict):
            yield items
        return
    known = schema.get("properties", {})
    if key in known:
        yield known[key]
    elif isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]


def _fits(schema: Schema, given: Json) -> bool:
    """Whether no constant member of a schema contradicts what is given."""
    if not isinstance(given, dict):
        return True
    for name, member in schema.get("properties", {}).items():
        constants = _constants(member)
        value = given.get(name)
        if constants and isinstance(value, str) and "{{" not in value and value not in constants:
            return False
    return True


def _constants(schema: Schema) -> list[Json]:
    """The values of what takes no others; an expression may stand there all the same."""
    found: list[Json] = []
    for part in schema.get("anyOf", [schema]):
        if "const" in part or "enum" in part:
            found += part.get("enum", [part.get("const")])
        elif part.get("pattern") != TEMPLATE:
            return []
    return found
