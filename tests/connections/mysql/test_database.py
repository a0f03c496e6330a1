"""MariaDB: values, commits, errors, cancellation."""

import asyncio

import pytest

from headrace.connections.mysql import MysqlDatabase, MysqlTarget
from headrace.errors import InfrastructureError, InternalError, PermanentError, StatementError
from headrace.sdk.transaction import Result, Statement


async def run(database, *statements):
    for sql in statements:
        result = await database.execute(Statement(sql))
    return result.rows


COLUMNS = {
    "tinyint": [1, -1, None],
    "boolean": [1, 0],
    "bigint unsigned": [2**64 - 1, 0],
    "decimal(30, 10)": [1.5, 12, "12345678901234567890.0123456789", -0.25],
    "double": [0.1, 1e300, -2.5],
    "varchar(20)": ["ü😀", "", "it's \\ \" % $1", "\0\n\x1a", "NULL"],
    "text": ["x" * 1000],
    "datetime(6)": ["2026-01-02T03:04:05.5", "2026-01-02T03:04:05"],
    "date": ["2026-01-02"],
    "time": ["10:11:12"],
    "year": [2026],
    "bit(12)": [5, 4095],
    "enum('a', 'b')": ["b"],
}


@pytest.mark.parametrize("sql_type", COLUMNS)
async def test_values_come_back_as_they_went_in(database, sql_type):
    await run(database, f"CREATE TABLE t (n int PRIMARY KEY, v {sql_type})")
    values = COLUMNS[sql_type]
    await database.execute(
        Statement("INSERT INTO t VALUES ($1, $2)", rows=[[n, v] for n, v in enumerate(values)])
    )
    found = await run(database, "SELECT v FROM t ORDER BY n")
    assert [row["v"] for row in found] == values
    assert [type(row["v"]) for row in found] == [type(value) for value in values]


async def test_times_are_in_utc_and_blobs_are_base64(database):
    (row,) = await run(
        database,
        "SELECT @@time_zone AS zone, TIMESTAMP '2026-01-02 03:04:05.120' AS a, x'0001ff' AS b, 1.50 AS c, 2.00 AS d",
    )
    assert row == {"zone": "+00:00", "a": "2026-01-02T03:04:05.12", "b": "AAH/", "c": 1.5, "d": 2}
    await run(
        database, "CREATE TABLE t (at timestamp(3))", "INSERT INTO t VALUES ('2026-01-02 03:04:05.120')"
    )
    assert await run(database, "SELECT at FROM t") == [{"at": "2026-01-02T03:04:05.12Z"}]


async def test_the_result_tells_command_and_rows(database):
    await run(database, "CREATE TABLE t (n int)")
    assert await database.execute(Statement("insert into t values (1), (2)")) == Result([], 2, "INSERT")
    assert await database.execute(Statement("SELECT n FROM t")) == Result([{"n": 1}, {"n": 2}], 2, "SELECT")
    with pytest.raises(PermanentError, match="two columns are named `n`"):
        await run(database, "SELECT n, n FROM t")


async def test_rows_of_one_statement_commit_together_or_not_at_all(database):
    await run(database, "CREATE TABLE t (n int PRIMARY KEY)")
    with pytest.raises(PermanentError) as raised:
        await database.execute(Statement("INSERT INTO t VALUES ($1)", rows=[[1], [2], [1]]))
    assert raised.value.code == "1062"
    assert await run(database, "SELECT * FROM t") == []
    await database.execute(Statement("INSERT INTO t VALUES ($1)", rows=[[1], [2]]))
    assert await database.execute(Statement("INSERT INTO t VALUES ($1)", rows=[])) == Result()
    assert len(await run(database, "SELECT * FROM t")) == 2


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELEC 1", StatementError),
        ("SELECT * FROM none", StatementError),
        ("SELECT none FROM t", StatementError),
        ("INSERT INTO t VALUES ('x')", PermanentError),
        ("INSERT INTO t VALUES (99999999999)", PermanentError),
        ("SELECT 1; SELECT 2", StatementError),
    ],
)
async def test_errors_tell_whether_the_statement_is_wrong(database, sql, kind):
    await run(database, "CREATE TABLE t (n int)")
    with pytest.raises(PermanentError) as raised:
        await run(database, sql)
    assert type(raised.value) is kind


