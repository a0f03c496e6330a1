"""One task: from its message to its outcome. Nothing here becomes durable; the worker decides that."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.engine.branch import Branch, Transactions
from headrace.engine.context import NodeContext
from headrace.engine.failure import Raised, Teller, error_record
from headrace.engine.observer import Observer, RunStats
from headrace.errors import ComponentError, ExpressionError, PermanentError
from headrace.expr import Environment
from headrace.sdk import Clock, RunInfo
from headrace.values import Json, Message

if TYPE_CHECKING:
    from headrace.engine.program import Program, Unit
    from headrace.flow.model import Node
    from headrace.source import Span
    from headrace.store import Attempt, Outcome, TaskRecord

__all__ = ["Execution", "Services"]

_RECURSION_LIMIT = 10_000
"""Each hop awaits the next, five calls deep: room for chains of nearly 2,000 nodes, within 8 MiB of stack."""

_TOO_DEEP = "more than about 1,900 nodes follow one another here; put a `common-module/async` between them"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What executions share: the time, who watches, how errors are told."""

    clock: Clock
    observer: Observer
    teller: Teller


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

    async def perform(self) -> Outcome:
        """Deliver the task's message and everything below it on inner edges.

        Raises:
            Raised: the first unhandled error. The caller rolls the transactions back.
        """
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
        task = self.task
        unit = self.program.units.get(task.node)
        if unit is None:
            error = PermanentError(f"the flow has no node `{task.node}` any more", code="HR311")
            node = next(iter(self.program.flow.nodes.values()))
            raise self.raised(error, node, node.span, task.message)
        if task.is_output:
            context = NodeContext(self, unit, self.root, task.base, task.message, None)
            await context.emit(task.port, task.message)
        else:
            uses_input = unit.input is not None and task.port == unit.first_input
            await self.enter(unit, uses_input, self.root, task.base, task.message, None)
        return self.root.outcome

    async def enter(
        self,
        unit: Unit,
        uses_input: bool,
        branch: Branch,
        base: Message,
        message: Message,
        came_from: tuple[NodeContext, str, int, int] | None,
    ) -> None:
        """Bring a message to a node; returns when everything below has finished.

        Raises:
            Raised: the first unhandled error, of this node or from below.
        """
        stats = unit.stats
        stats.received += 1
        stats.active += 1
        context = NodeContext(self, unit, branch, base, message, came_from)
        try:
            if uses_input and unit.input is not None:
                context.base = message
                context.message = unit.input.evaluate(message, self.environment)
            await unit.component.handle(context.message, context)
        except Raised:
            raise
        except (ComponentError, ExpressionError) as error:
            await context.fail(error)
        except RecursionError:
            await context.fail(PermanentError(_TOO_DEEP, code="HR312"))
        except Exception as error:  # noqa: BLE001 - a bug of a component is that node's failure
            _log.debug("component %s of node %s", unit.node.spec.name, unit.name, exc_info=True)
            await context.fail(error)
        finally:
            stats.active -= 1

    def raised(self, error: Exception, node: Node, span: Span, message: Message) -> Raised:
        """An error at a node, ready to rise."""
        teller = self.services.teller
        return Raised(error_record(error, node, span, self.attempt.number, message, teller), error)
