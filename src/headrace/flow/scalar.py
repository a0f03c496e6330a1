"""Where each character of a scalar was written, for all five styles of YAML.

A scalar is decoded here a second time, from its raw text, while the offset of every character is
recorded. The result counts only if it equals what the parser read; if it ever does not, all
characters are placed at the scalar's start, so that a place may be coarse but never wrong.
"""

import re
from collections.abc import Callable, Iterator

from headrace.source import Source, Text

__all__ = ["decode", "locate"]

Decoded = tuple[list[str], list[int]]

_BREAK = re.compile(r"\r\n|\r|\n")
_PROPERTY = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:\s+(?:#[^\r\n]*)?)*)+")
_FOLD = re.compile(r"[ \t]*(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))*[ \t]*")
_JOIN = re.compile(r"\\(?:\r\n|\r|\n)((?:[ \t]*(?:\r\n|\r|\n))*)[ \t]*")
_BLANKS = re.compile(r"[ \t]+")
_HEADER = re.compile(r"[|>]([-+]?)([1-9]?)([-+]?)[^\r\n]*(?:\r\n|\r|\n|$)")
_MAX_INDENT = 1000
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "'": "'",
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}


def locate(source: Source, start: int, end: int, style: str | None, value: str, *, tagged: bool) -> Text:
    """The decoded text `value` of the scalar at `start:end`, with the place of each character.

    Args:
        style: `'`, `"`, `|`, `>`, or None for a plain scalar.
        tagged: whether an anchor or a tag stands in front of it, within `start:end`.
    """
    raw = source.text
    if tagged and (match := _PROPERTY.match(raw, start, end)):
        start = match.end()
    inner = start + 1 if style in ("'", '"') else start
    if style not in ("|", ">") and raw.startswith(value, inner) and inner + len(value) + inner - start == end:
        return Text(value, source, range(inner, inner + len(value) + 1))
    for chars, offsets in _candidates(raw, start, end, style):
        if "".join(chars) == value:
            last = offsets[-1] + 1 if offsets else inner
            return Text(value, source, [*offsets, max(last, end - 1) if inner > start else last])
    return Text(value, source, [start] * (len(value) + 1))


def decode(source: Source, start: int, end: int, style: str | None) -> Text | None:
    """What stands in a scalar, however far it is written; for text that no parser has read.

    Args:
        source: where it stands.
        start: of its quote or its `|`, after anchor and tag.
        end: just after its closing quote; one more than its last character where that is missing.
        style: as for `locate`.

    Returns:
        None if this is no scalar of that style.
    """
    try:
        found = next(_candidates(source.text, start, end, style), None)
    except (LookupError, ValueError):  # an escape that does not exist, or that is cut off
        return None
    if found is None:
        return None
    chars, offsets = found
    last = offsets[-1] + 1 if offsets else start
    return Text("".join(chars), source, [*offsets, max(last, end - 1) if style in ("'", '"') else last])


def _candidates(raw: str, start: int, end: int, style: str | None) -> Iterator[Decoded]:
    match style:
        case "'":
            yield _decode_flow(raw, start + 1, end - 1, _single)
        case '"':
            yield _decode_flow(raw, start + 1, end - 1, _double)
        case "|" | ">":
            yield from _decode_block(raw, start, end, folded=style == ">")
        case _:
            yield _decode_flow(raw, start, end, _plain)


def _plain(raw: str, position: int) -> tuple[str, int]:
    return raw[position], position + 1


def _single(raw: str, position: int) -> tuple[str, int]:
    return raw[position], position + (2 if raw.startswith("''", position) else 1)


def _double(raw: str, position: int) -> tuple[str, int]:
    if raw[position] != "\\":
        return raw[position], position + 1
    letter = raw[position + 1]
    if letter in _HEX_DIGITS:
        end = position + 2 + _HEX_DIGITS[letter]
        return chr(int(raw[position + 2 : end], 16)), end
    return _ESCAPES[letter], position + 2


def _decode_flow(raw: str, position: int, end: int, read: Callable[[str, int], tuple[str, int]]) -> Decoded:
    """Decode a plain or quoted scalar: `read` takes one character, line breaks fold."""
    chars: list[str] = []
    offsets: list[int] = []
    while position < end:
        if read is _double and (join := _JOIN.match(raw, position, end)):
            kept = [match.start() for match in _BREAK.finditer(raw, join.start(1), join.end(1))]
            chars.extend("\n" * len(kept))
            offsets.extend(kept)
            position = join.end()
        elif fold := _FOLD.match(raw, position, end):
            breaks = [match.start() for match in _BREAK.finditer(raw, position, fold.end())]
            kept = breaks[1:] or breaks
            chars.extend(" " if len(breaks) == 1 else "\n" * len(kept))
            offsets.extend(kept)
            position = fold.end()
        elif blanks := _BLANKS.match(raw, position, end):
            chars.extend(blanks[0])
            offsets.extend(range(position, blanks.end()))
            position = blanks.end()
        else:
            char, after = read(raw, position)
            chars.append(char)
            offsets.append(position)
            position = after
    return chars, offsets


def _decode_block(raw: str, start: int, end: int, *, folded: bool) -> Iterator[Decoded]:
    """Decode a literal or folded scalar, once for every indentation that it might have."""
    header = _HEADER.match(raw, start, end)
    if header is None:
        return
    chomp = header[1] or header[3]
    lines = list(_lines(raw, header.end(), end))
    if header[2]:
        # The indicator counts from the parent's indentation, which a scalar does not know of itself.
        longest = max((_indent(raw, first, last) for first, last, _ in lines), default=0)
        least = int(header[2])
        indents = range(least, max(least, min(longest, _MAX_INDENT)) + 1)
    else:
        filled = (_indent(raw, first, last) for first, last, _ in lines if raw[first:last].strip(" "))
        indent = next(filled, _MAX_INDENT)
        indents = range(indent, indent + 1)
    for indent in indents:
        yield _assemble(raw, lines, indent, chomp, folded=folded)


def _lines(raw: str, position: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """The lines from `position`: start, end without the break, whether a break follows."""
    while position < end:
        match = _BREAK.search(raw, position, end)
        yield position, match.start() if match else end, match is not None
        position = match.end() if match else end


def _indent(raw: str, first: int, last: int) -> int:
    return last - first - len(raw[first:last].lstrip(" "))


def _assemble(
    raw: str, lines: list[tuple[int, int, bool]], indent: int, chomp: str, *, folded: bool
) -> Decoded:
    chars: list[str] = []
    offsets: list[int] = []
    pending: list[int] = []  # breaks since the last line with content: its own, then those of empty lines
    seen_content = was_deep = False
    for first, last, broken in lines:
        begin = first + indent
        if begin >= last:  # an empty line
            pending.extend([last] if broken else [])
            continue
        is_deep = raw[begin] in " \t"
        if folded and seen_content and not was_deep and not is_deep:
            if len(pending) == 1:
                chars.append(" ")
                offsets.append(pending[0])
            pending = pending[1:]  # a fold, or as many breaks as there are empty lines
        chars.extend("\n" * len(pending))
        offsets.extend(pending)
        chars.extend(raw[begin:last])
        offsets.extend(range(begin, last))
        pending = [last] if broken else []
        seen_content, was_deep = True, is_deep
    keep = len(pending) if chomp == "+" else 0 if chomp == "-" or not seen_content else min(len(pending), 1)
    chars.extend("\n" * keep)
    offsets.extend(pending[:keep])
    return chars, offsets
