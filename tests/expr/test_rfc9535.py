"""JSONPath as RFC 9535 has it, section by section, from the RFC's own tables.

The differences, each tested at the end: a path without steps for many values gives one value or null; a literal
index that is negative counts from the end there too; after the first step for many values `.name(…)` is
a call on the whole array. Text, numbers, names and blanks are JavaScript's, which is more than the RFC's,
except for names that no language has (`$.☺`). Regular expressions are RE2's, which is more than I-Regexp.
"""

import pytest

from support.expression import evaluate, problems

BOOKS = [
    {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
    {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
    {
        "category": "fiction",
        "author": "Herman Melville",
        "title": "Moby Dick",
        "isbn": "0-553-21311-3",
        "price": 8.99,
    },
    {
        "category": "fiction",
        "author": "J. R. R. Tolkien",
        "title": "The Lord of the Rings",
        "isbn": "0-395-19395-8",
        "price": 22.99,
    },
]
BICYCLE = {"color": "red", "price": 399}
STORE = {"store": {"book": BOOKS, "bicycle": BICYCLE}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.store.book[*].author", [book["author"] for book in BOOKS]),
        ("$..author", [book["author"] for book in BOOKS]),
        ("$.store.*", [BOOKS, BICYCLE]),
        ("$.store..price", [8.95, 12.99, 8.99, 22.99, 399]),
        ("$..book[2]", [BOOKS[2]]),
        ("$..book[2].author", ["Herman Melville"]),
        ("$..book[2].publisher", []),
        ("$..book[-1]", [BOOKS[3]]),
        ("$..book[0,1]", BOOKS[:2]),
        ("$..book[:2]", BOOKS[:2]),
        ("$..book[?@.isbn]", BOOKS[2:]),
        ("$..book[?@.price<10]", [BOOKS[0], BOOKS[2]]),
        (
            "$..*",
            [
                STORE["store"], BOOKS, BICYCLE, *BOOKS, *(value for book in BOOKS for value in book.values()),
                *BICYCLE.values(),
            ],
        ),
    ],
)  # fmt: skip
def test_section_1_5_the_bookstore(path, expected):
    assert evaluate(path, STORE) == expected


def test_section_2_2_3_the_root():
    assert evaluate("$", {"k": "v"}) == {"k": "v"}


NAMES = {"o": {"j j": {"k.k": 3}}, "'": {"@": 2}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.o['j j']", {"k.k": 3}),
        ("$.o['j j']['k.k']", 3),
        ('$.o["j j"]["k.k"]', 3),
        ("""$["'"]["@"]""", 2),
    ],
)
def test_section_2_3_1_names(path, expected):
    assert evaluate(path, NAMES) == expected


@pytest.mark.parametrize(
    ("escape", "name"),
    [
        (r"\b", "\b"), (r"\t", "\t"), (r"\n", "\n"), (r"\f", "\f"), (r"\r", "\r"), (r"\"", '"'), (r"\'", "'"),
        (r"\/", "/"), (r"\\", "\\"), (r"\u263a", "☺"), (r"\u263A", "☺"), (r"\uD83E\uDD14", "🤔"), ("🤔", "🤔"),
    ],
)  # fmt: skip
def test_section_2_3_1_escapes_in_names(escape, name):
    assert evaluate(f"$[*]['{escape}', 'none']", [{name: 1}]) == [1]
    assert evaluate(f'$["{escape}"]', {name: 1}) == 1


def test_section_2_3_1_names_are_compared_without_normalization():
    assert evaluate(r"$[*]['e\u0301', 'none']", [{"\u00e9": 1}]) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$[*]", [{"j": 1, "k": 2}, [5, 3]]),
        ("$.o[*]", [1, 2]),
        ("$.o[*, *]", [1, 2, 1, 2]),
        ("$.a[*]", [5, 3]),
        ("$.a[0][*]", []),
    ],
)
def test_section_2_3_2_wildcards(path, expected):
    assert evaluate(path, {"o": {"j": 1, "k": 2}, "a": [5, 3]}) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$[0:2][1]", []),
        ("$[1]", "b"),
        ("$[-2]", "a"),
        ("$[2]", None),
        ("$[-3]", None),
        ("$[1, 1]", ["b", "b"]),
        ("$[-2, 5]", ["a"]),
        ("$[9007199254740991]", None),
        ("$[-9007199254740991]", None),
    ],
)
def test_section_2_3_3_indexes(path, expected):
    assert evaluate(path, ["a", "b"]) == expected


