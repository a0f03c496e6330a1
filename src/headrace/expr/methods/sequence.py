"""Methods that arrays and text share by name, and those of arrays that take values."""

from headrace.expr.argument import MAX_ITEMS, count_items, count_text, integer, textual
from headrace.expr.entry import method
from headrace.expr.failure import Failure
from headrace.expr.functions.result.item import (
    concatenated,
    filled,
    first_item,
    flat,
    numbered,
    replaced_item,
    same,
    spliced,
)
from headrace.expr.signature import Method
from headrace.expr.text import js_text, strict_equal
from headrace.values import Json

__all__ = ["TABLE"]

Items = list[Json]


def _bounds(name: str, length: int, start: Json, end: Json) -> slice:
    first = integer(name, start, 1, 0)
    last = integer(name, end, 2, length)
    return slice(max(0, first + length) if first < 0 else first, max(0, last + length) if last < 0 else last)


def _slice(items: Items, start: Json = None, end: Json = None) -> Json:
    return items[_bounds("slice", len(items), start, end)]


def _slice_text(value: str, start: Json = None, end: Json = None) -> Json:
    return value[_bounds("slice", len(value), start, end)]


def _at(items: Items, index: Json) -> Json:
    position = integer("at", index, 1, 0)
    return items[position] if -len(items) <= position < len(items) else None


def _at_text(value: str, index: Json) -> Json:
    position = integer("at", index, 1, 0)
    return value[position] if -len(value) <= position < len(value) else None


def _concat(items: Items, *others: Json) -> Json:
    result = list(items)
    for other in others:
        if isinstance(other, list):
            result += other
        else:
            result.append(other)
        count_items("concat", len(result))
    return result


def _concat_text(value: str, *others: Json) -> Json:
    parts = [value]
    for position, other in enumerate(others, 1):
        parts.append("" if other is None else textual("concat", other, position))
    count_text("concat", sum(map(len, parts)))
    return "".join(parts)


def _search(items: Items, wanted: Json, order: range) -> int:
    return next((index for index in order if strict_equal(items[index], wanted)), -1)


def _start(name: str, length: int, start: Json) -> int:
    first = integer(name, start, 2, 0)
    return max(0, first + length) if first < 0 else min(first, length)


def _index_of(items: Items, wanted: Json, start: Json = None) -> Json:
    return _search(items, wanted, range(_start("indexOf", len(items), start), len(items)))


def _index_of_text(value: str, part: Json, start: Json = None) -> Json:
    first = min(max(0, integer("indexOf", start, 2, 0)), len(value))
    return value.find(textual("indexOf", part, 1), first)


def _last_index_of(items: Items, wanted: Json, start: Json = None) -> Json:
    last = integer("lastIndexOf", start, 2, len(items) - 1)
    last = last + len(items) if last < 0 else min(last, len(items) - 1)
    return _search(items, wanted, range(last, -1, -1))


def _last_index_of_text(value: str, part: Json, start: Json = None) -> Json:
    text = textual("lastIndexOf", part, 1)
    last = max(0, integer("lastIndexOf", start, 2, len(value)))
    return value.rfind(text, 0, last + len(text))


def _includes(items: Items, wanted: Json, start: Json = None) -> Json:
    if start is None and isinstance(wanted, str):  # text equals nothing but text
        return wanted in items
    return _search(items, wanted, range(_start("includes", len(items), start), len(items))) >= 0


def _includes_text(value: str, part: Json, start: Json = None) -> Json:
    text = textual("includes", part, 1)
    if start is None:
        return text in value
    return value.find(text, min(max(0, integer("includes", start, 2, 0)), len(value))) >= 0


def _flat(items: Items, depth: Json = None) -> Json:
    most = integer("flat", depth, 1, 1)
    result: Items = []
    arrays = 1
    open_arrays = [iter(items)]
    while open_arrays:
        for item in open_arrays[-1]:
            if isinstance(item, list) and len(open_arrays) <= most:
                open_arrays.append(iter(item))
                arrays += 1
                break
            result.append(item)
        else:
            open_arrays.pop()
        count_items("flat", len(result) + arrays)
    return result


