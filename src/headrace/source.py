"""Text that a user wrote, and places in it.

Pure and dependency-free. Offsets count code points from 0; lines and columns count from 1. Every
finding and every error that headrace shows points into a `Source` through a `Span`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import msgspec

__all__ = ["Encoding", "Source", "Span", "Text", "units"]

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""What other programs count places in; headrace itself counts code points, as UTF-32 does."""


def units(text: str, encoding: Encoding) -> int:
    """How many units of an encoding a text takes; half a surrogate pair takes those of its code point."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_LONGEST_LINE, _AROUND = 1000, 200  # characters of a line that are shown, and on each side of a place


class Source:
    """One text as the user wrote it: a flow file, an expression on the command line.

    `name` is what messages show before the line number: the path as the user gave it, `<expression>`,
    or the path of a field (`spec.edges[3].data.users`) in a flow that did not arrive as a file.

    Attributes:
        hidden: places that excerpts show as dots.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.hidden: list[tuple[int, int]] = []

    def __repr__(self) -> str:
        return f"Source({self.name!r}, {len(self.text)} characters)"

    @cached_property
    def line_starts(self) -> list[int]:
        r"""Offset at which each line starts; a line ends with `\n`, `\r\n` or a lone `\r`."""
        starts = [0]
        text = self.text
        for index, char in enumerate(text):
            if char == "\n" or (char == "\r" and text[index + 1 : index + 2] != "\n"):
                starts.append(index + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, both from 1, of an offset (which may be the end of the text)."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line end."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def hide(self, start: int, end: int) -> None:
        """Show what stands there as dots in all excerpts: a secret that somebody wrote into the file."""
        self.hidden.append((start, end))

    def shown_line(self, number: int) -> str:
        """A line as it may be shown."""
        first, content = self.line_starts[number - 1], self.line(number)
        for start, end in self.hidden:
            before, after = max(start - first, 0), max(end - first, 0)
            content = content[:before] + "•" * len(content[before:after]) + content[after:]
        return content

    def span(self, start: int, end: int) -> "Span":
        """The place from `start` up to, not including, `end`."""
        return Span(self, start, end)


class Span(msgspec.Struct, frozen=True):
    """A place in a source: from offset `start` up to, not including, `end`."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """Line of the start, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the start, from 1, in code points."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """What the user wrote there."""
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"

    def excerpt(self) -> str:
        """The line of the start with carets below the place, indented by two.

        A place that goes on over further lines is marked to the end of its first line. Of a line that is
        very long only what is around the place is shown.
        """
        line, column = self.source.position(self.start)
        content = self.source.shown_line(line)
        if len(content) > _LONGEST_LINE:
            left = max(0, column - 1 - _AROUND)
            right = min(len(content), column - 1 + _AROUND)
            begin, end = "…" * (left > 0), "…" * (right < len(content))
            content, column = f"{begin}{content[left:right]}{end}", column - left + len(begin)
        before = content[: column - 1]
        length = min(self.end - self.start, len(content) - column + 1)
        # Wide characters are rare in flow files; tabs are kept so that the caret stays below.
        pad = "".join("\t" if char == "\t" else " " for char in before)
        return f"  {content}\n  {pad}{'^' * max(length, 1)}"


class Text(msgspec.Struct, frozen=True):
    """A decoded piece of user text in which every character knows where it was written.

    `offsets[i]` is the offset in `source` of `value[i]`, and `offsets[len(value)]` the offset just
    after the last one: a `range` where the text stands in the source as it is, a list where quotes,
    escapes, folding or indentation were decoded.
    """

    value: str
    source: Source
    offsets: Sequence[int]

    @classmethod
    def bare(cls, value: str, name: str = "<expression>") -> "Text":
        """Text that is its own source, such as an argument of `headrace eval`."""
        return cls(value, Source(name, value), range(len(value) + 1))

    def span(self, start: int, end: int) -> Span:
        """The place in the source of `value[start:end]`; an empty slice is an empty place."""
        first = self.offsets[start]
        if end <= start:
            return Span(self.source, first, first)
        # The end of the last character: one past its start, unless it was written as an escape.
        return Span(self.source, first, max(self.offsets[end - 1] + 1, min(self.offsets[end], first)))

    @property
    def whole(self) -> Span:
        """The place of all of the text."""
        return self.span(0, len(self.value))
