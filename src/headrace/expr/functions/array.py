"""Functions of arrays, and `Array.*`."""

from collections.abc import Callable
from itertools import zip_longest

from headrace.expr.argument import array, count_items, whole_number, wrong
from headrace.expr.entry import function
from headrace.expr.functions.result.item import array_from, chunked, first_item, listed, zipped
from headrace.expr.functions.result.member import compacted
from headrace.expr.signature import Callback, Function
from headrace.values import Json

__all__ = ["TABLE"]


def _first(items: Json) -> Json:
    found = array("first", items)
    return found[0] if found else None


def _last(items: Json) -> Json:
    found = array("last", items)
    return found[-1] if found else None


def _compact(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: member for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [item for item in value if item is not None]
    raise wrong("compact", "an array or an object", value)


def _chunk(items: Json, size: Json) -> Json:
    found, step = array("chunk", items), whole_number("chunk", size, 1, 1)
    return [found[start : start + step] for start in range(0, len(found), step)]


def _zip(*arrays: Json) -> Json:
    found = [array("zip", items, position) for position, items in enumerate(arrays)]
    return [list(row) for row in zip_longest(*found)]


def _is_array(value: Json) -> Json:
    return isinstance(value, list)


def _of(*items: Json) -> Json:
    return list(items)


def _from(value: Json, callback: Callable[[Json, Json], Json] | None = None) -> Json:
    items: list[Json]
    if isinstance(value, list):
        items = list(value)
    elif isinstance(value, str):
        count_items("Array.from", len(value))
        items = [*value]
    elif isinstance(value, dict):
        length = whole_number("Array.from", value.get("length") or 0, 0)
        count_items("Array.from", length)
        items = [value.get(str(index)) for index in range(length)]
    else:
        raise wrong("Array.from", "an array, text or {length: n}", value)
    if callback is None:
        return items
    return [callback(item, index) for index, item in enumerate(items)]


TABLE: tuple[Function, ...] = (
    function(
        "first(array)", "array → any", _first, "The first item; null for an empty array.",
        "first([1, 2]) → 1", "first([]) → null", "first(null) → HR220", result=first_item,
    ),
    function(
        "last(array)", "array → any", _last, "The last item; null for an empty array.",
        "last([1, 2]) → 2", "last([]) → null", result=first_item,
    ),
    function(
        "compact(value)", "array|object → array|object", _compact, "An array or object without its nulls.",
        "compact([0, null, '']) → [0, \"\"]", "compact({a: 1, b: null}) → {\"a\": 1}", result=compacted,
    ),
    function(
        "chunk(array, size)", "array, scalar → array",
        _chunk, "The items in arrays of `size`, the last possibly shorter.",
        "chunk([1, 2, 3], 2) → [[1, 2], [3]]", "chunk([], 2) → []", "chunk([1], 0) → HR224", result=chunked,
    ),
    function(
        "zip(...arrays)", "...array → array",
        _zip, "The first items together, then the second ones; null where one is shorter.",
        "zip([1, 2], ['a', 'b']) → [[1, \"a\"], [2, \"b\"]]", "zip([1, 2], ['a']) → [[1, \"a\"], [2, null]]",
        result=zipped,
    ),
    function(
        "Array.isArray(value)", "maybe → boolean", _is_array, "Whether the value is an array.",
        "Array.isArray([]) → true", "Array.isArray({}) → false",
    ),
    function(
        "Array.of(...items)", "...any → array", _of, "An array of the arguments.",
        "Array.of(1, 2) → [1, 2]", "Array.of() → []", result=listed,
    ),
    function(
        "Array.from(value, map?)", "text|array|object, callback → array",
        _from, "An array from an array, the characters of a text or a length.",
        "Array.from('ab') → [\"a\", \"b\"]", "Array.from({length: 3}, (_, i) => i * 2) → [0, 2, 4]",
        callbacks={1: Callback(2, optional=True)}, result=array_from,
    ),
)  # fmt: skip
