"""The ends of edges as they stand in texts: which node and which port an offset is in."""

import re
from dataclasses import dataclass

from headrace.lsp.cursor import Cursor
from headrace.source import Text

__all__ = ["End", "end_at"]

_ARROW = re.compile(r"->|→")


@dataclass(frozen=True, slots=True)
class End:
    """One end of an edge, `node:port`, around an offset.

    Attributes:
        node: its name, as far as it is written.
        port: its port; None if there is no colon.
        on_port: whether the offset is behind the colon.
        is_source: whether messages leave there; else they arrive.
        start: offset in the source at which the end begins.
        stop: offset in the source just after it.
    """

    node: str
    port: str | None
    on_port: bool
    is_source: bool
    start: int
    stop: int


def end_at(cursor: Cursor) -> End | None:
    """The end of an edge in which a cursor is; None if it is in none.

    An end that is written as a mapping, `{node: a, port: out}`, is not seen by this.
    """
    match cursor.path:
        case ("spec", "edges", int()) if cursor.is_value:
            return _in_chain(cursor.text, cursor.at)
        case ("spec", "edges", int(), "from") | ("spec", "edges", int(), "from", int()):
            return _end(cursor.text, 0, len(cursor.text.value), cursor.at, is_source=True)
        case ("spec", "edges", int(), "to" | "target"):
            return _end(cursor.text, 0, len(cursor.text.value), cursor.at, is_source=False)
        case ("spec", "edges", int(), str(key)):
            return _half_written(cursor, key)
        case _:
            return None


def _half_written(cursor: Cursor, key: str) -> End | None:
    """In `- a -> b:`, where the port is missing: YAML takes what stands before the colon for a key."""
    source, at = cursor.span.source, cursor.span.start
    start = at - len(key) - 1
    if cursor.span.text or source.text[max(start, 0) : at] != f"{key}:":
        return None
    return _in_chain(Text(f"{key}:", source, range(start, at + 1)), len(key) + 1)


def _in_chain(text: Text, at: int) -> End | None:
    begin = 0
    for match in _ARROW.finditer(text.value):
        if at < match.end():
            # Between the characters of the arrow there is nothing.
            return None if at > match.start() else _end(text, begin, match.start(), at, is_source=begin == 0)
        begin = match.end()
    return _end(text, begin, len(text.value), at, is_source=begin == 0)


def _end(text: Text, begin: int, stop: int, at: int, *, is_source: bool) -> End:
    part = text.value[begin:stop]
    start = begin + len(part) - len(part.lstrip())
    stop = begin + len(part.rstrip())
    if not part.strip():
        start = stop = at
    stop, start = max(stop, at), min(start, at)
    node, colon, port = text.value[start:stop].partition(":")
    return End(
        node.strip(),
        port.strip() if colon else None,
        on_port=bool(colon) and at > start + len(node),
        is_source=is_source,
        start=text.offsets[start],
        stop=text.offsets[stop],
    )
