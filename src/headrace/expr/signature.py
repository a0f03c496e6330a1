"""How functions and methods of the language are declared.

One entry declares everything: what the checker accepts, what compiled code calls, what the reference
page says, and its examples, which are run as tests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from headrace.values import Json

__all__ = ["Callback", "Example", "Function", "Method", "Receiver"]

Receiver = Literal["text", "number", "boolean", "array", "object", "pattern"]
"""What has methods; a `pattern` is a regular expression literal, known when the expression is compiled."""


@dataclass(frozen=True, slots=True)
class Example:
    """An expression and its value as JSON text, or the code of the error that it gives."""

    expression: str
    value: str
    data: str = "null"


@dataclass(frozen=True, slots=True)
class Callback:
    """A parameter that takes an arrow function or the bare name of a function.

    The implementation gets a Python callable and always calls it with exactly `arguments` positional
    arguments; the compiler pads an arrow that declares fewer, passes null for those it declares beyond,
    and gives a bare function the first one alone.

    Attributes:
        arguments: how many the implementation gives.
        optional: whether the argument may be left out.
        or_value: whether a plain value may stand there instead (`sortBy(rows, 'name')`, `replace(a, b)`);
            the implementation tells them apart by `callable`.
    """

    arguments: int
    optional: bool = False
    or_value: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function `name(…)` or a global `Math.round(…)`.

    Attributes:
        name: as it is written; dotted for globals.
        call: takes the arguments; JSON values in, a JSON value out; raises `Failure`.
        minimum: least number of arguments.
        maximum: greatest number of arguments; None for any.
        summary: one sentence for the reference page.
        examples: at least two.
        callbacks: by position of the argument; the other arguments are values.
        environment: whether `call` takes the `Environment` before its arguments.
        signature: for the reference page, `chunk(array, size)`.
        suggested: whether completion offers it (the platform's own names stay out where JavaScript has one).
    """

    name: str
    call: Callable[..., Json]
    minimum: int
    maximum: int | None
    summary: str
    examples: tuple[Example, ...]
    callbacks: Mapping[int, Callback] = field(default_factory=dict)
    environment: bool = False
    signature: str = ""
    suggested: bool = True


@dataclass(frozen=True, slots=True)
class Method:
    """A method `value.name(…)`.

    Attributes:
        calls: for each type of receiver that has the method, what takes the receiver and the arguments.
            The receiver is never null: the operator that calls methods has seen to it (HR221).
        The rest as in `Function`; positions in `callbacks` do not count the receiver.
    """

    name: str
    calls: Mapping[Receiver, Callable[..., Json]]
    minimum: int
    maximum: int | None
    summary: str
    examples: tuple[Example, ...]
    callbacks: Mapping[int, Callback] = field(default_factory=dict)
    signature: str = ""
