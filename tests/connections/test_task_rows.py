"""Rules 11, 12, 16 and 17: a task's writes take effect once, in PostgreSQL as in SQLite.

One contract for both drivers. What is one driver's alone is in `postgres/test_task_rows.py` and
`sqlite/test_task_rows.py`.
"""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys

import psycopg
import pytest

from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.connections.sqlite import SqliteDatabase
from headrace.errors import InfrastructureError, PermanentError, TaskCommitted
from headrace.sdk.transaction import Statement, TaskRow

ROW = TaskRow("run1.task", '{"said": "ä 🦕"}'.encode())
INSERT = "insert into t values ($1)"  # t has no key: nothing but the row keeps a second insert out


class Postgres:
    """A PostgreSQL database for tests, and the pools that were opened on it."""

    BYTES = "bytea"

    def __init__(self, url):
        self.url = url
        self.opened = []

    def open(self):
        """A pool of its own, as another process has it."""
        self.opened.append(PostgresPool(PostgresTarget.parse(self.url)))
        return self.opened[-1]

    def run(self, sql):
        """Run a statement from outside; gives its rows."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []


class Sqlite:
    """A SQLite file for tests, and the databases that were opened on it."""

    BYTES = "blob"

    def __init__(self, url):
        self.url = url
        self.opened = []

    def open(self):
        self.opened.append(SqliteDatabase(self.url))
        return self.opened[-1]

    def run(self, sql):
        connection = sqlite3.connect(self.url, isolation_level=None)
        rows = connection.execute(sql).fetchall()
        connection.close()
        return rows


@pytest.fixture(params=[Postgres, Sqlite])
async def target(request, tmp_path):
    url = str(tmp_path / "data.db")
    if request.param is Postgres:
        url = request.getfixturevalue("postgres_url")
    target = request.param(url)
    target.run("create table t (id int)")
    yield target
    for database in target.opened:
        await database.close()


def ids(target):
    return [number for (number,) in target.run("select id from t order by id")]


async def write(database, number, row=ROW):
    transaction = await database.begin()
    await transaction.execute(Statement(INSERT, [number]))
    return await transaction.commit(row)


async def test_rule_11_the_row_commits_with_the_writes_and_tells_the_outcome(target):
    assert await write(target.open(), 1) is True
    assert ids(target) == [1]
    assert await target.open().find_task(ROW.task_id) == ROW.outcome
    ((task_id, at),) = target.run("select task_id, at from headrace_tasks")
    assert task_id == ROW.task_id
    assert str(at).startswith("20")


async def test_rule_11_a_task_without_a_row_is_not_found_nor_is_a_table_made_for_it(target):
    database = target.open()
    assert await database.find_task(ROW.task_id) is None
    assert await database.forget_tasks(["run1"]) == 0
    with pytest.raises((psycopg.errors.UndefinedTable, sqlite3.OperationalError)):
        target.run("select * from headrace_tasks")
    await write(database, 1)
    assert await database.find_task("run1.other") is None


async def test_rule_11_what_is_rolled_back_leaves_no_row(target):
    database = target.open()
    transaction = await database.begin()
    await transaction.execute(Statement(INSERT, [1]))
    await transaction.rollback()
    assert await database.find_task(ROW.task_id) is None
    assert await write(database, 1) is True


async def test_rule_14_without_a_write_there_is_no_row(target):
    database = target.open()
    transaction = await database.begin()
    transaction.mark("a")
    await transaction.execute(Statement(INSERT, rows=[]))
    transaction.undo("a")
    assert await transaction.commit(ROW) is False
    assert await database.find_task(ROW.task_id) is None


async def test_a_commit_without_a_row_says_that_it_committed(target):
    database = target.open()
    assert await write(database, 1, None) is True
    assert ids(target) == [1]


async def test_rule_12_a_second_delivery_commits_nothing(target):
    await write(target.open(), 1)
    database = target.open()
    with pytest.raises(TaskCommitted, match=r"task run1\.task was committed by another delivery"):
        await write(database, 2, TaskRow(ROW.task_id, b'"other"'))
    assert ids(target) == [1]
    assert await database.find_task(ROW.task_id) == ROW.outcome
    assert await write(database, 3, TaskRow("run1.next", b"{}")) is True


async def test_rule_12_that_a_task_has_committed_is_infrastructure_so_that_it_is_repeated(target):
    await write(target.open(), 1)
    with pytest.raises(InfrastructureError) as caught:
        await write(target.open(), 2)
    assert (caught.value.code, caught.value.retryable) == ("HR328", True)


ZOMBIE = """
import asyncio, os, signal, sys
from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.connections.sqlite import SqliteDatabase
from headrace.errors import TaskCommitted
from headrace.sdk.transaction import Statement, TaskRow

