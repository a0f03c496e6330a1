"""SQLite's errors as the store's: what happened, and what to do about it."""

import sqlite3
from pathlib import Path

from headrace.errors import StoreError

__all__ = ["failure_of", "is_temporary"]

_PRIMARY = 0xFF  # the low byte of an extended code is the primary one: sqlite.org/rescode.html
_TEMPORARY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_CURES = {
    sqlite3.SQLITE_BUSY: "another process holds its lock",
    sqlite3.SQLITE_LOCKED: "another connection holds its lock",
    sqlite3.SQLITE_PROTOCOL: "another process holds its lock",
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_NOMEM: "no memory is left",
    sqlite3.SQLITE_CANTOPEN: "check that its folder exists and may be written",
    sqlite3.SQLITE_READONLY: "the file or its folder may not be written",
    sqlite3.SQLITE_PERM: "the file may not be read",
    sqlite3.SQLITE_NOTADB: "the file is something else, or encrypted",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a backup, or move it away to begin anew",
}


def is_temporary(error: sqlite3.Error) -> bool:
    """Whether trying again may help: a lock, a full disk."""
    return _code(error) in _TEMPORARY


def failure_of(error: sqlite3.Error, path: Path) -> StoreError:
    """The error that one of sqlite3's stands for."""
    cure = _CURES.get(_code(error), "")
    said = str(error) + (f" ({cure})" if cure else "")
    return StoreError(f"the store `{path}` failed: {said}", code="HR403")


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY
