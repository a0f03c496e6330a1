r"""Regular expressions (section 3): JavaScript's matches, or an error; text is code points (D4)."""

import pytest

from support.expression import evaluate, failure, problems

SAME = [
    # the classes: ASCII's letters and digits, Unicode's spaces
    r"'aé_1'.match(/\w+/g)", r"'é'.match(/\W/)", r"'aéb'.match(/\b\w/g)", r"'٣'.match(/\d/)",
    r"'a\u00a0b'.match(/\s/)", r"'a\ufeffb'.match(/\s/)", r"'a\u2028b'.match(/\s/)", r"'a\x85b'.match(/\s/)",
    r"'a\u180eb'.match(/\s/)", r"'a-b'.match(/[\w-]+/)", r"'a\n'.match(/[^]+/)", r"'a'.match(/[]/)",
    # the dot, with and without `s`
    r"'a\nb'.match(/a.b/)", r"'a\nb'.match(/a.b/s)", r"'a\rb'.match(/a.b/)", r"'a\u2028b'.match(/a.b/)",
    # `^` and `$`, with and without `m`, at every end of a line
    r"'a\n'.match(/a$/)", r"'a\nb'.match(/^b$/m)", r"'a\r\nb'.match(/a$/m)", r"'a\r\nb\r\nc'.match(/^.$/gm)",
    r"'a\rb'.match(/^b/m)", r"'a\u2028b'.replace(/^/gm, '> ')", r"'é\r\nb\r\nc'.match(/^(.+)$/gm)",
    r"'a\r\nb'.split(/$/m)", r"'x\r\ny'.match(/(?<l>\w)$/m)", r"'a\n\nb'.match(/^$/gm)", r"'a\nb'.replace(/$/gm, '!')",
    # upper and lower case: never from beyond ASCII into it, unless with `u`
    r"'aB'.match(/b/i)", r"'É'.match(/é/i)", r"'ÉÈ'.match(/[à-ü]+/i)", r"'ΣΑΣ'.match(/[α-ω]+/i)", r"'Σς'.match(/σ+/i)",
    r"'ſ'.match(/s/i)", r"'ſ'.match(/s/iu)", r"'\u212a'.match(/k/i)", r"'\u212a'.match(/k/iu)", r"'ſ'.match(/[a-z]/i)",
    r"'ſ'.match(/\w/i)", r"'ſ'.match(/\w/iu)", r"'ß'.match(/ẞ/i)", r"'ß'.match(/ẞ/iu)", r"'A1b_'.match(/[^a-z]+/i)",
    r"'İ'.match(/i/i)", r"'ı'.match(/I/i)",
    # groups: those of a repetition's earlier rounds are forgotten
    r"'ab'.match(/(?:(a)|b)*/)", r"'zaacbbbcac'.match(/(z)((a+)?(b+)?(c))*/)", r"'b'.match(/(a*)*/)", r"'b'.match(/(a*)?/)",
    r"'aab'.match(/(a*)*/)", r"'abac'.match(/(?:(a)(b)?)+/)", r"'foo=1;bar'.match(/(?:(\w+)(?:=(\d))?;?)+/)",
    r"'aa,b'.split(/(?:(a)|,)+/)", r"'ab'.match(/(?<x>a)(?<y>z)?/)",
    # replacements
    r"'abab'.replace(/(a)(b)/g, '$2$1')", r"'abab'.replace(/(?<p>a)/g, '[$<p>]')", r"'abab'.replace(/a/g, '$0')",
    r"'abab'.replace(/a/g, '$1')", r"'abab'.replace(/(a)/g, '$10')", r"'abab'.replace(/(a)/g, '$2')",
    r"'abab'.replace(/b/, '[$`]')", r"""'abab'.replace(/b/, "[$']")""", r"'abab'.replace(/a/g, '$$&')", r"'ab'.replace(/(x)?a/, '[$1]')",
    r"'aBc'.replace(/[A-Z]/g, c => '_' + c.toLowerCase())", r"'abc'.replace(/(?<f>b)/, (m, f, o, s, g) => g.f + o + s)",
    # empty matches move on by a character
    r"'abc'.replace(/(?:)/g, '-')", r"'baaac'.replace(/a*/g, 'x')", r"'foo bar'.replace(/\b/g, '|')", r"'abc'.match(/z*/g)",
    r"'abc'.split(/b*/)", r"'x'.match(/a|/)",
    # literals and escapes
    r"'{}'.match(/{}/)", r"'a{1'.match(/a{1/)", r"'a]'.match(/]/)", r"'\\'.match(/[\\]/)", r"'/'.match(/[/]/)", r"'\b'.match(/[\b]/)",
    r"'A'.match(/\x41/)", r"'A'.match(/\u0041/)", r"'\0'.match(/\0/)", r"'\x01'.match(/\cA/)", r"'😀a'.match(/./gu)",
    r"'é'.match(/\p{L}/u)", r"'α'.match(/\p{Script=Greek}/u)", r"'a'.match(/\P{Lu}/u)", r"'A'.match(/\u{41}/u)",
]  # fmt: skip


def test_matches_are_those_of_javascript(javascript):
    code = "e => { const v = (0, eval)(e); return v && typeof v === 'object' ? [...v] : v }"
    answers = javascript([(code, [expression]) for expression in SAME])
    ours = [{"value": evaluate(expression)} for expression in SAME]
    assert list(zip(SAME, ours, strict=True)) == list(zip(SAME, answers, strict=True))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'😀'.match(/^.$/)", ["😀"]),
        ("'a😀b'.search(/b/)", 2),
        ("'😀'.split(/(?:)/)", ["😀"]),
        ("'a-b'.replace(/-/, '+') + replace('a-b-c', /-/, '+')", "a+ba+b+c"),
    ],
)
def test_positions_and_characters_are_code_points(expression, expected):
    assert evaluate(expression) == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (r"'a'.match(/(?<n>a)(?<n>b)/)", "has two groups with the name `n`"),
        (r"'a'.match(/\u{41}/)", r"has `\u{`, which takes the flag `u`"),
        (r"'a'.match(/\p{Foo=L}/u)", "has the property `Foo`; there are general categories and `Script=…`"),
    ],
)
def test_what_would_match_otherwise_is_an_error(expression, reason):
    (problem,) = problems(expression)
    assert (problem[:9], problem.endswith(reason)) == ("11: HR210", True)


def test_a_pattern_that_tells_line_ends_apart_asks_for_one_kind_of_them():
    assert evaluate(r"'a\nb'.match(/^([^\n]+)$/m)") == ["a", "a"]
    assert failure(r"'a\r\nb'.match(/^([^\n]+)$/m)") == (
        r"1: HR210 /^([^\n]+)$/m is about lines, and the text has line ends other than \n;"
        r" replace them first: text.replaceAll('\r\n', '\n')"
    )


def test_replace_all_and_match_all_need_the_flag_g():
    assert failure("'a'.replaceAll(/a/, 'b')").split()[1] == "HR210"
    assert failure("'a'.matchAll(/a/)").split()[1] == "HR210"
