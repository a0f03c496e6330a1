"""Requests whose URL is not whole."""

import re
from collections.abc import Iterator

from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.view import CLIENT, View
from headrace.flow.tree import Mapping, Scalar

__all__ = ["check_urls"]

_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]|$)|localhost\b")


def check_urls(view: View, reader: Reader) -> None:
    """HR330: a URL without its scheme, where the node has no `baseUrl` that it could lie below."""
    for node in view.of(CLIENT):
        if node.settings.optional("baseUrl") is not None:
            continue
        for url in _urls(view, node):
            value = str(url.value)
            if _HOST.match(value):
                message = f"`{value}` is no whole URL, and the node has no `baseUrl`"
                reader.error("HR330", message, url.span, f"write `https://{value}`")


def _urls(view: View, node: DraftNode) -> Iterator[Scalar]:
    shapes = (
        [node.input_tree]
        if node.input_tree
        else [edge.data_tree for edge, _ in view.arriving.get(node.name, ())]
    )
    for shape in shapes:
        url = shape.optional("url") if isinstance(shape, Mapping) else None
        if isinstance(url, Scalar) and isinstance(url.value, str):
            yield url