def test_section_2_3_3_an_index_selects_nothing_from_an_object():
    assert evaluate("$[*][0]", [{"0": 1}, "text", [2]]) == [2]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$[1:3]", "bc"),
        ("$[5:]", "fg"),
        ("$[1:5:2]", "bd"),
        ("$[5:1:-2]", "fd"),
        ("$[::-1]", "gfedcba"),
        ("$[::]", "abcdefg"),
        ("$[::0]", ""),
        ("$[ 1 : 5 : 2 ]", "bd"),
        ("$[2:113667776004:1]", "cdefg"),
        ("$[113667776004:2:-1]", "gfed"),
    ],
)
def test_section_2_3_4_slices(path, expected):
    assert evaluate(path, list("abcdefg")) == list(expected)


def sliced(items: list[int], first: int | None, last: int | None, step: int | None) -> list[int]:
    """The pseudocode of section 2.3.4.2.2."""
    step = 1 if step is None else step
    length = len(items)
    if step >= 0:
        first, last = 0 if first is None else first, length if last is None else last
    else:
        first, last = length - 1 if first is None else first, -length - 1 if last is None else last
    n_first, n_last = (at if at >= 0 else length + at for at in (first, last))
    found = []
    if step >= 0:
        at, upper = min(max(n_first, 0), length), min(max(n_last, 0), length)
        while step > 0 and at < upper:
            found.append(items[at])
            at += step
    else:
        at, lower = min(max(n_first, -1), length - 1), min(max(n_last, -1), length - 1)
        while lower < at:
            found.append(items[at])
            at += step
    return found


@pytest.mark.parametrize("step", [None, -3, -2, -1, 0, 1, 2, 7])
def test_section_2_3_4_slices_follow_the_pseudocode(step):
    arrays = [list(range(length)) for length in (0, 1, 2, 5)]
    for first in (None, -7, -5, -2, -1, 0, 1, 4, 5, 7):
        for last in (None, -7, -5, -2, -1, 0, 1, 4, 5, 7):
            parts = ["" if part is None else str(part) for part in (first, last, step)]
            path = f"$[*][{':'.join(parts[: 3 if step is not None else 2])}]"
            expected = [item for items in arrays for item in sliced(items, first, last, step)]
            assert evaluate(path, arrays) == expected, path


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "$[?@.a == @.b..c]",
            "11: a path with many matches is no single value; use `count(…)` or `value(…)` (RFC 9535)",
        ),
        (
            "$[?@.a[0, 1] == 1]",
            "4: a path with many matches is no single value; use `count(…)` or `value(…)` (RFC 9535)",
        ),
        ("$[?@.a === 1]", "4: `===` is written `==` in a filter, where it is strict (RFC 9535)"),
        ("$[?@.a + 1 > 2]", "4: a filter has no `+`; write `.filter(x => …)` (RFC 9535)"),
        ("$[?@.a.includes('x')]", "4: a filter has no methods such as `.includes`; write `.filter(x => …)` (RFC 9535)"),
        ("$[?price < 10]", "4: unknown name `price`; a member of the item is `@.price` (RFC 9535)"),
        (
            "$[?true]",
            "4: a condition is a path, a comparison, `match(…)` or `search(…)`; "
            "for anything else write `.filter(x => …)` (RFC 9535)",
        ),
        (
            "$[?@.a == [1]]",
            "11: a filter compares literals, paths, `length(…)`, `count(…)` and `value(…)`; "
            "for anything else write `.filter(x => …)` (RFC 9535)",
        ),
        (
            "$[?!@.a == 1]",
            "4: a filter compares literals, paths, `length(…)`, `count(…)` and `value(…)`; "
            "for anything else write `.filter(x => …)` (RFC 9535)",
        ),
        ("$[?]", "4: an operand is missing before `]`"),
        ("$[01]", "3: `01` starts with 0; write `1`"),
        ("$[-01]", "4: `01` starts with 0; write `1`"),
        ("$[1:02]", "5: `02` starts with 0; write `2`"),
        ("$[-0]", "3: `-0` is no index; the first element is `[0]`, the last `[-1]`"),
        ("$[*][-0]", "6: `-0` is no index; the first element is `[0]`, the last `[-1]`"),
        ("$..[-0]", "5: `-0` is no index; the first element is `[0]`, the last `[-1]`"),
        ("$[0, -0]", "6: `-0` is no index; the first element is `[0]`, the last `[-1]`"),
        ("$[::-0]", "5: `-0` is no index; the first element is `[0]`, the last `[-1]`"),
        ("$[9007199254740992]", "3: an index has at most 53 bits; a member of that name is `['9007199254740992']`"),
        ("$[:-9007199254740992]", "4: an index has at most 53 bits; a member of that name is `['-9007199254740992']`"),
        ("$[1.0:2]", "3: an index is an integer"),
        ("$[1:2:3:4]", "8: `]` is missing before `:`"),
        ("$[]", "3: an operand is missing before `]`"),
        ("$[0,]", "5: a text, an integer, a slice, `*` or a filter is missing before `]`"),
        ("$[0 2]", "5: `]` is missing before `2`"),
        ("$..", "4: a name, `*` or `[…]` after `..` is missing at the end"),
        ("$[@.a]", "3: `@` stands in a filter only: `[?@.x > 1]`"),
        (r"$['\uD800']", "4: half a surrogate pair is no character"),
    ],
)  # fmt: skip
def test_what_is_no_selector_is_a_syntax_error(path, message):
    place, text = message.split(" ", 1)
    assert problems(path) == [f"{place} HR201 {text}"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$[0, 3]", ["a", "d"]),
        ("$[0:2, 5]", ["a", "b", "f"]),
        ("$[0, 0]", ["a", "a"]),
        ("$[5, 0]", ["f", "a"]),
        ("$['a', 0]", ["a"]),
        ("$[0,'a',*, 1:2 , ?@=='g']", ["a", *"abcdefg", "b", "g"]),
    ],
)
def test_section_2_5_1_child_segments(path, expected):
    assert evaluate(path, list("abcdefg")) == expected


