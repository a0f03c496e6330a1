"""What becomes of rows that have keys: inserted, updated or left alone, and counted so."""

import pytest

from headrace.errors import PermanentError, StatementError
from headrace.sdk.transaction import Insert, Upserted
from support.upsert import counts, run


async def test_each_row_counts_as_what_became_of_it(database):
    await run(database, "CREATE TABLE t (n int PRIMARY KEY, v text)")
    assert await counts(database, [(1, "a"), (2, "b"), (4, None)]) == Upserted(3, 0, 0)
    assert await counts(database, [(1, "a"), (2, "c"), (3, "d"), (4, None)]) == Upserted(1, 1, 2)
    assert await counts(database, [(1, "A")]) == Upserted(0, 1, 0), "a collation takes A for a"
    assert await counts(database, [(1, "A")]) == Upserted(0, 0, 1)
    assert await counts(database, [(9, "z")]) == Upserted(1, 0, 0)
    assert await counts(database, [(1, "x"), (2, "y"), (10, "z")]) == Upserted(1, 2, 0)


async def test_an_unchanged_row_is_not_written_again(database):
    await run(
        database,
        "CREATE TABLE t (n int PRIMARY KEY, v text, at datetime(6) DEFAULT now(6) ON UPDATE now(6))",
    )
    await counts(database, [(1, "a"), (2, "b")])
    before = await run(database, "SELECT at FROM t ORDER BY n")
    await counts(database, [(1, "a"), (2, "c")])
    after = await run(database, "SELECT at FROM t ORDER BY n")
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


async def test_rows_of_keys_alone_are_added_where_they_are_not_there(database):
    await run(database, "CREATE TABLE t (a int, b varchar(9), UNIQUE (b, a))")
    more = {"columns": ("a", "b"), "keys": ("a", "b")}
    assert await counts(database, [(1, "x"), (1, "y")], **more) == Upserted(2, 0, 0)
    assert await counts(database, [(1, "x"), (2, "y")], **more) == Upserted(1, 0, 1)


async def test_another_row_is_never_overwritten_for_a_value_that_it_has_in_another_unique_column(database):
    await run(
        database,
        "CREATE TABLE t (n int PRIMARY KEY, v varchar(9) UNIQUE)",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
    )
    with pytest.raises(PermanentError) as raised:
        await counts(database, [(3, "c"), (4, "a")])
    assert "a unique column of `t`" in raised.value.message
    assert not isinstance(raised.value, StatementError)
    assert await run(database, "SELECT * FROM t") == [(1, "a"), (2, "b")]
    assert await counts(database, [(1, "a"), (2, "x"), (3, "c")]) == Upserted(1, 1, 1)


@pytest.mark.parametrize(
    "more", [{"keys": ("v",)}, {"table": "none"}, {"columns": ("n", "w")}, {"table": "a\0b"}]
)
async def test_what_is_wrong_whatever_the_rows_are_is_an_error_of_the_statement(database, more):
    await run(database, "CREATE TABLE t (n int PRIMARY KEY, v text)")
    with pytest.raises(StatementError):
        await counts(database, [(1, "a"), (2, "b")], **more)


async def test_names_are_taken_as_they_are(database):
    names = ("select", "a `b` ü", "values", 'q"')
    columns = ", ".join("`" + name.replace("`", "``") + "` varchar(20)" for name in names)
    await run(database, f"CREATE TABLE `we``ird` ({columns}, PRIMARY KEY (`select`, `values`))")
    (schema,) = (await run(database, "SELECT database()"))[0]
    first = [tuple(f"{name}{n}" for name in names) for n in range(3)]
    for table in ("we`ird", f"{schema}.we`ird"):
        more = {"table": table, "columns": names, "keys": ("select", "VALUES".lower())}
        await counts(database, first, **more)
        assert await counts(database, [(*first[0][:3], table), *first[1:]], **more) == Upserted(0, 1, 2)


async def test_columns_take_what_their_type_takes(database):
    await run(
        database,
        "CREATE TABLE t (n int PRIMARY KEY, a datetime(3), b timestamp NULL, c json, d blob, e decimal(20, 2),"
        " f text, g bool)",
    )
    row = (1, "2026-01-02T03:04:05.678+02:00", "2026-01-02T03:04:05Z", [1, {"a": None}], "AAH/", 1.25,
           "2026-01-02T03:04:05Z", True)  # fmt: skip
    more = {"columns": tuple("nabcdefg")}
    assert await counts(database, [row], **more) == Upserted(1, 0, 0)
    assert await counts(database, [row], **more) == Upserted(0, 0, 1)
    assert await run(database, "SELECT * FROM t") == [
        (1, "2026-01-02T01:04:05.678", "2026-01-02T03:04:05Z", '[1,{"a":null}]', "AAH/", 1.25,
         "2026-01-02T03:04:05Z", 1)
    ]  # fmt: skip
    with pytest.raises(PermanentError, match="Base64"):
        await counts(database, [(2, None, None, None, "no Base64", 1, "", True)], **more)


async def test_more_than_one_statement_takes_is_still_one_insert(database):
    await run(database, "CREATE TABLE t (n int PRIMARY KEY, v longtext)")
    rows = [(n, f"{n}" * 20_000) for n in range(300)]
    assert await counts(database, rows[:200]) == Upserted(200, 0, 0)
    with pytest.raises(PermanentError):
        await counts(database, [*rows, ("x", "")])
    assert await run(database, "SELECT count(*) FROM t") == [(200,)]
    assert await counts(database, rows) == Upserted(100, 0, 200)


async def test_a_table_that_changes_is_written_to_as_it_is_now(database):
    await run(database, "CREATE TABLE t (n int PRIMARY KEY, v int)")
    await counts(database, [(1, None)])
    await run(database, "ALTER TABLE t MODIFY v datetime")
    with pytest.raises(PermanentError):
        await counts(database, [(2, "2026-01-02T03:04:05Z")])
    assert await counts(database, [(2, "2026-01-02T03:04:05Z")]) == Upserted(1, 0, 0)


async def test_rows_without_keys_are_added(database):
    await run(database, "CREATE TABLE t (at int PRIMARY KEY AUTO_INCREMENT, n int, v text)")
    result = await database.execute(Insert("t", ("n", "v"), [(2, "a"), (1, "b"), (2, "a")]))
    assert (result.row_count, result.upserted) == (3, None)
    assert await run(database, "SELECT n, v FROM t ORDER BY at") == [(2, "a"), (1, "b"), (2, "a")]
