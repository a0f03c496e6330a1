"""Loops: whether they end, and whether they start once a page or once a batch."""

from headrace.flow.draft import DraftEdge, DraftNode
from headrace.flow.field import Reader
from headrace.flow.graph import Vertex
from headrace.flow.lint.view import ITERATOR, View

__all__ = ["check_exits", "check_loops_below_batches"]

_ALWAYS = "done"  # an iterator's (or pages') output that fires however few items there were


def check_exits(view: View, reader: Reader) -> None:
    """HR131: a loop in which every node only leads back."""
    for group in view.graph.loops:
        nodes = [view.draft.nodes[name] for name in dict.fromkeys(node for node, _, _ in sorted(group))]
        if any(_has_exit(node, group) for node in nodes):
            continue
        edge = _closing_edge(view, group)
        path = _cycle(view, edge.end.node, group)
        first, *between = path
        middle = between[0] if len(between) == 1 else "…"
        names = [first, middle, first] if between else [first, first]
        reader.error("HR131", f"loop {' → '.join(names)} has no exit; add a router", edge.span)


def _has_exit(node: DraftNode, group: frozenset[Vertex]) -> bool:
    """Whether a message can leave the loop at a node instead of going round."""
    outputs = node.outputs or ()
    inside = {port for name, side, port in group if name == node.name and side == "out"}
    leaving = [output for output in outputs if output.name not in inside and not output.error]
    if not inside or not leaving:
        return False
    return _ALWAYS not in inside


def _closing_edge(view: View, group: frozenset[Vertex]) -> DraftEdge:
    """The loop's first boundary edge in the file: the one that starts the next round."""
    inside = [
        edge
        for edge, source, target in view.draft.wired
        if (source.node, "out", source.port) in group and (target.node, "in", target.port) in group
    ]
    closing = [edge for edge in inside if edge.index in view.draft.boundary]
    return min(closing or inside, key=lambda edge: edge.index)


def _cycle(view: View, start: str, group: frozenset[Vertex]) -> list[str]:
    """The nodes of a shortest way round from `start`."""
    before: dict[str, str] = {}
    waiting = [start]
    steps = sorted(
        (source.node, target.node)
        for _, source, target in view.draft.wired
        if (source.node, "out", source.port) in group and (target.node, "in", target.port) in group
    )
    while waiting:
        node = waiting.pop(0)
        for source, target in steps:
            if source != node:
                continue
            if target == start:
                path = [node]
                while path[0] != start:
                    path.insert(0, before[path[0]])
                return path
            if target not in before:
                before[target] = node
                waiting.append(target)
    return [start]


def check_loops_below_batches(view: View, reader: Reader) -> None:
    """HR132: a loop's next round is started by every batch instead of once at the end."""
    for group in view.graph.loops:
        for node in view.of(ITERATOR):
            ports = [port for port in ("batch", "item") if (node.name, "out", port) in group]
            if ports:
                edge = _closing_edge(view, group)
                each = f"each {ports[0]} starts a next page"
                message = f"loop edge lies below `{node.name}:{ports[0]}`: {each}"
                reader.warn("HR132", f"{message}; route from `{node.name}:done`", edge.span)
