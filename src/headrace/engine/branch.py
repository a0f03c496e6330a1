"""What can be undone together within a task (rule 5): writes, new tasks, counters.

Branches form a tree below the task's root. Each has its own part of the outcome, given to its parent
when the branch ends well and thrown away when it fails. On each database a branch takes the task's
transaction from its first statement to its end, so that parallel branches never interleave in it:
to enter, a branch takes the turn of every branch above it, from the root down.
"""

import asyncio
from collections.abc import Hashable, Sequence

from headrace.engine.speculation import Misspeculated
from headrace.errors import ComponentError, InfrastructureError, PermanentError
from headrace.sdk import Database, Result, TaskRow, Transaction
from headrace.store import EncodedOutcome, Outcome

__all__ = ["Branch", "Session", "StatementScope", "Transactions"]


class Session:
    """The task's transaction on one database, and the turns at it."""

    __slots__ = ("_marks", "_task", "transaction")

    def __init__(self, transaction: Transaction, task: "Transactions") -> None:
        self.transaction = transaction
        self._task = task
        self._marks = 0

    @property
    def is_marked(self) -> bool:
        """See `Transactions.is_marked`."""
        return self._task.is_marked

    def mark(self) -> str:
        """Take a mark; gives its name, which no mark of this transaction has had, or nothing."""
        if not self.is_marked:
            return ""
        self._marks += 1
        name = f"hr_{self._marks}"
        self.transaction.mark(name)
        return name

    def release(self, mark: str) -> None:
        """Keep what was done since a mark, if it was taken."""
        if mark:
            self.transaction.release(mark)


class Hold:
    """A branch's part in a session: its mark, whose turn it has taken, and the turn that it gives."""

    __slots__ = ("above", "mark", "turn")

    def __init__(self, above: "Hold | None", mark: str) -> None:
        self.above = above
        self.mark = mark
        self.turn = asyncio.Lock()


class Branch:
    """A part of a task.

    Attributes:
        outcome: what was done in it so far.
        survivable: a failure of it does not fail its parent, so marks are taken.
        holds: its part in each session that it has entered.
    """

    __slots__ = ("_entering", "holds", "outcome", "parent", "survivable")

    def __init__(self, parent: "Branch | None", *, survivable: bool = False) -> None:
        self.parent = parent
        self.survivable = survivable
        self.outcome = Outcome()
        self.holds: dict[Session, Hold] = {}
        self._entering = asyncio.Lock()

    async def enter(self, session: Session) -> Hold:
        """Take part in a session: wait for the turn of every branch above, mark where this one can be undone.

        A branch that cannot be survived alone writes as a part of its parent.
        """
        hold = self.holds.get(session)
        if hold is not None:
            return hold
        if self.parent is None:
            hold = self.holds[session] = Hold(None, "")
            return hold
        above = await self.parent.enter(session)
        if not self.survivable:
            return above
        async with self._entering:
            hold = self.holds.get(session)
            if hold is None:
                await above.turn.acquire()
                hold = self.holds[session] = Hold(above, session.mark())
        return hold

    @property
    def has_unmarked_writes(self) -> bool:
        """Whether what was written in a branch from here on up could not be undone alone."""
        if self.survivable and not all(hold.mark for hold in self.holds.values()):
            return True
        return self.parent is not None and self.parent.has_unmarked_writes

    async def check_deferred(self) -> None:
        """Check what the databases put off to the commit, where this branch wrote (rule 16).

        Raises:
            ComponentError: as `Transaction.check_deferred`.
        """
        for session in self.holds:
            if session.is_marked:
                await session.transaction.check_deferred()

    def keep(self) -> None:
        """End well: the parent takes over the outcome, marks are released, turns given back."""
        for session, hold in self.holds.items():
            session.release(hold.mark)
        self.abandon()
        self._parent.outcome.absorb(self.outcome)

    def undo(self) -> None:
        """End in a failure that is survived: writes since the marks are undone, only the errors remain."""
        for session, hold in self.holds.items():
            session.transaction.undo(hold.mark)
        self.abandon()
        self._parent.outcome.absorb_errors(self.outcome)

    def abandon(self) -> None:
        """Give the turns back without touching the database: the failure rises further."""
        for hold in self.holds.values():
            if hold.above is not None:
                hold.above.turn.release()
        self.holds.clear()

    @property
    def _parent(self) -> "Branch":
        assert self.parent is not None, "the root branch ends with its task"  # noqa: S101
        return self.parent


class Transactions:
    """The transactions of one task: at most one that commits with it (rule 13).

    Attributes:
        is_marked: marks are taken; else nothing can be undone but all of it.
    """

    __slots__ = ("_opening", "is_marked", "sessions")

    def __init__(self, *, is_marked: bool = True) -> None:
        self.sessions: dict[Hashable, Session] = {}
        self.is_marked = is_marked
        self._opening = asyncio.Lock()

    async def session(self, database: Database) -> Session:
        """The session on a database, begun at its first use.

        Raises:
            PermanentError: the task already writes to another database.
            InfrastructureError: no connection.
        """
        session = self.sessions.get(database.key)
        if session is None:
            async with self._opening:
                session = self.sessions.get(database.key)
                if session is None:
                    if self.sessions:
                        raise PermanentError(
                            "this task already writes to another database, and one task commits to one; "
                            "put a `common-module/async` between them or set `transaction: statement` on one",
                            code="HR316",
                        )
                    session = Session(await database.begin(), self)
                    self.sessions[database.key] = session
        return session

    @property
    def may_settle_late(self) -> bool:
        """See `Transaction.may_settle_late`."""
        return all(session.transaction.may_settle_late for session in self.sessions.values())

    async def commit(
        self, task_id: str, outcome: EncodedOutcome, posted: Sequence[tuple[str, int]] = ()
    ) -> tuple[bool, list[Result]]:
        """Commit what the task wrote, with its outcome.

        Args:
            posted: see `EncodedOutcome.record`.

        Returns:
            Whether the outcome lies in a database now, and the results of what was posted.

        Raises:
            ComponentError: as `Transaction.commit`.
        """
        is_recorded = False
        results: list[Result] = []
        for session in self.sessions.values():
            is_recorded = await session.transaction.commit(TaskRow(task_id, outcome.record(posted)))
            if posted:
                results += await session.transaction.settle()
        self.sessions.clear()
        return is_recorded, results

    async def rollback(self, *, at_once: bool = False) -> None:
        """Undo what the task wrote; see `Transaction.rollback`."""
        for session in self.sessions.values():
            await session.transaction.rollback(at_once=at_once)
        self.sessions.clear()


class StatementScope:
    """The block around one statement: its turn, and a mark where its failure can be survived."""

    __slots__ = ("_branch", "_database", "_hold", "_is_survivable", "_mark", "_session", "_transactions")

    def __init__(
        self, transactions: Transactions, branch: Branch, database: Database, *, is_survivable: bool
    ) -> None:
        self._transactions = transactions
        self._branch = branch
        self._database = database
        self._is_survivable = is_survivable
        self._mark = ""

    async def __aenter__(self) -> Transaction:
        self._session = await self._transactions.session(self._database)
        self._hold = await self._branch.enter(self._session)
        await self._hold.turn.acquire()
        if self._is_survivable:
            self._mark = self._session.mark()
        return self._session.transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        self._hold.turn.release()
        if error is None:
            self._session.release(self._mark)
        elif isinstance(error, ComponentError) and not isinstance(error, InfrastructureError):
            if not self._session.is_marked:
                raise Misspeculated from error
            if self._mark:
                self._session.transaction.undo(self._mark)
