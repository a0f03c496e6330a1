"""What the lines of block style begin with: dashes and keys, and which of them lie around a line.

Only indentation is looked at, upwards from a line, so that what is broken elsewhere does no harm.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from headrace.source import Source

__all__ = ["Part", "around", "parts_of"]

_DASH = re.compile(r"-(?:[ \t]+|$)")
_PLAIN = r"""(?:[^\s\-?:,\[\]{}#&*!|>'"%@`]|[-?:](?=\S))(?:[^:#]|:(?=\S)|(?<=\S)#)*?"""
_KEY = re.compile(rf"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|{_PLAIN})[ \t]*:(?:[ \t]+|$)""")
_LONGEST_KEY = 1100  # YAML 1.2 (7.4.2) has 1,024 characters for a key that no `?` stands before
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)+")  # anchor and tag before a value


@dataclass(frozen=True, slots=True)
class Part:
    """A dash or a key in front of a value.

    Attributes:
        name: the key; None for a dash.
        column: where it begins, from 0.
        line: its line, from 1.
        start: offset of the dash or of the key.
        end: offset just after it, quotes included.
        after: offset at which its value begins, if it stands in the same line.
    """

    name: str | None
    column: int
    line: int
    start: int
    end: int
    after: int


def parts_of(source: Source, line: int) -> list[Part]:
    """The dashes and the key with which a line begins, from the left."""
    content = source.line(line)
    offset = source.line_starts[line - 1]
    at = len(content) - len(content.lstrip(" "))
    parts: list[Part] = []
    while dash := _DASH.match(content, at):
        parts.append(Part(None, at, line, offset + at, offset + at + 1, offset + dash.end()))
        at = dash.end()
    if found := _KEY.match(content, at, at + _LONGEST_KEY):
        after = found.end()
        if properties := _PROPERTIES.match(content, after):
            after = properties.end()
        name = _unquoted(found[1])
        parts.append(Part(name, at, line, offset + at, offset + found.end(1), offset + after))
    return parts


def _unquoted(key: str) -> str:
    if key[0] == "'":
        return key[1:-1].replace("''", "'")
    return key[1:-1] if key[0] == '"' else key


def around(source: Source, line: int, column: int, *, dash: bool) -> list[Part]:
    """What lies around something that begins in a line at a column, from the outside in.

    Args:
        source: the text.
        line: from 1.
        column: from 0.
        dash: whether it is an item of a list, which may stand in the column of its key.
    """
    found: list[Part] = []
    for number in range(line - 1, 0, -1):
        content = source.line(number)
        if content.startswith(("---", "...")):
            break
        if not content.strip(" ") or content.lstrip(" ").startswith("#"):
            continue
        for part in reversed(parts_of(source, number)):
            below_key = dash and part.name is not None and part.column == column
            if part.column < column or below_key:
                found.append(part)
                column, dash = part.column, part.name is None
        if column == 0 and not dash:
            break
    return found[::-1]


def index_of(source: Source, item: Part, start: int) -> int:
    """How many items of the same list stand above a dash, down from a line."""
    return sum(1 for part in _dashes(source, start, item.line) if part.column == item.column)


def _dashes(source: Source, start: int, stop: int) -> Iterator[Part]:
    for number in range(start, stop):
        if source.line(number).lstrip(" ").startswith("-"):
            yield from (part for part in parts_of(source, number) if part.name is None)
