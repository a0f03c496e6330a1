"""Inserts in SQLite: rows as parameters, and what became of those that have keys."""

import sqlite3

from headrace.connections.insert import (
    TARGET,
    insert_into,
    on_conflict,
    updated_columns,
)
from headrace.connections.name import quoted, quoted_table
from headrace.connections.sqlite.statement import execute
from headrace.sdk.transaction import Insert, Result, Statement, Upserted
from headrace.values import Json

__all__ = ["insert_rows"]

_MAX_PARAMETERS = 32_766
"""Of one statement: SQLITE_MAX_VARIABLE_NUMBER."""


def insert_rows(connection: sqlite3.Connection, insert: Insert) -> Result:
    """Insert rows, within the transaction that is open.

    RETURNING does not tell new rows from old ones, so those that are there are counted first: nobody else
    writes meanwhile.

    Raises:
        As `statement.execute`.
    """
    size = max(_MAX_PARAMETERS // len(insert.columns), 1)
    result = Result([], 0, "INSERT")
    for start in range(0, len(insert.rows), size):
        piece = Insert(insert.table, insert.columns, insert.rows[start : start + size], insert.keys)
        found = _count_found(connection, piece) if piece.keys else 0
        affected = execute(connection, _statement(piece)).row_count
        result.row_count += affected
        if piece.keys:
            inserted = min(len(piece.rows) - found, affected)  # a trigger may drop rows
            counts = Upserted.of(len(piece.rows), inserted, affected)
            result.upserted = counts if result.upserted is None else result.upserted + counts
    return result


def _statement(insert: Insert) -> Statement:
    source = _values(len(insert.rows), len(insert.columns))
    sql = f"{insert_into(insert)} {source} {on_conflict(insert, _changed(insert))}"
    return Statement(sql, [value for row in insert.rows for value in row])


def _values(rows: int, width: int) -> str:
    """Parameters in order: SQLite looks for a numbered one among all before it, 36 times slower at 32,000."""
    row = f"({', '.join('?' * width)})"
    return f"VALUES {', '.join([row] * rows)}"


def _changed(insert: Insert) -> str:
    """Whether a value is another; a collation of the column may take A for a."""
    return " OR ".join(
        f"{TARGET}.{name} COLLATE BINARY IS NOT excluded.{name}" for name in updated_columns(insert)
    )


def _count_found(connection: sqlite3.Connection, insert: Insert) -> int:
    """How many of the rows are there, by their keys; compared as the columns are declared."""
    places = [insert.columns.index(name) for name in insert.keys]
    keys: list[Json] = [row[place] for row in insert.rows for place in places]
    same = " AND ".join(f"{TARGET}.{quoted(name)} = given.column{n}" for n, name in enumerate(insert.keys, 1))
    sql = (
        f"SELECT count(*) AS found FROM ({_values(len(insert.rows), len(places))}) AS given "  # noqa: S608 - names are quoted, values are parameters
        f"CROSS JOIN {quoted_table(insert.table)} AS {TARGET} ON {same}"
    )
    (row,) = execute(connection, Statement(sql, keys)).rows
    found = row["found"]
    assert isinstance(found, int)  # noqa: S101 - count(*) is an integer
    return found
