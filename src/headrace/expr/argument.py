"""What functions and methods ask of their arguments, and what they say when it does not fit.

Every check takes the name of the caller and the position of the argument (the receiver of a method is
0, its first argument 1), so that the message names the function and the operand.
"""

import math
from collections.abc import Sequence

from headrace.expr.failure import Failure
from headrace.expr.text import MAX_TEXT, number_text, to_number
from headrace.values import Json, described, kind

__all__ = [
    "MAX_ITEMS",
    "MAX_TEXT",
    "array",
    "choice",
    "count_items",
    "count_text",
    "integer",
    "number",
    "object_",
    "quoted",
    "text",
    "textual",
    "whole_number",
    "wrong",
]

MAX_ITEMS = 1_000_000
"""The most items that a function may make."""

_FAR = 2**62


def wrong(name: str, wanted: str, value: Json, position: int = 0) -> Failure:
    """A value of the wrong type: HR220 for null, as in arithmetic, HR224 for the others."""
    code = "HR220" if value is None else "HR224"
    return Failure(code, f"`{name}` takes {wanted}, but {{operand}} is {described(value)}", position)


def quoted(value: str) -> str:
    """A text as messages show it: shortened, on one line."""
    line = " ".join(value.split())
    return f"'{line if len(line) <= 40 else line[:39] + '…'}'"


def text(name: str, value: Json, position: int = 0) -> str:
    """The argument as it is, which must be text."""
    if isinstance(value, str):
        return value
    raise wrong(name, "text", value, position)


def textual(name: str, value: Json, position: int) -> str:
    """An argument of a text method: numbers and booleans become text, as in JavaScript."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    raise wrong(name, "text", value, position)


def array(name: str, value: Json, position: int = 0) -> list[Json]:
    """The argument as it is, which must be an array."""
    if isinstance(value, list):
        return value
    raise wrong(name, "an array", value, position)


def object_(name: str, value: Json, position: int = 0) -> dict[str, Json]:
    """The argument as it is, which must be an object."""
    if isinstance(value, dict):
        return value
    raise wrong(name, "an object", value, position)


def number(name: str, value: Json, position: int = 0) -> int | float:
    """A number; text and booleans convert as in JavaScript's arithmetic.

    Raises:
        Failure: HR220 null, HR222 NaN, HR224 another type, HR225 text that is no number.
    """
    if type(value) is int or type(value) is float:
        if value != value:
            raise Failure("HR222", "{operand} is not a number (NaN)", position)
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        converted = to_number(value)
        if not math.isnan(converted):
            return converted
        raise Failure(
            "HR225", f"`{name}` takes a number, but {{operand}} is the text {quoted(value)}", position
        )
    raise wrong(name, "a number", value, position)


def integer(name: str, value: Json, position: int, default: int) -> int:
    """A position or length as JavaScript reads one: null is the default, fractions are cut off.

    What is past any length is cut to 2**62, which Python's own positions hold.
    """
    if value is None:
        return default
    converted = number(name, value, position)
    return int(max(-_FAR, min(converted, _FAR)))


def whole_number(name: str, value: Json, position: int = 0, least: int | None = None) -> int:
    """An integer, or a float without a fraction; `least` or more, if given."""
    converted = number(name, value, position)
    is_whole = isinstance(converted, int) or converted.is_integer()
    if is_whole and (least is None or converted >= least):
        return int(converted)
    wanted = "a whole number" if least is None else f"a whole number from {least}"
    what = f"but {{operand}} is {number_text(converted)}"
    raise Failure("HR224", f"`{name}` takes {wanted}, {what}", position)


def choice(name: str, value: Json, choices: Sequence[str], position: int) -> str:
    """One of the texts that are possible."""
    if isinstance(value, str) and value in choices:
        return value
    shown = quoted(value) if isinstance(value, str) else kind(value)
    listed = ", ".join(f"'{choice}'" for choice in choices)
    raise Failure("HR214", f"`{name}` takes one of {listed}, not {shown}", position)


def count_text(name: str, length: int) -> None:
    """Refuse, before memory is taken, to make a text of so many characters.

    Raises:
        Failure: HR223.
    """
    if length > MAX_TEXT:
        raise Failure("HR223", f"`{name}` would make a text of more than {MAX_TEXT:,} characters")


def count_items(name: str, items: int) -> None:
    """Refuse, before memory is taken, to make an array of so many items.

    Raises:
        Failure: HR223.
    """
    if items > MAX_ITEMS:
        raise Failure("HR223", f"`{name}` would make more than {MAX_ITEMS:,} items")
