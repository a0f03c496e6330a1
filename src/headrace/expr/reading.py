"""Which paths expressions read."""

from collections.abc import Iterator

import msgspec

from headrace.expr.nodes import Index, Member, Node, path_of, unwrap, walk
from headrace.expr.parsed import ParsedExpression
from headrace.source import Span

__all__ = ["Reading", "readings"]


class Reading(msgspec.Struct, frozen=True):
    """A path that an expression reads.

    Attributes:
        keys: root and keys, `('$', 'users', 0, 'email')`.
        span: where.
        at: where in the template its expression stands.
        whole: whether the path is all of the expression.
    """

    keys: tuple[str | int, ...]
    span: Span
    at: tuple[str | int, ...]
    whole: bool


def readings(expression: ParsedExpression) -> Iterator[Reading]:
    """The longest paths that an expression reads, from the message or another root."""
    inner: set[int] = set()
    for node in walk(expression.node):
        if id(node) in inner:
            continue
        keys = path_of(node)
        if keys is None:
            continue
        inner.update(id(part) for part in _chain(node))
        whole = unwrap(expression.node) is unwrap(node) and not expression.interpolated
        yield Reading(keys, expression.text.span(node.start, node.end), expression.path, whole)


def _chain(node: Node) -> Iterator[Node]:
    """The parts of a path that are paths themselves, and what its literal indexes are made of."""
    yield from walk(node) if isinstance(unwrap(node), Member | Index) else (node,)
