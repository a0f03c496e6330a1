"""What is known of one operand while an expression is gone through."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from headrace.expr.nodes import Node
from headrace.expr.shape import Kind, Shape

__all__ = ["Facts", "Missing", "Path", "Tested", "Value"]

Path: TypeAlias = tuple[str | int, ...]
"""A root and keys, as `nodes.path_of` gives them."""

Facts: TypeAlias = Mapping[Path, frozenset[Kind]]
"""The kinds that remain for the values at some paths, in a part of an expression that a test guards."""


class Missing(NamedTuple):
    """A read that can give nothing but null; whoever uses the value says how bad that is.

    Attributes:
        kind: as in `Doubt`; `unset` is a member that is null wherever it is there.
        node: what is missing, or what is always null.
        certain: as in `Doubt`.
        name: of the absent member.
        target: what it was read of.
        owner: the shape of that.
    """

    kind: Literal["absent", "unset", "null"]
    node: Node
    certain: bool
    name: str | int | None
    target: Node
    owner: Shape


class Value(NamedTuple):
    """An operand.

    Attributes:
        shape: of its value.
        missing: reads in it, not reported yet, for which the value is null.
        path: where it stands, if it is a path.
        sampled: whether its kind is known from a sample alone.
    """

    shape: Shape
    missing: tuple[Missing, ...] = ()
    path: Path | None = None
    sampled: bool = False


class Tested(NamedTuple):
    """A condition.

    Attributes:
        value: its value.
        true: what holds where it is true; None: it is never true.
        false: what holds where it is false; None: it is never false.
    """

    value: Value
    true: Facts | None
    false: Facts | None
