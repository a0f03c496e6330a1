"""A flow file as located nodes: what the user wrote, each piece with its place.

The tree has JSON's shape. It is made from YAML text (`headrace.flow.yaml`) or from an object that was
parsed elsewhere (`headrace.flow.parsed`); nothing that reads it needs to know from which.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from headrace.source import Source, Span, Text
from headrace.values import Json

__all__ = ["Broken", "Entry", "Mapping", "Path", "Reuse", "Scalar", "Sequence", "Tree", "to_json", "walk"]

Path: TypeAlias = tuple[str | int, ...]


class Reuse(Source):
    """A source read through an alias or a merge key: the same text, and the place of the use.

    Everything below an alias has its places in a `Reuse`, so that whoever reports a finding there knows
    both the anchor's text and the place that used it.
    """

    def __init__(self, source: Source, name: str, use: Span) -> None:
        super().__init__(source.name, source.text)
        self.anchor = name
        self.use = use
        self.__dict__["line_starts"] = source.line_starts  # counted once per file, not per alias

    @property
    def uses(self) -> tuple[tuple[str, Span], ...]:
        """What to say of the use, from the inside out."""
        outer = self.use.source.uses if isinstance(self.use.source, Reuse) else ()
        return ((f"used here by `*{self.anchor}`", self.use), *outer)


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A single value.

    Attributes:
        value: null, boolean, number or text as YAML 1.2 reads it.
        text: the characters, each with its place; of numbers too.
    """

    value: bool | int | float | str | None
    text: Text
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list."""

    items: tuple["Tree", ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key and its value."""

    key: str
    place: Span
    value: "Tree"


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Keys and values, each key once, in the order of the file; merge keys are already resolved."""

    entries: dict[str, Entry]
    span: Span

    def get(self, key: str) -> "Tree | None":
        """The value of a key."""
        entry = self.entries.get(key)
        return entry.value if entry is not None else None

    @property
    def head(self) -> Span:
        """The place of the first key, where a missing key is reported; of the mapping if it is empty."""
        return next((entry.place for entry in self.entries.values()), self.span)


@dataclass(frozen=True, slots=True, eq=False)
class Broken:
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
