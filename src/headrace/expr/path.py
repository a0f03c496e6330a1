"""JSONPath (RFC 9535): what a path with many matches gives.

Steps are turned into functions over the list of values that the steps before have found; filters into
functions of the current value. `@` is the current value and `$` the message.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial

from headrace.expr.condition import no_condition, no_nodes, no_operand
from headrace.expr.environment import Environment
from headrace.expr.failure import Failure
from headrace.expr.nodes import (
    Binary,
    Call,
    Child,
    Descendant,
    Each,
    Expression,
    Filter,
    Group,
    Index,
    Literal,
    Member,
    Node,
    Query,
    Root,
    Slice,
    Step,
    Unary,
    Union,
    index_key,
)
from headrace.expr.regex import COMPILE, HEAVY, Pattern, compile_pattern
from headrace.expr.support import measure
from headrace.expr.text import strict_equal
from headrace.values import Json

__all__ = ["Path", "compile_path", "run_path"]

Select = Callable[[Json, Json, Environment], list[Json]]  # value, message, environment -> matches
Path = tuple[Select, ...]
Nodes = Callable[[Json, Json, Environment], list[Json]]  # current, message, environment -> matches
Condition = Callable[[Json, Json, Environment], bool]
NOTHING: object = object()
# A dot outside of classes, or what hides one: a class that is never closed as well, or each would be sought.
_DOT = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]?|\.", re.DOTALL)
Operand = Callable[[Json, Json, Environment], object]  # a JSON value or NOTHING
_LONG = 255  # characters of a text; comparing shorter ones costs no step


def compile_path(steps: tuple[Step, ...]) -> Path:
    """Make the steps ready to run.

    Raises:
        Problem: a filter is none of RFC 9535.
    """
    return tuple(map(_select, steps))


def run_path(environment: Environment, path: Path, value: Json, message: Json) -> list[Json]:
    """All matches of a path below a value, in order; none below null."""
    found = [value]
    for select in path:
        environment.spend(len(found))
        found = [match for item in found for match in select(item, message, environment)]
    environment.spend(len(found))
    return found


# ---- selectors


def _select(step: Step) -> Select:
    match step:
        case Child(key=key):
            return partial(_child, key)
        case Each():
            return _each
        case Slice():
            return partial(_slice, step)
        case Filter(condition=condition):
            return partial(_filter, _condition(condition))
        case Union(selectors=selectors):
            return partial(_union, tuple(map(_select, selectors)))
        case Descendant(selector=selector):
            return partial(_descendant, _select(selector))


def _child(key: str | int, value: Json, _message: Json, _environment: Environment) -> list[Json]:
    if isinstance(key, str):
        return [value[key]] if isinstance(value, dict) and key in value else []
    if isinstance(value, list) and -len(value) <= key < len(value):
        return [value[key]]
    return []


def _each(value: Json, _message: Json, environment: Environment) -> list[Json]:
    if isinstance(value, dict):
        environment.spend(len(value))
        return list(value.values())
    if isinstance(value, list):
        environment.spend(len(value) >> 2)
        return value
    return []


def _slice(step: Slice, value: Json, _message: Json, environment: Environment) -> list[Json]:
    """RFC 9535, section 2.3.4.2.2; a step of 0 selects nothing."""
    if not isinstance(value, list) or step.step == 0:
        return []
    environment.spend(len(value) >> 2)
    return value[step.first : step.last : step.step]


def _filter(condition: Condition, value: Json, message: Json, environment: Environment) -> list[Json]:
    items = _each(value, message, environment)
    environment.spend(len(items))
    return [item for item in items if condition(item, message, environment)]


def _union(selectors: tuple[Select, ...], value: Json, message: Json, environment: Environment) -> list[Json]:
    environment.spend(len(selectors))
    return [match for select in selectors for match in select(value, message, environment)]


def _descendant(select: Select, value: Json, message: Json, environment: Environment) -> list[Json]:
    """Matches in the value itself, then in all below it, each before those below it."""
    found: list[Json] = []
    pending = [value]
    while pending:
        current = pending.pop()
        environment.spend(1)
        found += select(current, message, environment)
        if isinstance(current, list):
            pending.extend(reversed(current))
        elif isinstance(current, dict):
            pending.extend(reversed(current.values()))
    return found


# ---- filters


def _condition(node: Expression) -> Condition:
    match node:
        case Group(inner=inner):
            return _condition(inner)
        case Unary(operator="!", operand=operand):
            inside = _condition(operand)
            return lambda current, message, environment: not inside(current, message, environment)
        case Binary(operator="&&", left=left, right=right):
            first, second = _condition(left), _condition(right)
            return lambda *given: first(*given) and second(*given)
        case Binary(operator="||", left=left, right=right):
            first, second = _condition(left), _condition(right)
            return lambda *given: first(*given) or second(*given)
        case Binary(operator=operator, left=left, right=right) if operator in _COMPARISONS:
            return partial(_compare, _COMPARISONS[operator], _operand(left), _operand(right))
        case Call(name="match" | "search" as name, arguments=[subject, pattern]):
            return partial(_matches, name == "match", _operand(subject), _operand(pattern))
        case Root() | Member() | Index() | Query():
            nodes = _nodes(node)
            return lambda *given: bool(nodes(*given))
        case _:
            pass
    raise no_condition(node)


def _compare(
    relation: Callable[[object, object], bool], left: Operand, right: Operand,
    current: Json, message: Json, environment: Environment,
) -> bool:  # fmt: skip
    first, second = left(current, message, environment), right(current, message, environment)
    if isinstance(first, list | dict) and isinstance(second, list | dict) and len(first) == len(second):
        measure(environment, first)
    return relation(first, second)


def _equal(left: object, right: object) -> bool:
    if left is NOTHING or right is NOTHING:
        return left is right
    return strict_equal(left, right)  # type: ignore[arg-type]  # both are JSON: neither is NOTHING


def _less(left: object, right: object) -> bool:
    """Only two numbers or two texts have an order; all else compares as false."""
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left < right
    return False


_COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _less,
    ">": lambda left, right: _less(right, left),
    "<=": lambda left, right: _less(left, right) or _equal(left, right),
    ">=": lambda left, right: _less(right, left) or _equal(left, right),
}


def _operand(node: Node) -> Operand:
    """One side of a comparison: a literal, a path with at most one match, `length count value`."""
    match node:
        case Literal(value=value):
            return lambda *_given: value
        case Unary(operator="-", operand=Literal(value=int() | float() as number)) if number is not True:
            return lambda *_given: -number
        case Root() | Member() | Index():
            return partial(_only, _nodes(node))
        case Call(name="length", arguments=[argument]):
            return partial(_length, _operand(argument))
        case Call(name="count", arguments=[argument]):
            counted = _nodes(argument, "count")
            return lambda *given: len(counted(*given))
        case Call(name="value", arguments=[argument]):
            return partial(_only, _nodes(argument, "value"))
        case _:
            pass
    raise no_operand(node)


def _only(nodes: Nodes, current: Json, message: Json, environment: Environment) -> object:
    found = nodes(current, message, environment)
    return found[0] if len(found) == 1 else NOTHING


def _length(operand: Operand, current: Json, message: Json, environment: Environment) -> object:
    value = operand(current, message, environment)
    return len(value) if isinstance(value, str | list | dict) else NOTHING


def _matches(
    whole: bool, subject: Operand, pattern: Operand, current: Json, message: Json, environment: Environment
) -> bool:
    text, regex = subject(current, message, environment), pattern(current, message, environment)
    if not isinstance(text, str) or not isinstance(regex, str):
        return False
    environment.spend(len(text) >> 4)
    made = _pattern.cache_info().misses
    try:
        found = _pattern(regex, whole=whole)
    except Failure:
        environment.spend(100 + 5 * len(regex))
        return False  # RFC 9535, section 2.4.6: what is no pattern matches nothing
    if _pattern.cache_info().misses != made:
        environment.spend(COMPILE + 3 * found.size)
    return (found.counting(environment.spend) if found.size > HEAVY else found).matches(text)


@lru_cache(maxsize=512)
def _pattern(source: str, *, whole: bool) -> Pattern:
    """RFC 9485, section 5.3: a dot is all but CR and LF; a whole match is anchored."""
    source = _DOT.sub(lambda found: r"[^\n\r]" if found[0] == "." else found[0], source)
    pattern = compile_pattern(source, "u")  # first alone: `a)|(b` is no pattern, whatever stands around it
    return compile_pattern(f"^(?:{source})$", "u") if whole else pattern


def _nodes(node: Node, function: str = "") -> Nodes:
    """The matches of a path that starts at `@` or `$`, given the function that takes them."""
    steps: list[Step] = []
    while not isinstance(node, Root):
        match node:
            case Query(target=target):
                steps[:0] = node.steps
            case Member(target=target, name=name):
                steps.insert(0, Child(node.start, node.end, name))
            case Index(target=target, index=index) if (key := index_key(index)) is not None:
                steps.insert(0, Child(node.start, node.end, key))
            case _:
                raise no_nodes(node, function)
        node = target
    if node.name not in {"@", "$"}:
        raise no_nodes(node, function)
    path, is_current = compile_path(tuple(steps)), node.name == "@"
    return lambda current, message, environment: run_path(
        environment, path, current if is_current else message, message
    )
