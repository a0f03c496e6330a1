"""A value that came from outside -> a short sample that shows all its members, or a JSON Schema."""

from collections.abc import Callable, Iterable

from headrace.values import Json

__all__ = ["sample_of", "schema_of"]

_MOST_ITEMS = 2
_LONGEST_TEXT = 60
_LARGEST_INTEGER = 2**63 - 1
"""Beyond it readers of YAML round."""

_MOST_NAMES = 100
"""An object with more members is a table by key, whose keys are data."""


def sample_of(value: Json, mask: Callable[[str], str]) -> Json:
    """The value with two items of each array, which have all members that any has, and texts cut short.

    Args:
        value: what came.
        mask: takes the values of secrets out of a text.
    """
    match value:
        case str():
            text = mask(value)
            return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
        case dict():
            names = list(value)[:_MOST_NAMES]
            return {mask(name): sample_of(value[name], mask) for name in names}
        case list():
            return [sample_of(item, mask) for item in _told(value)]
        case int() if abs(value) > _LARGEST_INTEGER:
            return _LARGEST_INTEGER
        case _:
            return value


def _told(items: list[Json]) -> list[Json]:
    """The first item, and one that has what the others have besides."""
    covering: Json = None
    for item in items:
        covering = _covering(covering, item)
    first = items[:1]
    second = [covering] if first and covering != first[0] else items[1:_MOST_ITEMS]
    return [*first, *second]


def _covering(known: Json, other: Json) -> Json:
    """A value with the members of both; of two values the first that tells something."""
    if isinstance(known, dict) and isinstance(other, dict):
        members = {name: _covering(member, other.get(name)) for name, member in known.items()}
        return {**members, **{name: member for name, member in other.items() if name not in known}}
    if isinstance(known, list) and isinstance(other, list):
        return [*known, *other][:_MOST_NAMES]
    return other if known is None or known == [] else known


# ---- schemas


def schema_of(value: Json) -> dict[str, Json]:
    """A JSON Schema of the value: names and types, and nothing of what it holds."""
    return _schema([value])


def _schema(values: Iterable[Json]) -> dict[str, Json]:
    """A schema of all these values."""
    values = list(values)
    types = list(dict.fromkeys(_type(value) for value in values))
    if "number" in types:
        types = [name for name in types if name != "integer"]
    if not types or types == ["null"]:
        return {}
    schema: dict[str, Json] = {"type": types[0] if len(types) == 1 else [*types]}
    if objects := [value for value in values if isinstance(value, dict)]:
        schema |= _object_schema(objects)
    if arrays := [value for value in values if isinstance(value, list)]:
        items = _schema(item for array in arrays for item in array)
        schema |= {"items": items} if items else {}
    return schema


def _object_schema(objects: list[dict[str, Json]]) -> dict[str, Json]:
    names = dict.fromkeys(name for each in objects for name in each)
    if len(names) > _MOST_NAMES:
        return {"additionalProperties": _schema(member for each in objects for member in each.values())}
    required: list[Json] = [name for name in names if all(name in each for each in objects)]
    properties: dict[str, Json] = {
        name: _schema(each[name] for each in objects if name in each) for name in names
    }
    return {"required": required, "properties": properties} if names else {}


def _type(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
