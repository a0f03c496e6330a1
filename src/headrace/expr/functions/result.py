"""What functions and methods give for the shapes of their arguments, where their types do not say it.

Each takes what is `Given` and gives a shape; `ANY` leaves it to the types. Position 0 is the first
argument, or the receiver of a method. Arguments have only the kinds that the types accept.
"""

from collections.abc import Callable
from dataclasses import replace

from headrace.expr.failure import Failure
from headrace.expr.functions.member import Step, parse_path
from headrace.expr.shape import (
    ANY,
    NOTHING,
    NULL,
    Kind,
    Member,
    ObjectShape,
    Shape,
    array_of,
    items_of,
    join,
    join_all,
    object_of,
    of,
    overlay,
    spread,
    values_of,
)
from headrace.expr.signature import Given

__all__ = [
    "accumulated",
    "array_from",
    "chunked",
    "coalesced",
    "columns",
    "compacted",
    "concatenated",
    "counted",
    "deep_merged",
    "diffed",
    "entries",
    "filled",
    "filtered",
    "first_item",
    "flat",
    "flat_mapped",
    "found",
    "from_entries",
    "got",
    "grouped",
    "groups",
    "indexed",
    "joined",
    "judged",
    "keyed",
    "least_or_greatest",
    "listed",
    "mapped",
    "matches",
    "merged",
    "never",
    "number_or_fallback",
    "numbered",
    "omitted",
    "parts",
    "picked",
    "read_csv",
    "replaced",
    "replaced_item",
    "same",
    "set_member",
    "sorted_items",
    "spliced",
    "url_parts",
    "values",
    "zipped",
]

_NUMBER, _TEXT = of("number"), of("text")
_OBJECT: frozenset[Kind] = frozenset(("object",))
_ANYTHING = ObjectShape({}, ANY)


def same(given: Given) -> Shape:
    """The first argument, in another order or in part."""
    return given.shapes[0]


def _item(given: Given) -> Shape:
    return items_of(given.shapes[0])


# ---- items of arrays


def first_item(given: Given) -> Shape:
    """An item of an array or a character of a text; null where there is none."""
    return _elements(given.shapes[0]).or_null()


def _elements(shape: Shape) -> Shape:
    return join(items_of(shape), _TEXT) if shape.may_be("text") else items_of(shape)


def mapped(given: Given) -> Shape:
    """What a callback makes of items, each with its index and the array."""
    return array_of(given.call(1, _item(given), _NUMBER, given.shapes[0]))


def flat_mapped(given: Given) -> Shape:
    """As `mapped`, with arrays flattened."""
    made = given.call(1, _item(given), _NUMBER, given.shapes[0])
    return array_of(_flattened(made))


def _flattened(items: Shape) -> Shape:
    return join(items_of(items), items.without("array"))


def filtered(given: Given) -> Shape:
    """The items that a callback accepts."""
    return array_of(given.passing(1, _item(given), _NUMBER, given.shapes[0]))


def found(given: Given) -> Shape:
    """One item that a callback accepts, or null."""
    return given.passing(1, _item(given), _NUMBER, given.shapes[0]).or_null()


def judged(given: Given) -> Shape:
    """Something said of the items that a callback accepts."""
    given.passing(1, _item(given), _NUMBER, given.shapes[0])
    return ANY


def accumulated(given: Given) -> Shape:
    """`reduce`: the initial value, or else an item, and what a callback makes of it and the items."""
    initial = given.shapes[2] if len(given.shapes) > 2 else _item(given)
    return given.fold(1, initial, _item(given), _NUMBER, given.shapes[0])


def sorted_items(given: Given) -> Shape:
    """The array, in the order of a comparator."""
    given.call(1, _item(given), _item(given))
    return given.shapes[0]


def concatenated(given: Given) -> Shape:
    """The items of arrays and whatever is no array, or a text."""
    receiver = given.shapes[0]
    text = _TEXT if receiver.may_be("text") else NOTHING
    if not receiver.may_be("array"):
        return text
    return join(text, array_of(join_all([_item(given), *map(_flattened, given.shapes[1:])])))


def flat(given: Given) -> Shape:
    """The items, those of arrays in their place."""
    return array_of(_flattened(_item(given)) if len(given.shapes) == 1 else ANY)


