"""All that compiled expressions call, besides functions and methods of the language.

JSON values in, JSON values out; what has no value is a `Failure` that knows which operand is at fault.
Operators: rules D1 to D8 of the language, and ECMA-262, sections 13.5 to 13.15.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from headrace.expr.arithmetic import add, number_of
from headrace.expr.environment import Environment
from headrace.expr.failure import Failure
from headrace.expr.regex import Pattern, PatternLike, compile_counted
from headrace.expr.suggestion import argument_count, has_method, no_method
from headrace.expr.text import equal, strict_equal, to_text
from headrace.expr.work import Rate
from headrace.values import Json, described

__all__ = [
    "absent",
    "add_shared",
    "array_rest",
    "call_deep",
    "call_function",
    "call_method",
    "call_timed",
    "charged",
    "composed",
    "contains",
    "counted",
    "counting",
    "destructure_array",
    "destructure_object",
    "each",
    "element",
    "equal_in_loop",
    "gather",
    "grown",
    "index",
    "key_text",
    "length",
    "measure",
    "member",
    "negate",
    "number",
    "numbered",
    "object_rest",
    "pattern_of",
    "run_of",
    "search_array",
    "shared",
    "spread",
    "spread_arguments",
    "spread_object",
    "strict_equal_in_loop",
    "text_of",
    "typeof",
    "typeof_member",
    "vars_of",
]

_POSITION = re.compile(r"0|[1-9][0-9]{0,17}")  # more digits than any array has items
_SIZED = frozenset({str, list, dict})
_SHORT = 4096
TEXT_LIMIT = 16 * 1024 * 1024
"""Code points in one text, as for the functions and methods that make text."""


# ---- members


def member(value: Json, name: str) -> Json:
    """`value.name`; what has no such member gives null."""
    if type(value) is dict:
        return value.get(name)
    if name == "length" and isinstance(value, str | list):
        return len(value)
    if value is not None and has_method(name, value):
        # JavaScript would give the function, which is no JSON value.
        raise Failure("HR205", f"`.{name}` is a method; call it: `.{name}(…)`")
    return None


def length(value: Json) -> Json:
    """`value.length`."""
    if isinstance(value, str | list):
        return len(value)
    return value.get("length") if isinstance(value, dict) else None


def index(value: Json, key: Json) -> Json:
    """`value[key]`: a position from 0, or the name of a member."""
    if isinstance(key, float) and key.is_integer():
        key = int(key)
    if isinstance(value, list | str) and type(key) is int:
        return value[key] if 0 <= key < len(value) else None
    name = key_text(key, 1)
    if isinstance(value, list | str) and _POSITION.fullmatch(name):
        return index(value, int(name))
    return member(value, name)


def element(value: Json, position: int) -> Json:
    """`value[2]` with a literal; `value[-1]` counts from the end."""
    if isinstance(value, list | str):
        return value[position] if -len(value) <= position < len(value) else None
    return member(value, str(position))


def key_text(key: Json, operand: int | None = 0) -> str:
    """The name of a member that is computed: `value[key]`, `{[key]: 1}`.

    Raises:
        Failure: HR220 for null, HR224 for an array or an object.
    """
    if isinstance(key, str):
        return key
    if key is None:
        raise Failure("HR220", "null cannot be the name of a member", operand)
    if isinstance(key, list | dict):
        raise Failure("HR224", f"{described(key)} cannot be the name of a member", operand)
    return to_text(key)


def typeof(value: Json) -> str:
    """`typeof value` of what is there: null is an `object`."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "object"


def typeof_member(value: Json, key: Json) -> str:
    """`typeof value[key]`: `undefined` where there is no such member (D1)."""
    if isinstance(value, dict):
        name = key_text(key, None)
        return typeof(value[name]) if name in value else "undefined"
    found = element(value, key) if type(key) is int else index(value, key)
    if found is None and not (isinstance(value, list) and type(key) is int and absent(value, key) is False):
        return "undefined"
    return typeof(found)


# ---- arrays and objects


def each(environment: Environment, value: Json, name: str, steps: int) -> list[Json]:
    """The array that `.map` or `.filter` goes through, with so many steps an item.

    Raises:
        Failure: HR221 for null, HR205 for what has no such method, HR223 for too much work.
    """
    if type(value) is list:
        environment.steps -= len(value) * steps + 2
        if environment.steps < 0:
            environment.spend(0)
        return value
    raise no_method(name, value)


def numbered(environment: Environment, value: Json, name: str, steps: int) -> Iterator[tuple[int, Json]]:
    """As `each`, with the position of every item."""
    return enumerate(each(environment, value, name, steps))


def gather(items: Iterable[Json]) -> list[Json]:
    """What a loop gives, as an array."""
    return list(items)


def spread(environment: Environment, value: Json, into: str = "an array") -> Sequence[Json]:
    """What `...value` adds to an array or to arguments: items, or the characters of a text."""
    if isinstance(value, list):
        environment.spend(len(value) if into == "arguments" else len(value) >> 2)
        return value
    if isinstance(value, str):
        environment.spend(len(value))
        return value
    if value is None:
        raise Failure("HR220", f"cannot spread null into {into}", 0)
    raise Failure("HR224", f"only arrays and text can be spread into {into}, not {described(value)}", 0)


