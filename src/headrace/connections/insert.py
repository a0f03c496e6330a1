"""Inserts as SQL that every database takes: names quoted, values as parameters."""

from functools import lru_cache

from headrace.errors import StatementError
from headrace.sdk.transaction import Insert, Statement

__all__ = ["as_values", "insert_into", "quoted", "quoted_table"]


def as_values(insert: Insert) -> Statement:
    """`INSERT INTO … VALUES ($1, $2), ($3, $4) …`.

    Raises:
        StatementError: a name cannot be one.
    """
    rows = insert.rows
    sql = f"{insert_into(insert)} VALUES {_placeholders(len(rows), len(insert.columns))} {insert.conflict}"
    return Statement(sql, [value for row in rows for value in row])


def insert_into(insert: Insert) -> str:
    """`INSERT INTO "table" ("column", …)`.

    Raises:
        StatementError: a name cannot be one.
    """
    return f"INSERT INTO {quoted_table(insert.table)} ({', '.join(map(quoted, insert.columns))})"


def quoted_table(table: str) -> str:
    """The quoted name of a table, which may have its schema before it."""
    return ".".join(map(quoted, table.split(".")))


def quoted(name: str) -> str:
    """A quoted identifier."""
    if "\0" in name:
        raise StatementError("a name of a table or column has a NUL character in it", code="HR301")
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


@lru_cache(maxsize=16)
def _placeholders(rows: int, width: int) -> str:
    """`($1, $2), ($3, $4)`; batches of a flow mostly have one size."""
    return ", ".join(
        f"({', '.join(f'${row * width + column + 1}' for column in range(width))})" for row in range(rows)
    )
