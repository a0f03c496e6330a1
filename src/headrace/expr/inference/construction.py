"""Objects, arrays and texts that an expression builds."""

from msgspec.structs import replace

from headrace.expr.inference.access import SCALAR, AccessInspector
from headrace.expr.inference.value import Value
from headrace.expr.nodes import Array, Object, Property, Spread, TextTemplate
from headrace.expr.shape import (
    NOTHING,
    Kind,
    Member,
    ObjectShape,
    Shape,
    array_of,
    holding,
    items_of,
    join,
    of,
    overlay,
    spread,
)

__all__ = ["ConstructionInspector"]

_TEXT = of("text")
_MOST_SPREADS = 50
_SPREAD: frozenset[Kind] = frozenset(("array", "text"))


class ConstructionInspector(AccessInspector):
    """The part that knows `{…}`, `[…]` and `` `…` ``."""

    def text_template(self, node: TextTemplate) -> Value:
        """A text with values in it."""
        for part in node.parts:
            if not isinstance(part, str):
                self.plain(part)
        return Value(_TEXT)

    def array(self, node: Array) -> Value:
        """An array."""
        items = NOTHING
        for item in node.items:
            items = join(items, self.spread_items(item) if isinstance(item, Spread) else self.plain(item))
        return Value(array_of(items))

    def spread_items(self, item: Spread) -> Shape:
        """The items that `...value` adds to an array."""
        shape = self.needed(item.value, _SPREAD, "only arrays and text can be spread into an array")
        items = items_of(shape)
        return join(items, _TEXT) if shape.may_be("text") else items

    def object(self, node: Object) -> Value:
        """An object; what it leaves out is left out by who built it, or by what it spreads."""
        unsure = [item for item in node.members if isinstance(item, Spread) or not isinstance(item.key, str)]
        if len(unsure) > _MOST_SPREADS:  # each may add to every member
            for item in node.members:
                self.plain(item.value)
            return Value(of("object"))
        members: dict[str, Member] = {}
        built = ObjectShape(members)
        has_spread = False
        for member in node.members:
            if isinstance(member, Property) and isinstance(member.key, str):
                members[member.key] = Member(self.plain(member.value))  # of `built`, which nobody else has
                continue
            if isinstance(member, Spread):
                has_spread = True
                built = spread(built, self.plain(member.value))
            else:
                built = overlay(built, self.computed_property(member))
            members = dict(built.members)
            built = replace(built, members=members)
        origins = built.origins if has_spread else self.origins
        return Value(holding(replace(built, origins=origins)))

    def computed_property(self, node: Property) -> ObjectShape:
        """An object of one member whose name is not known."""
        assert not isinstance(node.key, str)  # noqa: S101 - by its caller
        self.needed(node.key, SCALAR, "it cannot be the name of a member")
        return ObjectShape({}, self.plain(node.value))
