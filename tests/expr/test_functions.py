"""Functions where their examples do not say it all: null, limits, order, and formats there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.failure import Failure
from headrace.expr.regex import compile_pattern


def call(name, *arguments):
    return FUNCTIONS[name].call(*arguments)


def failure_of(name, *arguments):
    with pytest.raises(Failure) as caught:
        FUNCTIONS[name].call(*arguments)
    return caught.value.code, caught.value.message, caught.value.operand


TEXT_FUNCTIONS = [
    "upper", "lower", "trim", "reverse", "split", "slugify", "normalize", "stripAccents", "unescapeHtml",
    "stripHtml", "b64encode", "b64decode", "b64url", "sha1", "sha256", "sha512", "md5", "string", "int",
    "float", "bool", "jsonparse", "csvparse", "jsonlines", "urlencode", "urlparse",
]  # fmt: skip


@pytest.mark.parametrize("name", TEXT_FUNCTIONS)
def test_text_functions_and_conversions_of_null_give_null(name):
    assert call(name, None) is None


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("contains", ["a"]),
        ("hasprefix", ["a"]),
        ("hassuffix", ["a"]),
        ("replace", ["a", "b"]),
        ("substr", [1]),
        ("index", ["a"]),
        ("matches", ["a"]),
        ("capture", ["a"]),
        ("truncate", [1]),
        ("hmac", ["k"]),
    ],
)
def test_text_functions_of_null_give_null_whatever_else_they_take(name, rest):
    assert call(name, None, *rest) is None


@pytest.mark.parametrize("name", ["len", "length", "size"])
def test_the_length_of_null_is_zero(name):
    assert call(name, None) == 0


@pytest.mark.parametrize("name", ["ceil", "floor", "round", "abs", "sqrt", "sum", "avg", "Math.ceil"])
def test_number_functions_of_null_are_errors(name):
    assert failure_of(name, None)[::2] == ("HR220", 0)


@pytest.mark.parametrize("name", ["first", "last", "min", "max", "avg"])
def test_of_an_empty_array_they_are_null(name):
    assert call(name, []) is None


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(2.5, 0, 3), (-2.5, 0, -3), (1.005, 2, 1.0), (2.675, 2, 2.67), (1e300, 2, 1e300), (10**30, 2, 10**30)],
)
def test_round_rounds_the_exact_value_half_away_from_zero(value, digits, expected):
    assert call("round", value, digits) == expected


def test_sums_are_exact():
    assert call("sum", [0.1] * 10) == 1.0
    assert call("sum", [2**64, 1]) == 2**64 + 1
    assert call("avg", [1, 2]) == 1.5
    assert type(call("avg", [1, 3])) is int


@pytest.mark.parametrize("value", ["12.0", " 12", "1_0", "1e3", "", "abc", "٣"])
def test_int_reads_digits_alone(value):
    assert failure_of("int", value) == (
        "HR225",
        f"`int` cannot read the text '{value.strip()}'; "
        "give digits, an RFC 3339 time with its zone, or a fallback: int(x, 0)",
        0,
    )


def test_a_fallback_takes_the_place_of_what_cannot_be_read():
    actual = [call("int", x, -1) for x in ("x", None, [], "2026-99-99T00:00:00Z", "7", 2.9)]
    assert actual == [-1, -1, -1, -1, 7, 2]


def test_digits_of_any_size_that_is_exact_become_integers():
    assert call("int", "9" * 1000) == 10**1000 - 1
    assert failure_of("int", "9" * 2000)[0] == "HR228"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("range", [0, 10**7]),
        ("range", [10**30]),
        ("Array.from", [{"length": 10**9}]),
        ("set", [[], "[10000000]", 1]),
        ("join", [["x" * 10**6] * 20, ""]),
        ("replace", ["a" * 10**6, "a", "b" * 100]),
        ("replace", ["a" * 10**6, compile_pattern("a"), "b" * 1000]),
    ],
)
def test_what_would_be_too_large_is_refused_before_memory_is_taken(name, arguments):
    assert failure_of(name, *arguments)[0] == "HR223"


@pytest.mark.parametrize(
    ("name", "receiver", "arguments"),
    [
        ("repeat", "abc", [10**9]),
        ("padStart", "a", [10**9, "xy"]),
        ("padEnd", "a", [1e300]),
        ("concat", [0] * 600_000, [[0] * 600_000]),
        ("concat", "a" * 10**7, ["a" * 10**7]),
        ("join", [0] * 1000, ["x" * 100_000]),
        ("replaceAll", "a" * 10**6, ["a", "b" * 100]),
        ("split", "a" * 1_000_001, [""]),
        ("flat", [[0] * 600_000] * 2, []),
    ],
)
def test_methods_refuse_what_would_be_too_large(name, receiver, arguments):
    kind = "text" if isinstance(receiver, str) else "array"
    with pytest.raises(Failure) as caught:
        METHODS[name].calls[kind](receiver, *arguments)
    assert caught.value.code == "HR223"


def test_a_nested_array_that_doubles_at_each_level_does_not_flatten_for_ever():
    value: list[object] = [0]
    for _ in range(40):
        value = [value, value]
    with pytest.raises(Failure) as caught:
        METHODS["flat"].calls["array"](value, 100)
    assert caught.value.code == "HR223"


def test_records_of_one_key_are_one_the_last_at_the_place_of_the_first():
    rows = [{"id": 1, "v": "a"}, {"id": "1"}, {"id": 1.0, "v": "b"}, {"id": True}, {"id": None}, {}]
    assert call("uniqueBy", rows, "id") == [{"id": 1.0, "v": "b"}, {"id": "1"}, {"id": True}, {}]


def test_a_difference_tells_what_to_write_and_what_to_delete():
    old = [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}, {"id": 3, "n": "c"}]
    new = [{"n": "a", "id": 1}, {"id": 2, "n": "B"}, {"id": 4, "n": "d"}]
    assert call("diffBy", old, new, "id") == {
        "added": [{"id": 4, "n": "d"}],
        "removed": [{"id": 3, "n": "c"}],
        "changed": [{"id": 2, "n": "B"}],
        "same": [{"n": "a", "id": 1}],
    }


def test_a_join_gives_a_row_for_each_match_and_null_matches_nothing():
    left = [{"id": 1}, {"id": None}, {"id": 2}]
    right = [{"id": 1, "v": "a"}, {"id": 1, "v": "b"}, {"id": None, "v": "c"}]
    assert call("leftJoin", left, right, "id") == [
        {"id": 1, "v": "a"},
        {"id": 1, "v": "b"},
        {"id": None},
        {"id": 2},
    ]


def test_records_sort_by_several_keys_with_nulls_last_in_either_order():
    rows = [{"a": 2, "b": "x"}, {"a": 1, "b": "y"}, {"a": None}, {"a": 1, "b": "x"}]
    assert call("sortBy", rows, ["a", "b"]) == [rows[3], rows[1], rows[0], rows[2]]
    assert call("sortBy", rows, "a", "desc") == [rows[0], rows[1], rows[3], rows[2]]


def test_keys_may_be_paths_and_names_with_dots():
    assert call("indexBy", [{"a": {"b": 1}}], "a.b") == {"1": {"a": {"b": 1}}}
    assert call("indexBy", [{"a.b": 2}], "a.b") == {"2": {"a.b": 2}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.b[0]", 1), ("a['b'][1]", 2), ("a.b[-1]", 2), ('["c d"].e', 3), ("a.x.y", "none"), ("n", "none")],
)
def test_get_reads_paths(path, expected):
    value = {"a": {"b": [1, 2]}, "c d": {"e": 3}, "n": None}
    assert call("get", value, path, "none") == expected


@pytest.mark.parametrize("path", ["", "a..b", "a[", "[x]", "a]"])
def test_what_is_no_path_is_an_error(path):
    assert failure_of("get", {}, path)[0] == "HR225"


def test_set_copies_only_what_it_changes():
    value = {"a": [{"b": 1}, {"c": 2}]}
    changed = call("set", value, "a[0].b", 5)
    assert (value, changed) == ({"a": [{"b": 1}, {"c": 2}]}, {"a": [{"b": 5}, {"c": 2}]})
    assert changed["a"][1] is value["a"][1]
    assert call("set", None, "a.b[1]", 0) == {"a": {"b": [None, 0]}}
    assert failure_of("set", {"a": "text"}, "a.b", 1)[0] == "HR224"


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(st.lists(st.fixed_dictionaries({"id": CELL, "na,me": CELL, '"q"': CELL}), max_size=4))
def test_csv_is_read_as_it_was_written(rows):
    assert call("csvparse", call("csvformat", rows, ["id", "na,me", '"q"'])) == rows


def test_csv_with_a_mark_of_byte_order_and_blank_lines_is_read():
    assert call("csvparse", "\ufeffid,n\r\n\r\n1,a\r\n") == [{"id": "1", "n": "a"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,a\n1,2", "`csvparse`: the header names 'a' twice"),
        ("a\n1,2", "`csvparse`: line 2 has 2 fields, the header has 1"),
        ('a\n"1', "`csvparse`: line 2: unexpected end of data"),
    ],
)
def test_csv_that_would_lose_data_is_an_error(text, message):
    assert failure_of("csvparse", text)[1] == message


@given(st.lists(st.none() | st.integers(-(2**70), 2**70) | st.text() | st.lists(st.booleans())))
def test_json_lines_are_read_as_they_were_written(values):
    assert call("jsonlines", call("jsonlines", values)) == values


def test_a_wrong_line_of_json_lines_is_named():
    assert failure_of("jsonlines", "1\n\n{")[1].startswith("line 3: `jsonlines` cannot read '{'")


@given(st.text())
def test_base64_and_percent_encoding_come_back(text):
    assert call("b64decode", call("b64encode", text)) == text
    assert call("b64decode", call("b64url", text)) == text
    assert call("decodeURIComponent", call("encodeURIComponent", text)) == text


def test_urls_come_apart():
    assert call("urlparse", "https://u:p@host.example:8443/a/b?x=1&y=&x=2#end") == {
        "scheme": "https",
        "username": "u",
        "password": "p",
        "host": "host.example",
        "port": 8443,
        "path": "/a/b",
        "query": {"x": ["1", "2"], "y": ""},
        "fragment": "end",
    }
    assert failure_of("urlparse", "http://a:99999/")[0] == "HR225"


def test_html_becomes_the_text_that_is_shown():
    html = "<style>p{}</style><p>Caf&eacute;<br/>a &lt; b</p><script>x < 1</script><!-- no --> end"
    assert call("stripHtml", html) == "Café a < b end"


def test_a_hash_does_not_depend_on_the_order_of_members():
    assert call("hash", {"a": [{"x": 1, "y": 2}], "b": 1.0}) == call(
        "hash", {"b": 1, "a": [{"y": 2, "x": 1}]}
    )
    assert call("hash", "1") != call("hash", 1)


def test_a_callback_of_replace_gets_match_groups_position_text_and_names():
    seen: list[object] = []

    def callback(*arguments):
        seen.append(arguments)
        return

    pattern = compile_pattern(r"(?<a>\d)(x)?", "g")
    assert METHODS["replace"].calls["text"]("é1", pattern, callback) == "é"
    assert seen == [("1", "1", None, 1, "é1", {"a": "1"}, *[None] * 6)]


def test_messages_name_function_and_type():
    assert failure_of("upper", [1]) == ("HR224", "`upper` takes text, but {operand} is an array", 0)
    assert failure_of("chunk", [1], 0) == (
        "HR224",
        "`chunk` takes a whole number from 1, but {operand} is 0",
        1,
    )
    assert failure_of("hmac", "a", "k", "crc") == (
        "HR214",
        "`hmac` takes one of 'sha256', 'sha512', 'sha1', 'md5', not 'crc'",
        2,
    )