def spread_arguments(name: str, least: int, most: int | None, *arguments: Json) -> Sequence[Json]:
    """Arguments some of which were spread, so that only now their number is known.

    Raises:
        Failure: HR207, too few or too many for what is called.
    """
    if len(arguments) < least or (most is not None and len(arguments) > most):
        raise Failure("HR207", f"{name} takes {argument_count(least, most)}, not {len(arguments)}")
    return arguments


def spread_object(environment: Environment, value: Json) -> Mapping[str, Json]:
    """What `...value` adds to an object; null adds nothing (D6)."""
    if isinstance(value, dict):
        environment.spend(len(value))
        return value
    if isinstance(value, list | str):
        environment.spend(len(value))
        return {str(position): item for position, item in enumerate(value)}
    return {}


def destructure_object(value: Json) -> Json:
    """What an object pattern takes apart: anything but null."""
    if value is None:
        raise Failure("HR220", "cannot take null apart", None)
    return value


def destructure_array(environment: Environment, value: Json) -> Json:
    """What an array pattern takes apart: an array, or text by its characters."""
    if value is None:
        raise Failure("HR220", "cannot take null apart", None)
    if not isinstance(value, list | str):
        raise Failure("HR224", f"cannot take {described(value)} apart as an array", None)
    environment.spend(len(value))
    return list(value)


def absent(value: Json, key: str | int) -> bool:
    """Whether a pattern's default applies: only where there is no such member (D1)."""
    if isinstance(key, int):
        return not (isinstance(value, list | str) and -len(value) <= key < len(value))
    if isinstance(value, dict):
        return key not in value
    return not (key == "length" and isinstance(value, list | str))


def object_rest(environment: Environment, value: Json, taken: tuple[str, ...]) -> Json:
    """`...rest` of an object pattern."""
    return {key: item for key, item in spread_object(environment, value).items() if key not in taken}


def array_rest(environment: Environment, value: Json, taken: int) -> Json:
    """`...rest` of an array pattern."""
    return list(spread(environment, value)[taken:])


# ---- text


def text_of(environment: Environment, value: Json) -> str:
    """The to-text rule, with the work of printing arrays and objects accounted for."""
    if isinstance(value, list | dict):
        measure(environment, value)
    elif type(value) is str:
        environment.spend(len(value) >> 5)
    return to_text(value)


def grown(environment: Environment, value: Json) -> Json:
    """What `+` or a template made, accounted for where it is long.

    Raises:
        Failure: HR223, longer than a text may be.
    """
    if type(value) is str:
        if len(value) > TEXT_LIMIT:
            raise Failure("HR223", "the text would be longer than 16 Mi characters")
        environment.spend(len(value) >> 4)
    return value


def add_shared(environment: Environment, left: Json, right: Json) -> Json:
    """`left + right`, where arrays and objects that become text may have parts shared many times."""
    for value in (left, right):
        if isinstance(value, list | dict):
            measure(environment, value)
    return grown(environment, add(left, right))


def shared(environment: Environment, value: Json) -> Json:
    """A value that every round of a loop makes part of its result, which grows as if it were copied."""
    kind = type(value)
    if kind is str:
        environment.spend(len(value) >> 5)  # type: ignore[arg-type]  # it is a text
    elif kind is list or kind is dict:
        measure(environment, value)
    return value


def equal_in_loop(environment: Environment, left: Json, right: Json) -> bool:
    """`==` in a loop, with the work of going through arrays, objects and long texts accounted for."""
    _compared(environment, left, right)
    return equal(left, right)


def strict_equal_in_loop(environment: Environment, left: Json, right: Json) -> bool:
    """`===` in a loop, as `equal_in_loop`."""
    _compared(environment, left, right)
    return strict_equal(left, right)


def _compared(environment: Environment, left: Json, right: Json) -> None:
    kind = type(left)
    if kind in _SIZED and type(right) is kind and len(left) == len(right):  # type: ignore[arg-type]  # sized
        measure(environment, left)


def counting(environment: Environment, pattern: Pattern) -> Pattern:
    """A regular expression whose matches are accounted for."""
    return pattern.counting(environment.spend)


def pattern_of(environment: Environment, source: Json, flags: str) -> PatternLike:
    """A text that is read as a regular expression, with the work of that accounted for."""
    if type(source) is not str:
        return source
    try:
        return compile_counted(source, flags, environment.spend)
    except Failure as failure:
        if failure.code == "HR223":
            raise
        return source  # which only the callee knows to need


def charged(environment: Environment, steps: int) -> None:
    """Account for one call of a callback."""
    environment.steps -= steps
    if environment.steps < 0:
        environment.spend(0)


