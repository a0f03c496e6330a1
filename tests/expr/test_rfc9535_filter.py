"""Filters of JSONPath as RFC 9535 has them: sections 2.3.5 and 2.4, from the RFC's own tables."""

import pytest

from support.expression import evaluate, problems


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("$.absent1 == $.absent2", True),
        ("$.absent1 <= $.absent2", True),
        ("$.absent == 'g'", False),
        ("$.absent1 != $.absent2", False),
        ("$.absent != 'g'", True),
        ("1 <= 2", True),
        ("1 > 2", False),
        ("13 == '13'", False),
        ("'a' <= 'b'", True),
        ("'a' > 'b'", False),
        ("$.obj == $.arr", False),
        ("$.obj != $.arr", True),
        ("$.obj == $.obj", True),
        ("$.obj != $.obj", False),
        ("$.arr == $.arr", True),
        ("$.arr != $.arr", False),
        ("$.obj == 17", False),
        ("$.obj != 17", True),
        ("$.obj <= $.arr", False),
        ("$.obj < $.arr", False),
        ("$.obj <= $.obj", True),
        ("$.arr <= $.arr", True),
        ("1 <= $.arr", False),
        ("1 >= $.arr", False),
        ("1 > $.arr", False),
        ("1 < $.arr", False),
        ("true <= true", True),
        ("true > true", False),
        ("true < 2", False),
        ("1 > false", False),
        # what the section says beyond the table
        ("$.absent1 > $.absent2", False),
        ("$.absent >= null", False),
        ("null <= null", True),
        ("null < 1", False),
        ("true == 1", False),
        ("false == 0", False),
        ("1 == 1.0", True),
        ("-0 == 0", True),
        ("1e2 == 100", True),
        ("9007199254740993 == 9007199254740992.0", False),
        ("'\U0001f600' > '\uffee'", True),
        ("'' < 'a'", True),
        ("'a' < 'ab'", True),
        ("$.deep == $.same", True),
        ("$.deep == $.other", False),
    ],
)
def test_section_2_3_5_comparisons(comparison, expected):
    data = {
        "obj": {"x": "y"},
        "arr": [2, 3],
        "deep": {"a": [1, {"b": None}], "c": 1.0},
        "same": {"c": 1, "a": [1, {"b": None}]},
        "other": {"a": [True, {"b": None}], "c": 1},
    }
    assert evaluate(f"$.obj[?{comparison}]", data) == (["y"] if expected else [])


FILTERED = {
    "a": [3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}],
    "o": {"p": 1, "q": 2, "r": 3, "s": 5, "t": {"u": 6}},
    "e": "f",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a[?@.b == 'kilo']", [{"b": "kilo"}]),
        ("$.a[?(@.b == 'kilo')]", [{"b": "kilo"}]),
        ("$.a[?@>3.5]", [5, 4, 6]),
        ("$.a[?@.b]", FILTERED["a"][6:]),
        ("$[?@.*]", [FILTERED["a"], FILTERED["o"]]),
        ("$[?@[?@.b]]", [FILTERED["a"]]),
        ("$.o[?@<3, ?@<3]", [1, 2, 1, 2]),
        ('$.a[?@<2 || @.b == "k"]', [1, {"b": "k"}]),
        ('$.a[?match(@.b, "[jk]")]', [{"b": "j"}, {"b": "k"}]),
        ('$.a[?search(@.b, "[jk]")]', [{"b": "j"}, {"b": "k"}, {"b": "kilo"}]),
        ("$.o[?@>1 && @<4]", [2, 3]),
        ("$.o[?@.u || @.x]", [{"u": 6}]),
        ("$.a[?@.b == $.x]", [3, 5, 1, 2, 4, 6]),
        ("$.a[?@ == @]", FILTERED["a"]),
        # precedence: ! before comparison's sides, && before ||
        ("$.a[?@ == 3 || @ == 5 && @ == 1]", [3]),
        ("$.a[?(@ == 3 || @ == 5) && @ == 5]", [5]),
        ("$.a[?!(@ < 5) && !@.b]", [5, 6]),
        ("$.a[?!@.b && @ > 5]", [6]),
        ("$.a[? !  @.b  &&  @ > 5 ]", [6]),
        # existence is about nodes, not about values
        ("$.a[?@.b && @.b != 'j']", [{"b": "k"}, {"b": {}}, {"b": "kilo"}]),
        ("$.o[?$.e]", [1, 2, 3, 5, {"u": 6}]),
        ("$.o[?$.nothing]", []),
        ("$.o[?@['u']]", [{"u": 6}]),
        ("$.e[?@]", []),
    ],
)
def test_section_2_3_5_filters(path, expected):
    assert evaluate(path, FILTERED) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("length(@) < 3", ["ab", "😀", [1, 2], {"a": [1], "b": 2}]),
        ("length(@) == 1", ["😀"]),
        ("length(@.a) == 1", [{"a": [1], "b": 2}]),
        ("length(@.nothing) == length(1)", ["ab", "😀", "abc", [1, 2], {"a": [1], "b": 2}, 7, None, True]),
        ("length('abc') == length(@)", ["abc"]),
        ("count(@.*) == 2", [[1, 2], {"a": [1], "b": 2}]),
        ("count(@) == 1 && count(@[0, 0]) == 2", [[1, 2]]),
        ("count(@..*) > count(@.*)", [{"a": [1], "b": 2}]),
        ("match(@, 'a.')", ["ab"]),
        ("match(@, 'a|ab|x')", ["ab"]),
        ("search(@, 'b')", ["ab", "abc"]),
        ("!search(@, 'b') && length(@) == 1", ["😀"]),
        ("match(@, '.')", ["😀"]),
        ("match(@, 7)", []),
        ("match(7, '7')", []),
        ("match(@, @)", ["ab", "😀", "abc"]),
        ("search(@, '[')", []),
        ("match(@, 'ab)|(x')", []),
        ("value(@.a) == value(@['a'])", ["ab", "😀", "abc", [1, 2], {"a": [1], "b": 2}, 7, None, True]),
        ("value(@.*) == 1", []),
        ("value(@..[0]) == 1", [[1, 2], {"a": [1], "b": 2}]),
        ("length(value(@.a)) == 1", [{"a": [1], "b": 2}]),
    ],
)
def test_section_2_4_functions(condition, expected):
    assert evaluate(f"$[?{condition}]", ["ab", "😀", "abc", [1, 2], {"a": [1], "b": 2}, 7, None, True]) == (
        expected
    )