DEEP = {"o": {"j": 1, "k": 2}, "a": [5, 3, [{"j": 4}, {"k": 6}]]}
ALL = [
    DEEP["o"], DEEP["a"], 1, 2, 5, 3, DEEP["a"][2], {"j": 4}, {"k": 6}, 4, 6,
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$..j", [1, 4]),
        ("$..[0]", [5, {"j": 4}]),
        ("$..[*]", ALL),
        ("$..*", ALL),
        ("$..o", [{"j": 1, "k": 2}]),
        ("$.o..[*, *]", [1, 2, 1, 2]),
        ("$.a..[0, 1]", [5, 3, {"j": 4}, {"k": 6}]),
        ("$..['j', 'k']", [1, 2, 4, 6]),
        ("$..[?@ > 4]", [5, 6]),
        ("$..[1:]", [3, DEEP["a"][2], {"k": 6}]),
        ("$.nothing..j", []),
        ("$.o.j..*", []),
    ],
)
def test_section_2_5_2_descendant_segments(path, expected):
    assert evaluate(path, DEEP) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a", None),
        ("$.a[0]", None),
        ("$.a.d", None),
        ("$.b[0]", None),
        ("$.b[*]", [None]),
        ("$.b[?@]", [None]),
        ("$.b[?@==null]", [None]),
        ("$.c[?@.d==null]", []),
        ("$.null", 1),
        ("$..a", [None]),
        ("$['a', 'nothing']", [None]),
    ],
)
def test_section_2_6_null_is_a_value_like_any_other(path, expected):
    assert evaluate(path, {"a": None, "b": [None], "c": [{}], "null": 1}) == expected


@pytest.mark.parametrize(
    ("path", "spelled_out"),
    [
        ("$.a", "$['a']"),
        ("$.list[-3]", "$['list'][2]"),
        ("$.o.b[1:2]", "$['o']['b'][1, 9]"),
        (r'$["\u000B"]', r"$['\u000b']"),
        (r'$["\u0061"]', "$['a']"),
    ],
)
def test_section_2_7_different_spellings_lead_to_the_same_place(path, spelled_out):
    data = {"a": 1, "o": {"b": [2, 3]}, "\u000b": 4, "list": [5, 6, 7, 8, 9]}
    assert evaluate(path, data) == evaluate(spelled_out, data) != None  # noqa: E711 - a value, whatever it is


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # one value or null, where the RFC has a list of no or one node
        ("$.list[1]", 2),
        ("$.list[9]", None),
        ("$.nothing.at.all", None),
        ("$.list[-1]", 3),
        # texts have characters, which the RFC does not know; below many matches they have none
        ("$.text[0]", "a"),
        ("$['text', 'list'][0]", [1]),
        # a computed index is JavaScript's
        ("$.list[$.list[0]]", 2),
        ("$.list[1.0]", 2),
        # calls are on the whole
        ("$.list[*].map(x => x * 2)", [2, 4, 6]),
        ("$.list[0:2].at(-1)", 2),
        ("($.list[*])[0]", 1),
        # more spellings than the RFC's
        (" $ . list [ 1 ] ", 2),
        (r"$['\x74ext']", "abc"),
        ("$.list[?@ > .5 && @ == 0x2]", [2]),
        ("$.list[?count (@) == 1]", [1, 2, 3]),
        # RE2 knows classes by letters and anchors
        (r"$[?search(@, '^\\w+$')]", ["abc"]),
    ],
)
def test_where_the_language_is_javascripts(path, expected):
    assert evaluate(path, {"list": [1, 2, 3], "text": "abc"}) == expected


def test_a_name_that_is_none_in_javascript_stands_in_brackets():
    assert problems("$.☺") == ["3: HR201 `☺` has no meaning here"]
    assert evaluate("$['☺']", {"☺": 1}) == 1
    assert evaluate("$..größe", [{"größe": 1}]) == [1]
