"""Expressions that mean harm: those that reach for Python, for memory or time, or for an error of ours.

Each gives a value or an error with a code, the same from checked and direct code, in bounded CPU time.
"""

import time

import pytest

from headrace.errors import ExpressionError, Finding
from headrace.expr import Environment, Scope, compile_expression
from headrace.source import Text
from headrace.values import Json, encode_json

SECONDS = 20
"""Of CPU for both ways of evaluating; 10,000,000 steps take some, more on a machine that is busy."""

NOTHING: list[tuple[str, Json, Json]] = [  # reaches no attribute: the value is null, or what was put there
    ("$.__class__", {"a": 1}, None),
    ("$['__class__']", {}, None),
    ("'a'['__class__']", None, None),
    ("(5)['__class__']", None, None),
    ("[].__class__", None, None),
    ("'a'.constructor", None, None),
    ("$.toString", {}, None),
    ("({__proto__: {a: 1}}).a", None, None),
    ("has({}, '__class__.__init__.__globals__')", None, False),
    ("set({}, '__class__.x', 1)", None, {"__class__": {"x": 1}}),
    ("get($, '__class__.__init__')", {"a": 1}, None),
    ('Object.assign({}, JSON.parse(\'{"__proto__": {"x": 1}}\')).x', None, None),
    ("(__builtins__ => __builtins__)(1)", None, 1),
    ("(environment => environment)(1)", None, 1),
    ("(message => [message, $])(1)", 2, [1, 2]),
    ("((the_instant, now_text) => [the_instant, now_text])(1, 2)", None, [1, 2]),
    ("((a_1, a) => [a_1, a])(1, 2)", None, [1, 2]),
    ("((a$, a_) => [a$, a_])(1, 2)", None, [1, 2]),
    ("((lambda, def) => [lambda, def])(1, 2)", None, [1, 2]),
    ("((\ufb01, fi) => [\ufb01, fi])(1, 2)", None, [1, 2]),  # which Python's own parser takes for one name
    ("((\U0001d4b6, a) => [\U0001d4b6, a])(1, 2)", None, [1, 2]),
    ("((\u00aaa, aa) => [\u00aaa, aa])(1, 2)", None, [1, 2]),
    ("`{0.__class__} ${1}{x!r:>1000000}`", None, "{0.__class__} 1{x!r:>1000000}"),
    ("'a'.replace(/(?<n>a)/, '$<__x>')", None, ""),
    ("capture('a', '(?<__proto__>a)')", None, {"__proto__": "a"}),
    ("[1, 2]['0'.repeat(5000)]", None, None),
    ("[1, 2]['9'.repeat(5000)]", None, None),
    ("unescapeHtml('&#' + '9'.repeat(5000) + ';')", None, "\ufffd"),
    ("unescapeHtml('&#' + '0'.repeat(5000) + '65;')", None, "A"),
]

REFUSED: list[tuple[str, Json, str]] = [
    # names of Python and of ours
    ("__builtins__", None, "HR206"),
    ("environment", None, "HR206"),
    ("function_len", None, "HR206"),
    # files, zones, algorithms
    ("formatTime(0, '%Y', '../../etc/passwd')", None, "HR214"),
    ("formatTime(0, '%Y', '/etc/passwd')", None, "HR214"),
    ("formatTime(0, '%Y', 'Europe')", None, "HR214"),
    ("formatTime(0, '%Y', 'a\\u0000')", None, "HR214"),
    ("hmac('a', 'k', 'shake_128')", None, "HR214"),
    ("fail('{operand} {node} {0.__class__}')", None, "HR229"),
    ("'{0.__class__}' - 1", None, "HR222"),
    # numbers
    ("Number('0x' + 'f'.repeat(5000))", None, "HR228"),
    ("Number('9'.repeat(5000))", None, "HR228"),
    ("parseInt('z'.repeat(4096), 36)", None, "HR228"),
    ("sum([2**4095, 2**4095])", None, "HR228"),
    ("avg([2**4095, 1])", None, "HR222"),
    ("JSON.parse('['.repeat(100000))", None, "HR225"),
    ("JSON.parse('9'.repeat(5000))", None, "HR225"),
    ("JSON.parse('1e999')", None, "HR225"),
    ("b64decode('7aCA')", None, "HR225"),  # half a surrogate pair
    ("decodeURIComponent('%ED%A0%80')", None, "HR225"),
    ("String.fromCharCode(55296)", None, "HR224"),
    # what would be remembered
    ("duration('1s'.repeat(1000000))", None, "HR225"),
    ("get({}, 'a.'.repeat(1000000) + 'a')", None, "HR225"),
    ("int('2024-01-01T00:00:00.' + '0'.repeat(1000000) + 'Z')", None, "HR225"),
    ("parseTime('x', 'a'.repeat(1000000))", None, "HR225"),
    ("formatTime(0, '%c'.repeat(1000000))", None, "HR225"),
    # regular expressions
    ("matches('a', '('.repeat(60000))", None, "HR210"),
    ("matches('a', 'a'.repeat(70000))", None, "HR210"),
    ("matches('a', '(a|b)?'.repeat(10000))", None, "HR210"),
    ("/(a{1000}){1000}/.test('a')", None, "HR210"),
    ("matches($.text, 'a'.repeat(60000))", {"text": "a" * 1_000_000}, "HR223"),
    ("/" + "a" * 60_000 + "/.test($.text)", {"text": "a" * 1_000_000}, "HR223"),
    # texts and arrays that are many times what they are made of
    ("JSON.stringify([" + "$.b," * 800 + "])", {"b": "x" * 1_000_000}, "HR223"),
    ("hash([" + "$.b," * 800 + "])", {"b": "x" * 1_000_000}, "HR223"),
    ("`" + "${$.b}" * 600 + "`", {"b": "x" * 1_000_000}, "HR223"),
    ("[" + "$.b," * 800 + "].join('')", {"b": "x" * 1_000_000}, "HR223"),
    ("urlencode({a: [" + "$.b," * 800 + "]})", {"b": "x" * 1_000_000}, "HR223"),
    ("range(40).reduce((a, _) => a + a, 'x')", None, "HR223"),
    ("csvparse($.text)", {"text": ",".join(f"c{i}" for i in range(9000)) + "\nx" * 9000}, "HR223"),
    ("csvformat($.rows)", {"rows": [{f"k{i}": 1} for i in range(9000)]}, "HR223"),
    ("Array.from({length: 2**4000})", None, "HR223"),
    ("range(2**4000)", None, "HR223"),
    ("''.padStart(2**4000)", None, "HR223"),
    # text of the expression
    ("!" * 65_000, None, "HR209"),
    ("[" * 65_000, None, "HR201"),
    ("$" + ".a" * 30_000, None, "HR209"),
]

