"""Methods of numbers, and `toString` of everything; rounding is of the exact value (ECMA-262, 21.1.3)."""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from headrace.expr.argument import whole_number
from headrace.expr.entry import method
from headrace.expr.failure import Failure
from headrace.expr.signature import Method
from headrace.expr.text import js_text, number_text
from headrace.values import Json

__all__ = ["TABLE"]

Number = int | float

# Wide enough for every digit of a double (767) or of an integer of 4,096 bits, and 100 decimals.
_EXACT = Context(prec=2_000, rounding=ROUND_HALF_UP)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NO_FIXED = 1e21
_LEAST = 5e-324


def _digits(name: str, value: Json, least: int) -> int:
    wanted = whole_number(name, value, 1, least)
    if wanted > 100:
        raise Failure("HR224", f"`{name}` takes from {least} to 100 digits", 1)
    return wanted


def _is_special(value: Number) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _to_fixed(value: Number, digits: Json = None) -> Json:
    decimals = 0 if digits is None else _digits("toFixed", digits, 0)
    if isinstance(value, float) and not abs(value) < _NO_FIXED:
        return number_text(value)
    exact = Decimal(value) if value else Decimal(0)  # JavaScript drops the sign of -0
    return format(exact.quantize(Decimal(1).scaleb(-decimals), context=_EXACT), "f")


def _scientific(digits: str, exponent: int) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{exponent:+d}"


def _significant(value: Number, length: int) -> tuple[str, str, int]:
    """Sign, `length` digits rounded from the exact value, and the exponent of the first one."""
    exact = Decimal(value) if value else Decimal(0)
    if not exact:
        return "", "0" * length, 0
    exponent = exact.adjusted()
    rounded = exact.quantize(Decimal(1).scaleb(exponent - length + 1), context=_EXACT)
    digits = "".join(map(str, rounded.as_tuple().digits))
    if len(digits) > length:  # 9.99 became 10.0
        digits, exponent = digits[:length], exponent + 1
    return ("-" if value < 0 else ""), digits, exponent


def _to_precision(value: Number, precision: Json = None) -> Json:
    if precision is None or _is_special(value):
        return number_text(value)
    length = _digits("toPrecision", precision, 1)
    sign, digits, exponent = _significant(value, length)
    if exponent < -6 or exponent >= length:
        return sign + _scientific(digits, exponent)
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = digits[: exponent + 1], digits[exponent + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def _to_exponential(value: Number, digits: Json = None) -> Json:
    if _is_special(value):
        return number_text(value)
    if digits is not None:
        sign, shown, exponent = _significant(value, _digits("toExponential", digits, 0) + 1)
        return sign + _scientific(shown, exponent)
    shortest = Decimal(repr(value)) if value else Decimal(0)
    shown = "".join(map(str, shortest.as_tuple().digits)).rstrip("0") or "0"
    sign = "-" if value < 0 else ""
    return sign + _scientific(shown, shortest.adjusted() if shortest else 0)


def _to_string(value: Number, radix: Json = None) -> Json:
    base = 10 if radix is None else whole_number("toString", radix, 1, 2)
    if base > 36:
        raise Failure("HR224", f"`toString` takes a radix from 2 to 36, but {{operand}} is {base}", 1)
    if base == 10 or _is_special(value):
        return number_text(value)
    sign, size = ("-", -value) if value < 0 else ("", value)
    if isinstance(size, int):
        return sign + _integer_digits(size, base)
    whole = math.floor(size)
    rest, carried = _fraction_digits(size - whole, max(math.ulp(size) / 2, _LEAST), base)
    # A large float prints all digits of the integer that it is (D2), where JavaScript has zeros.
    return sign + _integer_digits(whole + carried, base) + (f".{rest}" if rest else "")


def _integer_digits(value: int, base: int) -> str:
    out: list[str] = []
    while value:
        value, digit = divmod(value, base)
        out.append(_DIGITS[digit])
    return "".join(reversed(out)) or "0"


def _fraction_digits(fraction: float, delta: float, base: int) -> tuple[str, int]:
    """The fewest digits that tell a fraction from its neighbours, and what rounding carries over."""
    digits: list[int] = []
    while fraction >= delta:
        fraction *= base
        delta *= base
        digit = int(fraction)
        fraction -= digit
        digits.append(digit)
        if (fraction > 0.5 or (fraction == 0.5 and digit % 2)) and fraction + delta > 1:
            while digits and digits[-1] == base - 1:
                digits.pop()
            if not digits:
                return "", 1
            digits[-1] += 1
            break
    return "".join(_DIGITS[digit] for digit in digits), 0


TABLE: tuple[Method, ...] = (
    method(
        "number.toFixed(decimals?)", "scalar? → text",
        {"number": _to_fixed}, "The number with so many decimals.",
        "(2.345).toFixed(2) → \"2.35\"", "(1.005).toFixed(2) → \"1.00\"", "(2.5).toFixed() → \"3\"",
    ),
    method(
        "number.toPrecision(digits?)", "scalar? → text",
        {"number": _to_precision}, "The number with so many digits in all.",
        "(123.456).toPrecision(4) → \"123.5\"", "(123456).toPrecision(2) → \"1.2e+5\"",
    ),
    method(
        "number.toExponential(decimals?)", "scalar? → text",
        {"number": _to_exponential}, "The number with an exponent.",
        "(12345).toExponential(2) → \"1.23e+4\"", "(0).toExponential() → \"0e+0\"",
    ),
    method(
        "value.toString(radix?)", "any → text",
        {
            "number": _to_string,
            "text": lambda value, _=None: value,
            "boolean": lambda value, _=None: js_text(value),
            "array": lambda value, _=None: js_text(value),
        },
        "JavaScript's text of a number, in any radix from 2 to 36, text, boolean or array.",
        "(255).toString(16) → \"ff\"", "(0.5).toString(2) → \"0.1\"", "[1, [2]].toString() → \"1,2\"",
    ),
)  # fmt: skip
