"""What leaves a node, by what arrives."""

import msgspec

from headrace.expr.shape import ANY, NOTHING, Member, Shape, join, object_of, of, shape_of
from headrace.flow.draft import Draft, DraftNode
from headrace.flow.shape.maker import port_maker, sample_maker
from headrace.flow.tree import to_json
from headrace.sdk import Arrival, Output, with_error, with_member
from headrace.sdk.arrival import emitted
from headrace.sdk.schema import schema_shape
from headrace.values import Json

__all__ = ["ANY_ENTRY", "NO_ENTRY", "Entry", "NodeShapes", "settings_shape", "vars_shape"]


class Entry(msgspec.Struct, frozen=True):
    """What arrives at an input: the message, and the base value that results are added to.

    Both are as they cross the edge; a node's `input` shapes the message after that.
    """

    message: Shape
    base: Shape

    @property
    def is_nothing(self) -> bool:
        """Whether nothing ever arrives."""
        return self.message.is_nothing and self.base.is_nothing

    def joined(self, other: "Entry") -> "Entry":
        """Either of the two."""
        return Entry(join(self.message, other.message), join(self.base, other.base))


NO_ENTRY = Entry(NOTHING, NOTHING)
ANY_ENTRY = Entry(ANY, ANY)


class NodeShapes:
    """A node whose component is known, as far as shapes go."""

    def __init__(self, node: DraftNode, *, likely: bool) -> None:
        self.node = node
        self._likely = likely
        settings = to_json(node.settings)
        self._settings: dict[str, Json] = settings if isinstance(settings, dict) else {}
        self._sample = _sample(node) if likely else None
        outputs = {output.name: output for output in node.outputs or ()}
        self.outputs = tuple(outputs.values())
        self._makers = {output.name: port_maker(node, output.name) for output in self.outputs}

    def emitted(self, output: Output, port: str, entry: Entry) -> Shape:
        """What leaves at an output below what the component gets at an input.

        Args:
            output: one of the node's.
            port: the input; empty for what a trigger starts by itself.
            entry: the message is what the component gets, after `input`.
        """
        spec = self.node.spec
        if spec is None:
            return ANY
        reaches = next((p.reaches for p in spec.inputs if p.name == port), None)
        if reaches is not None and output.name not in reaches:
            return NOTHING
        if port and (entry.base if output.error else entry.message).is_nothing:
            return NOTHING
        arrival = Arrival(
            entry.message, entry.base, self._settings, self._sample, self._likely, self._makers[output.name]
        )
        if output.adds is not None:
            added = ANY if output.emits is None else emitted(output.emits, arrival)
            return with_member(entry.base, self.node.result_name or output.adds, added)
        if output.emits is not None:
            return emitted(output.emits, arrival)
        if output.error:
            return with_error(entry.base)
        return entry.message if spec.transparent else ANY


def _sample(node: DraftNode) -> Shape | None:
    """What a node's sample or schema says of what comes from outside."""
    if node.sample_tree is not None:
        return shape_of(to_json(node.sample_tree), certain=False, origins=(sample_maker(node),))
    if node.schema_tree is not None:
        return schema_shape(to_json(node.schema_tree), origins=(sample_maker(node),))
    return None


def vars_shape(variables: dict[str, Json]) -> Shape:
    """`$vars`: an override keeps a var's kind, unless it is null. Unknown ones have a check of their own."""
    return object_of({name: _var(value) for name, value in variables.items()}, rest=ANY)


def _var(value: Json) -> Shape:
    if value is None:
        return ANY
    if isinstance(value, dict):
        return object_of({name: Member(ANY, optional=True) for name in value}, rest=ANY)
    return of(*shape_of(value).kinds)


def settings_shape(draft: Draft, variables: Shape) -> Shape:
    """`$` in settings."""
    secrets = object_of(dict.fromkeys(draft.secrets, of("text")), rest=ANY)
    return object_of({"vars": variables, "secrets": secrets})
