"""Inference is sound: a value is in the shape that was inferred, and what is certain to fail fails.

Random expressions over messages of random shapes; every function and method with random arguments; every
declared example. The seeds are fixed; `HEADRACE_ROUNDS=100000` tries more of them.
"""

import math
import os
import random

import pytest

from expr.test_robustness import VALUES
from headrace.errors import ExpressionError, Finding
from headrace.expr import Scope, Template, compile_expression
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.inference import Doubt, Roots, infer
from headrace.expr.shape import Member, Shape, admits, join, object_of, shape_of
from headrace.source import Text
from headrace.values import Json, decode_json, is_json, kind
from support.expression import environment
from support.generation import Writer, object_shape, value_of
from support.generation import shape as some_shape
from support.inference import written

ROUNDS = int(os.environ.get("HEADRACE_ROUNDS", "1000"))
CALLS = 16  # with random arguments, of each function and method
MESSAGES = 60  # for each form of expression
FAILED = object()

FORMS = [
    *(f"$.a {operator} $.b" for operator in ("+", "-", "<", "==", "===", "!=", "&&", "||", "??", "%")),
    "-$.a", "!$.a", "typeof $.a", "typeof $.a.b", "$.a ? $.a : $.b", "$.a && $.a.b", "$.a || $.a.b", "$.a ?? $.a.b",
    *(f"typeof $.a == '{name}' ? [$.a] : {{b: $.a}}" for name in ("string", "number", "boolean", "object", "undefined")),
    *(f"typeof $.a.b != '{name}' ? [$.a.b] : {{b: $.a.b}}" for name in ("string", "number", "object", "undefined")),
    "$.a == null ? [$.a] : {b: $.a}", "$.a === 'a' ? [$.a] : {b: $.a}", "$.a == 1 ? [$.a] : {b: $.a}",
    "has($.a, 'b') ? [$.a.b] : {b: $.a.b}", "has($.a) ? [$.a] : {b: $.a}", "Array.isArray($.a) ? [$.a] : {b: $.a}",
    "!$.a || !$.b ? [$.a, $.b] : {a: $.a, b: $.b}", "$.a && $.b ? [$.a, $.b] : {a: $.a, b: $.b}",
    "$.a == null && $.b ? [$.a, $.b] : {a: $.a, b: $.b}", "$.a.b ? [$.a, $.a.b] : {b: $.a.b}",
    "$.a.b", "$.a[0]", "$.a[-1].b", "$.a['b']", "$.a['0']", "$.a[$.b]", "$.a.length", "$.a?.b", "$.a?.[$.b].c", "$.a?.b.c",
    "{...$.a}", "{b: 1, ...$.a}", "{...$.a, ...$.b}", "{...$.a, b: 'x'}", "{[$.b]: 1, ...$.a}", "[...$.a, $.b]", "{a: 1, ...$}",
    "({...$.a, ...$.b}).b", "merge($.a, $.b)", "deepMerge($.a, $.b)", "pick($.a, 'b', 'c')", "omit($.a, 'b')", "compact($.a)",
    "$.a.map(({b, c = 'x', ...rest}) => [b, c, rest])", "$.a.map(([b, c = 'x', ...rest]) => [b, c, rest])",
    "(({b = [], ...rest}) => [b, rest])($.a)", "(([b = {}, ...rest]) => [b, rest])($.a)", "((b, c = 1) => [b, c])($.a)",
    "$.a.filter(x => x)", "$.a.filter(x => x.b)", "$.a.filter(x => x != null && x !== $.b)", "$.a.filter(Boolean)",
    "$.a.find(x => !x)", "$.a.flatMap(x => x)", "$.a.flat()", "$.a.concat($.b)", "$.a.at(0)", "$.a.entries()", "$.a.fill($.b)",
    "$.a.reduce((x, y) => x + y, $.b)", "$.a.reduce((x, y) => ({...x, last: y, before: x.last}), {})",
    "$.a.reduce((x, y) => [x, y])", "$.a.sort()", "$.a.slice(1)", "$.a.reverse()", "first($.a)", "max($.a)", "zip($.a, $.a)",
    "coalesce($.a, $.b)", "get($.a, 'b.c', $.b)", "set($.a, 'b.c', $.b)", "keys($.a)", "Object.values($.a)", "Object.entries($.a)",
    "Object.fromEntries(Object.entries($.a))", "groupBy($.a, 'b')", "indexBy($.a, x => x)", "columns($.a, ['b', 'c'])",
    "leftJoin($.a, $.a, 'b')", "diffBy($.a, [], x => x)", "int($.a, $.b)", "upper($.a)", "len($.a)", "must($.a)",
    "$.a[*]", "$.a[*].b", "$.a.*", "$.a..b", "$.a[?@.b]", "$.a['b', 'c']", "$.a[0:1]", "`${$.a}`", "$.a.toString()",
]  # fmt: skip

ARGUMENTS: list[Json] = [
    *(value for value in VALUES if is_json(value)),
    "dns", "asc", "0x12", "12px", '{"a":1}', "https://a.example/x?q=1", "%d", "year", "true", "a", "id",
    ["id", "a"], [{"id": 1, "a": "x"}, {"id": 2}], [["k", 1]],
]  # fmt: skip
LITERALS = ["'a'", "'id'", "['a', 'id']", "'a.b'", "'b[0]'", "'x'", "/a(b)?/g"]
ARROWS = [
    "x => x", "(x, y) => y", "x => x?.a", "x => 1", "x => 'k'", "x => null", "(a, b, c, d) => d", "(a, b) => [a, b]",
    "({a}) => a", "x => ({a: x})", "x => x != null", "Boolean",
]  # fmt: skip


