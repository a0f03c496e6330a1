"""The inference, complete: what is done for which node, and for a whole template."""

from collections.abc import Callable

from headrace.expr.inference.call import CallInspector
from headrace.expr.inference.doubt import Roots
from headrace.expr.inference.inspector import Observe, Report
from headrace.expr.inference.value import Value
from headrace.expr.nodes import (
    Array,
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    Group,
    Index,
    Invoke,
    Literal,
    Member,
    MethodCall,
    Name,
    Object,
    Query,
    Root,
    TextTemplate,
    Unary,
    Undefined,
)
from headrace.expr.parsed import ParsedExpression, ParsedText, ParsedTree
from headrace.expr.shape import ANY, NULL, Origin, Shape, array_of, join_all, object_of, of
from headrace.expr.template import Template
from headrace.values import kind

__all__ = ["infer"]

_ANY, _NULL = Value(ANY), Value(NULL)
_OF_KIND = {name: Value(of(name)) for name in ("null", "boolean", "number", "text")}
_TEXT = of("text")


def infer(
    template: Template,
    roots: Roots,
    *,
    report: Report | None = None,
    origin: Origin | None = None,
    observe: Observe | None = None,
) -> Shape:
    """The shape of a template's value, wherever evaluation does not fail.

    Args:
        template: what is evaluated.
        roots: what its expressions read.
        report: takes each doubt, in the order of evaluation.
        origin: who builds the objects that are written out in it.
        observe: takes every expression, in any order, with the shape of its value; also the names that
            arrows bind. The last call for a node is the one that holds.
    """
    origins: frozenset[Origin] = frozenset(() if origin is None else (origin,))
    root_name = "settings" if template.scope.settings else "message"
    return _Template(roots, report, observe, origins, root_name).tree(template.tree)


class _Template(CallInspector):
    """The inspector of any node."""

    def tree(self, tree: ParsedTree) -> Shape:
        """What a part of the template gives."""
        if isinstance(tree, ParsedText):
            return self.text(tree)
        if isinstance(tree, list):
            return array_of(join_all(map(self.tree, tree)))
        if isinstance(tree, dict):
            return object_of({key: self.tree(item) for key, item in tree.items()}, origins=self.origins)
        return _OF_KIND[kind(tree)].shape

    def text(self, tree: ParsedText) -> Shape:
        """A text that may hold expressions."""
        shape = _TEXT
        for expression in tree.expressions:
            shape = self.whole(expression)
        return shape if tree.is_whole else _TEXT

    def whole(self, expression: ParsedExpression) -> Shape:
        """One expression; nothing is known of one that is nested too deeply for the caller's stack."""
        self.expression = expression
        told = self.report, self.observe
        try:
            return self.plain(expression.node)
        except RecursionError:
            self.names, self.facts, self.certain, self.folds = {}, {}, True, 0
            self.report, self.observe = told
            return ANY

    def inspect(self, node: Expression) -> Value:
        found = _VISITS.get(type(node))
        return _ANY if found is None else found(self, node)

    def group(self, node: Group) -> Value:
        """Parentheses; what is missing in them is missing in all."""
        return self.visit(node.inner)

    def literal(self, node: Literal) -> Value:
        """A value that is written out."""
        return _OF_KIND[kind(node.value)]

    def undefined(self, _node: Undefined) -> Value:
        """`undefined`."""
        return _NULL

    def constant(self, _node: Constant) -> Value:
        """`Math.PI` and the like."""
        return _OF_KIND["number"]


_VISITS: dict[type, Callable[..., Value]] = {
    Array: _Template.array,
    Binary: _Template.binary,
    Call: _Template.call,
    Conditional: _Template.conditional,
    Constant: _Template.constant,
    Group: _Template.group,
    Index: _Template.chain,
    Invoke: _Template.invoke,
    Literal: _Template.literal,
    Member: _Template.chain,
    MethodCall: _Template.chain,
    Name: _Template.name,
    Object: _Template.object,
    Query: _Template.query,
    Root: _Template.root,
    TextTemplate: _Template.text_template,
    Unary: _Template.unary,
    Undefined: _Template.undefined,
}
