"""`JSON.stringify` of what is spelled out is put together from pieces: the same text as of the object."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expr.test_text import JSON
from headrace.errors import ExpressionError, InternalError
from headrace.expr import template
from headrace.expr.compiler import compile_direct
from headrace.expr.text import JSON_PRINTERS, stringify
from support.expression import NOW_NS, compiled, environment, evaluate, failure

NASTY = [
    None, True, False, 0, -1, 2**63, -(2**64), 10**1200, 0.0, -0.0, 1.0, 1.5, 1e-7, 1e16, 1e21, 5e-324, 1.7976931348623157e308,
    0.0001, 0.00009, 2.0**53, "", '"', "\\", "/", "\b\f\n\r\t\v\0\x1f", "\x7f\x80\x9f", "\u2028\u2029", "\ufeff\uffff", "é", "😀",
    "</script>", "{x}", "{{x}}", "%s", "x" * 127, "x" * 128, "é" * 5000, [], {}, [[]], {"": {}}, [1.0, "é", None], {"1": 0, "0": 1},
]  # fmt: skip
COMPOSED = [
    "JSON.stringify({a: $.v})",
    "JSON.stringify(({a: ($.v)}))",
    "JSON.stringify({v: $.v, 'é\\n\"\\u2028{}': $.v, '': $.v, 1: $.v, '0': $.v, __proto__: $.v})",
    "JSON.stringify({a: {b: [$.v, {}, []]}, c: [[$.v], $.v]})",
    "JSON.stringify([$.v, 1, -1, 1.0, 1e21, -0.0, true, null, undefined, 'é\\u2028\"', Math.PI])",
    "JSON.stringify({})",
    "JSON.stringify([])",
    "JSON.stringify({t: `${$.v}`, u: '' + $.v, s: JSON.stringify({v: $.v}), n: $.none, m: $.none?.x})",
    "JSON.stringify({a: [...[$.v]], b: {...{v: $.v}}, c: {['k']: $.v}, d: {e: 1, e: $.v}})",
    "JSON.stringify({now: now(), text: RFC3339(now()), other: RFC3339(0)})",
    "[$.v, $.v].map((v, at) => JSON.stringify({v, at, whole: $.v, time: RFC3339(now())}))",
    "[$.v].map(v => [v].map(w => JSON.stringify({v, w, x: [w].map(x => [x, v])})))",
    "JSON.parse(JSON.stringify([$.v])).map(v => JSON.stringify({v}))",
]  # fmt: skip
GENERAL = [
    "JSON.stringify({...$, a: 1})",
    "JSON.stringify([...[1], $.v])",
    "JSON.stringify({[`a`]: $.v})",
    "JSON.stringify({a: 1, b: 2, a: $.v})",
    "JSON.stringify({a: $.v}, ['a'])",
    "JSON.stringify({a: $.v}, null, 2)",
    "JSON.stringify(...[{a: $.v}])",
    "JSON.stringify($.v)",
    "[1].reduce((all, x) => JSON.stringify({x: $.v}), '')",
]


def is_composed(expression: str) -> bool:
    values = compile_direct(compiled(expression)._tree, "x").__globals__
    return "composed" in values


@pytest.mark.parametrize("expression", COMPOSED)
def test_what_is_spelled_out_is_composed(expression):
    assert is_composed(expression)


@pytest.mark.parametrize("expression", GENERAL)
def test_what_data_decides_is_not(expression):
    assert not is_composed(expression)


@pytest.mark.parametrize("expression", [*COMPOSED, *GENERAL])
def test_the_text_is_that_of_the_object(expression):
    for value in NASTY:
        evaluate(expression, {"v": value, "none": None})


@given(JSON, JSON)
def test_the_text_is_that_of_any_object(first, second):
    message = {"a": first, "b": second}
    whole = compiled("JSON.stringify({a: $.a, 'b': [$.b, {c: $.a}], d: 'é', e: 1})")
    assert whole.evaluate(message, environment()) == stringify(
        {"a": first, "b": [second, {"c": first}], "d": "é", "e": 1}
    )
    assert whole._misses == 0
    assert evaluate("[$.a, $.b].map(x => JSON.stringify({x, y: {x}}))", message) == [
        stringify({"x": value, "y": {"x": value}}) for value in (first, second)
    ]


@given(st.text() | st.integers() | JSON)
def test_the_quick_way_to_print_is_the_general_one(value):
    assert JSON_PRINTERS[type(value)](value) == stringify(value)


def test_every_character_is_quoted_as_everywhere():
    for start in range(0, sys.maxunicode, 2**12):
        text = "".join(chr(code) for code in range(start, start + 2**12) if not 0xD800 <= code < 0xE000)
        assert JSON_PRINTERS[str](text) == stringify(text)


def test_the_time_is_the_same_in_every_record():
    printed = evaluate("$.map(x => JSON.stringify({x, now: now(), at: RFC3339(now())}))", [1, "é"])
    at = f'"now":{NOW_NS},"at":"2026-01-02T03:04:05.123456789Z"}}'
    assert printed == [f'{{"x":1,{at}', f'{{"x":"é",{at}']


# ---- what fails


@pytest.mark.parametrize(
    "value", ["\ud800", "a\udfffé", "\udc00\ud800", ["\ud800"], {"\ud800": 1}, 10**5000], ids=range(6)
)
@pytest.mark.parametrize("expression", ["JSON.stringify({a: $.v})", "[1].map(x => JSON.stringify([$.v, x]))"])
def test_what_has_no_json_is_an_error_as_everywhere(expression, value):
    assert is_composed(expression)
    with pytest.raises(InternalError, match=r"failed: (Unicode|Value)"):
        compiled(expression).evaluate({"v": value}, environment())


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("JSON.stringify({a: $.v.map(x => x)})", "20: HR221"),
        ("JSON.stringify({a: 1, b: [1 + $.w]})", "31: HR220"),
        ("JSON.stringify({a: fail('first'), b: 1 + $.w})", "20: HR229"),
        ("[1, 2].map(x => JSON.stringify({x, y: 1 / (x - 2)}))", "44: HR222"),
        ("[1].map(x => JSON.stringify({x, y: Number('z')}))", "36: HR222"),
    ],
)
def test_an_error_has_its_place(expression, expected):
    assert is_composed(expression)
    assert failure(expression, {"v": None}).startswith(expected)


def test_long_texts_of_a_loop_are_accounted_for(monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 10_000)
    message = {"many": ["x" * 3000] * 100}
    with pytest.raises(ExpressionError, match="does too much"):
        compiled("$.many.map(x => JSON.stringify({x}))").evaluate(message, environment())


def test_without_a_loop_they_are_not():
    used = environment()
    compiled("JSON.stringify({v: $.v})").evaluate({"v": "x" * 1_000_000}, used)
    assert used.steps == template.STEP_LIMIT
