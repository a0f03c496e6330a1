"""Whatever a function or method is given: a JSON value or a `Failure`, never another error (and D8)."""

import math
import random

import pytest

from headrace.expr import Environment
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.failure import Failure
from headrace.expr.regex import compile_pattern
from headrace.values import is_json

VALUES = [
    None, True, False, 0, 1, -1, 2, 10, 100, 10**6, 10**19, -(10**19), 2**1000, 2**4000, -(2**4000), 0.0, -0.0, 0.5, -2.5, 1e16, 1e300,
    -1e300, 5e-324, math.nan, math.inf, -math.inf, "", "a", "ab", " ", "é😀", "1", "1.5", "-3", "%", "%41", "$&",
    "a.b[0]", "2026-01-02T03:04:05Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1h", "%Y-%m-%d", "%",
    "Europe/Berlin", "America/New_York", "day", "month", "hour", "desc", "sha1", "NFC", "(", "[a-z]+", "\0", "a,b\n1,2", "{}", "[1]",
    "x" * 1000, [], [1], [3, 1, 2], ["b", "a"], [None], [[1], [2, [3]]], [True, "1", 1], [["a", 1]], ["a", None, 1],
    {}, {"a": 1}, {"a": {"b": [1]}}, {"length": 2}, {"length": -1}, [{"a": 1}, {"a": None}, {}], [{"a": [1]}],
    [math.nan], {"a": math.nan},
]  # fmt: skip


def is_value(value: object) -> bool:
    """JSON, NaN and infinities included: the compiled code keeps those inside."""
    if isinstance(value, float):
        return True
    if isinstance(value, list):
        return all(map(is_value, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_value(member) for key, member in value.items())
    return is_json(value)


def attempts(count, maximum, least, callbacks, seed):
    rng = random.Random(seed)

    def callback(*arguments):
        return rng.choice((arguments[0], 1, -1, "a", None, [1], True))

    for _ in range(count):
        length = rng.randint(least, maximum if maximum is not None else least + 3)
        arguments = [rng.choice(VALUES) for _ in range(length)]
        for position, declared in callbacks.items():
            if position < length and (not declared.or_value or rng.random() < 0.5):
                arguments[position] = callback
        yield arguments


def check(call, arguments):
    before = repr(arguments)
    try:
        result = call(*arguments)
    except Failure as failure:
        code = failure.code
    else:
        code = "HR2"
        assert is_value(result), (arguments, result)
    assert code.startswith("HR2")
    assert before == repr(arguments)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gives_a_value_or_a_failure(name):
    entry = FUNCTIONS[name]
    environment = [Environment(now_ns=lambda: 10**18)] if entry.environment else []
    for arguments in attempts(400, entry.maximum, entry.minimum, entry.callbacks, name):
        check(lambda *given: entry.call(*environment, *given), arguments)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_a_value_or_a_failure(name):
    entry = METHODS[name]
    receivers = {
        "text": [value for value in VALUES if isinstance(value, str)],
        "array": [value for value in VALUES if isinstance(value, list)],
        "number": [value for value in VALUES if type(value) in (int, float)],
        "boolean": [True, False],
        "pattern": [compile_pattern("[a-z]", "g"), compile_pattern("")],
    }
    for kind, call in entry.calls.items():
        for receiver in receivers[kind]:
            for arguments in attempts(12, entry.maximum, entry.minimum, entry.callbacks, f"{name}{kind}"):
                check(call, [receiver, *arguments])


@pytest.mark.parametrize("name", ["replace", "replaceAll", "split", "match", "matchAll", "search"])
def test_a_method_that_takes_patterns_gives_a_value_or_a_failure(name):
    for source in ("a", "", "(a)|(?<n>b)", r"\b", ".", "^", "$"):
        for flags in ("", "g", "gimsu"):
            for rest in attempts(
                12, METHODS[name].maximum - 1, METHODS[name].minimum and METHODS[name].minimum - 1, {}, name
            ):
                for receiver in ("", "ab", "é😀b"):
                    try:
                        result = METHODS[name].calls["text"](receiver, compile_pattern(source, flags), *rest)
                    except Failure:
                        continue
                    assert is_value(result)
