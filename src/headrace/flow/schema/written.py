"""Durations, sizes and defaults as a flow file would have them."""

from typing import Any

from pydantic import TypeAdapter

from headrace.sdk import Duration, duration_text
from headrace.sdk.settings import in_units
from headrace.values import Json

__all__ = ["DURATION", "bounds_text", "default_of", "is_duration", "is_size", "size_text"]

DURATION: str = TypeAdapter(Duration).json_schema()["pattern"]
"""Pattern of a duration as text."""

_BYTES = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("B", 1))


def size_text(size_bytes: int) -> str:
    """`64MiB`, `10KiB`; the largest unit that divides it."""
    return in_units(size_bytes, _BYTES)


def is_duration(field: dict[str, Any]) -> bool:
    """Whether a field's JSON Schema is that of `headrace.sdk.Duration`."""
    return field.get("format") == "duration" and "pattern" in field


def is_size(field: dict[str, Any]) -> bool:
    """Whether a field's JSON Schema is that of `headrace.sdk.Size`."""
    return field.get("format") == "size"


def bounds_text(field: dict[str, Any]) -> str:
    """`1 to 65535`, `0 or more`; empty where a field's JSON Schema has no bounds."""
    least, most = field.get("minimum"), field.get("maximum")
    if is_size(field) or (least is None and most is None):
        return ""
    if least is not None and most is not None:
        return f"{least:g} to {most:g}"
    return f"{least:g} or more" if most is None else f"{most:g} or less"


def default_of(field: dict[str, Any]) -> Json:
    """The default in a field's JSON Schema as it would stand in a flow file; None where there is none."""
    value: Json = field.get("default")
    if isinstance(value, int | float) and is_duration(field):
        return duration_text(value)
    if isinstance(value, int) and is_size(field):
        return size_text(value)
    return value