@pytest.mark.parametrize("pattern", [".", "a.c", "a\\\\.c", "a\\[.c", "[.].", "[^a]"])
def test_section_2_4_6_a_dot_is_any_character_but_cr_and_lf(pattern):
    texts = [
        "\u2028",
        "\n",
        "\r",
        "a\u2028c",
        "a\nc",
        "a.c",
        "a\\\u2028c",
        "a[\u2028c",
        ".\u2029",
        ".\n",
        "xb",
    ]
    expected = {
        ".": ["\u2028"],
        "a.c": ["a\u2028c", "a.c"],
        "a\\\\.c": ["a\\\u2028c"],
        "a\\[.c": ["a[\u2028c"],
        "[.].": [".\u2029"],
        "[^a]": ["\u2028", "\n", "\r"],
    }
    literal = pattern.replace("\\", "\\\\")
    assert evaluate(f"$[?match(@, '{literal}')]", texts) == expected[pattern]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "$[?length(@.*) < 3]",
            "11: a path with many matches is no single value; use `count(…)` or `value(…)`",
        ),
        ("$[?length(@..*)]", "4: `length(…)` is a value, no condition; compare it, as in `> 0`"),
        ("$[?count(1) == 1]", "10: `count` takes a path that starts at `@` or `$`"),
        ("$[?count(length(@.a)) == 1]", "10: `count` takes a path that starts at `@` or `$`"),
        (
            "$[?match(@.timezone, 'Europe/.*') == true]",
            "4: `match(…)` is a condition already and cannot be compared; negate it by `!`",
        ),
        ("$[?value(@..color)]", "4: `value(…)` is a value, no condition; compare it, as in `> 0`"),
        ("$[?count(@.a, @.b) == 1]", "4: `count` takes 1 argument in a filter, not 2"),
        ("$[?match(@.a)]", "4: `match` takes 2 arguments in a filter, not 1"),
        (
            "$[?lower(@.a) == 'x']",
            "4: a filter has no `lower`, only `length count match search value`; "
            "for anything else write `.filter(x => …)`",
        ),
        (
            "$[?Count(@.a) == 1]",
            "4: a filter has no `Count`, only `length count match search value`; "
            "for anything else write `.filter(x => …)`",
        ),
    ],
)
def test_section_2_4_3_types_of_functions_are_checked(path, message):
    place, text = message.split(" ", 1)
    assert problems(path) == [f"{place} HR201 {text} (RFC 9535)"]
