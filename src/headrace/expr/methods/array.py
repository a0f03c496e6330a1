"""Methods of arrays that take callbacks: (item, index, array), as in JavaScript."""

from collections.abc import Callable
from functools import cmp_to_key

from headrace.expr.argument import count_items
from headrace.expr.entry import method
from headrace.expr.failure import Failure
from headrace.expr.functions.result.item import (
    accumulated,
    filtered,
    flat_mapped,
    found,
    judged,
    mapped,
    sorted_items,
)
from headrace.expr.signature import Callback, Method
from headrace.expr.text import js_text, truthy
from headrace.values import Json, kind

__all__ = ["TABLE"]

Items = list[Json]
Each = Callable[[Json, int, Items], Json]
Fold = Callable[[Json, Json, int, Items], Json]

_EACH = {0: Callback(3)}
_FOLD = {0: Callback(4)}
_MISSING = object()


def _map(items: Items, callback: Each) -> Json:
    return [callback(item, index, items) for index, item in enumerate(items)]


def _filter(items: Items, callback: Each) -> Json:
    return [item for index, item in enumerate(items) if truthy(callback(item, index, items))]


def _position(items: Items, callback: Each, order: range) -> int:
    return next((index for index in order if truthy(callback(items[index], index, items))), -1)


def _find_index(items: Items, callback: Each) -> Json:
    return _position(items, callback, range(len(items)))


def _find_last_index(items: Items, callback: Each) -> Json:
    return _position(items, callback, range(len(items) - 1, -1, -1))


def _find(items: Items, callback: Each) -> Json:
    index = _position(items, callback, range(len(items)))
    return None if index < 0 else items[index]


def _find_last(items: Items, callback: Each) -> Json:
    index = _position(items, callback, range(len(items) - 1, -1, -1))
    return None if index < 0 else items[index]


def _some(items: Items, callback: Each) -> Json:
    return any(truthy(callback(item, index, items)) for index, item in enumerate(items))


def _every(items: Items, callback: Each) -> Json:
    return all(truthy(callback(item, index, items)) for index, item in enumerate(items))


def _flat_map(items: Items, callback: Each) -> Json:
    result: Items = []
    for index, item in enumerate(items):
        made = callback(item, index, items)
        if isinstance(made, list):
            result += made
        else:
            result.append(made)
        count_items("flatMap", len(result))
    return result


def _folded(name: str, items: Items, callback: Fold, initial: object, order: range) -> Json:
    positions = iter(order)
    if initial is _MISSING:
        first = next(positions, None)
        if first is None:
            raise Failure("HR224", f"`{name}` of an empty array needs an initial value", 0)
        result = items[first]
    else:
        result = initial  # type: ignore[assignment]  # not MISSING: a value of the expression
    for index in positions:
        result = callback(result, items[index], index, items)
    return result


def _reduce(items: Items, callback: Fold, initial: object = _MISSING) -> Json:
    return _folded("reduce", items, callback, initial, range(len(items)))


def _reduce_right(items: Items, callback: Fold, initial: object = _MISSING) -> Json:
    return _folded("reduceRight", items, callback, initial, range(len(items) - 1, -1, -1))


def _sort(items: Items, comparator: Callable[[Json, Json], Json] | None = None) -> Json:
    filled = [item for item in items if item is not None]
    if comparator is None:
        filled.sort(key=js_text)
        return filled + [None] * (len(items) - len(filled))
    compare = comparator

    def order(left: Json, right: Json) -> int:
        result = compare(left, right)
        if isinstance(result, bool) or not isinstance(result, int | float) or result != result:
            what = "NaN" if isinstance(result, float) else kind(result)
            cure = "write (a, b) => a - b for numbers, a.localeCompare(b) for text"
            raise Failure("HR227", f"the comparator of `sort` must return a number, not {what}; {cure}")
        return (result > 0) - (result < 0)

    return sorted(items, key=cmp_to_key(order))


