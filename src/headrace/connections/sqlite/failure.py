"""SQLite's errors as headrace's: which can be cured by repeating the task, and what people read."""

import sqlite3

from headrace.errors import ComponentError, InfrastructureError, PermanentError, StatementError

__all__ = ["failure_of"]

_INFRASTRUCTURE = {
    sqlite3.SQLITE_BUSY: "another process holds the lock of the database",
    sqlite3.SQLITE_LOCKED: "another connection holds the lock of a table",
    sqlite3.SQLITE_PROTOCOL: "another process holds the lock of the database",
    sqlite3.SQLITE_IOERR: "its disk failed",
    sqlite3.SQLITE_FULL: "its disk is full; free some space",
    sqlite3.SQLITE_CANTOPEN: "check that its folder exists and may be written",
    sqlite3.SQLITE_NOMEM: "no memory is left",
    sqlite3.SQLITE_INTERRUPT: "the statement was interrupted",
}
_PERMANENT = {
    sqlite3.SQLITE_READONLY: "the file or its folder may not be written",
    sqlite3.SQLITE_NOTADB: "the file is something else, or encrypted",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a backup",
}
_PRIMARY = 0xFF  # the low byte of an extended code is the primary one: sqlite.org/rescode.html


def failure_of(error: sqlite3.Error) -> ComponentError:
    """The error that one of sqlite3's stands for; its code is SQLite's name, `SQLITE_CONSTRAINT_UNIQUE`."""
    code = getattr(error, "sqlite_errorcode", None)
    name = getattr(error, "sqlite_errorname", None)
    text = str(error)
    if "one statement at a time" in text:
        return StatementError(
            "one query takes one statement; give each statement a node of its own, or use `setup`"
        )
    if code is None:
        return PermanentError(text)
    if explanation := _INFRASTRUCTURE.get(code & _PRIMARY):
        return InfrastructureError(f"SQLite: {text} ({explanation})", code=name)
    if explanation := _PERMANENT.get(code & _PRIMARY):
        return StatementError(f"SQLite: {text} ({explanation})", code=name)
    return PermanentError(text, code=name)
