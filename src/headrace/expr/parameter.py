"""Reads the parameters of arrows: names, defaults, object and array patterns, the rest."""

from headrace.expr.cursor import Cursor
from headrace.expr.foreign import NAMESPACES, RESERVED
from headrace.expr.nodes import (
    ArrayPattern,
    AtomPattern,
    Expression,
    ObjectPattern,
    Parameter,
    Pattern,
    PatternMember,
)

__all__ = ["ParameterParser"]

_ATOMS = frozenset({"null", "true", "false", "undefined", "typeof"})


class ParameterParser(Cursor):
    """The part of the parser that reads parameters; the names go to the innermost set of names."""

    def parameters(self) -> tuple[tuple[Parameter, ...], AtomPattern | None]:
        """What stands before `=>`: a name, or a list in parentheses."""
        if self.token.kind == "name":
            atom = self.atom()
            return (Parameter(atom.start, atom.end, atom, None),), None
        self.expect("(")
        items: list[Parameter] = []
        rest = None
        while not self.sees(")"):
            if self.takes("..."):
                rest = self.atom()
                break
            items.append(self.parameter())
            if not self.takes(","):
                break
        self.expect(")")
        return tuple(items), rest

    def parameter(self) -> Parameter:
        """A parameter with its default."""
        pattern = self.pattern()
        default = self.default()
        return Parameter(pattern.start, default.end if default else pattern.end, pattern, default)

    def default(self) -> Expression | None:
        """What follows `=`."""
        return self.expression() if self.takes("=") else None

    def pattern(self) -> Pattern:
        """A name or a pattern."""
        self.deeper()
        if self.sees("{"):
            pattern: Pattern = self.object_pattern()
        elif self.sees("["):
            pattern = self.array_pattern()
        else:
            pattern = self.atom()
        self.nesting -= 1
        return pattern

    def atom(self) -> AtomPattern:
        """A name, which no other parameter has."""
        token = self.token
        name = str(token.value)
        if token.kind != "name":
            self.unexpected("the name of a parameter")
        if name in RESERVED or name in _ATOMS or name in NAMESPACES or name.startswith("$"):
            self.fail(f"`{name}` cannot be the name of a parameter")
        if name in self.names[-1]:
            self.fail(f"`{name}` is a parameter twice")
        self.names[-1].add(name)
        self.advance()
        return AtomPattern(token.start, token.end, name)

    def object_pattern(self) -> ObjectPattern:
        """`{a, b: c = 1, ...rest}`."""
        opener = self.expect("{")
        members: list[PatternMember] = []
        rest = None
        while not self.sees("}"):
            if self.takes("..."):
                rest = self.atom()
                break
            members.append(self.pattern_member())
            if not self.takes(","):
                break
        return ObjectPattern(opener.start, self.expect("}").end, tuple(members), rest)

    def pattern_member(self) -> PatternMember:
        """A member of an object pattern."""
        token = self.token
        if token.kind not in {"name", "text"}:
            self.unexpected("the name of a member")
        pattern: Pattern
        if self.peek(1).value == ":" and self.peek(1).kind == "operator":
            self.advance()
            self.advance()
            pattern = self.pattern()
        elif token.kind == "text":
            self.fail("a quoted member needs a name for its parameter: `{'user-id': id}`")
        else:
            pattern = self.atom()
        default = self.default()
        end = default.end if default else pattern.end
        return PatternMember(token.start, end, str(token.value), pattern, default)

    def array_pattern(self) -> ArrayPattern:
        """`[a, , b = 1, ...rest]`."""
        opener = self.expect("[")
        items: list[Parameter | None] = []
        rest = None
        while not self.sees("]"):
            if self.takes("..."):
                rest = self.atom()
                break
            if self.takes(","):
                items.append(None)
                continue
            items.append(self.parameter())
            if not self.takes(","):
                break
        return ArrayPattern(opener.start, self.expect("]").end, tuple(items), rest)
