"""`operation: upsert`: rows by column, without SQL."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from headrace.components.database.batch import BadRow, Batch, Row
from headrace.connections.insert import quoted
from headrace.sdk import Insert, Json, PermanentError
from headrace.values import encode_json

__all__ = ["upsert_batch"]

_MAX_PARAMETERS = 30_000
"""Of one statement: PostgreSQL takes 65,535, SQLite 32,766."""


def upsert_batch(table: str, key: str | list[str], rows: list[Json]) -> Batch:
    """Rows that are inserted, or update those that have the same key; the last of equal keys wins.

    They are sorted by key, so that parallel batches lock in one order and do not deadlock (rule 16). A row
    must have the columns that most have. Names are quoted, values are parameters.

    Raises:
        PermanentError: the table or the key is missing.
    """
    keys = [key] if isinstance(key, str) else key
    if not table or not keys:
        raise PermanentError("`upsert` needs `table` and `key`", code="HR301")
    columns, model = _columns(rows)
    names = columns.keys()
    refused: list[BadRow] = []
    replaced: dict[int, Row] = {}
    unique: dict[bytes, Row] = {}
    for index, row in enumerate(rows):
        if isinstance(row, dict) and row.keys() == names:
            identity = [row.get(name) for name in keys]
            if None not in identity:
                position = encode_json(identity)
                if position in unique:
                    replaced[index] = unique[position]
                unique[position] = Row(index, [row[name] for name in columns])
                continue
        error = PermanentError(_fault(index, row, columns, model, keys), code="HR301")
        refused.append(BadRow(index, error))
    ordered = [unique[position] for position in sorted(unique)]
    size = max(_MAX_PARAMETERS // max(len(columns), 1), 1)
    return Batch(rows, ordered, refused, replaced, size, partial(_statement, table, keys, list(columns)))


def _columns(rows: list[Json]) -> tuple[dict[str, Json], int]:
    """The first row with the columns that most rows have, as a dict, and its index."""
    objects = [(index, row) for index, row in enumerate(rows) if isinstance(row, dict)]
    if not objects:
        return {}, 0
    index, first = objects[0]
    if all(row.keys() == first.keys() for _, row in objects):
        return first, index
    (most, _), *_ = Counter(frozenset(row) for _, row in objects).most_common(1)
    return next((row, index) for index, row in objects if row.keys() == most)


def _fault(index: int, row: Json, columns: dict[str, Json], model: int, keys: list[str]) -> str:
    """What is wrong with a row."""
    if not isinstance(row, dict):
        return f"`rows` of `upsert` must be objects, a member for each column; row {index} is not"
    if row.keys() != columns.keys():
        names = ", ".join(columns)
        return f"row {index} of `upsert` has not the same columns as row {model} ({names})"
    missing = next(name for name in keys if row.get(name) is None)
    return f"row {index} of `upsert` has no `{missing}`"


def _statement(table: str, keys: list[str], columns: list[str], rows: Sequence[Row]) -> Insert:
    updated = [quoted(name) for name in columns if name not in keys]
    action = (
        f"UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in updated)}" if updated else "NOTHING"
    )
    conflict = f"ON CONFLICT ({', '.join(map(quoted, keys))}) DO {action}"
    return Insert(table, tuple(columns), [row.values for row in rows], conflict)
