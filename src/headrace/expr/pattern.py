r"""JavaScript's regular expression syntax, rewritten for RE2 (ECMA-262, section 22.2.1 and annex B).

Only the spelling changes here: every character with a meaning is read and written anew, so that
nothing that means something else to RE2 (`\a`, `\Q`, `[[:alpha:]]`, `(?i)`) slips through.
"""

import msgspec

from headrace.expr.failure import Failure
from headrace.expr.folding import variants, variants_between

__all__ = ["Capture", "Translated", "translate"]

_LAST = 0x10FFFF
_LINE_ENDS = (0xA, 0xD, 0x2028, 0x2029)
_KINDS = ("", "gc", "General_Category", "sc", "Script")
_LINE_END = r"\n\r\x{2028}\x{2029}"
_SPACES = (
    (0x9, 0xD), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A),
    (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}
_MAX_LENGTH = 64 * 1024
_MAX_NESTING = 200  # each group knows those around it; RE2 itself stops at 1,000
_MAX_FOLDED = 1000  # ranges, each of which may stand for some thousand letters
_CANNOT = "which cannot be matched in linear time"
_LOOKAROUND = {
    "=": "lookahead `(?=…)`", "!": "lookahead `(?!…)`",
    "<=": "lookbehind `(?<=…)`", "<!": "lookbehind `(?<!…)`",
}  # fmt: skip


def _ranges(pairs: tuple[tuple[int, int], ...]) -> str:
    return "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in pairs)


