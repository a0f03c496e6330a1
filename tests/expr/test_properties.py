"""What holds for every expression: printing, limits, what its code may reach, two ways of compiling.

Crashes, places and time are looked for with mutated expressions in `tests/fuzz`.
"""

import dis
import json
import string
import time
from collections.abc import Iterator
from functools import cache
from types import CodeType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.corpus import expressions
from fuzz.target import check_printing, check_template, evaluate_expression
from headrace.errors import ExpressionError, Finding
from headrace.expr import Scope, Template, compile_expression, compile_template
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.calling import _TEXT_METHODS
from headrace.expr.compiler import compile_checked, compile_direct
from headrace.expr.emitter import SUPPORT
from headrace.expr.lexer import tokenize
from headrace.expr.nodes import Expression
from headrace.expr.parser import parse
from headrace.expr.printer import print_node
from headrace.expr.regex import Pattern
from headrace.expr.text import JSON_PRINTERS
from headrace.flow.tree import Mapping, Scalar
from headrace.flow.yaml import read_yaml
from headrace.source import Source, Text
from support.expression import environment
from support.generator import Generator
from support.pair import KINDS

GENERATED = 400


def parsed(text: str) -> Expression:
    return parse(text, tokenize(Text.bare(text), 0, None)[0])


def template(text: str) -> Template | None:
    findings: list[Finding] = []
    made = compile_expression(Text.bare(text), Scope.EVAL, findings)
    return None if findings else made


@cache
def generated() -> list[str]:
    found = []
    for number in range(GENERATED):
        generator = Generator(f"properties/{number}")
        found.append(generator.make(generator.pick(KINDS), 4).ours)
    return found


@cache
def usable() -> list[str]:
    """Expressions without errors: those of the documentation, and generated ones."""
    return [text for text in (*expressions(), *generated()) if template(text)]


def test_there_are_many_expressions():
    assert len(usable()) > 1000


# ---- printing


def test_what_is_printed_parses_to_the_same():
    for text in usable():
        check_printing(text)


STYLES = {
    "plain": "x {{TEXT}}",
    "single quotes": "'{{TEXT}}'",
    "double quotes": '"{{TEXT}}"',
    "literal": "|\n  {{ TEXT }}\n",
    "folded": ">-\n  {{ TEXT\n  }}\n",
    "flow": "{b: '{{TEXT}}'}",
}


def written(style: str, printed: str) -> str:
    if style in ("single quotes", "flow"):
        printed = printed.replace("'", "''")
    elif style == "double quotes":
        printed = json.dumps(printed, ensure_ascii=False)[1:-1]
    return "a: " + STYLES[style].replace("TEXT", printed)


@pytest.mark.parametrize("style", STYLES)
def test_an_expression_means_the_same_in_every_style_of_yaml(style):
    seen = 0
    for text in usable():
        node = parsed(text)
        printed = print_node(node)
        if style == "plain" and (": " in printed or " #" in printed):
            continue  # which YAML reads as a mapping or a comment
        findings: list[Finding] = []
        tree = read_yaml(Source("flow.yaml", written(style, printed)), findings)
        assert isinstance(tree, Mapping)
        value = tree.get("a")
        value = value.get("b") if isinstance(value, Mapping) else value
        assert isinstance(value, Scalar)
        (found,) = compile_template(value.text, Scope.EVAL, findings).expressions
        assert (found.node, findings) == (node, []), text
        assert found.span.text.startswith("{{")
        assert found.span.text.endswith("}}")
        seen += 1
    assert seen > 400


# ---- never a crash


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_value_or_an_error_inside_of_it(text):
    evaluate_expression(text)


TOKENS = st.sampled_from(
    [
        *string.punctuation, "$.a", "$.users", "'x'", "1", "0.5", "=>", "?.", "..", "...", "[?", "[*]", "`${", "&&", "??", "**",
        "typeof ", "x", "lower(", ".map(", ".length", "(x) =>", "null", " ", "\n", "//", "/*", "{{", "}}", "é", "😀", "\\u",
    ]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=20).map("".join))
@settings(max_examples=500, deadline=None)
def test_any_tokens_are_a_value_or_an_error_inside_of_them(text):
    evaluate_expression(text)


# ---- the sandbox

_ALLOWED = {
    name
    for name in dis.opmap
    if not any(word in name for word in ("ATTR", "METHOD", "IMPORT", "BUILD_CLASS"))
}


