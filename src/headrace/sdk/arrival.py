"""What is known of a message at a node before it is there, from which an output's shape follows."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from pydantic import BaseModel

from headrace.expr.shape import (
    ANY,
    NOTHING,
    NULL,
    Member,
    ObjectShape,
    Origin,
    Shape,
    holding,
    join_all,
    members_of,
    object_of,
    of,
    overlay,
)
from headrace.sdk.schema import model_shape
from headrace.values import Json

__all__ = ["Arrival", "Emits", "emitted", "with_error", "with_member"]


class Arrival(msgspec.Struct, frozen=True):
    """A message that arrives at a node.

    Attributes:
        message: what the component gets; of a trigger nothing.
        base: the value that results are added to.
        settings: as they stand in the file, where a value may be an unresolved template.
        sample: what the node's `sample` or `schema` says; None if it has none, or it is not to be used.
        likely: whether what is likely may be said as well as what is certain: what a sample shows, what
            a trigger's payload is unless a request brings another.
        origin: who makes the objects that this node makes.
    """

    message: Shape
    base: Shape
    settings: Mapping[str, Json]
    sample: Shape | None = None
    likely: bool = False
    origin: Origin = None

    def member(self, name: str) -> Shape:
        """The shape of a member of the message; null where it may be absent. Other messages have none."""
        if not self.message.may_be("object"):
            return NOTHING
        known = self.message.object
        if known is None:
            return ANY
        member = known.members.get(name)
        if member is not None:
            return member.shape.or_null() if member.optional else member.shape
        return NULL if known.rest is None else known.rest.or_null()

    def object(self, members: Mapping[str, Member | Shape]) -> Shape:
        """An object that this node makes: it has these members and no others."""
        return object_of(members, origins=(self.origin,))

    def flagged(self, setting: str, name: str, shape: Shape, *, default: bool) -> dict[str, Member]:
        """A member that is there where a setting is true; optional where that is not known."""
        value = self.settings.get(setting, default)
        if value is False:
            return {}
        return {name: Member(shape, optional=value is not True)}


_NO_MEMBERS: Mapping[str, Member] = MappingProxyType({})

Emits: TypeAlias = Shape | type[BaseModel] | Callable[[Arrival], Shape]
"""How an output declares its messages: a shape, a pydantic model, or a function of what arrives."""


def emitted(declared: Emits, arrival: Arrival) -> Shape:
    """The shape that a declaration gives for an arrival."""
    if isinstance(declared, Shape):
        return declared
    if isinstance(declared, type):
        return model_shape(declared, (arrival.origin,))
    return declared(arrival)


def with_member(base: Shape, name: str, value: Shape) -> Shape:
    """The shape of what `Context.add_result` sends: the base value with a member."""
    return _laid(base, {name: Member(value)}, alone={})


def with_error(base: Shape, facts: Mapping[str, Member] = _NO_MEMBERS) -> Shape:
    """The shape of what an error port sends: the base value with `error`, `errorDetail` and such facts.

    Args:
        facts: what `Context.reject` is given; nothing where the whole message failed.
    """
    return _laid(base, {**_ERROR, **facts}, alone={"value": Member(NULL)})


def _laid(base: Shape, members: Mapping[str, Member], alone: Mapping[str, Member]) -> Shape:
    """Members over a base value; one that is no object becomes the member `value`, null becomes `alone`."""
    parts: list[Shape] = []
    above = ObjectShape(members)
    if base.may_be("object"):
        parts.append(holding(overlay(members_of(base), above)))
    if base.may_be("null"):
        parts.append(holding(ObjectShape({**alone, **members})))
    if not (scalar := base.without("object", "null")).is_nothing:
        parts.append(holding(ObjectShape({"value": Member(scalar), **members})))
    return join_all(parts)


_ERROR: Mapping[str, Member] = {
    "error": Member(of("text")),
    "errorDetail": Member(
        object_of(
            {
                "code": of("text"),
                "retryable": of("boolean"),
                "node": of("text"),
                "attempt": of("number"),
                "place": of("text"),
            },
            rest=ANY,
        )
    ),
}
