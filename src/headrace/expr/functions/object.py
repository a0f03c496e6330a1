"""Functions of objects, and `Object.*`; the order of members is the order of insertion (D5)."""

from collections.abc import Callable

from headrace.expr.argument import array, object_, textual, wrong
from headrace.expr.entry import function
from headrace.expr.failure import Failure
from headrace.expr.functions.record import group
from headrace.expr.functions.result.member import (
    deep_merged,
    entries,
    from_entries,
    merged,
    omitted,
    picked,
    values,
)
from headrace.expr.functions.result.record import grouped
from headrace.expr.signature import Callback, Function
from headrace.expr.text import js_text, strict_equal
from headrace.values import Json

__all__ = ["TABLE", "merge"]


def _members(name: str, value: Json) -> dict[str, Json]:
    """The members of an object, or the items of an array or text by their index, as JavaScript has."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list | str):
        return {str(index): item for index, item in enumerate(value)}
    if value is None:
        raise wrong(name, "an object", value)
    return {}


def _object_keys(value: Json) -> Json:
    return list(_members("Object.keys", value))


def _object_values(value: Json) -> Json:
    return list(_members("Object.values", value).values())


def _object_entries(value: Json) -> Json:
    return [[key, member] for key, member in _members("Object.entries", value).items()]


def _keys(value: Json) -> Json:
    return list(object_("keys", value))


def _values(value: Json) -> Json:
    return list(object_("values", value).values())


def _from_entries(entries: Json) -> Json:
    result: dict[str, Json] = {}
    for entry in array("Object.fromEntries", entries):
        if not isinstance(entry, list) or not entry:
            raise wrong("Object.fromEntries", "an array of [key, value] pairs", entry)
        result[js_text(entry[0])] = entry[1] if len(entry) > 1 else None
    return result


def merge(name: str, objects: tuple[Json, ...]) -> dict[str, Json]:
    """The members of all objects, later ones winning; null adds nothing."""
    result: dict[str, Json] = {}
    for position, value in enumerate(objects):
        if value is not None:
            result.update(object_(name, value, position))
    return result


def _merge(*objects: Json) -> Json:
    return merge("merge", objects)


def _assign(target: Json, *sources: Json) -> Json:
    object_("Object.assign", target)
    return merge("Object.assign", (target, *sources))


def _has_own(value: Json, key: Json) -> Json:
    return js_text(key) in _members("Object.hasOwn", value)


def _is(left: Json, right: Json) -> Json:
    return strict_equal(left, right)


def _object_group_by(items: Json, callback: Callable[[Json, Json], Json]) -> Json:
    found = array("Object.groupBy", items)
    indexes = iter(range(len(found)))
    return group(found, lambda item: callback(item, next(indexes)))


def _names(name: str, keys: tuple[Json, ...]) -> list[str]:
    listed = keys[0] if len(keys) == 1 and isinstance(keys[0], list) else list(keys)
    return [textual(name, key, 1) for key in listed]


def _pick(value: Json, *keys: Json) -> Json:
    names = _names("pick", keys)
    if isinstance(value, list):
        return [_picked(item, names) for item in value]
    return _picked(value, names)


def _picked(value: Json, names: list[str]) -> Json:
    record = object_("pick", value)
    return {name: record[name] for name in names if name in record}


def _omit(value: Json, *keys: Json) -> Json:
    names = frozenset(_names("omit", keys))
    if isinstance(value, list):
        return [_left(item, names) for item in value]
    return _left(value, names)


def _left(value: Json, names: frozenset[str]) -> Json:
    return {key: member for key, member in object_("omit", value).items() if key not in names}


def _deep_merge(*objects: Json) -> Json:
    result: dict[str, Json] = {}
    for position, value in enumerate(objects):
        if value is not None:
            result = _laid_over(result, object_("deepMerge", value, position), 0)
    return result


def _laid_over(below: dict[str, Json], above: dict[str, Json], depth: int) -> dict[str, Json]:
    if depth > 100:
        raise Failure("HR223", "`deepMerge` takes objects of at most 100 levels")
    result = dict(below)
    for key, member in above.items():
        held = result.get(key)
        both = isinstance(held, dict) and isinstance(member, dict)
        result[key] = _laid_over(held, member, depth + 1) if both else member  # type: ignore[arg-type]  # both are objects
    return result


TABLE: tuple[Function, ...] = (
    function(
        "keys(object)", "object → text[]", _keys, "The names of an object's members.",
        "keys({a: 1, b: 2}) → [\"a\", \"b\"]", "keys(null) → HR220", suggested=False,
    ),
    function(
        "values(object)", "object → array", _values, "The values of an object's members.",
        "values({a: 1, b: 2}) → [1, 2]", "values({}) → []", suggested=False, result=values,
    ),
    function(
        "merge(...objects)", "...object? → object",
        _merge, "One object of the members of all; later ones win, null adds nothing.",
        "merge({a: 1}, null, {a: 2, b: 3}) → {\"a\": 2, \"b\": 3}", "merge() → {}", result=merged,
    ),
    function(
        "deepMerge(...objects)", "...object? → object",
        _deep_merge, "As `merge`, and objects in objects are merged as well.",
        "deepMerge({a: {x: 1}}, {a: {y: 2}}) → {\"a\": {\"x\": 1, \"y\": 2}}",
        "deepMerge({a: [1]}, {a: [2]}) → {\"a\": [2]}", result=deep_merged,
    ),
    function(
        "pick(value, ...keys)", "array|object, ...scalar|array → array|object",
        _pick, "The object, or each of an array, with these members alone.",
        "pick({a: 1, b: 2}, 'a') → {\"a\": 1}", "pick([{a: 1, b: 2}], ['b', 'c']) → [{\"b\": 2}]",
        result=picked,
    ),
    function(
        "omit(value, ...keys)", "array|object, ...scalar|array → array|object",
        _omit, "The object, or each of an array, without these members.",
        "omit({a: 1, b: 2}, 'a') → {\"b\": 2}", "omit([{a: 1, b: 2}], ['b']) → [{\"a\": 1}]", result=omitted,
    ),
    function(
        "Object.keys(value)", "scalar|array|object → text[]", _object_keys, "The names of a value's members.",
        "Object.keys({a: 1}) → [\"a\"]", "Object.keys(['x']) → [\"0\"]",
    ),
    function(
        "Object.values(value)", "scalar|array|object → array",
        _object_values, "The values of a value's members.",
        "Object.values({a: 1}) → [1]", "Object.values('ab') → [\"a\", \"b\"]", result=values,
    ),
    function(
        "Object.entries(value)", "scalar|array|object → array",
        _object_entries, "The members as [name, value] pairs.",
        "Object.entries({a: 1}) → [[\"a\", 1]]", "Object.entries({}) → []", result=entries,
    ),
    function(
        "Object.fromEntries(entries)", "array → object", _from_entries, "The object of [name, value] pairs.",
        "Object.fromEntries([['a', 1]]) → {\"a\": 1}", "Object.fromEntries([]) → {}", result=from_entries,
    ),
    function(
        "Object.assign(object, ...objects)", "object, ...object? → object",
        _assign, "A copy of the first with the members of the others.",
        "Object.assign({a: 1}, {b: 2}) → {\"a\": 1, \"b\": 2}", "Object.assign({a: 1}, null) → {\"a\": 1}",
        result=merged,
    ),
    function(
        "Object.hasOwn(value, name)", "scalar|array|object, any → boolean",
        _has_own, "Whether the value has the member.",
        "Object.hasOwn({a: null}, 'a') → true", "Object.hasOwn({}, 'a') → false",
    ),
    function(
        "Object.is(a, b)", "any, any → boolean", _is, "Whether two values are the same, as `===`.",
        "Object.is([1], [1]) → true", "Object.is(1, '1') → false",
    ),
    function(
        "Object.groupBy(array, callback)", "array, callback → object",
        _object_group_by, "The items by what the callback says of them.",
        "Object.groupBy([1, 2, 3], x => x % 2 ? 'odd' : 'even') → {\"odd\": [1, 3], \"even\": [2]}",
        "Object.groupBy([], x => x) → {}",
        callbacks={1: Callback(2)}, result=grouped,
    ),
)  # fmt: skip
