"""One task: from its message to its outcome. Nothing here becomes durable; the worker decides that."""

from collections.abc import Awaitable, Callable

import msgspec

from headrace.engine.branch import Branch, Transactions
from headrace.engine.failure import Raised, Teller, error_record
from headrace.engine.identity import derived_id
from headrace.engine.observer import Observer, RunStats
from headrace.engine.program import Program
from headrace.expr import Environment
from headrace.flow.model import Node
from headrace.sdk import Clock, RunInfo
from headrace.source import Span
from headrace.store import Attempt, TaskRecord
from headrace.values import Json, Message

__all__ = ["Execution", "Services"]


class Services(msgspec.Struct, frozen=True):
    """What executions share: the time, who watches, how errors are told, what a flow keeps under a key."""

    clock: Clock
    observer: Observer
    teller: Teller
    read_state: Callable[[str, str], Awaitable[Json]]


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
    ) -> None:
        self.program = program
        self.task = task
        self.attempt = attempt
        self.run_info = run_info
        self.run_stats = run_stats
        self.services = services
        self.transactions = Transactions()
        self.root = Branch(None)
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

    def derived_id(self, path: str) -> str:
        """The id of what this task makes on a path."""
        return derived_id(self.task.run_id, f"{self.task.id}/{path}")

    def raised(self, error: Exception, node: Node, span: Span, message: Message) -> Raised:
        """An error at a node, ready to rise."""
        teller = self.services.teller
        return Raised(error_record(error, node, span, self.attempt.number, message, teller), error)
