"""Results of functions of records by a key; see `result`."""

from headrace.expr.failure import Failure
from headrace.expr.functions.member import parse_path
from headrace.expr.functions.result.item import item_of
from headrace.expr.functions.result.member import at_path
from headrace.expr.shape import (
    ANY,
    NOTHING,
    Shape,
    array_of,
    holding,
    items_of,
    join,
    join_all,
    members_of,
    object_of,
    of,
    spread,
)
from headrace.expr.signature import Given

__all__ = ["columns", "counted", "diffed", "grouped", "indexed", "joined", "keyed"]

_NUMBER = of("number")


def _read_key(given: Given) -> Shape:
    """The items, whose key a callback may read."""
    given.call(1, item_of(given), _NUMBER)
    return item_of(given)


def keyed(given: Given) -> Shape:
    """The array, by the keys of its items."""
    _read_key(given)
    return given.shapes[0]


def indexed(given: Given) -> Shape:
    """An object of the items."""
    return object_of(rest=_read_key(given))


def grouped(given: Given) -> Shape:
    """An object of arrays of items."""
    return object_of(rest=array_of(_read_key(given)))


def counted(given: Given) -> Shape:
    """An object of numbers."""
    _read_key(given)
    return object_of(rest=_NUMBER)


def diffed(given: Given) -> Shape:
    """What changed between two arrays."""
    old, new = item_of(given), items_of(given.shapes[1])
    given.call(2, join(old, new))
    after = array_of(new)
    members = {"added": after, "removed": array_of(old), "changed": after, "same": after}
    return object_of(members, origins=given.origins)


def joined(given: Given) -> Shape:
    """Left records with the members of right ones."""
    left, right = item_of(given).only("object"), items_of(given.shapes[1]).only("object")
    given.call(2, left if len(given.shapes) > 3 else join(left, right))
    given.call(3, right)
    matched = holding(spread(members_of(right), left))
    return array_of(join(left, matched))


def columns(given: Given) -> Shape:
    """One array for each name."""
    names, item = given.names(1), item_of(given)
    if names is None:
        return array_of(array_of(ANY))
    return array_of(array_of(join_all(_read_path(item, name) for name in names)))


def _read_path(shape: Shape, path: str) -> Shape:
    """What `key_of` reads: the member of this name, or else at this path."""
    try:
        steps = parse_path("columns", path)
    except Failure:
        return NOTHING
    whole = at_path(shape, (path,))
    return whole if steps == (path,) else join(whole, at_path(shape, steps))
