"""`operation: upsert`: rows by column, without SQL."""

from headrace.sdk import Json, PermanentError, Statement
from headrace.values import encode_json

__all__ = ["upsert_statements"]

_MAX_PARAMETERS = 30_000
"""Of one statement: PostgreSQL takes 65,535, SQLite 32,766."""


def upsert_statements(table: str, key: str | list[str], rows: list[Json]) -> list[Statement]:
    """Statements that insert rows or update those that have the same key; the last of equal keys wins.

    Rows are sorted by key, so that parallel batches lock in one order and do not deadlock. Every row has
    the columns of the first; names are quoted, values are parameters. No rows: no statements.

    Raises:
        PermanentError: the table, the key or a row is not as it must be; says which.
    """
    keys = [key] if isinstance(key, str) else key
    if not table or not keys:
        raise PermanentError("`upsert` needs `table` and `key`", code="HR301")
    if not rows:
        return []
    columns = _columns(rows, keys)
    unique: dict[bytes, dict[str, Json]] = {}
    for row in rows:
        if isinstance(row, dict):
            unique[encode_json([row.get(name) for name in keys])] = row
    ordered = [unique[position] for position in sorted(unique)]
    size = max(_MAX_PARAMETERS // len(columns), 1)
    return [
        _statement(table, keys, columns, ordered[start : start + size])
        for start in range(0, len(ordered), size)
    ]


def _columns(rows: list[Json], keys: list[str]) -> list[str]:
    first = rows[0]
    if not isinstance(first, dict):
        raise PermanentError("`rows` of `upsert` must be objects, a member for each column", code="HR301")
    columns = list(first)
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or row.keys() != first.keys():
            raise PermanentError(
                f"row {number} of `upsert` has not the same columns as row 0 ({', '.join(columns)})",
                code="HR301",
            )
        missing = [name for name in keys if row.get(name) is None]
        if missing:
            raise PermanentError(f"row {number} of `upsert` has no `{missing[0]}`", code="HR301")
    return columns


def _statement(table: str, keys: list[str], columns: list[str], rows: list[dict[str, Json]]) -> Statement:
    width = len(columns)
    values = ", ".join(
        f"({', '.join(f'${row * width + column + 1}' for column in range(width))})"
        for row in range(len(rows))
    )
    updated = [name for name in columns if name not in keys]
    action = "DO NOTHING"
    if updated:
        action = "DO UPDATE SET " + ", ".join(f"{_name(n)} = excluded.{_name(n)}" for n in updated)
    sql = (
        f"INSERT INTO {'.'.join(map(_name, table.split('.')))} ({', '.join(map(_name, columns))})"  # noqa: S608 - names are quoted, values are parameters
        f" VALUES {values} ON CONFLICT ({', '.join(map(_name, keys))}) {action}"
    )
    return Statement(sql, [row[name] for row in rows for name in columns])


def _name(name: str) -> str:
    """A quoted identifier."""
    if "\0" in name:
        raise PermanentError("a name of a table or column has a NUL character in it", code="HR301")
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
