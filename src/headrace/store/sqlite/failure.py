"""SQLite's errors as the store's: what happened, and what to do about it."""

import sqlite3
from pathlib import Path

from headrace.errors import StoreError
from headrace.values import well_formed

__all__ = ["DAMAGED", "SQLITE_ERRORS", "failure_of", "in_short", "is_temporary"]

SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What calls of sqlite3 raise; the second where SQLite's message quotes a name that is damaged."""

_LONGEST = 200
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
_UNSURE = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})
"""After these nobody knows what reached the disk, and a second try succeeds without having written it."""
DAMAGED = "the file is damaged; restore it from a backup, or move it away to begin anew"
_LOCKED = "another process holds its lock; end that one, or try again when it has ended"
_CURES = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_FULL: "the disk is full; free some space, then start again",
    sqlite3.SQLITE_IOERR: "the disk failed, or a quota or limit of file sizes is used up; "
    "look into that, then start again",
    sqlite3.SQLITE_NOMEM: "no memory is left",
    sqlite3.SQLITE_CANTOPEN: "check that it and its folder may be read and written",
    sqlite3.SQLITE_READONLY: "it or its folder may not be written; give it to the user that headrace runs as",
    sqlite3.SQLITE_PERM: "it may not be read; give it to the user that headrace runs as",
    sqlite3.SQLITE_NOTADB: "the file is something else, or encrypted; give another --store",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
}


_NO_TEXT = "Could not decode to UTF-8"
"""Python's own error, without a code."""


def is_temporary(error: Exception) -> bool:
    """Whether trying again may help: a lock, a full disk."""
    return _code(error) in _TEMPORARY and getattr(error, "sqlite_errorcode", None) not in _UNSURE


def failure_of(error: Exception, path: Path) -> StoreError:
    """The error that one of `SQLITE_ERRORS` stands for."""
    code = _code(error)
    is_no_text = isinstance(error, UnicodeDecodeError) or str(error).startswith(_NO_TEXT)
    cure = DAMAGED if is_no_text else _CURES.get(code, "")
    said = in_short(error) + (f" ({cure})" if cure else "")
    return StoreError(
        f"the store `{path}` failed: {said}", code="HR404" if code == sqlite3.SQLITE_NOTADB else "HR403"
    )


def in_short(error: Exception) -> str:
    """An error's text in one line: of a damaged file it may quote anything."""
    text = well_formed(" ".join(str(error).split()))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY
