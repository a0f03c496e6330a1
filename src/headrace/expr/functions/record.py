"""Functions of arrays of records by a key: the name or path of a member, or an arrow function."""

from collections.abc import Callable
from typing import Any

from headrace.expr.argument import array, object_, wrong
from headrace.expr.entry import function
from headrace.expr.failure import Failure
from headrace.expr.functions.member import Key, column, identities, identity, key_of
from headrace.expr.functions.result.record import columns, counted, diffed, grouped, indexed, joined, keyed
from headrace.expr.signature import Callback, Function
from headrace.expr.text import js_text, strict_equal
from headrace.values import Json

__all__ = ["TABLE", "group"]

_KEY = {1: Callback(1, or_value=True)}


def _index_by(items: Json, key: Key) -> Json:
    read = key_of("indexBy", key, 1)
    return {js_text(read(item)): item for item in array("indexBy", items)}


def _count_by(items: Json, key: Key) -> Json:
    read = key_of("countBy", key, 1)
    counts: dict[str, int] = {}
    for item in array("countBy", items):
        name = js_text(read(item))
        counts[name] = counts.get(name, 0) + 1
    return dict(counts)


def group(items: list[Json], read: Callable[[Json], Json]) -> dict[str, Json]:
    """The items by the text of their key, in the order of first occurrence."""
    groups: dict[str, list[Json]] = {}
    for item in items:
        groups.setdefault(js_text(read(item)), []).append(item)
    return dict(groups)


def _group_by(items: Json, key: Key) -> Json:
    return group(array("groupBy", items), key_of("groupBy", key, 1))


def _unique_by(items: Json, key: Key) -> Json:
    records = array("uniqueBy", items)
    names = identities(column("uniqueBy", key, records, 1))
    return list(dict(zip(names, records, strict=True)).values())


def _diff_by(old: Json, new: Json, key: Key) -> Json:
    read = key_of("diffBy", key, 2)
    before = {identity(read(item)): item for item in array("diffBy", old)}
    after = {identity(read(item)): item for item in array("diffBy", new, 1)}
    added: list[Json] = []
    changed: list[Json] = []
    same: list[Json] = []
    for name, item in after.items():
        if name not in before:
            added.append(item)
        elif strict_equal(item, before[name]):
            same.append(item)
        else:
            changed.append(item)
    removed: list[Json] = [item for name, item in before.items() if name not in after]
    return {"added": added, "removed": removed, "changed": changed, "same": same}


def _left_join(left: Json, right: Json, key: Key, right_key: Key = None) -> Json:
    read_left = key_of("leftJoin", key, 2)
    read_right = read_left if right_key is None else key_of("leftJoin", right_key, 3)
    matches: dict[object, list[dict[str, Json]]] = {}
    for item in array("leftJoin", right, 1):
        record = object_("leftJoin", item, 1)
        name = read_right(record)
        if name is not None:  # as in SQL, null is equal to nothing
            matches.setdefault(identity(name), []).append(record)
    joined: list[Json] = []
    for item in array("leftJoin", left):
        record = object_("leftJoin", item)
        name = read_left(record)
        found = [] if name is None else matches.get(identity(name), [])
        joined += [{**match, **record} for match in found or [{}]]
    return joined


def _columns(rows: Json, names: Json) -> Json:
    records = array("columns", rows)
    return [column("columns", name, records, 1) for name in array("columns", names, 1)]


def _sort_by(items: Json, key: Key, order: Json = "asc") -> Json:
    if order not in ("asc", "desc"):
        raise Failure("HR214", "`sortBy` takes 'asc' or 'desc'", 2)
    keys = key if isinstance(key, list) else [key]
    result = list(array("sortBy", items))
    for one in reversed(keys):  # stable, so the least key first
        read = key_of("sortBy", one, 1)
        pairs = [(read(item), item) for item in result]
        filled = [pair for pair in pairs if pair[0] is not None]
        _check_sortable([name for name, _ in filled])
        filled.sort(key=_first, reverse=order == "desc")
        result = [item for _, item in filled] + [item for name, item in pairs if name is None]
    return result


def _first(pair: tuple[Json, Json]) -> Any:  # noqa: ANN401 - text or numbers, which `_check_sortable` has told apart
    return pair[0]


