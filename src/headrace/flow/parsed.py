"""A flow that arrived as an object (from Kubernetes, from the API) -> located nodes.

There is no file to point into, so every text is its own source, named by its path: a finding reads
`spec.edges[3].data.users:4:12`.
"""

import re

from headrace.flow.tree import Entry, Mapping, Scalar, Sequence, Tree
from headrace.source import Source, Span, Text
from headrace.values import Json, encode_json

__all__ = ["from_object", "member_path"]

_PLAIN = re.compile(r"[A-Za-z_][\w-]*")


def member_path(path: str, key: str | int) -> str:
    """The path of a member: `spec.edges[3]`, `data['a key']`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _PLAIN.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}['{key}']"


def from_object(value: Json, path: str = "", *, root: str = "flow") -> Tree:
    """The located nodes of a parsed value.

    Args:
        value: the object.
        path: where it stands; what the sources of its texts are named by.
        root: the name of the place that has no path.
    """
    name = path or root
    match value:
        case dict():
            entries = {}
            for key, member in value.items():
                below = member_path(path, key)
                place = Source(below, key).span(0, len(key))
                entries[key] = Entry(key, place, from_object(member, below, root=root))
            return Mapping(entries, Source(name, "").span(0, 0))
        case list():
            items = tuple(
                from_object(item, member_path(path, index), root=root) for index, item in enumerate(value)
            )
            return Sequence(items, Source(name, "").span(0, 0))
        case str():
            text = Text.bare(value, name)
            return Scalar(value, text, Span(text.source, 0, len(value)))
        case _:
            text = Text.bare(encode_json(value).decode(), name)
            return Scalar(value, text, text.whole)
