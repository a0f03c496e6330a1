"""A flow joined with its components: what messages move through."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from itertools import chain
from typing import cast

import msgspec

from headrace.engine.observer import NodeStats
from headrace.engine.speculation import Caution
from headrace.errors import ComponentError, Finding, FlowError, UsageError
from headrace.expr import Template
from headrace.flow.hook import resolve_webhook
from headrace.flow.model import DEFAULT_CONCURRENCY, Edge, Flow, Node
from headrace.flow.settings import resolve
from headrace.sdk import Component, Database, Listening, Resources, Settings, Trigger
from headrace.store import NoticeKind, TaskRecord
from headrace.values import Json

__all__ = ["Program", "Target", "Unit"]


class Target(msgspec.Struct, eq=False):
    """An edge, as the sender sees it.

    Attributes:
        crossed: how many messages it has carried, for display; see `NodeStats`.
    """

    edge: Edge
    unit: "Unit"
    port: str
    data: Template | None
    add: Template | None
    boundary: bool
    closes_loop: bool
    uses_input: bool
    crossed: int = 0


class Unit(msgspec.Struct):
    """A node with its open component.

    Attributes:
        targets: by output port, the edges in the order of the file.
        lane: the node's name where it limits how many of the tasks that it makes run at once.
        fails_to: the edges of the error port; None where a failure rises.
    """

    node: Node
    component: Component
    input: Template | None
    targets: dict[str, tuple[Target, ...]] = msgspec.field(default_factory=dict)
    stats: NodeStats = msgspec.field(default_factory=NodeStats)
    lane: str | None = None
    error_port: str | None = None
    adds: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    @property
    def first_input(self) -> str:
        """The port that the node's `input:` shapes messages for; empty without inputs."""
        inputs = self.node.spec.inputs
        return inputs[0].name if inputs else ""


class Program:
    """One version of a flow, ready to run.

    Attributes:
        webhooks: what is told how runs go: address and headers.
    """

    def __init__(
        self,
        flow: Flow,
        units: dict[str, Unit],
        triggers: dict[str, Trigger],
        webhooks: dict[NoticeKind, tuple[str, dict[str, str]]],
    ) -> None:
        self.flow = flow
        self.webhooks = webhooks
        self.units = units
        self.triggers = triggers
        self.caution = Caution()
        self._databases: dict[tuple[str, str, bool], tuple[Database, ...]] = {}

    @classmethod
    async def open(
        cls, flow: Flow, secrets: Mapping[str, str], resources: Resources, closing: AsyncExitStack
    ) -> "Program":
        """Resolve the settings of all nodes, make the components and open them.

        Args:
            flow: checked, without errors.
            secrets: values of all the secrets that the flow names.
            resources: what nodes share.
            closing: the components' `close` is pushed here.

        Raises:
            FlowError: settings are wrong; all nodes' findings at once.
            ComponentError | UsageError: a component could not get what it needs; names its node.
        """
        for template in _templates(flow):
            template.compile()
        settings, webhooks = _resolve_all(flow, secrets), _webhooks(flow, secrets)
        triggers: dict[str, Trigger] = {}
        units: dict[str, Unit] = {}
        for node in flow.nodes.values():
            made = node.spec.factory(settings[node.name])
            if node.spec.trigger:
                triggers[node.name] = made
            units[node.name] = _unit(node, made if isinstance(made, Component) else Component(None))
        for edge in flow.edges:
            source, target = units[edge.source.node], units[edge.target.node]
            link = Target(
                edge=edge,
                unit=target,
                port=edge.target.port,
                data=edge.data,
                add=edge.add,
                boundary=edge.boundary,
                closes_loop=edge.boundary and not _is_detached(source.node, edge.source.port),
                uses_input=target.input is not None and edge.target.port == target.first_input,
            )
            source.targets[edge.source.port] = (*source.targets.get(edge.source.port, ()), link)
        for unit in units.values():
            unit.error_port = next(
                (o.name for o in unit.node.spec.outputs if o.error and o.name in unit.targets), None
            )
            await _open(unit, resources)
            closing.push_async_callback(unit.component.close)
        return cls(flow, units, triggers, webhooks)

    @property
    def listening(self) -> dict[str, Listening]:
        """The triggers that fire by what comes from outside, by name."""
        return {
            name: cast("Listening", trigger)
            for name, trigger in self.triggers.items()
            if self.units[name].node.spec.listens
        }

    def databases(self, task: TaskRecord) -> tuple[Database, ...]:
        """The databases that a task may write to: those of the nodes that it comes to on inner edges."""
        entry = task.node, task.port, task.is_output
        found = self._databases.get(entry)
        if found is None:
            found = self._databases[entry] = tuple(self._find_databases(*entry))
        return found

    @property
    def all_databases(self) -> list[Database]:
        """The databases whose transactions commit with tasks, each once."""
        return _databases_of(self.units.values())

    def track(self, task: TaskRecord) -> None:
        """Count for display that the items of a member of a fan-out are done."""
        unit = self.units.get(task.tracks)
        if unit is not None and task.group is not None:
            unit.stats.items_done += task.group.items
            unit.stats.passes += 1

    def takes(self, task: TaskRecord) -> bool:
        """Whether the node and port that a task is for are there."""
        unit = self.units.get(task.node)
        if unit is None:
            return False
        ports = unit.node.outputs if task.is_output else unit.node.spec.inputs
        return any(port.name == task.port for port in ports)

    def _find_databases(self, node: str, port: str, is_output: bool) -> Iterable[Database]:
        first = self.units.get(node)
        if first is None:
            return ()
        waiting = _inner(first.targets.get(port, ())) if is_output else [first]
        seen = {unit.name: unit for unit in waiting}
        while waiting:
            targets = waiting.pop().targets.values()
            for unit in _inner(chain.from_iterable(targets)):
                if unit.name not in seen:
                    seen[unit.name] = unit
                    waiting.append(unit)
        return _databases_of(seen.values())

    @property
    def vars(self) -> dict[str, Json]:
        """The effective vars."""
        return self.flow.vars

    @property
    def concurrency(self) -> int:
        """How many tasks of a run are executed at once."""
        if self.flow.concurrency is not None:
            return self.flow.concurrency
        return max(DEFAULT_CONCURRENCY, *(unit.component.concurrency for unit in self.units.values()))

    def lane_limits(self) -> dict[str, int]:
        """How many tasks that a node has detached run at once in a run, by the node's name."""
        return {
            name: unit.component.lane_limit
            for name, unit in self.units.items()
            if unit.component.lane_limit is not None
        }


