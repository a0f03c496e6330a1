"""Why a member cannot be there: who dropped it, or what was probably meant."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from headrace.expr.shape import ANY, ObjectShape, Shape
from headrace.expr.suggestion import did_you_mean, listed
from headrace.flow.shape import Maker, Shapes
from headrace.source import Span

__all__ = ["Cause", "cause_of", "drop_of", "overlap", "unlike_sample"]

_MOST_MAKERS = 2
_MOST_CARRIERS = 2
_CARRIERS = {"payload": "", "item": "", "items": "[*]", "bodyJson": "", "rows": "[0]"}
"""Members in which components hand on what came from outside, with how one of an array is read."""
_OF_COMPONENTS = frozenset(
    {
        *("payload", "timestamp", "item", "items", "index", "startIndex", "batchNum", "total", "progress"),
        *("context", "errors", "request", "response", "result"),
    }
)
"""Members that components set themselves: they are looked for in no answer."""
_DEEPEST = 3
"""So deep a member is looked for in what entered an edge, to tell dropped ones from those never set."""


class Cause(msgspec.Struct, frozen=True):
    """The end of a sentence that says what is missing, further places, and where it may be instead."""

    text: str
    also: tuple[tuple[str, Span], ...] = ()
    cure: str = ""


def cause_of(name: str, owner: ObjectShape, near: Span, shapes: Shapes, path: str | None = None) -> Cause:
    """Why an object has no member of a name.

    Args:
        name: the member.
        owner: the object.
        near: where it is read.
        shapes: in which that was found.
        path: how the object is read, `$.errors[0]`; empty for the message of a dotted field; None: unknown.
    """
    if dropped := drop_of(name, owner, near, shapes):
        return dropped
    hint = did_you_mean(name, [other for other in owner.members if other != name])
    makers = _makers(owner)
    shaping = [maker for maker in makers if maker.template is not None]
    if hint:
        also = tuple((f"{_called(maker)} does not set it", maker.span) for maker in shaping[:_MOST_MAKERS])
        return Cause(hint, also)
    cure = _elsewhere(name, owner, path)
    if shaping:
        return replace(_blamed(shaping, ("does not set", "do not set"), near), cure=cure)
    if not owner.members:
        return Cause("")
    if makers and path in ("$", ""):
        return Cause(f"; what comes from `{makers[0].name}` has {listed(owner.members)}", cure=cure)
    who = f"`{path}` has" if path else "there is"
    return Cause(f"; {who} {listed(owner.members)}", cure=cure)


def drop_of(name: str, owner: ObjectShape, near: Span, shapes: Shapes) -> Cause | None:
    """Who built an object without a member of a name, though what came there had one; None if nobody did."""
    dropping = [maker for maker in _makers(owner) if _had(shapes, maker, name)]
    return _blamed(dropping, ("drops", "drop"), near) if dropping else None


def unlike_sample(source: str, name: str, owner: ObjectShape) -> Cause | None:
    """That a member is not where something was only seen; None where that is not worth a word.

    A payload that a request may replace is worth one only where a name is nearly right.
    """
    hint = did_you_mean(name, owner.members)
    for maker in _makers(owner):
        if maker.kind in ("sample", "schema"):
            where = f"the `{maker.kind}` of `{maker.name}`"
            return Cause(f"`{source}` is not in {where}{hint}", ((where, maker.span),))
    return Cause(f"`{source}` is not in the trigger's payload{hint}") if hint else None


def _elsewhere(name: str, owner: ObjectShape, path: str | None) -> str:
    """That a member may be below one in which components hand on what came: an item, an answer, a payload."""
    if path is None or name in _OF_COMPONENTS:
        return ""
    found = [f"`{carrier}.{name}`" for carrier in _carriers(owner, path, _DEEPEST)]
    return f"write {' or '.join(found)} if it is in there" if 0 < len(found) <= _MOST_CARRIERS else ""


def _carriers(owner: ObjectShape, path: str, depth: int) -> Iterator[str]:
    for name, member in owner.members.items():
        inner = f"{path}.{name}".lstrip(".")
        known = member.shape.object
        if name in _CARRIERS and _is_open(member.shape):
            yield inner + ("" if member.shape.may_be("object") else _CARRIERS[name])
        elif known is not None and depth > 1:
            yield from _carriers(known, inner, depth - 1)


def _is_open(shape: Shape) -> bool:
    """Whether objects, or those of an array, may have any member."""
    part = shape if shape.may_be("object") else shape.items
    if part is None:
        return shape.may_be("array")
    return part.may_be("object") and (part.object is None or part.object.rest == ANY)


def overlap(one: Span, other: Span) -> bool:
    """Whether two places have a character in common."""
    return one.source.name == other.source.name and one.start < other.end and other.start < one.end


def _makers(owner: ObjectShape) -> list[Maker]:
    makers = [origin for origin in owner.origins if isinstance(origin, Maker)]
    return sorted(makers, key=lambda maker: (maker.span.source.name, maker.span.start))


def _blamed(makers: list[Maker], verbs: tuple[str, str], near: Span) -> Cause:
    """`; a -> b (line 60) drops it`."""
    first = makers[:_MOST_MAKERS]
    names = " and ".join(f"{_called(maker)} ({_line(maker.span, near)})" for maker in first)
    also = tuple((f"{_called(maker)} {verbs[0]} it", maker.span) for maker in first)
    return Cause(f"; {names} {verbs[len(first) > 1]} it", also)


def _called(maker: Maker) -> str:
    return f"`{maker.name}`" if maker.kind == "edge" else f"the `input` of `{maker.name}`"


def _line(place: Span, near: Span) -> str:
    return f"line {place.line}" if place.source.name == near.source.name else str(place)


def _had(shapes: Shapes, maker: Maker, name: str) -> bool:
    """Whether what entered an edge or a node had a member of that name, wherever it stood."""
    return maker.template is not None and name in _names(shapes.message(maker.template), _DEEPEST)


def _names(shape: Shape, depth: int) -> Iterator[str]:
    known = shape.object
    if known is not None and depth:
        yield from known.members
        for member in known.members.values():
            yield from _names(member.shape, depth - 1)
