"""Nodes that never run."""

from headrace.flow.field import Reader
from headrace.flow.lint.view import View

__all__ = ["check_reach"]


def check_reach(view: View, reader: Reader) -> None:
    """HR106: no trigger leads to a node; HR123: there is no trigger at all."""
    if not view.is_whole or not view.draft.nodes:
        return
    triggers = [node for node in view.draft.nodes.values() if node.spec and node.spec.trigger]
    if not triggers:
        cure = "add a `common-module/signal` to start it on request, or a ticker, a cron, a server"
        reader.warn("HR123", "the flow has no trigger, so it never runs", view.draft.head, cure)
        return
    reached = view.below(tuple(port for node in triggers for port in view.outputs(node)), across=True)
    for node in view.draft.nodes.values():
        if node not in triggers and node.name not in reached:
            reader.warn("HR106", f"no trigger leads to `{node.name}`, so it never runs", node.place)
