"""What work is accounted for: steps charged, not time; within a loop, where it can add up."""

import pytest

from headrace.errors import ExpressionError
from headrace.expr import Environment, template
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.environment import STEP_LIMIT, STEPS_PER_VALUE
from headrace.expr.failure import Failure
from headrace.expr.work import body_steps
from headrace.values import Json
from support.expression import compiled, failure

TEXT = "abc déf 12,"
DATA = {
    "one": [1],
    "t": TEXT * 4000,
    "regex": "(a|b)*c",
    "code": "QUJD" * 10_000,
    "pct": "%C3%A9" * 8000,
    "lines": '{"a":1}\n' * 4000,
    "csv": "a,b\n" + "1,2\n" * 8000,
    "n": list(range(3000)),
    "s": [f"s{i}" for i in range(3000)],
    "r": [{"id": i, "o": {"x": i}} for i in range(3000)],
    "o": {f"k{i}": i for i in range(3000)},
    "e": [["a", 1]] * 3000,
}

# What goes through a text of some 40,000 characters, or through 3,000 items or members.
HEAVY = [
    "lower($.t)", "upper($.t)", "trim($.t)", "reverse($.t)", "split($.t, ',')", "contains($.t, 'zz')", "index($.t, 'zz')",
    "replace($.t, 'zz', '')", "matches($.t, 'zz')", "capture($.t, 'zz')", "slugify($.t)", "normalize($.t)",
    "stripAccents($.t)", "unescapeHtml($.t)", "stripHtml($.t)", "b64encode($.t)", "b64decode($.code)", "b64url($.t)",
    "sha1($.t)", "sha256($.t)", "sha512($.t)", "md5($.t)", "hmac($.t, 'k')", "hash($.r)", "hash($.t)", "uuid5('dns', $.t)",
    "jsonparse($.t, 0)", "JSON.parse(`[${$.n}]`)", "csvparse($.csv)", "csvformat($.r)", "jsonlines($.lines)",
    "jsonlines($.r)", "urlencode($.o)", "urlparse(`http://a/?${$.t}`)", "encodeURIComponent($.t)", "encodeURI($.t)",
    "decodeURIComponent($.pct)", "decodeURI($.pct)", "JSON.stringify($.r)", "string($.r)", "String($.n)", "join($.s, '')",
    "contains($.n, -1)", "contains($.r, {id: -1})", "index($.r, {id: -1})", "sum($.n)", "avg($.n)", "min($.n)",
    "max($.n)", "compact($.n)", "chunk($.n, 1)", "zip($.n, $.n)", "range(3000)", "keys($.o)", "values($.o)",
    "merge($.o, {})", "deepMerge($.o, $.o)", "pick($.r, 'id')", "omit($.r, 'id')", "set($.n, '[0]', 1)",
    "sortBy($.r, 'id')", "groupBy($.r, 'id')", "indexBy($.r, 'id')", "countBy($.r, 'id')", "uniqueBy($.r, 'id')",
    "diffBy($.r, $.r, 'id')", "leftJoin($.r, $.r, 'id')", "columns($.r, ['id'])",
    "Array.from($.n)", "Array.of(...$.n)", "Object.keys($.o)", "Object.values($.o)", "Object.entries($.o)",
    "Object.fromEntries($.e)", "Object.assign({}, $.o)", "Object.groupBy($.n, x => x)", "Object.is($.n, [])", "must($.n)",
    "Math.max(...$.n)", "Math.min(...$.n)", "Math.hypot(...$.n)", "String.fromCharCode(...range(1, 3000))",
    "String.fromCodePoint(...range(1, 3000))",
    "$.n.map(x => x)", "$.n.filter(x => x)", "$.n.find(x => x < 0)", "$.n.findIndex(x => x < 0)",
    "$.n.findLast(x => x < 0)", "$.n.findLastIndex(x => x < 0)", "$.n.some(x => x < 0)", "$.n.every(x => x >= 0)",
    "$.n.flatMap(x => x)", "$.n.reduce((a, x) => x)", "$.n.reduceRight((a, x) => x)", "$.s.sort()", "$.s.toSorted()",
    "$.n.sort((a, b) => b - a)", "$.n.slice(0)", "$.n.concat(1)", "$.n.indexOf(-1)", "$.n.lastIndexOf(-1)",
    "$.n.includes(-1)", "$.n.flat()", "$.n.join()", "$.n.reverse()", "$.n.toReversed()", "$.n.keys()", "$.n.entries()",
    "$.n.values()", "$.n.fill(0)", "$.n.with(0, 1)", "$.n.toSpliced(0, 1)", "$.n.toString()",
    "$.t.toUpperCase()", "$.t.toLowerCase()", "$.t.trim()", "$.t.trimStart()", "$.t.trimEnd()", "$.t.split(/,/)",
    "$.t.replace(/,/g, ';')", "$.t.replaceAll(',', ';')", "$.t.padStart(90000)", "$.t.padEnd(90000)", "'ab'.repeat(40000)",
    "$.t.normalize()", "$.t.match(/zz/)", "$.t.matchAll(/,/g)", "$.t.search(/zz/)", "/zz/.test($.t)", "/zz/.exec($.t)",
    "$.t.localeCompare($.t)", "$.t.substring(1)", "$.t.substr(1)", "substr($.t, 1)", "$.t.slice(1)", "$.t.includes('zz')",
    "$.t + 1", "`${$.t}!`", "[...$.n]", "[...$.t]", "({...$.o})", "$.n == $.n.slice(0)", "$.n[*]", "$..id", "$.n[?@ < 0]",
    "$.r", "$.t",
]  # fmt: skip

