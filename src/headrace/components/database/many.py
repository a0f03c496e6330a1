"""`operation: executeMany`: one statement, executed once for each row of parameters."""

import re
from collections.abc import Sequence

from headrace.components.database.batch import BadRow, Batch
from headrace.sdk import Json, PermanentError, Statement
from headrace.values import encode_json

__all__ = ["many_batch"]

_PARAMETER = re.compile(r"\$([1-9]\d{0,4})")


def many_batch(query: str, key: str | list[str], rows: list[Json]) -> Batch:
    """Rows of parameters, in the order given, or sorted by the parameters that `key` names (`$1`).

    Which parameters say what row of a table is locked, only the author knows: sorting is asked for, since the
    order may matter. As `upsert` sorts, so that both lock in one order (rule 16).

    Raises:
        PermanentError: `key` names something else.
    """
    numbers = [_number(name) for name in ([key] if key and isinstance(key, str) else key)]
    needed = max(numbers, default=0)
    values = [row if isinstance(row, list) and len(row) >= needed else None for row in rows]
    found = [index for index, row in enumerate(values) if row is not None]
    refused = [
        BadRow(index, PermanentError(_fault(index, rows[index], needed), code="HR301"))
        for index, row in enumerate(values)
        if row is None
    ]
    taken = [row or [] for row in values]
    if numbers:
        found.sort(key=lambda index: encode_json([taken[index][number - 1] for number in numbers]))

    def write(rows: list[Sequence[Json]]) -> Statement:
        return Statement(query, rows=rows)

    return Batch(rows, taken, found, refused, {}, max(len(found), 1), write)


def _number(name: str) -> int:
    match = _PARAMETER.fullmatch(name)
    if match is None:
        raise PermanentError(
            f"`key` of `executeMany` names parameters, such as `$1`, by which rows are sorted; not `{name}`",
            code="HR301",
        )
    return int(match[1])


def _fault(index: int, row: Json, needed: int) -> str:
    if not isinstance(row, list):
        return f"`executeMany` takes a list of parameters for each execution; row {index} is none"
    return f"row {index} of `executeMany` has {len(row)} parameters, but `key` names `${needed}`"
