"""Rows that are inserted as arrays are those that are inserted one by one."""

import base64

import pytest

from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.connections.postgres.insert import TABLE_QUERY
from headrace.connections.postgres.wire import Wire
from headrace.errors import PermanentError, StatementError
from headrace.sdk.transaction import Insert, Statement

TEXTS = ["", "NULL", "null", 'a"b', "a\\b", "{a,b}", " a ", "a,b", "ü€😀", "\t\n", None, 12, 1.5, True]
VALUES = {
    "text": [*TEXTS, [1, "a"], [], {"a": [1, None]}],
    "varchar(5)": ["abcde", "ü€😀", "ab       ", None],
    "char(5)": ["abcde", "ab", None],
    "name": ["a", None],
    "int2": [1, -1, 2.0, "7", None],
    "int8": [2**63 - 1, -(2**63), None],
    "numeric(6, 2)": [1, 1.25, 1.005, "99.999", -0.5, None],
    "float8": [1, 0.1, 1e300, "NaN", "-Infinity", None],
    "boolean": [True, False, 0, 1, "yes", None],
    "jsonb": [{"a": 'b"\\'}, [1, [2]], [], "[1]", '"text"', 1, True, None],
    "json": [{"b": 1, "a": 2}, None],
    "bytea": [base64.b64encode(bytes(range(256))).decode(), "\\x00ff", "", None],
    "timestamptz": ["2026-01-02T03:04:05.678+02:00", "infinity", None],
    "timestamp": ["2026-01-02T03:04:05", None],
    "date": ["2026-01-02", None],
    "interval": ["1 day 2 hours", None],
    "uuid": ["0d1b6f5e-5b3c-4f0e-9d43-111111111111", None],
    "inet": ["10.0.0.1", None],
    "bit(3)": ["101", None],
    "int4range": ["[1,5)", "empty", None],
    "mood": ["happy", "so, so", None],
    "whole": [1, 2, None],
    "pair": ["(1,a)", '(2,"b c")', None],
    "box": ["((1,1),(0,0))", None],
    "int[]": [[1, None, 3], [[1, 2], [3, 4]], [], "{1,2}", None],
    "texts": [["a,b", None], None],
}
TYPES = """
CREATE TYPE mood AS ENUM ('happy', 'so, so');
CREATE TYPE pair AS (number int, letter text);
CREATE DOMAIN whole AS int CHECK (value > 0);
CREATE DOMAIN texts AS text[]"""


@pytest.fixture
async def pool(postgres_url):
    pool = PostgresPool(PostgresTarget.parse(postgres_url), max_size=1, wait_s=2)
    for sql in TYPES.split(";"):
        await pool.execute(Statement(sql))
    yield pool
    await pool.close()


async def rows(pool, table):
    return (await pool.execute(Statement(f"SELECT v::text FROM {table} ORDER BY n"))).rows


@pytest.mark.parametrize("sql_type", VALUES)
async def test_values_of_every_type_are_the_same_as_by_themselves(pool, sql_type):
    values = VALUES[sql_type]
    for table in ("one", "many"):
        await pool.execute(Statement(f"CREATE TABLE {table} (n int PRIMARY KEY, v {sql_type})"))
    for number, value in enumerate(values):
        await pool.execute(Statement("INSERT INTO one VALUES ($1, $2)", [number, value]))
    result = await pool.execute(Insert("many", ("n", "v"), list(enumerate(values))))
    assert (result.row_count, result.command) == (len(values), "INSERT")
    assert await rows(pool, "many") == await rows(pool, "one")


@pytest.mark.parametrize(
    ("sql_type", "value", "code"),
    [
        ("varchar(3)", "abcd", "22001"),
        ("char(3)", "abcd", "22001"),
        ("bit(3)", "1010", "22026"),
        ("int2", 40_000, "22003"),
        ("int", "many", "22P02"),
        ("numeric(3, 2)", 12, "22003"),
        ("whole", -1, "23514"),
        ("text", "a\0b", "HR323"),
        ("text", "\ud800", "HR323"),
        ("bytea", "no Base64", "HR323"),
    ],
)
async def test_what_a_column_cannot_hold_is_refused_and_never_cut(pool, sql_type, value, code):
    await pool.execute(Statement(f"CREATE TABLE t (n int PRIMARY KEY, v {sql_type})"))
    for count in (1, 2):
        with pytest.raises(PermanentError) as raised:
            await pool.execute(Insert("t", ("n", "v"), [(1, value), (2, None)][:count]))
        assert raised.value.code == code
    assert await rows(pool, "t") == []


async def test_any_number_of_rows_is_one_prepared_statement(pool):
    await pool.execute(Statement('CREATE SCHEMA "a b"; '.rstrip("; ")))
    await pool.execute(Statement('CREATE TABLE "a b"."T""t" ("n" int, "v" text)'))
    for count in (2, 3, 10, 999):
        await pool.execute(Insert('a b.T"t', ("n", "v"), [(number, "x") for number in range(count)]))
    prepared = await pool.execute(
        Statement("SELECT count(*) AS c FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'")
    )
    assert prepared.rows == [{"c": 1}]


async def test_a_table_that_changes_is_written_to_as_it_is_now(pool):
    await pool.execute(Statement("CREATE TABLE t (n int, v int2)"))
    await pool.execute(Insert("t", ("n", "v"), [(1, 1), (2, 2)]))
    await pool.execute(Statement("ALTER TABLE t ALTER v TYPE text"))
    with pytest.raises(PermanentError):
        await pool.execute(Insert("t", ("n", "v"), [(3, "c"), (4, "d")]))
    await pool.execute(Insert("t", ("n", "v"), [(3, "c"), (4, "d")]))
    assert [row["v"] for row in await rows(pool, "t")] == ["1", "2", "c", "d"]


async def test_after_a_failure_that_is_undone_rows_go_as_arrays_without_asking_again(pool, monkeypatch):
    asked = []
    send = Wire.send_binary

    def sent(self, sql, values):
        asked.append(sql)
        send(self, sql, values)

    monkeypatch.setattr(Wire, "send_binary", sent)
    await pool.execute(Statement("CREATE TABLE t (n int, v int2)"))
    transaction = await pool.begin()
    for number in range(3):
        transaction.mark("part")
        with pytest.raises(PermanentError):
            await transaction.execute(Insert("t", ("n", "v"), [(number, 1), (number, "many")]))
        transaction.undo("part")
        await transaction.execute(Insert("t", ("n", "v"), [(number, 1), (number, 2)]))
    await transaction.commit()
    found = await pool.execute(
        Statement("SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO %t%'")
    )
    assert ["unnest" in row["statement"] for row in found.rows] == [True]
    assert asked.count(TABLE_QUERY) == 1
    assert len(await rows(pool, "t")) == 6


@pytest.mark.parametrize(
    ("table", "columns"), [("none", ("n", "v")), ("t", ("n", "w")), ("t", ("n", "v\0")), ("a.b.c.d", ("n",))]
)
async def test_wrong_names_are_errors_of_the_statement(pool, table, columns):
    await pool.execute(Statement("CREATE TABLE t (n int, v text)"))
    with pytest.raises(StatementError):
        await pool.execute(Insert(table, columns, [(1, 1), (2, 2)]))
