"""What stands at an offset of a YAML text: the path that leads there, and the scalar itself.

The text is looked at by its lines and brackets, not parsed: while somebody types it is broken most of
the time, and what is broken elsewhere must not matter.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, replace

from headrace.flow.scalar import decode
from headrace.flow.tree import Path
from headrace.lsp.bracket import quoted_end, token_at
from headrace.lsp.line import Part, around, index_of, parts_of
from headrace.source import Source, Span, Text

__all__ = ["Cursor", "find"]

_HEADER = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_COMMENT = re.compile(r"(?:^|[ \t])#")


@dataclass(frozen=True, slots=True)
class Cursor:
    """What stands at an offset.

    Attributes:
        path: of the value; of the mapping for what is, or may become, a key.
        text: the scalar, decoded, as far as it is written; empty where nothing stands yet.
        at: where in it the offset is.
        span: of the scalar, with its quotes.
        style: as in `flow.scalar.locate`; empty for a plain one.
        is_key: whether it is a key or may become one.
        is_value: whether it is a value or may become one.
        closers: the brackets of flow style that are open there, as text that closes them.
    """

    path: Path
    text: Text
    at: int
    span: Span
    style: str
    is_key: bool
    is_value: bool
    closers: str = ""

    @property
    def before(self) -> str:
        """The text up to the offset."""
        return self.text.value[: self.at]


def find(source: Source, offset: int) -> Cursor | None:
    """What stands at an offset; None in comments and between things."""
    line, position = source.position(offset)
    content = source.line(line)
    start = source.line_starts[line - 1]
    own = parts_of(source, line)
    passed = [part for part in own if part.end < offset and (part.after <= offset or part is own[-1])]
    if own:
        column = own[0].column
    elif content.strip():
        column = len(content) - len(content.lstrip(" "))
    else:
        column = position - 1
    outer = around(source, line, column, dash=bool(own) and own[0].name is None)
    for depth in range(1, len(outer) + 1):
        is_innermost = depth == len(outer) and not own
        found = _continued(source, outer[:depth], line, offset, is_innermost=is_innermost)
        if found is not None:
            return found
    if not outer and (found := _root(source, offset)) is not None:
        return found
    if offset - start < column or _COMMENT.search(_unquoted(content[: offset - start])):
        return None
    unpassed = [part for part in own if part not in passed]
    if unpassed and unpassed[0].name is None:
        return None
    if unpassed:
        path = _path(source, [*outer, *passed])
        return _scalar(source, path, unpassed[0].start, unpassed[0].end, offset, is_key=True, is_value=False)
    return _value(source, [*outer, *passed], offset, word=not passed or passed[-1].name is None)


def _unquoted(content: str) -> str:
    """A line without what stands in quotes, so that a `#` there is none of a comment."""
    return re.sub(r"\"(?:[^\"\\]|\\.)*(?:\"|$)|'(?:[^']|'')*(?:'|$)", "", content)


def _path(source: Source, chain: list[Part]) -> Path:
    path: list[str | int] = []
    first = 1
    for part in chain:
        path.append(part.name if part.name is not None else index_of(source, part, first))
        first = part.line
    return tuple(path)


def _continued(
    source: Source, chain: list[Part], line: int, offset: int, *, is_innermost: bool
) -> Cursor | None:
    """The scalar or collection that begins behind the last part, if it goes on to the offset."""
    part = chain[-1]
    begin = part.after
    if begin >= _line_end(source, part.line):
        begin = _next_line(source, part.line)
        if begin > offset or not _begins_value(source, begin):
            return None
    char = source.text[begin : begin + 1]
    if char in "#&*!":
        return None
    if char in "|>":
        if not _HEADER.match(source.text, begin):
            return None
        end = _block_end(source, part)
        if offset > end:
            return None
        return _scalar(source, _path(source, chain), begin, end, offset, style=char)
    if char in "[{" and not source.text.startswith("{{", begin):
        return _flow(source, _path(source, chain), begin, offset)
    if char in "'\"":
        end, closed = quoted_end(source.text, begin)
        if closed and offset < end:
            return _scalar(source, _path(source, chain), begin, end, offset)
        return None
    if is_innermost and part.name is not None:
        end = _line_end(source, line)
        return _scalar(source, _path(source, chain), begin, end, offset)
    return None


def _begins_value(source: Source, begin: int) -> bool:
    """Whether what begins below its key is a value for itself, and no key of a mapping."""
    char = source.text[begin : begin + 1]
    if char in ("'", '"'):
        return not re.match(r"[ \t]*:", source.text[quoted_end(source.text, begin)[0] :][:80])
    return char in ("{", "[", "|", ">")


def _root(source: Source, offset: int) -> Cursor | None:
    """In a file that is one `{…}`, as JSON is."""
    found = re.compile(r"(?:[ \t]*(?:#[^\r\n]*|---[ \t]*)?(?:\r\n|\r|\n))*[ \t]*(?=\{)").match(source.text)
    return _flow(source, (), found.end(), offset) if found and found.end() <= offset else None


def _flow(source: Source, path: Path, start: int, offset: int) -> Cursor | None:
    token = token_at(source.text, start, offset)
    if token is None:
        return None
    path = (*path, *token.path)
    found = _scalar(
        source, path, token.start, token.end, offset, is_key=token.is_key, is_value=not token.is_key
    )
    return replace(found, closers=token.closers)


def _value(source: Source, chain: list[Part], offset: int, *, word: bool) -> Cursor | None:
    """What stands behind the dashes and the key of a line; a bare word may become a key."""
    path = _path(source, chain)
    line = source.position(offset)[0]
    begin = source.line_starts[line - 1] + (
        len(source.line(line)) - len(source.line(line).lstrip(" "))
        if not chain or chain[-1].line < line
        else 0
    )
    if chain and chain[-1].line == line:
        begin = chain[-1].after
    if begin >= offset:
        return _scalar(source, path, offset, offset, offset, is_key=word)
    char = source.text[begin]
    if char in "[{" and not source.text.startswith("{{", begin):
        return _flow(source, path, begin, offset)
    if char in "|>" and _HEADER.match(source.text, begin):
        return None
    if char in "'\"":
        end, closed = quoted_end(source.text, begin)
        if closed and offset >= end:
            return None
        return _scalar(source, path, begin, end, offset, is_key=word)
    return _scalar(source, path, begin, _plain_end(source, begin, line), offset, is_key=word)


def _next_line(source: Source, line: int) -> int:
    """The offset of the first character below a line, comments left out; the end of the text if none."""
    for number in range(line + 1, len(source.line_starts) + 1):
        content = source.line(number)
        if content.strip() and not content.lstrip(" ").startswith("#"):
            return source.line_starts[number - 1] + len(content) - len(content.lstrip(" "))
    return len(source.text)


def _line_end(source: Source, line: int) -> int:
    return source.line_starts[line - 1] + len(source.line(line))


def _plain_end(source: Source, begin: int, line: int) -> int:
    content = source.text[begin : _line_end(source, line)]
    if comment := _COMMENT.search(content):
        content = content[: comment.start()]
    return begin + len(content.rstrip())


def _block_end(source: Source, part: Part) -> int:
    """The end of the last line of a block scalar: those that follow, indented deeper or empty."""
    last = part.line
    for number in range(part.line + 1, len(source.line_starts) + 1):
        content = source.line(number)
        if content.strip(" ") and len(content) - len(content.lstrip(" ")) <= part.column:
            break
        last = number
    return _line_end(source, last)


def _scalar(
    source: Source, path: Path, start: int, end: int, offset: int,
    *, style: str | None = None, is_key: bool = False, is_value: bool = True,
) -> Cursor:  # fmt: skip
    end = max(end, offset)
    if style is None:
        char = source.text[start : start + 1]
        style = char if char in ("'", '"') and end > start else ""
    text = _text(source, start, end, style, offset)
    at = min(bisect_left(text.offsets, offset), len(text.value))
    return Cursor(path, text, at, source.span(start, end), style, is_key, is_value)


def _text(source: Source, start: int, end: int, style: str, offset: int) -> Text:
    """The scalar, or what is written of it up to the offset, or its text as it stands."""
    is_quoted = style in ("'", '"') and style
    is_closed = is_quoted and end > start + 1 and source.text[end - 1] == style
    whole = decode(source, start, end if is_closed or not is_quoted else end + 1, style or None)
    if whole is None:
        whole = decode(source, start, offset + bool(is_quoted), style or None)
    return whole or Text(source.text[start:end], source, range(start, end + 1))
