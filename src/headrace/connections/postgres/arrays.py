"""Inserts with an array for each column: one statement for any number of rows, prepared once.

Binding a page of rows as arrays costs the client and the server a fraction of what as many parameters do.
"""

from collections.abc import Mapping
from typing import Protocol

from psycopg import pq
from psycopg.pq.abc import PGresult

from headrace.connections.insert import as_values, quoted, quoted_table
from headrace.expr.text import to_text
from headrace.sdk.transaction import Insert, Statement
from headrace.values import Json

__all__ = ["Arrays"]

# Types without modifiers: a cast to varchar(20)[] cuts texts silently, where an insert of varchar is refused.
# `unnest` takes apart arrays of arrays and of composite values; those of `box` are separated by semicolons.
_COLUMN_TYPES = b"""
select a.attname, pg_catalog.format_type(a.atttypid, -1)
from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
where a.attrelid = pg_catalog.to_regclass($1) and a.attnum > 0 and not a.attisdropped
    and t.typcategory not in ('A', 'C') and t.typdelim = ','"""


class _Asks(Protocol):
    async def ask(self, *queries: tuple[bytes, tuple[str, ...]]) -> list[PGresult]:
        """Run statements with their values."""
        ...


class Arrays:
    """Makes statements for one connection; knows the types of the columns of its tables."""

    def __init__(self) -> None:
        self._types: dict[str, Mapping[str, str]] = {}
        self._made: dict[tuple[str, tuple[str, ...], str], str | None] = {}

    async def statement(self, session: _Asks, insert: Insert) -> Statement:
        """The statement that inserts rows: with arrays where there are several rows and the columns allow it.

        Raises:
            StatementError: a name cannot be one.
            InfrastructureError: the connection is lost.
        """
        if len(insert.rows) == 1:
            return as_values(insert)
        key = insert.table, insert.columns, insert.conflict
        if key not in self._made:
            self._made[key] = self._sql(insert, await self._types_of(session, insert.table))
        sql = self._made[key]
        if sql is None:
            return as_values(insert)
        return Statement(sql, [_scalars(column) for column in zip(*insert.rows, strict=True)])

    def forget(self) -> None:
        """A table may have changed: types are asked for again."""
        self._types.clear()
        self._made.clear()

    async def _types_of(self, session: _Asks, table: str) -> Mapping[str, str]:
        """By column; without those that have no plain arrays; nothing of a table that is not there."""
        found = self._types.get(table)
        if found is None:
            (result,) = await session.ask((_COLUMN_TYPES, (quoted_table(table),)))
            if result.status != pq.ExecStatus.TUPLES_OK:
                return {}
            found = self._types[table] = {
                (result.get_value(row, 0) or b"").decode(): (result.get_value(row, 1) or b"").decode()
                for row in range(result.ntuples)
            }
        return found

    @staticmethod
    def _sql(insert: Insert, types: Mapping[str, str]) -> str | None:
        """None where a column is not known, or not one for arrays."""
        if not all(column in types for column in insert.columns):
            return None
        arrays = (f"${number}::{types[column]}[]" for number, column in enumerate(insert.columns, 1))
        return (
            f"INSERT INTO {quoted_table(insert.table)} ({', '.join(map(quoted, insert.columns))})"  # noqa: S608 - names are quoted, values are parameters
            f" SELECT * FROM unnest({', '.join(arrays)}) {insert.conflict}"
        )


def _scalars(column: tuple[Json, ...]) -> list[Json]:
    """The values of a column, none of them an array: that would be one of more dimensions."""
    if list in set(map(type, column)):
        return [to_text(value) if isinstance(value, list) else value for value in column]
    return list(column)
