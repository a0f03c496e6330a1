"""What the engine asks of a database so that a task's writes commit together, once.

The engine decides when marks are taken, undone and committed; the database drivers in
`headrace.connections` do it. Marks are savepoints: they nest, and cost no round trip of their own.
"""

from collections.abc import Hashable, Sequence
from typing import Protocol

import msgspec

from headrace.values import Json

__all__ = [
    "STORE_APPLICATION_ID",
    "Database",
    "Insert",
    "Result",
    "Statement",
    "TaskRow",
    "Transaction",
    "Upserted",
]

STORE_APPLICATION_ID = 0x48445243
"""`HDRC`, the `application_id` of a SQLite file in which headrace keeps runs and tasks: never a target."""


class Statement(msgspec.Struct, frozen=True):
    """One SQL statement with its parameters, `$1` first.

    Attributes:
        many: `sql` is executed once for each row of parameters in `rows` (which replaces `parameters`).
    """

    sql: str
    parameters: Sequence[Json] = ()
    rows: Sequence[Sequence[Json]] | None = None


class Insert(msgspec.Struct, frozen=True):
    """Rows that are inserted, all or none; how they travel is the driver's business.

    Attributes:
        table: with or without its schema, not quoted.
        columns: their names, not quoted.
        rows: at least one, each with a value for each column.
        keys: those of the columns by which a row is known, as a unique constraint has them: a row that is
            there is updated, or left alone where nothing would change. Without keys every row is new.
    """

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Json]]
    keys: tuple[str, ...] = ()


class Upserted(msgspec.Struct, frozen=True):
    """What became of the rows of an `Insert` with keys; their sum is the number of its rows.

    Attributes:
        inserted: new ones.
        updated: those of which a value changed.
        unchanged: those that were there with the same values, and those that a trigger dropped.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    @classmethod
    def of(cls, rows: int, inserted: int, affected: int) -> "Upserted":
        """What became of so many rows, of which so many were inserted, and inserted or updated."""
        return cls(inserted, affected - inserted, rows - affected)

    def __add__(self, other: "Upserted") -> "Upserted":
        return Upserted(
            self.inserted + other.inserted, self.updated + other.updated, self.unchanged + other.unchanged
        )


class Result(msgspec.Struct):
    """What a statement gave.

    Attributes:
        rows: each an object by column name; empty where the statement returns none.
        row_count: rows returned or affected.
        command: the statement's kind as the server names it: `INSERT`, `SELECT`, …
        upserted: of an `Insert` with keys; `row_count` is what it inserted and updated.
    """

    rows: list[dict[str, Json]] = msgspec.field(default_factory=list)
    row_count: int = 0
    command: str = ""
    upserted: Upserted | None = None

    @property
    def counters(self) -> dict[str, int]:
        """What a write adds to the counters of its node."""
        counters = {"rows_written": self.row_count}
        if self.upserted is not None:
            written = msgspec.structs.asdict(self.upserted)
            counters |= {f"rows_{name}": number for name, number in written.items() if number}
        return counters


class TaskRow(msgspec.Struct, frozen=True):
    """The row of `headrace_tasks` that says that a task's writes took effect, and how it came out (rule 11).

    Attributes:
        task_id: `<run id>.<digest>`; run ids hold no dot.
        outcome: a JSON object in UTF-8. Where results of posted statements come with the commit, the database
            adds the member `written`, a text: for each of the last statements a space and
            `<rows inserted>/<rows inserted or updated>`.
    """

    task_id: str
    outcome: bytes


class Transaction(Protocol):
    """An open transaction on one connection, used by one branch of one task at a time.

    `mark`, `release` and `undo` are sent with the next `execute` or `commit` (pipelined), and so have
    no result of their own; an error in one of them is raised there.
    """

    def mark(self, name: str) -> None:
        """Set a savepoint."""

    def release(self, name: str) -> None:
        """Keep what was done since the mark, and forget the mark."""

    def undo(self, name: str) -> None:
        """Take back what was done since the mark, and forget the mark."""

    async def execute(self, statement: Statement | Insert) -> Result:
        """Run a statement.

        Raises:
            PermanentError: the statement is wrong or breaks a constraint. The transaction can only go on
                after `undo` to an earlier mark.
            StatementError: as that, and other values would not help.
            InfrastructureError: the connection or the server failed; the transaction is gone.
        """
        ...

    async def post(self, statement: Statement | Insert) -> None:
        """Run a statement without waiting for its result, which `settle` gives.

        Once it has failed, nothing of the transaction can be kept.

        Raises:
            As `execute`; where a driver does not wait, `settle` does instead, or whatever comes before it.
        """
        ...

    async def settle(self) -> list[Result]:
        """The results of what was posted since the last time, in order; after the commit, those it brought.

        Raises:
            As `execute`, of the first that failed.
        """
        ...

    @property
    def may_settle_late(self) -> bool:
        """Whether the results of what was posted may come with the commit, in the same round trip.

        The row of the task then holds what they say, see `TaskRow`.
        """
        ...

    async def check_deferred(self) -> None:
        """Check now what the database put off to the commit (deferred constraints).

        Costs nothing where it has no such constraints. From here on they are deferred again as declared; what
        `SET CONSTRAINTS` said before is over.

        Raises:
            PermanentError: a constraint is broken. The transaction can only go on after `undo` to an
                earlier mark.
            InfrastructureError: as `execute`.
        """
        ...

    async def commit(self, row: TaskRow | None = None) -> bool:
        """Commit; durable in the database when this returns. The connection goes back to its pool.

        Args:
            row: written by the last statement before COMMIT, in the same round trip.

        Cancelled while statements run that were posted: they are cancelled in the database, unless the commit
        comes first; then this returns.

        Returns:
            Whether anything was committed, `row` with it: not where the transaction had done nothing.

        Raises:
            TaskCommitted: the row is there already; nothing of this transaction was kept.
            PermanentError: a deferred constraint, or the row may not be written, or what was posted failed;
                nothing was kept.
            InfrastructureError: the connection or the server failed; it is unknown whether it committed.
                `Database.find_task` tells.
        """
        ...

    async def rollback(self, *, at_once: bool = False) -> None:
        """Undo everything and give the connection back; never raises for a lost connection.

        Args:
            at_once: what was posted is cancelled in the database; else it is waited for.
        """
        ...


class Database(Protocol):
    """A pool of connections to one database."""

    @property
    def key(self) -> Hashable:
        """What it connects to; nodes with equal keys share pool and transaction. Holds no secret."""
        ...

    async def begin(self) -> Transaction:
        """Take a connection and begin a transaction on it (sent with the first statement).

        Raises:
            InfrastructureError: no connection came free, or none could be made, in time.
        """
        ...

    async def execute(self, statement: Statement | Insert) -> Result:
        """Run a statement on a connection of its own and commit it (autocommit).

        Raises:
            As `Transaction.execute`.
        """
        ...

    async def find_task(self, task_id: str) -> bytes | None:
        """The outcome in a task's row; None if there is none, or no table of them.

        Raises:
            PermanentError: the table may not be read.
            InfrastructureError: as `begin`.
        """
        ...

    async def forget_tasks(self, run_ids: Sequence[str]) -> int:
        """Remove the rows of all tasks of these runs; gives how many there were. Durable when this returns.

        Raises:
            As `find_task`.
        """
        ...
