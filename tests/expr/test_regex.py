"""Regular expressions beyond what JavaScript can be compared with: errors, code points, linear time."""

import time

import pytest

from headrace.expr.failure import Failure
from headrace.expr.regex import Found, compile_pattern
from support.expression import problems

NOT_LINEAR = "which cannot be matched in linear time"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("(?=a)", f"uses a lookahead `(?=…)`, {NOT_LINEAR}; match the surroundings too and take a group"),
        ("(?!a)", f"uses a lookahead `(?!…)`, {NOT_LINEAR}; match the surroundings too and take a group"),
        ("(?<=a)", f"uses a lookbehind `(?<=…)`, {NOT_LINEAR}; match the surroundings too and take a group"),
        ("(?<!a)", f"uses a lookbehind `(?<!…)`, {NOT_LINEAR}; match the surroundings too and take a group"),
        (r"(a)\1", rf"has the back-reference `\1`, {NOT_LINEAR}; compare the groups after the match"),
        (r"(?<n>a)\k<n>", rf"has the back-reference `\k`, {NOT_LINEAR}; compare the groups after the match"),
        ("(?i)a", "has `(?` without `:` or `<name>`; flags go after the closing slash"),
        ("(?P<n>a)", "names a group with `(?P<`; write `(?<name>…)`"),
        (r"\p{L}", r"has `\p`; write `\p{L}` with the flag `u`"),
        (r"\Qa", r"has `\Q`, which is no escape"),
        ("[b-a]", "has a range that is out of order"),
        ("[a", "has a `[` that is never closed"),
        ("a{1001}", "repeats more than 1,000 times"),
        (r"\ud83d", "has half a surrogate pair; text here is whole code points"),
        ("(", "is no regular expression: missing ): ("),
    ],
)
def test_what_cannot_be_matched_says_so(source, message):
    with pytest.raises(Failure) as caught:
        compile_pattern(source)
    assert (caught.value.code, caught.value.message) == ("HR210", f"/{source}/ {message}")


@pytest.mark.parametrize("flags", ["y", "gg", "x", "G"])
def test_other_flags_are_errors(flags):
    with pytest.raises(Failure) as caught:
        compile_pattern("a", flags)
    assert caught.value.code == "HR214"


def test_positions_count_code_points():
    assert list(compile_pattern("b", "g").each("😀bé😀b")) == [Found(1, 2, ("b",)), Found(4, 5, ("b",))]


def test_a_dot_is_one_character_whatever_its_size():
    assert [found.text for found in compile_pattern(".", "g").each("😀é")] == ["😀", "é"]


def test_properties_of_unicode_need_the_flag_u():
    assert [found.text for found in compile_pattern(r"\p{Letter}+", "gu").each("né 1")] == ["né"]


def test_surrogate_pairs_are_one_character():
    assert compile_pattern(r"\ud83d\ude00").matches("😀")
    assert compile_pattern(r"^[\u{1F600}-\u{1F64F}]$", "u").matches("😀")


@pytest.mark.parametrize(("source", "text"), [("(a+)+$", "a" * 50_000 + "b"), ("(a|a)*b", "a" * 50_000)])
def test_no_pattern_takes_more_than_linear_time(source, text):
    started = time.process_time()
    compile_pattern(source).matches(text)
    assert time.process_time() - started < 2


def test_many_matches_in_a_long_text_take_linear_time():
    started = time.process_time()
    assert sum(1 for _ in compile_pattern("é", "g").each("éa" * 20_000)) == 20_000
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("upper(/a/)", "`upper`"),
        ("jsonparse('x', /a/)", "`jsonparse`"),
        ("$.a.map(/a/)", "`.map`"),
        ("split(...$.a, /x/)", "`split`"),
    ],
)
def test_a_regular_expression_where_none_is_taken_is_told_at_once(expression, name):
    column = expression.index("/") + 1
    assert problems(expression) == [f"{column}: HR210 {name} takes no regular expression here"]
