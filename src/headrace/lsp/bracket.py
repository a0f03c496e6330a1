"""Where an offset lies in a value of flow style, `{a: [1, 2]}`, which may be unfinished."""

import re
from dataclasses import dataclass

from headrace.flow.syntax import expression_end
from headrace.flow.tree import Path

__all__ = ["Token", "quoted_end", "token_at"]

_QUOTED = {'"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL), "'": re.compile(r"'(?:[^']|'')*'")}
_PLAIN = re.compile(r"(?:[^,\[\]{}:#\r\n]|:(?![\s,\[\]{}]|$)|(?<!\s)#|\{\{)*", re.MULTILINE)
_COLON = re.compile(r"\s*:(?=[\s,\[\]{}]|$)")
_REST = re.compile(r"[^\r\n]*")


@dataclass(frozen=True, slots=True)
class Token:
    """A scalar in flow style, or the empty place of one.

    Attributes:
        path: of the value; for a key of the mapping.
        style: its quote; empty for a plain one.
        closers: the brackets that are open there, as text that closes them.
    """

    path: Path
    start: int
    end: int
    style: str
    is_key: bool
    closers: str


@dataclass(slots=True)
class _Frame:
    is_mapping: bool
    key: str | None = None
    index: int = 0

    @property
    def step(self) -> Path:
        if self.is_mapping:
            return () if self.key is None else (self.key,)
        return (self.index,)


def quoted_end(text: str, start: int) -> tuple[int, bool]:
    """The offset after a quoted scalar, and whether its quote is closed; else its line ends it."""
    if found := _QUOTED[text[start]].match(text, start):
        return found.end(), True
    rest = _REST.match(text, start)
    return (rest.end() if rest else len(text)), False


def token_at(text: str, start: int, offset: int) -> Token | None:
    """The scalar at an offset, in the list or mapping whose bracket stands at `start`.

    Returns:
        None if the bracket is closed before, or a comment stands there.
    """
    frames: list[_Frame] = []
    at = start
    while at <= min(offset, len(text) - 1):
        char = text[at]
        if char in " \t\r\n":
            at += 1
        elif char in "[{" and not (frames and text.startswith("{{", at)):
            frames.append(_Frame(char == "{"))
            at += 1
        elif at == offset and char in "]},:":
            break
        elif char in "]}":
            frames.pop()
            at += 1
            if not frames:
                return None
        elif char == ",":
            frames[-1].index += 1
            frames[-1].key = None
            at += 1
        elif char == "#" and text[at - 1].isspace():
            rest = _REST.match(text, at)
            at = rest.end() if rest else len(text)
            if offset <= at:
                return None
        else:
            token, at = _scalar(text, at, frames)
            if offset <= token.end:
                return token if frames else None
    return _token(frames, offset, offset, "") if frames else None


def _scalar(text: str, start: int, frames: list[_Frame]) -> tuple[Token, int]:
    """The scalar that begins at `start`, and where to read on, after its colon if it is a key."""
    char = text[start]
    end = quoted_end(text, start)[0] if char in "'\"" else _plain_end(text, start)
    token = _token(frames, start, end, char if char in "'\"" else "")
    colon = _COLON.match(text, end)
    if colon is None:
        return token, max(end, start + 1)
    if token.is_key:
        name = text[start:end]
        frames[-1].key = name[1:-1] if token.style else name.strip()
    return token, colon.end()


def _plain_end(text: str, start: int) -> int:
    end = start
    if text.startswith("{{", start):
        end = expression_end(text, start)
    found = _PLAIN.match(text, end)
    end = found.end() if found else end
    return start + len(text[start:end].rstrip(" \t"))


def _token(frames: list[_Frame], start: int, end: int, style: str) -> Token:
    path = tuple(key for frame in frames for key in frame.step)
    is_key = frames[-1].is_mapping and frames[-1].key is None
    closers = "".join("}" if frame.is_mapping else "]" for frame in reversed(frames))
    return Token(path, start, end, style, is_key, closers)
