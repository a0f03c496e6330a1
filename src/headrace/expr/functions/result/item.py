"""Results that are made of the items of arrays; see `result`."""

from headrace.expr.shape import ANY, NOTHING, NULL, Shape, array_of, items_of, join, join_all, of
from headrace.expr.signature import Given

__all__ = [
    "accumulated",
    "array_from",
    "chunked",
    "concatenated",
    "elements_of",
    "filled",
    "filtered",
    "first_item",
    "flat",
    "flat_mapped",
    "found",
    "item_of",
    "judged",
    "least_or_greatest",
    "listed",
    "mapped",
    "numbered",
    "replaced_item",
    "same",
    "sorted_items",
    "spliced",
    "zipped",
]

_NUMBER = of("number")
_TEXT = of("text")


def item_of(given: Given) -> Shape:
    """The items of the first argument."""
    return items_of(given.shapes[0])


def same(given: Given) -> Shape:
    """The first argument, in another order or in part."""
    return given.shapes[0]


def first_item(given: Given) -> Shape:
    """An item of an array or a character of a text; null where there is none."""
    return elements_of(given.shapes[0]).or_null()


def elements_of(shape: Shape) -> Shape:
    """The items of arrays and the characters of texts."""
    return join(items_of(shape), _TEXT) if shape.may_be("text") else items_of(shape)


def mapped(given: Given) -> Shape:
    """What a callback makes of items, each with its index and the array."""
    return array_of(given.call(1, item_of(given), _NUMBER, given.shapes[0]))


def flat_mapped(given: Given) -> Shape:
    """As `mapped`, with arrays flattened."""
    made = given.call(1, item_of(given), _NUMBER, given.shapes[0])
    return array_of(_flattened(made))


def _flattened(items: Shape) -> Shape:
    return join(items_of(items), items.without("array"))


def filtered(given: Given) -> Shape:
    """The items that a callback accepts."""
    return array_of(given.passing(1, item_of(given), _NUMBER, given.shapes[0]))


def found(given: Given) -> Shape:
    """One item that a callback accepts, or null."""
    return given.passing(1, item_of(given), _NUMBER, given.shapes[0]).or_null()


def judged(given: Given) -> Shape:
    """Something said of the items that a callback accepts."""
    given.passing(1, item_of(given), _NUMBER, given.shapes[0])
    return ANY


def accumulated(given: Given) -> Shape:
    """`reduce`: the initial value, or else an item, and what a callback makes of it and the items."""
    initial = given.shapes[2] if len(given.shapes) > 2 else item_of(given)
    return given.fold(1, initial, item_of(given), _NUMBER, given.shapes[0])


def sorted_items(given: Given) -> Shape:
    """The array, in the order of a comparator."""
    given.call(1, item_of(given), item_of(given))
    return given.shapes[0]


def concatenated(given: Given) -> Shape:
    """The items of arrays and whatever is no array, or a text."""
    receiver = given.shapes[0]
    text = _TEXT if receiver.may_be("text") else NOTHING
    if not receiver.may_be("array"):
        return text
    return join(text, array_of(join_all([item_of(given), *map(_flattened, given.shapes[1:])])))


def flat(given: Given) -> Shape:
    """The items, those of arrays in their place."""
    return array_of(_flattened(item_of(given)) if len(given.shapes) == 1 else ANY)


def numbered(given: Given) -> Shape:
    """[index, item] pairs."""
    return array_of(array_of(join(_NUMBER, item_of(given))))


def filled(given: Given) -> Shape:
    """The items, or a value in their place."""
    return array_of(join(item_of(given), given.shapes[1]))


def replaced_item(given: Given) -> Shape:
    """The items, one of them replaced by the third argument."""
    return array_of(join(item_of(given), given.shapes[2]))


def spliced(given: Given) -> Shape:
    """The items and what is put among them."""
    return array_of(join_all([item_of(given), *given.shapes[3:]]))


def chunked(given: Given) -> Shape:
    """The items in arrays."""
    return array_of(array_of(item_of(given)))


def zipped(given: Given) -> Shape:
    """Rows of the items of several arrays; null where one is shorter."""
    return array_of(array_of(join_all(map(items_of, given.shapes)).or_null()))


def listed(given: Given) -> Shape:
    """An array of the arguments."""
    return array_of(join_all(given.shapes))


def array_from(given: Given) -> Shape:
    """The items of an array, the characters of a text, the members of `{length: n}`."""
    items = elements_of(given.shapes[0])
    if given.shapes[0].may_be("object"):
        items = ANY
    return array_of(given.call(1, items, _NUMBER) if len(given.shapes) > 1 else items)


def least_or_greatest(given: Given) -> Shape:
    """The least or greatest argument, or item of the only one."""
    if len(given.shapes) != 1:
        whole = join_all(given.shapes).only("number", "text")
        return whole if given.shapes else NULL
    shape = given.shapes[0]
    items = items_of(shape).only("number", "text").or_null() if shape.may_be("array") else NOTHING
    return join(shape.only("number", "text"), items)
