r"""Escapes in texts: `\n`, `\x41`, `\u00e9`, `\u{1f600}`, and every other character as itself.

ECMA-262, section 12.9.4. Two halves of a surrogate pair are one code point; a lone half is an error (D4).
"""

import re

from headrace.expr.problem import Problem

__all__ = ["cook", "quote"]

_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))|([\ud800-\udfff])", re.DOTALL
)
_SHORT = {
    "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0",
    "\n": "", "\r\n": "", "\r": "", "\u2028": "", "\u2029": "",
}  # fmt: skip
_QUOTED = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": "\\\\", "'": r"\'"}
_CONTROL = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff\\\\']"
)  # which YAML cannot hold, or not in one line


def cook(value: str, start: int, end: int) -> str:
    """The text that stands between two quotes.

    Raises:
        Problem: an escape is incomplete, beyond Unicode, or half a surrogate pair.
    """
    raw = value[start:end]
    if "\\" not in raw:
        if raw.isascii() or not _ESCAPE.search(raw):
            return raw
        raise Problem("HR201", "half a surrogate pair is no character", start, end)
    parts: list[str] = []
    high: int | None = None
    at = 0
    for found in _ESCAPE.finditer(raw):
        if high is not None and found.start() != at:
            break
        parts.append(raw[at : found.start()])
        at = found.end()
        code = _code(found, start)
        if code is None:
            parts.append(_short(found, raw, start))
        elif 0xD800 <= code < 0xDC00 and high is None:
            high = code
            continue
        elif 0xDC00 <= code < 0xE000 and high is not None:
            parts.append(chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00))
            high = None
            continue
        elif not 0xD800 <= code < 0xE000:
            parts.append(chr(code))
        else:
            high = code
        if high is not None:
            break
    if high is not None:
        raise Problem("HR201", "half a surrogate pair is no character", start, end)
    return "".join(parts) + raw[at:]


def _code(found: re.Match[str], start: int) -> int | None:
    digits = found[1] or found[2] or found[3]
    if digits is None:
        return ord(found[5]) if found[5] else None
    code = int(digits[-9:], 16) if len(digits) < 10 else 0x110000
    if code > 0x10FFFF:
        raise Problem("HR201", "there is no such character", start + found.start(), start + found.end())
    return code


def _short(found: re.Match[str], raw: str, start: int) -> str:
    char = found[4]
    place = start + found.start(), start + found.end()
    if char in {"u", "x"}:
        raise Problem("HR201", f"`\\{char}` needs hexadecimal digits", *place)
    if char.isdigit() and (char != "0" or raw[found.end() : found.end() + 1].isdigit()):
        raise Problem("HR201", rf"`\{char}` is no escape; write `\x0{char}`", *place)
    return _SHORT.get(char, char)


def quote(text: str) -> str:
    """A text as a literal in single quotes."""
    return "'" + _CONTROL.sub(lambda found: _escaped(found[0]), text) + "'"


def _escaped(char: str) -> str:
    return _QUOTED.get(char) or f"\\u{ord(char):04x}"
