"""Expressions that read what cannot be there (HR136), or do what a kind of value cannot (HR143)."""

from collections.abc import Iterator

from msgspec.structs import replace

from headrace.errors import Finding
from headrace.expr import Template
from headrace.expr.inference import Doubt
from headrace.expr.shape import ObjectShape
from headrace.flow.draft import DraftEdge
from headrace.flow.field import Reader
from headrace.flow.lint.absence import cause_of, drop_of, unlike_sample
from headrace.flow.lint.gathering import Gathering, names_in
from headrace.flow.lint.view import View
from headrace.flow.shape import Shapes, Strayed, edge_name, strayed

__all__ = ["check_shapes"]


def check_shapes(view: View, reader: Reader) -> None:
    """HR136 and HR143, for all messages that come to an expression, or for all that come over one edge."""
    sure, likely = view.sure_shapes, view.likely_shapes
    gathering = Gathering(reader)
    for doubt, edge in _doubts(sure, view):
        gathering.add(_over(edge, _finding(doubt, sure), view), doubt, is_error=doubt.fails and doubt.certain)
    ways = list(strayed(sure))
    for way in ways:
        for doubt in (*_origins(way), *way.doubts):
            gathering.add(_over(way.edge, _finding(doubt, sure), view), doubt, is_error=doubt.fails)
    for doubt in _forgotten(ways, view):
        gathering.add(_lost_on_return(doubt, sure), doubt, is_error=False)
    if likely is not sure:
        for doubt, edge in _doubts(likely, view):
            gathering.add(_over(edge, _finding(doubt, likely), view), doubt, is_error=False)
    gathering.report()


def _doubts(shapes: Shapes, view: View) -> Iterator[tuple[Doubt, DraftEdge | None]]:
    """All doubts, with the edge for whose messages they hold where other edges share the template."""
    for at, doubts in shapes.doubts.items():
        edge = view.draft.edges[at.key] if isinstance(at.key, int) and doubts else None
        others = [other for other in view.draft.edges if edge and _shaping(other) is _shaping(edge)]
        yield from ((doubt, edge if len(others) > 1 else None) for doubt in doubts)
    for path, doubts in shapes.checked():
        # Of settings that are evaluated for each message, those after the first may never be: rules of a
        # router are tried in order.
        is_first = all(key == 0 for key in path if isinstance(key, int))
        yield from ((doubt if is_first else replace(doubt, certain=False), None) for doubt in doubts)


def _origins(way: Strayed) -> Iterator[Doubt]:
    """The reads from which null came that must fail further on; other reads of one way may give null."""
    fatal = {name for doubt in way.doubts if doubt.kind == "null" for name in names_in(doubt.source)}
    yield from (doubt for doubt in way.reads if doubt.kind == "absent" and doubt.name in fatal)


def _forgotten(ways: list[Strayed], view: View) -> Iterator[Doubt]:
    """The reads of what messages lack that come back in a loop, while those that enter it have it.

    The reverse, what only later rounds have, is how loops begin: a first page has no cursor.
    """
    for way in ways:
        if _closes_loop(way.edge, view):
            others = (other for other in ways if other.port == way.port and other is not way)
            lacking = {doubt.span for other in others for doubt in (*other.reads, *other.doubts)}
            yield from (doubt for doubt in way.reads if doubt.kind == "absent" and doubt.span not in lacking)


def _closes_loop(edge: DraftEdge, view: View) -> bool:
    source, target = edge.source, edge.target
    if source is None or target is None or edge.index not in view.draft.boundary:
        return False
    ends = {(source.node, "out", source.port), (target.node, "in", target.port)}
    return any(ends <= loop for loop in view.graph.loops)


def _shaping(edge: DraftEdge) -> Template | None:
    return edge.data or edge.add


# ---- one doubt


def _finding(doubt: Doubt, shapes: Shapes) -> Finding | None:
    if doubt.kind == "type":
        return Finding("HR143", doubt.message, doubt.span)
    if doubt.kind == "absent" and doubt.owner is not None and isinstance(doubt.name, str):
        return _absent(doubt, doubt.name, doubt.owner, shapes)
    # Null was written on purpose; that it reaches where it must fail was not.
    return Finding("HR136", doubt.message, doubt.span) if doubt.kind == "absent" or doubt.fails else None


def _absent(doubt: Doubt, name: str, owner: ObjectShape, shapes: Shapes) -> Finding | None:
    if not owner.certain:
        unlike = unlike_sample(doubt.source, name, owner)
        return None if unlike is None else Finding("HR136", unlike.text, doubt.span, also=unlike.also)
    if name in owner.members:
        return Finding("HR136", doubt.message, doubt.span)
    ends = doubt.source.endswith(f".{name}")
    path = doubt.source.removesuffix(f".{name}").removesuffix("?") if ends else None
    cause = cause_of(name, owner, doubt.span, shapes, path)
    message = f"`{doubt.source}` is never set on this path{cause.text}"
    return Finding("HR136", message, doubt.span, cure=cause.cure, also=cause.also)


def _lost_on_return(doubt: Doubt, shapes: Shapes) -> Finding | None:
    """A finding where somebody on the way back dropped what had come there."""
    if doubt.owner is None or not doubt.owner.certain or not isinstance(doubt.name, str):
        return None
    dropped = drop_of(doubt.name, doubt.owner, doubt.span, shapes)
    if dropped is None:
        return None
    message = f"`{doubt.source}` is null from the second round on{dropped.text}"
    return Finding("HR136", message, doubt.span, also=dropped.also)


def _over(edge: DraftEdge | None, finding: Finding | None, view: View) -> Finding | None:
    """A finding that holds for the messages of one edge alone."""
    if finding is None or edge is None:
        return finding
    if any(span == edge.span for _, span in finding.also):
        return finding
    name = edge_name(edge, view.draft.nodes)
    also = (f"so it is with what comes over `{name}`", edge.span)
    return replace(finding, also=(*finding.also, also))
