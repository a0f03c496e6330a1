"""Text, numbers, equality and Math as JavaScript has them: random values, the same in node."""

import math
import random
import struct

import pytest

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.failure import Failure
from headrace.expr.text import (
    equal,
    number_text,
    strict_equal,
    stringify,
    to_number,
    truthy,
)

RANDOM = random.Random(20260102)

TEXTS = [
    "", " ", "0", "-0", "1", " 12 ", "1.5", ".5", "5.", "1e3", "1E-7", "+3", "-3.25", "0x1f", "0b101",
    "0o17", "-0x1", "Infinity", "-Infinity", "infinity", "nan", "NaN", "1_000", "1,000", "12px", "\n7\t",
    "\u00a0 8\ufeff", "1e400", "--1", "1e", "e5", ".", "true", "null", "abc", "é", "0.1e-6", "00012",
]  # fmt: skip


def floats(count: int) -> list[float]:
    """Doubles of all magnitudes, most by random bits, the others near what printing turns on."""
    found = [0.1, 0.5, 1e21, 1e-7, 1e-6, 123456789012345680000.0, 5e-324, 1.7976931348623157e308, 2.0**53]
    while len(found) < count:
        value = struct.unpack("d", RANDOM.randbytes(8))[0]
        if math.isfinite(value):
            found.append(value)
        found.append(round(RANDOM.uniform(-1000, 1000), RANDOM.randrange(6)))
        found.append(float(RANDOM.randrange(-(10**6), 10**6)) * 10.0 ** RANDOM.randrange(-12, 24))
    return found


def json_value(depth: int) -> object:
    """A random JSON value with control characters, all of Unicode and floats in it."""
    kind = RANDOM.randrange(8 if depth else 6)
    if kind == 0:
        return None
    if kind == 1:
        return RANDOM.random() < 0.5
    if kind == 2:
        return RANDOM.randrange(-(2**53), 2**53)
    if kind == 3:
        return RANDOM.choice(floats(30))
    if kind in (4, 5):
        return text()
    if kind == 6:
        return [json_value(depth - 1) for _ in range(RANDOM.randrange(4))]
    # Names that look like numbers come first in JavaScript (D5), so none here.
    return {f"k{text()}": json_value(depth - 1) for _ in range(RANDOM.randrange(4))}


def text() -> str:
    codes = [RANDOM.choice((RANDOM.randrange(0x80), RANDOM.randrange(0xD800), 0x2028, 0x1F600, 0x7F))]
    codes += [RANDOM.randrange(0x3000) for _ in range(RANDOM.randrange(4))]
    return "".join(map(chr, codes))


def test_numbers_print_as_in_javascript(javascript):
    values = floats(6000)
    answers = javascript([("x => String(x)", [value]) for value in values])
    assert [answer["value"] for answer in answers] == [number_text(value) for value in values]


def test_stringify_prints_as_javascript_does(javascript):
    values = [json_value(4) for _ in range(3000)]
    answers = javascript([("x => JSON.stringify(x)", [value]) for value in values])
    assert [answer["value"] for answer in answers] == [stringify(value) for value in values]


@pytest.mark.parametrize("indent", [0, 1, 2, 12, -1, "\t", "--", "x" * 12, ""])
def test_stringify_indents_as_javascript_does(javascript, indent):
    values = [json_value(4) for _ in range(200)]
    answers = javascript([("(x, n) => JSON.stringify(x, null, n)", [value, indent]) for value in values])
    assert [answer["value"] for answer in answers] == [stringify(value, indent) for value in values]


def scalars() -> list[object]:
    return [None, True, False, 0, 1, -1, 2.5, 12, 8, 1000, *TEXTS]


def test_scalars_are_equal_and_true_as_in_javascript(javascript):
    # null equals undefined and itself only, in JavaScript and here.
    pairs = [(left, right) for left in scalars() for right in scalars()]
    answers = javascript([("(a, b) => [a == b, a === b, !!a]", pair) for pair in pairs])
    assert [answer["value"] for answer in answers] == [
        [equal(left, right), strict_equal(left, right), truthy(left)] for left, right in pairs
    ]


def outcome(call, *arguments):
    """What a callable of ours gives, in the form in which node answers."""
    try:
        value = call(*arguments)
    except Failure as failure:
        return {"error": failure.code}
    if isinstance(value, float) and not math.isfinite(value):
        return {"special": number_text(value)}
    return {"value": value}


def test_number_reads_text_as_javascript_does(javascript):
    values = [*scalars(), [], ["7"], [None], [True], [1, 2], [[3]], {}, {"a": 1}]
    answers = javascript([("x => Number(x)", [value]) for value in values])
    assert answers == [outcome(to_number, value) for value in values]


@pytest.mark.parametrize(
    "name", ["parseFloat", "String", "Boolean", "isNaN", "isFinite", "Number.isInteger", "Number.isFinite"]
)
def test_conversions_are_those_of_javascript(javascript, name):
    values = [*scalars(), [1, [2, None]], {"a": 1}, "3.14abc", "-.5e1x", "  42 ", "1e21", 1e21, 5e-7]
    answers = javascript([(f"x => {name}(x)", [value]) for value in values])
    assert answers == [outcome(FUNCTIONS[name].call, value) for value in values]