def numbered(given: Given) -> Shape:
    """[index, item] pairs."""
    return array_of(array_of(join(_NUMBER, _item(given))))


def filled(given: Given) -> Shape:
    """The items, or a value in their place."""
    return array_of(join(_item(given), given.shapes[1]))


def replaced_item(given: Given) -> Shape:
    """The items, one of them replaced by the third argument."""
    return array_of(join(_item(given), given.shapes[2]))


def spliced(given: Given) -> Shape:
    """The items and what is put among them."""
    return array_of(join_all([_item(given), *given.shapes[3:]]))


def chunked(given: Given) -> Shape:
    """The items in arrays."""
    return array_of(array_of(_item(given)))


def zipped(given: Given) -> Shape:
    """Rows of the items of several arrays; null where one is shorter."""
    return array_of(array_of(join_all(map(items_of, given.shapes)).or_null()))


def listed(given: Given) -> Shape:
    """An array of the arguments."""
    return array_of(join_all(given.shapes))


def array_from(given: Given) -> Shape:
    """The items of an array, the characters of a text, the members of `{length: n}`."""
    items = _elements(given.shapes[0])
    if given.shapes[0].may_be("object"):
        items = ANY
    return array_of(given.call(1, items, _NUMBER) if len(given.shapes) > 1 else items)


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


def parts(given: Given) -> Shape:
    """The parts of a text; a regular expression's groups are among them, which may be null."""
    is_pattern = len(given.shapes) > 1 and given.shapes[1].is_nothing
    return array_of(_TEXT.or_null() if is_pattern else _TEXT)


def groups(given: Given) -> Shape:
    """A match and its groups, which may be null."""
    return array_of(_TEXT.or_null()).or_null()


def matches(given: Given) -> Shape:
    """Every match and its groups, which may be null."""
    return array_of(array_of(_TEXT.or_null()))


def replaced(given: Given) -> Shape:
    """A text, for which a callback may get matches."""
    given.call(2, _TEXT, *[ANY] * 11)
    return _TEXT


# ---- objects


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
    return _open(items_of(items_of(given.shapes[0])).or_null())


def _open(rest: Shape) -> Shape:
    return object_of(rest=rest)


def merged(given: Given) -> Shape:
    """The members of several objects."""
    below = ObjectShape()
    for shape in given.shapes:
        below = spread(below, shape)
    return Shape(_OBJECT, below)


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
        under, over = _known(first, name), _known(second, name)
        if under is not None and over is not None and under.may_be("object") and over.may_be("object"):
            both = _laid_deep(under.only("object"), over.only("object"))
            members[name] = Member(join(members[name].shape, both), members[name].optional)
    rest = laid.rest
    if first.rest is not None and second.rest is not None:
        rest = ANY
    return Shape(_OBJECT, ObjectShape(members, rest, laid.certain, laid.origins))


def _known(known: ObjectShape, name: str) -> Shape | None:
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
        known = change(found.object or _ANYTHING, names)
        return Shape(_OBJECT, replace(known, origins=known.origins | given.origins))

    result = array_of(changed(_item(given))) if shape.may_be("array") else NOTHING
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


# ---- records by a key


def _keyed(given: Given) -> Shape:
    """The items, whose key a callback may read."""
    given.call(1, _item(given), _NUMBER)
    return _item(given)


def keyed(given: Given) -> Shape:
    """The array, by the keys of its items."""
    _keyed(given)
    return given.shapes[0]


def indexed(given: Given) -> Shape:
    """An object of the items."""
    return _open(_keyed(given))


def grouped(given: Given) -> Shape:
    """An object of arrays of items."""
    return _open(array_of(_keyed(given)))


def counted(given: Given) -> Shape:
    """An object of numbers."""
    _keyed(given)
    return _open(_NUMBER)


def diffed(given: Given) -> Shape:
    """What changed between two arrays."""
    old, new = _item(given), items_of(given.shapes[1])
    given.call(2, join(old, new))
    after = array_of(new)
    members = {"added": after, "removed": array_of(old), "changed": after, "same": after}
    return object_of(members, origins=given.origins)


