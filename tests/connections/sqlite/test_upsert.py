"""What becomes of rows that have keys: inserted, updated or left alone, and counted so."""

import pytest

from headrace.connections.sqlite import SqliteDatabase
from headrace.errors import StatementError
from headrace.sdk.transaction import Upserted
from support.upsert import counts, run


@pytest.fixture
async def database(tmp_path):
    database = SqliteDatabase(tmp_path / "data.db", max_size=2)
    yield database
    await database.close()


@pytest.mark.parametrize("without", ["", " WITHOUT ROWID"])
async def test_each_row_counts_as_what_became_of_it(database, without):
    await run(database, f"CREATE TABLE t (n integer PRIMARY KEY, v text){without}")
    assert await counts(database, [(1, "a"), (2, "b"), (4, None)]) == Upserted(3, 0, 0)
    assert await counts(database, [(1, "a"), (2, "c"), (3, "d"), (4, None)]) == Upserted(1, 1, 2)
    assert await counts(database, [(1, None), (2, None), (4, "x"), (5, "y")]) == Upserted(1, 3, 0)
    assert await run(database, "SELECT * FROM t") == [(1, None), (2, None), (3, "d"), (4, "x"), (5, "y")]


async def test_rows_of_the_same_transaction_count_as_there_whatever_was_undone(database):
    await run(database, "CREATE TABLE t (n integer PRIMARY KEY, v text)")
    transaction = await database.begin()
    assert await counts(transaction, [(1, "a")]) == Upserted(1, 0, 0)
    transaction.mark("part")
    assert await counts(transaction, [(1, "x"), (2, "b")]) == Upserted(1, 1, 0)
    transaction.undo("part")
    assert await counts(transaction, [(1, "a"), (2, "b")]) == Upserted(1, 0, 1)
    await transaction.commit()


@pytest.mark.parametrize(
    ("sql_type", "one", "other"),
    [
        ("text", "1", "2"),
        ("text COLLATE NOCASE", "a", "A"),
        ("text COLLATE RTRIM", "a", "a  "),
        ("", "1", 1),
        ("", [1, 2], {"a": 1}),
        ("real", 1, 1.5),
        ("numeric", "1", "one"),
        ("integer", True, False),
    ],
)
async def test_a_value_is_the_same_where_no_byte_differs(database, sql_type, one, other):
    await run(database, f"CREATE TABLE t (n integer PRIMARY KEY, v {sql_type})")
    for value in (one, None, other):
        await counts(database, [(1, value), (2, None)])
        assert await counts(database, [(1, value), (2, None)]) == Upserted(0, 0, 2)
    assert await counts(database, [(1, one), (2, one)]) == Upserted(0, 2, 0)
    assert await counts(database, [(1, other), (2, one)]) == Upserted(0, 1, 1)


async def test_keys_are_found_as_their_column_compares(database):
    await run(database, "CREATE TABLE t (n text COLLATE NOCASE, column1 real, v, PRIMARY KEY (n, column1))")
    more = {"columns": ("v", "n", "column1"), "keys": ("n", "column1")}
    assert await counts(database, [("x", 1, 2), ("x", "b", 1)], **more) == Upserted(2, 0, 0)
    assert await counts(database, [("x", "1", 2.0), ("y", "B", "1"), ("z", "c", 1)], **more) == Upserted(
        1, 1, 1
    )


async def test_rows_of_keys_alone_are_added_where_they_are_not_there(database):
    await run(database, "CREATE TABLE t (a, b, UNIQUE (a, b))")
    more = {"columns": ("a", "b"), "keys": ("a", "b")}
    assert await counts(database, [(1, "x"), (1, "y")], **more) == Upserted(2, 0, 0)
    assert await counts(database, [(1, "x"), (2, "y")], **more) == Upserted(1, 0, 1)


async def test_names_are_taken_as_they_are(database):
    names = ("old", "excluded", "target", "given", 'a "b" ü', "WHERE")
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    for table in ("excluded", "target", "given", 'a "x"'):
        quoted = '"' + table.replace('"', '""') + '"'
        await run(database, f"CREATE TABLE {quoted} ({columns}, PRIMARY KEY (old, given))")
        first = [tuple(f"{name}{n}" for name in names) for n in range(3)]
        for name in (table, f"main.{table}"):
            more = {"table": name, "columns": names, "keys": ("old", "given")}
            await counts(database, first, **more)
            changed = (*first[0][:5], "new")
            assert await counts(database, [changed, *first[1:]], **more) == Upserted(0, 1, 2)


async def test_triggers_may_alter_and_drop_rows(database):
    await run(
        database,
        "CREATE TABLE t (n integer PRIMARY KEY, v text, at int DEFAULT 0)",
        "CREATE TRIGGER dropped BEFORE INSERT ON t WHEN new.v = 'drop' BEGIN SELECT RAISE(IGNORE); END",
        "CREATE TRIGGER noted AFTER UPDATE OF v ON t BEGIN UPDATE t SET at = at + 1 WHERE n = new.n; END",
    )
    assert await counts(database, [(1, "a"), (2, "b"), (3, "drop")]) == Upserted(2, 0, 1)
    assert await counts(database, [(1, "a"), (2, "c")]) == Upserted(0, 1, 1)
    assert await run(database, "SELECT * FROM t") == [(1, "a", 0), (2, "c", 1)]


async def test_more_rows_than_one_statement_takes_are_still_one_insert(database):
    await run(database, "CREATE TABLE t (n integer PRIMARY KEY, v text)")
    rows = [(n, "x") for n in range(40_000)]
    assert await counts(database, rows[:20_000]) == Upserted(20_000, 0, 0)
    assert await counts(database, rows) == Upserted(20_000, 0, 20_000)


@pytest.mark.parametrize(
    "more", [{"table": "none"}, {"columns": ("n", "w")}, {"keys": ("v",)}, {"table": "a\0b"}]
)
async def test_what_is_wrong_whatever_the_rows_are_is_an_error_of_the_statement(database, more):
    await run(database, "CREATE TABLE t (n integer PRIMARY KEY, v text)")
    with pytest.raises(StatementError):
        await counts(database, [(1, "a")], **more)
