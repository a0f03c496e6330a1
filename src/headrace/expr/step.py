"""Reads what stands in brackets: an index, or JSONPath's selectors (RFC 9535)."""

from headrace.expr.nodes import Child, Each, Expression, Filter, Slice, Union, index_key
from headrace.expr.parameter import ParameterParser

__all__ = ["Selector", "StepParser"]

_LARGEST = 2**53 - 1

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
            if isinstance(key := index_key(index), int):
                self.check_integer(key, index.start, index.end)
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
        start = self.token.start
        self.at += ahead
        if not isinstance(token.value, int):
            self.fail("an index is an integer")
        self.advance()
        value = -token.value if ahead else token.value
        self.check_integer(value, start, token.end)
        return value

    def check_integer(self, value: int, start: int, end: int) -> None:
        """Refuse what RFC 9535, section 2.1, has no index for: beyond 2**53 - 1, and `-0`."""
        if abs(value) > _LARGEST:
            digits = self.value[start:end]
            self.fail(f"an index has at most 53 bits; a member of that name is `['{digits}']`", start, end)
        if value == 0 and self.value.startswith("-", start):
            self.fail("`-0` is no index; the first element is `[0]`, the last `[-1]`", start, end)
