"""Requests whose URL is not whole."""

import re

from headrace.flow.field import Reader
from headrace.flow.lint.view import CLIENT, View
from headrace.flow.tree import Scalar

__all__ = ["check_urls"]

_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]|$)|localhost\b")


def check_urls(view: View, reader: Reader) -> None:
    """HR330: a URL without its scheme, where the node has no `baseUrl` that it could lie below."""
    for node in view.of(CLIENT):
        if node.settings.optional("baseUrl") is not None:
            continue
        for message in view.messages(node):
            url = message.optional("url")
            if isinstance(url, Scalar) and isinstance(value := url.value, str) and _HOST.match(value):
                told = f"`{value}` is no whole URL, and the node has no `baseUrl`"
                reader.error("HR330", told, url.span, f"write `https://{value}`")
