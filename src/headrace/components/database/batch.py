"""The rows of a request, ready to be written in statements of many."""

from collections.abc import Callable, Sequence

import msgspec

from headrace.sdk import Insert, Json, PermanentError, Statement

__all__ = ["BadRow", "Batch"]


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot be written, by its index in the request, and why."""

    index: int
    error: PermanentError


class Batch(msgspec.Struct, frozen=True):
    """Rows that are to be written, by their index in the request.

    Attributes:
        given: all rows of the request, as they came.
        values: the parameters of each; of a refused one nobody looks at them.
        rows: those to write, in that order.
        refused: those that are not as a row must be, whatever the database says; not among `rows`.
        replaced: by a row the one before it that has the same key, and so is not written.
        size: how many rows one statement takes.
        write: makes the statement that writes rows with these values.
    """

    given: Sequence[Json]
    values: Sequence[Sequence[Json]]
    rows: list[int]
    refused: list[BadRow]
    replaced: dict[int, int]
    size: int
    write: Callable[[list[Sequence[Json]]], Statement | Insert]

    def statement(self, rows: Sequence[int]) -> Statement | Insert:
        """The statement that writes some of the rows."""
        return self.write(list(map(self.values.__getitem__, rows)))

    def statements(self) -> list[Statement | Insert]:
        """The statements that write all rows.

        Raises:
            PermanentError: a row is refused; the first of them.
        """
        if self.refused:
            raise self.refused[0].error
        return [self.statement(piece) for piece in self.pieces(self.rows)]

    def pieces(self, rows: Sequence[int]) -> list[Sequence[int]]:
        """The rows, as many together as a statement takes."""
        return [rows[start : start + self.size] for start in range(0, len(rows), self.size)]
