"""Connections to a store's file."""

import sqlite3
from pathlib import Path

from headrace.errors import StoreError
from headrace.store.sqlite.migration import check, migrate, steps
from headrace.wal import use_wal

__all__ = ["connect", "open_file"]

_MOST_LOG_BYTES = 64 * 2**20
"""What stays of the log's file after a large transaction, or after a reader kept it from being reset."""


def open_file(path: Path, patience_s: float) -> sqlite3.Connection:
    """A connection to a file of the newest schema."""
    connection = connect(path, patience_s)
    try:
        wanted = steps()
        if _is_new(connection, len(wanted)):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _demand_wal(connection, patience_s)
        migrate(connection, wanted)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_new(connection: sqlite3.Connection, newest: int) -> bool:
    """Look at the file as one commit left it: another process may be making it."""
    connection.execute("BEGIN")
    try:
        return check(connection, newest)
    finally:
        if connection.in_transaction:  # SQLite ends it by itself, should it find no database
            connection.execute("ROLLBACK")


def _demand_wal(connection: sqlite3.Connection, patience_s: float) -> None:
    if use_wal(connection, patience_s) != "wal":
        raise StoreError("its file system has no shared memory, which SQLite's WAL needs", code="HR405")


def connect(path: Path, patience_s: float) -> sqlite3.Connection:
    """A connection, whatever the file's schema; waits `patience_s` seconds for locks."""
    connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_MOST_LOG_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection
