"""SQLite's write-ahead log, which the store and connections to SQLite turn on."""

import sqlite3
import time

__all__ = ["use_wal"]

_PAUSE_S = 0.001


def use_wal(connection: sqlite3.Connection, patience_s: float) -> str:
    """Switch a file to the write-ahead log, and tell the mode it is in then: `wal`, where that is possible.

    Of two that switch a new file at once SQLite refuses one without waiting, since both read and want to
    write: it waits here, as for any other lock.

    Raises:
        sqlite3.Error: it is locked for longer than `patience_s` seconds, or cannot be read or written.
    """
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline_s:
                raise
        time.sleep(_PAUSE_S)
