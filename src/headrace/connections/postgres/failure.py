"""PostgreSQL's errors as headrace's: which can be cured by repeating the task, and what people read."""

from psycopg import pq
from psycopg.pq.abc import PGresult

from headrace.errors import ComponentError, InfrastructureError, PermanentError, StatementError

__all__ = ["StalePlan", "failure_of", "is_infrastructure", "is_undetermined"]

_Field = pq.DiagnosticField

# Rule 6: lost connections (08), serialisation failures, deadlocks, lock timeouts, shutdown and start-up
# (57P01 to 57P05), idle time limits, and exhausted resources (53) are never data.
_INFRASTRUCTURE = ("08", "40001", "40P01", "55P03", "57P0", "25P03", "25P04", "53")

# What preparing a statement does not find, and no other values would help: a read-only transaction, a failed
# one, ON CONFLICT without its unique constraint.
_OF_STATEMENT = ("25006", "25P02", "42P10")

_CURES = {
    "28P01": "check `username` and `password`",
    "28000": "check `username`, `sslMode` and the server's pg_hba.conf",
    "3D000": "check `database`, or create it",
    "25P03": "after its first write the task did something else for too long; put slow requests and delays "
    "before it, or behind a `common-module/async`",
    "25P04": "the task took too long since its first write; give it less to do, by smaller batches or a "
    "`common-module/async`",
    "53300": "the server has no free connection; lower `maxOpenConns` or raise its max_connections",
}


class StalePlan(Exception):
    """A prepared statement is gone or no longer fits its tables; preparing it again cures that."""


def is_infrastructure(sqlstate: str) -> bool:
    """Whether an SQLSTATE says that the database failed, not the statement."""
    return sqlstate.startswith(_INFRASTRUCTURE)


def is_undetermined(result: PGresult) -> bool:
    """Whether the server could not tell the type of a parameter from the statement alone."""
    return _text(result, _Field.SQLSTATE) in ("42P18", "42P08")


def failure_of(result: PGresult, sql: str = "", *, lost: bool = False) -> Exception:
    """The error that a failed result stands for.

    Args:
        result: a result with the status of an error.
        sql: the statement as the user wrote it, to show the place in it.
        lost: the connection is gone with it, so that it is a failure of the database in any case.
    """
    sqlstate = _text(result, _Field.SQLSTATE)
    primary = _text(result, _Field.MESSAGE_PRIMARY) or result.get_error_message("utf-8").strip()
    is_stale = sqlstate == "26000" or _text(result, _Field.SOURCE_FUNCTION) == "RevalidateCachedQuery"
    if is_stale and not lost:
        return StalePlan(primary)
    if sqlstate == "42601" and "multiple commands" in primary:
        primary = "one query takes one statement; give each statement a node of its own, or use `setup`"
    message = _message(result, primary, _CURES.get(sqlstate, ""), sql)
    detail = _facts(result, sqlstate)
    kind: type[ComponentError] = StatementError if sqlstate in _OF_STATEMENT else PermanentError
    if lost or is_infrastructure(sqlstate):
        kind = InfrastructureError
    return kind(message, code=sqlstate or None, detail=detail)


def _message(result: PGresult, primary: str, cure: str, sql: str) -> str:
    detail, hint = _text(result, _Field.MESSAGE_DETAIL), _text(result, _Field.MESSAGE_HINT)
    message = f"{primary}; {detail}" if detail else primary
    if hint:
        message += f" Hint: {hint}" if message.endswith(".") else f". Hint: {hint}"
    if cure:
        message += f" ({cure})"
    position = _text(result, _Field.STATEMENT_POSITION)
    if sql and position.isdecimal():
        message += _place(sql, int(position) - 1)
    return message


def _place(sql: str, offset: int) -> str:
    """Line, column and a caret below the character at an offset of the statement."""
    before = sql[:offset]
    line = before.count("\n") + 1
    start = before.rfind("\n") + 1
    end = sql.find("\n", offset)
    content = sql[start : end if end >= 0 else len(sql)].rstrip("\r")
    pad = "".join("\t" if char == "\t" else " " for char in before[start:])
    return f" (line {line}, column {offset - start + 1} of the SQL)\n  {content}\n  {pad}^"


def _facts(result: PGresult, sqlstate: str) -> dict[str, object]:
    facts = {
        "sqlstate": sqlstate,
        "schema": _text(result, _Field.SCHEMA_NAME),
        "table": _text(result, _Field.TABLE_NAME),
        "column": _text(result, _Field.COLUMN_NAME),
        "constraint": _text(result, _Field.CONSTRAINT_NAME),
    }
    return {name: value for name, value in facts.items() if value}


def _text(result: PGresult, field: pq.DiagnosticField) -> str:
    value = result.error_field(field)
    return value.decode("utf-8", "replace") if value else ""
