"""Arithmetic and ordering: JavaScript's conversions, exact integers, no NaN (D2, D6, D7)."""

import math
from collections.abc import Callable

from headrace.expr.failure import Failure
from headrace.expr.text import INTEGER_BITS, to_number, to_text
from headrace.values import Json

__all__ = [
    "add",
    "divide",
    "finite",
    "greater",
    "greater_or_equal",
    "less",
    "less_or_equal",
    "multiply",
    "number_of",
    "power",
    "remainder",
    "subtract",
]

_BEYOND = 1 << INTEGER_BITS
_TEXT_LIMIT = 16 * 1024 * 1024


def operand_text(value: Json) -> str:
    """An operand as messages name it: `null`, `5`, `"abc"`, `an array`."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f"a text of {len(value)} characters"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, dict):
        return "an object"
    return "null" if value is None else to_text(value)


def number_of(
    value: Json, message: str, operand: int, operands: tuple[Json, ...], *, finite: bool = True
) -> int | float:
    """An operand as a number.

    Args:
        value: the operand.
        message: what cannot be done, with `{0}` and `{1}` for the operands.
        operand: which operand it is.
        operands: all of them.
        finite: whether text that is no number is an error.

    Raises:
        Failure: HR220 for null, HR224 for an array or an object, HR222 for text that is no number.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    code, reason = "HR222", ": that is no number"
    if isinstance(value, str):
        converted = to_number(value)
        if not finite or math.isfinite(converted):
            return converted
    else:
        code, reason = ("HR220" if value is None else "HR224"), ""
    raise Failure(code, message.format(*map(operand_text, operands)) + reason, operand)


def _numbers(left: Json, right: Json, message: str) -> tuple[int | float, int | float]:
    both = left, right
    # The operand that is null is named first: the other one may be fine.
    if right is None and left is not None:
        number_of(right, message, 1, both)
    return number_of(left, message, 0, both), number_of(right, message, 1, both)


def _result(value: int | float) -> int | float:
    if -_BEYOND < value < _BEYOND:
        return value
    if isinstance(value, int):
        raise Failure("HR228", "the result is an integer of more than 4,096 bits")
    raise Failure("HR222", "the result is too large for a number")


def finite(value: Json) -> Json:
    """The value, unless it is NaN or infinite, which never leave an expression (D7)."""
    if isinstance(value, float) and not math.isfinite(value):
        what = "not a number (NaN)" if math.isnan(value) else "infinite"
        raise Failure("HR222", f"{{node}} is {what}")
    return value


def add(left: Json, right: Json) -> Json:
    """`left + right`: text if one of them is text, else a sum."""
    if isinstance(left, str) or isinstance(right, str):
        text = to_text(left) + to_text(right)
        if len(text) > _TEXT_LIMIT:
            raise Failure("HR223", "the text would be longer than 16 Mi characters")
        return text
    first, second = _numbers(left, right, "cannot add {1} to {0}")
    return _result(_calculate(float.__add__, first, second) if _mixed(first, second) else first + second)


def _mixed(first: int | float, second: int | float) -> bool:
    """Whether a huge integer meets a float, which may be beyond any float."""
    return isinstance(first, float) is not isinstance(second, float)


def _calculate(operation: Callable[[float, float], float], first: int | float, second: int | float) -> float:
    """An operation on floats; a result or an operand beyond them is HR222."""
    try:
        return _result(operation(float(first), float(second)))
    except OverflowError as error:
        raise Failure("HR222", "the result is too large for a number") from error


def subtract(left: Json, right: Json) -> Json:
    """`left - right`."""
    first, second = _numbers(left, right, "cannot subtract {1} from {0}")
    return _result(_calculate(float.__sub__, first, second) if _mixed(first, second) else first - second)


def multiply(left: Json, right: Json) -> Json:
    """`left * right`."""
    first, second = _numbers(left, right, "cannot multiply {0} by {1}")
    return _result(_calculate(float.__mul__, first, second) if _mixed(first, second) else first * second)


def divide(left: Json, right: Json) -> Json:
    """`left / right`: an integer where two integers divide evenly, else a float."""
    first, second = _numbers(left, right, "cannot divide {0} by {1}")
    if not second:
        raise Failure("HR222", f"cannot divide {operand_text(left)} by zero", 1)
    if isinstance(first, int) and isinstance(second, int):
        quotient, rest = divmod(first, second)
        if not rest:
            return quotient
        try:
            return first / second
        except OverflowError as error:
            raise Failure("HR222", "the result is too large for a number") from error
    return _calculate(float.__truediv__, first, second)


def remainder(left: Json, right: Json) -> Json:
    """`left % right`, with the sign of the dividend."""
    first, second = _numbers(left, right, "cannot take the remainder of {0} by {1}")
    if not second:
        raise Failure("HR222", f"cannot take the remainder of {operand_text(left)} by zero", 1)
    if isinstance(first, int) and isinstance(second, int):
        rest = abs(first) % abs(second)
        return -rest if first < 0 else rest
    return _calculate(math.fmod, first, second)


def power(left: Json, right: Json) -> Json:
    """`left ** right`; integers are exact while the exponent is not negative."""
    first, second = _numbers(left, right, "cannot raise {0} to the power of {1}")
    if isinstance(first, int) and isinstance(second, int) and second >= 0:
        if abs(first) > 1 and first.bit_length() * second > 2 * INTEGER_BITS:
            return _result(_BEYOND)
        return _result(int(first**second))
    try:
        return _calculate(math.pow, first, second)
    except ValueError as error:
        message = f"cannot raise {operand_text(left)} to the power of {operand_text(right)}"
        raise Failure("HR222", f"{message}: the result is no real number") from error


_COMPARE = "cannot compare {0} with {1}"


def less(left: Json, right: Json) -> bool:
    """`left < right`: two texts by code point, anything else as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    first, second = _numbers(left, right, _COMPARE)
    return first < second


def less_or_equal(left: Json, right: Json) -> bool:
    """`left <= right`."""
    if isinstance(left, str) and isinstance(right, str):
        return left <= right
    first, second = _numbers(left, right, _COMPARE)
    return first <= second


def greater(left: Json, right: Json) -> bool:
    """`left > right`."""
    if isinstance(left, str) and isinstance(right, str):
        return left > right
    first, second = _numbers(left, right, _COMPARE)
    return first > second


def greater_or_equal(left: Json, right: Json) -> bool:
    """`left >= right`."""
    if isinstance(left, str) and isinstance(right, str):
        return left >= right
    first, second = _numbers(left, right, _COMPARE)
    return first >= second
