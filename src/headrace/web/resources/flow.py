"""Flows: their files, triggers and graphs."""

import re
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from headrace.errors import Finding
from headrace.flow.model import Edge, Flow, Node
from headrace.web.resources.base import AnyJson, Resource, Time
from headrace.web.resources.executor import ExecutorFacts
from headrace.web.resources.live import Live
from headrace.web.resources.run import RunSummary

__all__ = [
    "FindingFacts",
    "Firings",
    "FlowDetail",
    "FlowSummary",
    "Flows",
    "Graph",
    "Trigger",
    "finding_facts",
    "graph_of",
    "lines_at",
]


class FindingFacts(Resource):
    """What was found in a flow file; the excerpt is its line with carets below."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    cure: str
    place: str
    line: int
    column: int
    excerpt: str


class Trigger(Resource):
    """What starts runs of a flow.

    `schedule` fires by itself, `listens` for HTTP requests, `signal` on request alone. `isStarted` is what
    the file says; `isPaused` that it does not fire by itself, since the file or a person has stopped it.
    """

    node: str
    component: str
    kind: Literal["schedule", "listens", "signal"]
    when: str | None
    is_started: bool
    is_paused: bool
    next_firing: Time | None
    payload: AnyJson


class Firing(Resource):
    """A firing to come; `local` is its time in the zone of the schedule, empty for UTC."""

    at: Time
    local: str


class Firings(Resource):
    """The firings of a trigger to come."""

    firings: list[Firing]


class FlowSummary(Resource):
    """A flow at a glance.

    `running`: its triggers are followed here; `invalid`: its file does not load; `elsewhere`: other processes
    have it. `problem` says why the file as it is now is not executed. `takesActions`: its triggers can be
    fired, paused and resumed.
    """

    name: str
    description: str
    path: str
    version: str | None
    state: Literal["running", "invalid", "elsewhere"]
    takes_actions: bool
    problem: str | None
    findings: list[FindingFacts]
    triggers: list[Trigger]
    recent: list[RunSummary]
    open_runs: int
    dead_letters: int
    last_success: Time | None
    fresh_seconds: float | None


class Flows(Resource):
    """All flows."""

    flows: list[FlowSummary]


class OutputPort(Resource):
    """An output of a node; what leaves a detached one becomes a task of its own."""

    name: str
    is_error: bool
    is_detached: bool


class GraphNode(Resource):
    """A node, with its lines in the file, from 1, the last one inclusive."""

    name: str
    component: str
    summary: str
    is_trigger: bool
    line: int
    end_line: int
    inputs: list[str]
    outputs: list[OutputPort]


class PortRef(Resource):
    """A port of a node."""

    node: str
    port: str


class GraphEdge(Resource):
    """An edge; what goes over a boundary becomes a task of its own. The id is the key of its counts."""

    id: str
    source: PortRef = Field(alias="from")
    target: PortRef = Field(alias="to")
    is_boundary: bool
    closes_loop: bool
    line: int


class Graph(Resource):
    """What messages move through."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]


class FlowDetail(FlowSummary):
    """A flow with its text and graph; the latter is of the version that is executed, null if none is.

    `executors` are those who execute it, this process among them if it does.
    """

    text: str
    graph: Graph | None
    live: Live | None
    executors: list[ExecutorFacts]


def finding_facts(finding: Finding, mask: Callable[[str], str]) -> FindingFacts:
    """A finding of a file, without secrets."""
    span = finding.span
    return FindingFacts(
        code=finding.code,
        severity=finding.severity.value,
        message=mask(finding.message),
        cure=mask(finding.cure),
        place=str(span),
        line=span.line,
        column=span.column,
        excerpt=mask(span.excerpt()),
    )


def graph_of(flow: Flow) -> Graph:
    """The graph of a flow."""
    text = flow.source.text.splitlines()
    return Graph(
        nodes=[_node(node, text) for node in flow.nodes.values()],
        edges=[_edge(edge, flow) for edge in flow.edges],
    )


def _node(node: Node, text: list[str]) -> GraphNode:
    return GraphNode(
        name=node.name,
        component=node.spec.name,
        summary=node.description or node.spec.summary,
        is_trigger=node.spec.trigger,
        line=node.span.line,
        end_line=lines_at(text, node.span.line),
        inputs=[port.name for port in node.spec.inputs],
        outputs=[
            OutputPort(name=port.name, is_error=port.error, is_detached=port.detached)
            for port in node.outputs
        ],
    )


def _edge(edge: Edge, flow: Flow) -> GraphEdge:
    source = flow.nodes[edge.source.node]
    detaches = source.spec.trigger or any(o.detached for o in source.outputs if o.name == edge.source.port)
    return GraphEdge(
        id=f"e{edge.index}",
        source=PortRef(node=edge.source.node, port=edge.source.port),
        target=PortRef(node=edge.target.node, port=edge.target.port),
        is_boundary=edge.boundary,
        closes_loop=edge.boundary and not detaches,
        line=edge.span.line,
    )


def lines_at(text: list[str], first: int) -> int:
    """The last line of what begins at a line, by its indentation; both from 1."""
    if not 0 < first <= len(text):
        return first
    indent = _indent(text[first - 1])
    last = first
    for number in range(first + 1, len(text) + 1):
        line = text[number - 1]
        if not line.strip():
            continue
        if _indent(line) <= indent:
            break
        last = number
    return last


def _indent(line: str) -> int:
    found = re.match(r"[ \t]*", line)
    return found.end() if found else 0