def _outside(pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    edges = [-1, *(edge for pair in pairs for edge in pair), _LAST + 1]
    return tuple((low + 1, high - 1) for low, high in zip(edges[::2], edges[1::2], strict=True))


# What the class escapes hold, as it stands inside brackets.
_CLASSES = {
    "d": r"\d", "D": r"\D", "w": r"\w", "W": r"\W",
    "s": _ranges(_SPACES), "S": _ranges(_outside(_SPACES)),
}  # fmt: skip


class Capture(msgspec.Struct, frozen=True):
    """A group whose text is told.

    Attributes:
        number: which group of RE2's it is.
        rounds: RE2's groups that are repeated around it: each round forgets what the one before it matched.
        optional: those of these groups that need not match: as often as they match nothing, they did not.
    """

    number: int
    rounds: tuple[int, ...]
    optional: frozenset[int]


class Translated(msgspec.Struct, frozen=True):
    """A pattern for RE2.

    Attributes:
        text: its spelling.
        captures: the groups of the JavaScript pattern.
        names: the number of each named group, from 1.
        has_lines: whether `^` or `$` are about lines.
        knows_line_ends: whether it tells one line end from another.
    """

    text: str
    captures: tuple[Capture, ...]
    names: dict[str, int]
    has_lines: bool
    knows_line_ends: bool


def translate(source: str, flags: str) -> Translated:
    """Spell a JavaScript pattern, with its flags `i m s u`, for RE2.

    Raises:
        Failure: HR210, wrong syntax, or what RE2 cannot do.
    """
    translation = _Translation(source, flags)
    body = translation.run()
    modes = "".join(flag for flag in flags if flag == "m" or (flag == "i" and "u" in flags))
    numbers: dict[int, int] = {}
    for at, group in enumerate(translation.groups):
        if group.is_kept:
            numbers[at] = len(numbers) + 1
    groups = translation.groups
    captures = tuple(
        Capture(
            numbers[at],
            tuple(numbers[outer] for outer in group.outer if groups[outer].is_quantified),
            frozenset(numbers[each] for each in (*group.outer, at) if groups[each].is_optional),
        )
        for at, group in enumerate(groups)
        if group.is_capture
    )
    return Translated(
        f"(?{modes}){body}" if modes else body,
        captures,
        translation.names,
        "m" in flags and translation.has_anchors,
        translation.knows_line_ends,
    )


class _Group(msgspec.Struct):
    place: int
    is_capture: bool
    outer: tuple[int, ...]
    is_quantified: bool = False
    is_optional: bool = False
    holds_captures: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether RE2 has to tell what it matched."""
        return self.is_capture or (self.is_quantified and self.holds_captures)


class _Translation:
    """One walk over a pattern from left to right."""

    def __init__(self, source: str, flags: str) -> None:
        self.source = source
        self.position = 0
        self.dot = r"[\x{0}-\x{10ffff}]" if "s" in flags else f"[^{_LINE_END}]"
        self.is_unicode = "u" in flags
        self.folds = "i" in flags and not self.is_unicode
        self.groups: list[_Group] = []
        self.names: dict[str, int] = {}
        self.has_anchors = False
        self.knows_line_ends = False
        self._open: list[int] = []
        self._out: list[str] = []
        self._captures = 0
        self._folded = 0

    def run(self) -> str:
        if len(self.source) > _MAX_LENGTH:
            raise Failure("HR210", "a regular expression has at most 64 Ki characters")
        while self.position < len(self.source):
            self._out.append(self._term(self._take()))
        for group in self.groups:
            if group.is_kept and not group.is_capture:
                self._out[group.place] = "("
        return "".join(self._out)

    def _opened(self, opening: str, *, is_capture: bool) -> str:
        if len(self._open) >= _MAX_NESTING:
            raise self._fail(f"has more than {_MAX_NESTING} groups in each other")
        for outer in self._open if is_capture else ():
            self.groups[outer].holds_captures = True
        self._captures += is_capture
        self._open.append(len(self.groups))
        self.groups.append(_Group(len(self._out), is_capture, tuple(self._open[:-1])))
        return opening

    def _closed(self) -> str:
        if self._open:
            group = self.groups[self._open.pop()]
            following = self.source[self.position : self.position + 2]
            group.is_quantified = following[:1] in {"*", "+", "?", "{"}
            group.is_optional = following[:1] in {"*", "?"} or following == "{0"
        return ")"

    def _one(self, code: int) -> str:
        """A code point that stands for itself, or for all its cases."""
        self.knows_line_ends = self.knows_line_ends or code in _LINE_ENDS
        codes = variants(code) if self.folds else (code,)
        return _literal(code) if len(codes) == 1 else f"[{''.join(map(_literal, codes))}]"

    def _among(self, low: int, high: int) -> str:
        """A range between brackets."""
        ends = sum(low <= end <= high for end in _LINE_ENDS)
        self.knows_line_ends = self.knows_line_ends or 0 < ends < len(_LINE_ENDS)
        text = _literal(low) if low == high else f"{_literal(low)}-{_literal(high)}"
        if not self.folds:
            return text
        self._folded += 1
        if self._folded > _MAX_FOLDED:
            raise self._fail(f"has more than {_MAX_FOLDED:,} characters or ranges between brackets to fold")
        more = sorted(code for code in set(variants_between(low, high)) if not low <= code <= high)
        return text + "".join(map(_literal, more))

    def _take(self, length: int = 1) -> str:
        text = self.source[self.position : self.position + length]
        self.position += length
        return text

    def _sees(self, text: str) -> bool:
        return self.source.startswith(text, self.position)

    def _fail(self, reason: str) -> Failure:
        source = self.source if len(self.source) <= 200 else f"{self.source[:200]}…"
        return Failure("HR210", f"/{source}/ {reason}")

    def _term(self, char: str) -> str:
        match char:
            case "(":
                return self._group()
            case "[":
                return self._bracket()
            case "\\":
                return self._escape()
            case ".":
                return self.dot
            case "{":
                return self._braces()
            case "}" | "]":
                return "\\" + char
            case ")":
                return self._closed()
            case "^" | "$":
                self.has_anchors = True
                return char
            case "|" | "*" | "+" | "?":
                return char
            case _:
                return self._one(ord(char))

    def _group(self) -> str:
        if not self._sees("?"):
            return self._opened("(", is_capture=True)
        self._take()
        if self._sees(":"):
            self._take()
            return self._opened("(?:", is_capture=False)
        for opening, name in _LOOKAROUND.items():
            if self._sees(opening):
                raise self._fail(f"uses a {name}, {_CANNOT}; match the surroundings too and take a group")
        if self._sees("<"):
            end = self.source.find(">", self.position)
            name = self.source[self.position + 1 : end]
            if end < 0 or not name.isidentifier():
                raise self._fail("has a group with a bad name; write `(?<name>…)`")
            if name in self.names:
                raise self._fail(f"has two groups with the name `{name}`")
            self.position = end + 1
            opening = self._opened("(", is_capture=True)
            self.names[name] = self._captures
            return opening
        if self._sees("P<"):
            raise self._fail("names a group with `(?P<`; write `(?<name>…)`")
        raise self._fail("has `(?` without `:` or `<name>`; flags go after the closing slash")

    def _braces(self) -> str:
        """`{2}`, `{2,}` or `{2,3}`; any other brace stands for itself."""
        end = self.source.find("}", self.position)
        inside = self.source[self.position : end] if end >= 0 else ""
        least, comma, most = inside.partition(",")
        if not _is_digits(least) or (most and not _is_digits(most)):
            return r"\{"
        if any(part and int(part[:6]) > 1000 for part in (least, most)):
            raise self._fail("repeats more than 1,000 times")
        self.position = end + 1
        return f"{{{int(least)}{comma}{int(most) if most else ''}}}"

    def _escape(self) -> str:
        char = self._take()
        if char in _CLASSES:
            return f"[{_CLASSES[char]}]"
        if char in ("b", "B"):
            return "\\" + char
        if char == "k" or char in set("123456789"):
            raise self._fail(
                f"has the back-reference `\\{char}`, {_CANNOT}; compare the groups after the match"
            )
        if char in ("p", "P"):
            return self._property(char)
        return self._one(self._code(char))

    def _property(self, char: str) -> str:
        r"""`\p{L}`: RE2 knows general categories and scripts by their short and long names."""
        end = self.source.find("}", self.position)
        if not self.is_unicode or not self._sees("{") or end < 0:
            raise self._fail(f"has `\\{char}`; write `\\{char}{{L}}` with the flag `u`")
        kind, _, name = self.source[self.position + 1 : end].rpartition("=")
        if kind not in _KINDS:
            raise self._fail(f"has the property `{kind}`; there are general categories and `Script=…`")
        self.position = end + 1
        return f"\\{char}{{{_CATEGORIES.get(name, name)}}}"

    def _code(self, char: str) -> int:
        """The code point that an escape stands for; the backslash and `char` are taken already."""
        if char in _CONTROLS:
            if char == "0" and self.source[self.position : self.position + 1].isdigit():
                raise self._fail("has an octal escape; write `\\x` and two digits")
            return _CONTROLS[char]
        if char == "x":
            return self._hex(2)
        if char == "u":
            return self._unicode()
        if char == "c":
            letter = self._take()
            if letter.isascii() and letter.isalpha():
                return ord(letter) % 32
            raise self._fail("has `\\c` without a letter")
        if not char:
            raise self._fail("ends with a lone backslash")
        if char.isalnum():
            raise self._fail(f"has `\\{char}`, which is no escape")
        return ord(char)

    def _hex(self, length: int) -> int:
        digits = self._take(length)
        if len(digits) == length and all(digit in _HEX for digit in digits):
            return int(digits, 16)
        raise self._fail(f"has an escape that needs {length} hexadecimal digits")

    def _unicode(self) -> int:
        if self._sees("{"):
            if not self.is_unicode:
                raise self._fail("has `\\u{`, which takes the flag `u`")
            end = self.source.find("}", self.position)
            digits = self.source[self.position + 1 : end]
            if end < 0 or not digits or not _HEX.issuperset(digits) or int(digits, 16) > _LAST:
                raise self._fail("has `\\u{…}` without a code point")
            self.position = end + 1
            return int(digits, 16)
        code = self._hex(4)
        if 0xD800 <= code < 0xDC00 and self._sees("\\u"):
            self._take(2)
            low = self._hex(4)
            if 0xDC00 <= low < 0xE000:
                return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        if 0xD800 <= code < 0xE000:
            raise self._fail("has half a surrogate pair; text here is whole code points")
        return code

    def _bracket(self) -> str:
        negated = self._sees("^")
        if negated:
            self._take()
        out: list[str] = []
        while not self._sees("]"):
            if self.position >= len(self.source):
                raise self._fail("has a `[` that is never closed")
            out.append(self._member())
        self._take()
        if not out:
            return r"[\x{0}-\x{10ffff}]" if negated else r"[^\x{0}-\x{10ffff}]"
        return f"[{'^' if negated else ''}{''.join(out)}]"

    def _member(self) -> str:
        """One character, class or range between brackets."""
        low = self._single()
        if not self._sees("-") or self.source[self.position + 1 : self.position + 2] in ("]", ""):
            return low if isinstance(low, str) else self._among(low, low)
        self._take()
        high = self._single()
        if isinstance(low, str) or isinstance(high, str):  # `[\w-.]`: the dash stands for itself
            parts = (low, "\\-", high)
            return "".join(part if isinstance(part, str) else self._among(part, part) for part in parts)
        if high < low:
            raise self._fail("has a range that is out of order")
        return self._among(low, high)

    def _single(self) -> int | str:
        """A code point, or the inside of a class."""
        char = self._take()
        if char != "\\":
            return ord(char)
        char = self._take()
        if char in _CLASSES:
            return _CLASSES[char]
        if char in ("p", "P"):
            return self._property(char)
        return 8 if char == "b" else self._code(char)


_HEX = frozenset("0123456789abcdefABCDEF")
# The long names of general categories that people write; RE2 has the short ones and the scripts.
_CATEGORIES = {
    "Letter": "L", "Lowercase_Letter": "Ll", "Uppercase_Letter": "Lu", "Mark": "M", "Number": "N",
    "Decimal_Number": "Nd", "Punctuation": "P", "Symbol": "S", "Separator": "Z", "Any": "Any",
}  # fmt: skip


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _literal(code: int) -> str:
    """A code point that RE2 takes as itself, in brackets and outside."""
    char = chr(code)
    if char.isascii() and not char.isalnum() and char not in " _":
        return rf"\x{{{code:x}}}"
    return char