def code_objects(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from code_objects(constant)


def is_ours(value: object) -> bool:
    """Whether compiled code may hold a value: what the language is made of, and constants."""
    known = [
        *SUPPORT.values(),
        *(entry.call for entry in FUNCTIONS.values()),
        *(method for method, _ in _TEXT_METHODS.values()),
    ]
    known += [len, type, str.isascii, JSON_PRINTERS]
    calls = [call for entry in METHODS.values() for call in entry.calls.values()]
    if isinstance(value, dict) and value is not JSON_PRINTERS:
        return all(any(item is call for call in calls) for item in value.values())
    if isinstance(value, tuple):
        return all(callable(item) or isinstance(item, int) for item in value)  # steps of a path; rates
    return isinstance(value, Pattern | int | float) or any(value is item for item in (*known, *calls))


def test_compiled_code_reads_no_attribute_and_knows_our_functions_alone():
    for text in usable():
        made = template(text)
        assert made is not None
        for evaluate in (compile_direct(made._tree, "x"), compile_checked(made._tree, "x").evaluate):
            values = evaluate.__globals__
            assert values["__builtins__"] == {}
            foreign = [
                name
                for name, value in values.items()
                if name not in {"__builtins__", "template"} and not is_ours(value)
            ]
            assert foreign == [], text
            for code in code_objects(evaluate.__code__):
                used = {instruction.opname for instruction in dis.get_instructions(code)}
                assert used <= _ALLOWED, (text, used - _ALLOWED)
                assert set(code.co_names) <= values.keys(), text


# ---- limits

SHARED = "range(0, 40).reduce((a, x) => [a, a], 1)"  # 40 arrays, and 2**40 ways through them
BOMBS = [
    (SHARED, "HR223"),
    (f"'' + {SHARED}", "HR223"),
    (f"{SHARED}.join()", "HR223"),
    (f"{SHARED}.toString()", "HR223"),
    (f"{SHARED}.flat(99)", "HR223"),
    (f"{SHARED} == {SHARED}", "HR223"),
    (f"[{SHARED}].includes({SHARED})", "HR223"),
    (f"[{SHARED}, 1].sort()", "HR223"),
    (f"hash({SHARED})", "HR223"),
    (f"countBy([{SHARED}], x => x)", "HR223"),
    (f"uniqueBy([1, 2], x => {SHARED})", "HR223"),
    (f"diffBy([{{id: 1, a: {SHARED}}}], [{{id: 1, a: {SHARED}}}], 'id')", "HR223"),
    (f"fail({SHARED})", "HR223"),
    (f"join({SHARED}, '')", "HR223"),
    (f"parseInt({SHARED})", "HR223"),
    (f"[[{SHARED}, {SHARED}]][?@[0] == @[1]]", "HR223"),
    ("range(0, 60).reduce((a, x) => a + a, 'xxxxxxxx')", "HR223"),
    ("range(0, 60).reduce((a, x) => `${a}${a}`, 'xxxxxxxx')", "HR223"),
    ("range(0, 1000000000)", "HR223"),
    ("Array.from({length: 1000000000}, x => 1)", "HR223"),
    ("'x'.repeat(1e15)", "HR223"),
    ("'x'.padStart(1e12, 'ab')", "HR223"),
    ("'x'.repeat(1e7).replaceAll('x', 'y'.repeat(1e7))", "HR223"),
    ("'x'.repeat(1e7).split('')", "HR223"),
    ("range(0, 100000).map(x => 'x'.repeat(100000))", "HR223"),
    ("range(0, 1000000).map(x => range(0, 1000000))", "HR223"),
    ("range(0, 3000).flatMap(x => range(0, 100000))", "HR223"),
    ("[range(0, 500)][*][?count($..*) > 0]", None),
    ("9 ** 9 ** 9", "HR228"),
    ("range(0, 60).reduce((a, x) => a * a, 3)", "HR228"),
    ("10 ** 4000", "HR228"),
    ("(" * 101 + "1" + ")" * 101, "HR209"),
    ("'" + "x" * 65_536 + "'", "HR209"),
    ("'" + "é" * 32_768 + "'", "HR209"),
    ("+".join("1" * 200), "HR209"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), BOMBS, ids=[text[:40] for text, _ in BOMBS])
def test_an_expression_that_does_too_much_is_stopped(expression, expected, monkeypatch):
    monkeypatch.setattr("headrace.expr.template.STEP_LIMIT", 1_000_000)  # for the time that the tests take
    began = time.process_time()
    findings: list[Finding] = []
    made = compile_expression(Text.bare(expression), Scope.EVAL, findings)
    found: object = findings[0].code if findings else None
    if not findings:
        try:
            found = made.evaluate({"a": [1]}, environment())
        except ExpressionError as error:
            found = error.code
    assert isinstance(found, list) if expected is None else found == expected
    assert time.process_time() - began < 10


# ---- two ways of compiling

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    | st.sampled_from(["2026-01-02T03:04:05Z", "1h", "id", "10", "a,b\n1,2", "%41"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "id", "length", "é"]), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = [
    "name",
    "page",
    "total",
    "note",
    "tags",
    "users",
    "response",
    "items",
    "o",
    "s",
    "list",
    "rows",
    "texts",
    "n",
]
MESSAGE = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON))


@given(st.data())
@settings(max_examples=250, deadline=None)
def test_checked_and_direct_code_have_the_same_value_whatever_the_data(data):
    text = data.draw(st.sampled_from(usable()))
    made = template(text)
    assert made is not None
    check_template(made, (data.draw(MESSAGE), data.draw(JSON)))