def _join(items: Items, separator: Json = None) -> Json:
    between = "," if separator is None else textual("join", separator, 1)
    parts = ["" if item is None else js_text(item) for item in items]
    count_text("join", sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def _reverse(items: Items) -> Json:
    return items[::-1]


def _keys(items: Items) -> Json:
    return list(range(len(items)))


def _entries(items: Items) -> Json:
    return [[index, item] for index, item in enumerate(items)]


def _values(items: Items) -> Json:
    return list(items)


def _fill(items: Items, value: Json, start: Json = None, end: Json = None) -> Json:
    first = _start("fill", len(items), start)
    last = min(_bounds("fill", len(items), None, end).stop, len(items))
    return items[:first] + [value] * (last - first) + items[max(first, last) :]


def _with(items: Items, index: Json, value: Json) -> Json:
    position = integer("with", index, 1, 0)
    if not -len(items) <= position < len(items):
        raise Failure("HR224", f"`with` has no item {position} to replace in {{operand}}", 0)
    result = list(items)
    result[position] = value
    return result


def _to_spliced(items: Items, start: Json = None, count: Json = None, *new: Json) -> Json:
    if start is None:
        return [*items, *new]
    first = _start("toSpliced", len(items), start)
    removed = min(max(0, integer("toSpliced", count, 2, MAX_ITEMS)), len(items) - first)
    return [*items[:first], *new, *items[first + removed :]]


def _to_text(items: Items) -> Json:
    return js_text(items)


TABLE: tuple[Method, ...] = (
    method(
        "value.slice(start?, end?)", "scalar?, scalar? → text|array", {"array": _slice, "text": _slice_text},
        "The part from `start` up to, not including, `end`; negative ones count from the end.",
        "[1, 2, 3].slice(1) → [2, 3]", "'headrace'.slice(-4, -1) → \"rac\"", result=same,
    ),
    method(
        "value.at(index)", "scalar? → any", {"array": _at, "text": _at_text},
        "The item or character at an index, from the end if negative; null outside.",
        "[1, 2, 3].at(-1) → 3", "'ab'.at(5) → null", result=first_item,
    ),
    method(
        "value.concat(...values)", "...part? → text|array", {"array": _concat, "text": _concat_text},
        "The array with the items of others, or the text with others behind it.",
        "[1].concat([2, 3], 4) → [1, 2, 3, 4]", "'a'.concat('b', 1) → \"ab1\"", result=concatenated,
    ),
    method(
        "value.indexOf(part, start?)", "part, scalar? → number", {"array": _index_of, "text": _index_of_text},
        "Where the item, by value, or the text is first; -1 if nowhere.",
        "[{a: 1}].indexOf({a: 1}) → 0", "'abab'.indexOf('b', 2) → 3",
    ),
    method(
        "value.lastIndexOf(part, start?)", "part, scalar? → number",
        {"array": _last_index_of, "text": _last_index_of_text},
        "Where the item, by value, or the text is last; -1 if nowhere.",
        "[1, 2, 1].lastIndexOf(1) → 2", "'abab'.lastIndexOf('c') → -1",
    ),
    method(
        "value.includes(part, start?)", "part, scalar? → boolean",
        {"array": _includes, "text": _includes_text},
        "Whether there is the item, by value, or the text.",
        "[[1], [2]].includes([2]) → true", "'abc'.includes('d') → false",
    ),
    method(
        "array.flat(depth?)", "scalar? → array",
        {"array": _flat}, "The array with the items of arrays in it, one level deep.",
        "[1, [2, [3]]].flat() → [1, 2, [3]]", "[1, [2, [3]]].flat(2) → [1, 2, 3]", result=flat,
    ),
    method(
        "array.join(separator?)", "scalar? → text", {"array": _join}, "The items as one text; null is empty.",
        "[1, null, 'a'].join('-') → \"1--a\"", "[1, 2].join() → \"1,2\"",
    ),
    method(
        "array.reverse()", "→ array", {"array": _reverse}, "A copy, back to front.",
        "[1, 2].reverse() → [2, 1]", "[].reverse() → []", result=same,
    ),
    method(
        "array.toReversed()", "→ array", {"array": _reverse}, "As `reverse`.",
        "[1, 2].toReversed() → [2, 1]", "[].toReversed() → []", result=same,
    ),
    method(
        "array.keys()", "→ number[]", {"array": _keys}, "The indexes.",
        "['a', 'b'].keys() → [0, 1]", "[].keys() → []",
    ),
    method(
        "array.entries()", "→ array", {"array": _entries}, "The [index, item] pairs.",
        "['a'].entries() → [[0, \"a\"]]", "[].entries() → []", result=numbered,
    ),
    method(
        "array.values()", "→ array", {"array": _values}, "The items.",
        "['a'].values() → [\"a\"]", "[].values() → []", result=same,
    ),
    method(
        "array.fill(value, start?, end?)", "any, scalar?, scalar? → array",
        {"array": _fill}, "A copy with items replaced by one value.",
        "[1, 2, 3].fill(0, 1) → [1, 0, 0]", "[1, 2].fill('x') → [\"x\", \"x\"]", result=filled,
    ),
    method(
        "array.with(index, value)", "scalar?, any → array",
        {"array": _with}, "A copy with one item replaced.",
        "[1, 2].with(-1, 3) → [1, 3]", "[1].with(5, 0) → HR224", result=replaced_item,
    ),
    method(
        "array.toSpliced(start?, count?, ...items)", "scalar?, any, ...any → array", {"array": _to_spliced},
        "A copy with items removed and others in their place.",
        "[1, 2, 3].toSpliced(1, 1, 'a', 'b') → [1, \"a\", \"b\", 3]", "[1, 2].toSpliced(1) → [1]",
        result=spliced,
    ),
)  # fmt: skip
