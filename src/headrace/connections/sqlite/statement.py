"""One statement on a sqlite3 connection: JSON values in, JSON values out.

SQLite holds integers of 64 bits, floats, texts and blobs:

    boolean -> 0, 1      array, object -> JSON text      integral float -> integer (rule D2)
    blob -> Base64 text  infinity -> the text `Infinity` or `-Infinity`
"""

import base64
import math
import sqlite3
from collections.abc import Sequence

from headrace.connections.parameter import check_count
from headrace.connections.result import refuse_twins
from headrace.connections.sql import bare_parameters, leading_word, parameter_numbers
from headrace.errors import PermanentError, StatementError
from headrace.expr.text import stringify
from headrace.sdk.transaction import Result, Statement
from headrace.values import Json

__all__ = ["execute"]

_INT64 = range(-(2**63), 2**63)
_Bound = int | float | str | None


def execute(connection: sqlite3.Connection, statement: Statement) -> Result:
    """Run a statement, once for each of its `rows` if it has some.

    Raises:
        PermanentError: the parameters do not fit, or two columns have one name.
        sqlite3.Error: SQLite refuses.
    """
    sets = statement.rows if statement.rows is not None else [statement.parameters]
    rows: list[dict[str, Json]] = []
    count = 0
    for values in sets:
        cursor = _executed(connection, statement.sql, _bind(statement.sql, values))
        if cursor.description is None:
            count += max(cursor.rowcount, 0)
            continue
        names = [column[0] for column in cursor.description]
        refuse_twins(names)
        found = [dict(zip(names, map(_decode, row), strict=True)) for row in cursor]
        count += len(found)
        rows += found
    return Result(rows, count, leading_word(statement.sql))


def _executed(
    connection: sqlite3.Connection, sql: str, bound: dict[str, _Bound] | list[_Bound]
) -> sqlite3.Cursor:
    """Execute a statement, and where it fails tell whether SQLite does not even explain it.

    Raises:
        StatementError: it cannot run with any values: wrong syntax, a table that is not there.
        sqlite3.Error: SQLite refuses these values.
    """
    try:
        return connection.execute(sql, bound)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            try:
                connection.execute(f"EXPLAIN {sql}", bound)
            except sqlite3.OperationalError:
                raise StatementError(str(error), code=error.sqlite_errorname) from error
        raise


def _bind(sql: str, values: Sequence[Json]) -> dict[str, _Bound] | list[_Bound]:
    """By number for `$1` and `?1`, in order for a bare `?`."""
    numbers = parameter_numbers(sql)
    bound = [_encode(value, number) for number, value in enumerate(values, 1)]
    wanted = max(numbers, default=0) or bare_parameters(sql)
    check_count(wanted, len(bound))
    if not numbers:
        return bound
    return {str(number): value for number, value in enumerate(bound, 1)}


def _encode(value: Json, number: int) -> _Bound:
    if value is None or isinstance(value, bool):
        return None if value is None else int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and int(value) in _INT64 else value
    if isinstance(value, int):
        if value not in _INT64:
            raise PermanentError(
                f"parameter ${number} is an integer beyond 64 bits, which SQLite cannot hold; pass text",
                code="HR323",
            )
        return value
    text = value if isinstance(value, str) else stringify(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PermanentError(
            f"parameter ${number} holds half of a surrogate pair, which is no character", code="HR323"
        ) from error
    return text


def _decode(value: object) -> Json:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "Infinity" if value > 0 else "-Infinity"
    return value  # type: ignore[return-value]  # SQLite's other types are int, str and None
