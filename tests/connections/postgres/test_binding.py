"""JSON values as text parameters, without a server."""

import pytest

from headrace.connections.postgres.binding import bind, guess_type
from headrace.connections.postgres.sqltype import Kind, SqlType
from headrace.errors import PermanentError


def literal(value, kind, *, array=False):
    sql_type = SqlType(Kind.ARRAY, SqlType(kind)) if array else SqlType(kind)
    data = bind([value], [sql_type])[0]
    return None if data is None else data.decode()


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, Kind.TEXT, None),
        (True, Kind.BOOLEAN, "true"),
        (2**80, Kind.DECIMAL, str(2**80)),
        (5.0, Kind.INTEGER, "5"),
        (1e20, Kind.DECIMAL, "100000000000000000000"),
        (1.5, Kind.DECIMAL, "1.5"),
        (0.1, Kind.FLOAT, "0.1"),
        (7, Kind.TEXT, "7"),
        (7.0, Kind.TEXT, "7"),
        ("2026-01-02T03:04:05Z", Kind.INSTANT, "2026-01-02T03:04:05Z"),
        ('{"a":1}', Kind.JSON, '{"a":1}'),
        ({"a": [1, 2.0]}, Kind.JSON, '{"a":[1,2]}'),
        ([1, None], Kind.JSON, "[1,null]"),
        (False, Kind.JSON, "false"),
        ({"a": 1}, Kind.TEXT, '{"a":1}'),
        ("AQI=", Kind.BYTES, "\\x0102"),
        ("\\xff", Kind.BYTES, "\\xff"),
        ("{a,b}", Kind.OTHER, "{a,b}"),
    ],
)
def test_a_value_becomes_the_text_that_its_parameter_takes(value, kind, text):
    assert literal(value, kind) == text


@pytest.mark.parametrize(
    ("items", "kind", "text"),
    [
        ([], Kind.TEXT, "{}"),
        (["a", "", "ä,}"], Kind.TEXT, '{"a","","ä,}"}'),
        (['say "x"', "back\\slash", "NULL"], Kind.TEXT, '{"say \\"x\\"","back\\\\slash","NULL"}'),
        (["a", None], Kind.TEXT, '{"a",NULL}'),
        ([1, 2], Kind.INTEGER, "{1,2}"),
        ([1, 2.0], Kind.INTEGER, '{"1","2"}'),
        ([True, False], Kind.BOOLEAN, '{"true","false"}'),
        ([[1, 2], [3, 4]], Kind.INTEGER, "{{1,2},{3,4}}"),
        ([["a"], ["b,c"]], Kind.TEXT, '{{"a"},{"b,c"}}'),
        (['{"a":1}', {"b": 'x"y'}], Kind.JSON, '{"{\\"a\\":1}","{\\"b\\":\\"x\\\\\\"y\\"}"}'),
        ([[1, 2], None], Kind.JSON, '{"[1,2]",NULL}'),
        (["AQI="], Kind.BYTES, '{"\\\\x0102"}'),
    ],
)
def test_a_list_becomes_an_array_literal(items, kind, text):
    assert literal(items, kind, array=True) == text


@pytest.mark.parametrize(
    ("value", "kind", "array", "message"),
    [
        ("a\0b", Kind.TEXT, False, "parameter $1 holds a NUL character (U+0000), which PostgreSQL's text cannot hold"),
        (["a", "\0"], Kind.TEXT, True, "parameter $1 holds a NUL character (U+0000), which PostgreSQL's text cannot hold"),
        (["a\0", None], Kind.TEXT, True, "parameter $1 holds a NUL character (U+0000), which PostgreSQL's text cannot hold"),
        ("\ud800", Kind.TEXT, False, "parameter $1 holds half of a surrogate pair, which is no character"),
        ("not base64", Kind.BYTES, False, "parameter $1 is bound to bytea, which takes Base64 text or `\\x` and hex digits"),
    ],
)  # fmt: skip
def test_what_postgresql_cannot_hold_is_refused_in_plain_words(value, kind, array, message):
    with pytest.raises(PermanentError) as caught:
        literal(value, kind, array=array)
    assert str(caught.value) == message


def test_the_number_of_parameters_must_fit():
    with pytest.raises(PermanentError) as caught:
        bind([1, 2], [SqlType(Kind.INTEGER)])
    assert str(caught.value) == "the statement takes 1 parameter, but `parameters` has 2"


def test_an_open_type_is_that_of_the_value():
    assert [guess_type(v) for v in (True, 1, 2**70, 1.5, "x", None, [1], {})] == [
        16, 20, 1700, 701, 25, 25, 3802, 3802,
    ]  # fmt: skip
