"""Functions of numbers in lower case; null is an error as in arithmetic (HR220)."""

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal

from headrace.expr.argument import count_items, number, whole_number, wrong
from headrace.expr.entry import function
from headrace.expr.failure import Failure
from headrace.expr.functions.result.item import least_or_greatest
from headrace.expr.signature import Function
from headrace.expr.text import INTEGER_BITS, bounded_integer
from headrace.values import Json, described

__all__ = ["TABLE", "ceil", "extreme", "floor", "power", "rounded", "square_root", "whole"]

Number = int | float

_WHOLE_FLOAT = 2.0**53
# Wide enough for every digit of a double (767) or of an integer of 4,096 bits, and 100 decimals.
_EXACT = Context(prec=2_000, rounding=ROUND_HALF_UP)


def whole(value: Number, to_int: Callable[[float], int]) -> Number:
    """A float made an integer; one too large to have a fraction, NaN and infinities stay floats."""
    if isinstance(value, int) or not -_WHOLE_FLOAT < value < _WHOLE_FLOAT:
        return value
    return to_int(value)


def ceil(value: Json) -> Json:
    """The least integer that is not smaller."""
    return whole(number("ceil", value), math.ceil)


def floor(value: Json) -> Json:
    """The greatest integer that is not greater."""
    return whole(number("floor", value), math.floor)


def rounded(value: Number, digits: int) -> Number:
    """The exact value rounded to so many decimals, half away from zero."""
    if isinstance(value, int) or not math.isfinite(value) or abs(value) >= _WHOLE_FLOAT:
        return value
    result = Decimal(value).quantize(Decimal(1).scaleb(-digits), context=_EXACT)
    return float(result) if digits else int(result)


def _round(value: Json, digits: Json = 0) -> Json:
    decimals = whole_number("round", digits or 0, 1)
    if decimals > 100:
        raise Failure("HR224", "`round` takes from 0 to 100 decimals", 1)
    return rounded(number("round", value), decimals)


def _abs(value: Json) -> Json:
    return abs(number("abs", value))


def square_root(value: Number) -> Number:
    """The square root, an integer where it is exact, NaN below 0."""
    if value < 0:
        return math.nan
    if isinstance(value, int):
        root = math.isqrt(value)
        if root * root == value:
            return root
    try:
        return math.sqrt(value)
    except OverflowError:
        return math.inf


def power(base: Number, exponent: Number) -> Number:
    """`base ** exponent` as in JavaScript; exact for integers.

    Raises:
        Failure: HR228, an integer beyond 4,096 bits.
    """
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        # x**n has at least (bits(x) - 1) * n bits: known before the memory is taken.
        if (abs(base).bit_length() - 1) * exponent > INTEGER_BITS:
            raise Failure("HR228", "the power needs more than 4,096 bits")
        result: int = base**exponent
        if result.bit_length() > INTEGER_BITS:
            raise Failure("HR228", "the power needs more than 4,096 bits")
        return result
    if abs(base) == 1 and abs(exponent) == math.inf:
        return math.nan  # ECMA-262, Number::exponentiate; Python says 1
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:  # 0 ** -1 is infinite, (-8) ** 0.5 has no value
        return math.inf if base == 0 else math.nan


def _sqrt(value: Json) -> Json:
    return square_root(number("sqrt", value))


def _pow(base: Json, exponent: Json) -> Json:
    return power(number("pow", base), number("pow", exponent, 1))


def _numbers(name: str, value: Json) -> list[Number]:
    if not isinstance(value, list):
        raise wrong(name, "an array of numbers", value)
    numbers: list[Number] = []
    for index, item in enumerate(value):
        if isinstance(item, bool) or not isinstance(item, int | float):
            code = "HR220" if item is None else "HR224"
            what = f"item {index} of {{operand}} is {described(item)}"
            what += "; add `.map(Number)` to it" if isinstance(item, str) else ""
            raise Failure(code, f"`{name}` takes numbers, but {what}", 0)
        numbers.append(item)
    return numbers


def total(numbers: list[Number]) -> Number:
    """The exact sum, rounded once to a float if there is a float among the numbers."""
    if any(isinstance(item, float) for item in numbers):
        try:
            return math.fsum(numbers)
        except OverflowError:
            return math.inf
    return bounded_integer(int(sum(numbers)))


def _sum(value: Json) -> Json:
    return total(_numbers("sum", value))


