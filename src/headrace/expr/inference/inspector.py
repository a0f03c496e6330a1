"""Goes through an expression: what all parts of the inference share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from headrace.expr.inference.doubt import Doubt, Roots
from headrace.expr.inference.value import Facts, Missing, Path, Tested, Value
from headrace.expr.nodes import Expression, Node, path_of
from headrace.expr.parsed import ParsedExpression
from headrace.expr.shape import NOTHING, Kind, ObjectShape, Origin, Shape
from headrace.expr.suggestion import listed
from headrace.values import in_words

__all__ = ["Inspector", "Observe", "Report", "both"]

Report = Callable[[Doubt], None]
Observe = Callable[[Node, Shape], None]
Result = TypeVar("Result")


class Inspector(ABC):
    """Infers the shapes of one template's expressions.

    Attributes:
        expression: the one that is gone through.
        names: the parameters that are in scope.
        facts: what the tests around the current place say.
        certain: whether the current place is reached whenever the template is evaluated.
        origins: of the objects that the template builds.
        root_name: what messages call `$`: `message` or `settings`.
    """

    expression: ParsedExpression

    def __init__(
        self,
        roots: Roots,
        report: Report | None,
        observe: Observe | None,
        origins: frozenset[Origin],
        root_name: str,
    ) -> None:
        self.roots: Mapping[str, Shape] = {"$": roots.message, "$vars": roots.vars, "$run": roots.run}
        self.names: dict[str, Value] = {}
        self.facts: Facts = {}
        self.certain = True
        self.origins = origins
        self.root_name = root_name
        self.report = report
        self.observe = observe
        self._told: set[tuple[int, int, int, bool]] = set()

    @abstractmethod
    def inspect(self, node: Expression) -> Value:
        """What one node gives; `visit` is for callers."""

    @abstractmethod
    def test(self, node: Expression) -> Tested:
        """A condition: an operand that may be missing."""

    def visit(self, node: Expression) -> Value:
        """What a node gives; what is missing in it is the caller's to report."""
        value = self.inspect(node)
        if self.observe is not None:
            self.observe(node, value.shape)
        return value

    def plain(self, node: Expression) -> Shape:
        """The shape of a node whose value is used as it is."""
        value = self.visit(node)
        if value.missing:
            self.settle(value, fails=False)
        return value.shape

    def guarded(self, node: Expression) -> Shape:
        """The shape of a node whose value is expected to be missing at times."""
        return self.visit(node).shape

    def needed(self, node: Expression, kinds: frozenset[Kind], what: str) -> Shape:
        """The shape of an operand which must have one of these kinds.

        Args:
            node: the operand.
            kinds: what evaluation does not fail for.
            what: the rest of the sentence `x is null, and …`.
        """
        value = self.visit(node)
        self.require(node, value, kinds, what)
        return value.shape

    def require(self, node: Node, value: Value, kinds: frozenset[Kind], what: str) -> None:
        """Report an operand that has none of the kinds which evaluation does not fail for."""
        if value.missing:
            self.settle(value, fails="null" not in kinds)
            if value.shape.is_null:
                return
        found = value.shape.kinds
        if found and found.isdisjoint(kinds):
            self.wrong(node, value, f", and {what}")

    def wrong(self, node: Node, value: Value, what: str) -> None:
        """Report an operand that evaluation fails for: `x is null` and what follows."""
        if self.report is None:
            return
        source, found = self.source(node), value.shape
        is_null = found.is_null
        state = "is always null" if is_null else f"is {in_words(found.kinds)}"
        kind: Literal["null", "type"] = "null" if is_null else "type"
        certain = self.certain and not value.sampled
        self.doubt(kind, node, f"`{source}` {state}{what}", fails=True, certain=certain)

    def settle(self, value: Value, *, fails: bool) -> None:
        """Report what is missing in a value, now that its use is known."""
        if self.report is None:
            return
        for missing in value.missing:
            told = id(self.expression), missing.node.start, missing.node.end, fails
            if told in self._told:  # by another use of a parameter
                continue
            self._told.add(told)
            self.doubt(
                "null" if missing.kind == "null" else "absent", missing.node, self._why(missing),
                fails=fails, certain=missing.certain, name=missing.name, owner=missing.owner.object,
            )  # fmt: skip

    def doubt(
        self, kind: Literal["absent", "null", "type"], node: Node, message: str, *,
        fails: bool, certain: bool, name: str | int | None = None, owner: ObjectShape | None = None,
    ) -> None:  # fmt: skip
        """Report a doubt at a node."""
        if self.report is not None:
            span = self.expression.text.span(node.start, node.end)
            self.report(Doubt(kind, span, self.source(node), fails, certain, message, name, owner))

    def _why(self, missing: Missing) -> str:
        source = self.source(missing.node)
        if missing.kind == "null":
            return f"`{source}` is always null"
        if missing.kind == "unset":
            return f"`{source}` is never set: where it is there at all, it is null"
        known = missing.owner.object
        if known is None:
            what = in_words(missing.owner.kinds)
            return f"`{self.source(missing.target)}` is {what}, which has no member `{missing.name}`"
        path = path_of(missing.target)
        owner = "the object"
        if path is not None and isinstance(path[-1], str):
            owner = self.root_name if path == ("$",) else f"`{path[-1]}`"
        has = f"has {listed(known.members)}" if known.members else "is empty"
        return f"`{source}` is never set; {owner} {has}"

    def source(self, node: Node) -> str:
        """The text of a node, in one line of at most 60 characters."""
        line = " ".join(self.expression.text.value[node.start : node.end].split())
        return line if len(line) <= 60 else f"{line[:59]}…"

    # ---- parts that may not be reached

    def branch(self, facts: Facts | None, node: Expression) -> Value:
        """What a node gives where some facts hold; None: it is never reached."""
        return self._within(facts, lambda: self.visit(node), Value(NOTHING))

    def tested_branch(self, facts: Facts | None, node: Expression) -> Tested:
        """As `branch`, for a condition."""
        return self._within(facts, lambda: self.test(node), Tested(Value(NOTHING), None, None))

    def unreached(self, go: Callable[[], object]) -> None:
        """Go through what is never evaluated, for those who observe."""
        self._within(None, go, None)

    def _within(self, facts: Facts | None, go: Callable[[], Result], unreached: Result) -> Result:
        before = self.facts, self.certain, self.report
        self.certain = False
        if facts is None:
            self.report = None
        elif facts:
            self.facts = both(self.facts, facts)
        result = go()
        self.facts, self.certain, self.report = before
        return unreached if facts is None else result


def both(first: Facts, second: Facts) -> Facts:
    """What holds where both hold."""
    if not first:
        return second
    joined: dict[Path, frozenset[Kind]] = dict(first)
    for path, kinds in second.items():
        held = joined.get(path)
        joined[path] = kinds if held is None else held & kinds
    return joined
