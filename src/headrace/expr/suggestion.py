"""Names that do not exist, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.failure import Failure
from headrace.values import Json, kind

__all__ = [
    "MUTATORS",
    "argument_count",
    "did_you_mean",
    "has_method",
    "listed",
    "missing_method",
    "nearest",
    "no_method",
]

MUTATORS = {
    "push": "write `[...array, item]`",
    "pop": "write `array.slice(0, -1)`, or `array.at(-1)` for the last item",
    "shift": "write `array.slice(1)`, or `array[0]` for the first item",
    "unshift": "write `[item, ...array]`",
    "splice": "write `[...array.slice(0, i), ...array.slice(j)]`",
    "copyWithin": "write it with `slice` and `concat`",
}
"""JavaScript's methods that change their array (HR213), and what to write instead."""

_FOREIGN = {
    "upper": "`toUpperCase()` or `upper(x)`",
    "lower": "`toLowerCase()` or `lower(x)`",
    "uppercase": "`toUpperCase()` or `upper(x)`",
    "lowercase": "`toLowerCase()` or `lower(x)`",
    "strip": "`trim()`",
    "lstrip": "`trimStart()`",
    "rstrip": "`trimEnd()`",
    "startswith": "`startsWith(…)`",
    "endswith": "`endsWith(…)`",
    "contains": "`includes(…)`",
    "append": "`[...array, item]`",
    "add": "`[...array, item]`",
    "extend": "`concat(…)`",
    "size": "`length`, without parentheses",
    "length": "`length`, without parentheses",
    "len": "`length`, without parentheses",
    "count": "`length`, or `.filter(…).length`",
    "sum": "`sum(array)`",
    "collect": "`map(…)`",
    "select": "`filter(…)`",
    "where": "`filter(…)`",
    "any": "`some(…)`",
    "all": "`every(…)`",
    "first": "`[0]` or `first(array)`",
    "last": "`at(-1)` or `last(array)`",
    "forEach": "`map(…)`",
    "get": "`object[key]` or `get(object, 'a.b')`",
    "hasOwnProperty": "`has(object, 'key')`",
    "items": "`Object.entries(object)`",
    "format": "`formatTime(ns, pattern)`, or a text in backquotes: `${x}`",
    "toInt": "`int(x)`",
    "toNumber": "`Number(x)`",
    "toFloat": "`float(x)`",
    "toISO": "`RFC3339(ns)`",
    "pluck": "`map(x => x.name)`",
    "orderBy": "`sortBy(array, x => x.name)`",
    "order_by": "`sortBy(array, x => x.name)`",
    "isEmpty": "`x.length == 0`",
    "isNull": "`x == null`",
    "isBlank": "`x.trim() == ''`",
    "equals": "`==`",
    "upcase": "`toUpperCase()` or `upper(x)`",
    "downcase": "`toLowerCase()` or `lower(x)`",
    "title": "`split(' ')` and `map(…)`",
    "capitalize": "`charAt(0).toUpperCase() + x.slice(1)`",
    "toJSON": "`JSON.stringify(x)`",
    "toISOString": "`RFC3339(ns)`",
}


_LONGEST = 60
_MOST = 500


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for the nearest known name, or nothing."""
    near = nearest(name, known)
    return f"; did you mean `{near}`?" if near else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that another was probably meant for; may be empty. Long and many are not compared."""
    if len(name) > _LONGEST:
        return ""
    names = [item for item in known if abs(len(item) - len(name)) <= len(name)]
    same = [item for item in names if item.lower() == name.lower()]
    near = same or get_close_matches(name, names[:_MOST], n=1, cutoff=0.7)
    return near[0] if near else ""


_OF_TEXT = frozenset(
    {"upper", "lower", "uppercase", "lowercase", "strip", "lstrip", "rstrip", "startswith", "endswith"}
)
_OF_ARRAY = frozenset(
    {"append", "add", "extend", "sum", "collect", "select", "where", "any", "all", "first", "last", "forEach"}
)


def missing_method(name: str, receiver: str | None) -> str:
    """What is wrong with a method that does not exist; the receiver's type is None where it is unknown."""
    who = receiver or ("text" if name in _OF_TEXT else "array" if name in _OF_ARRAY else "")
    cure = _method_cure(name, receiver)
    return f"{who} has no method `{name}`{cure}" if who else f"there is no method `{name}`{cure}"


def _method_cure(name: str, receiver: str | None = None) -> str:
    """What to write instead of a method that does not exist, as the end of a sentence."""
    if name in _FOREIGN:
        return f"; use {_FOREIGN[name]}"
    if name in FUNCTIONS and FUNCTIONS[name].minimum > 1:
        return f"; use `{name}(x, …)`"
    known = [item for item, method in METHODS.items() if receiver is None or receiver in method.calls]
    if near := did_you_mean(name, known):
        return near
    return f"; use `{name}(x)`" if name in FUNCTIONS else ""


def has_method(name: str, value: Json) -> bool:
    """Whether values of this type have the method."""
    return name in METHODS and kind(value) in METHODS[name].calls


def no_method(name: str, value: Json) -> Failure:
    """Why a method cannot be called on a value."""
    if value is None:
        return Failure("HR221", f"{{operand}} is null, so `.{name}` cannot run", 0)
    return Failure("HR205", missing_method(name, kind(value)), 0)


def argument_count(least: int, most: int | None) -> str:
    """`1 argument`, `2 or 3 arguments`, `at least 1 argument`."""
    plural = "argument" if (least if most is None else most) == 1 else "arguments"
    if most is None:
        return f"at least {least} {plural}"
    if least == most:
        return f"{least or 'no'} {plural}"
    joint = "or" if most == least + 1 else "to"
    return f"{least} {joint} {most} {plural}"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names in backquotes, at most so many of them."""
    items = list(names)
    text = ", ".join(f"`{name}`" for name in items[:most])
    return f"{text} and {len(items) - most} more" if len(items) > most else text
