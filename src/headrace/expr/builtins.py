"""Everything that an expression can call: the tables of functions and methods, joined."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from headrace.expr.functions import (
    array,
    convert,
    format,
    guard,
    hash,
    json,
    math,
    number,
    object,
    record,
    text,
    time,
)
from headrace.expr.methods import array as array_methods
from headrace.expr.methods import number as number_methods
from headrace.expr.methods import sequence as sequence_methods
from headrace.expr.methods import text as text_methods
from headrace.expr.signature import Function, Method

__all__ = ["FUNCTIONS", "METHODS"]

Entry = TypeVar("Entry", Function, Method)


def _joined(*tables: Iterable[Entry]) -> Mapping[str, Entry]:
    """The entries of the tables by name; a name declared twice is a mistake of ours."""
    entries: dict[str, Entry] = {}
    for table in tables:
        for entry in table:
            if entry.name in entries:
                raise ValueError(f"{entry.name} is declared twice")
            entries[entry.name] = entry
    return MappingProxyType(entries)


FUNCTIONS: Mapping[str, Function] = _joined(
    convert.TABLE,
    number.TABLE,
    text.TABLE,
    array.TABLE,
    object.TABLE,
    record.TABLE,
    guard.TABLE,
    time.TABLE,
    format.TABLE,
    hash.TABLE,
    json.TABLE,
    math.TABLE,
)
"""Functions by their name, globals by their dotted name (`Math.round`)."""

METHODS: Mapping[str, Method] = _joined(
    array_methods.TABLE, sequence_methods.TABLE, text_methods.TABLE, number_methods.TABLE
)
"""Methods by their name; the entry knows which types of receiver have it."""
