"""Arguments that are spread: `f(...array)`, as JavaScript has them (section 3 of the language)."""

import pytest

from headrace.expr import template
from support.expression import evaluate, failure, problems

MESSAGE = {"a": [3, 1, 2], "b": [[1], [2, [3]]], "o": [{"x": 1}, {"y": 2}], "n": None}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Math.max(...$.a)", 3),
        ("Math.max(1, ...$.a, ...[9])", 9),
        ("Math.max(...'123')", 3),
        ("[0].concat(...$.b, 7)", [0, 1, 2, [3], 7]),
        ("Object.assign({}, ...$.o)", {"x": 1, "y": 2}),
        ("merge(...$.o)", {"x": 1, "y": 2}),
        ("zip(...[[1, 2], [3, 4]])", [[1, 3], [2, 4]]),
        ("String.fromCharCode(...[72, 105])", "Hi"),
        ("'abc'.slice(...[1, 2])", "b"),
        ("'a-b'.replace(...['-', '+'])", "a+b"),
        ("/a/.test(...['cab'])", True),
        ("lower(...['A'])", "a"),
        ("jsonparse(...['{', 0])", 0),
        ("coalesce(...[null, 2])", 2),
        ("$.a.reduce((sum, x) => sum + x, ...[4])", 10),
        ("sortBy(...[$.o, 'x'])", [{"x": 1}, {"y": 2}]),
        ("$.b.map(pair => len(...[pair]))", [1, 2]),
        # an arrow that is called at once: defaults and the rest as in JavaScript
        ("((a, b) => a - b)(...$.a)", 2),
        ("((a, b = 5, ...c) => [a, b, c])(...$.a)", [3, 1, [2]]),
        ("((a, b = 5, ...c) => [a, b, c])(1, ...[])", [1, 5, []]),
        ("(({x}, [y]) => x + y)(...[{x: 1}, [2]])", 3),
    ],
)
def test_items_become_arguments(expression, expected):
    assert evaluate(expression, MESSAGE) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Math.max(...$.n)", "13: HR220 cannot spread null into arguments: `$.n` is null"),
        ("Math.max(...$.no)",
         "13: HR220 cannot spread null into arguments: `$.no` is missing; message has `a`, `b`, `o`, `n`"),
        ("Math.max(...{})", "13: HR224 only arrays and text can be spread into arguments, not an object"),
        ("Math.max(...[1, null])", "10: HR220 `Math.max` takes a number, but `...[1, null]` at [1] is null"),
        ("Math.max(...[])", "1: HR207 `Math.max` takes at least 1 argument, not 0"),
        ("'abc'.slice(...[1, 2, 3])", "1: HR207 `.slice` takes 0 to 2 arguments, not 3"),
        ("lower(...['A', 'B'])", "1: HR207 `lower` takes 1 argument, not 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_spread_says_so(expression, expected):
    assert failure(expression, MESSAGE) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lower('a', 'b', ...$.a)", ["1: HR207 `lower` takes 1 argument, not 2"]),
        ("$.a.map(...$.b)", ["9: HR207 `.map` takes an arrow here, which no array holds"]),
        ("$.a.sort(...$.b)", ["10: HR207 `.sort` takes an arrow here, which no array holds"]),
        ("sortBy(...$.b, x => x)", ["16: HR207 an arrow stands before arguments that are spread"]),
        ("f(...$.a)", ["1: HR204 unknown function `f`"]),
        ("lower(...)", ["10: HR201 an operand is missing before `)`"]),
        ("$.a.push(...$.b)",
         ["5: HR213 `push` changes the array, and nothing can be changed here; write `[...array, item]`"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_spread_is_found_before_there_is_data(expression, expected):
    assert problems(expression) == expected


def test_every_item_that_is_spread_counts_as_work(monkeypatch):
    monkeypatch.setattr(template, "STEP_LIMIT", 10_000)
    assert evaluate("Math.max(...range(1000))") == 999
    assert failure("range(20).map(x => Math.max(...range(1000)))").split()[1] == "HR223"
