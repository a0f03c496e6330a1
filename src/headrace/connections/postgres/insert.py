"""Inserts with an array for each column: one statement for any number of rows, prepared once.

Binding a page of rows as arrays costs the client and the server a fraction of what as many parameters do.

Not COPY, which gains too little for what it needs: to leave the pipeline, and round trips of its own.
Milliseconds for rows of six columns (4 texts, jsonb, timestamptz; PostgreSQL 18 on the same machine, 2 busy
cores, the best of 7 to 15), in arrays of 5,000 rows, and by COPY: into a temporary table and a merge from
there, or for an append right into the table. Encoding in Python, which both need alike, is in it.

    rows                    1,000         5,000          20,000          100,000
    upsert, all new         11 -> 13      70 -> 74       253 -> 187      1505 -> 1577
    upsert, all changed     15 -> 24      76 -> 98       344 -> 339      1973 -> 1858
    upsert, none changed    14 -> 16      52 -> 49       217 -> 180       995 -> 1069
    append                  13 -> 9       46 -> 28       170 -> 131      1070 -> 1070
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from headrace.connections.insert import (
    TARGET,
    insert_into,
    on_conflict,
    updated_columns,
)
from headrace.connections.name import quoted, quoted_table
from headrace.connections.postgres.binding import Column
from headrace.sdk.transaction import Insert, Result, Statement, Upserted

__all__ = ["MOST_NOTED", "NOTED", "TABLE_QUERY", "Table", "result_of", "statement_of"]

MOST_NOTED = 100
"""Of how many inserts with keys, the last ones, a setting of the transaction tells what they wrote."""

NOTED = b"current_setting('headrace.written')"
"""What they wrote, in SQL: a text as `TaskRow` has it."""

# Types without modifiers: a cast to varchar(20)[] cuts texts silently, where an insert of varchar is refused.
# `unnest` takes apart arrays of arrays and of composite values; those of `box` are separated by semicolons.
TABLE_QUERY = b"""
select c.relkind = 'r', a.attname, pg_catalog.format_type(a.atttypid, -1)
from pg_catalog.pg_class c
left join (pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid)
    on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and t.typcategory not in ('A', 'C') and t.typdelim = ','
where c.oid = pg_catalog.to_regclass($1)"""
"""Of the table with the quoted name $1: whether it is a plain one, and the columns that have plain arrays,
with their types; nothing if it is not there."""

# 40 characters for each: a space and two bigints fit, with room for the cut of the first that is left.
_NOTE = (
    "set_config('headrace.written', right(concat(current_setting('headrace.written', true), ' ', "
    f"count(*) FILTER (WHERE is_new), '/', count(*)), {40 * MOST_NOTED}), true)"
)
_MOST_TEXTS = 100
_HAS_OLD = 18_00_00
"""The version of the server from which on RETURNING tells of the row that was there before."""


class Table(msgspec.Struct, frozen=True):
    """What `TABLE_QUERY` told of a table.

    Attributes:
        is_plain: no view, and no partitions, so that its rows have system columns.
        types: of the columns that have plain arrays, by name.
        texts: of statements with arrays, by their columns and keys.
    """

    is_plain: bool = True
    types: Mapping[str, str] = msgspec.field(default_factory=dict)
    texts: dict[tuple[tuple[str, ...], tuple[str, ...]], str] = msgspec.field(default_factory=dict)


def statement_of(insert: Insert, table: Table, server_version: int) -> Statement:
    """The statement that inserts the rows; where there are keys it counts them instead of returning any.

    Those counts are also noted in a setting of the transaction, from which the row of the task can take them
    before the client knows them.

    Args:
        server_version: as libpq has it, `180003`.

    Raises:
        StatementError: a name cannot be one.
    """
    if len(insert.rows) == 1 or not all(column in table.types for column in insert.columns):
        source = _values(len(insert.rows), len(insert.columns))
        return Statement(
            _text(insert, table, source, server_version), [value for row in insert.rows for value in row]
        )
    known = (insert.columns, insert.keys)
    text = table.texts.get(known)
    if text is None:
        if len(table.texts) >= _MOST_TEXTS:
            table.texts.clear()
        text = table.texts[known] = _text(insert, table, _arrays(insert, table), server_version)
    return Statement(text, list(map(Column, zip(*insert.rows, strict=True))))


def _text(insert: Insert, table: Table, source: str, server_version: int) -> str:
    sql = f"{insert_into(insert)} {source} {on_conflict(insert, _changed(insert))}"
    if insert.keys:
        sql = (
            f"WITH written AS ({sql} RETURNING {_is_new(insert, table, server_version)} AS is_new) "  # noqa: S608 - names are quoted, values are parameters
            f"SELECT count(*) FILTER (WHERE is_new) AS inserted, count(*) AS affected, {_NOTE} FROM written"
        )
    return sql


def result_of(insert: Insert, result: Result) -> Result:
    """What an insert gave, from the result of its statement."""
    if not insert.keys:
        return result
    (counts,) = result.rows
    inserted, affected = counts["inserted"], counts["affected"]
    assert isinstance(inserted, int)  # noqa: S101 - count(*) is a bigint
    assert isinstance(affected, int)  # noqa: S101 - likewise
    return Result([], affected, "INSERT", Upserted.of(len(insert.rows), inserted, affected))


@lru_cache(maxsize=16)
def _values(rows: int, width: int) -> str:
    """`VALUES ($1, $2), ($3, $4)`; batches of a flow mostly have one size."""
    row = ", ".join(["${}"] * width)
    places = ", ".join([f"({row})"] * rows)
    return f"VALUES {places.format(*range(1, rows * width + 1))}"


def _arrays(insert: Insert, table: Table) -> str:
    """The rows from an array for each column."""
    arrays = ", ".join(
        f"${number}::{table.types[column]}[]" for number, column in enumerate(insert.columns, 1)
    )
    return f"SELECT * FROM unnest({arrays})"  # noqa: S608 - types come from the catalog


def _changed(insert: Insert) -> str:
    """Whether a row that is there differs from the new one, by its bytes.

    Not every type has an equality (json), and some take different values for equal: boxes of one area, A and
    a with some collations.
    """
    names = updated_columns(insert)
    sides = (", ".join(f"{side}.{name}" for name in names) for side in (TARGET, "excluded"))
    return " OPERATOR(pg_catalog.*<>) ".join(f"ROW({side})::record" for side in sides)


def _is_new(insert: Insert, table: Table, server_version: int) -> str:
    """Whether a row that the statement wrote was not there before.

    Before version 18 its `xmax` tells: an update locks the row first, which stays in the new one. Partitioned
    tables and views do not show it. There the row is looked up as the table was when the statement began: one
    that another transaction adds meanwhile counts as new. (EXISTS would be hashed, and read all of it.)
    """
    key = quoted(insert.keys[0])
    if server_version >= _HAS_OLD:
        return f"old.{key} IS NULL"
    if table.is_plain:
        return f"{TARGET}.xmax = 0"
    same = " AND ".join(f"before.{name} = {TARGET}.{name}" for name in map(quoted, insert.keys))
    return f"(SELECT 1 FROM {quoted_table(insert.table)} AS before WHERE {same}) IS NULL"  # noqa: S608 - likewise
