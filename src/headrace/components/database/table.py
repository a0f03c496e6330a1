"""`operation: upsert` and `insert`: rows by column, without SQL."""

from collections import Counter
from collections.abc import Sequence, Set
from operator import itemgetter
from typing import cast

import msgspec

from headrace.components.database.batch import BadRow, Batch
from headrace.sdk import Insert, Json, PermanentError
from headrace.values import encode_json

__all__ = ["insert_batch", "upsert_batch"]

_MAX_PARAMETERS = 30_000
"""Of one statement: PostgreSQL and MySQL take 65,535, SQLite 32,766."""


def upsert_batch(table: str, key: str | list[str], columns: list[str], rows: list[Json]) -> Batch:
    """Rows that are inserted, or update those that have the same key; the last of equal keys wins.

    They are sorted by key, so that parallel batches lock in one order and do not deadlock (rule 16).

    Args:
        columns: what to write beside the key; see `_Columns`.

    Raises:
        PermanentError: the table or the key is missing.
    """
    keys = [key] if isinstance(key, str) and key else list(key)
    if not table or not keys:
        raise PermanentError("`upsert` needs `table` and `key`", code="HR301")
    shape = _Columns.of("upsert", rows, columns, keys)
    places = [shape.names.index(name) for name in keys if name in shape.names]
    values = shape.read_all(rows)
    if None not in values and len(places) == 1:
        (place,) = places
        found = cast("list[str]", [row[place] for row in values if row])
        if set(map(type, found)) == {str} and len(set(found)) == len(found):  # what most batches are
            return shape.batch(table, rows, values, sorted(range(len(found)), key=found.__getitem__), [], {})
    refused: list[BadRow] = []
    replaced: dict[int, int] = {}
    unique: dict[str, int] = {}
    for index, row in enumerate(values):
        identity = [] if row is None else [row[place] for place in places]
        if len(identity) < len(keys) or None in identity:
            refused.append(shape.refuse(index, rows[index]))
            continue
        position = _position(identity)
        if position in unique:
            replaced[index] = unique[position]
        unique[position] = index
    return shape.batch(table, rows, values, [unique[key] for key in sorted(unique)], refused, replaced)


def _position(identity: list[Json]) -> str:
    """What keys are sorted by, and told apart: a text is its own; others come before all texts."""
    if len(identity) == 1 and isinstance(identity[0], str):
        return identity[0]
    return "\0" + encode_json(identity).decode()


def insert_batch(operation: str, table: str, columns: list[str], rows: list[Json]) -> Batch:
    """Rows that are added, in the order given.

    Args:
        operation: what the user calls it, for messages.
        columns: what to write; see `_Columns`.

    Raises:
        PermanentError: the table is missing.
    """
    if not table:
        raise PermanentError(f"`{operation}` needs `table`", code="HR301")
    shape = _Columns.of(operation, rows, columns, [])
    values = shape.read_all(rows)
    added = [index for index, row in enumerate(values) if row is not None]
    refused = [shape.refuse(index, rows[index]) for index, row in enumerate(values) if row is None]
    return shape.batch(table, rows, values, added, refused, {})


class _Columns(msgspec.Struct, frozen=True):
    """Which members of the rows are written.

    Where the user names them, other members are left out and a missing one is null. Otherwise a row must
    have the columns that most have: a member that is missing by mistake must not empty a column.

    Attributes:
        names: in the order in which they are written.
        members: the same, as a set.
        model: the index of a row that has them; None where they were named.
        uniform: the values of all rows, where all have the columns of the first.
    """

    operation: str
    names: tuple[str, ...]
    members: Set[str]
    keys: tuple[str, ...]
    model: int | None
    uniform: list[tuple[Json, ...]] | None = None

    @classmethod
    def of(cls, operation: str, rows: list[Json], named: list[str], keys: list[str]) -> "_Columns":
        if named:
            chosen = dict.fromkeys([*keys, *named])
            return cls(operation, tuple(chosen), chosen.keys(), tuple(keys), None)
        first, model = rows[0] if rows else None, 0
        uniform = _uniform(rows, first) if isinstance(first, dict) else None
        if uniform is None or not isinstance(first, dict):
            first, model = _common(rows)
        return cls(operation, tuple(first), first.keys(), tuple(keys), model, uniform)

    def read_all(self, rows: list[Json]) -> Sequence[Sequence[Json] | None]:
        """The values of each row, in the order of the columns; None for one that has not the columns."""
        return list(map(self._read, rows)) if self.uniform is None else self.uniform

    def _read(self, row: Json) -> list[Json] | None:
        if not isinstance(row, dict):
            return None
        if self.model is None:
            return [row.get(name) for name in self.names]
        if not self.names or row.keys() != self.members:
            return None
        return [row[name] for name in self.names]

    def refuse(self, index: int, row: Json) -> BadRow:
        """A row that is not as it must be."""
        return BadRow(index, PermanentError(self._fault(index, row), code="HR301"))

    def _fault(self, index: int, row: Json) -> str:
        """What is wrong with a row."""
        if not isinstance(row, dict):
            return (
                f"`rows` of `{self.operation}` must be objects, a member for each column; row {index} is not"
            )
        if not row and not self.keys:
            return f"row {index} of `{self.operation}` has no members"
        if self.model is not None and row.keys() != self.members:
            names = ", ".join(self.names)
            return (
                f"row {index} of `{self.operation}` has not the same columns as row {self.model} ({names}); "
                "`columns` would say which to write"
            )
        missing = next(name for name in self.keys if row.get(name) is None)
        return f"row {index} of `{self.operation}` has no `{missing}`"

    def batch(
        self,
        table: str,
        given: list[Json],
        values: Sequence[Sequence[Json] | None],
        rows: list[int],
        refused: list[BadRow],
        replaced: dict[int, int],
    ) -> Batch:
        """The rows in as many statements as they take."""

        def write(rows: list[Sequence[Json]]) -> Insert:
            return Insert(table, self.names, rows, self.keys)

        size = max(_MAX_PARAMETERS // max(len(self.names), 1), 1)
        return Batch(given, cast("Sequence[Sequence[Json]]", values), rows, refused, replaced, size, write)


def _common(rows: list[Json]) -> tuple[dict[str, Json], int]:
    """The first row with the columns that most rows have, as a dict, and its index."""
    objects = [(index, row) for index, row in enumerate(rows) if isinstance(row, dict)]
    if not objects:
        return {}, 0
    (most, _), *_ = Counter(frozenset(row) for _, row in objects).most_common(1)
    return next((row, index) for index, row in objects if row.keys() == most)


def _uniform(rows: list[Json], first: dict[str, Json]) -> list[tuple[Json, ...]] | None:
    """The values of all rows if they have the columns of the first, at C speed; most batches are so."""
    if len(first) < 2 or set(map(type, rows)) != {dict}:
        return None
    objects = cast("list[dict[str, Json]]", rows)
    if set(map(len, objects)) != {len(first)}:
        return None
    try:
        return list(map(itemgetter(*first), objects))
    except KeyError:
        return None
