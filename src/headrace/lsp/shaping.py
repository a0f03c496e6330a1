"""Shapes, asked in an editor's way: of places in an expression that is half written."""

from headrace.expr import Scope, Template
from headrace.expr.inference import Roots, infer
from headrace.expr.nodes import Expression, Node
from headrace.expr.parsed import ParsedExpression, ParsedText
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
    infer(template, roots, observe=observe)  # calls that are wrong have a shape, too
    return found
