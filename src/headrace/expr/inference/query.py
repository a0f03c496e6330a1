"""JSONPath steps: the items of the array that a path with many matches gives."""

from headrace.expr.inference.member import read_key
from headrace.expr.inference.operation import OperationInspector
from headrace.expr.inference.value import Missing, Value
from headrace.expr.nodes import Child, Descendant, Each, Filter, Query, Slice, Step, Union
from headrace.expr.shape import ANY, NOTHING, Shape, array_of, items_of, join_all, values_of

__all__ = ["QueryInspector"]


class QueryInspector(OperationInspector):
    """The part that knows paths with many matches."""

    def query(self, node: Query) -> Value:
        """A path that gives an array of all its matches, an empty one where there are none."""
        value = self.visit(node.target)
        self.settle(value, fails=False)
        items = value.shape
        for step in node.steps:
            if isinstance(step, Child):
                self.lacking(node, step, items)
            items = _selected(step, items)
        return Value(array_of(items))

    def lacking(self, node: Query, step: Child, items: Shape) -> None:
        """Report a member that none of the matches can have."""
        known = items.object
        if self.report is None or known is None or items.kinds != {"object"} or not isinstance(step.key, str):
            return
        if not read_key(items, step.key).is_there:
            # There is no null, but an empty array: so it is never certain.
            until = Query(node.start, step.end, node.target, ())
            missing = Missing("absent", until, certain=False, name=step.key, target=node, owner=items)
            self.settle(Value(items, (missing,)), fails=False)


def _selected(step: Step, found: Shape) -> Shape:
    """The matches of one step in all that the steps before it have found."""
    match step:
        case Child(key=int()) | Slice():
            return items_of(found)
        case Child(key=name):
            return _member(found, str(name))
        case Each() | Filter():
            return values_of(found)
        case Union(selectors=selectors):
            return join_all(_selected(selector, found) for selector in selectors)
        case Descendant():
            return ANY


def _member(found: Shape, name: str) -> Shape:
    """The members of this name, where they are there."""
    if not found.may_be("object"):
        return NOTHING
    known = found.object
    if known is None or not known.certain:
        return ANY
    if name in known.members:
        return known.members[name].shape
    return known.rest or NOTHING
