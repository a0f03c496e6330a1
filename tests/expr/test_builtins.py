"""Every example of every function and method, run as a flow would run it."""

import json

import pytest

from headrace.errors import ExpressionError, Finding
from headrace.expr import Environment, Scope, calling, compile_expression, work
from headrace.expr import kind as kinds
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.text import strict_equal
from headrace.source import Text
from headrace.values import decode_json, kind

EXAMPLES = [
    pytest.param(example, id=f"{entry.signature} {number}")
    for table in (FUNCTIONS, METHODS)
    for entry in table.values()
    for number, example in enumerate(entry.examples, 1)
]


def value_of(expression: str, data: str = "null") -> object:
    """The value of an expression, or the code of what is wrong with it."""
    findings: list[Finding] = []
    template = compile_expression(Text.bare(expression), Scope.EVAL, findings)
    if findings:
        return findings[0].code
    environment = Environment(now_ns=lambda: 1_767_323_045_000_000_000)
    try:
        return template.evaluate(decode_json(data), environment)
    except ExpressionError as error:
        return error.code


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_is_true(example):
    actual = value_of(example.expression, example.data)
    if example.value.startswith("HR"):
        assert actual == example.value
    else:
        expected = json.loads(example.value)
        assert (kind(actual), strict_equal(actual, expected), actual) == (kind(expected), True, actual)


@pytest.mark.parametrize("table", [FUNCTIONS, METHODS], ids=["functions", "methods"])
def test_every_entry_has_two_examples_and_a_sentence(table):
    poor = [
        name
        for name, entry in table.items()
        if len(entry.examples) < 2 or not entry.summary.endswith(".") or name not in entry.signature
    ]
    assert poor == []


def test_no_function_takes_a_mutable_share_of_its_arguments():
    # D8: the arguments are the same after the call as before.
    data = '{"a": [3, 1, null, 2], "o": {"x": {"y": 1}}, "r": [{"id": 2}, {"id": 1}]}'
    value = decode_json(data)
    findings: list[Finding] = []
    expression = (
        "[$.a.sort(), $.a.reverse(), $.a.concat(1), $.a.fill(0), $.a.flat(), $.a.with(0, 1), compact($.a),"
        " merge($.o, {z: 1}), deepMerge($.o, {x: {y: 2}}), set($.o, 'x.y', 5), Object.assign($.o, {q: 1}),"
        " sortBy($.r, 'id'), uniqueBy($.r, 'id'), leftJoin($.r, $.r, 'id'), omit($.o, 'x'), chunk($.a, 2)]"
    )
    template = compile_expression(Text.bare(expression), Scope.EVAL, findings)
    template.evaluate(value, Environment(now_ns=lambda: 0))
    assert (findings, value) == ([], decode_json(data))


def test_what_the_compiler_knows_of_functions_by_name_is_of_ones_that_exist():
    tables = (
        kinds._MAY_BE_NAN, calling._PREDICATES, calling._ALL_MATCHES, calling._READING, calling._UNFORESEEN,
        calling._THROUGH, calling._KEYED, calling._TEXT_METHODS, work.LIGHT, work.DEEP, work.SEARCHES,
        work._LIGHT_COST, work._RATES,
    )  # fmt: skip
    names = {name.removesuffix("()") for table in tables for name in table}
    assert names - FUNCTIONS.keys() - METHODS.keys() == set()
