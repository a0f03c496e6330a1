"""Inserts as the SQL that SQLite and PostgreSQL share: with names quoted."""

from headrace.connections.name import quoted, quoted_table
from headrace.sdk.transaction import Insert

__all__ = [
    "TARGET",
    "insert_into",
    "on_conflict",
    "updated_columns",
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
