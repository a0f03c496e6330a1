"""Values: the rules D1 to D8, conversions, and functions of null, each with what would break it.

A value is compared with its type; `HRnnn` stands for the error. Text as it is printed: test_text.py.
"""

import pytest

from support.expression import outcome

DATA = {
    "z": None, "n": 3, "f": 2.0, "s": "abc", "t": True, "a": [1, 2], "o": {"a": 1, "z": None},
    "big": 9007199254740993, "e": "😀a", "rows": [{"id": 1}, {"id": None}, {}],
}  # fmt: skip


def rule(*cases: tuple[str, object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("expression", "expected"), cases)


def check(expression: str, expected: object) -> None:
    actual = outcome(expression, DATA)
    assert (type(actual), actual) == (type(expected), expected)


@rule(
    ("undefined === null", True),
    ("$.none === undefined", True),
    ("[undefined]", [None]),
    ("{a: undefined}", {"a": None}),
    ("JSON.stringify({a: undefined})", '{"a":null}'),
    ("typeof $.none", "undefined"),
    ("typeof $.z", "object"),
    ("typeof $.o.z", "object"),
    ("typeof $.o.none", "undefined"),
    ("typeof $.none.none", "undefined"),
    ("typeof $.a[5]", "undefined"),
    ("typeof undefined", "undefined"),
    ("typeof null", "object"),
    ("(({z = 5}) => z)($.o)", None),
    ("(({none = 5}) => none)($.o)", 5),
    ("(([a, b, c = 7]) => c)($.a)", 7),
    ("(([x = 5]) => x)([null])", None),
    ("((a, b = 5) => b)(1, null)", None),
    ("((a, b = 5) => b)(1)", 5),
)
def test_d1_there_is_one_empty_value(expression, expected):
    """`undefined` is `null`; `typeof` tells an absent member; defaults apply to absent members only."""
    check(expression, expected)


@rule(
    ("$.big + 1", 9007199254740994),
    ("2 ** 4095", 2**4095),
    ("2 ** 4096", "HR228"),
    ("2 ** 4095 + (2 ** 4095 - 1)", 2**4096 - 1),
    ("2 ** 4095 + 2 ** 4095", "HR228"),
    ("0 - 2 ** 4095 - 2 ** 4095", "HR228"),
    ("2 ** 4095 * 2", "HR228"),
    ("pow(2, 4096)", "HR228"),
    ("1e3", 1000.0),
    ("1.0", 1.0),
    ("`${1.0} ${1e3} ${2.50}`", "1 1000 2.5"),
    ("1.0 === 1", True),
    ("[10, 20][1.0]", 20),
    ("{[1.0]: 'x'}['1']", "x"),
    ("JSON.stringify([$.f, 1e21, $.big])", "[2,1e+21,9007199254740993]"),
    ("JSON.parse('[12345678901234567890, 1.0]')", [12345678901234567890, 1.0]),
    ("JSON.stringify(JSON.parse('12345678901234567890'))", "12345678901234567890"),
    ("int('12345678901234567890') + 1", 12345678901234567891),
    ("0xffffffffffffffffff", 0xFFFFFFFFFFFFFFFFFF),
    ("7 / 7", 1),
    ("10 ** 30 / 10 ** 29", 10),
    ("1 / 3", 1 / 3),
    ("0.1 + 0.2", 0.30000000000000004),
)
def test_d2_integers_are_exact(expression, expected):
    """Up to 4,096 bits; `.` or an exponent makes a float; an integral float prints as the integer."""
    check(expression, expected)


@rule(
    ("[1, {a: [2]}] == [1.0, {a: [2]}]", True),
    ("[1, {a: [2]}] === [1, {a: [3]}]", False),
    ("{a: 1, b: 2} == {b: 2, a: 1}", True),
    ("{a: null} == {}", False),
    ("[1] == 1", False),
    ("[true] == [1]", False),
    ("$.rows.includes({id: 1})", True),
    ("$.rows.indexOf({id: null})", 1),
    ("$.rows.lastIndexOf({})", 2),
    ("contains($.rows, {id: 2})", False),
    ("'1' == 1", True),
    ("' 1 ' == 1", True),
    ("'0x10' == 16", True),
    ("'' == 0", True),
    ("true == '1'", True),
    ("true == 'true'", False),
    ("null == 0", False),
    ("null == false", False),
    ("1 === true", False),
    ("'a' == 0", False),
)
def test_d3_arrays_and_objects_are_equal_by_value(expression, expected):
    """Also in `includes` and `indexOf`; scalars as in JavaScript."""
    check(expression, expected)


@rule(
    ("$.e.length", 2),
    ("len($.e)", 2),
    ("$.e[0]", "😀"),
    ("$.e[1]", "a"),
    ("$.e.slice(1)", "a"),
    ("$.e.slice(0, -1)", "😀"),
    ("$.e.indexOf('a')", 1),
    ("$.e.at(0)", "😀"),
    ("$.e.charAt(0)", "😀"),
    ("$.e.charCodeAt(0)", 0x1F600),
    ("$.e.codePointAt(1)", 97),
    ("$.e.padStart(4, '-')", "--😀a"),
    ("'x'.padEnd(3, '😀')", "x😀😀"),
    ("$.e.split('')", ["😀", "a"]),
    ("[...$.e]", ["😀", "a"]),
    ("reverse($.e)", "a😀"),
    ("substr($.e, 1)", "a"),
    ("truncate($.e + 'bc', 2, '')", "😀a"),
    ("$.e.search(/a/)", 1),
    ("'😀' < '\\uffff'", False),
    ("['😀', '\\uffff'].sort()", ["\uffff", "😀"]),
    ("'\\ud83d\\ude00' == '😀'", True),
    ("'\\ud83d'", "HR201"),
    ("JSON.parse('\"\\\\ud83d\"')", "HR225"),
    ("String.fromCharCode(55357)", "HR224"),
)
def test_d4_text_is_code_points(expression, expected):
    """A lone surrogate is an error."""
    check(expression, expected)


@rule(
    ("Object.keys({b: 1, 2: 1, a: 1, 1: 1})", ["b", "2", "a", "1"]),
    ("JSON.stringify({b: 1, '1': 2})", '{"b":1,"1":2}'),
    ("Object.keys({...{b: 1, a: 2}, b: 3, 0: 4})", ["b", "a", "0"]),
    ("Object.keys(groupBy([10, 2], x => x))", ["10", "2"]),
)
def test_d5_objects_keep_the_order_of_insertion(expression, expected):
    """Also for keys that look like numbers."""
    check(expression, expected)


@rule(
    ("'n: ' + $.z + $.none", "n: "),
    ("$.z + 'a'", "a"),
    ("`<${$.none}>`", "<>"),
    ("$.z + 1", "HR220"),
    ("1 - $.none", "HR220"),
    ("$.z * 2", "HR220"),
    ("$.z / 2", "HR220"),
    ("$.z % 2", "HR220"),
    ("$.z ** 2", "HR220"),
    ("-$.z", "HR220"),
    ("+$.z", "HR220"),
    ("$.z + $.z", "HR220"),
    ("$.z < 1", "HR220"),
    ("'a' >= $.z", "HR220"),
    ("[...$.z]", "HR220"),
    ("Math.max(...$.z)", "HR220"),
    ("$.none.trim()", "HR221"),
    ("$.z.map(x => x)", "HR221"),
    ("{...$.z, ...$.none, a: 1}", {"a": 1}),
    ("Object.assign({}, $.z)", {}),
    ("merge($.z, {a: 1})", {"a": 1}),
)
def test_d6_null_adds_nothing_to_text_and_is_an_error_elsewhere(expression, expected):
    """Arithmetic, ordering, array spread and methods fail; spread into an object adds nothing."""
    check(expression, expected)


@rule(
    ("Number('x') || 0", 0),
    ("Number('x') && 1 || 2", 2),
    ("!Number('x')", True),
    ("Number('x') ? 1 : 2", 2),
    ("Number('x') == Number('x')", False),
    ("Number('x') != 1", True),
    ("isNaN(Number('x'))", True),
    ("Number.isNaN(Number('x'))", True),
    ("isFinite(Number('x'))", False),
    ("Number('x')", "HR222"),
    ("Number('x') && 1", "HR222"),
    ("Number('x') ?? 1", "HR222"),
    ("[Number('x')]", "HR222"),
    ("{a: +'x'}", "HR222"),
    ("`${Number('x')}`", "HR222"),
    ("Number('x') + 1", "HR222"),
    ("['x'].map(Number)", "HR222"),
    ("['x', '2'].filter(Number)", ["2"]),
    ("(x => x)(Number('x'))", "HR222"),
    ("coalesce(Number('x'))", "HR222"),
    ("Number('1e999') || 1", "HR222"),
    ("true ? Number('x') : 1", "HR222"),
    ("(true ? Number('x') : 1) || 3", 3),
    ("1 / 0", "HR222"),
    ("0 / 0", "HR222"),
    ("1 % 0", "HR222"),
    ("1.5 % 0.0", "HR222"),
    ("1e308 * 10", "HR222"),
    ("0 ** -1", "HR222"),
    ("(-8) ** (1 / 3)", "HR222"),
    ("Math.sqrt(-1)", "HR222"),
    ("Math.log(0)", "HR222"),
    ("1e999", "HR222"),
    ("NaN", "HR206"),
    ("Infinity", "HR206"),
)
def test_d7_nan_and_infinity_never_leave_an_expression(expression, expected):
    """Only `|| && ! ?: ==` and `isNaN` may meet them; division and `%` by zero are errors."""
    check(expression, expected)


@rule(
    ("[$.a.sort((a, b) => b - a), $.a.reverse(), $.a.fill(0), $.a]", [[2, 1], [2, 1], [0, 0], [1, 2]]),
    *((f"$.a.{name}(1)", "HR213") for name in ("push", "pop", "shift", "unshift", "splice", "copyWithin")),
)
def test_d8_nothing_mutates(expression, expected):
    """`sort` and `reverse` give copies; what changes its array is an error."""
    check(expression, expected)


@rule(
    ("String(null)", "null"),
    ("String(undefined)", "null"),
    ("String([1, [2, null]])", "1,2,"),
    ("String({})", "[object Object]"),
    ("Number(null)", 0),
    ("Number('')", 0),
    ("Number(' 0x1F ')", 31),
    ("Number('1,2') || 'none'", "none"),
    ("Number([5])", 5),
    ("Boolean('false')", True),
    ("Boolean([])", True),
    ("parseInt('1,2')", 1),
    ("parseInt('12px')", 12),
    ("parseFloat('1.5.2')", 1.5),
    ("string(null)", None),
    ("string([1])", "[1]"),
    ("int('1,2')", "HR225"),
    ("int(2.9)", 2),
    ("float('1.5x')", "HR225"),
    ("bool('yes')", "HR225"),
)
def test_conversions_are_javascripts_in_capitals_and_ours_in_lower_case(expression, expected):
    """`String Number Boolean parseInt parseFloat` are JavaScript's; `string int float bool` are strict."""
    check(expression, expected)


@rule(
    *((f"{name}(null)", None) for name in ("upper", "lower", "trim", "slugify", "int", "float", "bool", "string")),
    *((f"{name}($.none, 'a')", None) for name in ("split", "contains", "hasprefix", "matches")),
    *((f"{name}(null)", 0) for name in ("len", "length", "size")),
    *((f"{name}(null)", "HR220") for name in ("ceil", "floor", "round", "abs", "sqrt", "sum", "avg", "Math.ceil")),
    ("pow(2, null)", "HR220"),
    *((f"{name}([])", None) for name in ("first", "last", "min", "max", "avg")),
    ("sum([])", 0),
)  # fmt: skip
def test_functions_of_null_and_of_nothing(expression, expected):
    """Text functions and lower-case conversions give null, lengths 0; number functions fail."""
    check(expression, expected)