def measure(environment: Environment, value: Json) -> Json:
    """The value, if going through all of it is not too much work: parts may be shared many times."""
    if isinstance(value, str):
        environment.spend(len(value) >> 8)
    pending: list[Json] = [value] if isinstance(value, list | dict) else []
    while pending:
        current = pending.pop()
        below = current.values() if isinstance(current, dict) else current
        environment.spend(len(below) + 1)  # type: ignore[arg-type]  # only arrays and objects are pending
        for item in below:  # type: ignore[union-attr]  # likewise
            kind = type(item)
            if kind is list or kind is dict:
                pending.append(item)
            elif kind is str and len(item) > 255:  # type: ignore[arg-type]  # it is a text
                environment.spend(len(item) >> 5)  # type: ignore[arg-type]  # it is a text
    return value


# ---- calls


def call_function(environment: Environment, call: Callable[..., Json], rate: Rate, *arguments: Json) -> Json:
    """Call a function whose work or result grows with its arguments.

    Raises:
        Failure: HR223 for too much work, before it is done; what the function raises.
    """
    steps, scan, make = rate
    for argument in arguments:
        kind = type(argument)
        if kind is str:
            steps += scan * (len(argument) >> 4)  # type: ignore[arg-type]  # it is a text
        elif kind is list or kind is dict:
            steps += scan * len(argument)  # type: ignore[arg-type]  # it has a length
    environment.steps -= steps
    if environment.steps < 0:
        environment.spend(0)
    result = call(*arguments)
    if isinstance(result, str | list | dict):
        _made(environment, result, make)
    return result


def _made(environment: Environment, result: str | list[Json] | dict[str, Json], make: int) -> None:
    size = len(result) >> 4 if isinstance(result, str) else len(result)
    environment.steps -= make * size >> 1
    if environment.steps < 0:
        environment.spend(0)


def call_timed(environment: Environment, call: Callable[..., Json], rate: Rate, *arguments: Json) -> Json:
    """As `call_function`, for functions that know the environment."""
    return call_function(environment, partial(call, environment), rate, *arguments)


def counted(environment: Environment, result: Json, steps: int) -> Json:
    """The result of a function that prints its argument, with so many steps for 16 characters."""
    if type(result) is str:
        environment.steps -= (len(result) >> 4) * steps
        if environment.steps < 0:
            environment.spend(0)
    return result


def composed(environment: Environment, text: str, steps: int) -> Json:
    """A JSON text that was put together, as `counted`.

    Raises:
        UnicodeEncodeError: half a surrogate pair is in it, which `stringify` does not print either.
    """
    text.encode()
    return counted(environment, text, steps)


def call_deep(environment: Environment, call: Callable[..., Json], rate: Rate, *arguments: Json) -> Json:
    """Call a function that goes through all of its arguments."""
    for argument in arguments:
        if isinstance(argument, list | dict):
            measure(environment, argument)
    return call_function(environment, call, rate, *arguments)


def contains(environment: Environment, call: Callable[..., Json], rate: Rate, *arguments: Json) -> Json:
    """As `call_deep`, without accounting for a part of a short text."""
    if len(arguments) == 2:
        value, part = arguments
        if type(value) is str and type(part) is str and len(value) < _SHORT:
            return part in value
    return call_deep(environment, call, rate, *arguments)


def call_method(
    environment: Environment,
    calls: Mapping[type, Callable[..., Json]],
    name: str,
    rate: Rate,
    receiver: Json,
    *arguments: Json,
) -> Json:
    """Call a method of the receiver's type.

    Raises:
        Failure: HR221 for null, HR205 where its type has no such method, HR223 for too much work; what
            the method raises.
    """
    call = calls.get(type(receiver))
    if call is None:
        raise no_method(name, receiver)
    steps, scan, make = rate
    if scan and not isinstance(receiver, bool | int | float):
        size = len(receiver)  # type: ignore[arg-type]  # an array or text: it has the method
        steps += scan * (size >> 4 if type(receiver) is str else size)
    environment.steps -= steps
    if environment.steps < 0:
        environment.spend(0)
    result = call(receiver, *arguments)
    if isinstance(result, str | list):
        _made(environment, result, make)
    return result


def search_array(
    environment: Environment,
    calls: Mapping[type, Callable[..., Json]],
    name: str,
    rate: Rate,
    receiver: Json,
    *arguments: Json,
) -> Json:
    """As `call_method`, where arrays and objects among the items are compared with another one."""
    if isinstance(receiver, list) and arguments and isinstance(arguments[0], list | dict):
        before = environment.steps
        measure(environment, arguments[0])
        environment.spend((before - environment.steps) * len(receiver) >> 2)
    return call_method(environment, calls, name, rate, receiver, *arguments)


def vars_of(environment: Environment) -> Json:
    """`$vars`."""
    return environment.vars


def run_of(environment: Environment) -> Json:
    """`$run`."""
    return environment.run


# ---- values as operands


def negate(value: Json) -> Json:
    """`-value`."""
    return -number_of(value, "cannot negate {0}", 0, (value,))


def number(value: Json) -> Json:
    """`+value`: JavaScript's conversion, which may give NaN."""
    return number_of(value, "cannot make a number of {0}", 0, (value,), finite=False)
