"""JavaScript's `split`, by text and by regular expression (ECMA-262, 22.1.3.23 and 22.2.6.14)."""

from headrace.expr.argument import count_items, integer, textual
from headrace.expr.regex import Pattern, PatternLike
from headrace.values import Json

__all__ = ["split_text"]

_NO_LIMIT = 2**62


def split_text(name: str, value: str, separator: PatternLike, limit: Json) -> list[Json]:
    """The parts of a text, at most `limit` of them; without separator the text alone.

    Raises:
        Failure: HR223, over 1,000,000 parts; HR224, a separator that is no text.
    """
    most = integer(name, limit, 2, -1)
    if most < 0:  # none; JavaScript takes a negative one as very large
        most = _NO_LIMIT
    if most == 0:
        return []
    if separator is None:
        return [value]
    if isinstance(separator, Pattern):
        return _split_by_pattern(name, value, separator)[:most]
    between = textual(name, separator, 1)
    if not between:
        count_items(name, min(most, len(value)))
        return [*value[:most]]
    count_items(name, min(most, value.count(between) + 1))
    return [*value.split(between, most)[:most]]


def _split_by_pattern(name: str, value: str, pattern: Pattern) -> list[Json]:
    if not value:
        return [] if pattern.matches(value) else [value]
    parts: list[Json] = []
    position = 0
    for found in pattern.each(value):
        if found.start >= len(value):
            break
        if found.end == position:  # empty, where the part would begin
            continue
        parts.append(value[position : found.start])
        parts.extend(found.groups[1:])
        count_items(name, len(parts))
        position = found.end
    parts.append(value[position:])
    return parts
