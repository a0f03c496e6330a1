"""Shapes, asked in an editor's way: of places in an expression that is half written."""

from headrace.expr import Scope, Template
from headrace.expr.checker import check
from headrace.expr.inference import Roots, infer
from headrace.expr.nodes import Expression, Node
from headrace.expr.parsed import ParsedExpression, ParsedText
from headrace.expr.problem import Problem
from headrace.expr.shape import Shape
from headrace.source import Text

__all__ = ["shapes_of"]


def shapes_of(text: Text, tree: Expression, scope: Scope, roots: Roots) -> dict[int, Shape]:
    """The shape of each node that is reached, by the node's `id`.

    Args:
        text: what the tree was parsed from.
        tree: a bare expression; arguments may be missing, and names unknown.
        scope: what it may read.
        roots: the shapes of that.
    """
    found: dict[int, Shape] = {}

    def observe(node: Node, shape: Shape) -> None:
        found[id(node)] = shape

    expression = ParsedExpression(tree, text, (), interpolated=False, start=0, end=len(text.value))
    template = Template(ParsedText((expression,), is_whole=True), scope, usable=False)
    try:
        infer(template, roots, observe=observe)
    except Exception:
        # Inference is promised for what is checked. Of a call that lacks arguments, those that are there
        # have been gone through by then.
        if _is_sound(tree, text, scope):
            raise
    return found


def _is_sound(tree: Expression, text: Text, scope: Scope) -> bool:
    problems: list[Problem] = []
    try:
        check(tree, text.value, scope, problems.append)
    except Problem:
        return False
    return not problems
