"""One message at one node: what the component sees, and how messages move on from there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from headrace.engine.branch import Branch, StatementScope
from headrace.engine.execution import Execution, Posted, Show
from headrace.engine.failure import Raised, raised_error, raised_errors, with_error
from headrace.engine.fan_out import FanOut
from headrace.engine.identity import digest
from headrace.engine.observer import NodeStats
from headrace.engine.position import CameFrom, Position
from headrace.engine.program import Target, Unit
from headrace.errors import ComponentError, ExpressionError, PermanentError
from headrace.expr import Template
from headrace.expr.text import truthy
from headrace.sdk import Clock, Database, Emission, Insert, RaisedError, Statement
from headrace.store import ErrorFate, Response
from headrace.values import Json, Message, members_of

__all__ = ["NodeContext", "enter"]

Value = TypeVar("Value")

_log = logging.getLogger(__name__)

_TOO_DEEP = "more than about 1,900 nodes follow one another here; put a `common-module/async` between them"


class NodeContext(Position):
    """See `headrace.sdk.Context`."""

    __slots__ = ()

    @property
    def clock(self) -> Clock:
        """See `Context`."""
        return self.execution.services.clock

    @property
    def first_delivery(self) -> bool:
        """See `Context`."""
        return self.execution.attempt.first

    @property
    def resume(self) -> Json:
        """See `Context`."""
        resume = self.execution.task.resume if self.came_from is None else None
        return resume.get("at") if isinstance(resume, dict) else None

    @property
    def idempotency_key(self) -> str:
        """See `Context`."""
        return f"{self.execution.task.id}/{self.node}/{digest(self.path())}"

    def trace_headers(self) -> dict[str, str]:
        """See `Context`."""
        probe = self.execution.probe
        return {} if probe is None or self.visit is None else probe.headers(self.visit)

    def is_wired(self, port: str) -> bool:
        """See `Context`."""
        return port in self.unit.targets

    async def emit(self, port: str, message: Message, key: int | None = None) -> None:
        """See `Context`."""
        if self.execution.probe is not None:
            self.execution.probe.emitted(self.node, port, message)
        targets = self.unit.targets.get(port)
        if targets is None:
            return
        if key is None:
            key = self._emissions
            self._emissions = key + 1
        for target in targets:
            await self._send(target, port, message, key, self.branch)

    async def attempt(
        self, port: str, message: Message, key: int, *, survive: bool, repeats: bool = False
    ) -> Emission:
        """See `Context`."""
        branch = Branch(self.branch, survivable=survive)
        if self.execution.probe is not None:
            self.execution.probe.emitted(self.node, port, message)
        try:
            for target in self.unit.targets.get(port, ()):
                await self._send(target, port, message, key, branch)
            if survive:
                await self._check_deferred(branch, message)
        except Raised as raised:
            if not survive or raised.is_infrastructure:
                branch.abandon()
                self.branch.outcome.absorb_errors(branch.outcome)
                raise
            await self.execution.doubt(branch)
            errors, count = raised_errors(branch.outcome)
            branch.undo()
            failure = raised_error(raised, self.mask, handled=self.unit.error_port is not None)
            if repeats:
                fate = ErrorFate.RETRIED
            else:
                fate = ErrorFate.COLLECTED if self.unit.error_port is None else ErrorFate.HANDLED
            self.branch.outcome.add_error(raised.fated(fate))
            self.execution.services.observer.error_raised(self.run.id, raised.fated(fate))
            return Emission(failure, (*errors, failure), count + 1)
        except BaseException:
            branch.abandon()
            raise
        errors, count = raised_errors(branch.outcome)
        branch.keep()
        return Emission(None, errors, count)

    async def _check_deferred(self, branch: Branch, message: Message) -> None:
        try:
            await branch.check_deferred()
        except ComponentError as error:
            raise self.execution.raised(error, self.unit.node, self.unit.node.span, message) from error

    async def add_result(self, port: str, value: Json) -> None:
        """See `Context`."""
        base = self.base
        name = self.unit.adds[port]
        self.execution.services.observer.result_added(self.node, value)
        await self.emit(port, {**members_of(base), name: value})

    async def collect(self, failure: RaisedError, message: Message, key: int) -> None:
        """See `Context`."""
        if self.unit.error_port is not None:
            await self.emit(self.unit.error_port, with_error(message, failure), key)

    async def fail(self, error: Exception) -> None:
        """The node failed: to its error port if that is wired, else up (design, section 4)."""
        for stats in self._stats:
            stats.failed += 1
        await self._report(error, self.message, {}, None)

    async def reject(self, error: ComponentError | ExpressionError, facts: dict[str, Json], key: int) -> None:
        """See `Context`."""
        members = self.message if isinstance(self.message, dict) else {}
        await self._report(error, {**members, **facts}, facts, key)

    async def _report(
        self, error: Exception, message: Message, facts: dict[str, Json], key: int | None
    ) -> None:
        unit = self.unit
        raised = self.execution.raised(error, unit.node, unit.node.span, message)
        if self.execution.probe is not None and self.visit is not None:
            self.execution.probe.failed(self.visit, raised.record)
        if raised.is_infrastructure or unit.error_port is None:
            raise raised from error
        await self.execution.doubt(self.branch)
        handled = raised.fated(ErrorFate.HANDLED)
        failure = with_error(self.base, raised_error(raised, self.mask, handled=True))
        try:
            await self.emit(unit.error_port, {**failure, **facts}, key)
        except Raised as second:
            second.was_handling(raised)
            raise
        self.branch.outcome.add_error(handled)
        self.execution.services.observer.error_raised(self.run.id, handled)

    def fan_out(self, done_port: str, done: dict[str, Json], items: int) -> FanOut:
        """See `Context`."""
        fan_out = FanOut(self, done_port)
        fan_out.announce(done_port, done, items)
        return fan_out

    def gather(self) -> FanOut:
        """See `Context`."""
        fan_out = FanOut(self, "")
        fan_out.tell_node()
        return fan_out

    def transaction(self, database: Database) -> StatementScope:
        """See `Context`."""
        return StatementScope(
            self.execution.transactions,
            self.branch,
            database,
            is_survivable=self.unit.error_port is not None,
        )

    def may_post(self, port: str) -> bool:
        """See `Context`."""
        return self.execution.speculates and port not in self.unit.targets

    async def post(self, database: Database, statements: Sequence[Statement | Insert], show: Show) -> None:
        """See `Context`."""
        async with self.transaction(database) as transaction:
            for statement in statements:
                await transaction.post(statement)
        self.execution.posted(Posted(self.unit.node, self.message, statements, show))

    async def once(self, make: Callable[[], Awaitable[Value]]) -> Value:
        """See `Context`."""
        return await self.execution.once(f"{self.path()}/{self.node}", make)

    def has_transaction(self, key: Hashable) -> bool:
        """See `Context`."""
        return key in self.execution.transactions.sessions

    async def get_state(self, key: str) -> Json:
        """See `Context`."""
        branch: Branch | None = self.branch
        while branch is not None:
            if key in branch.outcome.state:
                return branch.outcome.state[key]
            branch = branch.parent
        return await self.execution.services.read_state(self.run.flow, key)

    def set_state(self, key: str, value: Json) -> None:
        """See `Context`."""
        self.branch.outcome.state[key] = value

    def holds(self, template: Template, message: Message) -> bool:
        """See `Context`."""
        return truthy(self.evaluate(template, message))

    def evaluate(self, template: Template, message: Message) -> Json:
        """See `Context`."""
        return template.evaluate(message, self.execution.environment)

    def mask(self, text: str) -> str:
        """See `Context`."""
        return self.execution.services.teller.mask(text)

    def respond(self, response: Json) -> None:
        """See `Context`."""
        unit = self.unit
        error = PermanentError("the caller has had a response before; nobody gets this one", code="HR333")
        late = self.execution.raised(error, unit.node, unit.node.span, self.message)
        self.branch.outcome.respond(Response(response, late.fated(ErrorFate.DROPPED)))

    def count(self, counter: str, number: int = 1) -> None:
        """See `Context`."""
        self.branch.outcome.count(self.node, counter, number)

    def progress(self, done: int, total: int = 0) -> None:
        """See `Context`."""
        for stats in self._stats:
            stats.items_done += done
            stats.items_total += total
            stats.passes += bool(done)

    def expect(self, total: int) -> None:
        """See `Context`."""
        self.execution.expect(self.node, total)

    @property
    def _stats(self) -> tuple[NodeStats, ...]:
        """Where is counted for display."""
        return self.unit.stats, self.execution.counts(self.node)

    async def _send(self, target: Target, port: str, message: Message, key: int, branch: Branch) -> None:
        base, shaped = self.shape(target, message)
        target.crossed += 1
        self.execution.crossed[target] += 1
        came_from = (self, port, key, target.edge.index)
        if target.boundary:
            branch.outcome.tasks.append(self.new_task(target, base, shaped, came_from))
        else:
            await enter(
                self.execution, target.unit, target.port, target.uses_input, branch, base, shaped, came_from
            )


async def enter(
    execution: Execution,
    unit: Unit,
    port: str,
    uses_input: bool,
    branch: Branch,
    base: Message,
    message: Message,
    came_from: CameFrom | None,
) -> None:
    """Bring a message to a node; returns when everything below has finished.

    Raises:
        Raised: the first unhandled error, of this node or from below.
    """
    stats = unit.stats
    stats.received += 1
    stats.active += 1
    context = NodeContext(execution, unit, branch, base, message, came_from)
    probe = execution.probe
    if probe is not None:
        context.visit = probe.entered(unit.name, port, message, came_from and came_from[0].visit)
        if context.visit is None:
            execution.probe = None
    try:
        if uses_input and unit.input is not None:
            context.base = message
            context.message = unit.input.evaluate(message, execution.environment)
        if execution.speculates and not unit.component.repeats(context.message):
            await execution.doubt(branch)
        await unit.component.handle(context.message, context)
    except Raised:
        raise
    except (ComponentError, ExpressionError) as error:
        await context.fail(error)
    except RecursionError:
        await context.fail(PermanentError(_TOO_DEEP, code="HR312"))
    except Exception as error:  # noqa: BLE001 - a bug of a component is that node's failure
        _log.debug(
            "component %s of node %s",
            unit.node.spec.name,
            unit.name,
            exc_info=True,
            extra={"node": unit.name},
        )
        await context.fail(error)
    finally:
        stats.active -= 1
        if probe is not None and context.visit is not None:
            probe.left(context.visit)
