"""Connections to a store's file."""

import sqlite3
from pathlib import Path

from headrace.errors import StoreError
from headrace.store.sqlite.migration import check, migrate, steps

__all__ = ["connect", "open_file"]

_MOST_LOG_BYTES = 64 * 2**20
"""What stays of the log's file after a large transaction, or after a reader kept it from being reset."""


def open_file(path: Path, patience_s: float) -> sqlite3.Connection:
    """A connection to a file of the newest schema."""
    connection = connect(path, patience_s)
    try:
        wanted = steps()
        if check(connection, len(wanted)):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _use_wal(connection)
        migrate(connection, wanted)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
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
