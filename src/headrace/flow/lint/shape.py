"""Expressions that read what cannot be there (HR136), or do what a kind of value cannot (HR143)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from headrace.errors import Finding, Severity
from headrace.expr.inference import Doubt
from headrace.expr.shape import ObjectShape, Shape
from headrace.expr.suggestion import did_you_mean, listed
from headrace.flow.field import Reader
from headrace.flow.lint.view import View
from headrace.flow.shape import Maker, Shapes, Strayed, edge_name, strayed
from headrace.source import Span

__all__ = ["absent_finding", "check_shapes"]

_SAY_MORE = frozenset({"HR128", "HR137"})
"""Rules that know better what is wrong with a read."""

_MOST_MAKERS = 2
_DEEPEST = 3


def check_shapes(view: View, reader: Reader) -> None:
    """HR136 and HR143, for all messages that come to an expression, or for all that come over one edge."""
    sure, likely = view.sure_shapes, view.likely_shapes
    told = _Told(reader)
    for doubt in _doubts(sure):
        told.add(_finding(doubt, sure), is_error=doubt.fails and doubt.certain)
    for way in strayed(sure):
        for doubt in way.doubts:
            told.add(_over(way, _finding(doubt, sure), view), is_error=True)
    if likely is not sure:
        for doubt in _doubts(likely):
            told.add(_finding(doubt, likely), is_error=False)


def _doubts(shapes: Shapes) -> Iterator[Doubt]:
    for doubts in shapes.doubts.values():
        yield from doubts
    for path, doubts in shapes.checked():
        # Of settings that are evaluated for each message, those after the first may never be: rules of a
        # router are tried in order.
        is_first = all(key == 0 for key in path if isinstance(key, int))
        yield from (doubt if is_first else replace(doubt, certain=False) for doubt in doubts)


class _Told:
    """What is told, once for each place, and not where an error or a better rule has spoken."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._spans = {_key(finding.span) for finding in reader.findings if _speaks(finding)}
        self._others = [finding.span for finding in reader.findings if _speaks(finding)]

    def add(self, finding: Finding | None, *, is_error: bool) -> None:
        """Tell a finding, if there is one."""
        if finding is None or _key(finding.span) in self._spans:
            return
        if any(_overlap(finding.span, other) for other in self._others):
            return
        self._spans.add(_key(finding.span))
        severity = Severity.ERROR if is_error else Severity.WARNING
        self._reader.findings.append(replace(finding, severity=severity))


def _speaks(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR or finding.code in _SAY_MORE


def _key(span: Span) -> tuple[str, int, int]:
    return span.source.name, span.start, span.end


def _overlap(one: Span, other: Span) -> bool:
    return one.source.name == other.source.name and one.start < other.end and other.start < one.end


# ---- one doubt


def _finding(doubt: Doubt, shapes: Shapes) -> Finding | None:
    if doubt.kind == "type":
        return Finding("HR143", doubt.message, doubt.span)
    if doubt.kind == "absent" and doubt.owner is not None and isinstance(doubt.name, str):
        return absent_finding("HR136", doubt.source, doubt.name, doubt.owner, doubt.span, shapes)
    # Null was written on purpose; that it reaches where it must fail was not.
    return Finding("HR136", doubt.message, doubt.span) if doubt.kind == "absent" or doubt.fails else None


def _over(way: Strayed, finding: Finding | None, view: View) -> Finding | None:
    """A finding that holds for the messages of one edge alone."""
    if finding is None:
        return None
    name = edge_name(way.edge, view.draft.nodes)
    also = (f"so it is with what comes over `{name}`", way.edge.span)
    return replace(finding, also=tuple(dict.fromkeys((*finding.also, also))))


def absent_finding(
    code: str, source: str, name: str, owner: ObjectShape, span: Span, shapes: Shapes
) -> Finding | None:
    """What to say of a member that cannot be there: who dropped it, or what was probably meant.

    Args:
        code: of the finding.
        source: the path as it was written.
        name: the member.
        owner: the object that lacks it.
        span: where it is read.
        shapes: in which it was found.

    Returns:
        None where it is not sure enough to be told.
    """
    hint = did_you_mean(name, owner.members)
    makers = sorted(_makers(owner), key=lambda maker: (maker.span.source.name, maker.span.start))
    seen = [maker for maker in makers if maker.kind in ("sample", "schema")]
    if not owner.certain:
        return _unlike_sample(source, hint, span, seen, code) if seen or hint else None
    shaping = [maker for maker in makers if maker.template is not None]
    dropping = [maker for maker in shaping if _had(shapes, maker, name)]
    if dropping:
        return _dropped(code, source, span, dropping, "drop")
    if not hint and shaping:
        return _dropped(code, source, span, shaping, "do not set")
    if hint:
        also = tuple((f"{_called(maker)} does not set it", maker.span) for maker in shaping[:_MOST_MAKERS])
        return Finding(code, f"`{source}` is never set on this path{hint}", span, also=also)
    names = _and(f"`{maker.name}`" for maker in makers[:_MOST_MAKERS])
    has = f"; {names} has {listed(owner.members)}" if names and owner.members else ""
    return Finding(code, f"`{source}` is never set on this path{has}", span)


def _unlike_sample(source: str, hint: str, span: Span, makers: list[Maker], code: str) -> Finding:
    if not makers:
        return Finding(code, f"`{source}` is not in the trigger's payload{hint}", span)
    maker = makers[0]
    message = f"`{source}` is not in the `{maker.kind}` of `{maker.name}`{hint}"
    return Finding(code, message, span, also=((f"the `{maker.kind}` of `{maker.name}`", maker.span),))


def _dropped(code: str, source: str, span: Span, makers: list[Maker], verb: str) -> Finding:
    first = makers[:_MOST_MAKERS]
    one = {"drop": "drops", "do not set": "does not set"}[verb]
    names = _and(f"{_called(maker)} ({_line(maker.span, span)})" for maker in first)
    told = one if len(first) == 1 else verb
    message = f"`{source}` is never set on this path; {names} {told} it"
    also = tuple((f"{_called(maker)} {one} it", maker.span) for maker in first)
    return Finding(code, message, span, also=also)


def _makers(owner: ObjectShape) -> Iterator[Maker]:
    return (origin for origin in owner.origins if isinstance(origin, Maker))


def _called(maker: Maker) -> str:
    return f"`{maker.name}`" if maker.kind == "edge" else f"the `input` of `{maker.name}`"


def _line(place: Span, near: Span) -> str:
    return f"line {place.line}" if place.source.name == near.source.name else str(place)


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)


def _had(shapes: Shapes, maker: Maker, name: str) -> bool:
    """Whether what entered an edge or a node had a member of that name, wherever it stood."""
    return maker.template is not None and _has(shapes.message(maker.template), name, _DEEPEST)


def _has(shape: Shape, name: str, depth: int) -> bool:
    known = shape.object
    if known is None or not depth:
        return False
    return name in known.members or any(_has(m.shape, name, depth - 1) for m in known.members.values())