def _check_sortable(names: list[Json]) -> None:
    kinds = {
        "text" if isinstance(name, str) else "number" for name in names if isinstance(name, str | int | float)
    }
    if len(kinds) > 1:
        raise Failure("HR224", "`sortBy` cannot compare text with numbers; convert one of them", 0)
    for name in names:
        if isinstance(name, list | dict):
            raise wrong("sortBy", "keys that are text or numbers", name)


TABLE: tuple[Function, ...] = (
    function(
        "indexBy(array, key)", "array, text → object",
        _index_by, "An object of the items by their key; the last of a key wins.",
        "indexBy([{id: 1, a: 'x'}], 'id') → {\"1\": {\"id\": 1, \"a\": \"x\"}}",
        "indexBy(['a', 'bb'], x => x.length) → {\"1\": \"a\", \"2\": \"bb\"}",
        callbacks=_KEY, result=indexed,
    ),
    function(
        "countBy(array, key)", "array, text → object", _count_by, "How many items there are of each key.",
        "countBy([{s: 'a'}, {s: 'b'}, {s: 'a'}], 's') → {\"a\": 2, \"b\": 1}",
        "countBy([1, 2, 3], x => x % 2) → {\"1\": 2, \"0\": 1}",
        callbacks=_KEY, result=counted,
    ),
    function(
        "groupBy(array, key)", "array, text → object",
        _group_by, "An object of arrays: the items of each key.",
        "groupBy([{s: 'a'}, {s: 'b'}], 's') → {\"a\": [{\"s\": \"a\"}], \"b\": [{\"s\": \"b\"}]}",
        "groupBy([1, 2, 3], x => x > 1) → {\"false\": [1], \"true\": [2, 3]}",
        callbacks=_KEY, result=grouped,
    ),
    function(
        "uniqueBy(array, key)", "array, text → array", _unique_by,
        "One item of each key: the last, at the place of the first.",
        "uniqueBy([{id: 1}, {id: 2}, {id: 1, v: 3}], 'id') → [{\"id\": 1, \"v\": 3}, {\"id\": 2}]",
        "uniqueBy([1, '1', 1], x => x) → [1, \"1\"]",
        callbacks=_KEY, result=keyed,
    ),
    function(
        "diffBy(old, new, key)", "array, array, text → object", _diff_by,
        "What changed between two arrays: `removed` holds old items, `added`, `changed` and `same` new ones.",
        "diffBy([{id: 1}, {id: 2}], [{id: 2, v: 3}], 'id').changed → [{\"id\": 2, \"v\": 3}]",
        "diffBy([1], [1], x => x) → {\"added\": [], \"removed\": [], \"changed\": [], \"same\": [1]}",
        callbacks={2: Callback(1, or_value=True)}, result=diffed,
    ),
    function(
        "leftJoin(left, right, key, rightKey?)", "array, array, text, text? → array", _left_join,
        "Each left record with the members of the right records of the same key; its own members win.",
        "leftJoin([{id: 1}, {id: 2}], [{id: 1, n: 'a'}], 'id') → [{\"id\": 1, \"n\": \"a\"}, {\"id\": 2}]",
        "leftJoin([{u: 1}], [{id: 1}], 'u', 'id') → [{\"id\": 1, \"u\": 1}]",
        callbacks={2: Callback(1, or_value=True), 3: Callback(1, optional=True, or_value=True)},
        result=joined,
    ),
    function(
        "columns(rows, names)", "array, array → array",
        _columns, "One array for each name, as SQL's `unnest` takes them.",
        "columns([{id: 1, e: 'a'}, {id: 2}], ['id', 'e']) → [[1, 2], [\"a\", null]]",
        "columns([], ['id']) → [[]]", result=columns,
    ),
    function(
        "sortBy(array, key, order?)", "array, text|array, text → array", _sort_by,
        "The items by a key or an array of keys, 'asc' or 'desc'; nulls last, equal ones in their order.",
        "sortBy([{n: 2}, {n: null}, {n: 1}], 'n') → [{\"n\": 1}, {\"n\": 2}, {\"n\": null}]",
        "sortBy(['b', 'a'], x => x, 'desc') → [\"b\", \"a\"]", "sortBy([1, 'a'], x => x) → HR224",
        callbacks=_KEY, result=keyed,
    ),
)  # fmt: skip
