"""What is known of a JSON value before it is there: which kinds it may have, and which members.

A shape stands for a set of values. It may be too large, never too small: what a shape excludes cannot
happen. `ANY` excludes nothing, `NOTHING` everything (code that is never reached).
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from headrace.values import Json, kind

__all__ = [
    "ANY",
    "NOTHING",
    "NULL",
    "Kind",
    "Member",
    "ObjectShape",
    "Origin",
    "Shape",
    "array_of",
    "join",
    "join_all",
    "object_of",
    "of",
    "shape_of",
    "widen",
]

Kind: TypeAlias = Literal["null", "boolean", "number", "text", "array", "object"]
Origin: TypeAlias = Hashable
"""Who built an object: an edge, a node's `input`, a sample. Only compared and handed back."""

KINDS: frozenset[Kind] = frozenset(("null", "boolean", "number", "text", "array", "object"))
_NO_MEMBERS: Mapping[str, "Member"] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object.

    Attributes:
        shape: of its value.
        optional: whether it may be absent.
    """

    shape: "Shape"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """What an object may hold.

    Attributes:
        members: those that are known by name.
        rest: of all others; None: there are no others.
        certain: whether "no others" is sure; False where it was only seen in a sample.
        origins: who left the others out; empty where nobody in particular did.
    """

    members: Mapping[str, Member] = field(default_factory=dict)
    rest: "Shape | None" = None
    certain: bool = True
    origins: frozenset[Origin] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """A set of values.

    Attributes:
        kinds: which kinds they may have.
        object: what they hold where they are objects; None: anything.
        items: of arrays; None: anything.
    """

    kinds: frozenset[Kind]
    object: ObjectShape | None = None
    items: "Shape | None" = None

    @property
    def is_null(self) -> bool:
        """Whether every value is null."""
        return self.kinds == {"null"}

    @property
    def is_nothing(self) -> bool:
        """Whether there is no such value."""
        return not self.kinds

    def may_be(self, *kinds: Kind) -> bool:
        """Whether a value may have one of these kinds."""
        return not self.kinds.isdisjoint(kinds)

    def only(self, *kinds: Kind) -> "Shape":
        """The values that have one of these kinds."""
        return _made(self.kinds.intersection(kinds), self.object, self.items)

    def without(self, *kinds: Kind) -> "Shape":
        """The values that have none of these kinds."""
        return _made(self.kinds.difference(kinds), self.object, self.items)

    def or_null(self) -> "Shape":
        """The same, or null."""
        return replace(self, kinds=self.kinds | {"null"})


def _made(kinds: frozenset[Kind], members: ObjectShape | None, items: "Shape | None") -> Shape:
    return Shape(kinds, members if "object" in kinds else None, items if "array" in kinds else None)


ANY = Shape(KINDS)
NOTHING = Shape(frozenset())
NULL = Shape(frozenset(("null",)))


def of(*kinds: Kind) -> Shape:
    """Values of these kinds, with anything in them."""
    return Shape(frozenset(kinds))


def array_of(items: Shape) -> Shape:
    """Arrays of these items."""
    return Shape(frozenset(("array",)), items=items)


def object_of(
    members: Mapping[str, Member | Shape] = _NO_MEMBERS,
    *,
    rest: Shape | None = None,
    certain: bool = True,
    origins: Iterable[Origin] = (),
) -> Shape:
    """Objects with these members; a plain shape is a member that is always there."""
    made = {
        name: member if isinstance(member, Member) else Member(member) for name, member in members.items()
    }
    return Shape(frozenset(("object",)), ObjectShape(made, rest, certain, frozenset(origins)))


def shape_of(value: Json, *, certain: bool = True, origins: Iterable[Origin] = ()) -> Shape:
    """The shape of one value: all objects in it have just the members that they have."""
    origin = frozenset(origins)
    if isinstance(value, list):
        return array_of(join_all(shape_of(item, certain=certain, origins=origin) for item in value))
    if isinstance(value, dict):
        members = {
            name: Member(shape_of(item, certain=certain, origins=origin)) for name, item in value.items()
        }
        return Shape(frozenset(("object",)), ObjectShape(members, None, certain, origin))
    return Shape(frozenset((_kind(value),)))


def _kind(value: Json) -> Kind:
    found = kind(value)
    return next(known for known in KINDS if known == found)


def join(first: Shape, second: Shape) -> Shape:
    """Values that are in either."""
    if first is second or second.is_nothing:
        return first
    if first.is_nothing:
        return second
    return Shape(
        first.kinds | second.kinds,
        _join_objects(first, second),
        _join_items(first, second),
    )


def join_all(shapes: Iterable[Shape]) -> Shape:
    """Values that are in any of them; of none: `NOTHING`."""
    joined = NOTHING
    for shape in shapes:
        joined = join(joined, shape)
    return joined


def _join_items(first: Shape, second: Shape) -> Shape | None:
    if "array" not in first.kinds:
        return second.items
    if "array" not in second.kinds:
        return first.items
    if first.items is None or second.items is None:
        return None
    return join(first.items, second.items)


def _join_objects(first: Shape, second: Shape) -> ObjectShape | None:
    if "object" not in first.kinds:
        return second.object
    if "object" not in second.kinds:
        return first.object
    one, other = first.object, second.object
    if one is None or other is None:
        return None
    if one is other:
        return one
    members = {name: _join_member(name, one, other) for name in dict.fromkeys((*one.members, *other.members))}
    rest = one.rest if other.rest is None else other.rest if one.rest is None else join(one.rest, other.rest)
    return ObjectShape(members, rest, one.certain and other.certain, one.origins | other.origins)


def _join_member(name: str, one: ObjectShape, other: ObjectShape) -> Member:
    first, second = one.members.get(name), other.members.get(name)
    if first is not None and second is not None:
        return Member(join(first.shape, second.shape), first.optional or second.optional)
    found = first or second
    assert found is not None  # noqa: S101 - the name is one of theirs
    rest = other.rest if first is not None else one.rest
    return Member(found.shape if rest is None else join(found.shape, rest), optional=True)


def widen(shape: Shape, depth: int) -> Shape:
    """The same with anything below a depth, so that repeated joins come to an end."""
    if depth == 0:
        return Shape(shape.kinds)
    members = shape.object
    if members is not None:
        members = replace(
            members,
            members={
                name: replace(member, shape=widen(member.shape, depth - 1))
                for name, member in members.members.items()
            },
            rest=None if members.rest is None else widen(members.rest, depth - 1),
        )
    return Shape(shape.kinds, members, None if shape.items is None else widen(shape.items, depth - 1))
