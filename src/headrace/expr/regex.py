r"""Regular expressions with JavaScript's meaning, in linear time.

JavaScript's syntax is translated to RE2's (`pattern`), and RE2 searches the text's UTF-8. What RE2
cannot do, lookaround and back-references, is HR210. Positions are code points (D4).

Where RE2 would find something else than JavaScript: lines end by `\r` and U+2028 as well, so the text is
searched with `\n` in their places; groups of a repetition's earlier rounds are forgotten. One corner is
left: a repetition whose body would rather match nothing, `(?:|a)*`, matches nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import re2

from headrace.expr.failure import Failure
from headrace.expr.pattern import Translated, translate
from headrace.values import Json

__all__ = ["COMPILE", "HEAVY", "Found", "Pattern", "PatternLike", "compile_counted", "compile_pattern"]

PatternLike: TypeAlias = "Json | Pattern"
"""An argument that is text or a regular expression."""


_MATCH = 16
"""Steps to find one match."""
_FREE = 1 << 24
"""Characters times instructions of a program that a search may cost without being accounted for: where a
program is too large for RE2's automaton, that is what it does, some 600 a step."""
_MOST_SLOTS = 4_000_000
"""Instructions times groups: RE2 may hold the places of all groups for each instruction."""

COMPILE = 200
"""Steps to compile a small pattern; each of its instructions takes three more."""

HEAVY = 1000
"""Instructions of a pattern which a search may take so long for that it is accounted for."""


_OTHER_LINE_ENDS = frozenset("\r\u2028\u2029")
_LINE_ENDS = dict.fromkeys(map(ord, _OTHER_LINE_ENDS), "\n")


class Found(NamedTuple):
    """One match.

    Attributes:
        start: where it begins, in code points.
        end: just after it.
        groups: the text of the whole match, then of each group; None where a group took no part.
    """

    start: int
    end: int
    groups: tuple[str | None, ...]

    @property
    def text(self) -> str:
        """The whole match."""
        return self.groups[0] or ""


class Pattern:
    """A compiled regular expression; made by `compile_pattern`, safe to share between threads.

    Attributes:
        source: as the user wrote it, without slashes.
        flags: as the user wrote them.
        is_global: whether the flag `g` is among them.
        names: the number of each named group.
        spend: takes the steps of each match, if they are accounted for.
    """

    __slots__ = ("_compiled", "_translated", "flags", "is_global", "names", "source", "spend")

    def __init__(
        self,
        source: str,
        flags: str,
        translated: Translated,
        compiled: re2._Regexp,
        spend: Callable[[int], None] | None = None,
    ) -> None:
        self.source = source
        self.flags = flags
        self.is_global = "g" in flags
        self.names: Mapping[str, int] = translated.names
        self.spend = spend
        self._translated = translated
        self._compiled = compiled

    def counting(self, spend: Callable[[int], None]) -> "Pattern":
        """The same pattern, which accounts for every match that it finds."""
        return Pattern(self.source, self.flags, self._translated, self._compiled, spend)

    def __repr__(self) -> str:
        return f"/{self.source}/{self.flags}"

    def matches(self, text: str) -> bool:
        """Whether any part of the text matches."""
        self._account(text)
        return self._compiled.search(self._searched(text).encode()) is not None

    def first(self, text: str) -> Found | None:
        """The first match."""
        return next(self.each(text), None)

    def each(self, text: str) -> Iterator[Found]:
        """The matches from left to right, none overlapping; an empty match moves on by a character."""
        self._account(text)
        data = self._searched(text).encode()
        single_bytes = len(data) == len(text)
        last = -1, -1
        byte_seen = seen = 0
        for match in self._compiled.finditer(data):
            start, end = match.span()
            # An empty match is found again from its own place, and inside a character's bytes.
            if start == end and ((start, end) == last or _is_inside(data, start)):
                continue
            last = start, end
            seen += start - byte_seen if single_bytes else len(data[byte_seen:start].decode())
            byte_seen = start
            stop = seen + (end - start if single_bytes else len(data[start:end].decode()))
            groups: tuple[str | None, ...] = (text[seen:stop],)
            if self._translated.captures:
                groups += tuple(self._captured(match, text, data, seen))
            if self.spend:
                self.spend(_MATCH)
            yield Found(seen, stop, groups)

    def _account(self, text: str) -> None:
        work = len(text) * self.size
        if work > _FREE and self.spend:
            self.spend(work >> 10)

    @property
    def size(self) -> int:
        """How many instructions it has for RE2: what a search may take for each character."""
        return int(self._compiled.programsize)

    def _searched(self, text: str) -> str:
        """The text with one end of lines alone, where the pattern is about lines.

        Raises:
            Failure: HR210, the pattern tells line ends from one another.
        """
        if not self._translated.has_lines or _OTHER_LINE_ENDS.isdisjoint(text):
            return text
        if self._translated.knows_line_ends:
            message = f"{self!r} is about lines, and the text has line ends other than \\n"
            raise Failure("HR210", f"{message}; replace them first: text.replaceAll('\\r\\n', '\\n')")
        return text.translate(_LINE_ENDS)

    def _captured(self, match: re2._Match, text: str, data: bytes, seen: int) -> Iterator[str | None]:
        """The texts of the groups of a match that begins at a code point."""
        begin = match.start()
        for capture in self._translated.captures:
            start, end = match.span(capture.number)
            rounds = (match.span(number) for number in capture.rounds)
            is_forgotten = any(start < first or end > last for first, last in rounds)
            if start < 0 or is_forgotten or any(match.start(n) == match.end(n) for n in capture.optional):
                yield None
                continue
            before = seen + len(data[begin:start].decode())
            yield text[before : before + len(data[start:end].decode())]


def _is_inside(data: bytes, position: int) -> bool:
    """Whether some UTF-8 has a character around the position, not one that begins there."""
    return position < len(data) and data[position] & 0xC0 == 0x80


def compile_counted(source: str, flags: str, spend: Callable[[int], None]) -> Pattern:
    """A pattern that only an evaluation knows, which accounts for its making and its matches.

    Raises:
        Failure: as `compile_pattern`, and HR223 for too much work.
    """
    made = compile_pattern.cache_info().misses
    try:
        pattern = compile_pattern(source, flags)
    finally:
        is_new = compile_pattern.cache_info().misses != made
        if is_new:
            spend(COMPILE + 5 * len(source))
    if is_new:
        spend(3 * pattern.size)
    return pattern.counting(spend)


@lru_cache(maxsize=512)
def compile_pattern(source: str, flags: str = "") -> Pattern:
    """Compile what stands between the slashes of a literal, and the flags after them.

    Raises:
        Failure: HR210, the pattern is wrong or needs what linear time cannot give; HR214, a flag
            that is none of `g i m s u`.
    """
    for flag in flags:
        if flag not in "gimsu" or flags.count(flag) > 1:
            raise Failure("HR214", f"`{flag}` is no flag here; the flags are `g i m s u`, each once")
    options = re2.Options()
    options.log_errors = False
    try:
        translated = translate(source, flags)
        compiled = re2.compile(translated.text.encode(), options)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise Failure("HR210", f"/{source}/ is no regular expression: {reason}") from error
    if len(translated.captures) * compiled.programsize > _MOST_SLOTS:
        raise Failure("HR210", "a regular expression is too large for so many groups; write `(?:…)`")
    return Pattern(source, flags, translated, compiled)
