"""Guards: what must be so, what may be missing, and copies with one member set."""

from headrace.expr.argument import count_items, text, wrong
from headrace.expr.entry import function
from headrace.expr.failure import Failure
from headrace.expr.functions.member import MISSING, Step, member, parse_path
from headrace.expr.functions.result.item import same
from headrace.expr.functions.result.value import got, never, set_member
from headrace.expr.signature import Function
from headrace.expr.text import to_text
from headrace.values import Json

__all__ = ["TABLE"]


def _must(value: Json, message: Json = None) -> Json:
    if value is None or value is False:
        said = to_text(message) if message is not None else "{operand} must not be null or false"
        raise Failure("HR229", said, 0)
    return value


def _fail(message: Json) -> Json:
    raise Failure("HR229", to_text(message))


def _steps(name: str, path: Json) -> tuple[Step, ...]:
    return (path,) if type(path) is int else parse_path(name, text(name, path, 1))


def _has(value: Json, path: Json = None) -> Json:
    if path is None:
        return value is not None
    return member(value, _steps("has", path)) is not MISSING


def _get(value: Json, path: Json, default: Json = None) -> Json:
    found = member(value, _steps("get", path))
    return default if found is MISSING or found is None else found  # type: ignore[return-value]  # not MISSING


def _set(value: Json, path: Json, new: Json) -> Json:
    return _with(value, _steps("set", path), new)


def _with(value: Json, steps: tuple[Step, ...], new: Json) -> Json:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if isinstance(step, int) and (value is None or isinstance(value, list)):
        items = list(value or [])
        index = step if step >= 0 else len(items) + step
        if index < 0:
            raise Failure("HR224", "`set` has an index before the start of the array in {operand}", 0)
        count_items("set", index + 1)
        items += [None] * (index + 1 - len(items))
        items[index] = _with(items[index], rest, new)
        return items
    if value is None or isinstance(value, dict):
        held = value or {}
        return {**held, str(step): _with(held.get(str(step)), rest, new)}
    raise wrong("set", f"a path through objects and arrays; at `{step}` the value", value)


TABLE: tuple[Function, ...] = (
    function(
        "must(value, message?)", "scalar|array|object, any → any",
        _must, "The value; where it is null or false, the message fails instead.",
        "must(0, 'no total') → 0", "must(null, 'id is missing') → HR229", "must(1 > 2) → HR229", result=same,
    ),
    function(
        "fail(message)", "any → any", _fail, "Fail with a text of your own.",
        "fail('unknown status') → HR229", "true || fail('never') → true", result=never,
    ),
    function(
        "has(value, path?)", "maybe, number|text? → boolean",
        _has, "Whether there is a member at a path, or, without path, a value.",
        "has({a: {b: null}}, 'a.b') → true", "has({a: [1]}, 'a[1]') → false", "has(null) → false",
    ),
    function(
        "get(value, path, default?)", "maybe, number|text, maybe → any",
        _get, "The member at a path; the default where it is missing or null.",
        "get({a: [{b: 1}]}, 'a[0].b') → 1", "get(null, 'a.b', 'none') → \"none\"", result=got,
    ),
    function(
        "set(value, path, new)", "array|object?, number|text, any → any",
        _set, "A copy with the member at a path set; what is missing is made.",
        "set({a: 1}, 'b.c', 2) → {\"a\": 1, \"b\": {\"c\": 2}}", "set([1, 2], '[0]', 3) → [3, 2]",
        result=set_member,
    ),
)  # fmt: skip