async def test_a_deadlock_and_a_lock_that_does_not_come_are_failures_of_the_database(database):
    await run(database, "CREATE TABLE t (n int PRIMARY KEY, v int)", "INSERT INTO t VALUES (1, 0), (2, 0)")
    update = "UPDATE t SET v = v + sleep(0.3) * 0 + 1 WHERE n = $1"

    async def both(order):
        await database.execute(Statement(update, rows=[[n] for n in order]))

    results = await asyncio.gather(both([1, 2]), both([2, 1]), return_exceptions=True)
    (failure,) = [result for result in results if result is not None]
    assert isinstance(failure, InfrastructureError)
    assert failure.code == "1213"
    assert await run(database, "SELECT v FROM t") == [{"v": 1}, {"v": 1}]


async def test_a_connection_that_is_killed_is_a_failure_of_the_database_and_replaced(database):
    numbers = [(await run(database, "SELECT connection_id() AS id"))[0]["id"]]
    hanging = asyncio.create_task(run(database, "SELECT sleep(30)"))
    await asyncio.sleep(0.2)
    await run(database, f"KILL {numbers[0]}")
    with pytest.raises(InfrastructureError):
        await hanging
    assert await run(database, "SELECT 1 AS one") == [{"one": 1}]


async def test_a_connection_that_was_closed_while_it_lay_idle_is_not_used_again(database, mariadb_server):
    (row,) = await run(database, "SELECT connection_id() AS id")
    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"KILL {row['id']}")
    await asyncio.sleep(0.1)
    assert await run(database, "SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.parametrize(
    "setting", ["autocommit = 0", "SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'"]
)
async def test_a_setting_of_ones_own_does_not_outlive_its_statement(database, setting):
    await run(database, "CREATE TABLE t (v text)", f"/* mine */ SET {setting}")
    texts = ["\\'), ('injected", 'a"b', "'"]
    await database.execute(Statement("INSERT INTO t VALUES ($1)", [texts[0]]))
    await database.execute(Statement("INSERT INTO t VALUES ($1)", rows=[[text] for text in texts[1:]]))
    await run(database, "SET SESSION wait_timeout = 9")  # what was not committed is gone with its connection
    assert [row["v"] for row in await run(database, "SELECT v FROM t")] == texts


async def test_what_is_cancelled_stops_on_the_server_too(database, mariadb_server):
    await run(database, "CREATE TABLE t (n int)")
    running = asyncio.create_task(run(database, "INSERT INTO t SELECT sleep(30)"))
    await asyncio.sleep(0.2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await running
    busy = "SELECT count(*) AS n FROM information_schema.processlist WHERE info LIKE 'INSERT INTO t SELECT%'"
    assert await run(database, busy) == [{"n": 0}]
    assert await run(database, "SELECT * FROM t") == []


async def test_a_server_that_is_not_there_is_a_failure_of_the_database():
    database = MysqlDatabase(MysqlTarget("127.0.0.1", 1, "x", "u", "geheim"))
    with pytest.raises(InfrastructureError) as raised:
        await run(database, "SELECT 1")
    assert "127.0.0.1:1" in raised.value.message
    assert "geheim" not in raised.value.message


async def test_a_wrong_password_is_said(mariadb_server, database):
    await run(database, "CREATE OR REPLACE USER someone@localhost IDENTIFIED BY 'right'")
    other = MysqlDatabase(MysqlTarget(str(mariadb_server.socket), user="someone", password="geheim"))
    with pytest.raises(PermanentError) as raised:
        await run(other, "SELECT 1")
    assert "check `username` and `password`" in raised.value.message
    assert "geheim" not in raised.value.message


async def test_there_are_no_transactions_of_tasks(database):
    with pytest.raises(InternalError):
        await database.begin()
    assert await database.find_task("a.b") is None
    assert await database.forget_tasks(["a"]) == 0
