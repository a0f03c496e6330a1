"""Values as text, text as numbers, and when values are equal: JavaScript's rules over JSON values.

Rules D1–D7 of the language say where they differ from JavaScript: null is empty as text, arrays and
objects are JSON as text and equal by value, integers keep every digit.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring

import msgspec

from headrace.expr.failure import Failure
from headrace.values import Json

__all__ = [
    "INTEGER_BITS",
    "JSON_PRINTERS",
    "MAX_TEXT",
    "WHITESPACE",
    "bounded_integer",
    "equal",
    "js_text",
    "number_text",
    "strict_equal",
    "stringify",
    "to_number",
    "to_text",
    "truthy",
]

MAX_TEXT = 16 * 2**20
"""The longest text that an expression may make, in characters."""

INTEGER_BITS = 4096
"""The size up to which integers are exact (D2)."""

_BEYOND = 1 << INTEGER_BITS
WHITESPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"  # noqa: E501 - ECMA-262 WhiteSpace and LineTerminator, one list
"""What JavaScript trims and skips around numbers: ECMA-262 WhiteSpace and LineTerminator."""

_encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
_SIMPLE = frozenset({str, int, bool, type(None)})
_EXACT_FLOAT = 2.0**53

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)", re.ASCII)


def number_text(number: int | float) -> str:
    """A number as JavaScript's `Number::toString` prints it; integers with all their digits.

    Raises:
        Failure: HR228, an integer beyond 4,096 bits.
    """
    if not isinstance(number, float):
        if number.bit_length() > INTEGER_BITS:
            raise Failure("HR228", "an integer here needs more than 4,096 bits", 0)
        return int.__repr__(number)
    if not math.isfinite(number):
        return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
    if -_EXACT_FLOAT < number < _EXACT_FLOAT and number.is_integer():
        return str(int(number))
    shortest = float.__repr__(number)
    if "e" not in shortest:
        return shortest.removesuffix(".0")
    return _respell(shortest)


def _respell(shortest: str) -> str:
    """Python's `1.5e+16` or `1.5e-05` as JavaScript spells it (ECMA-262, Number::toString)."""
    sign = "-" if shortest[0] == "-" else ""
    mantissa, exponent = shortest.lstrip("-").split("e")
    digits = mantissa.replace(".", "")
    point = int(exponent) + 1
    if 0 < point <= 21:
        return sign + digits.ljust(point, "0")
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"


def to_text(value: Json) -> str:
    """The to-text rule of templates, `${}` and `+`: null is empty, arrays and objects are JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int | float):
        return number_text(value)
    return stringify(value)


def js_text(value: Json) -> str:
    """`String(value)`: null is `null`, an array its items with commas, an object `[object Object]`."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return ",".join("" if item is None else js_text(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    return to_text(value)


def stringify(value: Json, indent: int | str | None = None, keys: Sequence[str] | None = None) -> str:
    """Exactly what `JSON.stringify` prints.

    Args:
        value: what to print; its integers keep every digit.
        indent: as JavaScript's third argument: up to 10 spaces or characters; None for one line.
        keys: as an array for JavaScript's second argument: the members to keep, in this order.
    """
    if keys is not None:
        value = _with_keys(value, dict.fromkeys(keys))
    gap = " " * max(0, min(indent, 10)) if isinstance(indent, int) else (indent or "")[:10]
    if gap:
        return _joined(_pretty(value, gap, ["\n"], 0))
    if _is_plain(value):
        return _encode(value).decode()
    return _encode(_respelled(value)).decode()


JSON_PRINTERS: Mapping[type, Callable[..., str]] = {
    **dict.fromkeys((bool, float, list, dict, type(None)), stringify),
    str: encode_basestring,
    int: repr,
}
"""What prints values as `stringify` does, by their type; halves of surrogate pairs are let through."""


def _is_plain(value: Json) -> bool:
    """Whether msgspec prints the value as JavaScript does: it spells some floats differently."""
    if isinstance(value, dict):
        members = value.values()
        return _SIMPLE.issuperset(map(type, members)) or all(map(_is_plain, members))
    if isinstance(value, list):
        return _SIMPLE.issuperset(map(type, value)) or all(map(_is_plain, value))
    if isinstance(value, float):
        return 0.0001 <= abs(value) < _EXACT_FLOAT and not value.is_integer()
    return True


