"""docs/expressions.md: every example is run, the limits are the code's."""

import json

import pytest
from tests.docs.page import blocks, examples, prose, rows

from headrace.errors import ExpressionError, Finding
from headrace.expr import Environment, Scope, Template, compile_expression
from headrace.expr.argument import MAX_ITEMS, MAX_TEXT
from headrace.expr.environment import STEP_LIMIT, STEPS_PER_VALUE
from headrace.expr.lexer import MAX_NESTING
from headrace.expr.template import TEXT_LIMIT
from headrace.expr.text import strict_equal
from headrace.source import Text
from headrace.values import decode_json, kind

PAGE = "expressions.md"
(DATA,) = [decode_json(block.text) for block in blocks(PAGE) if block.info == "json data"]
ERRORS = [block for block in blocks(PAGE) if block.info.startswith("text error ")]


def compiled(expression: str, findings: list[Finding]) -> Template:
    return compile_expression(Text.bare(expression), Scope.EVAL, findings)


def value_of(expression: str) -> object:
    """The value for the page's message, or the code of what is wrong."""
    findings: list[Finding] = []
    template = compiled(expression, findings)
    if findings:
        return findings[0].code
    try:
        return template.evaluate(DATA, Environment(now_ns=lambda: 0, vars={}, run={}))
    except ExpressionError as error:
        return error.code


def test_the_page_has_its_examples():
    assert len(examples(prose(PAGE))) > 110


@pytest.mark.parametrize(("expression", "value"), examples(prose(PAGE)))
def test_an_example_has_the_value_that_the_page_says(expression, value):
    actual = value_of(expression)
    if value.startswith("HR"):
        assert actual == value
    else:
        expected = json.loads(value)
        assert (kind(actual), strict_equal(actual, expected), actual) == (kind(expected), True, actual)


@pytest.mark.parametrize("block", ERRORS, ids=lambda block: block.info)
def test_an_error_reads_as_the_page_says(block):
    expression, _, data = block.info.removeprefix("text error ").partition(" {")
    with pytest.raises(ExpressionError) as raised:
        compiled(expression, []).evaluate(decode_json("{" + data), Environment(now_ns=lambda: 0))
    assert raised.value.finding.render() + "\n" == block.text


def test_the_limits_are_those_of_the_code():
    assert {row[0]: row[1] for row in rows(PAGE, 3) if row[2].startswith("HR")} == {
        "a text with expressions": f"{TEXT_LIMIT // 1024} KiB",
        "nesting": f"{MAX_NESTING} levels",
        "an integer": "4,096 bits",
        "a text that an expression makes": f"{MAX_TEXT:,} characters",
        "items that a function makes": f"{MAX_ITEMS:,}",
        "work of one evaluation": f"{STEP_LIMIT:,} steps of about 0.2 µs, and {STEPS_PER_VALUE} for each value in the "
        "message: for each item the body of its callback, for a call 16 characters or an item a step",
    }
