"""A text that is no YAML, with what is broken taken out."""

from collections.abc import Iterator

from headrace.errors import Finding
from headrace.flow.yaml import read_yaml
from headrace.lsp.cursor import find
from headrace.source import Source

__all__ = ["mended"]

_MOST_REPAIRS = 4


def mended(source: Source, near: int | None, *, in_place: bool) -> Source | None:
    """The text as it can be read; None if that takes more than a few lines.

    Args:
        source: the text.
        near: the offset at which somebody types, where it is most probably broken.
        in_place: whether the offsets of all that is left must stay; else more can be left.
    """
    for text in _closed_at(source, near, in_place=in_place) if near is not None else ():
        if _stop(text) is None:
            return Source(source.name, text)
    text, stop = source.text, _stop(source.text)
    for _ in range(_MOST_REPAIRS):
        if stop is None:
            return Source(source.name, text)
        text, stop = _without_a_line(text, stop)
    return Source(source.name, text) if stop is None else None


def _stop(text: str) -> int | None:
    """Where reading ends with an error; None if all can be read."""
    findings: list[Finding] = []
    tree = read_yaml(Source("", text), findings)
    if tree is not None:
        return None
    return findings[-1].span.start if findings else len(text)


def _closed_at(source: Source, offset: int, *, in_place: bool) -> Iterator[str]:
    """The text with what is open at an offset closed there, then without its line."""
    line = source.position(offset)[0]
    end = _bounds(source, line)[1]
    cursor = find(source, offset)
    if cursor is not None:
        closers = (cursor.style if cursor.style in ("'", '"') else "") + cursor.closers
        has_room = len(closers) <= end - offset or end == len(source.text)
        if has_room or not in_place:
            yield source.text[:offset] + closers.ljust(end - offset) + source.text[end:]
        elif cursor.style and offset - len(closers) > cursor.span.start:
            # The end of the text that the cursor is in makes room.
            yield source.text[: offset - len(closers)] + closers + source.text[end:]
    yield _blanked(source, line)


def _without_a_line(text: str, offset: int) -> tuple[str, int | None]:
    """The text without the line that is to blame for a stop at an offset, and where it stops then."""
    source = Source("", text)
    line = source.position(offset)[0]
    above = next((number for number in range(line - 1, 0, -1) if source.line(number).strip()), line)
    best, furthest = text, offset
    for blamed in (line, above, _unfinished(source)):
        without = _blanked(source, blamed)
        stop = _stop(without)
        if stop is None:
            return without, None
        if stop > furthest:
            best, furthest = without, stop
    return best, furthest


def _unfinished(source: Source) -> int:
    """The first line that leaves something open to the end of the text, such as a quote or a bracket."""
    good, bad = 0, len(source.line_starts)
    while bad - good > 1:
        middle = (good + bad) // 2
        if _stop(source.text[: _bounds(source, middle)[1]]) is None:
            good = middle
        else:
            bad = middle
    return bad


def _blanked(source: Source, line: int) -> str:
    start, end = _bounds(source, line)
    return source.text[:start] + " " * (end - start) + source.text[end:]


def _bounds(source: Source, line: int) -> tuple[int, int]:
    start = source.line_starts[line - 1]
    return start, start + len(source.line(line))