# What looks at a part alone, or at numbers, times and short texts.
LIGHT = [
    "first($.n)", "last($.n)", "len($.t)", "length($.t)", "size($.n)", "has($, 'n')", "get($, 'n')[0]", "coalesce(null, 1)",
    "bool(true)", "not($.n)", "truncate($.t, 5)", "hasprefix($.t, 'a')", "hassuffix($.t, 'a')", "int('1')", "float('1')",
    "Boolean($.n)", "Number('1')", "parseInt('1')", "parseFloat('1')", "isNaN(1)", "isFinite(1)", "Number.isInteger(1)",
    "Number.isSafeInteger(1)", "Number.isFinite(1)", "Number.isNaN(1)", "Number.parseInt('1')", "Number.parseFloat('1')",
    "abs(1)", "ceil(1.5)", "floor(1.5)", "round(1.5)", "sqrt(4)", "pow(2, 2)", "now()", "Date.now()", "RFC3339(0)",
    "duration('1h')", "startOf(0, 'day')", "addMonths(0, 1)", "unix(0)", "unixMs(0)", "fromUnix(0)", "fromUnixMs(0)",
    "formatTime(0, '%Y')", "parseTime('2026', '%Y')", "Date.parse('2026-01-01T00:00:00Z')", "uuid()",
    "Array.isArray($.n)", "Object.hasOwn($.n, '0')", "true || fail('')", "(1).toFixed(1)", "(1).toPrecision(1)",
    "(1).toExponential(1)", "$.t.charAt(5)", "$.t.charCodeAt(5)", "$.t.codePointAt(5)", "$.n.at(5)",
    "$.t.startsWith('a')", "$.t.endsWith('a')", "$.t.length", "$.n[5]", "$.n.slice(0, 2)", "$.t.slice(0, 2)",
]  # fmt: skip


def steps(expression: str) -> int:
    """The steps of an expression, evaluated once within a loop."""
    environment = Environment(now_ns=lambda: 0)
    made = compiled(in_loop(expression))
    made._pause = 1
    made.evaluate(DATA, environment)
    return STEP_LIMIT - environment.steps


def in_loop(expression: str) -> str:
    return f"$.one.map(_ => ({expression}))"


@pytest.mark.parametrize("expression", HEAVY)
def test_what_grows_with_the_data_is_charged_by_its_size(expression):
    assert steps(expression) > 600


@pytest.mark.parametrize(
    ("expression", "least"),
    [
        ("$.n == $.r", 3000),
        ("$.n === $.r", 3000),
        ("$.one.includes($.r)", 9000),
        ("$.one.map(x => [x, [$.t]])", 1300),
        ("join([$.r], '')", 9000),
        ("uniqueBy([$.r], 'length')", 9000),
        ("sortBy($.n, x => x)", 36_000),
        ("stripHtml($.t)", 170_000),
        ("$.t.replaceAll('zz', '')", 8000),
        ("$.r[*].id", 9000),
        ("$.r..id", 15_000),
        ("$.n[?@ < 5]", 6000),
        ("$.one[?$.r == $.r]", 12_000),
        ("$.one[?match($.t, 'a.*')]", 2500),
        ("$.one[?match('ab', $.regex)]", 200),
    ],
)
def test_what_goes_through_all_is_charged_for_all(expression, least):
    assert steps(expression) > least


@pytest.mark.parametrize("expression", LIGHT)
def test_what_does_not_grow_is_not(expression):
    assert steps(expression) < 100


def test_every_function_and_method_is_measured():
    measured = " ".join((*HEAVY, *LIGHT))
    missing = [name for name in FUNCTIONS if f"{name}(" not in measured]
    missing += [name for name in METHODS if f".{name}(" not in measured]
    assert [name for name in missing if not name.startswith("Math.")] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [("x", 1), ("x.id", 1), ("x + 1", 2), ("{id: x.id, name: x.name}", 4), ("[x, x]", 2), ("x ** 2000", 41)],
)
def test_a_loop_pays_for_its_body(body, expected):
    environment = Environment(now_ns=lambda: 0)
    compiled(f"$.map(x => ({body})).length").evaluate([], environment)
    arrow = compiled(f"$.map(x => ({body}))").expressions[0].node.arguments[0]
    assert body_steps(arrow.body) == expected