def _respelled(value: Json) -> object:
    """The value with its floats replaced by their JavaScript text."""
    if isinstance(value, float):
        return msgspec.Raw(number_text(value).encode()) if math.isfinite(value) else None
    if isinstance(value, list):
        return [_respelled(item) for item in value]
    if isinstance(value, dict):
        return {key: _respelled(member) for key, member in value.items()}
    return value


def _joined(parts: list[str]) -> str:
    """Lines of deep values are mostly indentation, which may be many times the value."""
    if sum(map(len, parts)) > MAX_TEXT:
        raise Failure("HR223", f"`JSON.stringify` would make a text of more than {MAX_TEXT:,} characters")
    return "".join(parts)


def _pretty(value: Json, gap: str, margins: list[str], depth: int) -> list[str]:
    """The pieces of a value over several lines; `margins` are a line end and the indentation, by depth."""
    if not isinstance(value, list | dict) or not value:
        return [stringify(value)]
    margin = margins[depth]
    if len(margins) == depth + 1:
        margins.append(margin + gap)
    inner = margins[depth + 1]
    parts = ["[" if isinstance(value, list) else "{"]
    if isinstance(value, list):
        for item in value:
            parts += [inner, *_pretty(item, gap, margins, depth + 1), ","]
    else:
        for key, member in value.items():
            parts += [inner, stringify(key), ": ", *_pretty(member, gap, margins, depth + 1), ","]
    parts[-1] = margin
    parts.append("]" if isinstance(value, list) else "}")
    return parts


def _with_keys(value: Json, keys: dict[str, None]) -> Json:
    if isinstance(value, list):
        return [_with_keys(item, keys) for item in value]
    if isinstance(value, dict):
        return {key: _with_keys(value[key], keys) for key in keys if key in value}
    return value


def truthy(value: Json) -> bool:
    """JavaScript's truth: false are null, false, 0, NaN and empty text; empty arrays are true."""
    if isinstance(value, list | dict):
        return True
    return bool(value) and value == value  # NaN is unequal to itself


def strict_equal(left: Json, right: Json) -> bool:
    """`===`: no conversion; arrays and objects by value (D3), `1` and `1.0` are one number."""
    if left != right:
        return False
    if isinstance(left, list) and isinstance(right, list):
        return all(map(strict_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return all(strict_equal(member, right[key]) for key, member in left.items())
    return isinstance(left, bool) is isinstance(right, bool)


def equal(left: Json, right: Json) -> bool:
    """`==`: as `===`, but numbers, text and booleans of different types compare as numbers."""
    if left is None or right is None:
        return left is right
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return strict_equal(left, right)
    if isinstance(left, str) is isinstance(right, str):
        return left == right
    return to_number(left) == to_number(right)


def to_number(value: Json) -> int | float:
    """JavaScript's `Number(value)`; integers are exact. NaN where there is no number.

    Raises:
        Failure: HR228, digits of an integer beyond 4,096 bits.
    """
    if isinstance(value, bool) or value is None:
        return int(value or 0)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return _text_number(value.strip(WHITESPACE))
    if isinstance(value, list) and len(value) < 2:
        # JavaScript goes by the array's text: `[]` is empty, `[x]` reads like x unless boolean.
        only = value[0] if value else None
        return math.nan if isinstance(only, bool) else to_number(only)
    return math.nan


def bounded_integer(value: int) -> int:
    """The integer.

    Raises:
        Failure: HR228, it needs more than 4,096 bits.
    """
    if value.bit_length() > INTEGER_BITS:
        raise Failure("HR228", "an integer here needs more than 4,096 bits", 0)
    return value


def _text_number(text: str) -> int | float:
    if _INTEGER.fullmatch(text):
        # 4,096 bits are 1,234 digits; leading zeros are few
        return bounded_integer(int(text)) if len(text) <= 1300 else bounded_integer(_BEYOND)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if not text:
        return 0
    if _RADIX.fullmatch(text):
        return bounded_integer(int(text, 0))
    infinities = {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}
    return infinities.get(text, math.nan)
