"""What becomes of rows that have keys: inserted, updated or left alone, and counted so."""

import asyncio

import pytest

from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.connections.postgres.wire import Wire
from headrace.errors import PermanentError, StatementError
from headrace.sdk.transaction import Insert, Statement, Upserted
from support.upsert import counts


@pytest.fixture
async def pool(postgres_url):
    pool = PostgresPool(PostgresTarget.parse(postgres_url), max_size=2, wait_s=2)
    yield pool
    await pool.close()


@pytest.fixture(params=[True, False], ids=["as it is", "as before 18"])
def any_server(request, monkeypatch):
    """Servers before version 18 take a way of their own, which later ones know, too."""
    if not request.param:
        monkeypatch.setattr(Wire, "server_version", property(lambda self: 17_00_05))


async def run(pool, *statements):
    for sql in statements:
        result = await pool.execute(Statement(sql))
    return result.rows


def upsert(rows, table="t", columns=("n", "v"), keys=("n",)):
    return Insert(table, columns, rows, keys)


PLACES = {
    "table": ["CREATE TABLE t (n int PRIMARY KEY, v text)"],
    "partitions": [
        "CREATE TABLE t (n int PRIMARY KEY, v text) PARTITION BY RANGE (n)",
        "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (3)",
        "CREATE TABLE high (v text, dropped int, n int NOT NULL)",
        "ALTER TABLE high DROP COLUMN dropped",
        "ALTER TABLE t ATTACH PARTITION high FOR VALUES FROM (3) TO (100)",
    ],
    "view": [
        "CREATE TABLE below (n int PRIMARY KEY, v text)",
        "CREATE VIEW t AS SELECT v, n FROM below",
    ],
    "unlogged": ["CREATE UNLOGGED TABLE t (n int PRIMARY KEY, v text)"],
}


@pytest.mark.parametrize("place", PLACES)
async def test_each_row_counts_as_what_became_of_it(pool, place, any_server):
    await run(pool, *PLACES[place])
    assert await counts(pool, [(1, "a"), (2, "b"), (4, None)]) == Upserted(3, 0, 0)
    assert await counts(pool, [(1, "a"), (2, "c"), (3, "d"), (4, None)]) == Upserted(1, 1, 2)
    assert await counts(pool, [(1, None)]) == Upserted(0, 1, 0)
    assert await counts(pool, [(1, None), (2, None), (4, "x"), (5, "y")]) == Upserted(1, 2, 1)
    assert await counts(pool, [(9, "z")]) == Upserted(1, 0, 0)
    found = await run(pool, "SELECT n, v FROM t ORDER BY n")
    assert [tuple(row.values()) for row in found] == [
        (1, None), (2, None), (3, "d"), (4, "x"), (5, "y"), (9, "z"),
    ]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
async def test_rows_of_the_same_transaction_count_as_there_whatever_was_undone(pool, place, any_server):
    await run(pool, *PLACES[place], "INSERT INTO t VALUES ('old', 7)" if place == "view" else "SELECT 1")
    transaction = await pool.begin()
    assert await counts(transaction, [(1, "a"), (2, "b")]) == Upserted(2, 0, 0)
    transaction.mark("part")
    assert await counts(transaction, [(1, "x"), (3, "c")]) == Upserted(1, 1, 0)
    transaction.undo("part")
    transaction.mark("part")
    assert await counts(transaction, [(1, "x"), (2, "b"), (3, "c")]) == Upserted(1, 1, 1)
    transaction.release("part")
    await transaction.execute(Statement("SELECT n FROM t FOR UPDATE"))
    assert await counts(transaction, [(1, "y"), (2, "b"), (3, "z"), (4, "d")]) == Upserted(1, 2, 1)
    await transaction.commit()
    assert await counts(pool, [(1, "y"), (4, "e")]) == Upserted(0, 1, 1)


async def test_an_unchanged_row_is_not_written_again(pool, any_server):
    await run(pool, "CREATE TABLE t (n int PRIMARY KEY, v text, at timestamptz DEFAULT clock_timestamp())")
    await counts(pool, [(1, "a"), (2, "b")])
    before = await run(pool, "SELECT n, ctid::text, at FROM t ORDER BY n")
    await counts(pool, [(1, "a"), (2, "c")])
    after = await run(pool, "SELECT n, ctid::text, at FROM t ORDER BY n")
    assert after[0] == before[0]
    assert after[1]["ctid"] != before[1]["ctid"]


SAME = {
    "json": [{"a": 1}, '{"a" : 1}'],
    "jsonb": [{"a": 1, "b": [1, None]}, {"a": 1, "b": [1, 2]}],
    "numeric(8, 2)": [1.5, "1.51"],
    "numeric": ["1.0", "1.00"],
    "float8": ["NaN", "Infinity"],
    "box": ["((1,1),(0,0))", "((2,2),(1,1))"],
    "point": ["(1,2)", "(2,1)"],
    "char(5)": ["a", "b"],
    "bytea": ["AAE=", "AAI="],
    "interval": ["1 day", "24 hours"],
    "timestamptz(0)": ["2026-01-02T03:04:05.2Z", "2026-01-02T03:04:06Z"],
    "int[]": [[1, None], [1, 2]],
    "citext": ["a", "A"],
    "text": ["\u00e4", "a\u0308"],
    "pair": ["(1,)", "(1,a)"],
}


