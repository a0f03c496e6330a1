"""Upserts on a database, with counts of what became of their rows."""

from collections.abc import Sequence

from headrace.sdk import Database, Insert, Json, Statement, Transaction, Upserted

__all__ = ["counts", "run"]


async def run(database: Database, *statements: str) -> list[tuple[Json, ...]]:
    """Execute statements; gives the rows of the last."""
    for sql in statements:
        result = await database.execute(Statement(sql))
    return [tuple(row.values()) for row in result.rows]


async def counts(
    database: Database | Transaction,
    rows: Sequence[Sequence[Json]],
    table: str = "t",
    columns: tuple[str, ...] = ("n", "v"),
    keys: tuple[str, ...] = ("n",),
) -> Upserted:
    """Upsert rows, and see that what the result says of them fits together."""
    result = await database.execute(Insert(table, columns, rows, keys))
    assert (result.rows, result.command) == ([], "INSERT")
    assert result.upserted is not None
    assert result.row_count == result.upserted.inserted + result.upserted.updated
    return result.upserted
