"""Shapes, asked in an editor's way: of one place in an expression that was made to parse."""

from headrace.expr import Scope, Template
from headrace.expr.inference import Roots, infer
from headrace.expr.nodes import Expression, Node
from headrace.expr.parsed import ParsedExpression, ParsedText
from headrace.expr.shape import Shape, join
from headrace.source import Text

__all__ = ["shapes_of"]


def shapes_of(text: Text, tree: Expression, scope: Scope, roots: Roots) -> dict[int, Shape]:
    """The shape of each node that is reached, by the node's `id`.

    Args:
        text: what the tree was parsed from.
        tree: a bare expression.
        scope: what it may read.
        roots: the shapes of that.
    """
    found: dict[int, Shape] = {}

    def observe(node: Node, shape: Shape) -> None:
        # An arrow's body may be gone through more than once.
        known = found.get(id(node))
        found[id(node)] = shape if known is None else join(known, shape)

    expression = ParsedExpression(tree, text, (), interpolated=False, start=0, end=len(text.value))
    template = Template(ParsedText((expression,), is_whole=True), scope, usable=False)
    infer(template, roots, observe=observe)
    return found
