"""Messages that a node's input port does not understand."""

from headrace.expr import Template
from headrace.expr.suggestion import listed, nearest
from headrace.flow.check import check_model, field_aliases
from headrace.flow.draft import DraftNode
from headrace.flow.elsewhere import MESSAGE
from headrace.flow.field import Reader
from headrace.flow.lint.view import View
from headrace.flow.tree import Broken, Mapping, Scalar, Tree, to_json, walk
from headrace.sdk import Input

__all__ = ["check_messages"]


def check_messages(view: View, reader: Reader) -> None:
    """HR117: a message built in the file has a key that the port does not know, or lacks one it needs."""
    for node in view.draft.nodes.values():
        for position, port in enumerate(node.spec.inputs if node.spec else ()):
            if port.message is None:
                continue
            if position == 0 and node.input_tree is not None:
                _check(node, port, node.input_tree, node.input, reader)
                continue
            for edge, target in view.arriving.get(node.name, ()):
                if target.port == port.name and edge.data_tree is not None:
                    _check(node, port, edge.data_tree, edge.data, reader)


def _check(node: DraftNode, port: Input, tree: Tree, template: Template | None, reader: Reader) -> None:
    if port.message is None or template is None or not isinstance(tree, Mapping):
        return
    known = field_aliases(port.message)
    what = f"the message to {node.component} `{node.name}`"
    misspelt = set()
    for key, entry in tree.entries.items():
        if key in known:
            continue
        free = [name for name in known if name not in tree.entries]
        meant = next((name for name in MESSAGE.get(key, ()) if name in free), "") or nearest(key, free)
        if meant:
            misspelt.add(meant)
            reader.error("HR117", f"unknown key `{key}` in {what}; did you mean `{meant}`?", entry.place)
        else:
            is_setting = node.spec is not None and key in field_aliases(node.spec.settings)
            instead = "it belongs under `settings`" if is_setting else f"it takes {listed(known)}"
            reader.warn("HR117", f"`{key}` has no effect in {what}; {instead}", entry.place)
    unknown = frozenset(
        path
        for path, part in walk(tree)
        if isinstance(part, Broken)
        or (isinstance(part, Scalar) and isinstance(part.value, str) and "{{" in part.value)
    )
    check_model(
        port.message, to_json(tree), tree, reader, owner=what, head=tree.head, unknown=unknown, what=what,
        missing="HR117", meant=misspelt,
    )  # fmt: skip
