"""Results of guards, conversions and formats; see `result`."""

from headrace.expr.failure import Failure
from headrace.expr.functions.member import Step, parse_path
from headrace.expr.functions.result.member import at_path
from headrace.expr.shape import (
    ANY,
    NOTHING,
    Member,
    ObjectShape,
    Shape,
    array_of,
    holding,
    join,
    members_of,
    object_of,
    of,
    overlay,
)
from headrace.expr.signature import Given

__all__ = [
    "coalesced",
    "got",
    "groups",
    "matches",
    "never",
    "number_or_fallback",
    "parts",
    "read_csv",
    "replaced",
    "set_member",
    "url_parts",
]

_NUMBER = of("number")
_TEXT = of("text")


def parts(given: Given) -> Shape:
    """The parts of a text; a regular expression's groups are among them, which may be null."""
    is_pattern = len(given.shapes) > 1 and given.shapes[1].is_nothing
    return array_of(_TEXT.or_null() if is_pattern else _TEXT)


def groups(given: Given) -> Shape:
    """A match and its groups, which may be null."""
    return array_of(_TEXT.or_null()).or_null()


def matches(given: Given) -> Shape:
    """Every match and its groups, which may be null."""
    return array_of(array_of(_TEXT.or_null()))


def replaced(given: Given) -> Shape:
    """A text, for which a callback may get matches."""
    given.call(2, _TEXT, *[ANY] * 11)
    return _TEXT


def coalesced(given: Given) -> Shape:
    """The first argument that is not null."""
    found = NOTHING
    for shape in given.shapes:
        found = join(found, shape.without("null"))
        if not shape.may_be("null"):
            return found
    return found.or_null()


def never(given: Given) -> Shape:
    """Nothing: it always fails."""
    return NOTHING


def got(given: Given) -> Shape:
    """`get`: the member at a path, or a default where it is missing or null."""
    path = given.names(1)
    if path is None or len(path) != 1:
        return ANY
    try:
        found = at_path(given.shapes[0], parse_path("get", path[0]))
    except Failure:
        return NOTHING
    if len(given.shapes) < 3 or not found.may_be("null"):
        return found
    return join(found.without("null"), given.shapes[2])


def set_member(given: Given) -> Shape:
    """`set`: a copy of an object with one member set."""
    path, shape = given.names(1), given.shapes[0]
    if path is None or len(path) != 1:
        return ANY
    try:
        steps = parse_path("set", path[0])
    except Failure:
        return NOTHING
    return _with(shape, steps, given.shapes[2])


def _with(shape: Shape, steps: tuple[Step, ...], new: Shape) -> Shape:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if isinstance(step, int) and not (shape.may_be("object") and not shape.may_be("array", "null")):
        return ANY
    held = shape.only("object")
    if shape.may_be("null"):  # what is missing is made
        held = join(held, object_of())
    below = at_path(shape.only("object", "null"), (step,))
    member = ObjectShape({str(step): Member(_with(below, rest, new))})
    return holding(overlay(members_of(held), member))


def number_or_fallback(given: Given) -> Shape:
    """A number, or what stands for one that cannot be read."""
    return join(_NUMBER, given.shapes[1]) if len(given.shapes) > 1 else _NUMBER


def read_csv(given: Given) -> Shape:
    """One object a line."""
    return array_of(object_of(rest=_TEXT.or_null()))


def url_parts(given: Given) -> Shape:
    """The parts of a URL."""
    text, maybe = _TEXT, _TEXT.or_null()
    members = {
        "scheme": text, "username": maybe, "password": maybe, "host": maybe, "port": of("number", "null"),
        "path": text, "query": object_of(rest=join(text, array_of(text))), "fragment": text,
    }  # fmt: skip
    return object_of(members, origins=given.origins)
