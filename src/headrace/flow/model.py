"""A flow as it was read: checked, with compiled templates and the place of everything."""

from typing import Any

import msgspec

from headrace.expr import Template
from headrace.flow.deploy import Deploy
from headrace.sdk import Output, Spec
from headrace.source import Source, Span
from headrace.values import Json

__all__ = [
    "DEFAULT_CONCURRENCY",
    "DEFAULT_MAX_QUEUED",
    "Edge",
    "Flow",
    "Hook",
    "Hooks",
    "Node",
    "PortRef",
    "Retry",
    "Webhook",
]

DEFAULT_CONCURRENCY = 8
DEFAULT_MAX_QUEUED = 10_000


class PortRef(msgspec.Struct, frozen=True, order=True):
    """A port of a node, `node:port`."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}:{self.port}"


class Retry(msgspec.Struct, frozen=True):
    """How often and when a failed task is tried again; delays in seconds."""

    max_attempts: int = 5
    initial_delay_s: float = 1.0
    backoff: float = 2.0
    max_delay_s: float = 300.0


class Webhook(msgspec.Struct, frozen=True):
    """Where something is posted to: `url` and `headers`, evaluated when the flow starts."""

    template: Template
    span: Span


class Hook(msgspec.Struct, frozen=True):
    """Who is told: the trigger of a flow, or a webhook.

    Attributes:
        after: how many failed runs in a row.
        flow: whose trigger is fired; empty where there is a webhook.
        trigger: empty: the flow's only signal.
    """

    after: int = 1
    flow: str = ""
    trigger: str = ""
    webhook: Webhook | None = None


class Hooks(msgspec.Struct, frozen=True):
    """Who is told that runs fail, and that they go well again."""

    on_failure: Hook | None = None
    on_recovery: Hook | None = None


class Edge(msgspec.Struct, frozen=True):
    """A connection from an output to an input.

    Attributes:
        index: its place among the flow's edges, in the order of the file; fan-out follows it.
        data: builds the message that arrives; None: the message passes unchanged.
        add: builds members that are laid over the message; never together with `data`.
        boundary: whether a message on it becomes a task of its own (rule 1), told by the graph.
    """

    index: int
    source: PortRef
    target: PortRef
    span: Span
    data: Template | None = None
    add: Template | None = None
    description: str = ""
    boundary: bool = False


class Node(msgspec.Struct, frozen=True):
    """An instance of a component.

    Attributes:
        settings: the node's settings over the defaults, as a template over `$.secrets` and `$.vars`;
            evaluated by `headrace.flow.settings.resolve`.
        settings_places: the place of each setting, by its path of keys and indexes.
        message_templates: settings that are evaluated for each message, by path; `resolve` passes them on.
        outputs: the node's output ports, those that its settings make included.
        input: shapes what the component gets, for every edge into its first input.
        result_name: `as:`, the member under which the component's result is added; None for the usual one.
        control: the trigger's control state, `{start: true}`.
    """

    name: str
    spec: Spec
    span: Span
    settings: Template
    settings_places: dict[tuple[str | int, ...], Span] = msgspec.field(default_factory=dict)
    message_templates: dict[tuple[str | int, ...], Template] = msgspec.field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    input: Template | None = None
    result_name: str | None = None
    control: dict[str, Any] = msgspec.field(default_factory=dict)
    description: str = ""

    @property
    def starts(self) -> bool:
        """Whether a trigger fires by itself once the flow runs."""
        return self.control.get("start", True) is True


class Flow(msgspec.Struct, frozen=True):
    """One flow file.

    Attributes:
        version: hash of the canonical parsed spec (not of the text), overrides applied.
        secrets: the names of the secrets it may read.
        vars: plain constants, `$vars`, with overrides applied.
        overrides: values from outside that were laid over the file's (`--set`), by dotted path below `spec`.
        timeout_s: bound of a run's time in seconds; None for none.
        concurrency: tasks of one run at once; None: `DEFAULT_CONCURRENCY`, or what a node asks for.
        max_queued: above this many open tasks of a run, loop-closing tasks wait.
        deploy: how it runs on Kubernetes.
    """

    name: str
    version: str
    source: Source
    nodes: dict[str, Node]
    edges: tuple[Edge, ...]
    description: str = ""
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    vars: dict[str, Json] = msgspec.field(default_factory=dict)
    overrides: dict[str, Json] = msgspec.field(default_factory=dict)
    timeout_s: float | None = None
    concurrency: int | None = None
    max_queued: int = DEFAULT_MAX_QUEUED
    retry: Retry = Retry()
    hooks: Hooks = Hooks()
    deploy: Deploy = Deploy()

    @property
    def triggers(self) -> list[Node]:
        """The nodes that start runs, in the order of the file."""
        return [node for node in self.nodes.values() if node.spec.trigger]
