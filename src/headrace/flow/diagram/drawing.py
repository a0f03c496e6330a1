"""What is drawn of a flow."""

import msgspec

from headrace.flow.model import Edge, Flow, Node

__all__ = ["Box", "Drawing", "Wire", "drawing_of"]


class Box(msgspec.Struct, frozen=True):
    """A node.

    Attributes:
        component: without its module.
        inputs: the ports that wires lead to, in the component's order.
        outputs: the ports that wires leave, likewise.
        about: what is shown on request.
    """

    name: str
    component: str
    trigger: bool
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    about: str = ""


class Wire(msgspec.Struct, frozen=True):
    """An edge.

    Attributes:
        source: index of the box that it leaves.
        target: index of the box that it leads to.
        boundary: whether a message on it becomes a task of its own.
        error: whether it carries failures.
    """

    source: int
    output: str
    target: int
    input: str
    boundary: bool = False
    error: bool = False
    about: str = ""


class Drawing(msgspec.Struct, frozen=True):
    """All of it."""

    title: str
    about: str
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]


def drawing_of(flow: Flow) -> Drawing:
    """What is drawn of a flow: nodes and edges in the order of the file."""
    index = {name: position for position, name in enumerate(flow.nodes)}
    wires = tuple(
        Wire(
            source=index[edge.source.node],
            output=edge.source.port,
            target=index[edge.target.node],
            input=edge.target.port,
            boundary=edge.boundary,
            error=_is_error(flow.nodes[edge.source.node], edge),
            about=_of_edge(edge),
        )
        for edge in flow.edges
    )
    boxes = tuple(_box(node, flow.edges) for node in flow.nodes.values())
    return Drawing(flow.name, flow.description, boxes, wires)


def _box(node: Node, edges: tuple[Edge, ...]) -> Box:
    wired = {edge.source.port for edge in edges if edge.source.node == node.name}
    reached = {edge.target.port for edge in edges if edge.target.node == node.name}
    head = f"{node.name}: {node.spec.name}"
    return Box(
        name=node.name,
        component=node.spec.name.rpartition("/")[2],
        trigger=node.spec.trigger,
        inputs=tuple(port.name for port in node.spec.inputs if port.name in reached),
        outputs=tuple(port.name for port in node.outputs if port.name in wired),
        about=f"{head}\n{node.description}" if node.description else head,
    )


def _is_error(node: Node, edge: Edge) -> bool:
    return any(output.error for output in node.outputs if output.name == edge.source.port)


def _of_edge(edge: Edge) -> str:
    task = ", a new task" if edge.boundary else ""
    head = f"{edge.source} -> {edge.target}{task}"
    return f"{head}\n{edge.description}" if edge.description else head
