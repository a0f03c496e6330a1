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
    text = source.text
    for _ in range(_MOST_REPAIRS):
        stop = _stop(text)
        if stop is None:
            return Source(source.name, text)
        # What the parser stopped at is often right, and the line above has no end.
        text = max(_without_lines_at(text, stop), key=_progress)
        if _progress(text) <= stop:
            break
    return None


def _stop(text: str) -> int | None:
    """Where reading ends with an error; None if all can be read."""
    findings: list[Finding] = []
    tree = read_yaml(Source("", text), findings)
    if tree is not None:
        return None
    return findings[-1].span.start if findings else len(text)


def _progress(text: str) -> int:
    stop = _stop(text)
    return len(text) + 1 if stop is None else stop


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


def _without_lines_at(text: str, offset: int) -> Iterator[str]:
    """The text without the line of an offset; without the one above that has something in it."""
    source = Source("", text)
    line = source.position(offset)[0]
    yield _blanked(source, line)
    for above in range(line - 1, 0, -1):
        if source.line(above).strip():
            yield _blanked(source, above)
            break


def _blanked(source: Source, line: int) -> str:
    start, end = _bounds(source, line)
    return source.text[:start] + " " * (end - start) + source.text[end:]


def _bounds(source: Source, line: int) -> tuple[int, int]:
    start = source.line_starts[line - 1]
    return start, start + len(source.line(line))