def _databases_of(units: Iterable[Unit]) -> list[Database]:
    """The databases whose transactions commit with tasks of these nodes, each once."""
    found = (unit.component.database for unit in units)
    return list({database.key: database for database in found if database is not None}.values())


def _inner(targets: Iterable[Target]) -> list[Unit]:
    """Where inner edges lead."""
    return [target.unit for target in targets if not target.boundary]


def _templates(flow: Flow) -> Iterator[Template]:
    """All templates that messages meet; compiled before the first message, which then need not wait."""
    for edge in flow.edges:
        yield from (template for template in (edge.data, edge.add) if template is not None)
    for node in flow.nodes.values():
        yield from (node.input,) if node.input is not None else ()
        yield from node.message_templates.values()


async def _open(unit: Unit, resources: Resources) -> None:
    try:
        await unit.component.open(resources)
    except (ComponentError, UsageError) as error:
        error.args = (f"node `{unit.name}` ({unit.node.span}): {error.message}",)
        raise


def _webhooks(flow: Flow, secrets: Mapping[str, str]) -> dict[NoticeKind, tuple[str, dict[str, str]]]:
    """Address and headers of the webhooks that are told how runs go."""
    hooks = {NoticeKind.FAILURE: flow.hooks.on_failure, NoticeKind.RECOVERY: flow.hooks.on_recovery}
    return {
        kind: resolve_webhook(hook.webhook, flow.vars, secrets)
        for kind, hook in hooks.items()
        if hook is not None and hook.webhook is not None
    }


def _resolve_all(flow: Flow, secrets: Mapping[str, str]) -> dict[str, Settings]:
    findings: list[Finding] = []
    settings: dict[str, Settings] = {}
    for node in flow.nodes.values():
        try:
            settings[node.name] = resolve(node, flow.vars, secrets)
        except FlowError as error:
            findings += error.findings
    if findings:
        raise FlowError(findings)
    return settings


def _is_detached(node: Node, port: str) -> bool:
    return node.spec.trigger or any(output.detached for output in node.outputs if output.name == port)


def _unit(node: Node, component: Component) -> Unit:
    unit = Unit(node, component, node.input)
    unit.lane = node.name if component.lane_limit is not None else None
    unit.adds = {o.name: node.result_name or o.adds for o in node.spec.outputs if o.adds}
    return unit