@pytest.mark.parametrize("sql_type", SAME)
async def test_a_value_is_the_same_where_no_byte_differs(pool, sql_type):
    """By equality some changes would be lost, and some types have none."""
    await run(
        pool,
        "CREATE TYPE pair AS (number int, letter text)",
        "CREATE EXTENSION citext",
        f"CREATE TABLE t (n int PRIMARY KEY, v {sql_type})",
    )
    one, other = SAME[sql_type]
    for value in (one, None, other):
        rows = [(1, value), (2, None)]
        await counts(pool, rows)
        assert await counts(pool, rows) == Upserted(0, 0, 2)
    assert await counts(pool, [(1, one), (2, one)]) == Upserted(0, 2, 0)
    assert await counts(pool, [(1, other), (2, one)]) == Upserted(0, 1, 1)


async def test_rows_of_keys_alone_are_added_where_they_are_not_there(pool, any_server):
    await run(pool, "CREATE TABLE t (a int, b text, UNIQUE (a, b))")
    keys = ("a", "b")
    assert await counts(pool, [(1, "x"), (1, "y")], columns=keys, keys=keys) == Upserted(2, 0, 0)
    assert await counts(pool, [(1, "x"), (2, "y")], columns=keys, keys=keys) == Upserted(1, 0, 1)


async def test_names_are_taken_as_they_are(pool, any_server):
    """Also those that the statement uses itself."""
    names = ("old", "excluded", "target", "is_new", 'a "b" ü', "WHERE")
    columns = ", ".join('"' + name.replace('"', '""') + '" text' for name in names)
    for table in ("excluded", "target", "old", 's "x".written'):
        await run(pool, 'CREATE SCHEMA IF NOT EXISTS "s ""x"""')
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))
        await run(pool, f'CREATE TABLE {quoted} ({columns}, PRIMARY KEY (old, "is_new"))')
        first = [tuple(f"{name}{n}" for name in names) for n in range(3)]
        more = {"table": table, "columns": names, "keys": ("old", "is_new")}
        assert await counts(pool, first, **more) == Upserted(3, 0, 0)
        changed = (*first[0][:5], "new")
        assert await counts(pool, [changed, *first[1:]], **more) == Upserted(0, 1, 2)


async def test_generated_columns_and_defaults_are_left_to_the_table(pool):
    await run(
        pool,
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, n int UNIQUE, v text,"
        " twice int GENERATED ALWAYS AS (n * 2) STORED, made date DEFAULT '2026-01-01')",
    )
    assert await counts(pool, [(1, "a"), (2, "b")]) == Upserted(2, 0, 0)
    assert await counts(pool, [(1, "a"), (2, "c")]) == Upserted(0, 1, 1)
    assert await run(pool, "SELECT n, twice, made FROM t WHERE v = 'c'") == [
        {"n": 2, "twice": 4, "made": "2026-01-01"}
    ]
    with pytest.raises(StatementError):
        await counts(pool, [(1, 2)], columns=("n", "twice"))


async def test_triggers_may_alter_and_drop_rows(pool, any_server):
    await run(
        pool,
        "CREATE TABLE t (n int PRIMARY KEY, v text, at int DEFAULT 0)",
        "CREATE FUNCTION clean() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF new.v = 'drop' THEN RETURN NULL; END IF; new.v = lower(new.v); new.at = new.at + 1; "
        "RETURN new; END $$",
        "CREATE TRIGGER clean BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION clean()",
    )
    assert await counts(pool, [(1, "A"), (2, "B"), (3, "drop")]) == Upserted(2, 0, 1)
    assert await counts(pool, [(1, "A"), (2, "C")]) == Upserted(0, 1, 1)
    assert await run(pool, "SELECT v, at FROM t ORDER BY n") == [{"v": "a", "at": 1}, {"v": "c", "at": 2}]


async def test_a_row_that_another_transaction_adds_meanwhile_counts_as_updated(pool):
    await run(pool, "CREATE TABLE t (n int PRIMARY KEY, v text)")
    first, second = await pool.begin(), await pool.begin()
    await counts(first, [(1, "a"), (2, "b")])
    waiting = asyncio.create_task(counts(second, [(1, "a"), (2, "c"), (3, "d")]))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await first.commit()
    assert await waiting == Upserted(1, 1, 1)
    await second.commit()


async def test_a_key_without_its_unique_constraint_is_an_error_of_the_statement(pool, any_server):
    await run(pool, "CREATE TABLE t (n int, v text)")
    for rows in ([(1, "a")], [(1, "a"), (2, "b")]):
        with pytest.raises(StatementError) as raised:
            await counts(pool, rows)
        assert raised.value.code == "42P10"


async def test_one_key_twice_in_one_statement_is_refused_and_nothing_written(pool):
    await run(pool, 'CREATE TABLE t (n text COLLATE "C" PRIMARY KEY, v text)')
    with pytest.raises(PermanentError) as raised:
        await counts(pool, [("a", "x"), ("a", "y")])
    assert raised.value.code == "21000"
    assert await run(pool, "SELECT * FROM t") == []


async def test_batches_of_every_length_are_two_prepared_statements(pool):
    await run(pool, "CREATE TABLE t (n int PRIMARY KEY, v text)")
    for count in (1, 2, 3, 100, 999):
        await counts(pool, [(n, "x") for n in range(count)])
    prepared = await run(
        pool, "SELECT count(*) AS c FROM pg_prepared_statements WHERE statement LIKE 'WITH written%'"
    )
    assert prepared == [{"c": 2}]
