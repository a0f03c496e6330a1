"""Tokens to nodes and back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import Finding
from headrace.expr import Scope, compile_expression, compile_template
from headrace.expr.lexer import tokenize
from headrace.expr.nodes import Expression, path_of, walk
from headrace.expr.parser import parse
from headrace.expr.printer import print_node
from headrace.expr.problem import Problem
from headrace.source import Text
from support.expression import problems


def parsed(text: str) -> Expression:
    tokens, _ = tokenize(Text.bare(text), 0, None)
    return parse(text, tokens)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$", ("$",)),
        ("$.a.b[0]", ("$", "a", "b", 0)),
        ("$.a?.['b c']?.d[-1]", ("$", "a", "b c", "d", -1)),
        ("($vars).a", ("$vars", "a")),
        ("(($.a)).b", ("$", "a", "b")),
        ("$run.id", ("$run", "id")),
        ("x.y", ("x", "y")),
        ("$[true]", None),
        ("$.a[$.b]", None),
        ("$.a.map(x => x)", None),
        ("$.a[*]", None),
        ("1", None),
    ],
)
def test_a_path_is_recognised(text, expected):
    assert path_of(parsed(text)) == expected


def test_every_node_knows_its_place():
    text = "$.a.map(({id, n: [k = 1]}) => `x${id + k}`)[0]?.b || lower('A')"
    places = {text[node.start : node.end] for node in walk(parsed(text))}
    assert places >= {
        text, "$.a", "$", "({id, n: [k = 1]}) => `x${id + k}`", "{id, n: [k = 1]}", "n: [k = 1]", "k = 1",
        "`x${id + k}`", "id + k", "lower('A')", "'A'", "0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-2 ** 2", "1: HR201 `-` before `**` needs parentheses: `(-x) ** y` or `-(x ** y)`"),
        ("1 ?? 2 || 3", "8: HR201 `??` and `||` together need parentheses"),
        ("1 && 2 ?? 3", "8: HR201 `&&` and `??` together need parentheses"),
        ("[1,,2]", "4: HR201 an element is missing before `,`"),
        ("x => {a: 1}", "3: HR208 an arrow that returns an object needs parentheses: `x => ({…})`"),
        ("$.name | upper", "8: HR203 `| upper` is Jinja; write `upper($.name)`"),
        ("1 + $.name | upper", "12: HR203 `| upper` is Jinja; write `upper($.name)`"),
        ("$json.name", "1: HR203 `$json` is n8n; write `$` for the message, as in `$.name`"),
        (
            "$other",
            "1: HR206 unknown name `$other`; there are `$`, `$vars` and `$run`; "
            "for a member of the message write `$.other`",
        ),
        ("$.a if $.b else 1", "5: HR203 `if` has no meaning here; write `condition ? then : otherwise`"),
        ("$.a and $.b", "5: HR201 `and` has no meaning here; write `&&`"),
        ("not $.a", "5: HR201 `not` has no meaning here; write `!` or `not(…)`"),
        ("NaN", "1: HR206 `NaN` is no value here; test a number with `isNaN(x)` or `isFinite(x)`"),
        ("None", "1: HR206 unknown name `None`; write `null`"),
        ("$.a = 1", "5: HR201 `=` changes a value, and nothing can be changed here; compare with `==`"),
        (
            "$.a & 1",
            "5: HR201 `&` works on bits, which expressions do not have; "
            "for true and false write `&&`; texts are joined by `+`",
        ),
        ("1; 2", "2: HR201 `;` has no meaning here; there are expressions only, no statements"),
        ("$.a.0", "4: HR201 an element is written `[0]`"),
        ("$.a?.(1)", "4: HR201 `?.(` is not offered; `x?.name(…)` calls a method unless x is null"),
        ("new Date()", "1: HR212 `new Date` is not offered; use `now()`, `int(text)` or `formatTime(ns, pattern)`"),
        ("$.a[0, $.b]", "8: HR201 a text, an integer, a slice, `*` or a filter is missing before `$`"),
        ("$.a[$.b, 0]", "8: HR201 a union holds texts, integers and slices only, nothing computed"),
        ("$.a[*][$.b]", "8: HR201 after a path with many matches `[…]` takes literals only; put the path in parentheses"),
        ("$.a[*].length", "8: HR211 `.length` here would be a member of each match; write `len($.a[*])`"),
        ("(x, x) => 1", "5: HR201 `x` is a parameter twice"),
        ("(Math) => 1", "2: HR201 `Math` cannot be the name of a parameter"),
        ("1 2", "3: HR201 an operator is missing before `2`"),
        ("$.a ? 1", "8: HR201 `:` of `? :` is missing at the end"),
        ("$.", "3: HR201 the name of a member is missing at the end"),
        ("@.a", "1: HR201 `@` stands in a filter only: `[?@.x > 1]`"),
        ("", "1: HR201 there is no expression here"),
    ],
)  # fmt: skip
def test_wrong_syntax_has_a_message(text, expected):
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500 + "1" + ")" * 500,
        "[" * 500 + "]" * 500,
        "!" * 500 + "1",
        "1" + " + 1" * 500,
        "$" + ".a" * 500,
        "x => " * 500 + "1",
        "1 ? 1 : " * 500 + "1",
        "2 ** " * 500 + "1",
        "`${" * 500 + "1" + "}`" * 500,
        "((" + "[" * 500 + "a" + "]" * 500 + ") => 1)",
        "$.a.map(x => " * 90 + "x" + ")" * 90,
    ],
)
def test_deep_nesting_is_an_error_or_works(text):
    found = [problem.split()[1] for problem in problems(text)]
    assert found in ([], ["HR209"])
    assert found == ["HR209"] or text.startswith("$.a.map")


ATOMS = st.sampled_from(
    ["1", "0.5", "1e+30", "'it\\'s'", '"a\\n"', "null", "true", "undefined", "$", "$.a", "$vars", "$run.id", "Math.PI",
     "$['a b']", "$.a[0]", "$.a[-1]", "$.a?.b", "$.a?.[0]", "$..a", "$.a[*].b", "$.a[1:2, 'x', ?@.b > 1]", "$.a[::2]",
     "$..['a'][0]", "`a\\`${1}$\\{`", "x => 1", "({a, b: [c, , d = 1], ...r}, [, e]) => a", "(...r) => r", "() => 0",
     "(x => x)(1)", "f()", "$.a.replace(/[/]\\//g, 'b')", "{}", "[]"]
)  # fmt: skip


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from(
        ["+", "-", "*", "/", "%", "**", "<", ">=", "==", "!==", "&&", "||", "??", "? 1 :"]
    )
    return st.one_of(
        st.builds("({} {} {})".format, inner, operator, inner),
        st.builds("-({})".format, inner),
        st.builds("typeof !({})".format, inner),
        st.builds("[{}, ...({})]".format, inner, inner),
        st.builds("{{'a-b': {}, [{}]: 1, ...({})}}".format, inner, inner, inner),
        st.builds("`x${{{}}}y${{{}}}`".format, inner, inner),
        st.builds("({}).m({}, x => {})".format, inner, inner, inner),
        st.builds("({})[{}]?.z".format, inner, inner),
        st.builds("f({}, {})".format, inner, inner),
        st.builds("(({{a = {}}}) => ({}))({})".format, inner, inner, inner),
    )


@given(st.recursive(ATOMS, larger, max_leaves=12))
@settings(deadline=None)
def test_printing_a_node_gives_text_that_parses_to_the_same_node(text):
    try:
        node = parsed(text)
    except Problem:
        return  # an arrow as the operand of an operator, a mix of `??` and `||`
    assert parsed(print_node(node)) == node


FRAGMENTS = st.lists(
    st.sampled_from(
        ["$", ".", "a", "1", "'x'", "(", ")", "[", "]", "{", "}", "=>", "?", ":", "?.", "*", "..", ",", "...", "-",
         "`", "${", "/", "{{", "}}", "x", "@", "!", "==", "typeof", "lower(", ".map(", "//", "\n", " ", "|", "**", "="]
    ),
    max_size=14,
)  # fmt: skip


@given(FRAGMENTS.map("".join))
@settings(max_examples=400, deadline=None)
def test_nothing_that_is_written_crashes_the_compiler(text):
    for compile_text in (compile_expression, compile_template):
        findings: list[Finding] = []
        compile_text(Text.bare(text), Scope.EDGE, findings)
        assert all(0 <= item.span.start <= item.span.end <= len(text) for item in findings)
