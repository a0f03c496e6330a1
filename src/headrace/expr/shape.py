"""What is known of a JSON value before it is there: which kinds it may have, and which members.

A shape stands for a set of values. It may be too large, never too small: what a shape excludes cannot
happen. `ANY` excludes nothing, `NOTHING` everything (code that is never reached).
"""

from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from headrace.values import Json, Kind, kind

__all__ = [
    "ANY",
    "KINDS",
    "NOTHING",
    "NULL",
    "Kind",
    "Member",
    "ObjectShape",
    "Origin",
    "Shape",
    "admits",
    "array_of",
    "holding",
    "items_of",
    "join",
    "join_all",
    "members_of",
    "object_of",
    "of",
    "overlay",
    "shape_of",
    "spread",
    "values_of",
    "widen",
]

Origin: TypeAlias = Hashable
"""Who built an object: an edge, a node's `input`, a sample. Only compared and handed back."""

KINDS: frozenset[Kind] = frozenset(("null", "boolean", "number", "text", "array", "object"))
_NO_MEMBERS: Mapping[str, "Member"] = MappingProxyType({})
_DEEPEST = 32  # levels of a value that its shape follows; deeper data is read by no path that people write


class Member(msgspec.Struct, frozen=True):
    """A member of an object.

    Attributes:
        shape: of its value.
        optional: whether it may be absent.
    """

    shape: "Shape"
    optional: bool = False


class ObjectShape(msgspec.Struct, frozen=True):
    """What an object may hold.

    Attributes:
        members: those that are known by name.
        rest: of all others; None: there are no others.
        certain: whether "no others" is sure; False where it was only seen in a sample.
        origins: who left the others out; empty where nobody in particular did.
    """

    members: Mapping[str, Member] = msgspec.field(default_factory=dict)
    rest: "Shape | None" = None
    certain: bool = True
    origins: frozenset[Origin] = frozenset()


class Shape(msgspec.Struct, frozen=True):
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
        return self if "null" in self.kinds else Shape(self.kinds | {"null"}, self.object, self.items)


def _made(kinds: frozenset[Kind], members: ObjectShape | None, items: "Shape | None") -> Shape:
    return Shape(kinds, members if "object" in kinds else None, items if "array" in kinds else None)


ANY = Shape(KINDS)
NOTHING = Shape(frozenset())
NULL = Shape(frozenset(("null",)))
_OBJECT: frozenset[Kind] = frozenset(("object",))
_ANYTHING = ObjectShape({}, ANY)


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
    return holding(ObjectShape(made, rest, certain, frozenset(origins)))


def holding(members: ObjectShape) -> Shape:
    """Objects that hold this."""
    return Shape(_OBJECT, members)


def members_of(shape: Shape) -> ObjectShape:
    """What the objects among the values hold; anything where that is not known."""
    return shape.object or _ANYTHING


def shape_of(value: Json, *, certain: bool = True, origins: Iterable[Origin] = ()) -> Shape:
    """The shape of one value: all objects in it have just the members that they have.

    In a sample (`certain` is False) null and empty arrays tell nothing: there may be anything.
    """
    return _shape_of(value, certain, frozenset(origins), _DEEPEST)


def _shape_of(value: Json, certain: bool, origins: frozenset[Origin], depth: int) -> Shape:
    known = kind(value)
    if isinstance(value, list) and depth and (value or certain):
        return array_of(join_all(_shape_of(item, certain, origins, depth - 1) for item in value))
    if isinstance(value, dict) and depth:
        members = {name: Member(_shape_of(item, certain, origins, depth - 1)) for name, item in value.items()}
        return holding(ObjectShape(members, None, certain, origins))
    return ANY if value is None and not certain else of(known)


def admits(shape: Shape, value: Json) -> bool:
    """Whether a value is one of the shape's; what only a sample excludes is admitted."""
    if kind(value) not in shape.kinds:
        return False
    if isinstance(value, list) and shape.items is not None:
        items = shape.items
        return all(admits(items, item) for item in value)
    if isinstance(value, dict) and (known := shape.object) is not None and known.certain:
        needed = (name for name, member in known.members.items() if not member.optional)
        return all(name in value for name in needed) and all(
            _admits_member(known, name, item) for name, item in value.items()
        )
    return True


def _admits_member(known: ObjectShape, name: str, value: Json) -> bool:
    member = known.members.get(name)
    expected = known.rest if member is None else member.shape
    return expected is not None and admits(expected, value)


def join(first: Shape, second: Shape) -> Shape:
    """Values that are in either; the first one itself where it has all of them, as far as can be seen."""
    return _join(first, second, {})


def join_all(shapes: Iterable[Shape]) -> Shape:
    """Values that are in any of them; of none: `NOTHING`."""
    joined = NOTHING
    for shape in shapes:
        joined = join(joined, shape)
    return joined


_Done: TypeAlias = dict[tuple[int, int], Shape]
"""What was joined in the same call, by identity: parts may be shared many times."""


