"""What reading a member of a shape gives: `support.member`, `element` and `index` over shapes."""

from typing import Literal, NamedTuple, TypeAlias

from headrace.expr.builtins import METHODS
from headrace.expr.shape import ANY, NOTHING, NULL, Kind, ObjectShape, Shape, items_of, join, join_all, of

__all__ = ["Read", "read_computed", "read_element", "read_key", "read_member"]

Lack: TypeAlias = Literal["", "absent", "unset", "null", "method"]

_NUMBER = of("number")
_TEXT = of("text")
_CHARACTER = of("text", "null")


class Read(NamedTuple):
    """What a read gives.

    Attributes:
        shape: of the value.
        lack: why it gives nothing, if it cannot: there can be no such member, or where there is one
            nobody sets it (it is null), what it is read of is always null, or it names a method, which is
            an error.
    """

    shape: Shape
    lack: Lack = ""

    @property
    def is_there(self) -> bool:
        """Whether there can be such a member, be it null."""
        return self.lack in {"", "unset"}


def read_member(target: Shape, name: str) -> Read:
    """`target.name`."""
    kinds = target.kinds
    if not kinds:
        return Read(NOTHING)
    if target.is_null:
        return Read(NULL, "null")
    found, lack = _of_object(target.object, name) if "object" in kinds else (NOTHING, "absent")
    methods = 0
    for kind in kinds:
        if kind == "object":
            continue
        if name == "length" and kind in {"array", "text"}:
            found, lack = join(found, _NUMBER), ""
        elif _has_method(name, kind):
            methods += 1
        else:
            found = found.or_null()
    if methods == len(kinds):
        return Read(NOTHING, "method")
    return Read(found, "" if methods else lack)


def _has_method(name: str, kind: Kind) -> bool:
    method = METHODS.get(name)
    return method is not None and kind in method.calls


def _of_object(known: ObjectShape | None, name: str) -> tuple[Shape, Lack]:
    """What objects give, and why it may be nothing."""
    if known is None:
        return ANY, ""
    member = known.members.get(name)
    if member is not None:
        if known.certain and member.optional and member.shape.is_null:
            return NULL, "unset"
        # What was there in a sample may still be absent.
        optional = member.optional or not known.certain
        return member.shape.or_null() if optional else member.shape, ""
    if known.rest is not None:
        return known.rest.or_null(), ""
    return (NULL if known.certain else ANY), "absent"


def read_element(target: Shape, position: int) -> Read:
    """`target[2]` with a literal."""
    if not target.may_be("array", "text"):
        return read_member(target, str(position))
    others = read_member(target.without("array", "text"), str(position)).shape
    found = join(_CHARACTER, others) if target.may_be("text") else others
    if target.may_be("array"):
        found = join(found, items_of(target).or_null())
    return Read(found)


def read_key(target: Shape, name: str) -> Read:
    """`target['name']` with a literal; digits are a position in arrays and text."""
    if name.isascii() and name.isdigit() and str(int(name)) == name and len(name) < 20:
        return read_element(target, int(name))
    return read_member(target, name)


def read_computed(target: Shape, key: Shape) -> Shape:
    """`target[key]`."""
    found = NULL if target.may_be("null", "boolean", "number") else NOTHING
    if target.may_be("object"):
        known = target.object
        if known is None or not known.certain:
            return ANY
        found = join_all([found, NULL, *(member.shape for member in known.members.values())])
        found = found if known.rest is None else join(found, known.rest)
    if target.may_be("array"):
        found = join(found, items_of(target).or_null())
    if target.may_be("text"):
        found = join(found, _CHARACTER)
    is_length = target.may_be("array", "text") and key.may_be("text")
    return join(found, _NUMBER) if is_length else found
