"""Numbers that `sort()` would sort as text: a warning where they are known, silence elsewhere."""

import pytest

from support.expression import problems

WARNING = "`{0}()` sorts numbers as text, 10 before 9; write `.{0}((a, b) => a - b)`"


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("[10, 9].sort()", 9),
        ("[$.a - 1, 1].sort()", 14),
        ("range(11).sort()", 11),
        ("$.a.map(x => x * 2).sort()", 21),
        ("$.a.map(Number).sort()", 17),
        ("$.a.map(len).sort()", 14),
        ("$.a.map(x => -x).filter(x => x).slice(1).reverse().sort()", 52),
        ("([10, 9]).sort()", 11),
    ],
)
def test_numbers_are_known_and_warned_of(expression, place):
    assert problems(expression) == [f"{place}: HR230 {WARNING.format('sort')}"]


def test_to_sorted_is_warned_of_by_its_own_name():
    assert problems("range(11).toSorted()") == [f"11: HR230 {WARNING.format('toSorted')}"]


@pytest.mark.parametrize(
    "expression",
    [
        "$.a.sort()",
        "[].sort()",
        "[1, 2, 3].sort()",
        "[2010, 2009].sort()",
        "[3, 'a'].sort()",
        "[1, ...$.a].sort()",
        "[10, $.a].sort()",
        "[10, null].sort()",
        "$.a.map(x => x.id).sort()",
        "$.a.map(x => x + 1).sort()",
        "$.a.map(x => `${x}`).sort()",
        "$.a.map(String).sort()",
        "range(11).map(x => 'n' + x).sort()",
        "[10, 9].sort((a, b) => a - b)",
        "[10, 9].join()",
    ],
)
def test_what_may_be_text_or_is_in_order_anyhow_is_not(expression):
    assert problems(expression) == []