async def main(url, when):
    is_postgres = url.startswith("postgres")
    database = PostgresPool(PostgresTarget.parse(url)) if is_postgres else SqliteDatabase(url)
    insert = Statement("insert into t values (1)")
    transaction = await database.begin()
    if when == "written":
        await transaction.execute(insert)
    os.kill(os.getpid(), signal.SIGSTOP)
    if when != "written":
        await transaction.execute(insert)
    try:
        await transaction.commit(TaskRow("run1.task", b"{}"))
    except TaskCommitted as error:
        print(type(error).__name__)
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def stopped_process(url, when):
    """A process that runs a task and stands still, before its first write or after it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ZOMBIE, url, when, stdout=asyncio.subprocess.PIPE
    )
    _, status = await asyncio.to_thread(os.waitpid, process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return process


async def test_rule_12_a_zombie_that_comes_back_late_commits_nothing(target):
    """A process stops before its first write; a SQLite file has one writer, so it cannot stop after it."""
    zombie = await stopped_process(target.url, "begun")
    assert await write(target.open(), 2) is True
    zombie.send_signal(signal.SIGCONT)
    said, _ = await zombie.communicate()
    assert said.decode() == "TaskCommitted\n"
    assert ids(target) == [2]


async def test_rule_12_a_zombie_that_has_written_commits_nothing(postgres_url):
    target = Postgres(postgres_url)
    target.run("create table t (id int)")
    zombie = await stopped_process(postgres_url, "written")
    database = target.open()
    assert await database.find_task(ROW.task_id) is None
    assert await write(database, 2) is True
    zombie.send_signal(signal.SIGCONT)
    said, _ = await zombie.communicate()
    assert said.decode() == "TaskCommitted\n"
    assert ids(target) == [2]
    await database.close()


async def test_rule_12_rows_are_removed_for_just_the_runs_that_are_named(target):
    database = target.open()
    kept = ["run.z", "run10.a", "run0.~", "Run1.a", "run2.a"]
    for number, task_id in enumerate(["run1.0", "run1.zz", "run1.~", "run3.a", *kept]):
        await write(database, number, TaskRow(task_id, b"{}"))
    assert await database.forget_tasks(["run3", "run1", "run9"]) == 4
    assert await database.forget_tasks([]) == 0
    left = target.run("select task_id from headrace_tasks")
    assert sorted(task_id for (task_id,) in left) == sorted(kept)


async def test_rule_16_two_that_begin_at_once_make_one_table(target):
    databases = [target.open() for _ in range(6)]
    await asyncio.gather(
        *[write(database, n, TaskRow(f"run.{n}", b"{}")) for n, database in enumerate(databases)]
    )
    assert ids(target) == list(range(6))
    assert target.run("select count(*) from headrace_tasks") == [(6,)]


async def test_rule_16_a_table_that_was_dropped_is_made_anew(target):
    """A task that finds it gone is repeated; SQLite makes it within the transaction, and the second finds the row."""
    database = target.open()
    await write(database, 1)
    target.run("drop table headrace_tasks")
    assert await database.find_task(ROW.task_id) is None
    for _ in range(2):
        with contextlib.suppress(InfrastructureError):
            await write(database, 2)
    assert ids(target) == [1, 2]
    assert await database.find_task(ROW.task_id) == ROW.outcome


@pytest.mark.parametrize(
    "columns", ["task_id text, outcome {}", "task_id text, outcome {}, primary key (task_id, outcome)"]
)
async def test_rule_16_a_table_of_that_name_without_the_key_is_refused(target, columns):
    """Without its key the table would keep no second delivery out."""
    target.run(f"create table headrace_tasks ({columns.format(target.BYTES)})")
    target.run("create index i on headrace_tasks (task_id)")
    with pytest.raises(
        PermanentError, match=r"ALTER TABLE .*headrace_tasks RENAME TO headrace_tasks_old"
    ) as caught:
        await write(target.open(), 1)
    assert caught.value.code == "HR326"
    assert ids(target) == []


async def test_an_outcome_may_be_large(target):
    row = TaskRow("run1.large", os.urandom(10 << 20) * 2)
    database = target.open()
    await write(database, 1, row)
    assert await database.find_task(row.task_id) == row.outcome
