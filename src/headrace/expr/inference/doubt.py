"""What inference is told and what it finds: the shapes of the roots, and what cannot go well."""

from typing import Literal

import msgspec

from headrace.expr.shape import ANY, ObjectShape, Shape, object_of, of
from headrace.source import Span

__all__ = ["RUN", "Doubt", "Roots"]

RUN = object_of(
    {
        "id": of("text"),
        "flow": of("text"),
        "trigger": of("text"),
        "startedAt": of("text"),
        "attempt": of("number"),
    }
)
"""`$run`, as `Environment.run` says."""


class Roots(msgspec.Struct, frozen=True):
    """The shapes of what expressions read.

    Attributes:
        message: `$`; in settings an object of `vars` and `secrets`.
        vars: `$vars`.
        run: `$run`; `RUN` where an engine evaluates the template.
    """

    message: Shape
    vars: Shape = ANY
    run: Shape = ANY


class Doubt(msgspec.Struct, frozen=True):
    """Something in an expression that cannot go well, whatever the data is.

    Attributes:
        kind: `absent`, a member that cannot be there; `null`, a value that is always null; `type`, a
            value of a kind that has no place there.
        span: of the read or the operand, in the user's file. It covers a path up to its first member
            that is missing.
        source: the text there, `$.context.totalProcessed`.
        fails: whether evaluation must fail there by D6; False: it only gives null.
        certain: whether it is evaluated whenever its template is, and what is known is sure: not in a
            branch of `?: && || ??`, nor in an arrow, nor known from a sample alone.
        message: one sentence without code.
        name: the member that is absent.
        owner: the object that lacks it: its `members` for a "did you mean", its `origins` for who
            dropped it. None where it is no object, or one of several.
    """

    kind: Literal["absent", "null", "type"]
    span: Span
    source: str
    fails: bool
    certain: bool
    message: str
    name: str | int | None = None
    owner: ObjectShape | None = None
