"""One task: from its message to its outcome. Nothing here becomes durable; the worker decides that."""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

import msgspec

from headrace.engine.branch import Branch, Transactions
from headrace.engine.failure import Raised, Teller, error_record
from headrace.engine.identity import derived_id
from headrace.engine.observer import NodeStats, Observer, RunStats
from headrace.engine.probe import Probe
from headrace.engine.program import Program, Target
from headrace.engine.speculation import Misspeculated
from headrace.errors import ComponentError, InfrastructureError, TaskCommitted
from headrace.expr import Environment
from headrace.flow.model import Node
from headrace.sdk import Clock, Insert, Result, RunInfo, Statement
from headrace.source import Span
from headrace.store import Attempt, EncodedOutcome, TaskRecord
from headrace.values import Json, Message

__all__ = ["Execution", "Posted", "Services", "Show", "current_run"]


class Services(msgspec.Struct, frozen=True):
    """What executions share: the time, who watches, how errors are told, what a flow keeps under a key."""

    clock: Clock
    observer: Observer
    teller: Teller
    read_state: Callable[[str, str], Awaitable[Json]]


current_run: ContextVar[RunInfo | None] = ContextVar("current_run", default=None)
"""The run whose task is executed here, for logs."""

Value = TypeVar("Value")
Show: TypeAlias = Callable[[list[Result]], Awaitable[None]]
_log = logging.getLogger(__name__)


class Posted(msgspec.Struct, frozen=True):
    """Statements of a node that were sent, as they are one after the other in the transaction."""

    node: Node
    message: Message
    statements: Sequence[Statement | Insert]
    show: Show


class Execution:
    """A task while it is executed.

    Attributes:
        crossed: by edge, how many messages have crossed it, for display.
        probe: told of what enters and leaves nodes; mostly None.
    """

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
        self._posted: list[Posted] = []
        self.probe: Probe | None = None
        self._made: dict[str, Any] = {}
        self._counts: dict[str, NodeStats] = {}
        self.crossed: defaultdict[Target, int] = defaultdict(int)
        self._pages_tried = 0
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
        for node, counts in self._all_counts().items():
            self.program.units[node].stats.take_back(counts)
        for target, crossed in self.crossed.items():
            target.crossed -= crossed
        self._counts = {}
        self.crossed.clear()
        self.run_stats.pages -= self._pages_tried
        if self.probe is not None:
            self.probe.began_again()

    def counts(self, node: str) -> NodeStats:
        """What a node has counted in this task, for display; taken back if it was in a trial that fails.

        What it received over inner edges is what has crossed those.
        """
        counts = self._counts.get(node)
        if counts is None:
            counts = self._counts[node] = NodeStats()
        return counts

    def tell_counts(self) -> None:
        """Tell those who watch what was counted; the task's work has ended."""
        hops = sum(self.crossed.values())
        self.services.observer.task_counted(self.task, self._all_counts(), hops)

    def _all_counts(self) -> dict[str, NodeStats]:
        """What the nodes have counted in this task, once nothing more comes."""
        for target, crossed in self.crossed.items():
            if not target.boundary:
                self.counts(target.unit.name).received += crossed
        return self._counts

    def expect(self, node: str, total: int) -> None:
        """A node has said how many records there are: see `Context.expect`."""
        self.run_stats.expected = total
        self.run_stats.sources.add(node)
        self.run_stats.pages += 1
        self._pages_tried += self.speculates

    def posted(self, posted: Posted) -> None:
        """A node has sent statements; it will be told of their results."""
        self._posted.append(posted)

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
        with self._attributing(posted):
            for session in self.transactions.sessions.values():
                results += await session.transaction.settle()
                await session.transaction.check_deferred()
        await self.tell(posted, results)

    async def finish(self) -> None:
        """All nodes have ended: wait for what was posted, unless the commit brings its results.

        Raises:
            As `settle`.
        """
        if not (self._posted and self.transactions.may_settle_late):
            await self.settle()

    async def commit(self, outcome: EncodedOutcome) -> tuple[bool, list[Posted], list[Result]]:
        """Commit what the task wrote, with its outcome.

        Returns:
            Whether the outcome lies in a database now; what was still awaited, and its results, for `tell`.

        Raises:
            ComponentError: as `Transaction.commit`.
            Misspeculated | Raised: as `settle`.
        """
        posted, self._posted = self._posted, []
        if not posted:
            is_recorded, results = await self.transactions.commit(self.task.id, outcome)
        else:
            with self._attributing(posted):
                is_recorded, results = await self.transactions.commit(self.task.id, outcome, _rows(posted))
        return is_recorded, posted, results

    @contextmanager
    def _attributing(self, posted: list[Posted]) -> Iterator[None]:
        """Have failures be those of what was posted, if anything was."""
        try:
            yield
        except TaskCommitted:
            raise
        except InfrastructureError as error:
            if not posted:
                raise
            node = posted[0].node
            raise self.raised(error, node, node.span, posted[0].message) from error
        except ComponentError as error:
            raise Misspeculated from error

    async def tell(self, posted: list[Posted], results: list[Result]) -> None:
        """Count the results of what was posted, and show them."""
        begin = 0
        for each in posted:
            own = results[begin : begin + len(each.statements)]
            begin += len(own)
            for result in own:
                self.root.outcome.count_all(each.node.name, result.counters)
            try:
                await each.show(own)
            except Exception:  # noqa: BLE001 - a bug of a component cannot undo what has committed
                node = each.node.name
                _log.exception("node %s cannot show the results of what it wrote", node, extra={"node": node})

    def derived_id(self, path: str) -> str:
        """The id of what this task makes on a path."""
        return derived_id(self.task.run_id, f"{self.task.id}/{path}")

    def raised(self, error: Exception, node: Node, span: Span, message: Message) -> Raised:
        """An error at a node, ready to rise."""
        teller = self.services.teller
        return Raised(error_record(error, node, span, self.attempt.number, message, teller), error)


def _rows(posted: list[Posted]) -> list[tuple[str, int]]:
    """Of each insert that was posted its node and its number of rows."""
    return [
        (each.node.name, len(statement.rows))
        for each in posted
        for statement in each.statements
        if isinstance(statement, Insert)
    ]
