"""Results that are made of the members of objects; see `result`."""

from collections.abc import Callable

from msgspec.structs import replace

from headrace.expr.functions.member import Step
from headrace.expr.functions.result.item import item_of
from headrace.expr.shape import (
    ANY,
    NOTHING,
    NULL,
    Kind,
    Member,
    ObjectShape,
    Shape,
    array_of,
    holding,
    items_of,
    join,
    members_of,
    object_of,
    of,
    spread,
    values_of,
)
from headrace.expr.signature import Given

__all__ = [
    "at_path",
    "compacted",
    "deep_merged",
    "entries",
    "from_entries",
    "known_member",
    "merged",
    "omitted",
    "picked",
    "values",
]

_TEXT = of("text")
_OBJECT: frozenset[Kind] = frozenset(("object",))


def compacted(given: Given) -> Shape:
    """What an array or object holds besides null."""
    shape = given.shapes[0]
    known = shape.object
    if known is not None:
        members = {
            name: Member(member.shape.without("null"), member.optional or member.shape.may_be("null"))
            for name, member in known.members.items()
            if not member.shape.is_null
        }
        rest = None if known.rest is None else known.rest.without("null")
        known = ObjectShape(members, rest, known.certain, known.origins | given.origins)
    items = None if shape.items is None else shape.items.without("null")
    return Shape(shape.kinds, known, items)


def values(given: Given) -> Shape:
    """The values of members, or items, or characters."""
    shape = given.shapes[0]
    found = values_of(shape)
    return array_of(join(found, _TEXT) if shape.may_be("text") else found)


def entries(given: Given) -> Shape:
    """[name, value] pairs."""
    return array_of(array_of(join(_TEXT, values(given).items or ANY)))


def from_entries(given: Given) -> Shape:
    """The object of [name, value] pairs."""
    return object_of(rest=items_of(items_of(given.shapes[0])).or_null())


def merged(given: Given) -> Shape:
    """The members of several objects."""
    below = ObjectShape()
    for shape in given.shapes:
        below = spread(below, shape)
    return holding(below)


def deep_merged(given: Given) -> Shape:
    """The members of several objects, and of objects in them."""
    below = object_of()
    for shape in given.shapes:
        deeper = _laid_deep(below, shape.only("object"))
        below = join(below, deeper) if shape.may_be("null") else deeper
    return below


def _laid_deep(below: Shape, above: Shape) -> Shape:
    if above.is_nothing:
        return below
    first, second = below.object, above.object
    if first is None or second is None:
        return of("object")
    laid = spread(first, above)
    members = dict(laid.members)
    for name in members:
        under, over = known_member(first, name), known_member(second, name)
        if under is not None and over is not None and under.may_be("object") and over.may_be("object"):
            both = _laid_deep(under.only("object"), over.only("object"))
            is_certain = (
                under.kinds == over.kinds == _OBJECT and _is_there(first, name) and _is_there(second, name)
            )
            whole = both if is_certain else join(members[name].shape, both)
            members[name] = Member(whole, members[name].optional)
    rest = laid.rest
    if first.rest is not None and second.rest is not None:
        rest = ANY
    return holding(ObjectShape(members, rest, laid.certain, laid.origins))


def _is_there(known: ObjectShape, name: str) -> bool:
    return name in known.members and not known.members[name].optional


def known_member(known: ObjectShape, name: str) -> Shape | None:
    """The shape of a member where it is there; None: it cannot be."""
    member = known.members.get(name)
    return known.rest if member is None else member.shape


def _names(given: Given) -> tuple[str, ...] | None:
    """The names that the arguments after the first one spell out."""
    found: list[str] = []
    for position in range(1, len(given.shapes)):
        names = given.names(position)
        if names is None:
            return None
        found += names
    return tuple(found)


def picked(given: Given) -> Shape:
    """An object, or each of an array, with some members alone."""
    return _each_object(given, _picked)


def omitted(given: Given) -> Shape:
    """An object, or each of an array, without some members."""
    return _each_object(given, _omitted)


def _each_object(given: Given, change: Callable[[ObjectShape, tuple[str, ...] | None], ObjectShape]) -> Shape:
    names, shape = _names(given), given.shapes[0]

    def changed(found: Shape) -> Shape:
        known = change(members_of(found), names)
        return holding(replace(known, origins=known.origins | given.origins))

    result = array_of(changed(item_of(given))) if shape.may_be("array") else NOTHING
    return join(result, changed(shape)) if shape.may_be("object") else result


def _picked(known: ObjectShape, names: tuple[str, ...] | None) -> ObjectShape:
    if names is None:
        return _all_optional(known)
    members: dict[str, Member] = {}
    for name in names:
        if name in known.members:
            members[name] = known.members[name]
        elif known.rest is not None:
            members[name] = Member(known.rest, optional=True)
    return ObjectShape(members, None, known.certain, known.origins)


def _omitted(known: ObjectShape, names: tuple[str, ...] | None) -> ObjectShape:
    if names is None:
        return _all_optional(known)
    return replace(
        known, members={name: member for name, member in known.members.items() if name not in names}
    )


def _all_optional(known: ObjectShape) -> ObjectShape:
    return replace(
        known, members={name: Member(member.shape, optional=True) for name, member in known.members.items()}
    )


def at_path(shape: Shape, steps: tuple[Step, ...]) -> Shape:
    """What is at a path, or null."""
    for step in steps:
        found = NULL
        if shape.may_be("array") and isinstance(step, int):
            found = join(found, items_of(shape))
        if shape.may_be("object"):
            known = members_of(shape)
            inside = known_member(known, str(step)) if known.certain else ANY
            found = found if inside is None else join(found, inside)
            member = known.members.get(str(step))
            if member is not None and known.certain and not member.optional and shape.kinds == _OBJECT:
                found = member.shape
        shape = found
    return shape
