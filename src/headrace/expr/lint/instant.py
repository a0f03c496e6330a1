"""Times that are counted in another unit: `now()` is nanoseconds, not seconds or milliseconds."""

from headrace.errors import Severity
from headrace.expr.nodes import Binary, Call, Expression, Literal, Member, Root, unwrap
from headrace.expr.problem import Problem

__all__ = ["instant_in_another_unit", "span_in_another_unit"]

_TAKE_NANOSECONDS = frozenset({"RFC3339", "formatTime", "startOf", "addMonths", "unix", "unixMs"})
_SECOND_NS = 10**9
_MINUTE_MS = 60_000
_LEAST = 60
"""Less may well be meant as nanoseconds: the instant after."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def instant_in_another_unit(node: Call) -> Problem | None:
    """A warning (HR232) where a function that takes nanoseconds gets the milliseconds of `Date.now()`."""
    if (
        node.name not in _TAKE_NANOSECONDS
        or not node.arguments
        or not _is_call(node.arguments[0], "Date.now")
    ):
        return None
    argument = node.arguments[0]
    message = f"`Date.now()` is milliseconds, and `{node.name}` takes nanoseconds; write `now()`"
    return _warning(message, argument.start, argument.end)


def span_in_another_unit(node: Binary, value: str) -> Problem | None:
    """A warning (HR232) where `now()` is moved by a number that is meant as seconds or milliseconds.

    Args:
        value: the text that the node was parsed from.
    """
    if node.operator not in "+-":
        return None
    for instant, span in ((node.left, node.right), (node.right, node.left)):
        if _is_call(instant, "Date.now") and _is_call(span, "duration"):
            message = "`Date.now()` is milliseconds, and `duration` gives nanoseconds; write `now()`"
            return _warning(message, instant.start, instant.end)
        if _is_call(instant, "now") and _is_too_small(span):
            number, paths = _factors(span) or (0, ())
            unit = "milliseconds" if number % _MINUTE_MS == 0 else "seconds"
            factors = [*(value[path.start : path.end] for path in paths), f"duration('{_duration(number)}')"]
            message = f"`now()` is nanoseconds, and this counts {unit}; write `{' * '.join(factors)}`"
            return _warning(message, span.start, span.end)
    return None


def _is_call(node: object, name: str) -> bool:
    inner = unwrap(node) if isinstance(node, Expression) else None
    return isinstance(inner, Call) and inner.name == name


def _is_too_small(span: Expression) -> bool:
    """Whether a number of nanoseconds is sure to be meant otherwise.

    Beside a path, only a number of whole minutes tells: `86400 * $vars.days`, but not `5 * $vars.pause`.
    """
    found = _factors(span)
    if found is None:
        return False
    number, paths = found
    return 0 < number < _SECOND_NS and (number % 60 == 0 if paths else number >= _LEAST)


def _factors(span: Expression) -> tuple[int, tuple[Expression, ...]] | None:
    """What is multiplied: the product of the integers, and the paths; None where there is anything else."""
    match unwrap(span):
        case Literal(value=int(number)) if not isinstance(number, bool):
            return number, ()
        case Binary(operator="*", left=left, right=right):
            one, other = _factors(left), _factors(right)
            return None if one is None or other is None else (one[0] * other[0], one[1] + other[1])
        case Member() | Root() as path:
            return 1, (path,)
        case _:
            return None


def _duration(number: int) -> str:
    """Seconds, or milliseconds where that makes whole minutes, as a duration: `7d`."""
    seconds = number // 1000 if number % _MINUTE_MS == 0 else number
    return next(f"{seconds // size}{letter}" for size, letter in _UNITS if seconds % size == 0)


def _warning(message: str, start: int, end: int) -> Problem:
    return Problem("HR232", message, start, end, severity=Severity.WARNING)
