"""Which items a failed evaluation was at: `$.orders[3]`, and in it `order.lines[0]`.

Told from the frames of the callbacks, so it costs nothing while nothing fails.
"""

from collections.abc import Iterable, Sequence
from types import FrameType

import msgspec

from headrace.expr.nodes import Call, MethodCall, Node, path_of, unwrap, walk
from headrace.expr.parsed import ParsedExpression
from headrace.values import Json

__all__ = ["items_at_work"]

_FOLDS = frozenset({"reduce", "reduceRight"})
_COMPARATORS = frozenset({"sort", "toSorted"})
_TEXTS = frozenset({"replace", "replaceAll"})
_IDS = ("id", "_id", "uuid")
_LONGEST_ID = 40
_MOST = 3


class _Item(msgspec.Struct, frozen=True):
    """An item of an array, and where it stands, if that is known."""

    value: Json
    index: int | None


def items_at_work(callbacks: Iterable[tuple[ParsedExpression, Node, FrameType]]) -> str:
    """The end of a message: ` (in `$.users[3]`, id 17)`; empty outside of callbacks.

    Args:
        callbacks: those that were at work, the outermost first: the loop or the arrow, and its frame.
    """
    places = [place for found in callbacks if (place := _place(*found))]
    return f" (in {', then in '.join(places[:_MOST])})" if places else ""


def _place(expression: ParsedExpression, node: Node, frame: FrameType) -> str:
    call = node if isinstance(node, MethodCall) else _caller(expression.node, node)
    if call is None or call.name in _TEXTS:
        return ""
    items = _looped(frame) if call is node else _given(call, frame)
    array = call.target if isinstance(call, MethodCall) else _array(call)
    source = ""
    if array is not None and path_of(array):
        source = " ".join(expression.text.value[array.start : array.end].split())
    return " and ".join(filter(None, (_shown(item, source) for item in items)))


def _array(call: Call) -> Node | None:
    """The array that a function goes through."""
    return unwrap(call.arguments[0]) if call.arguments else None


def _caller(root: Node, argument: Node) -> Call | MethodCall | None:
    """The call that the arrow is an argument of."""
    return next(
        (
            node
            for node in walk(root)
            if isinstance(node, Call | MethodCall) and any(item is argument for item in node.arguments)
        ),
        None,
    )


def _looped(frame: FrameType) -> list[_Item]:
    """The item that Python's own loop over an array, numbered or not, is at."""
    iterator = frame.f_locals[".0"]
    if isinstance(iterator, enumerate):
        iterator = iterator.__reduce__()[1][0]  # what pickle would keep: the array, and the next position
    (array,), following = iterator.__reduce__()[1:]
    return [_Item(array[following - 1], following - 1)]


def _given(call: Call | MethodCall, frame: FrameType) -> list[_Item]:
    """The items among the arguments that a callback got."""
    code = frame.f_code
    given: Sequence[Json] = [frame.f_locals[name] for name in code.co_varnames[: code.co_argcount]]
    if call.name in _FOLDS:
        given = given[1:]
    if call.name in _COMPARATORS:
        return [_Item(value, None) for value in given]
    index = given[1] if len(given) > 1 else None
    return [_Item(given[0], index if isinstance(index, int) else None)]


def _shown(item: _Item, source: str) -> str:
    """`$.users[3]`, id 17; without anything to find it by, nothing."""
    place = "" if item.index is None else f"`{source}[{item.index}]`" if source else f"item [{item.index}]"
    name = _name(item.value)
    return f"{place}, {name}" if place and name else place or (f"the item with {name}" if name else "")


def _name(value: Json) -> str:
    """What a record is known by: an id tells no secret, as other members might."""
    if not isinstance(value, dict):
        return ""
    for key in _IDS:
        found = value.get(key)
        if type(found) is int or (isinstance(found, str) and 0 < len(found) <= _LONGEST_ID):
            return f"{key} {found}"
    return ""
