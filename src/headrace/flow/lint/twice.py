"""Edges that are given twice."""

from headrace.flow.field import Reader
from headrace.flow.lint.view import View
from headrace.flow.model import PortRef
from headrace.flow.tree import to_json
from headrace.values import encode_json

__all__ = ["check_twice"]


def check_twice(view: View, reader: Reader) -> None:
    """HR153: two edges do the same, so each message would be handled twice."""
    first: dict[tuple[PortRef, PortRef, bytes], int] = {}
    for edge, source, target in view.draft.wired:
        shape = [to_json(tree) if tree is not None else None for tree in (edge.data_tree, edge.add_tree)]
        key = (source, target, encode_json(shape))
        if key in first:
            message = (
                f"{source} -> {target} given twice, so each message arrives twice; first at line {first[key]}"
            )
            reader.warn("HR153", message, edge.span)
        first.setdefault(key, edge.span.line)
