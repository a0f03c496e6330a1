"""The functions of the language (section 4, and section 3 of the design): all are there, and mean what is said.

Each has two examples in its entry, run by test_builtins.py; here is what the rules say of them.
"""

import pytest

from headrace.expr.builtins import FUNCTIONS, METHODS
from support.expression import outcome

FUNCTION_NAMES = [
    "now", "RFC3339", "duration", "string", "int", "float", "bool", "len", "length", "size", "ceil",
    "floor", "round", "abs", "sqrt", "pow", "min", "max", "sum", "avg", "first", "last", "upper", "lower",
    "trim", "reverse", "split", "join", "contains", "hasprefix", "hassuffix", "replace", "substr",
    "index", "not", "b64encode", "b64decode", "uuid", "sha256", "hmac", "jsonparse", "coalesce", "keys",
    "values", "merge", "pick", "omit", "groupBy", "uniqueBy", "sortBy", "chunk", "range", "zip",
    "formatTime", "parseTime", "must", "fail", "has", "get", "set", "deepMerge", "indexBy", "countBy",
    "diffBy", "leftJoin", "compact", "columns", "startOf", "addMonths", "unix", "unixMs", "fromUnix",
    "fromUnixMs", "matches", "capture", "truncate", "slugify", "normalize", "stripAccents",
    "unescapeHtml", "stripHtml", "csvparse", "csvformat", "jsonlines", "urlencode", "urlparse", "sha1",
    "sha512", "md5", "hash", "b64url", "uuid5", "JSON.stringify", "JSON.parse", "Object.keys",
    "Object.values", "Object.entries", "Object.fromEntries", "Object.assign", "Object.groupBy",
    "Object.hasOwn", "Array.isArray", "Array.from", "Array.of", "String", "Number", "Boolean", "parseInt",
    "parseFloat", "isNaN", "isFinite", "encodeURIComponent", "decodeURIComponent", "encodeURI",
    "decodeURI", "Number.isInteger", "Date.now", "Date.parse", "String.fromCharCode",
    "String.fromCodePoint", "Math.round", "Math.max", "Math.min", "Math.floor", "Math.ceil", "Math.trunc",
    "Math.sign", "Math.hypot", "Math.random",
]  # fmt: skip

METHOD_NAMES = [
    "map", "filter", "find", "findIndex", "findLast", "findLastIndex", "some", "every", "reduce",
    "reduceRight", "flatMap", "flat", "slice", "concat", "includes", "indexOf", "lastIndexOf", "join",
    "reverse", "sort", "at", "keys", "entries", "values", "fill", "with", "toSorted", "toReversed",
    "toSpliced", "toUpperCase", "toLowerCase", "trim", "trimStart", "trimEnd", "split", "substring",
    "substr", "replace", "replaceAll", "startsWith", "endsWith", "padStart", "padEnd", "repeat", "charAt",
    "charCodeAt", "codePointAt", "normalize", "localeCompare", "match", "matchAll", "search", "test",
    "exec", "toFixed", "toPrecision", "toExponential", "toString",
]  # fmt: skip