def joined(given: Given) -> Shape:
    """Left records with the members of right ones."""
    left, right = _item(given).only("object"), items_of(given.shapes[1]).only("object")
    given.call(2, left if len(given.shapes) > 3 else join(left, right))
    given.call(3, right)
    matched = Shape(_OBJECT, spread(right.object or _ANYTHING, left))
    return array_of(join(left, matched))


def columns(given: Given) -> Shape:
    """One array for each name."""
    names, item = given.names(1), _item(given)
    if names is None:
        return array_of(array_of(ANY))
    return array_of(array_of(join_all(_read_path(item, name) for name in names)))


def _read_path(shape: Shape, path: str) -> Shape:
    """What `key_of` reads: the member of this name, or else at this path."""
    try:
        steps = parse_path("columns", path)
    except Failure:
        return NOTHING
    whole = _at(shape, (path,))
    return whole if steps == (path,) else join(whole, _at(shape, steps))


def _at(shape: Shape, steps: tuple[Step, ...]) -> Shape:
    """What is at a path, or null."""
    for step in steps:
        found = NULL
        if shape.may_be("array") and isinstance(step, int):
            found = join(found, items_of(shape))
        if shape.may_be("object"):
            known = shape.object or _ANYTHING
            inside = _known(known, str(step)) if known.certain else ANY
            found = found if inside is None else join(found, inside)
            member = known.members.get(str(step))
            if member is not None and known.certain and not member.optional and shape.kinds == _OBJECT:
                found = member.shape
        shape = found
    return shape


# ---- guards and conversions


def coalesced(given: Given) -> Shape:
    """The first argument that is not null."""
    found = NOTHING
    for shape in given.shapes:
        found = join(found, shape.without("null"))
        if not shape.may_be("null"):
            return found
    return found.or_null()


def never(given: Given) -> Shape:
    """Nothing: it always fails."""
    return NOTHING


def got(given: Given) -> Shape:
    """`get`: the member at a path, or a default where it is missing or null."""
    path = given.names(1)
    if path is None or len(path) != 1:
        return ANY
    try:
        found = _at(given.shapes[0], parse_path("get", path[0]))
    except Failure:
        return NOTHING
    if len(given.shapes) < 3 or not found.may_be("null"):
        return found
    return join(found.without("null"), given.shapes[2])


def set_member(given: Given) -> Shape:
    """`set`: a copy of an object with one member set."""
    path, shape = given.names(1), given.shapes[0]
    if path is None or len(path) != 1:
        return ANY
    try:
        steps = parse_path("set", path[0])
    except Failure:
        return NOTHING
    return _with(shape, steps, given.shapes[2])


def _with(shape: Shape, steps: tuple[Step, ...], new: Shape) -> Shape:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if isinstance(step, int) and not (shape.may_be("object") and not shape.may_be("array", "null")):
        return ANY
    known = shape.object if shape.may_be("object") else ObjectShape()
    below = _at(shape.only("object", "null"), (step,))
    member = ObjectShape({str(step): Member(_with(below, rest, new))})
    return Shape(_OBJECT, overlay(known or _ANYTHING, member))


def number_or_fallback(given: Given) -> Shape:
    """A number, or what stands for one that cannot be read."""
    return join(_NUMBER, given.shapes[1]) if len(given.shapes) > 1 else _NUMBER


def least_or_greatest(given: Given) -> Shape:
    """The least or greatest argument, or item of the only one."""
    if len(given.shapes) != 1:
        whole = join_all(given.shapes).only("number", "text")
        return whole if given.shapes else NULL
    shape = given.shapes[0]
    items = items_of(shape).only("number", "text").or_null() if shape.may_be("array") else NOTHING
    return join(shape.only("number", "text"), items)


# ---- formats


def read_csv(given: Given) -> Shape:
    """One object a line."""
    return array_of(_open(_TEXT.or_null()))


def url_parts(given: Given) -> Shape:
    """The parts of a URL."""
    text, maybe = _TEXT, _TEXT.or_null()
    members = {
        "scheme": text, "username": maybe, "password": maybe, "host": maybe, "port": of("number", "null"),
        "path": text, "query": _open(join(text, array_of(text))), "fragment": text,
    }  # fmt: skip
    return object_of(members, origins=given.origins)
