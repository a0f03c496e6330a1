"""Chains of `.x`, `[x]`, `?.` and method calls."""

from abc import abstractmethod

from headrace.expr.inference.inspector import Inspector
from headrace.expr.inference.member import Read, read_computed, read_element, read_key, read_member
from headrace.expr.inference.value import Missing, Value
from headrace.expr.nodes import Expression, Index, Member, MethodCall, Name, Root, index_key
from headrace.expr.shape import ANY, Kind, Shape

__all__ = ["SCALAR", "AccessInspector"]

SCALAR: frozenset[Kind] = frozenset(("boolean", "number", "text"))
"""The kinds that arithmetic, ordering and names of members take."""


_ANY = Value(ANY)


class AccessInspector(Inspector):
    """The part that knows roots, names and what is read of them."""

    @abstractmethod
    def method(self, node: MethodCall, receiver: Value) -> Shape:
        """What a call of a method gives."""

    def root(self, node: Root) -> Value:
        """`$`, `$vars`, `$run`."""
        path = (node.name,)
        return Value(self.narrowed(path, self.roots.get(node.name, ANY)), (), path)

    def name(self, node: Name) -> Value:
        """A parameter of an arrow."""
        value = self.names.get(node.name, _ANY)
        return value._replace(shape=self.narrowed((node.name,), value.shape), path=(node.name,))

    def narrowed(self, path: tuple[str | int, ...], shape: Shape) -> Shape:
        """The values of a shape that are possible where the current facts hold."""
        kinds = self.facts.get(path)
        return shape if kinds is None or shape.kinds <= kinds else shape.only(*kinds)

    def chain(self, node: Member | Index | MethodCall) -> Value:
        """Accesses; where `?.` meets null, all that follows it in the chain is null."""
        links = [node]
        while isinstance(target := links[-1].target, Member | Index | MethodCall):
            links.append(target)
        value = self.visit(target)
        certain, is_short = self.certain, False
        for link in reversed(links):
            if link.optional:
                is_short = is_short or value.shape.may_be("null")
                self.certain = certain and not is_short
                value = value._replace(shape=value.shape.without("null"), missing=())
            value = self.link(link, value)
            if self.observe is not None and link is not node:
                self.observe(link, value.shape.or_null() if is_short else value.shape)
        self.certain = certain
        return value._replace(shape=value.shape.or_null()) if is_short else value

    def link(self, node: Member | Index | MethodCall, target: Value) -> Value:
        """One access on a value."""
        if isinstance(node, MethodCall):
            return Value(self.method(node, target))
        if isinstance(node, Member):
            return self.read(node, target, read_member(target.shape, node.name), node.name)
        key = index_key(node.index)
        if key is None:
            return self.computed(node, target)
        if self.observe is not None:
            self.visit(node.index)
        found = read_key(target.shape, key) if isinstance(key, str) else read_element(target.shape, key)
        return self.read(node, target, found, key)

    def computed(self, node: Index, target: Value) -> Value:
        """`target[key]`, whose key must be text, a number or a boolean."""
        key = self.needed(node.index, SCALAR, "it cannot be the name of a member")
        shape = read_computed(target.shape, key)
        return Value(shape, target.missing, None, target.sampled)

    def read(self, node: Member | Index, target: Value, found: Read, key: str | int) -> Value:
        """A member by its name or position."""
        shape, missing, sampled = found.shape, target.missing, target.sampled
        known = target.shape.object
        if known is not None and not known.certain:
            sampled = True
        match found.lack:
            case "method":
                self.doubt(
                    "type", node, f"`.{key}` is a method; call it: `.{key}(…)`",
                    fails=True, certain=self.certain and not sampled,
                )  # fmt: skip
            case "absent" | "unset" | "null" as lack if not (missing and target.shape.is_null):
                culprit: Expression = node.target if lack == "null" else node
                certain = self.certain and not sampled
                lacking = Missing(lack, culprit, certain, key, node.target, target.shape)
                missing = (*missing, lacking)
            case _:
                pass
        path = None if target.path is None else (*target.path, key)
        if self.facts and path is not None:
            shape = self.narrowed(path, shape)
        return Value(shape, missing, path, sampled)
