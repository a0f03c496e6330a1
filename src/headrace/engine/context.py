"""One message at one node: what the component sees, and how messages move on from there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from headrace.engine.branch import Branch, StatementScope
from headrace.engine.execution import Execution, Posted, Show
from headrace.engine.failure import Raised, raised_error, raised_errors, with_error
from headrace.engine.identity import derived_id, digest
from headrace.engine.observer import NodeStats
from headrace.engine.program import Target, Unit
from headrace.errors import ComponentError, ExpressionError, PermanentError
from headrace.expr import Template
from headrace.expr.text import truthy
from headrace.sdk import Clock, Database, Emission, Insert, RaisedError, RunInfo, Statement
from headrace.sdk.watermark import Watermark, higher
from headrace.store import ErrorFate, GroupMember, NewGroup, Response, TaskRecord
from headrace.values import Json, Message, members_of

__all__ = ["NodeContext", "enter"]

Value = TypeVar("Value")

_log = logging.getLogger(__name__)

_TOO_DEEP = "more than about 1,900 nodes follow one another here; put a `common-module/async` between them"


class NodeContext:
    """See `headrace.sdk.Context`.

    Attributes:
        came_from: the context that emitted, with the emission's number and the edge: the path that made
            this work, from which ids of tasks derive (rule 3).
    """

    __slots__ = ("_emissions", "base", "branch", "came_from", "execution", "message", "unit")

    def __init__(
        self,
        execution: Execution,
        unit: Unit,
        branch: Branch,
        base: Message,
        message: Message,
        came_from: tuple[NodeContext, str, int, int] | None,
    ) -> None:
        self.execution = execution
        self.unit = unit
        self.branch = branch
        self.base = base
        self.message = message
        self.came_from = came_from
        self._emissions = 0

    @property
    def node(self) -> str:
        """See `Context`."""
        return self.unit.node.name

    @property
    def run(self) -> RunInfo:
        """See `Context`."""
        return self.execution.run_info

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

    def path(self) -> str:
        """The way from the task's beginning to here: nodes, ports, numbers of emissions, edges."""
        steps = []
        context = self
        while context.came_from is not None:
            above, port, key, index = context.came_from
            steps.append(f"{above.node}:{port}.{key}>{index}")
            context = above
        return "/".join(reversed(steps))

    def is_wired(self, port: str) -> bool:
        """See `Context`."""
        return port in self.unit.targets

    async def emit(self, port: str, message: Message, key: int | None = None) -> None:
        """See `Context`."""
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
        self.execution.expect(total)

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
            await enter(self.execution, target.unit, target.uses_input, branch, base, shaped, came_from)

    def shape(self, target: Target, message: Message) -> tuple[Message, Message]:
        """The base value and the message that an edge makes of what is emitted.

        Raises:
            Raised: the edge's template has no value; the failure is the sender's, with the edge's place.
        """
        execution = self.execution
        try:
            if target.data is not None:
                return message, target.data.evaluate(message, execution.environment)
            if target.add is not None:
                members = message if isinstance(message, dict) else {}
                added = target.add.evaluate(message, execution.environment)
                laid = {**members, **added} if isinstance(added, dict) else message
                return laid, laid
        except ExpressionError as error:
            raise execution.raised(error, self.unit.node, target.edge.span, message) from error
        return message, message

    def new_task(
        self,
        target: Target,
        base: Message,
        message: Message,
        came_from: tuple[NodeContext, str, int, int],
        group: GroupMember | None = None,
    ) -> TaskRecord:
        """The task that delivers a message over a boundary edge."""
        task = self.execution.task
        _, port, key, index = came_from
        path = f"{self.path()}/{self.node}:{port}.{key}>{index}"
        return TaskRecord(
            id=self.execution.derived_id(path),
            run_id=task.run_id,
            node=target.unit.name,
            port=target.port,
            message=message,
            base=base,
            lane=None if target.closes_loop else self.unit.lane,
            closes_loop=target.closes_loop,
            group=group if group is not None else task.group,
        )


