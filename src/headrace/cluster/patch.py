"""What differs between two objects. Pure."""

from typing import Any

from headrace.expr.text import strict_equal
from headrace.values import Json

__all__ = ["covers", "merge_patch"]


def merge_patch(before: dict[str, Json], after: dict[str, Json]) -> dict[str, Json]:
    """The smallest JSON Merge Patch (RFC 7386) that makes the one of the other; empty if they are equal."""
    patch: dict[str, Json] = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := merge_patch(old, value):
                patch[key] = inner
        elif key not in before or not strict_equal(old, value):
            patch[key] = value
    return patch


def covers(found: Any, wanted: Any) -> bool:  # noqa: ANN401 - any part of an object
    """Whether an object has all that is wanted, whatever it has besides.

    Lists are compared item by item: the server adds members to items, but no items to lists of ours.
    """
    if found is None:
        return wanted in ({}, [], "", None)  # the server stores no empty values; what is false or 0 it does
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(covers(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(covers, found, wanted))
    return strict_equal(found, wanted)
