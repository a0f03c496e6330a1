"""Operators and accesses: the value, or the error with its place."""

import contextlib

import pytest

from headrace.errors import ExpressionError
from headrace.expr import template
from support.expression import evaluate, failure

MESSAGE = {
    "n": 3, "f": 2.0, "s": "abc", "digits": "12", "t": True, "z": None, "list": [1, 2, 3], "o": {"a": 1, "1": "one"},
    "rows": [{"id": 1, "name": "A"}, {"id": 2}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # D1, D3: one empty value; arrays and objects by value
        ("null == undefined", True), ("$.z === $.nothing", True), ("typeof $.nothing", "undefined"),
        ("typeof $.z", "object"), ("typeof undefined", "undefined"), ("typeof [1]", "object"),
        ("typeof $.list[9]", "undefined"), ("typeof $.list['0']", "number"), ("typeof $.o[$.digits]", "undefined"),
        ("typeof (1 == 1)", "boolean"), ("typeof typeof 1", "string"),
        ("[1, {a: [2]}] == [1.0, {a: [2]}]", True), ("{a: 1} === {a: true}", False), ("[] == []", True),
        ("1 == '1'", True), ("1 === '1'", False), ("true == 1", True), ("true === 1", False), ("'' == 0", True),
        ("null == 0", False), ("'abc' == $.s", True), ("$.n === 3.0", True), ("0 === false", False), ("1 != '1'", False),
        ("$.t === true", True), ("$.list != null", True), ("'x' + '' == null", False), ("'01' == 1", True),
        # D2: integers are exact
        ("9007199254740993 + 2", 9007199254740995), ("2 ** 100", 2**100), ("7 / 2", 3.5), ("6 / 2", 3),
        ("10 ** 30 / 10 ** 29", 10), ("$.list[$.f]", 3), ("-7 % 3", -1), ("7 % -3", 1), ("-7.5 % 2", -1.5),
        ("2 ** -1", 0.5), ("0.1 + 0.2", 0.30000000000000004), ("`${1e21} ${5.0} ${-0}`", "1e+21 5 0"),
        ("2 ** 3 ** 2", 512), ("(-2) ** 2", 4), ("-(2 ** 2)", -4), ("1 - - 1", 2), ("+'5' + 1", 6), ("-'5'", -5),
        ("true + true", 2), ("'3' * '4'", 12), ("'7' - 2", 5), ("true < 2", True), ("'10' < 9", False), ("'10' < '9'", True),
        ("1 < 2 == true", True),
        # D4: text is code points
        ("'😀'.length", 1), ("'a😀'[1]", "😀"), ("'abc'[-1]", "c"), ("'abc'[5]", None),
        # D6: text and null
        ("'a' + null", "a"), ("null + 'a' + $.nothing", "a"), ("'a' + [1, {b: null}]", 'a[1,{"b":null}]'),
        ("'' + true + 1.50", "true1.5"), ("{...null, ...$.nothing}", {}), ("[...'ab', ...[1]]", ["a", "b", 1]),
        ("{...'ab', ...[7], ...5}", {"0": 7, "1": "b"}),
        # D7: NaN stays inside
        ("Number('x') || 0", 0), ("Number('x') ? 1 : 2", 2), ("!Number('x')", True), ("Number('x') == Number('x')", False),
        ("isNaN(Number('x'))", True), ("(Number('x') || 'y') + 1", "y1"), ("[1, 'x'].filter(x => Number(x))", [1]),
        # truth
        ("[] ? 1 : 2", 1), ("{} && 1", 1), ("'' || 0", 0), ("0 ?? 1", 0), ("$.z ?? $.nothing ?? 1", 1), ("!!'0'", True),
        ("0 || '' || null", None), ("1 && 2 && 3", 3), ("$.list && $.list.length", 3), ("'' && fail('no')", ""),
        ("$.t ? 'yes' : fail('no')", "yes"), ("$.o ? 1 : 0", 1), ("$.n ? 1 : 0", 1),
        # members
        ("$.o.b.c.d", None), ("$['o']['a']", 1), ("$.o[1]", "one"), ("$.o['1']", "one"), ("$.list[-1]", 3),
        ("$.list[0 - 1]", None), ("$.list['1']", 2), ("$.list['01']", None), ("$.list[0.5]", None), ("$.s.length", 3),
        ("$.list.length", 3), ("$.o.length", None), ("$.s.x", None), ("$.n.x", None), ("$.list[7]", None),
        ("{length: 5}.length", 5), ("{a: {b: 1}}.a.b", 1), ("$['s']['length']", 3), ("null[0]", None),
        ("$.nothing?.map(x => x)", None), ("$.nothing?.a.b.map(x => x).c", None), ("$.o?.a", 1), ("$.o?.['a']", 1),
        ("$.list?.map(x => x * 2)", [2, 4, 6]), ("$.z?.[0]?.x.trim()", None),
        # what follows `?.` on null is not evaluated
        ("$.z?.[$.z + 1]", None), ("$.z?.a[1 / 0].b", None), ("$.z?.[$.z]?.trim()", None),
        # objects
        ("{a: 1, 'b-c': 2, 3: 3, [$.s + '!']: 4, [5]: 5}", {"a": 1, "b-c": 2, "3": 3, "abc!": 4, "5": 5}),
        ("{a: 1, ...{a: 2, b: 3}, a: 4}", {"a": 4, "b": 3}), ("[1, 2,]", [1, 2]), ("{a: 1,}", {"a": 1}),
        ("$.if ?? $.class ?? 1", 1),
        # roots
        ("$vars.x.y + $run.id.length", 8), ("$.rows[1].name ?? $vars.x.y", 5),
    ],
)  # fmt: skip
def test_the_value(expression, expected):
    actual = evaluate(expression, MESSAGE, vars={"x": {"y": 5}}, run={"id": "abc"})
    assert (type(actual), actual) == (type(expected), expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$.map(x => ({x}))", [{"x": 1}, {"x": 2}]),
        ("$.map((x, i) => x * 10 + i)", [10, 21]),
        ("$.map((x, i, all) => all.length)", [2, 2]),
        ("$.map((x, i, all, none = 7) => none)", [7, 7]),
        ("$.map((...all) => all)", [[1, 0, [1, 2]], [2, 1, [1, 2]]]),
        ("$.map(() => 0)", [0, 0]),
        ("$.map(String)", ["1", "2"]),
        ("$.map(Math.abs).filter(Boolean)", [1, 2]),
        ("$.filter((x, i) => i)", [2]),
        ("$.map(x => $.map(y => x + y))", [[2, 3], [3, 4]]),
        ("$.map(x => $.filter(y => y > x).map(z => [x, z]))", [[[1, 2]], []]),
        ("$.map(x => x?.y ?? $.find(y => y == x))", [1, 2]),
        ("($?.filter(x => x > 1) || []).map(x => (y => x + y)(1))", [3]),
        ("$.reduce((sum, x) => sum + x, 0)", 3),
        ("(x => x + 1)(2)", 3),
        ("((a, b = a * 2, ...c) => [a, b, c])(1)", [1, 2, []]),
        ("((a, b = 2, ...c) => [a, b, c])(1, null, 3, 4)", [1, None, [3, 4]]),
        ("(({a, b = 5, c: {d = 6}, ...rest}) => [a, b, d, rest])({a: null, b: null, c: {}, e: 1})",
         [None, None, 6, {"e": 1}]),
        ("(([a, , b = 5, ...c]) => [a, b, c])('wxyz')", ["w", "y", ["z"]]),
        ("[{id: 1}, {}].map(({id = 0}) => id)", [1, 0]),
        ("[{id: 1}, {}].map(({id}) => id)", [1, None]),
        ("[[1, 2], [3]].map(([a, b = 0]) => a + b)", [3, 3]),
        ("Object.entries({a: 1}).map(([key, value]) => `${key}=${value}`)", ["a=1"]),
        ("(now => now)(1)", 1),
        ("(x => (x => x * 2)(x + 1))(1)", 4),
        ("[3, 1, 2].sort((a, b) => b - a)", [3, 2, 1]),
        ("'caat'.replace(/a+/g, 'b') + /^c/.test('caat')", "cbttrue"),
    ],
)  # fmt: skip
def test_arrows(expression, expected):
    assert evaluate(expression, [1, 2]) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$.page + 1", "1: HR220 cannot add 1 to null: `$.page` is missing; message has `n`, `z`, `o`, `list`, `s`"),
        ("1 + $.z", "5: HR220 cannot add null to 1: `$.z` is null"),
        ("$.o.page * 2", "1: HR220 cannot multiply null by 2: `$.o.page` is missing; `o` has `a`"),
        ("$.z.a.b - 1", "1: HR220 cannot subtract 1 from null: `$.z.a.b` is missing; `z` is null"),
        ("$.n.a / 1", "1: HR220 cannot divide null by 1: `$.n.a` is missing; `n` is a number"),
        ("$.list[5] ** 2", "1: HR220 cannot raise null to the power of 2: `$.list[5]` is missing; `list` has 2 items"),
        ("$.list < 1", "1: HR224 cannot compare an array with 1 (`$.list`)"),
        ("1 >= $.z", "6: HR220 cannot compare 1 with null: `$.z` is null"),
        ("$.s * 2", '1: HR222 cannot multiply "abc" by 2: that is no number (`$.s`)'),
        ("1 / ($.n - 3)", "6: HR222 cannot divide 1 by zero"),
        ("1 % 0", "5: HR222 cannot take the remainder of 1 by zero"),
        ("-$.o", "2: HR224 cannot negate an object (`$.o`)"),
        ("Number($.s)", "1: HR222 `Number($.s)` is not a number (NaN)"),
        ("[+$.s]", "2: HR222 `+$.s` is not a number (NaN)"),
        ("1e308 * 10", "1: HR222 the result is too large for a number"),
        ("2 ** 5000", "1: HR228 the result is an integer of more than 4,096 bits"),
        ("(0 - 8) ** 0.5", "1: HR222 cannot raise -8 to the power of 0.5: the result is no real number"),
        ("[...$.z]", "5: HR220 cannot spread null into an array: `$.z` is null"),
        ("[...$.o]", "5: HR224 only arrays and text can be spread into an array, not an object (`$.o`)"),
        ("$.list[$.z]", "8: HR220 null cannot be the name of a member: `$.z` is null"),
        ("{[$.o]: 1}", "3: HR224 an object cannot be the name of a member (`$.o`)"),
        ("$.z.map(x => x)", "1: HR221 `$.z` is null, so `.map` cannot run"),
        ("$.items.map(x => x)", "1: HR221 `$.items` is null, so `.map` cannot run; message has `n`, `z`, `o`, `list`, `s`"),
        ("$.o.items.trim()", "1: HR221 `$.o.items` is null, so `.trim` cannot run; `o` has `a`"),
        ("first([]).map(x => x)", "1: HR221 `first([])` is null, so `.map` cannot run"),
        ("$.s.map(x => x)", "1: HR205 text has no method `map` (`$.s`)"),
        ("$.list.map", "1: HR205 `.map` is a method; call it: `.map(…)`"),
        ("[$.s['trim']]", "2: HR205 `.trim` is a method; call it: `.trim(…)`"),
        ("$.list.map(x => x.id + 1)", "17: HR220 cannot add 1 to null: `x.id` is missing; `x` is a number (in `$.list[0]`)"),
        ("$.list.map(x => $.list.find(y => x.a.b < y))",
         "34: HR220 cannot compare null with 1: `x.a.b` is missing; `x` is a number (in `$.list[0]`, then in `$.list[0]`)"),
        ("[{id: 1}].map(({id, age}) => age * 2)", "30: HR220 cannot multiply null by 2: `age` is null (in item [0], id 1)"),
        ("$.list.map(({id}) => id).concat($.z.x - 1)",
         "33: HR220 cannot subtract 1 from null: `$.z.x` is missing; `z` is null"),
        ("$.z.filter(({id}) => id)", "1: HR221 `$.z` is null, so `.filter` cannot run"),
        ("[null].map(({id}) => id)", "13: HR220 cannot take null apart (in item [0])"),
        ("must($.z, 'no z here')", "6: HR229 no z here: `$.z` is null"),
    ],
)  # fmt: skip
def test_the_error(expression, expected):
    assert failure(expression, {"n": 3, "z": None, "o": {"a": 1}, "list": [1, 2], "s": "abc"}) == expected


