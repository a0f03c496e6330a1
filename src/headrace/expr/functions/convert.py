"""Conversions: JavaScript's `String Number Boolean parseInt parseFloat …`, and ours in lower case.

Ours are strict: what is no number, time or boolean is an error with its cure, never NaN; null stays
null. A fallback, where given, takes the place of both.
"""

import math
import re

from headrace.expr.argument import quoted, wrong
from headrace.expr.entry import function
from headrace.expr.failure import Failure
from headrace.expr.functions.result.value import coalesced, number_or_fallback
from headrace.expr.signature import Function
from headrace.expr.text import (
    INTEGER_BITS,
    WHITESPACE,
    bounded_integer,
    js_text,
    number_text,
    to_number,
    to_text,
    truthy,
)
from headrace.expr.time import looks_like_time, parse_time
from headrace.values import Json

__all__ = ["TABLE"]

_MISSING = object()
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PARSED_FLOAT = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BOOLEANS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def _string_global(value: Json = "") -> Json:
    return js_text(value)


def _number_global(value: Json = 0) -> Json:
    return to_number(value)


def _boolean_global(value: Json = None) -> Json:
    return truthy(value)


def _parse_int(value: Json, radix: Json = None) -> Json:
    text = js_text(value).strip(WHITESPACE).lower()
    base = 0 if radix is None else to_number(radix)
    base = int(base) if isinstance(base, int) or math.isfinite(base) else 0
    sign = -1 if text.startswith("-") else 1
    text = text[1:] if text.startswith(("+", "-")) else text
    if text.startswith("0x") and base in (0, 16):
        text, base = text[2:], 16
    base = base or 10
    if not 2 <= base <= 36:
        return math.nan
    digits = _DIGITS[:base]
    length = next((i for i, char in enumerate(text) if char not in digits), len(text))
    if length == 0:
        return math.nan
    if length > INTEGER_BITS:
        raise Failure("HR228", "an integer here needs more than 4,096 bits", 0)
    return sign * bounded_integer(int(text[:length], base))


def _parse_float(value: Json) -> Json:
    found = _PARSED_FLOAT.match(js_text(value).lstrip(WHITESPACE))
    return to_number(found[0]) if found else math.nan


def _is_nan(value: Json) -> Json:
    converted = to_number(value)
    return isinstance(converted, float) and math.isnan(converted)


def _is_finite(value: Json) -> Json:
    converted = to_number(value)
    return isinstance(converted, int) or math.isfinite(converted)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_is_integer(value: Json) -> Json:
    return _is_number(value) and (not isinstance(value, float) or value.is_integer())


def _number_is_safe(value: Json) -> Json:
    return _number_is_integer(value) is True and abs(to_number(value)) < 2**53


def _number_is_finite(value: Json) -> Json:
    return _is_number(value) and _is_finite(value)


def _number_is_nan(value: Json) -> Json:
    return _is_number(value) and value != value


def _from_code_points(*codes: Json) -> Json:
    points = [to_number(code) for code in codes]
    for position, point in enumerate(points):
        if not (0 <= point <= 0x10FFFF and point == int(point)) or 0xD800 <= point < 0xE000:
            raise Failure("HR224", "{operand} is no code point of a character", position)
    return "".join(chr(int(point)) for point in points)


def _string(value: Json) -> Json:
    return value if value is None or isinstance(value, str) else to_text(value)


def _int(value: Json, fallback: object = _MISSING) -> Json:
    if type(value) is int:
        return value
    try:
        converted = _to_int(value)
    except Failure:
        if fallback is _MISSING:
            raise
        converted = None
    if converted is not None:
        return converted
    if fallback is not _MISSING:
        return fallback  # type: ignore[return-value]  # a fallback is a value of the expression
    if value is None:
        return None
    if isinstance(value, str):
        cure = "; give digits, an RFC 3339 time with its zone, or a fallback: int(x, 0)"
        raise Failure("HR225", f"`int` cannot read the text {quoted(value)}{cure}", 0)
    raise wrong("int", "a number or text", value)


def _to_int(value: Json) -> int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    if isinstance(value, str):
        if looks_like_time(value):
            return parse_time(value)
        if _INTEGER.fullmatch(value):
            return int(to_number(value))
    return None


def _float(value: Json, fallback: object = _MISSING) -> Json:
    if type(value) is float:
        return value
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int):
        return _double(value)
    if isinstance(value, str) and _FLOAT.fullmatch(value):
        return float(value)
    if fallback is not _MISSING:
        return fallback  # type: ignore[return-value]  # a fallback is a value of the expression
    if value is None:
        return None
    if isinstance(value, str):
        cure = "; give a number such as 1.5, or a fallback: float(x, 0)"
        raise Failure("HR225", f"`float` cannot read the text {quoted(value)}{cure}", 0)
    raise wrong("float", "a number or text", value)