def test_the_body_of_an_inner_loop_is_charged_by_the_inner_loop():
    assert steps("$.n.map(x => $.one.map(y => [y, y, y, y, y, y]))") > 3000 * 4


@pytest.mark.parametrize(
    "expression",
    [
        "range(1000).map(x => $.t + x)",
        "range(1000).map(x => `${$.t}`)",
        "range(1000).map(x => $.r)",
        "range(1000).map(() => $)",
        "range(1000).map(x => ({t: $.r}))",
        "range(1000).map(x => lower($.t))",
        "range(1000).map(lower).concat(range(1000).map(x => $.t).map(lower))",
        "range(1000).map(x => /(a|b)*zz/.test($.t))",
        "range(1000).map(x => $.n == $.n.slice(0))",
        "range(1000).map(x => contains($.r, {id: x}))",
        "range(1000).map(x => hash($.r))",
        "range(1000).reduce((a, x) => a + $.t, '')",
        "range(1000).reduce((a, x) => [...a, ...$.n], [])",
        "range(1000).map(x => 'a'.repeat(99).replace(/a/g, y => x))",
        "$.s.map(x => $.s.sort((a, b) => a.localeCompare(b)))",
        "sortBy(range(1000), x => $.n.filter(y => y < x).length)",
    ],
)
def test_what_adds_up_is_stopped(expression, monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 100_000)
    assert failure(expression, DATA).split()[1] in {"HR223", "HR224"}


def test_the_idioms_of_people_are_not():
    for expression in (
        "$.n.reduce((all, x) => [...all, x], [])",
        "range(1000).map(x => $.n.find(y => y == x))",
        "$.r.map(r => ({...r, label: `${r.id}`, one: $.one}))",
        "$.t.split('').map(c => c.toUpperCase()).join('')",
        "range(len($.t)).map(i => $.t.charAt(i)).join('')",
    ):
        assert steps(expression) < STEP_LIMIT


def test_a_large_page_is_gone_through_whatever_its_size(monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 1000)
    rows = [{"id": number, "name": f"name {number}", "active": True} for number in range(5000)]
    body = "{id: string(r.id), name: upper(r.name), status: r.active ? 'on' : 'off', meta: JSON.stringify(r)}"
    shaped = compiled(f"$.rows.map(r => ({body}))")
    assert len(shaped.evaluate({"rows": rows}, Environment(now_ns=lambda: 0))) == 5000


def test_what_a_message_grants_is_granted_once(monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 1000)
    environment = Environment(now_ns=lambda: 0)
    compiled("$.map(x => $.map(y => y).length)").evaluate([1] * 20, environment)
    with pytest.raises(ExpressionError, match="too much"):
        compiled("$.map(x => $.map(y => y).length)").evaluate([1] * 2000, environment)


@pytest.mark.parametrize(
    ("message", "values"),
    [(None, 1), ("text", 1), ([1, 2, 3], 4), ({"a": 1, "b": {"c": [1, 2]}}, 6), ([[[[]]], {"a": {}}], 6)],
)
def test_a_message_grants_steps_for_each_of_its_values(message, values):
    environment = Environment(now_ns=lambda: 0)
    environment.begin(message, 10)
    environment.spend(10 + STEPS_PER_VALUE * values)
    with pytest.raises(Failure):
        environment.spend(1)


def test_each_evaluation_is_granted_them(monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 1000)
    environment = Environment(now_ns=lambda: 0)
    shaped = compiled("$.map(x => x + 1).length")
    assert [shaped.evaluate([1] * 2000, environment) for _ in range(3)] == [2000, 2000, 2000]


def test_what_was_too_much_is_not_done_in_full_again(monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 10_000)
    begun = begun_with("range(9000).map(x => x + 1)", "HR223")
    assert begun == [10_000, 1000]


def test_where_data_is_missing_the_second_try_has_all_steps_again(monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 10_000)
    begun = begun_with("[range(2000).map(x => x + 1).length, $.gone.map(x => x)]", "HR221")
    assert begun == [10_000, 10_000]


def begun_with(expression: str, code: str) -> list[int]:
    """The steps that each try of an evaluation began with, where it fails with a code."""
    begun: list[int] = []

    class Watched(Environment):
        def begin(self, message: Json, steps: int) -> None:
            begun.append(steps)
            Environment.begin(self, message, steps)

    with pytest.raises(ExpressionError) as caught:
        compiled(expression).evaluate({}, Watched(now_ns=lambda: 0))
    assert caught.value.code == code
    return begun
