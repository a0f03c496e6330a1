"""How functions and methods of the language are declared.

One entry declares everything: what the checker accepts, what compiled code calls, what the reference
page says, and its examples, which are run as tests.
"""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeAlias

import msgspec

from headrace.expr.shape import ANY, Kind, Origin, Shape
from headrace.values import Json

__all__ = ["Callback", "Example", "Function", "Given", "Method", "Receiver", "Result", "Takes", "Types"]

Receiver = Literal["text", "number", "boolean", "array", "object", "pattern"]
"""What has methods; a `pattern` is a regular expression literal, known when the expression is compiled."""


class Example(msgspec.Struct, frozen=True):
    """An expression and its value as JSON text, or the code of the error that it gives."""

    expression: str
    value: str
    data: str = "null"


class Callback(msgspec.Struct, frozen=True):
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


class Given(Protocol):
    """What is known of the arguments of one call; position 0 is a method's receiver, if it is one.

    Attributes:
        shapes: of the arguments; of a callback or a regular expression `NOTHING`.
        origins: of the objects that the call builds.
    """

    shapes: list[Shape]
    origins: frozenset[Origin]

    def names(self, position: int) -> tuple[str, ...] | None:
        """The texts that an argument spells out: one, or an array of them; None where it is computed."""
        ...

    def call(self, position: int, *shapes: Shape) -> Shape:
        """What a callback gives for arguments."""
        ...

    def passing(self, position: int, *shapes: Shape) -> Shape:
        """Which of the first arguments a callback accepts as a condition."""
        ...

    def fold(self, position: int, initial: Shape, *shapes: Shape) -> Shape:
        """What a callback makes of an initial value when it gets its own result again and again."""
        ...


Result: TypeAlias = Callable[[Given], Shape]
"""What a call gives where no failure ends it."""


class Takes(msgspec.Struct, frozen=True):
    """What a parameter takes.

    Attributes:
        kinds: what evaluation does not always fail for.
        of_text: what they are where the first argument, or the receiver, is text; None: the same.
        guards: whether the argument is expected to be missing at times.
        is_fallback: whether it makes the first argument one that is expected to be wrong at times.
        takes_pattern: whether it may be a regular expression.
    """

    kinds: frozenset[Kind]
    of_text: frozenset[Kind] | None = None
    guards: bool = False
    is_fallback: bool = False
    takes_pattern: bool = False


class Types(msgspec.Struct, frozen=True):
    """What a function or a method takes and gives, where no failure ends it.

    Attributes:
        takes: the parameters in their order, without a method's receiver.
        rest: any number of further ones.
        gives: the result, whatever the arguments are.
        gives_null: whether null as the first argument gives null, before the others are looked at.
        result: the result from the arguments, where `gives` does not say it all.
        text: as it was declared, `text?, scalar → text?`.
    """

    takes: tuple[Takes, ...] = ()
    rest: Takes | None = None
    gives: Shape = ANY
    gives_null: bool = False
    result: Result | None = None
    text: str = ""

    def parameter(self, position: int) -> Takes | None:
        """What the parameter at a position takes."""
        return self.takes[position] if position < len(self.takes) else self.rest


class Function(msgspec.Struct, frozen=True):
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
        types: what it takes and gives.
    """

    name: str
    call: Callable[..., Json]
    minimum: int
    maximum: int | None
    summary: str
    examples: tuple[Example, ...]
    callbacks: Mapping[int, Callback] = msgspec.field(default_factory=dict)
    environment: bool = False
    signature: str = ""
    suggested: bool = True
    types: Types = Types()


class Method(msgspec.Struct, frozen=True):
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
    callbacks: Mapping[int, Callback] = msgspec.field(default_factory=dict)
    signature: str = ""
    types: Types = Types()
