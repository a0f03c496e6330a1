"""Tokens, and which `}}` ends an expression."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.expr.lexer import tokenize
from headrace.expr.problem import Problem
from headrace.source import Source, Text
from support.expression import evaluate, problems, rendered, template_problems


def values(text: str) -> list[object]:
    tokens, _ = tokenize(Text.bare(text), 0, None)
    return [token.value for token in tokens[:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a?.5:1", ["a", "?", 0.5, ":", 1]),
        ("a?.b", ["a", "?.", "b"]),
        ("...a..b.c", ["...", "a", "..", "b", ".", "c"]),
        ("a / b / c", ["a", "/", "b", "/", "c"]),
        ("(a) /b/ c", ["(", "a", ")", "/", "b", "/", "c"]),
        ("x(/[/]\\//gi)", ["x", "(", ("[/]\\/", "gi"), ")"]),
        ("typeof /a/", ["typeof", ("a", "")]),
        ("$.typeof /a/ 2", ["$", ".", "typeof", "/", "a", "/", 2]),
        ("a !== b => c ** d", ["a", "!==", "b", "=>", "c", "**", "d"]),
        ("1 /* a }} */ + // b\n2", [1, "+", 2]),
        ("0x1F 0b11 0o17 1_000 1e3 .5 1.25e-2", [31, 3, 15, 1000, 1000.0, 0.5, 0.0125]),
        (r"'a\n\t\\\'\x41\u00e9\u{1F600}\d'", ["a\n\t\\'Aé😀d"]),
        (r'"\ud83d\ude00"', ["😀"]),
        ("'a\\\nb'", ["ab"]),
        ("été$1 _x", ["été$1", "_x"]),
    ],
)
def test_text_becomes_tokens(text, expected):
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ {a: {b: 1}} }}", {"a": {"b": 1}}),
        ("{{{a: {b: 1}}}}", {"a": {"b": 1}}),
        ("{{'}}'}}", "}}"),
        ("{{'{{'}}", "{{"),
        ("a }} b", "a }} b"),
        ("{{1}}{{2}}", "12"),
        ("{{ `${ {a: `}}`}.a }` }}", "}}"),
        ("{{ /* }} */ 1 }}", 1),
        ("{{ '}'.replace(/}}|}/, 'x') }}", "x"),
        ("  {{1}}\n", 1),
        ("{{\n  1 +\n  2\n}}", 3),
        ("a{{1}}", "a1"),
        ("costs ${{1}}", "costs $1"),
        ("plain", "plain"),
    ],
)
def test_braces_are_balanced_by_the_parser(text, expected):
    assert rendered(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ 1", ["1:1: HR202 `{{` opened here is never closed"]),
        ("a {{ {a: 1 }}", ["1:13: HR201 a single `}` closes nothing here; an expression ends with `}}`"]),
        ("{{ (1 }}", ["1:4: HR201 `(` is never closed"]),
        ("{{ 'a }}", ["1:4: HR201 this text is never closed"]),
        ("{{ 1 // x }}", ["1:6: HR202 `//` comments out the rest, `}}` as well; use `/* … */`"]),
        ("{{ 1 # x }}", ["1:6: HR201 `#` has no meaning here"]),
        ("{{}}", ["1:2: HR201 there is no expression here"]),
        ("{{ a }} {{ b }}", [
            "1:4: HR206 unknown name `a`; for a member of the message write `$.a`",
            "1:12: HR206 unknown name `b`; for a member of the message write `$.b`",
        ]),
        ("{{ 'a }} {{ (1 }} {{ lower }}", [
            "1:4: HR201 this text is never closed",
            "1:13: HR201 `(` is never closed",
            "1:22: HR206 `lower` is a function; call it: `lower(…)`",
        ]),
        ("={{ 1 }}", ["1:1: HR203 `={{` is n8n; write `{{`"]),
        ("${{ 1 }}", ["1:1: HR203 `${{` is GitHub Actions; write `{{`"]),
    ],
)  # fmt: skip
def test_every_expression_of_a_text_is_reported(text, expected):
    assert template_problems(text) == expected


def test_a_comment_in_folded_text_is_refused():
    source = "a: >\n  {{ 1 // one\n  + 2 }}\n"
    start = source.index("{{")
    decoded = "{{ 1 // one + 2 }}\n"
    offsets = [start + at for at in range(11)] + [source.index("one") + 3]
    offsets += [source.index("+ 2") + at for at in range(len(decoded) - len(offsets) + 1)]
    with pytest.raises(Problem) as caught:
        tokenize(Text(decoded, Source("flow.yaml", source), offsets), 2, 0)
    assert (caught.value.message, caught.value.cure) == (
        "`//` in text that YAML folds into one line comments out all that follows",
        "use `/* … */`, or a block that keeps its lines (`|`)",
    )


def test_a_yaml_comment_that_cuts_the_braces_off_is_explained():
    source = "a: {{ $.b #}}"
    text = Text("{{ $.b", Source("flow.yaml", source), range(3, 10))
    with pytest.raises(Problem) as caught:
        tokenize(text, 2, 0)
    assert caught.value.cure == "` #` starts a comment in YAML here; put the text in quotes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.", "1: HR201 a number does not end with a point; write `1` or `1.0`"),
        ("017", "1: HR201 `017` starts with 0; write `17`"),
        ("3px", "1: HR201 a name cannot follow a number at once"),
        ("1__0", "1: HR201 `_` stands between two digits only"),
        ("1e400", "1: HR222 `1e400` is larger than any number"),
        (str(2**4096), "1: HR228 an integer has at most 4,096 bits"),
        (r"'\u12'", r"2: HR201 `\u` needs hexadecimal digits"),
        (r"'\u{110000}'", "2: HR201 there is no such character"),
        (r"'\ud83d'", "2: HR201 half a surrogate pair is no character"),
        ("(1]", "3: HR201 `]` does not close `(`"),
        ("1)", "2: HR201 `)` closes nothing"),
        ("/a", "1: HR201 this regular expression is never closed; an operand is missing before `/`"),
        ("§", "1: HR201 `§` has no meaning here"),
        ("`a${1", "3: HR201 `${` is never closed"),
        ("/* a", "1: HR201 this comment is never closed"),
    ],
)
def test_what_is_no_token_has_a_message(text, expected):
    assert problems(text) == [expected]


def test_the_largest_integer_keeps_all_digits():
    assert evaluate(str(2**4096 - 1)) == 2**4096 - 1


@given(st.text(max_size=60))
@example("`${`${`")
@example("{{\\")
@example("'\\")
@example("\ud800")
def test_no_text_crashes_the_lexer(text):
    for opened in (None, 0):
        assert 0 <= _start_of_problem(text, opened) <= len(text)


def _start_of_problem(text: str, opened: int | None) -> int:
    try:
        tokenize(Text.bare(text), 0, opened)
    except Problem as problem:
        return problem.start
    return 0


def test_a_text_beyond_64_kib_is_refused():
    assert template_problems("{{ '" + "x" * 65536 + "' }}") == [
        "1:1: HR209 a text with expressions has at most 64 KiB"
    ]
