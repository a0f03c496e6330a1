"""Errors that nobody sees."""

from collections.abc import Iterator

from headrace.expr import Template
from headrace.expr.reading import Reading
from headrace.flow.draft import DraftEdge, DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.view import CONNECTOR, ITERATOR, View
from headrace.flow.model import PortRef

__all__ = ["check_lost_errors"]

_MEMBERS = frozenset({"errors", "failed"})


def check_lost_errors(view: View, reader: Reader) -> None:
    """HR133: a failing write below an iterator that goes on, and nothing looks at its errors."""
    reported = set()
    for iterator in view.of(ITERATOR):
        goes_on = view.setting(iterator, "continueOnError") in (None, True)
        durable = view.setting(iterator, "durable") is True
        if not goes_on or durable or view.is_wired(iterator.name, "error") or _reads_errors(view, iterator):
            continue
        below = view.below(view.branches(iterator), across=False)
        for node in view.of(CONNECTOR):
            if node.name in below and node.name not in reported and not view.is_wired(node.name, "error"):
                reported.add(node.name)
                message = f"nothing handles errors of `{node.name}`; rows may be lost while `continueOnError`"
                cure = f"wire `{node.name}:error` or `{iterator.name}:error`, or read `$.errors`"
                cure += f" of `{iterator.name}:done`"
                reader.warn("HR133", f"{message} is true", node.place, cure)


def _reads_errors(view: View, iterator: DraftNode) -> bool:
    """Whether the errors in `done` are read before an edge's `data` drops them."""
    waiting = [PortRef(iterator.name, "done")]
    seen = set(waiting)
    while waiting:
        for edge, target in view.leaving.get(waiting.pop(), ()):
            node = view.draft.nodes[target.node]
            if _edge_reads(edge) or (edge.data is None and _node_reads(view, node)):
                return True
            if edge.data is None and _passes_on(node):
                fresh = [port for port in view.outputs(node) if port not in seen]
                seen.update(fresh)
                waiting += fresh
    return False


def _edge_reads(edge: DraftEdge) -> bool:
    return any(_is_about_errors(reading.keys) for reading in _readings(edge.data, edge.add))


def _node_reads(view: View, node: DraftNode) -> bool:
    templates = (node.input, *node.message_templates.values())
    if any(_is_about_errors(reading.keys) for reading in _readings(*templates)):
        return True
    rules = view.setting(node, "rules")
    fields = (
        [rule.get("field") for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    )
    return any(isinstance(name, str) and name.removeprefix("$.").split(".")[0] in _MEMBERS for name in fields)


def _readings(*templates: Template | None) -> Iterator[Reading]:
    return (reading for template in templates if template is not None for reading in template.readings)


def _is_about_errors(keys: tuple[str | int, ...]) -> bool:
    return keys[0] == "$" and (len(keys) == 1 or keys[1] in _MEMBERS)


def _passes_on(node: DraftNode) -> bool:
    """Whether what arrived at a node leaves it again, with or without an addition."""
    if node.spec is None:
        return False
    is_modify = not node.spec.settings.model_fields and len(node.spec.outputs) == 1 and node.input is None
    adds = any(output.adds for output in node.spec.outputs)
    return node.spec.transparent or adds or is_modify
