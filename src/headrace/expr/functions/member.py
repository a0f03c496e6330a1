"""Members of values by a path in text, `a.b[0]`, and the keys that records are told apart by."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from headrace.expr.argument import quoted, wrong
from headrace.expr.failure import Failure
from headrace.expr.text import stringify
from headrace.values import Json

__all__ = [
    "MISSING",
    "Key",
    "Step",
    "canonical",
    "column",
    "identities",
    "identity",
    "key_of",
    "member",
    "parse_path",
]

Step = str | int

Key: TypeAlias = "Json | Callable[[Json], Json]"
"""The name or path of a member, or an arrow function."""

MISSING = object()
"""What `member` gives for a member that is absent."""

_PLAIN = frozenset({str, int, float, type(None)})
"""Types whose values are hashable and equal as they are; true is no 1."""

_LONGEST_PATH = 1000

_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]'"]+) | \[(?P<index>-?\d+)\] | \[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]""",
    re.VERBOSE,
)


@lru_cache(maxsize=1024)
def parse_path(name: str, path: str) -> tuple[Step, ...]:
    """The steps of `a.b[0]['c d']`.

    Raises:
        Failure: HR225, no path.
    """
    if len(path) > _LONGEST_PATH:
        raise Failure("HR225", f"`{name}` cannot read a path of more than {_LONGEST_PATH:,} characters", 1)
    steps: list[Step] = []
    position = 0
    while match := _STEP.match(path, position):
        if match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(match["name"] if match["name"] is not None else match["key"])
        position = match.end()
    if not steps or position < len(path):
        cure = "write it as `a.b[0]` or `['a-b'].c`"
        raise Failure("HR225", f"`{name}` cannot read the path {quoted(path)}; {cure}", 1)
    return tuple(steps)


def member(value: Json, steps: tuple[Step, ...]) -> object:
    """The member that the steps lead to, or `MISSING`."""
    for step in steps:
        if isinstance(value, dict) and str(step) in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def key_of(name: str, key: Key, position: int) -> Callable[[Json], Json]:
    """What takes a record to its key: an arrow as it is, or the member that a path names."""
    if callable(key):
        return key
    if not isinstance(key, str):
        raise wrong(name, "the name of a member or an arrow function", key, position)
    path = key
    steps = parse_path(name, path)

    def read(record: Json) -> Json:
        if isinstance(record, dict) and path in record:
            return record[path]
        found = member(record, steps)
        return None if found is MISSING else found  # type: ignore[return-value]  # not MISSING

    return read


def column(name: str, key: Key, records: Sequence[Json], position: int) -> list[Json]:
    """The key of each record, as `key_of` reads it; quick where all have the member."""
    if isinstance(key, str):
        try:
            return [record[key] for record in records]  # type: ignore[index,call-overload]  # TypeError is caught
        except (KeyError, TypeError):
            pass  # some lack it, or it is a path
    read = key_of(name, key, position)
    return [read(record) for record in records]


def identities(values: Sequence[Json]) -> Sequence[object]:
    """`identity` of each; quick where all are plain."""
    return values if _PLAIN.issuperset(map(type, values)) else [identity(value) for value in values]


def identity(value: Json) -> object:
    """Something hashable that is equal for values that are equal by value (D3)."""
    if isinstance(value, list | dict):
        return ("json", stringify(canonical(value)))
    return ("boolean", value) if isinstance(value, bool) else value


def canonical(value: Json) -> Json:
    """The value with the members of its objects in the order of their names."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return value
