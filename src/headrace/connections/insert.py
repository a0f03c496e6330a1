"""Inserts as the SQL that SQLite and PostgreSQL share: names quoted, values as parameters."""

from collections.abc import Iterator
from functools import lru_cache

from headrace.errors import StatementError
from headrace.sdk.transaction import Insert, Upserted

__all__ = [
    "TARGET",
    "insert_into",
    "on_conflict",
    "quoted",
    "quoted_table",
    "tally",
    "updated_columns",
    "values",
]

TARGET = "target"
"""What the table is called within an insert, whatever its name."""


def insert_into(insert: Insert) -> str:
    """`INSERT INTO "table" AS target ("column", …)`.

    Raises:
        StatementError: a name cannot be one.
    """
    columns = ", ".join(map(quoted, insert.columns))
    return f"INSERT INTO {quoted_table(insert.table)} AS {TARGET} ({columns})"


def on_conflict(insert: Insert, changed: str) -> str:
    """`ON CONFLICT ("key") DO UPDATE SET … WHERE …`; empty without keys.

    Args:
        changed: tells of a row that is there whether `excluded`, the new one, is another.
    """
    if not insert.keys:
        return ""
    keys = ", ".join(map(quoted, insert.keys))
    changes = ", ".join(f"{name} = excluded.{name}" for name in updated_columns(insert))
    return f"ON CONFLICT ({keys}) DO " + (f"UPDATE SET {changes} WHERE {changed}" if changes else "NOTHING")


def updated_columns(insert: Insert) -> list[str]:
    """The quoted names of the columns that an update sets: all but the keys."""
    return [quoted(name) for name in insert.columns if name not in insert.keys]


@lru_cache(maxsize=16)
def values(rows: int, width: int) -> str:
    """`VALUES ($1, $2), ($3, $4)`; batches of a flow mostly have one size."""
    places = (f"({', '.join(_places(row * width, width))})" for row in range(rows))
    return f"VALUES {', '.join(places)}"


def tally(rows: int, inserted: int, affected: int) -> Upserted:
    """What became of rows, of which so many were inserted or updated."""
    return Upserted(inserted, affected - inserted, rows - affected)


def quoted_table(table: str) -> str:
    """The quoted name of a table, which may have its schema before it."""
    return ".".join(map(quoted, table.split(".")))


def quoted(name: str) -> str:
    """A quoted identifier.

    Raises:
        StatementError: it cannot be one.
    """
    if "\0" in name:
        raise StatementError("a name of a table or column has a NUL character in it", code="HR301")
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _places(start: int, width: int) -> Iterator[str]:
    return (f"${start + column + 1}" for column in range(width))
