"""`Math.*` with JavaScript's meaning (ECMA-262, section 21.3); NaN is the compiler's to keep inside."""

import math
import random
import struct
from collections.abc import Callable

from headrace.expr.argument import number
from headrace.expr.entry import function
from headrace.expr.functions.number import power, square_root, whole
from headrace.expr.signature import Function
from headrace.values import Json

__all__ = ["TABLE"]

Number = int | float


def _round(value: Number) -> Number:
    if isinstance(value, int) or not math.isfinite(value):
        return value
    below = math.floor(value)
    return whole(float(below + (value - below >= 0.5)), int)


def _sign(value: Number) -> Number:
    return (value > 0) - (value < 0)


def _trunc(value: Number) -> Number:
    return whole(value, math.trunc)


def _floor(value: Number) -> Number:
    return whole(value, math.floor)


def _ceil(value: Number) -> Number:
    return whole(value, math.ceil)


def _uint32(value: Number) -> int:
    if isinstance(value, float):
        return math.trunc(value) % 2**32 if math.isfinite(value) else 0
    return value % 2**32


def _cbrt(value: Number) -> Number:
    root = math.cbrt(value)
    if math.isfinite(root) and round(root) ** 3 == value:  # libraries differ in the last digit
        return round(root)
    return root


def _clz32(value: Number) -> Number:
    return 32 - _uint32(value).bit_length()


def _imul(left: Number, right: Number) -> Number:
    product = _uint32(left) * _uint32(right) % 2**32
    return product - 2**32 if product >= 2**31 else product


