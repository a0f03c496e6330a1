"""`operation: upsert` and `insert`: rows by column, without SQL."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

from headrace.components.database.batch import BadRow, Batch, Row
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
    refused: list[BadRow] = []
    replaced: dict[int, Row] = {}
    unique: dict[bytes, Row] = {}
    for index, given in enumerate(rows):
        values = shape.read(given)
        identity = [] if values is None else [values[place] for place in places]
        if values is None or len(identity) < len(keys) or None in identity:
            refused.append(shape.refuse(index, given))
            continue
        position = encode_json(identity)
        if position in unique:
            replaced[index] = unique[position]
        unique[position] = Row(index, values)
    ordered = [unique[position] for position in sorted(unique)]
    return shape.batch(table, rows, ordered, refused, replaced)


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
    added: list[Row] = []
    refused: list[BadRow] = []
    for index, given in enumerate(rows):
        values = shape.read(given)
        if values is None:
            refused.append(shape.refuse(index, given))
        else:
            added.append(Row(index, values))
    return shape.batch(table, rows, added, refused, {})


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which members of the rows are written.

    Where the user names them, other members are left out and a missing one is null. Otherwise a row must
    have the columns that most have: a member that is missing by mistake must not empty a column.

    Attributes:
        names: in the order in which they are written.
        members: the same, as a set.
        model: the index of a row that has them; None where they were named.
    """

    operation: str
    names: tuple[str, ...]
    members: Set[str]
    keys: tuple[str, ...]
    model: int | None

    @classmethod
    def of(cls, operation: str, rows: list[Json], named: list[str], keys: list[str]) -> "_Columns":
        if named:
            chosen = dict.fromkeys([*keys, *named])
            return cls(operation, tuple(chosen), chosen.keys(), tuple(keys), None)
        first, model = _common(rows)
        return cls(operation, tuple(first), first.keys(), tuple(keys), model)

    def read(self, row: Json) -> list[Json] | None:
        """The values of a row in order; None if it has not the columns."""
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
        rows: list[Row],
        refused: list[BadRow],
        replaced: dict[int, Row],
    ) -> Batch:
        """The rows in as many statements as they take."""

        def statement(rows: Sequence[Row]) -> Insert:
            return Insert(table, self.names, [row.values for row in rows], self.keys)

        size = max(_MAX_PARAMETERS // max(len(self.names), 1), 1)
        return Batch(given, rows, refused, replaced, size, statement)


def _common(rows: list[Json]) -> tuple[dict[str, Json], int]:
    """The first row with the columns that most rows have, as a dict, and its index."""
    objects = [(index, row) for index, row in enumerate(rows) if isinstance(row, dict)]
    if not objects:
        return {}, 0
    index, first = objects[0]
    if all(row.keys() == first.keys() for _, row in objects):
        return first, index
    (most, _), *_ = Counter(frozenset(row) for _, row in objects).most_common(1)
    return next((row, index) for index, row in objects if row.keys() == most)
