"""Servers: paths that two of them answer, and callers who wait for what never comes."""

import re

from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.view import SERVER, View

__all__ = ["check_paths", "check_responses"]

_PARAMETER = re.compile(r"\{[^{}/]*\}")


def check_paths(view: View, reader: Reader) -> None:
    """HR147: two servers answer the same method and path; paths that are templates count as their text."""
    first_of: dict[tuple[str, str], DraftNode] = {}
    for node in view.of(SERVER):
        path = view.setting(node, "path")
        if not isinstance(path, str):
            continue
        pattern = path if "{{" in path else _PARAMETER.sub("{}", path)
        for method in _methods(view, node):
            first = first_of.setdefault((method, pattern), node)
            if first is not node:
                entry = node.settings.entries["path"]
                message = f"`{first.name}` answers {method} {path} already"
                reader.error("HR147", message, entry.value.span, "give each server a path of its own")
                break


def _methods(view: View, node: DraftNode) -> list[str]:
    methods = view.setting(node, "methods")
    if methods is None:
        return ["POST"]
    return [method for method in methods if isinstance(method, str)] if isinstance(methods, list) else []


def check_responses(view: View, reader: Reader) -> None:
    """HR148: a response that nobody waits for, or callers who wait for one that cannot come."""
    for node in view.of(SERVER):
        edges = [edge for edge, target in view.arriving.get(node.name, ()) if target.port == "response"]
        if not edges:
            continue
        if view.setting(node, "mode") == "accept":
            message = f"nobody gets what reaches `{node.name}:response`, since `mode: accept` answers before"
            reader.warn("HR148", message, edges[0].span, "leave out `mode`, or take the edge away")
        elif view.is_whole and not _answers_itself(view, node):
            message = (
                f"callers of `{node.name}` wait, but no request of theirs leads to `{node.name}:response`"
            )
            reader.warn("HR148", message, node.place, f"lead an edge from below `{node.name}:request` there")


def _answers_itself(view: View, node: DraftNode) -> bool:
    return node.name in view.below(view.outputs(node), across=True)