TABLE: tuple[Method, ...] = (
    method(
        "array.map(callback)", "callback → array", {"array": _map}, "What the callback makes of each item.",
        "[1, 2].map(x => x * 2) → [2, 4]", "['a'].map((x, i) => x + i) → [\"a0\"]", callbacks=_EACH,
        result=mapped,
    ),
    method(
        "array.filter(callback)", "callback → array",
        {"array": _filter}, "The items that the callback accepts.",
        "[1, 2, 3].filter(x => x > 1) → [2, 3]", "[0, 1, null].filter(Boolean) → [1]", callbacks=_EACH,
        result=filtered,
    ),
    method(
        "array.find(callback)", "callback → any",
        {"array": _find}, "The first item that the callback accepts, or null.",
        "[1, 2, 3].find(x => x > 1) → 2", "[].find(x => x) → null", callbacks=_EACH, result=found,
    ),
    method(
        "array.findIndex(callback)", "callback → number",
        {"array": _find_index}, "Where that item is; -1 if there is none.",
        "[1, 2].findIndex(x => x == 2) → 1", "[1].findIndex(x => x > 1) → -1", callbacks=_EACH, result=judged,
    ),
    method(
        "array.findLast(callback)", "callback → any",
        {"array": _find_last}, "The last item that the callback accepts.",
        "[1, 2, 3].findLast(x => x < 3) → 2", "[1].findLast(x => x > 1) → null", callbacks=_EACH,
        result=found,
    ),
    method(
        "array.findLastIndex(callback)", "callback → number",
        {"array": _find_last_index}, "Where that item is; -1 if nowhere.",
        "[1, 1].findLastIndex(x => x == 1) → 1", "[].findLastIndex(x => x) → -1", callbacks=_EACH,
        result=judged,
    ),
    method(
        "array.some(callback)", "callback → boolean",
        {"array": _some}, "Whether the callback accepts an item.",
        "[1, 2].some(x => x > 1) → true", "[].some(x => true) → false", callbacks=_EACH, result=judged,
    ),
    method(
        "array.every(callback)", "callback → boolean",
        {"array": _every}, "Whether the callback accepts all items.",
        "[1, 2].every(x => x > 1) → false", "[].every(x => false) → true", callbacks=_EACH, result=judged,
    ),
    method(
        "array.flatMap(callback)", "callback → array",
        {"array": _flat_map}, "As `map`, with the arrays that it makes joined.",
        "[1, 2].flatMap(x => [x, x * 10]) → [1, 10, 2, 20]", "[1].flatMap(x => x) → [1]", callbacks=_EACH,
        result=flat_mapped,
    ),
    method(
        "array.reduce(callback, initial?)", "callback, any → any",
        {"array": _reduce}, "One value of all items, from left to right.",
        "[1, 2, 3].reduce((sum, x) => sum + x, 0) → 6", "[].reduce((a, b) => a + b) → HR224", callbacks=_FOLD,
        result=accumulated,
    ),
    method(
        "array.reduceRight(callback, initial?)", "callback, any → any", {"array": _reduce_right},
        "One value of all items, from right to left.",
        "['a', 'b'].reduceRight((s, x) => s + x) → \"ba\"", "[].reduceRight((a, b) => b, 1) → 1",
        callbacks=_FOLD, result=accumulated,
    ),
    method(
        "array.sort(comparator?)", "callback → array", {"array": _sort},
        "A sorted copy: as text with nulls last, or as the comparator's sign says; stable.",
        "[10, 9, null, 1].sort() → [1, 10, 9, null]", "[10, 9, 1].sort((a, b) => a - b) → [1, 9, 10]",
        "[2, 1].sort((a, b) => a > b) → HR227", callbacks={0: Callback(2, optional=True)},
        result=sorted_items,
    ),
    method(
        "array.toSorted(comparator?)", "callback → array", {"array": _sort}, "As `sort`.",
        "['b', 'a'].toSorted() → [\"a\", \"b\"]", "[1, 2].toSorted((a, b) => b - a) → [2, 1]",
        callbacks={0: Callback(2, optional=True)}, result=sorted_items,
    ),
)  # fmt: skip
