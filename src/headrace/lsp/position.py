"""Offsets in a text and positions of the protocol: a line from 0, and units of its encoding."""

from collections.abc import Callable
from typing import Literal

from headrace.source import Source

__all__ = ["Encoding", "offset_of", "position_of"]

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""What a position counts within its line; UTF-16's units unless client and server agree on others."""


def _utf8(char: str) -> int:
    code = ord(char)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def _utf16(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1


_UNITS: dict[Encoding, Callable[[str], int]] = {"utf-8": _utf8, "utf-16": _utf16, "utf-32": lambda _: 1}


def position_of(source: Source, offset: int, encoding: Encoding) -> tuple[int, int]:
    """The line and the units before an offset."""
    line, column = source.position(offset)
    before = source.line(line)[: column - 1]
    if before.isascii():
        return line - 1, len(before)
    return line - 1, sum(map(_UNITS[encoding], before))


def offset_of(source: Source, line: int, units: int, encoding: Encoding) -> int:
    """The offset of a position; one beyond the end of its line, or of the text, is that end."""
    if line >= len(source.line_starts):
        return len(source.text)
    content = source.line(line + 1)
    start = source.line_starts[line]
    if content.isascii():
        return start + min(units, len(content))
    width = _UNITS[encoding]
    for index, char in enumerate(content):
        if units <= 0:
            return start + index
        units -= width(char)
    return start + len(content)
