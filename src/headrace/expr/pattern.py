r"""JavaScript's regular expression syntax, rewritten for RE2 (ECMA-262, section 22.2.1 and annex B).

Only the spelling changes here: every character with a meaning is read and written anew, so that
nothing that means something else to RE2 (`\a`, `\Q`, `[[:alpha:]]`, `(?i)`) slips through.
"""

from headrace.expr.failure import Failure

__all__ = ["translate"]

_LAST = 0x10FFFF
_LINE_END = r"\n\r\x{2028}\x{2029}"
_SPACES = (
    (0x9, 0xD), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A),
    (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}
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


def translate(source: str, flags: str) -> str:
    """Spell a JavaScript pattern, with its flags `i m s u`, for RE2.

    Raises:
        Failure: HR210, wrong syntax, or what RE2 cannot do.
    """
    modes = "".join(flag for flag in flags if flag in "im")
    body = _Translation(source, flags).run()
    return f"(?{modes}){body}" if modes else body


class _Translation:
    """One walk over a pattern from left to right."""

    def __init__(self, source: str, flags: str) -> None:
        self.source = source
        self.position = 0
        self.dot = r"[\x{0}-\x{10ffff}]" if "s" in flags else f"[^{_LINE_END}]"
        self.is_unicode = "u" in flags

    def run(self) -> str:
        out: list[str] = []
        while self.position < len(self.source):
            out.append(self._term(self._take()))
        return "".join(out)

    def _take(self, length: int = 1) -> str:
        text = self.source[self.position : self.position + length]
        self.position += length
        return text

    def _sees(self, text: str) -> bool:
        return self.source.startswith(text, self.position)

    def _fail(self, reason: str) -> Failure:
        return Failure("HR210", f"/{self.source}/ {reason}")

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
            case ")" | "|" | "*" | "+" | "?" | "^" | "$":
                return char
            case _:
                return _literal(ord(char))

    def _group(self) -> str:
        if not self._sees("?"):
            return "("
        self._take()
        if self._sees(":"):
            self._take()
            return "(?:"
        for opening, name in _LOOKAROUND.items():
            if self._sees(opening):
                raise self._fail(f"uses a {name}, {_CANNOT}; match the surroundings too and take a group")
        if self._sees("<"):
            end = self.source.find(">", self.position)
            name = self.source[self.position + 1 : end]
            if end < 0 or not name.isidentifier():
                raise self._fail("has a group with a bad name; write `(?<name>…)`")
            self.position = end + 1
            return f"(?P<{name}>"
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
        return _literal(self._code(char))

    def _property(self, char: str) -> str:
        r"""`\p{L}`: RE2 knows general categories and scripts by their short and long names."""
        end = self.source.find("}", self.position)
        if not self.is_unicode or not self._sees("{") or end < 0:
            raise self._fail(f"has `\\{char}`; write `\\{char}{{L}}` with the flag `u`")
        name = self.source[self.position + 1 : end].rpartition("=")[2]
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
            return low if isinstance(low, str) else _literal(low)
        self._take()
        high = self._single()
        if isinstance(low, str) or isinstance(high, str):  # `[\w-.]`: the dash stands for itself
            return "".join(part if isinstance(part, str) else _literal(part) for part in (low, "\\-", high))
        if high < low:
            raise self._fail("has a range that is out of order")
        return f"{_literal(low)}-{_literal(high)}"

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
