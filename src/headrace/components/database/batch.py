"""The rows of a request, ready to be written in statements of many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headrace.sdk import Insert, Json, PermanentError, Statement

__all__ = ["BadRow", "Batch", "Row"]


@dataclass(slots=True)
class Row:
    """A row: its index in the request, and the parameters of its execution."""

    index: int
    values: Sequence[Json]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be written, by its index in the request, and why."""

    index: int
    error: PermanentError


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in the order in which they are written.

    Attributes:
        given: all rows of the request, as they came.
        refused: those that are not as a row must be, whatever the database says; not among `rows`.
        replaced: by the index of a row the one before it that has the same key, and so is not written.
        size: how many rows one statement takes.
        statement: makes the statement that writes these rows.
    """

    given: Sequence[Json]
    rows: list[Row]
    refused: list[BadRow]
    replaced: dict[int, Row]
    size: int
    statement: Callable[[Sequence[Row]], Statement | Insert]

    def statements(self) -> list[Statement | Insert]:
        """The statements that write all rows.

        Raises:
            PermanentError: a row is refused; the first of them.
        """
        if self.refused:
            raise self.refused[0].error
        return [self.statement(piece) for piece in self.pieces(self.rows)]

    def pieces(self, rows: Sequence[Row]) -> list[Sequence[Row]]:
        """The rows, as many together as a statement takes."""
        return [rows[start : start + self.size] for start in range(0, len(rows), self.size)]
