"""Offsets in a text and positions of the protocol: a line from 0, and units of its encoding."""

from headrace.source import Encoding, Source, units

__all__ = ["Encoding", "offset_of", "position_of"]


def position_of(source: Source, offset: int, encoding: Encoding) -> tuple[int, int]:
    """The line and the units before an offset."""
    line, column = source.position(offset)
    return line - 1, units(source.line(line)[: column - 1], encoding)


def offset_of(source: Source, line: int, count: int, encoding: Encoding) -> int:
    """The offset of a position; one beyond the end of its line, or of the text, is that end."""
    if line >= len(source.line_starts):
        return len(source.text)
    content = source.line(line + 1)
    start = source.line_starts[line]
    if content.isascii():
        return start + min(count, len(content))
    for index, char in enumerate(content):
        if count <= 0:
            return start + index
        count -= units(char, encoding)
    return start + len(content)