def _avg(value: Json) -> Json:
    numbers = _numbers("avg", value)
    if not numbers:
        return None
    result = total(numbers)
    if isinstance(result, int) and result % len(numbers) == 0:
        return result // len(numbers)
    try:
        return result / len(numbers)
    except OverflowError as error:
        raise Failure("HR222", "the mean of {operand} is too large for a number", 0) from error


def extreme(name: str, pick: Callable[..., Json], values: tuple[Json, ...]) -> Json:
    """The least or greatest of the arguments, or of the items of one array; numbers or all text."""
    first = values[0] if values else None
    in_array = len(values) == 1 and isinstance(first, list)
    items: list[Json] = first if in_array else list(values)  # type: ignore[assignment]  # a list
    if not items:
        return None
    wanted: tuple[type, ...] = (str,) if isinstance(items[0], str) else (int, float)
    for position, item in enumerate(items):
        if not isinstance(item, wanted) or isinstance(item, bool):
            code = "HR220" if item is None else "HR224"
            place = f"item {position} of {{operand}}" if in_array else "{operand}"
            what = f"numbers, or text alone, but {place} is {described(item)}"
            raise Failure(code, f"`{name}` compares {what}", 0 if in_array else position)
    return pick(items)


def _min(*values: Json) -> Json:
    return extreme("min", min, values)


def _max(*values: Json) -> Json:
    return extreme("max", max, values)


def _range(start: Json, end: Json = None, step: Json = None) -> Json:
    first = whole_number("range", start)
    last = first if end is None else whole_number("range", end, 1)
    first = 0 if end is None else first
    stride = 1 if step is None else whole_number("range", step, 2)
    if stride == 0:
        raise Failure("HR224", "`range` takes a step other than 0", 2)
    items = range(first, last, stride)
    # len() of a range fails beyond a machine word.
    count_items("range", max(0, (last - first + stride - (1 if stride > 0 else -1)) // stride))
    return list(items)


TABLE: tuple[Function, ...] = (
    function(
        "ceil(number)", "scalar → number", ceil, "Round up to an integer.",
        "ceil(250 / 100) → 3", "ceil(-1.5) → -1", "ceil(null) → HR220",
    ),
    function(
        "floor(number)", "scalar → number", floor, "Round down to an integer.",
        "floor(2.7) → 2", "floor(-1.5) → -2",
    ),
    function(
        "round(number, decimals?)", "scalar, any → number", _round,
        "Round the exact value, half away from zero; to an integer unless `decimals` is given.",
        "round(2.5) → 3", "round(-2.5) → -3", "round(3.14159, 2) → 3.14",
    ),
    function(
        "abs(number)", "scalar → number",
        _abs, "The number without its sign.", "abs(-4) → 4", "abs(2.5) → 2.5",
    ),
    function("sqrt(number)", "scalar → number", _sqrt, "The square root.", "sqrt(9) → 3", "sqrt(2.25) → 1.5"),
    function(
        "pow(base, exponent)", "scalar, scalar → number", _pow, "A power; exact for integers.",
        "pow(2, 10) → 1024", "pow(2, -1) → 0.5", "pow(2, 5000) → HR228",
    ),
    function(
        "min(...values)", "...number|text|array → number|text|null",
        _min, "The least of the arguments or of an array: numbers, or all text.",
        "min(3, 1, 2) → 1", "min([]) → null", "min(['b', 'a']) → \"a\"", result=least_or_greatest,
    ),
    function(
        "max(...values)", "...number|text|array → number|text|null",
        _max, "The greatest of the arguments or of an array: numbers, or all text.",
        "max([3, 1, 2]) → 3", "max('2024-01-01', '2024-02-01') → \"2024-02-01\"", result=least_or_greatest,
    ),
    function(
        "sum(numbers)", "array → number",
        _sum, "The sum of an array of numbers; exact, rounded once for floats.",
        "sum([1, 2, 3]) → 6", "sum([]) → 0", "sum([1, null]) → HR220",
    ),
    function(
        "avg(numbers)", "array → number|null",
        _avg, "The mean of an array of numbers; null for an empty one.",
        "avg([1, 2, 6]) → 3", "avg([]) → null",
    ),
    function(
        "range(start, end?, step?)", "scalar, scalar?, scalar? → number[]", _range,
        "The integers from `start` up to, not including, `end`; from 0 if only one is given.",
        "range(3) → [0, 1, 2]", "range(5, 1, -2) → [5, 3]",
    ),
)  # fmt: skip
