"""What an unquoted scalar means: JSON's values, as YAML 1.2 reads them.

Where YAML 1.1 readers (kubectl among them) and YAML 1.2 readers disagree, or JSON has no such value,
the scalar is ambiguous: it is refused with the cure instead of being read one way or the other.
"""

import re
from collections.abc import Callable

__all__ = ["ambiguity", "resolve"]

_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BOOLEAN_1_1 = re.compile(r"y|Y|yes|Yes|YES|on|On|ON|(n|N|no|No|NO|off|Off|OFF)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_OCTAL = re.compile(r"[-+]?0o[0-7]+")
_BINARY = re.compile(r"[-+]?0b[01]+")
_SIGNED_HEX = re.compile(r"[-+]0x[0-9a-fA-F]+")
_UNDERSCORES = re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|0b[01_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?)")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def resolve(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar that is not ambiguous."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def ambiguity(text: str) -> str:
    """What is wrong with an unquoted scalar, with the cure; empty if all readers agree on it."""
    if not text or len(text) > 400 or not (text[0] in "+-.0123456789" or len(text) <= 3):
        return _too_long(text)
    if boolean := _BOOLEAN_1_1.fullmatch(text):
        value = "false" if boolean[1] else "true"
        return f'`{text}` is {value} to kubectl and text to others; quote it: `"{text}"`'
    for pattern, explain in _NUMBERS:
        if pattern.fullmatch(text) and (message := explain(text)):
            return message
    return ""


def _too_long(text: str) -> str:
    if len(text) > 400 and text[:1] in "+-.0123456789" and (_FLOAT.fullmatch(text) or _HEX.fullmatch(text)):
        return 'this number is too long; quote it if it is text: `"…"`'
    return ""


def _leading_zero(text: str) -> str:
    digits = text.lstrip("+-").lstrip("0") or "0"
    if set(text) & set("89"):
        return f"`{text}` is the number {digits} to some and text to others; {_choice(text, digits)}"
    sign = "-" if text.startswith("-") else ""
    return (
        f"`{text}` is {sign}{int(digits, 8)} to kubectl and {sign}{digits} to others; {_choice(text, digits)}"
    )


def _other_base(text: str) -> str:
    value = int(text, 0)
    return f"`{text}` is {value} to some and text to others; {_choice(text, str(value))}"


def _underscores(text: str) -> str:
    if "_" not in text:
        return ""
    digits = text.replace("_", "")
    return f"`{text}` is {digits} to kubectl and text to others; {_choice(text, digits)}"


def _sexagesimal(text: str) -> str:
    value = 0
    for part in text.lstrip("+-").partition(".")[0].split(":"):
        value = value * 60 + int(part)
    sign = "-" if text.startswith("-") else ""
    return f'`{text}` is {sign}{value} to some and text to others; quote it: `"{text}"`'


def _not_finite(text: str) -> str:
    return f'`{text}` is no JSON number; quote it if it is text: `"{text}"`'


def _too_large(text: str) -> str:
    value = int(text, 16 if "x" in text else 10)
    if -(2**63) <= value < 2**63:
        return ""
    return f'`{text}` is beyond 64 bits, where readers round it; quote it: `"{text}"`'


def _overflow(text: str) -> str:
    return _not_finite(text) if abs(float(text)) == float("inf") else ""


def _choice(text: str, value: str) -> str:
    return f'write `{value}` or quote it: `"{text}"`'


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (_LEADING_ZERO, _leading_zero),
    (_OCTAL, _other_base),
    (_BINARY, _other_base),
    (_SIGNED_HEX, _other_base),
    (_UNDERSCORES, _underscores),
    (_SEXAGESIMAL, _sexagesimal),
    (_NOT_FINITE, _not_finite),
    (_INTEGER, _too_large),
    (_HEX, _too_large),
    (_FLOAT, _overflow),
)
