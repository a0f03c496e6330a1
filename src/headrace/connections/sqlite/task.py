"""The rows of committed tasks in a SQLite file; the table is made with the first of them."""

import sqlite3
from collections.abc import Sequence

from headrace.connections.task import TABLE, committed_already, key_range, unfit_table
from headrace.sdk.transaction import TaskRow

__all__ = ["find", "forget", "insert"]

_CREATE = f"""CREATE TABLE IF NOT EXISTS main.{TABLE} (
    task_id TEXT NOT NULL PRIMARY KEY,
    outcome BLOB NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""
# Naming the key has SQLite refuse a table that has none.
_INSERT = f"INSERT INTO main.{TABLE} (task_id, outcome) VALUES (?, ?) ON CONFLICT (task_id) DO NOTHING"  # noqa: S608 - the name is ours
_FIND = f"SELECT outcome FROM main.{TABLE} WHERE task_id = ?"  # noqa: S608 - the name is ours
_FORGET = f"DELETE FROM main.{TABLE} WHERE task_id >= ? AND task_id < ?"  # noqa: S608 - the name is ours


def insert(connection: sqlite3.Connection, row: TaskRow) -> None:
    """Write a row, within the transaction that is open.

    Raises:
        TaskCommitted: it is there.
        PermanentError: another table has the name.
        sqlite3.Error: SQLite refuses.
    """
    connection.execute(_CREATE)
    try:
        count = connection.execute(_INSERT, (row.task_id, row.outcome)).rowcount
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise unfit_table(
            f"but in this file that is another table ({error}); run",
            f"ALTER TABLE {TABLE} RENAME TO {TABLE}_old",
        ) from error
    if count == 0:
        raise committed_already(row.task_id)


def find(connection: sqlite3.Connection, task_id: str) -> bytes | None:
    """The outcome in a task's row; None if there is none, or no table."""
    if not _is_there(connection):
        return None
    found = connection.execute(_FIND, (task_id,)).fetchone()
    return None if found is None else bytes(found[0])


def forget(connection: sqlite3.Connection, run_ids: Sequence[str]) -> int:
    """Remove the rows of runs; gives how many there were."""
    if not run_ids or not _is_there(connection):
        return 0
    return connection.executemany(_FORGET, map(key_range, run_ids)).rowcount


def _is_there(connection: sqlite3.Connection) -> bool:
    looked = connection.execute(f"SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = '{TABLE}'")  # noqa: S608 - the name is ours
    return looked.fetchone() is not None