def _join(first: Shape, second: Shape, done: _Done) -> Shape:
    if first is second or not second.kinds:
        return first
    if not first.kinds:
        return second
    pair = id(first), id(second)
    if pair in done:
        return done[pair]
    kinds = first.kinds | second.kinds
    objects, items = _join_objects(first, second, done), _join_items(first, second, done)
    is_first = objects is first.object and items is first.items and kinds == first.kinds
    done[pair] = joined = first if is_first else Shape(kinds, objects, items)
    return joined


def _join_items(first: Shape, second: Shape, done: _Done) -> Shape | None:
    if "array" not in first.kinds:
        return second.items
    if "array" not in second.kinds:
        return first.items
    if first.items is None or second.items is None:
        return None
    return _join(first.items, second.items, done)


def _join_objects(first: Shape, second: Shape, done: _Done) -> ObjectShape | None:
    if "object" not in first.kinds:
        return second.object
    if "object" not in second.kinds:
        return first.object
    one, other = first.object, second.object
    if one is None or other is None:
        return None
    if one is other:
        return one
    members = {
        name: _join_member(name, one, other, done) for name in dict.fromkeys((*one.members, *other.members))
    }
    rest = one.rest if other.rest is None else other.rest
    if one.rest is not None and other.rest is not None:
        rest = _join(one.rest, other.rest, done)
    joined = ObjectShape(members, rest, one.certain and other.certain, one.origins | other.origins)
    is_one = rest is one.rest and joined.certain == one.certain and joined.origins == one.origins
    return one if is_one and _are_same(members, one.members) else joined


def _are_same(members: Mapping[str, Member], others: Mapping[str, Member]) -> bool:
    return len(members) == len(others) and all(member is others[name] for name, member in members.items())


def _join_member(name: str, one: ObjectShape, other: ObjectShape, done: _Done) -> Member:
    first, second = one.members.get(name), other.members.get(name)
    if first is None:
        first, second, other = second, None, one
    assert first is not None  # noqa: S101 - the name is one of theirs
    optional = first.optional or second is None or second.optional
    added = other.rest if second is None else second.shape
    shape = first.shape if added is None else _join(first.shape, added, done)
    return first if shape is first.shape and optional == first.optional else Member(shape, optional)


def overlay(below: ObjectShape, above: ObjectShape) -> ObjectShape:
    """`{...below, ...above}`: the members of both, those above win."""
    if above is below:
        return below
    members: dict[str, Member] = {}
    for name, member in below.members.items():
        rest = above.rest if name not in above.members else None
        members[name] = member if rest is None else Member(join(member.shape, rest), member.optional)
    for name, member in above.members.items():
        under = below.members.get(name)
        if under is None and below.rest is not None:
            under = Member(below.rest, optional=True)
        if under is None or not member.optional:
            members[name] = member
        else:
            members[name] = Member(join(under.shape, member.shape), under.optional)
    rest = below.rest if above.rest is None else above.rest if below.rest is None else None
    if below.rest is not None and above.rest is not None:
        rest = join(below.rest, above.rest)
    certain = below.certain and above.certain
    return ObjectShape(members, rest, certain, below.origins | above.origins)


def spread(below: ObjectShape, value: Shape) -> ObjectShape:
    """`{...below, ...value}` for a value of any kind: null, numbers and booleans add nothing."""
    found = holding(below) if value.may_be("null", "number", "boolean") else NOTHING
    if value.may_be("array", "text"):
        characters = of("text") if value.may_be("text") else NOTHING
        entries = ObjectShape({}, join(items_of(value), characters))
        found = join(found, holding(overlay(below, entries)))
    if value.may_be("object"):
        found = join(found, holding(overlay(below, members_of(value))))
    return found.object or below


def items_of(shape: Shape) -> Shape:
    """The items of the arrays among the values."""
    if "array" not in shape.kinds:
        return NOTHING
    return ANY if shape.items is None else shape.items


def values_of(shape: Shape) -> Shape:
    """The items of arrays and the members of objects among the values."""
    found = items_of(shape)
    if "object" not in shape.kinds:
        return found
    known = shape.object
    if known is None or not known.certain:
        return ANY
    found = join_all([found, *(member.shape for member in known.members.values())])
    return found if known.rest is None else join(found, known.rest)


def widen(shape: Shape, depth: int) -> Shape:
    """The same with anything below a depth, so that repeated joins come to an end."""
    return _widen(shape, depth, {})


def _widen(shape: Shape, depth: int, done: _Done) -> Shape:
    if shape.object is None and shape.items is None:
        return shape
    if depth == 0:
        return Shape(shape.kinds)
    pair = id(shape), depth
    if pair not in done:
        members = None if shape.object is None else _widen_object(shape.object, depth - 1, done)
        items = None if shape.items is None else _widen(shape.items, depth - 1, done)
        is_same = members is shape.object and items is shape.items
        done[pair] = shape if is_same else Shape(shape.kinds, members, items)
    return done[pair]


def _widen_object(known: ObjectShape, depth: int, done: _Done) -> ObjectShape:
    members = {}
    for name, member in known.members.items():
        shape = _widen(member.shape, depth, done)
        members[name] = member if shape is member.shape else Member(shape, member.optional)
    rest = None if known.rest is None else _widen(known.rest, depth, done)
    is_same = rest is known.rest and _are_same(members, known.members)
    return known if is_same else replace(known, members=members, rest=rest)
