"""Reads what stands in brackets: an index, or JSONPath's selectors (RFC 9535)."""

from headrace.expr.nodes import Child, Each, Expression, Filter, Slice, Union
from headrace.expr.parameter import ParameterParser

__all__ = ["Selector", "StepParser"]

Selector = Child | Each | Slice | Filter | Union


class StepParser(ParameterParser):
    """The part of the parser that reads brackets after an operand."""

    def bracket(self) -> "Selector | Expression":
        """What stands in `[…]`: an expression that is an index, or a selector.

        A lone literal is an expression too: whether it is a step of a path depends on what comes before.
        """
        opener = self.expect("[")
        if not self.selector_ahead():
            index = self.expression()
            if self.sees(","):
                self.fail("a union holds texts, integers and slices only, nothing computed")
            self.expect("]")
            return index
        selectors = [self.selector()]
        while self.takes(","):
            selectors.append(self.selector())
        closer = self.expect("]")
        if len(selectors) == 1:
            return selectors[0]
        return Union(opener.start, closer.end, tuple(selectors))

    def selector_ahead(self) -> bool:
        """Whether what comes next can only be a selector."""
        if self.sees("*", ":", "?"):
            return True
        ahead = 1 if self.sees("-") else 0
        token, after = self.peek(ahead), self.peek(ahead + 1)
        if after.kind != "operator":
            return False
        if token.kind == "number":
            return after.value in (",", ":")
        return token.kind == "text" and after.value == "," and not ahead

    def selector(self) -> Child | Each | Slice | Filter:
        """One selector."""
        token = self.token
        if self.takes("*"):
            return Each(token.start, token.end)
        if self.takes("?"):
            self.filters += 1
            condition = self.expression()
            self.filters -= 1
            return Filter(token.start, condition.end, condition)
        if token.kind == "text":
            self.advance()
            return Child(token.start, token.end, str(token.value))
        first = self.integer()
        if self.takes(":"):
            last = self.integer()
            step = self.integer() if self.takes(":") else None
            return Slice(token.start, self.tokens[self.at - 1].end, first, last, step)
        if first is None:
            self.unexpected("a text, an integer, a slice, `*` or a filter")
        return Child(token.start, self.tokens[self.at - 1].end, first)

    def integer(self) -> int | None:
        """An integer with an optional minus, if one comes next."""
        ahead = 1 if self.sees("-") else 0
        token = self.peek(ahead)
        if token.kind != "number":
            if ahead:
                self.unexpected("an integer")
            return None
        self.at += ahead
        if not isinstance(token.value, int):
            self.fail("an index is an integer")
        self.advance()
        return -token.value if ahead else token.value
