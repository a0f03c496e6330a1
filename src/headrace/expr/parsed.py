"""A template whose texts are parsed: the tree between the parser and the compiler."""

from typing import TypeAlias

import msgspec

from headrace.expr.nodes import Expression
from headrace.source import Span, Text

__all__ = ["ParsedExpression", "ParsedText", "ParsedTree"]


class ParsedExpression(msgspec.Struct, frozen=True):
    """One expression of a template.

    Attributes:
        node: its root.
        text: what the offsets of its nodes count in.
        path: the keys and indexes that lead to the text within the template.
        interpolated: whether other text or expressions stand in the same text.
        start: offset of `{{` in the text, or of the expression if it is bare.
        end: offset just after `}}`, or after the expression.
    """

    node: Expression
    text: Text
    path: tuple[str | int, ...]
    interpolated: bool
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands, braces included."""
        return self.text.span(self.start, self.end)


class ParsedText(msgspec.Struct, frozen=True):
    """A text of a template: literal parts and expressions in turn.

    `is_whole` says that the text is one expression and nothing else, whose type is kept.
    """

    parts: tuple[str | ParsedExpression, ...]
    is_whole: bool

    @property
    def expressions(self) -> tuple[ParsedExpression, ...]:
        """The expressions in it."""
        return tuple(part for part in self.parts if isinstance(part, ParsedExpression))


ParsedTree: TypeAlias = "bool | int | float | ParsedText | list[ParsedTree] | dict[str, ParsedTree] | None"
