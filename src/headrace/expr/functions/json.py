"""`JSON.stringify`, `JSON.parse` and `jsonparse`: every digit of an integer is kept."""

from headrace.expr.argument import integer, quoted, wrong
from headrace.expr.entry import function
from headrace.expr.failure import Failure
from headrace.expr.signature import Function
from headrace.expr.text import stringify
from headrace.values import Json, JsonError, decode_json

__all__ = ["TABLE", "parse_json"]

_MISSING = object()


def parse_json(name: str, value: Json) -> Json:
    """The value of a JSON text.

    Raises:
        Failure: HR225, not JSON; HR220 and HR224, not text.
    """
    if not isinstance(value, str):
        raise wrong(name, "text", value)
    try:
        return decode_json(value)
    except JsonError as error:
        raise Failure("HR225", f"`{name}` cannot read {quoted(value)}: {error}", 0) from error


def _jsonparse(value: Json, fallback: object = _MISSING) -> Json:
    if fallback is _MISSING:
        return None if value is None else parse_json("jsonparse", value)
    try:
        return parse_json("jsonparse", value)
    except Failure:
        return fallback  # type: ignore[return-value]  # a fallback is a value of the expression


def _parse(value: Json) -> Json:
    return parse_json("JSON.parse", value)


def _stringify(value: Json, keys: Json = None, indent: Json = None) -> Json:
    if keys is not None and not isinstance(keys, list):
        raise wrong("JSON.stringify", "an array of member names or null", keys, 1)
    names = None if keys is None else [key for key in keys if isinstance(key, str)]
    if isinstance(indent, str) or indent is None:
        return stringify(value, indent, names)
    return stringify(value, integer("JSON.stringify", indent, 2, 0), names)


TABLE: tuple[Function, ...] = (
    function(
        "JSON.stringify(value, keys?, indent?)", "any, array?, scalar? → text", _stringify,
        "The JSON text of a value, exactly as JavaScript prints it.",
        'JSON.stringify({a: [1, 2.0]}) → "{\\"a\\":[1,2]}"',
        'JSON.stringify([1], null, 2) → "[\\n  1\\n]"',
        'JSON.stringify({a: 1, b: 2}, [\'b\']) → "{\\"b\\":2}"',
    ),
    function(
        "JSON.parse(text)", "text → any", _parse, "The value of a JSON text.",
        "JSON.parse('{\"a\": 12345678901234567890}') → {\"a\": 12345678901234567890}",
        "JSON.parse('{') → HR225",
    ),
    function(
        "jsonparse(text, fallback?)", "text?, fallback → any", _jsonparse,
        "The value of a JSON text; the fallback, where given, if it is none.",
        "jsonparse('[1, 2]') → [1, 2]", "jsonparse('{', 0) → 0", "jsonparse(null) → null",
    ),
)  # fmt: skip
