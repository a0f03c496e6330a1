"""The words in which a component says what its outputs send: the part of `expr.shape` that is promised."""

from headrace.expr.shape import (
    ANY,
    NOTHING,
    NULL,
    Member,
    Shape,
    admits,
    array_of,
    items_of,
    join,
    join_all,
    object_of,
    of,
)

__all__ = [
    "ANY",
    "NOTHING",
    "NULL",
    "Member",
    "Shape",
    "admits",
    "array_of",
    "items_of",
    "join",
    "join_all",
    "object_of",
    "of",
]
