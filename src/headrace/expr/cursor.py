"""A place in a list of tokens, from which the parsers read."""

from abc import ABC, abstractmethod
from typing import NoReturn

from headrace.expr.foreign import explain_token
from headrace.expr.lexer import Token
from headrace.expr.nodes import Expression
from headrace.expr.problem import Problem

__all__ = ["Cursor"]

MAX_NESTING = 100


class Cursor(ABC):
    """Reads tokens one after the other, never past the one of kind `end`."""

    def __init__(self, value: str, tokens: list[Token]) -> None:
        self.value = value
        self.tokens = tokens
        self.at = 0
        self.nesting = 0
        self.names: list[set[str]] = []  # parameters of the arrows around
        self.filters = 0  # how many filters are around

    @abstractmethod
    def expression(self) -> Expression:
        """Read a whole expression, arrows and conditionals among them."""

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.at]

    def peek(self, distance: int) -> Token:
        """The token `distance` after the next one."""
        return self.tokens[min(self.at + distance, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """Take the next token."""
        token = self.token
        if token.kind != "end":
            self.at += 1
        return token

    def sees(self, *operators: str) -> bool:
        """Whether one of these operators comes next."""
        return self.token.kind == "operator" and self.token.value in operators

    def takes(self, *operators: str) -> bool:
        """Take the next token if it is one of these operators."""
        if self.sees(*operators):
            self.at += 1
            return True
        return False

    def expect(self, operator: str) -> Token:
        """Take an operator that must come next."""
        if not self.sees(operator):
            self.unexpected(f"`{operator}`")
        return self.advance()

    def deeper(self) -> None:
        """Go one level down; the caller goes up again by `self.nesting -= 1`."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail(f"nested more than {MAX_NESTING} deep; split it", code="HR209")

    def fail(self, message: str, start: int | None = None, end: int | None = None,
             code: str = "HR201", cure: str = "") -> NoReturn:  # fmt: skip
        """Give up with a message, at the next token if no place is given."""
        token = self.token
        first = token.start if start is None else start
        last = max(token.end, first) if end is None else end
        raise Problem(code, message, first, last, cure)

    def unexpected(self, wanted: str, left: Expression | None = None) -> NoReturn:
        """Give up because something else stands where `wanted` must be.

        What people write who know another language gets a message of its own.
        """
        token = self.token
        operand = self.value[left.start : left.end] if left else ""
        before = self.tokens[self.at - 1] if self.at else None
        known = explain_token(token, self.peek(1), operand, before, self.arguments_of(1))
        if known:
            code, message = known
            self.fail(message, code=code)
        if token.kind == "end":
            self.fail(f"{wanted} is missing at the end")
        self.fail(f"{wanted} is missing before `{self.value[token.start : token.end]}`")

    def arguments_of(self, ahead: int) -> str:
        """What the name so many tokens ahead is called with: `2` of `round(2)`, or of Liquid's `round: 2`."""
        name, opener = self.peek(ahead), self.peek(ahead + 1)
        if name.kind != "name" or opener.start != name.end:
            return ""
        end = len(self.value)
        if opener.value == "(" and opener.match >= 0:
            end = self.tokens[opener.match].start
        elif opener.value == ":":
            rest = self.tokens[self.at + ahead + 2 :]
            end = next((token.start for token in rest if token.kind == "end" or token.value == "|"), end)
        else:
            return ""
        return self.value[opener.end : end].strip()
