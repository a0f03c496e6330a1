"""Operators, syntax, names, paths, sorting and time, rule by rule; regular expressions have their own file.

A value is compared with its type; `HRnnn` stands for the error, of writing or of evaluating.
"""

import pytest

from headrace.errors import ExpressionError
from headrace.expr import template
from headrace.expr.template import TEXT_LIMIT
from support.expression import (
    compiled,
    environment,
    evaluate,
    failure,
    outcome,
    problems,
    rendered,
    template_problems,
)

DATA = {
    "z": None, "n": 3, "s": "abc", "a": [3, 1, 2], "o": {"keys": 1, "b": {"c": [1, 2]}}, "user-id": 7,
    "rows": [{"id": 2, "t": ["x"]}, {"id": 1, "t": []}, {"id": None}],
}  # fmt: skip


def rule(*cases: tuple[str, object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("expression", "expected"), cases)


def check(expression: str, expected: object) -> None:
    actual = outcome(expression, DATA)
    assert (type(actual), actual) == (type(expected), expected)


@rule(
    ("'7' - 2", 5), ("' 7\\n' * 2", 14), ("'' * 1", 0), ("'0x1f' * 1", 31), ("'0b11' - 0", 3), ("'1e3' / 10", 100.0),
    ("true * 2", 2), ("true + true", 2), ("'3' ** 2", 9), ("'5' % 3", 2), ("-'5'", -5), ("+' 12 '", 12),
    ("'10' < 9", False), ("'10' < '9'", True), ("true < 2", True), ("'b' > 'a'", True), ("'a' < 'B'", False),
    ("'abc' * 2", "HR222"), ("'1_000' * 1", "HR222"), ("'1,5' * 1", "HR222"), ("'a' < 1", "HR222"), ("-'x'", "HR222"),
    ("'1' + 2", "12"), ("1 + 2 + '3'", "33"), ("'3' + 4 * 2", "38"),
    ("[1] * 2", "HR224"), ("{} + 1", "HR224"), ("[] + []", "HR224"), ("[1] < 2", "HR224"), ("-[]", "HR224"),
    ("[1] + 'a'", "[1]a"), ("6 / 3", 2), ("-6 / 3", -2), ("7 / 2", 3.5), ("6.0 / 3", 2.0),
    ("-7 % 3", -1), ("7 % -3", 1), ("-7.5 % 2", -1.5), ("5.5 % 2", 1.5), ("2 ** -1", 0.5), ("2 ** 3 ** 2", 512),
    ("1 < 2 < 3", True), ("3 > 2 > 1", False), ("1 + +'2'", 3), ("1 - -1", 2), ("!0 + 1", 2),
)  # fmt: skip
def test_text_in_arithmetic_and_ordering_converts_as_in_javascript(expression, expected):
    """Where that gives NaN: error. Arrays and objects: error. `/` that divides evenly is an integer."""
    check(expression, expected)


@rule(
    ("-2 ** 2", "HR201"), ("(-2) ** 2", 4), ("-(2 ** 2)", -4), ("$.z ?? $.n || 1", "HR201"), ("$.z || 1 ?? 2", "HR201"),
    ("($.z ?? $.n) || 1", 3), ("$.z && 1 ?? 2", "HR201"),
    ("$.n?.5:1", 0.5), ("$.z?.5:1", 1), (".5", 0.5), ("1.", "HR201"), ("1..toString()", "HR201"), ("(1).toString()", "1"),
    ("[...$.a, ...[4]]", [3, 1, 2, 4]), ("$..c", [[1, 2]]), ("[...$..id]", [2, 1, None]),
    ("[1, 2,]", [1, 2]), ("{a: 1,}", {"a": 1}), ("max(1, 2,)", 2), ("((a, b,) => a + b)(1, 2,)", 3),
    ("[1, , 2]", "HR201"), ("[, 1]", "HR201"),
    ("1 /* two */ + 3 // four", 4), ("'a // b' + `/* c */`", "a // b/* c */"),
    ("$.a.map(x => {x})", "HR208"), ("$.a.map(x => {return x})", "HR208"), ("$.a.map(x => ({x}))[0]", {"x": 3}),
    ("1; 2", "HR201"), ("$.n = 4", "HR201"), ("$.n++", "HR201"), ("let x = 1", "HR201"), ("if (true) 1", "HR201"),
    ("1_000", 1000), ("0b101 + 0o17 + 0xff", 275), ("017", "HR201"), ("1__0", "HR201"), ("1e3 + 1E-3", 1000.001),
    ("`a${`b${1 + 1}`}c`", "ab2c"), ("`\\`$\\{`", "`${"), ("'\\u{1F600}\\x41\\n'", "😀A\n"), ("'a\\\nb'", "ab"),
    ("{a: 1, 'b-c': 2, 3: 4, [$.s]: 5, ...{d: 6}}", {"a": 1, "b-c": 2, "3": 4, "abc": 5, "d": 6}),
    ("(n => ({n}))(1)", {"n": 1}), ("typeof typeof 1", "string"), ("true ? false ? 1 : 2 : 3", 2),
    ("$.z ?? 1 ? 2 : 3", 2), ("1 || fail('no')", 1), ("0 && fail('no')", 0), ("1 ?? fail('no')", 1),
    ("true ? 1 : fail('no')", 1), ("$.z?.a.b.c(1)", "HR205"), ("$.z?.trim().x[0]", None), ("$.z?.['a']", None),
    ("$.if + $.class", "HR220"), ("[] ? {} ? 1 : 2 : 3", 1),
)  # fmt: skip
def test_syntax(expression, expected):
    """Parentheses where readers differ, ternaries before optional chains, trailing commas, no holes."""
    check(expression, expected)


def test_a_comment_that_swallows_the_rest_is_an_error():
    assert template_problems("{{ 1 // two }}") == [
        "1:6: HR202 `//` comments out the rest, `}}` as well; use `/* … */`"
    ]
    assert rendered("{{ 1 // two\n}}") == 1
    assert rendered("{{ 1 /* two }} */ }}") == 1


@rule(
    ("(2.345).toFixed(2)", "2.35"), ("(1.005).toFixed(2)", "1.00"), ("(8.345).toFixed(2)", "8.35"), ("(-1.5).toFixed()", "-2"),
    ("(1e21).toFixed(2)", "1e+21"), ("(10 ** 22).toFixed(1)", "10000000000000000000000.0"), ("(0).toFixed(101)", "HR224"),
    ("(-0.0000001).toFixed(2)", "-0.00"), ("round(-2.5)", -3), ("round(2.5)", 3), ("Math.round(-2.5)", -2),
    ("Math.round(2.5)", 3), ("`${-0}${-0.0}${0 * -1}`", "000"), ("JSON.stringify([-0.0])", "[0]"), ("-0.0 === 0", True),
    ("`${Math.round(-0.4)}`", "0"),
)  # fmt: skip
def test_rounding(expression, expected):
    """`toFixed` rounds the exact value; `round` goes away from zero, `Math.round` up; `-0` prints `0`."""
    check(expression, expected)


@rule(
    ("$.a.map((item, index) => item * index)", [0, 1, 4]), ("$.rows.map(now => now.id)", [2, 1, None]),
    ("(len => len('ab') + len)(1)", 3), ("$.a.map(lower => lower + 1)", [4, 2, 3]),
    ("Lower('A')", "HR204"), ("lower", "HR206"), ("[lower]", "HR206"), ("n", "HR206"),
    ("[0, 'a', null].filter(Boolean)", ["a"]), ("['A'].map(lower)", ["a"]), ("['1', '2', '3'].map(parseInt)", [1, 2, 3]),
    ("[1.5].map(Math.floor)", [1]), ("$.a.map(contains)", "HR207"), ("$.a.reduce(max)", 3), ("sortBy($.a, abs)", [1, 2, 3]),
    ("(x => x + 1)(2)", 3), ("(() => 1)()", 1), ("(x => 1)(2, 3)", "HR207"), ("x => 1", "HR207"), ("[x => 1]", "HR207"),
    ("[...'ab']", ["a", "b"]), ("{...'ab'}", {"0": "a", "1": "b"}), ("$.o.keys", 1), ("$.o.keys()", "HR205"),
    ("$.s.lower()", "HR205"), ("$.a.length()", "HR205"), ("{length: 2}.length", 2), ("$.s.trim", "HR205"),
)  # fmt: skip
def test_names(expression, expected):
    """`name(` is a function, a bare name a parameter; functions by name get the item alone."""
    check(expression, expected)


@rule(
    ("$.o.b.c", [1, 2]), ("$.none.none.none", None), ("$['user-id']", 7), ("$.o?.b?.['c']", [1, 2]), ("$.a['0']", 3),
    ("$.rows[*].id", [2, 1, None]), ("$.none[*].id", []), ("$.rows[*].none", []), ("$.rows[0:2].id", [2, 1]),
    ("$.a[::-1]", [2, 1, 3]), ("$.rows[0, -1].id", [2, None]), ("$['n', 's']", [3, "abc"]), ("$.rows[?@.id > 1].id", [2]),
    ("$.rows[?(@.id == null)].id", [None]), ("$.rows[*].t[0]", ["x"]), ("($.rows[*].id)[0]", 2), ("$.rows[*].id.at(-1)", None),
    ("$.rows[*].id.map(x => x ?? 0)", [2, 1, 0]), ("$.a[*].length", "HR211"), ("len($.a[*])", 3), ("$.a[*][$.n]", "HR201"),
    ("$.a[-1]", 2), ("$.a[-4]", None), ("$.a[0 - 1]", None), ("$.a[$.n - 2]", 1), ("$.s[-1]", "c"), ("$.a[1.5]", None),
    ("$.a[1, $.n]", "HR201"), ("$.rows[?@.id == '2']", []), ("$.rows[?length(@.t) == 1].id", [2]),
    ("$.rows[?count(@.*) == 1].id", [None]), ("$.rows[?lower(@.id) == 1]", "HR201"), ("$.rows.map(r => r.t[*])", [["x"], [], []]),
    ("$..t[*]", ["x"]), ("$.*[0]", [3, {"id": 2, "t": ["x"]}]), ("$.rows[?match(@.t[0], 'x')].id", [2]),
    ("$.rows[?value(@..id) == 1].id", [1]), ("$.rows[?search(@.t[0], 'x')].id", [2]),
)  # fmt: skip
def test_paths(expression, expected):
    """One value until the first step that may give many; from there an array, never null."""
    check(expression, expected)


@rule(
    ("[10, 9, 1, null].sort()", [1, 10, 9, None]), ("['b', null, 'a', undefined].sort()", ["a", "b", None, None]),
    ("['\\uffff', '😀', 'b'].sort()", ["b", "\uffff", "😀"]), ("[true, 'b', 1].sort()", [1, "b", True]),
    ("[3, 1, 2].sort((a, b) => a - b)", [1, 2, 3]), ("[3, 1, 2].sort((a, b) => b - a)", [3, 2, 1]),
    ("[{k: 1, n: 'a'}, {k: 0, n: 'b'}, {k: 1, n: 'c'}].sort((a, b) => a.k - b.k).map(x => x.n)", ["b", "a", "c"]),
    ("[1, null].sort((a, b) => (a ?? 9) - (b ?? 9))", [1, None]), ("[2, 1].sort((a, b) => a > b)", "HR227"),
    ("[2, 1].sort((a, b) => 'x')", "HR227"), ("[2, 1].sort((a, b) => null)", "HR227"), ("[2, 1].sort((a, b) => 0)", [2, 1]),
    ("['b', 'a'].sort((a, b) => a.localeCompare(b))", ["a", "b"]), ("['a', 'B'].sort((a, b) => a.localeCompare(b))", ["B", "a"]),
    ("sortBy($.rows, 'id').map(r => r.id)", [1, 2, None]), ("sortBy($.rows, 'id', 'desc').map(r => r.id)", [2, 1, None]),
    ("sortBy([1, 'a'], x => x)", "HR224"), ("sortBy([[1], [2]], x => x)", "HR224"),
    ("[10, 9].sort()", "HR230"),
)  # fmt: skip
def test_sorting(expression, expected):
    """Stable; as text by code point, nulls last, numbers warned of; a comparator returns a number."""
    check(expression, expected)


@rule(
    ("now() == now()", True), ("RFC3339(now())", "2026-01-02T03:04:05.123456789Z"), ("int(RFC3339(now())) == now()", True),
    ("RFC3339(0)", "1970-01-01T00:00:00Z"), ("RFC3339(1500000000)", "1970-01-01T00:00:01.5Z"),
    ("Date.now() == unixMs(now())", True), ("int('2026-01-02T03:04:05Z')", 1767323045000000000),
    ("int('2026-01-02T03:04:05+02:00')", 1767315845000000000), ("int('2026-01-02')", "HR225"), ("int(' 1')", "HR225"),
    ("int('2026-02-30T00:00:00Z')", "HR225"), ("new Date()", "HR212"), ("new Date('2026-01-01').getTime()", "HR212"),
    ("duration('1h30m')", 5400000000000), ("duration('1d') == 24 * duration('1h')", True), ("duration('5')", "HR225"),
)  # fmt: skip
def test_time(expression, expected):
    """`now()` is one instant; `RFC3339` is UTC and comes back by `int`; `new Date` has its cure."""
    check(expression, expected)


@rule(
    ("/a/.test('cat')", True), ("'a/b'.split(/\\//)", ["a", "b"]), ("$.n / 3 / 1", 1), ("[/a/]", "HR210"),
    ("'a'.match(/(?=a)/)", "HR210"), ("'aa'.match(/(a)\\1/)", "HR210"), ("'a'.match(/a/y)", "HR214"),
    ("'aa'.replace('a', 'b')", "ba"), ("replace('aa', 'a', 'b')", "bb"), ("'aa'.replace(/a/g, 'b')", "bb"),
    ("'a'.replaceAll(/a/, 'b')", "HR210"),
)  # fmt: skip
def test_regular_expressions_stand_where_an_operand_may(expression, expected):
    """Flags `g i m s u`; no lookaround; the method replaces the first, the function all."""
    check(expression, expected)


# ---- limits: each at its edge, and just beyond


def test_a_text_with_expressions_has_64_kib():
    fits = "'" + "x" * (TEXT_LIMIT - 2) + "'"
    assert problems(fits) == []
    assert problems(fits + " ")[0] == "1: HR209 a text with expressions has at most 64 KiB"
    assert problems("'" + "é" * (TEXT_LIMIT // 2) + "'")[0].split()[1] == "HR209"


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("[", "]"), ("{a: ", "}"), ("`${", "}`"), ("lower(", ")"), ("true ? ", " : 2"), ("!", "")],
)
def test_an_expression_is_nested_100_deep(opening, closing):
    assert problems(opening * 99 + "1" + closing * 99) == []
    assert problems(opening * 100 + "1" + closing * 100)[0].split()[1] == "HR209"


def test_a_literal_has_4096_bits():
    assert evaluate(str(2**4096 - 1)) == 2**4096 - 1
    assert problems(str(2**4096))[0] == "1: HR228 an integer has at most 4,096 bits"
    assert evaluate(hex(2**4096 - 1)) == 2**4096 - 1
    assert problems(hex(2**4096))[0].split()[1] == "HR228"


def test_steps_are_counted_to_the_last(monkeypatch):
    expression, spent = "range(50).map(x => x).length", environment()
    before = spent.steps
    compiled(expression).evaluate(None, spent)
    needed = before - spent.steps
    monkeypatch.setattr(template, "STEP_LIMIT", needed)
    assert evaluate(expression) == 50
    monkeypatch.setattr(template, "STEP_LIMIT", needed - 21)  # null, the message, grants 20
    assert failure(expression).split()[1] == "HR223"


def test_a_text_that_is_made_has_16_mi_characters():
    text = {"t": "a" * 2**24}
    assert evaluate("'a'.repeat(16777216).length") == 2**24
    for beyond in (
        "'a'.repeat(16777217)",
        "$.t + 'b'",
        "`${$.t}b`",
        "$.t.concat('b')",
        "$.t.padEnd(16777217)",
    ):
        assert outcome(beyond, text) == "HR223", beyond


def test_a_function_makes_a_million_items():
    assert evaluate("range(1000000).length") == 1_000_000
    assert failure("range(1000001)").split()[1] == "HR223"


def test_an_error_names_its_place():
    with pytest.raises(ExpressionError) as caught:
        compiled("1 + $.none").evaluate({}, environment())
    assert str(caught.value.span) == "<expression>:1:5"
