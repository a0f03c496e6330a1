"""SQLite files: values, transactions, turns and errors."""

import asyncio
import sqlite3

import pytest

from headrace.connections.sqlite import SqliteDatabase
from headrace.errors import InfrastructureError, PermanentError, UsageError
from headrace.sdk.transaction import Result, Statement


@pytest.fixture
async def database(tmp_path):
    database = SqliteDatabase(tmp_path / "data.db", max_size=4, wait_s=0.5)
    await database.execute(Statement("create table t (id integer primary key, x)"))
    yield database
    await database.close()


async def rows(database, sql, *parameters):
    return (await database.execute(Statement(sql, parameters))).rows


INSERT = "insert into t values ($1, $2)"


async def test_values_come_back_as_sqlite_holds_them(database):
    given = [None, True, 7, 2**63 - 1, 1.5, 2.0, "ä\0b", [1, 2.0], {"a": None}]
    held = [None, 1, 7, 2**63 - 1, 1.5, 2, "ä\0b", "[1,2]", '{"a":null}']
    await database.execute(Statement(INSERT, rows=[[n, v] for n, v in enumerate(given)]))
    assert [row["x"] for row in await rows(database, "select x from t order by id")] == held


async def test_blobs_and_infinities_come_back_as_text(database):
    assert await rows(database, "select x'0001ff' as a, 9e999 as b, -9e999 as c") == [
        {"a": "AAH/", "b": "Infinity", "c": "-Infinity"}
    ]


async def test_parameters_go_by_number_in_any_order_and_repeated(database):
    assert await rows(database, "select $2 as a, $1 as b, $2 as c, '$3' as d", 1, 2) == [
        {"a": 2, "b": 1, "c": 2, "d": "$3"}
    ]
    assert await rows(database, "select ?2 as a, ?1 as b", 1, 2) == [{"a": 2, "b": 1}]
    assert await rows(database, "select ? as a, ? as b", 1, 2) == [{"a": 1, "b": 2}]


async def test_the_result_tells_command_and_rows(database):
    assert await database.execute(Statement(INSERT, rows=[[1, "a"], [2, "b"]])) == Result([], 2, "INSERT")
    assert await database.execute(Statement("update t set x = 'c' returning id")) == Result(
        [{"id": 1}, {"id": 2}], 2, "UPDATE"
    )
    assert await database.execute(Statement("select x from t where id = 1")) == Result(
        [{"x": "c"}], 1, "SELECT"
    )
    assert (await rows(database, "pragma journal_mode")) == [{"journal_mode": "wal"}]
    assert (await rows(database, "pragma foreign_keys")) == [{"foreign_keys": 1}]


async def test_rows_of_one_statement_commit_together_or_not_at_all(database):
    with pytest.raises(PermanentError):
        await database.execute(Statement(INSERT, rows=[[1, 1], [1, 1]]))
    assert await rows(database, "select * from t") == []


async def test_marks_keep_and_undo(database):
    transaction = await database.begin()
    transaction.mark("a")
    await transaction.execute(Statement(INSERT, [1, "a"]))
    transaction.release("a")
    transaction.mark("b")
    await transaction.execute(Statement(INSERT, [2, "b"]))
    with pytest.raises(PermanentError) as caught:
        await transaction.execute(Statement(INSERT, [1, "c"]))
    assert caught.value.code == "SQLITE_CONSTRAINT_PRIMARYKEY"
    transaction.undo("b")
    await transaction.execute(Statement(INSERT, [3, "d"]))
    assert await rows(database, "select id from t") == []  # readers see what is committed
    await transaction.commit()
    assert await rows(database, "select id from t") == [{"id": 1}, {"id": 3}]


async def test_rollback_takes_everything_back(database):
    transaction = await database.begin()
    await transaction.execute(Statement(INSERT, [1, "a"]))
    await transaction.rollback()
    await transaction.rollback()
    assert await rows(database, "select * from t") == []


async def test_rule_17_writers_take_turns_and_none_is_lost(database):
    async def work(number):
        transaction = await database.begin()
        await transaction.execute(Statement(INSERT, [number, "x"]))
        await transaction.commit()

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(work(number))
    assert await rows(database, "select count(*) as n from t") == [{"n": 40}]


async def test_a_turn_that_does_not_come_is_infrastructure(database):
    other = SqliteDatabase(database.path, wait_s=0.02)
    holder = await database.begin()
    await holder.execute(Statement(INSERT, [1, "a"]))
    with pytest.raises(InfrastructureError, match="another task has been writing"):
        await other.execute(Statement(INSERT, [2, "b"]))
    await holder.commit()
    await other.execute(Statement(INSERT, [2, "b"]))
    await other.close()