async def enter(
    execution: Execution,
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
    context = NodeContext(execution, unit, branch, base, message, came_from)
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
        _log.debug("component %s of node %s", unit.node.spec.name, unit.name, exc_info=True)
        await context.fail(error)
    finally:
        stats.active -= 1


class FanOut:
    """See `headrace.sdk.FanOut`. Its id derives from the task that began it, also in further tasks."""

    def __init__(self, context: NodeContext, end: str) -> None:
        """Begin a group, or go on with the one that this task is a further task of.

        Args:
            end: the output that is told of its end; empty for the node itself.
        """
        self._context = context
        resume = context.execution.task.resume if context.came_from is None else None
        begun = resume.get("group") if isinstance(resume, dict) else None
        self._is_new = not isinstance(begun, str)
        if isinstance(begun, str):
            self.id = begun
        else:
            self.id = context.execution.derived_id(f"{context.path()}/{context.node}:{end}")

    def announce(self, port: str, done: dict[str, Json], items: int) -> None:
        """Have a message sent at an output when all members have finished."""
        if not self._is_new:
            return
        context = self._context
        announcement = TaskRecord(
            id=f"{self.id}.done",
            run_id=context.run.id,
            node=context.node,
            port=port,
            message=done,
            base=done,
            is_output=True,
            group=context.execution.task.group,
        )
        self._begin(announcement, items)

    def tell_node(self) -> None:
        """Have the node handed its message when all members have finished."""
        if not self._is_new:
            return
        group = self._context.execution.task.group
        self._begin(self._delivery(f"{self.id}.done", group, lane=None, resume=None), 0)

    def _begin(self, last: TaskRecord, items: int) -> None:
        self._context.branch.outcome.groups.append(NewGroup(self.id, last, items))

    def add(self, port: str, message: Message, key: int, items: int, member: int) -> None:
        """See `headrace.sdk.FanOut`."""
        context = self._context
        membership = GroupMember(self.id, member, port, key, items)
        targets = context.unit.targets.get(port, ())
        try:
            shapes = [context.shape(target, message) for target in targets]
        except Raised:
            # That is this member's failure, not the fan-out's: a task that emits it fails, and keeps it.
            context.branch.outcome.tasks.append(self._emitting(port, message, membership))
            return
        for target, (base, shaped) in zip(targets, shapes, strict=True):
            target.crossed += 1
            context.execution.crossed[target] += 1
            came_from = (context, port, key, target.edge.index)
            context.branch.outcome.tasks.append(context.new_task(target, base, shaped, came_from, membership))

    def _emitting(self, port: str, message: Message, membership: GroupMember) -> TaskRecord:
        return TaskRecord(
            id=derived_id(self._context.run.id, f"{self.id}/{port}.{membership.key}"),
            run_id=self._context.run.id,
            node=self._context.node,
            port=port,
            message=message,
            base=message,
            is_output=True,
            group=membership,
        )

    def go_on(self, resume: Json, member: int = 0) -> None:
        """See `headrace.sdk.FanOut`."""
        context = self._context
        id_ = derived_id(context.run.id, f"{self.id}/{resume!r}")
        context.branch.outcome.tasks.append(
            self._delivery(
                id_,
                GroupMember(self.id, member, "", 0, 0),
                lane=context.unit.lane,
                resume={"group": self.id, "at": resume},
            )
        )

    def tally(self, counts: dict[str, int], watermark: Watermark | None = None) -> None:
        """See `headrace.sdk.FanOut`."""
        outcome = self._context.branch.outcome
        for name, count in counts.items():
            outcome.tally[name] = outcome.tally.get(name, 0) + count
        outcome.watermark = higher(outcome.watermark, watermark)

    def _delivery(self, id_: str, group: GroupMember | None, *, lane: str | None, resume: Json) -> TaskRecord:
        """A task that hands the node its message once more."""
        context = self._context
        message = context.base if context.unit.input is not None else context.message
        return TaskRecord(
            id=id_,
            run_id=context.run.id,
            node=context.node,
            port=context.unit.first_input,
            message=message,
            base=message,
            lane=lane,
            group=group,
            resume=resume,
        )