SLOW: list[tuple[str, Json]] = [  # to the limit of steps
    ("range(100000).map(i => matches('a', '(a{30}){30}' + i)).length", None),
    ("range(40).reduce((a, _) => [a, a], 1)", None),
    ("$[" + "0," * 9999 + "0][" + "0," * 9999 + "0]", [[1]]),
    ("$.a[?$.b == $.c]", {"a": [1] * 30_000, "b": [1] * 30_000, "c": [1] * 30_000}),
    ("$.a[?match($.b, 'x*y')]", {"a": [1] * 100_000, "b": "x" * 1_000_000}),
    ("[" + "$.a," * 1000 + "][*][*]", {"a": [1] * 100_000}),
]


def evaluated(text: str, message: Json) -> Json:
    """The value, or the code of the error, the same from both ways of compiling."""
    findings: list[Finding] = []
    begun = time.process_time()
    template = compile_expression(Text.bare(text), Scope.EVAL, findings)
    if not template.usable:
        assert all(0 <= item.span.start <= item.span.end <= len(text) for item in findings)
        return str(findings[0].code)
    results: list[Json] = []
    for pause in (0, 1):
        template._pause = pause
        try:
            value = template.evaluate(message, Environment(lambda: 0))
        except ExpressionError as error:
            results.append(error.code if error.span.end <= len(text) else "outside")
        else:
            encode_json(value)
            results.append(value)
    assert results[0] == results[1]
    assert time.process_time() - begun < SECONDS
    return results[0]


@pytest.mark.parametrize(("text", "message", "expected"), NOTHING, ids=[item[0][:50] for item in NOTHING])
def test_nothing_of_python_is_reached(text: str, message: Json, expected: Json) -> None:
    assert evaluated(text, message) == expected


@pytest.mark.parametrize(("text", "message", "code"), REFUSED, ids=[item[0][:50] for item in REFUSED])
def test_what_is_too_much_or_wrong_is_refused_with_a_code(text: str, message: Json, code: str) -> None:
    assert evaluated(text, message) == code


@pytest.mark.soak
@pytest.mark.parametrize(("text", "message"), SLOW, ids=[item[0][:50] for item in SLOW])
def test_what_goes_on_and_on_stops_at_the_limit_of_steps(text: str, message: Json) -> None:
    assert evaluated(text, message) == "HR223"


@pytest.mark.parametrize(
    "path", ["$.secrets.token", "$['secrets'].token", "$['\\x73ecrets']['token']", "$['secret' + 's'].token"]
)
def test_no_spelling_of_its_path_shows_a_secret(path: str) -> None:
    findings: list[Finding] = []
    template = compile_expression(Text.bare(f"int({path})"), Scope.SETTINGS, findings)
    if not template.usable:
        assert [item.code for item in findings] == ["HR121"]
        return
    secret = "sesame " * 20
    with pytest.raises(ExpressionError) as caught:
        template.evaluate({"vars": {}, "secrets": {"token": secret}}, Environment(lambda: 0))
    assert "sesame" not in caught.value.message
