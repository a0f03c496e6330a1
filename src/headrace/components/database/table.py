"""`operation: upsert` and `insert`: rows by column, without SQL."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from operator import itemgetter
from typing import cast

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
    read = shape.read_all(rows)
    if read is not None and len(places) == 1:
        found = cast("list[str]", [values[places[0]] for values in read])
        if set(map(type, found)) == {str} and len(set(found)) == len(found):  # what most batches are
            order = sorted(range(len(found)), key=found.__getitem__)
            return shape.batch(table, rows, [Row(index, read[index]) for index in order], [], {})
    refused: list[BadRow] = []
    replaced: dict[int, Row] = {}
    unique: dict[str, Row] = {}
    for index, given in enumerate(rows):
        values = shape.read(given)
        identity = [] if values is None else [values[place] for place in places]
        if values is None or len(identity) < len(keys) or None in identity:
            refused.append(shape.refuse(index, given))
            continue
        position = _position(identity)
        if position in unique:
            replaced[index] = unique[position]
        unique[position] = Row(index, values)
    ordered = [unique[position] for position in sorted(unique)]
    return shape.batch(table, rows, ordered, refused, replaced)


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
        is_uniform: all rows are objects with just these members.
    """

    operation: str
    names: tuple[str, ...]
    members: Set[str]
    keys: tuple[str, ...]
    model: int | None
    is_uniform: bool = False

    @classmethod
    def of(cls, operation: str, rows: list[Json], named: list[str], keys: list[str]) -> "_Columns":
        if named:
            chosen = dict.fromkeys([*keys, *named])
            return cls(operation, tuple(chosen), chosen.keys(), tuple(keys), None)
        first, model, is_uniform = _common(rows)
        return cls(operation, tuple(first), first.keys(), tuple(keys), model, is_uniform)

    def read_all(self, rows: list[Json]) -> list[tuple[Json, ...]] | None:
        """The values of all rows in order, at C speed; None where they are to be looked at one by one."""
        if not self.is_uniform or len(self.names) < 2:
            return None
        return list(map(itemgetter(*self.names), cast("list[dict[str, Json]]", rows)))

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


def _common(rows: list[Json]) -> tuple[dict[str, Json], int, bool]:
    """The first row with the columns that most rows have, as a dict, and its index; and whether all do."""
    first = rows[0] if rows else None
    if isinstance(first, dict):
        names = first.keys()
        if all(isinstance(row, dict) and row.keys() == names for row in rows):
            return first, 0, True
    objects = [(index, row) for index, row in enumerate(rows) if isinstance(row, dict)]
    if not objects:
        return {}, 0, False
    (most, _), *_ = Counter(frozenset(row) for _, row in objects).most_common(1)
    return *next((row, index) for index, row in objects if row.keys() == most), False
