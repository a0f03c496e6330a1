"""What an iterator that is not durable cannot promise."""

from headrace.flow.field import Reader
from headrace.flow.lint.view import CLIENT, ITERATOR, View
from headrace.flow.tree import Mapping, Scalar

__all__ = ["check_done", "check_http_writes"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def check_http_writes(view: View, reader: Reader) -> None:
    """HR140: calls that change something are repeated for all batches when one of them fails."""
    reported = set()
    for iterator in view.of(ITERATOR):
        if view.setting(iterator, "durable") is True:
            continue
        below = view.below(view.branches(iterator), across=False)
        for node in view.of(CLIENT):
            if node.name not in below or node.name in reported:
                continue
            trees = [node.input_tree] if node.input_tree else []
            trees = trees or [
                edge.data_tree for edge, _ in view.arriving.get(node.name, ()) if edge.data_tree
            ]
            methods = [tree.get("method") for tree in trees if isinstance(tree, Mapping)]
            if any(isinstance(method, Scalar) and _changes(method.value) for method in methods):
                reported.add(node.name)
                message = f"`{node.name}` calls again for all batches when one of them makes the task fail"
                reader.warn(
                    "HR140", message, node.place, f"give `{iterator.name}` the setting `durable: true`"
                )


def _changes(method: object) -> bool:
    return isinstance(method, str) and "{{" not in method and method.upper() not in _SAFE


def check_done(view: View, reader: Reader) -> None:
    """HR142: `done` comes before the work below a boundary edge has finished."""
    for iterator in view.of(ITERATOR):
        if view.setting(iterator, "durable") is True or not view.is_wired(iterator.name, "done"):
            continue
        inner = view.graph.below(view.branches(iterator), across=False)
        loops = set().union(*view.graph.loops)
        for edge, source, target in view.draft.wired:
            closes_loop = (source.node, "out", source.port) in loops and (
                target.node,
                "in",
                target.port,
            ) in loops
            if (
                edge.index in view.draft.boundary
                and not closes_loop
                and (source.node, "out", source.port) in inner
            ):
                what = f"`{target.node}`, which runs in tasks of its own"
                message = f"`{iterator.name}:done` does not wait for {what}"
                cure = f"give `{iterator.name}` the setting `durable: true` to wait for them"
                reader.warn("HR142", message, edge.span, cure)