def test_parse_int_is_that_of_javascript(javascript):
    values = [*scalars(), "zz", "12px", "0x1F", "-0xf", "1e3", 5e-7, 1e21, 12.9, "９"]
    radixes = [None, 0, 2, 8, 10, 16, 36, 1, 37]
    cases = [(value, radix) for value in values for radix in radixes]
    code = "(x, radix) => parseInt(x, radix === null ? undefined : radix) || parseInt(x, radix) + 0"
    answers = javascript([(code, case) for case in cases])
    assert answers == [outcome(FUNCTIONS["parseInt"].call, *case) for case in cases]


EXACT_MATH = ["abs", "ceil", "clz32", "floor", "fround", "round", "sign", "sqrt", "trunc"]
CLOSE_MATH = [
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "exp", "expm1",
    "log", "log10", "log1p", "log2", "sin", "sinh", "tan", "tanh",
]  # fmt: skip
OPERANDS = [0, 1, -1, 2, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 1e300, -1e300, 710.5, *floats(300)]


@pytest.mark.parametrize("name", EXACT_MATH)
def test_math_is_exactly_that_of_javascript(javascript, name):
    answers = javascript([(f"x => Math.{name}(x)", [value]) for value in OPERANDS])
    assert answers == [outcome(FUNCTIONS[f"Math.{name}"].call, value) for value in OPERANDS]


@pytest.mark.parametrize("name", CLOSE_MATH)
def test_math_is_that_of_javascript_to_the_last_digits(javascript, name):
    answers = javascript([(f"x => Math.{name}(x)", [value]) for value in OPERANDS])
    ours = [outcome(FUNCTIONS[f"Math.{name}"].call, value) for value in OPERANDS]
    assert [list(answer) for answer in answers] == [list(own) for own in ours]
    for answer, own in zip(answers, ours, strict=True):
        if "value" in own:
            assert own["value"] == pytest.approx(answer["value"], rel=1e-14, abs=1e-300)
        else:
            assert own == answer


@pytest.mark.parametrize("name", ["atan2", "imul", "pow", "max", "min", "hypot"])
def test_math_of_two_numbers_is_that_of_javascript(javascript, name):
    small = [0, 1, -1, 2, 3, 0.5, -0.5, -8, 10, 31.5, 1e10, 1e-3]
    pairs = [(left, right) for left in small for right in small]
    answers = javascript([(f"(a, b) => Math.{name}(a, b)", pair) for pair in pairs])
    for pair, answer in zip(pairs, answers, strict=True):
        own = outcome(FUNCTIONS[f"Math.{name}"].call, *pair)
        if "value" in own and "value" in answer:
            assert own["value"] == pytest.approx(answer["value"], rel=1e-14), pair
        else:
            assert own == answer, pair


@pytest.mark.parametrize(
    ("name", "digits"), [("toFixed", range(25)), ("toPrecision", range(1, 25)), ("toExponential", range(21))]
)
def test_numbers_round_as_in_javascript(javascript, name, digits):
    values = [
        0.5,
        1.5,
        2.5,
        -2.5,
        1.005,
        1.45,
        8.345,
        0,
        10,
        123456,
        9.995,
        0.000001,
        -0.0001,
        999.9,
        *floats(400),
    ]
    cases = [(value, RANDOM.choice(digits)) for value in values for _ in range(4)]
    answers = javascript([(f"(x, n) => x.{name}(n)", case) for case in cases])
    assert answers == [outcome(METHODS[name].calls["number"], *case) for case in cases]


def test_numbers_print_in_any_radix_as_in_javascript(javascript):
    cases = [
        (value, RANDOM.randrange(2, 37)) for value in [0, 255, -10, 0.5, *floats(900)] if abs(value) < 2**53
    ]
    answers = javascript([("(x, n) => x.toString(n)", case) for case in cases])
    assert answers == [outcome(METHODS["toString"].calls["number"], *case) for case in cases]


def test_exponents_print_shortest_as_in_javascript(javascript):
    values = [0, 1, -15, 100, *floats(500)]
    answers = javascript([("x => x.toExponential()", [value]) for value in values])
    assert answers == [outcome(METHODS["toExponential"].calls["number"], value) for value in values]


@pytest.mark.parametrize("name", ["encodeURIComponent", "encodeURI", "decodeURIComponent", "decodeURI"])
def test_url_coding_is_that_of_javascript(javascript, name):
    values = [
        "", "a b", "é😀", ";/?:@&=+$,#", "!*'()~-_.", "%20", "%2F%3b", "%C3%A9", "%41%zz", "%", "%ff",
        "%e0%80",
        "".join(map(chr, range(128))).replace("%", ""), "100%25", "\u2028",
    ]  # fmt: skip
    answers = javascript([(f"x => {name}(x)", [value]) for value in values])
    ours = [outcome(FUNCTIONS[name].call, value) for value in values]
    expected = [{"error": "HR225"} if answer.get("error") == "URIError" else answer for answer in answers]
    assert ours == expected
