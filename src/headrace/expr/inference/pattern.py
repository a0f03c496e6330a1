"""Parameters of arrows: what their names stand for."""

from msgspec.structs import replace

from headrace.expr.inference.member import Read, read_element, read_member
from headrace.expr.inference.query import QueryInspector
from headrace.expr.inference.value import Missing, Value
from headrace.expr.nodes import (
    ArrayPattern,
    AtomPattern,
    ObjectPattern,
    Parameter,
    Pattern,
    PatternMember,
)
from headrace.expr.shape import ObjectShape, Shape, array_of, holding, items_of, join, of, spread

__all__ = ["PatternInspector", "bound_name"]

_TEXT = of("text")


class PatternInspector(QueryInspector):
    """The part that binds names."""

    def bind(self, pattern: Pattern, value: Value) -> None:
        """Let the names of a pattern stand for the parts of a value.

        A name by itself may be missing, which its uses report; what is taken apart is needed.
        """
        shape = value.shape
        if value.missing and not isinstance(pattern, AtomPattern):
            self.settle(value, fails=True)
        match pattern:
            case AtomPattern(name=name):
                self.names[name] = value
                if self.facts:  # what is known of an outer parameter of this name
                    self.facts = {path: kinds for path, kinds in self.facts.items() if path[0] != name}
                if self.observe is not None:
                    self.observe(pattern, shape)
            case ObjectPattern():
                self.bind_object(pattern, shape.without("null"))
            case ArrayPattern():
                self.bind_array(pattern, shape.only("array", "text"))

    def bind_object(self, pattern: ObjectPattern, whole: Shape) -> None:
        """Take an object apart; null cannot be."""
        for item in pattern.members:
            self.bind(item.pattern, self.part(item, whole, read_member(whole, item.key), item.key))
        if pattern.rest:
            self.bind(pattern.rest, Value(_left(whole, {item.key for item in pattern.members})))

    def bind_array(self, pattern: ArrayPattern, whole: Shape) -> None:
        """Take an array, or the characters of a text, apart."""
        for position, item in enumerate(pattern.items):
            if item is not None:
                self.bind(item.pattern, self.part(item, whole, read_element(whole, position), position))
        if pattern.rest:
            items = items_of(whole)
            rest = join(items, _TEXT) if whole.may_be("text") else items
            self.bind(pattern.rest, Value(array_of(rest)))

    def part(self, item: PatternMember | Parameter, whole: Shape, read: Read, key: str | int) -> Value:
        """A member with its default, which applies where the member is absent (D1)."""
        if item.default is not None:
            default = self.branch({}, item.default)
            self.settle(default, fails=False)
            return Value(join(read.shape, default.shape))
        if read.lack == "absent" and whole.object is not None:
            return Value(read.shape, (Missing("absent", item, False, key, item, whole),))
        return Value(read.shape)


def _left(whole: Shape, taken: set[str]) -> Shape:
    """The object of the members that a pattern leaves."""
    known = spread(ObjectShape(), whole)
    members = {name: member for name, member in known.members.items() if name not in taken}
    return holding(replace(known, members=members))


def bound_name(pattern: Pattern | None) -> str | None:
    """The name of a parameter that is no more than a name."""
    return pattern.name if isinstance(pattern, AtomPattern) else None
