"""Bodies of answers that are read as text, though only what was parsed is asked for."""

from collections.abc import Iterator

from headrace.expr.builtins import FUNCTIONS
from headrace.expr.nodes import Call, Node, path_of, walk
from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.view import CLIENT, View

__all__ = ["check_bodies"]

_TEXT = frozenset({"text", "null"})


def check_bodies(view: View, reader: Reader) -> None:
    """HR226: a function of texts gets a `bodyJson`, which is null where the answer is no JSON, as CSV is.

    Null gives null there, so nothing would fail. A client with a sample or a schema may well get a text.
    """
    clients = view.of(CLIENT)
    described = {_carrier(node) for node in clients if node.sample_tree or node.schema_tree}
    carriers = {_carrier(node) for node in clients} - described
    for template in view.message_templates():
        for expression in template.expressions:
            for node, name in _bodies(expression.node):
                keys = path_of(node) or ()
                if keys[-2] in carriers:
                    span = expression.text.span(node.start, node.end)
                    body = span.text.removesuffix("Json")
                    reader.warn("HR226", f"`{name}` reads text, and `bodyJson` is none; write `{body}`", span)


def _carrier(node: DraftNode) -> str:
    """The member in which a client hands on its answer."""
    return node.result_name or "response"


def _bodies(root: Node) -> Iterator[tuple[Node, str]]:
    """Paths to a whole `bodyJson` that a function of texts gets, with its name."""
    for call in walk(root):
        if not isinstance(call, Call) or not call.arguments or call.name not in FUNCTIONS:
            continue
        types = FUNCTIONS[call.name].types
        keys = path_of(call.arguments[0]) or ()
        is_of_text = types.gives_null and bool(types.takes) and types.takes[0].kinds <= _TEXT
        if is_of_text and len(keys) > 2 and keys[-1] == "bodyJson":
            yield call.arguments[0], call.name
