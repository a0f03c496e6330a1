"""`operation: executeMany`: one statement, executed once for each row of parameters."""

import re
from collections.abc import Sequence

from headrace.components.database.batch import BadRow, Batch, Row
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
    found: list[Row] = []
    refused: list[BadRow] = []
    for index, row in enumerate(rows):
        if isinstance(row, list) and len(row) >= needed:
            found.append(Row(index, row))
        else:
            refused.append(BadRow(index, PermanentError(_fault(index, row, needed), code="HR301")))
    if numbers:
        found.sort(key=lambda row: encode_json([row.values[number - 1] for number in numbers]))

    def statement(rows: Sequence[Row]) -> Statement:
        return Statement(query, rows=[row.values for row in rows])

    return Batch(rows, found, refused, {}, max(len(found), 1), statement)


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
