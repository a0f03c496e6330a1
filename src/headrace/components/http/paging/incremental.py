"""Asking only for what has changed: how far records go, and where the next run begins."""

from functools import reduce

from headrace.components.http.paging.settings import Incremental
from headrace.expr.time import looks_like_time, parse_time, time_text
from headrace.sdk import Context, Json, PermanentError, Watermark, higher
from headrace.sdk.watermark import Rank

__all__ = ["begin_at", "highest", "keep", "kept"]


def highest(incremental: Incremental, items: list[Json]) -> Watermark | None:
    """The highest of a page's records; None for a page without records.

    Raises:
        PermanentError: no record has the field, or it is no text or number.
    """
    marks = [
        _mark(incremental.field, value)
        for item in items
        if (value := _member(item, incremental.field)) is not None
    ]
    if items and not marks:
        raise PermanentError(
            f"no record of the page has `{incremental.field}`, the `field` of `incremental`", code="HR334"
        )
    return reduce(higher, marks, None)


def begin_at(incremental: Incremental, mark: Watermark | None) -> Rank | None:
    """What the run asks for, given how far the last one came.

    Raises:
        PermanentError: a lookback from what is no time.
    """
    if mark is None:
        return incremental.start
    rank, value = mark.rank, mark.value
    if not incremental.lookback:
        return value
    if not isinstance(rank, int) or not isinstance(value, str):
        raise PermanentError(
            f"`lookback` goes back in time, and `{incremental.field}` is no time: `{value}`", code="HR334"
        )
    return time_text(rank - round(incremental.lookback * 1e9))


async def kept(context: Context) -> Watermark | None:
    """How far earlier runs came."""
    return Watermark.read(await context.get_state(_key(context)))


async def keep(mark: Watermark, context: Context) -> None:
    """Remember how far this run came, unless another came further."""
    before = await kept(context)
    if before is None or mark.is_above(before):
        context.set_state(_key(context), mark.json)


def _key(context: Context) -> str:
    return f"{context.node}.watermark"


def _member(item: Json, path: str) -> Json:
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _mark(field: str, value: Json) -> Watermark:
    if isinstance(value, str):
        if looks_like_time(value):
            try:
                return Watermark(parse_time(value), value)
            except ValueError:
                pass  # then it is ordered as text
        return Watermark(value, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Watermark(value, value)
    raise PermanentError(f"`{field}` of a record must be a time, a text or a number", code="HR334")
