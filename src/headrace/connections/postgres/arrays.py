"""Inserts with an array for each column: one statement for any number of rows, prepared once.

Binding a page of rows as arrays costs the client and the server a fraction of what as many parameters do.
"""

from collections.abc import Mapping

from headrace.connections.insert import insert_into
from headrace.expr.text import to_text
from headrace.sdk.transaction import Insert, Statement
from headrace.values import Json

__all__ = ["COLUMN_TYPES", "as_arrays"]

# Types without modifiers: a cast to varchar(20)[] cuts texts silently, where an insert of varchar is refused.
# `unnest` takes apart arrays of arrays and of composite values; those of `box` are separated by semicolons.
COLUMN_TYPES = b"""
select a.attname, pg_catalog.format_type(a.atttypid, -1)
from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
where a.attrelid = pg_catalog.to_regclass($1) and a.attnum > 0 and not a.attisdropped
    and t.typcategory not in ('A', 'C') and t.typdelim = ','"""
"""Of the table with the quoted name $1: the columns that have plain arrays, with their types; none if it is
not there."""


def as_arrays(insert: Insert, types: Mapping[str, str]) -> Statement | None:
    """`INSERT INTO … SELECT * FROM unnest($1::text[], …)`; None where a column has no plain arrays.

    Raises:
        StatementError: a name cannot be one.
    """
    if not all(column in types for column in insert.columns):
        return None
    arrays = ", ".join(f"${number}::{types[column]}[]" for number, column in enumerate(insert.columns, 1))
    sql = f"{insert_into(insert)} SELECT * FROM unnest({arrays}) {insert.conflict}"  # noqa: S608 - names are quoted, values are parameters
    return Statement(sql, [_scalars(column) for column in zip(*insert.rows, strict=True)])


def _scalars(column: tuple[Json, ...]) -> list[Json]:
    """The values of a column, none of them an array: that would be one of more dimensions."""
    if list in set(map(type, column)):
        return [to_text(value) if isinstance(value, list) else value for value in column]
    return list(column)
