"""A flow file as located nodes: what the user wrote, each piece with its place.

The tree has JSON's shape. It is made from YAML text (`headrace.flow.yaml`) or from an object that was
parsed elsewhere (`headrace.flow.parsed`); nothing that reads it needs to know from which.
"""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from headrace.source import Span, Text
from headrace.values import Json

__all__ = ["Broken", "Entry", "Mapping", "Path", "Scalar", "Sequence", "Tree", "to_json", "walk"]

Path: TypeAlias = tuple[str | int, ...]


class Scalar(msgspec.Struct, frozen=True, eq=False):
    """A single value.

    Attributes:
        value: null, boolean, number or text as YAML 1.2 reads it.
        text: the characters, each with its place; of numbers too.
    """

    value: bool | int | float | str | None
    text: Text
    span: Span


class Sequence(msgspec.Struct, frozen=True, eq=False):
    """A list."""

    items: tuple["Tree", ...]
    span: Span


class Entry(msgspec.Struct, frozen=True, eq=False):
    """A key and its value."""

    key: str
    place: Span
    value: "Tree"


class Mapping(msgspec.Struct, frozen=True, eq=False):
    """Keys and values, each key once, in the order of the file; merge keys are already resolved."""

    entries: dict[str, Entry]
    span: Span

    def get(self, key: str) -> "Tree | None":
        """The value of a key."""
        entry = self.entries.get(key)
        return entry.value if entry is not None else None

    def given(self, key: str) -> Entry | None:
        """The entry of an optional key; an empty one (null) counts as not given."""
        entry = self.entries.get(key)
        is_null = entry is not None and isinstance(entry.value, Scalar) and entry.value.value is None
        return None if is_null else entry

    def optional(self, key: str) -> "Tree | None":
        """The value of an optional key; null counts as not given."""
        entry = self.given(key)
        return entry.value if entry is not None else None

    @property
    def head(self) -> Span:
        """The place of the first key, where a missing key is reported; of the mapping if it is empty."""
        return next((entry.place for entry in self.entries.values()), self.span)


class Broken(msgspec.Struct, frozen=True, eq=False):
    """A value that could not be read; it has been reported, and nothing more is said of it."""

    span: Span


Tree: TypeAlias = Scalar | Sequence | Mapping | Broken


def to_json(tree: Tree) -> Json:
    """The plain value of a tree; a broken part is null."""
    match tree:
        case Scalar():
            return tree.value
        case Sequence():
            return [to_json(item) for item in tree.items]
        case Mapping():
            return {key: to_json(entry.value) for key, entry in tree.entries.items()}
        case Broken():
            return None


def walk(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Tree]]:
    """Every part of a tree with its path of keys and indexes, from the outside in."""
    yield path, tree
    match tree:
        case Sequence():
            for index, item in enumerate(tree.items):
                yield from walk(item, (*path, index))
        case Mapping():
            for key, entry in tree.entries.items():
                yield from walk(entry.value, (*path, key))
        case Scalar() | Broken():
            pass