async def test_the_lock_of_another_process_is_infrastructure(database, monkeypatch):
    monkeypatch.setattr("headrace.connections.sqlite.connection.BUSY_TIMEOUT_S", 0.02)
    impatient = SqliteDatabase(database.path)
    with sqlite3.connect(database.path, isolation_level=None) as other:
        other.execute("begin immediate")
        with pytest.raises(InfrastructureError) as caught:
            await impatient.execute(Statement(INSERT, [1, "a"]))
        other.execute("rollback")
    other.close()
    assert (caught.value.code, str(caught.value)) == (
        "SQLITE_BUSY", "SQLite: database is locked (another process holds the lock of the database)",
    )  # fmt: skip
    await impatient.execute(Statement(INSERT, [1, "a"]))
    await impatient.close()


async def test_a_statement_that_rolls_everything_back_ends_the_transaction(database):
    transaction = await database.begin()
    await transaction.execute(Statement(INSERT, [1, "a"]))
    with pytest.raises(PermanentError):
        await transaction.execute(Statement("insert or rollback into t values (1, 'b')"))
    with pytest.raises(PermanentError, match="rolled the whole transaction back"):
        await transaction.execute(Statement(INSERT, [2, "c"]))
    with pytest.raises(PermanentError, match="rolled the whole transaction back"):
        await transaction.commit()
    assert await rows(database, "select * from t") == []


@pytest.mark.parametrize(
    ("sql", "parameters", "message"),
    [
        ("select * fro t", [], 'near "fro": syntax error'),
        ("select 1; select 2", [], "one query takes one statement; give each statement a node of its own, or use `setup`"),
        ("select $1, $2", [1], "the statement takes 2 parameters, but `parameters` has 1"),
        ("select $1", [1, 2], "the statement takes 1 parameter, but `parameters` has 2"),
        ("select 1", [1], "the statement takes no parameters, but `parameters` has 1"),
        ("select ?, ?", [1], "the statement takes 2 parameters, but `parameters` has 1"),
        ("select $1", [2**63], "parameter $1 is an integer beyond 64 bits, which SQLite cannot hold; pass text"),
        ("select $1", ["\ud800"], "parameter $1 holds half of a surrogate pair, which is no character"),
        ("select 1 as a, 2 as a", [], "two columns are named `a`; name one of them with AS"),
    ],
)  # fmt: skip
async def test_a_wrong_statement_is_a_permanent_error_in_plain_words(database, sql, parameters, message):
    with pytest.raises(PermanentError) as caught:
        await database.execute(Statement(sql, parameters))
    assert str(caught.value) == message


async def test_a_cancelled_statement_is_interrupted(database):
    endless = "with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) from c"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await database.execute(Statement(endless))
    transaction = await database.begin()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await transaction.execute(
                Statement(f"insert into t select n, 1 from ({endless.replace('max(n)', 'n')})")
            )
    await transaction.rollback()
    assert await rows(database, "select * from t") == []
    await database.execute(Statement(INSERT, [1, "a"]))


async def test_a_file_that_is_no_database_says_so(tmp_path):
    (tmp_path / "x.db").write_text("hello, this is some text and no database at all" * 10)
    with pytest.raises(PermanentError, match="the file is something else, or encrypted"):
        await SqliteDatabase(tmp_path / "x.db").begin()


async def test_a_folder_that_is_not_there_says_so(tmp_path):
    with pytest.raises(InfrastructureError, match="check that its folder exists and may be written"):
        await SqliteDatabase(tmp_path / "nowhere" / "x.db").begin()


async def test_a_full_disk_is_infrastructure(tmp_path):
    database = SqliteDatabase(tmp_path / "small.db", max_size=1)
    await database.execute(Statement("create table t (x)"))
    await database.execute(Statement("pragma max_page_count = 2"))  # as if there was room for no more
    with pytest.raises(InfrastructureError, match="its disk is full; free some space"):
        await database.execute(Statement("insert into t values (zeroblob(100000))"))
    await database.execute(Statement("insert into t values (1)"))
    await database.close()


async def test_databases_of_one_file_have_one_key(database, tmp_path):
    assert database.key == SqliteDatabase(tmp_path / "." / "data.db").key
    with pytest.raises(UsageError):
        SqliteDatabase(":memory:")
