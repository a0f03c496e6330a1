"""Values without secrets."""

from collections.abc import Callable

from headrace.values import Json, encode_json

__all__ = ["masked_json"]


def masked_json(value: Json, mask: Callable[[str], str]) -> Json:
    """A value without secrets in its texts, names and numbers; the same one if it has none."""
    text = encode_json(value).decode()
    masked = mask(text)
    if masked == text:
        return value
    try:
        return _masked(value, mask)
    except RecursionError:  # nested more deeply than Python goes, though no more than msgspec does
        return masked


def _masked(value: Json, mask: Callable[[str], str]) -> Json:
    """One call for each level, which a comprehension would double."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        items: list[Json] = []
        for item in value:
            items.append(_masked(item, mask))  # noqa: PERF401 - see above
        return items
    if isinstance(value, dict):
        members: dict[str, Json] = {}
        for name, member in value.items():
            members[mask(name)] = _masked(member, mask)
        return members
    if isinstance(value, bool) or value is None:
        return value
    text = encode_json(value).decode()
    masked = mask(text)
    return value if masked == text else masked
