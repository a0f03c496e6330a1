"""One task: from its message to its outcome. Nothing here becomes durable; the worker decides that."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

import msgspec

from headrace.engine.branch import Branch, Transactions
from headrace.engine.failure import Raised, Teller, error_record
from headrace.engine.identity import derived_id
from headrace.engine.observer import Observer, RunStats
from headrace.engine.program import Program
from headrace.engine.speculation import Misspeculated
from headrace.errors import ComponentError, InfrastructureError
from headrace.expr import Environment
from headrace.flow.model import Node
from headrace.sdk import Clock, Result, RunInfo
from headrace.source import Span
from headrace.store import Attempt, TaskRecord
from headrace.values import Json, Message

__all__ = ["Execution", "Services", "Tell"]


class Services(msgspec.Struct, frozen=True):
    """What executions share: the time, who watches, how errors are told, what a flow keeps under a key."""

    clock: Clock
    observer: Observer
    teller: Teller
    read_state: Callable[[str, str], Awaitable[Json]]


Value = TypeVar("Value")
Tell: TypeAlias = Callable[[list[Result]], Awaitable[None]]


class _Posted(msgspec.Struct, frozen=True):
    """Statements of a node that were sent, as they are one after the other in the transaction."""

    node: Node
    message: Message
    count: int
    tell: Tell


class Execution:
    """A task while it is executed."""

    def __init__(
        self,
        program: Program,
        task: TaskRecord,
        attempt: Attempt,
        run_info: RunInfo,
        run_stats: RunStats,
        run_vars: dict[str, Json],
        services: Services,
        *,
        speculates: bool,
    ) -> None:
        self.program = program
        self.task = task
        self.attempt = attempt
        self.run_info = run_info
        self.run_stats = run_stats
        self.services = services
        self.transactions = Transactions(is_marked=not speculates)
        self.root = Branch(None)
        self._posted: list[_Posted] = []
        self._made: dict[str, Any] = {}
        self.environment = Environment(
            now_ns=services.clock.now_ns,
            vars=run_vars,
            run={
                "id": run_info.id,
                "flow": run_info.flow,
                "trigger": run_info.trigger,
                "startedAt": run_info.started_at,
                "attempt": run_info.attempt,
            },
        )

    @property
    def speculates(self) -> bool:
        """Whether the task is tried as if nothing could fail; see `engine.speculation`."""
        return not self.transactions.is_marked

    @property
    def awaits_results(self) -> bool:
        """Whether there are writes of which it is not known whether they failed."""
        return bool(self._posted)

    async def doubt(self, branch: Branch) -> None:
        """Something comes that must not be done twice, or failed and is survived: go on step by step.

        Args:
            branch: where it comes.

        Raises:
            Misspeculated: what was written failed, or could not be undone alone.
            Raised: a database failed.
        """
        if not self.speculates:
            return
        if branch.has_unmarked_writes:
            raise Misspeculated
        await self.settle()
        self.transactions.is_marked = True

    async def once(self, path: str, make: Callable[[], Awaitable[Value]]) -> Value:
        """What `make` gives; the same again where the task goes the same way a second time."""
        if path not in self._made:
            made = await make()
            if not self.speculates:
                return made
            self._made[path] = made
        value: Value = self._made[path]
        return value

    def begin_again(self) -> None:
        """Forget what was tried, which is rolled back, and go step by step."""
        self.transactions = Transactions()
        self.root = Branch(None)
        self._posted = []

    def posted(self, node: Node, message: Message, count: int, tell: Tell) -> None:
        """A node has sent statements; `settle` tells it of their results."""
        self._posted.append(_Posted(node, message, count, tell))

    async def settle(self) -> None:
        """Wait for what was posted, and have checked now what databases put off to the commit.

        Raises:
            Misspeculated: something failed.
            Raised: a database did.
        """
        if not self.speculates:
            return
        posted, self._posted = self._posted, []
        results: list[Result] = []
        try:
            for session in self.transactions.sessions.values():
                results += await session.transaction.settle()
                await session.transaction.check_deferred()
        except InfrastructureError as error:
            if not posted:
                raise
            node = posted[0].node
            raise self.raised(error, node, node.span, posted[0].message) from error
        except ComponentError as error:
            raise Misspeculated from error
        begin = 0
        for each in posted:
            await each.tell(results[begin : begin + each.count])
            begin += each.count

    def derived_id(self, path: str) -> str:
        """The id of what this task makes on a path."""
        return derived_id(self.task.run_id, f"{self.task.id}/{path}")

    def raised(self, error: Exception, node: Node, span: Span, message: Message) -> Raised:
        """An error at a node, ready to rise."""
        teller = self.services.teller
        return Raised(error_record(error, node, span, self.attempt.number, message, teller), error)