def _double(value: Number) -> float:
    """The nearest double; an infinity for an integer beyond them."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _fround(value: Number) -> Number:
    try:
        single: float = struct.unpack("f", struct.pack("f", _double(value)))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return single


def _log(of: Callable[[Number], float]) -> Callable[[Number], Number]:
    def log(value: Number) -> Number:
        if value == 0:
            return -math.inf
        return of(value) if value > 0 else math.nan

    return log


def _log1p(value: Number) -> Number:
    if value == -1:
        return -math.inf
    return math.log1p(value) if value > -1 else math.nan


def _atanh(value: Number) -> Number:
    if abs(value) == 1:
        return math.copysign(math.inf, value)
    return math.atanh(value)


def _defined(name: str, of: Callable[[Number], Number]) -> Callable[[Json], Json]:
    """Outside its domain a function is NaN, beyond the doubles it is infinite."""

    def call(value: Json) -> Json:
        operand = number(name, value)
        try:
            return of(operand)
        except ValueError:
            return math.nan
        except OverflowError:
            return -math.inf if operand < 0 and name == "Math.sinh" else math.inf

    return call


def _pair(name: str, of: Callable[[Number, Number], Number]) -> Callable[[Json, Json], Json]:
    def call(left: Json, right: Json) -> Json:
        return of(number(name, left), number(name, right, 1))

    return call


def _extreme(name: str, pick: Callable[[list[Number]], Number]) -> Callable[..., Json]:
    def call(*values: Json) -> Json:
        return pick([number(name, value, position) for position, value in enumerate(values)])

    return call


def _atan2(y: Number, x: Number) -> Number:
    return math.atan2(_double(y), _double(x))


def _hypot(*values: Json) -> Json:
    numbers = [_double(number("Math.hypot", value, position)) for position, value in enumerate(values)]
    result = math.hypot(*numbers)
    return whole(result, int) if result.is_integer() else result


def _random() -> Json:
    return random.random()  # noqa: S311 - JavaScript's is no source of secrets either


def _one(name: str, of: Callable[[Number], Number], summary: str, *examples: str) -> Function:
    return function(
        f"Math.{name}(number)", "scalar → number", _defined(f"Math.{name}", of), summary, *examples
    )


TABLE: tuple[Function, ...] = (
    _one("abs", abs, "The number without its sign.", "Math.abs(-4) → 4", "Math.abs('-2.5') → 2.5"),
    _one("acos", math.acos, "The arc cosine, in radians.", "Math.acos(1) → 0", "Math.acos(2) → HR222"),
    _one("acosh", math.acosh, "The inverse hyperbolic cosine.", "Math.acosh(1) → 0", "Math.acosh(0) → HR222"),
    _one("asin", math.asin, "The arc sine, in radians.", "Math.asin(0) → 0", "Math.asin(2) → HR222"),
    _one(
        "asinh", math.asinh, "The inverse hyperbolic sine.",
        "Math.asinh(0) → 0", "Math.asinh(1) → 0.881373587019543",
    ),
    _one(
        "atan", math.atan, "The arc tangent, in radians.",
        "Math.atan(0) → 0", "Math.atan(1) → 0.7853981633974483",
    ),
    _one("atanh", _atanh, "The inverse hyperbolic tangent.", "Math.atanh(0) → 0", "Math.atanh(2) → HR222"),
    _one("cbrt", _cbrt, "The cube root.", "Math.cbrt(27) → 3", "Math.cbrt(-8) → -2"),
    _one("ceil", _ceil, "Round up to an integer.", "Math.ceil(1.2) → 2", "Math.ceil(-1.5) → -1"),
    _one(
        "clz32", _clz32, "The leading zero bits of a 32-bit integer.",
        "Math.clz32(1) → 31", "Math.clz32(0) → 32",
    ),
    _one("cos", math.cos, "The cosine of radians.", "Math.cos(0) → 1", "Math.cos(Math.PI) → -1"),
    _one("cosh", math.cosh, "The hyperbolic cosine.", "Math.cosh(0) → 1", "Math.cosh(1000) → HR222"),
    _one("exp", math.exp, "e to the power of a number.", "Math.exp(0) → 1", "Math.exp(1000) → HR222"),
    _one(
        "expm1", math.expm1, "e to the power of a number, less 1.",
        "Math.expm1(0) → 0", "Math.expm1(1000) → HR222",
    ),
    _one("floor", _floor, "Round down to an integer.", "Math.floor(1.9) → 1", "Math.floor(-1.5) → -2"),
    _one(
        "fround", _fround, "The nearest 32-bit float.",
        "Math.fround(1.5) → 1.5", "Math.fround(1.1) → 1.100000023841858",
    ),
    _one("log", _log(math.log), "The natural logarithm.", "Math.log(1) → 0", "Math.log(-1) → HR222"),
    _one(
        "log10", _log(math.log10), "The logarithm to base 10.",
        "Math.log10(1000) → 3", "Math.log10(-1) → HR222",
    ),
    _one("log1p", _log1p, "The natural logarithm of 1 + x.", "Math.log1p(0) → 0", "Math.log1p(-2) → HR222"),
    _one("log2", _log(math.log2), "The logarithm to base 2.", "Math.log2(8) → 3", "Math.log2(-1) → HR222"),
    _one("round", _round, "Round to an integer, half up.", "Math.round(2.5) → 3", "Math.round(-2.5) → -2"),
    _one("sign", _sign, "-1, 0 or 1.", "Math.sign(-3) → -1", "Math.sign(0) → 0"),
    _one("sin", math.sin, "The sine of radians.", "Math.sin(0) → 0", "Math.sin(Math.PI / 2) → 1"),
    _one("sinh", math.sinh, "The hyperbolic sine.", "Math.sinh(0) → 0", "Math.sinh(1000) → HR222"),
    _one("sqrt", square_root, "The square root.", "Math.sqrt(9) → 3", "Math.sqrt(-1) → HR222"),
    _one("tan", math.tan, "The tangent of radians.", "Math.tan(0) → 0", "Math.tan(1) → 1.5574077246549023"),
    _one("tanh", math.tanh, "The hyperbolic tangent.", "Math.tanh(0) → 0", "Math.tanh(1000) → 1"),
    _one("trunc", _trunc, "Cut off the fraction.", "Math.trunc(1.9) → 1", "Math.trunc(-1.9) → -1"),
    function(
        "Math.atan2(y, x)", "scalar, scalar → number",
        _pair("Math.atan2", _atan2), "The angle of a point, in radians.",
        "Math.atan2(0, 1) → 0", "Math.atan2(1, 0) → 1.5707963267948966",
    ),
    function(
        "Math.hypot(...numbers)", "...scalar → number", _hypot, "The square root of the sum of squares.",
        "Math.hypot(3, 4) → 5", "Math.hypot() → 0",
    ),
    function(
        "Math.imul(a, b)", "scalar, scalar → number",
        _pair("Math.imul", _imul), "The product of two 32-bit integers.",
        "Math.imul(3, 4) → 12", "Math.imul(4294967295, 5) → -5",
    ),
    function(
        "Math.max(number, ...numbers)", "scalar, ...scalar → number",
        _extreme("Math.max", max), "The greatest argument.",
        "Math.max(1, 3, 2) → 3", "Math.max(1, '7') → 7",
    ),
    function(
        "Math.min(number, ...numbers)", "scalar, ...scalar → number",
        _extreme("Math.min", min), "The least argument.",
        "Math.min(1, 3, 2) → 1", "Math.min(1, null) → HR220",
    ),
    function(
        "Math.pow(base, exponent)", "scalar, scalar → number",
        _pair("Math.pow", power), "A power; exact for integers.",
        "Math.pow(2, 10) → 1024", "Math.pow(-8, 0.5) → HR222",
    ),
    function(
        "Math.random()", "→ number", _random, "A random number from 0 up to, not including, 1.",
        "Math.random() < 1 → true", "Math.random() >= 0 → true",
    ),
)  # fmt: skip