def rule(*cases: tuple[str, object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("expression", "expected"), cases)


def check(expression: str, expected: object) -> None:
    actual = outcome(expression, {"o": {"a": {"b": [1, 2]}, "z": None}, "r": [{"id": 1}, {"id": 2}]})
    assert (type(actual), actual) == (type(expected), expected)


def test_every_function_and_method_that_the_rules_name_is_there():
    assert [name for name in FUNCTION_NAMES if name not in FUNCTIONS] == []
    assert [name for name in METHOD_NAMES if name not in METHODS] == []


def test_the_platforms_own_names_stay_out_of_completion_where_javascript_has_one():
    unsuggested = {name for name, function in FUNCTIONS.items() if not function.suggested}
    assert unsuggested == {"hasprefix", "hassuffix", "index", "keys", "length", "size", "substr", "values"}


@rule(
    ("must(0, 'no')", 0), ("must('', 'no')", ""), ("must(false, 'no')", "HR229"), ("must($.none)", "HR229"), ("fail('x')", "HR229"),
    ("has($.o, 'a.b[1]')", True), ("has($.o, 'z')", True), ("has($.o, 'a.c')", False), ("has($.none, 'a')", False), ("has($.o.z)", False),
    ("get($.o, 'a.b[0]')", 1), ("get($.o, 'a.b[-1]')", 2), ("get($.o, 'a.x', 5)", 5), ("get($.o, 'z', 5)", 5), ("get(null, 'a')", None),
    ("set($.o, 'a.b[0]', 9).a.b", [9, 2]), ("set({}, 'a[1]', 1)", {"a": [None, 1]}), ("set({a: 1}, 'b', 2)", {"a": 1, "b": 2}),
    ("deepMerge({a: {x: 1, y: [1]}}, null, {a: {y: [2]}})", {"a": {"x": 1, "y": [2]}}),
    ("int('x', 0)", 0), ("int(null, 0)", 0), ("float('x', 1.5)", 1.5), ("jsonparse('{', [])", []), ("jsonparse('{')", "HR225"),
)  # fmt: skip
def test_guards(expression, expected):
    """`must(x, text) fail(text) has get(x,'a.b[0]',default) set deepMerge`, fallbacks."""
    check(expression, expected)


@rule(
    ("indexBy($.r, 'id')", {"1": {"id": 1}, "2": {"id": 2}}), ("countBy($.r, r => r.id > 0)", {"true": 2}),
    ("groupBy($.r, r => r.id % 2)", {"1": [{"id": 1}], "0": [{"id": 2}]}), ("uniqueBy([{k: 1, v: 1}, {k: 1, v: 2}], 'k')", [{"k": 1, "v": 2}]),
    ("diffBy($.r, [{id: 2, n: 1}, {id: 3}], 'id')",
     {"added": [{"id": 3}], "removed": [{"id": 1}], "changed": [{"id": 2, "n": 1}], "same": []}),
    ("leftJoin($.r, [{id: 1, n: 'a'}], 'id')", [{"id": 1, "n": "a"}, {"id": 2}]), ("compact([0, null, ''])", [0, ""]),
    ("columns($.r, ['id', 'email'])", [[1, 2], [None, None]]), ("chunk(range(5), 2)", [[0, 1], [2, 3], [4]]),
    ("zip([1, 2], ['a'])", [[1, "a"], [2, None]]), ("pick({a: 1, b: 2}, ['b', 'c'])", {"b": 2}), ("omit({a: 1, b: 2}, 'b')", {"a": 1}),
)  # fmt: skip
def test_keys(expression, expected):
    """`uniqueBy` keeps the last; `diffBy` gives added, removed, changed and same; `columns` feeds unnest."""
    check(expression, expected)


@rule(
    ("RFC3339(startOf('2026-05-20T13:45:10Z', 'hour'))", "2026-05-20T13:00:00Z"), ("unix('1970-01-01T00:01:00Z')", 60),
    ("RFC3339(startOf('2026-05-20T13:45:10Z', 'week'))", "2026-05-18T00:00:00Z"), ("unixMs('1970-01-01T00:00:01.5Z')", 1500),
    ("RFC3339(addMonths('2024-01-31T10:00:00Z', 1))", "2024-02-29T10:00:00Z"), ("fromUnix(1.5)", 1500000000),
    ("formatTime(0, '%Y-%m-%d %H:%M', 'Europe/Berlin')", "1970-01-01 01:00"), ("fromUnixMs(1500)", 1500000000),
    ("RFC3339(parseTime('01/02/2026', '%d/%m/%Y', 'Europe/Berlin'))", "2026-01-31T23:00:00Z"),
    ("parseTime('x', '%Y')", "HR225"), ("formatTime(0, '%Y', 'Mars')", "HR214"), ("startOf(0, 'eon')", "HR214"),
)  # fmt: skip
def test_times(expression, expected):
    """`startOf addMonths unix unixMs fromUnix fromUnixMs formatTime parseTime` (strftime pattern, zone)."""
    check(expression, expected)


@rule(
    ("matches('a1', '^[a-z]\\\\d$')", True), ("capture('v1.2', /v(?<major>\\d+)/)", {"major": "1"}), ("capture('x', /\\d/)", None),
    ("truncate('headrace', 5)", "head…"), ("slugify('Crème brûlée!')", "creme-brulee"), ("stripAccents('Ångström')", "Angstrom"),
    ("normalize('ﬁ', 'NFKC')", "fi"), ("unescapeHtml('&lt;b&gt; &#233;')", "<b> é"), ("stripHtml('<p>a<br>b</p><script>x</script>')", "a b"),
    ("csvparse('id,n\\n1,\"a,b\"')", [{"id": "1", "n": "a,b"}]), ("csvformat([{a: 1, b: null}])", "a,b\r\n1,\r\n"),
    ("jsonlines('{\"a\":1}\\n\\n2')", [{"a": 1}, 2]), ("urlencode({q: 'a b', t: [1, 2]})", "q=a+b&t=1&t=2"),
    ("urlparse('https://h:1/p?q=1&q=2#f').query", {"q": ["1", "2"]}), ("b64url('a>?')", "YT4_"), ("b64decode('YT4_')", "a>?"),
    ("hash({a: 1, b: [1.0]}) == hash({b: [1], a: 1.0})", True), ("hash('1') == hash(1)", False), ("len(uuid())", 36),
    ("uuid5('dns', 'python.org')", "886313e1-3b8a-5372-9b90-0c9aee199e5d"), ("hmac('a', 'k', 'md5') == hmac('a', 'k')", False),
)  # fmt: skip
def test_texts_formats_and_hashes(expression, expected):
    """`hash` is of canonical JSON; either alphabet of Base64 is read."""
    check(expression, expected)


@rule(
    ("JSON.stringify({a: [1, 2.0, null, 'é\\u2028']}, null, 1)", '{\n "a": [\n  1,\n  2,\n  null,\n  "é\u2028"\n ]\n}'),
    ("[10, 9, 1].sort()", "HR230"), ("-7 % 3", -1), ("Math.round(-2.5)", -2), ("[1, [2, [3]], null].join('-')", "1-2,3-"),
    ("Object.assign({a: 1}, {b: 2})", {"a": 1, "b": 2}), ("Object.entries(['x'])", [["0", "x"]]), ("Array.from({length: 2}, (_, i) => i)", [0, 1]),
    ("[3, 4].at(-1)", 4), ("'abc'.at(-1)", "c"), ("[1, 2, 3].with(1, 9)", [1, 9, 3]), ("'a-b'.split('-', 1)", ["a"]),
    ("[[1, [2]], 3].flat()", [1, [2], 3]), ("[[1, [2]], 3].flat(9)", [1, 2, 3]), ("['a'].entries()", [[0, "a"]]),
    ("(255).toString(16) + (0.5).toFixed(1)", "ff0.5"), ("encodeURIComponent('a b&é')", "a%20b%26%C3%A9"), ("parseInt('z', 36)", 35),
)  # fmt: skip
def test_methods_and_globals_have_javascripts_meaning(expression, expected):
    """What the design says of them by name; random calls are compared with JavaScript elsewhere."""
    check(expression, expected)
