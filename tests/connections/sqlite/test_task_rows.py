"""Rows of tasks in SQLite files: writers of two processes, and the file that is no target."""

import asyncio
import os
import signal
import sqlite3
import sys

import pytest

from headrace.connections.sqlite import SqliteDatabase
from headrace.errors import InfrastructureError, PermanentError
from headrace.sdk.transaction import STORE_APPLICATION_ID, Statement, TaskRow

INSERT = "insert into t values ($1)"

WRITER = """
import asyncio, os, signal, sys
from headrace.connections.sqlite import SqliteDatabase
from headrace.sdk.transaction import Statement, TaskRow

async def main(path, name, count, stop):
    database = SqliteDatabase(path)
    for number in range(int(count)):
        transaction = await database.begin()
        await transaction.execute(Statement("insert into t values ($1)", [name]))
        if stop:
            os.kill(os.getpid(), signal.SIGSTOP)
        await transaction.commit(TaskRow(f"{name}.{number}", b"{}"))
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "data.db"
    rows(path, "create table t (name)")
    return path


def rows(path, sql):
    """Run a statement from outside; gives its rows."""
    connection = sqlite3.connect(path, isolation_level=None)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def writer(path, name, count, stop=""):
    return asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, path, name, str(count), stop)


async def test_rule_17_writers_of_two_processes_take_turns_and_none_is_lost(path):
    processes = [await writer(path, name, 100) for name in ("a", "b", "c")]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    assert rows(path, "select name, count(*) from t group by name") == [("a", 100), ("b", 100), ("c", 100)]
    assert rows(path, "select count(*) from headrace_tasks") == [(300,)]


async def test_rule_17_the_turn_of_another_process_that_does_not_end_is_infrastructure(path, monkeypatch):
    monkeypatch.setattr("headrace.connections.sqlite.connection.BUSY_TIMEOUT_S", 0.05)
    process = await writer(path, "stopped", 1, "stop")
    await asyncio.to_thread(os.waitpid, process.pid, os.WUNTRACED)
    database = SqliteDatabase(path)
    transaction = await database.begin()
    with pytest.raises(InfrastructureError, match="another process holds the lock of the database"):
        await transaction.execute(Statement(INSERT, ["late"]))
    await transaction.rollback()
    assert await database.find_task("stopped.0") is None
    process.send_signal(signal.SIGKILL)
    await process.wait()
    again = await database.begin()
    await again.execute(Statement(INSERT, ["late"]))
    assert await again.commit(TaskRow("late.0", b"{}")) is True
    assert rows(path, "select name from t") == [("late",)]
    await database.close()


async def test_rule_12_a_broken_constraint_of_the_users_own_is_no_second_delivery(path):
    rows(path, "create table child (name references parent deferrable initially deferred)")
    rows(path, "create table parent (name primary key)")
    database = SqliteDatabase(path)
    transaction = await database.begin()
    await transaction.execute(Statement("insert into child values ('orphan')"))
    with pytest.raises(PermanentError) as caught:
        await transaction.commit(TaskRow("run.task", b"{}"))
    assert caught.value.code == "SQLITE_CONSTRAINT_FOREIGNKEY"
    assert await database.find_task("run.task") is None
    assert rows(path, "select * from child") == []
    await database.close()


async def test_rule_17_the_file_of_a_store_is_no_target(path):
    rows(path, f"pragma application_id = {STORE_APPLICATION_ID}")
    database = SqliteDatabase(path)
    for work in (database.begin(), database.execute(Statement(INSERT, ["a"])), database.find_task("a.b")):
        with pytest.raises(
            PermanentError, match="is the store in which headrace keeps runs and tasks"
        ) as caught:
            await work
        assert caught.value.code == "HR327"
    assert rows(path, "pragma journal_mode") == [("delete",)]  # nothing was changed in it
    assert STORE_APPLICATION_ID.to_bytes(4, "big") == b"HDRC"
    await database.close()


async def test_a_file_of_another_application_is_a_target(path):
    rows(path, "pragma application_id = 7")
    database = SqliteDatabase(path)
    await database.execute(Statement(INSERT, ["a"]))
    await database.close()