def _double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _bool(value: Json) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return value == 1
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    if isinstance(value, list | dict):
        raise wrong("bool", "true, false, 1 or 0", value)
    shown = quoted(value) if isinstance(value, str) else number_text(value)
    cure = "give true, false, 1 or 0, or write Boolean(x) for JavaScript's truth"
    raise Failure("HR225", f"`bool` cannot read {shown}; {cure}", 0)


def _coalesce(*values: Json) -> Json:
    return next((value for value in values if value is not None), None)


def _not(value: Json) -> Json:
    return not truthy(value)


TABLE: tuple[Function, ...] = (
    function(
        "string(value)", "any → text?", _string, "The value as text; null stays null.",
        "string(1) → \"1\"", "string(null) → null", "string([1, 'a']) → \"[1,\\\"a\\\"]\"",
    ),
    function(
        "int(value, fallback?)", "scalar?, fallback → any?", _int,
        "An integer from a number (its fraction cut off), digits, or an RFC 3339 time (nanoseconds).",
        "int('42') → 42", "int('1970-01-01T00:00:01Z') → 1000000000", "int('x') → HR225",
        "int('x', 0) → 0", "int(null) → null", result=number_or_fallback,
    ),
    function(
        "float(value, fallback?)", "scalar?, fallback → any?", _float, "A number from a number or text.",
        "float('1.5') → 1.5", "float('x', null) → null", "float('x') → HR225", result=number_or_fallback,
    ),
    function(
        "bool(value)", "scalar? → boolean?", _bool, "A boolean from a boolean, 1, 0, or text that says so.",
        "bool('true') → true", "bool(0) → false", "bool('yes') → HR225",
    ),
    function(
        "coalesce(...values)", "...maybe → any", _coalesce, "The first argument that is not null.",
        "coalesce(null, 0, 1) → 0", "coalesce(null) → null", result=coalesced,
    ),
    function(
        "not(value)", "maybe → boolean",
        _not, "Whether the value is false, as `!`.", "not(0) → true", "not([]) → false",
    ),
    function(
        "String(value?)", "any → text", _string_global, "JavaScript's text of a value.",
        "String(null) → \"null\"", "String([1, 2]) → \"1,2\"",
    ),
    function(
        "Number(value?)", "any → number", _number_global, "JavaScript's number of a value, possibly NaN.",
        "Number('12.5') → 12.5", "Number(null) → 0", "Number('x') || 0 → 0",
    ),
    function(
        "Boolean(value?)", "maybe → boolean", _boolean_global, "JavaScript's truth of a value.",
        "Boolean('') → false", "Boolean([]) → true",
    ),
    function(
        "parseInt(text, radix?)", "any, any → number", _parse_int, "The integer that a text begins with.",
        "parseInt('42px') → 42", "parseInt('ff', 16) → 255",
    ),
    function(
        "parseFloat(text)", "any → number", _parse_float, "The number that a text begins with.",
        "parseFloat('1.5kg') → 1.5", "parseFloat('x') || 0 → 0",
    ),
    function(
        "isNaN(value)", "any → boolean", _is_nan, "Whether the value is no number.",
        "isNaN('x') → true", "isNaN('1') → false",
    ),
    function(
        "isFinite(value)", "any → boolean", _is_finite, "Whether the value is a finite number.",
        "isFinite('1') → true", "isFinite('x') → false",
    ),
    function(
        "Number.isInteger(value)", "any → boolean",
        _number_is_integer, "Whether the value is a number without fraction.",
        "Number.isInteger(5.0) → true", "Number.isInteger('5') → false",
    ),
    function(
        "Number.isSafeInteger(value)", "any → boolean",
        _number_is_safe, "Whether a double holds the integer exactly.",
        "Number.isSafeInteger(5) → true", "Number.isSafeInteger(9007199254740993) → false",
    ),
    function(
        "Number.isFinite(value)", "any → boolean",
        _number_is_finite, "Whether the value is a number, and finite.",
        "Number.isFinite(1) → true", "Number.isFinite('1') → false",
    ),
    function(
        "Number.isNaN(value)", "any → boolean", _number_is_nan, "Whether the value is NaN.",
        "Number.isNaN('x') → false", "Number.isNaN(1) → false",
    ),
    function(
        "Number.parseInt(text, radix?)", "any, any → number", _parse_int, "As `parseInt`.",
        "Number.parseInt('7 days') → 7", "Number.parseInt('101', 2) → 5",
    ),
    function(
        "Number.parseFloat(text)", "any → number", _parse_float, "As `parseFloat`.",
        "Number.parseFloat('2.50') → 2.5", "Number.parseFloat('-1e3x') → -1000",
    ),
    function(
        "String.fromCodePoint(...codes)", "...scalar|array? → text",
        _from_code_points, "The characters of code points.",
        "String.fromCodePoint(72, 105) → \"Hi\"", "String.fromCodePoint(128512) → \"😀\"",
    ),
    function(
        "String.fromCharCode(...codes)", "...scalar|array? → text",
        _from_code_points, "As `String.fromCodePoint`.",
        "String.fromCharCode(65) → \"A\"", "String.fromCharCode() → \"\"",
    ),
)  # fmt: skip
