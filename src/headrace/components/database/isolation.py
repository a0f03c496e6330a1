"""`onRowError: isolate`: the good rows of a batch are written, the bad ones are found by bisection.

A batch that is refused is halved, and each half tried by itself, down to single rows: about
`2 * bad * log2(rows)` statements, never more than twice the rows.

By itself a row may be refused for a foreign key to a row of the same batch that is yet to come. Such rows are
tried again after the others. A bad row that was to replace another with the same key gives way to it.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from headrace.components.database.batch import BadRow, Batch
from headrace.sdk import Insert, PermanentError, Result, Statement, StatementError

__all__ = ["Isolated", "Write", "write_good_rows"]

Write = Callable[[Statement | Insert], Awaitable[Result]]
"""Runs a statement whose rows are written all or none."""

_FOREIGN_KEY = ("23503", "SQLITE_CONSTRAINT_FOREIGNKEY", "1452")
_MORE_PASSES = 10
"""How often rows refused for a foreign key are tried again, backwards and forwards in turn."""


class Isolated(msgspec.Struct):
    """What became of a batch: the results of the statements that wrote rows, and the rows that are bad."""

    results: list[Result] = msgspec.field(default_factory=list)
    bad: list[BadRow] = msgspec.field(default_factory=list)


async def write_good_rows(batch: Batch, write: Write) -> Isolated:
    """Write what can be written.

    Raises:
        StatementError: the statement is wrong, not a row.
        InfrastructureError: the database failed.
    """
    isolated = Isolated(bad=list(batch.refused))
    waiting, passes = batch.rows, _MORE_PASSES
    while waiting:
        before = len(isolated.results)
        refused = await _bisect(batch, waiting, write, isolated.results)
        may_help = len(isolated.results) > before and passes > 0
        passes -= 1
        waiting = []
        for row, error in reversed(refused):  # children may come before parents, or after them
            if may_help and error.code in _FOREIGN_KEY:
                waiting.append(row)
                continue
            isolated.bad.append(BadRow(row, error))
            if (replaced := batch.replaced.get(row)) is not None:
                waiting.append(replaced)
    isolated.bad.sort(key=lambda bad: bad.index)
    return isolated


async def _bisect(
    batch: Batch, rows: Sequence[int], write: Write, results: list[Result]
) -> list[tuple[int, PermanentError]]:
    """Write rows in their order as far as it goes; gives those that were refused by themselves."""
    refused = []
    pieces = deque(batch.pieces(rows))
    while pieces:
        piece = pieces.popleft()
        try:
            results.append(await write(batch.statement(piece)))
        except StatementError:
            raise
        except PermanentError as error:
            if len(piece) == 1:
                refused.append((piece[0], error))
            else:
                half = _half(len(piece))
                pieces.extendleft((piece[half:], piece[:half]))
    return refused


def _half(count: int) -> int:
    """The largest power of two below a number: statements of few lengths, which stay prepared."""
    return 1 << (count - 1).bit_length() - 1
