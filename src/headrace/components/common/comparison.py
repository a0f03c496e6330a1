"""The comparisons of a router's rules."""

from collections.abc import Callable

from headrace.expr.failure import Failure
from headrace.expr.regex import compile_pattern
from headrace.expr.text import to_text
from headrace.sdk import Json, PermanentError
from headrace.values import described

__all__ = ["Comparison", "compare"]

Comparison = Callable[[Json, str], bool]
"""Compares the value of a field; the second argument is the field's name, for errors."""


def compare(operator: str, expected: Json) -> Comparison:
    """The comparison with a value, made once for all messages.

    Scalars are compared as text, so `true` equals `"true"` and `1` equals `"1"`; arrays and objects by
    value. A field that is missing or null equals null alone, and is in no other comparison.

    Raises:
        ValueError: the value does not suit the operator.
    """
    match operator:
        case "equals":
            return lambda value, _: _same(value, expected)
        case "not_equals":
            return lambda value, _: not _same(value, expected)
        case "exists":
            wanted = to_text(expected) != "false"
            return lambda value, _: (value is not None) is wanted
        case "in":
            if not isinstance(expected, list):  # pydantic wants a ValueError
                raise ValueError(f"`value` must be an array for `in`, but it is {described(expected)}")  # noqa: TRY004 - a value of a flow, no type of the code
            return lambda value, _: any(_same(value, item) for item in expected)
        case "contains":
            return lambda value, _: _contains(value, expected)
        case "starts_with" | "ends_with" | "matches":
            return _text_comparison(operator, expected)
        case _:
            return _ordering(operator, expected)


def _same(value: Json, expected: Json) -> bool:
    structured = (list, dict)
    if value is None or expected is None:
        return value is expected
    if isinstance(value, structured) or isinstance(expected, structured):
        return value == expected
    return to_text(value) == to_text(expected)


def _contains(value: Json, expected: Json) -> bool:
    if isinstance(value, list):
        return any(_same(item, expected) for item in value)
    if isinstance(value, dict):
        return to_text(expected) in value
    return value is not None and to_text(expected) in to_text(value)


def _text_comparison(operator: str, expected: Json) -> Comparison:
    text = to_text(expected)
    if operator == "starts_with":
        return lambda value, _: value is not None and to_text(value).startswith(text)
    if operator == "ends_with":
        return lambda value, _: value is not None and to_text(value).endswith(text)
    try:
        pattern = compile_pattern(text, "")
    except Failure as failure:
        raise ValueError(failure.message) from failure
    return lambda value, _: value is not None and pattern.matches(to_text(value))


def _ordering(operator: str, expected: Json) -> Comparison:
    bound = _number(expected)
    is_greater = operator == "greater_than"
    if bound is None and not isinstance(expected, str):
        what = described(expected)
        raise ValueError(f"`value` must be a number or text for `{operator}`, but it is {what}")

    def comparison(value: Json, field: str) -> bool:
        if value is None:
            return False
        number = _number(value)
        if bound is not None and number is not None:
            return number > bound if is_greater else number < bound
        if isinstance(value, str) and isinstance(expected, str):
            return value > expected if is_greater else value < expected
        raise PermanentError(
            f"`{field}` is {described(value)} ({to_text(value)[:40]!r}) and cannot be compared with "
            f"{to_text(expected)!r} by `{operator}`",
            code="HR302",
        )

    return comparison


def _number(value: Json) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        text = value.strip()
        try:
            return int(text) if text.lstrip("+-").isdecimal() else float(text)
        except ValueError:
            return None
    return None