def test_an_answer_that_is_no_json_is_named():
    response = {
        "statusCode": 200,
        "headers": {"content-type": "text/html; charset=utf-8"},
        "body": "<!doctype html>",
    }
    expected = '1: HR226 `bodyJson` is null: 200 answered `text/html` ("<!doctype…"), not JSON'
    assert (
        failure("$.response.bodyJson.items.map(x => x)", {"response": {**response, "bodyJson": None}})
        == expected
    )


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("range(1000).map(x => range(1000).map(y => 1))", "HR223"),
        ("range(60).reduce((a, x) => a + a, 'x')", "HR223"),
        ("range(60).reduce((a, x) => `${a}${a}`, 'x')", "HR223"),
        ("range(60).reduce((a, x) => [a, a], 'x')", "HR223"),
        ("JSON.stringify(range(60).reduce((a, x) => [a, a], 'x')).length", "HR223"),
        ("range(60).reduce((a, x) => [...a, ...a], [1])", "HR223"),
        ("range(60).reduce((a, x) => a * a, 3)", "HR228"),
        ("range(40000).reduce((a, x) => [a], 1) == range(40000).reduce((a, x) => [a], 1)", "HR223"),
    ],
)
def test_runaway_expressions_are_stopped(expression, code, monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 100_000)
    assert failure(expression).split()[1] == code


def test_deeply_nested_data_passes_through():
    deep: object = 1
    for _ in range(50_000):
        deep = [deep]
    assert evaluate("$.a", {"a": 1, "b": deep}) == 1
    assert failure("`${$.b}`", {"b": deep}).split()[1] == "HR223"
    with contextlib.suppress(ExpressionError):  # how deep is too deep depends on the version of Python
        assert evaluate("$.b == [[$.b]]", {"b": deep}) is False


def test_an_infinity_does_not_leave_by_a_logical_operator():
    assert failure("Number('1e999') || 1") == "1: HR222 `Number('1e999') || 1` is infinite"
    assert evaluate("Number('x') || 1") == 1