def parsed(expression: str) -> Template | None:
    findings: list[Finding] = []
    template = compile_expression(Text.bare(expression), Scope.EVAL, findings)
    return None if findings else template


def value_for(template: Template, message: Json) -> object:
    try:
        return template.evaluate(message, environment())
    except ExpressionError:
        return FAILED


def unsound(expression: str, template: Template, shape: Shape, message: Json) -> str:
    """What is wrong with what is inferred of an expression, by its value for a message."""
    doubts: list[Doubt] = []
    inferred = infer(template, Roots(shape), report=doubts.append)
    value = value_for(template, message)
    if value is FAILED:
        return ""
    told = f"{expression} is {value!r} for {message!r}"
    if not admits(inferred, value):
        return f"{told}: that is not {written(inferred)}"
    for doubt in doubts:
        if not doubt.certain:
            continue
        if doubt.fails:
            return f"{told}, but was said to fail: {doubt.message}"
        read = parsed(expression[doubt.span.start : doubt.span.end])
        if read is not None and value_for(read, message) is not None:
            return f"{told}, but was said to read null: {doubt.message}"
    return ""


def test_random_expressions_over_random_shapes():
    wrong = []
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        shape = object_shape(rng, rng.choice((1, 1, 2, 3)))
        expression = Writer(rng, shape).expression(rng.choice((1, 1, 2, 2, 3)))
        template = parsed(expression)
        if template is not None:
            wrong += [unsound(expression, template, shape, value_of(rng, shape)) for _ in range(2)]
    assert [*filter(None, wrong)] == []


@pytest.mark.parametrize("form", FORMS)
def test_a_form_gives_what_is_inferred_for_any_message(form):
    template, rng = parsed(form), random.Random(form)
    assert template is not None
    wrong = []
    for _ in range(MESSAGES):
        shape = message_shape(rng)
        wrong += [unsound(form, template, shape, value_of(rng, shape)) for _ in range(3)]
    assert [*filter(None, wrong)] == []


def message_shape(rng: random.Random) -> Shape:
    """A message of `a` and `b`, mostly."""
    members = {
        name: Member(some_shape(rng, rng.choice((0, 1, 2))), rng.random() < 0.2) for name in ("a", "b")
    }
    return object_of(members)


def call_of(rng: random.Random, entry: object, receiver: Json) -> tuple[str, dict[str, Json]]:
    """The arguments of a random call, and the message that they read."""
    count = entry.maximum if entry.maximum is not None else entry.minimum + 2
    message: dict[str, Json] = {"receiver": receiver}
    given = []
    for position in range(rng.randint(entry.minimum, count)):
        callback = entry.callbacks.get(position)
        if callback and (not callback.or_value or rng.random() < 0.5):
            given.append(rng.choice(ARROWS))
        elif rng.random() < 0.15:
            given.append(rng.choice(LITERALS))
        else:
            message[f"m{position}"] = rng.choice(ARGUMENTS)
            given.append(f"$.m{position}")
    return ", ".join(given), message


def widened(rng: random.Random, message: dict[str, Json]) -> Shape:
    """A shape of a message: of it alone, or of others too."""
    shape = shape_of(message)
    if rng.random() < 0.3:
        other = {name: rng.choice(ARGUMENTS) for name in message if rng.random() < 0.8}
        shape = join(shape, shape_of(other))
    return shape


def wrong_calls(entry: object, call: str, receivers: list[Json]) -> list[str]:
    rng = random.Random(call)
    wrong = []
    for _ in range(CALLS * max(1, ROUNDS // 10_000)):
        arguments, message = call_of(rng, entry, rng.choice(receivers))
        expression = call.format(arguments)
        template = parsed(expression)
        if template is not None:
            wrong.append(unsound(expression, template, widened(rng, message), message))
    return [*filter(None, wrong)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gives_and_takes_what_it_declares(name):
    assert wrong_calls(FUNCTIONS[name], f"{name}({{}})", [None]) == []


@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_and_takes_what_it_declares(name):
    for receiver in METHODS[name].calls:
        if receiver == "pattern":
            assert wrong_calls(METHODS[name], f"/a(b)?/.{name}({{}})", [None]) == []
        else:
            receivers = [value for value in ARGUMENTS if kind(value) == receiver]
            assert wrong_calls(METHODS[name], f"$.receiver.{name}({{}})", receivers) == []


@pytest.mark.parametrize("table", [FUNCTIONS, METHODS], ids=["functions", "methods"])
def test_the_examples_give_what_is_inferred(table):
    wrong = []
    for entry in table.values():
        for example in entry.examples:
            template, data = parsed(example.expression), decode_json(example.data)
            if template is not None:
                wrong.append(unsound(example.expression, template, shape_of(data), data))
    assert [*filter(None, wrong)] == []


@pytest.mark.parametrize("table", [FUNCTIONS, METHODS], ids=["functions", "methods"])
def test_every_entry_declares_its_types(table):
    unsaid = []
    for name, entry in table.items():
        open_ended = entry.maximum is None
        declared = len(entry.types.takes) + open_ended
        expected = entry.signature.count(",") + 1 if entry.maximum != 0 else 0
        if not entry.types.text or declared != expected or (entry.types.rest is not None) != open_ended:
            unsaid.append(name)
    assert unsaid == []


def test_random_numbers_are_finite():
    # The generators above must not make what no message holds.
    assert all(math.isfinite(value) for value in ARGUMENTS if isinstance(value, float))
