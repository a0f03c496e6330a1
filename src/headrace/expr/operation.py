"""Emits operators: what Python has in common with JavaScript in place, the rest as calls."""

import ast

from headrace.expr.emitter import STORE, Emitter, constant, load
from headrace.expr.kind import kind_of, may_be_nan
from headrace.expr.nodes import (
    Binary,
    Call,
    Expression,
    Index,
    Literal,
    Member,
    Name,
    Node,
    Root,
    Unary,
    Undefined,
    index_key,
    unwrap,
    walk,
)
from headrace.expr.text import to_number

__all__ = ["OperationEmitter"]

_ARITHMETIC = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder", "**": "power",
    "<": "less", "<=": "less_or_equal", ">": "greater", ">=": "greater_or_equal",
}  # fmt: skip
_ORDER: dict[str, ast.cmpop] = {"<": ast.Lt(), "<=": ast.LtE(), ">": ast.Gt(), ">=": ast.GtE()}
_SMALL = 10**15  # a literal below cannot take a float beyond its range, nor an integer beyond its limit
_LONG = 4096  # no number has so many digits
_SCALARS = frozenset({"null", "boolean", "number"})


class OperationEmitter(Emitter):
    """The part of the emitter that knows operators."""

    def test(self, node: Expression) -> ast.expr:
        """A node as a condition that Python judges as JavaScript does."""
        match unwrap(node):
            case Unary(operator="!", operand=operand):
                return self.place(ast.UnaryOp(ast.Not(), self.test(operand)), node)
            case Binary(operator="&&" | "||" as operator, left=left, right=right):
                both = [self.test(left), self.test(right)]
                return self.place(ast.BoolOp(ast.And() if operator == "&&" else ast.Or(), both), node)
            case _:
                pass
        code = self.emit(node, loose=True)
        if kind_of(node) in {"boolean", "text"}:
            return code
        if self.direct and self.is_simple(node):
            # Most conditions are booleans: no call for those.
            is_true = ast.Compare(code, [ast.Is()], [constant(True)])
            not_false = ast.Compare(self.emit(node), [ast.IsNot()], [constant(False)])
            truthy = self.call("truthy", self.emit(node))
            return self.place(
                ast.BoolOp(ast.Or(), [is_true, ast.BoolOp(ast.And(), [not_false, truthy])]), node
            )
        return self.place(self.call("truthy", code), node)

    def is_simple(self, node: Expression) -> bool:
        """Whether reading it twice is cheap: a parameter, or a member of one."""
        inner = unwrap(node)
        if isinstance(inner, Member):
            inner = unwrap(inner.target)
        return isinstance(inner, Name | Root)

    def unary(self, node: Unary, *, loose: bool) -> ast.expr:
        """`! typeof + -`."""
        operand = node.operand
        if node.operator == "!":
            return ast.UnaryOp(ast.Not(), self.test(operand))
        if node.operator == "typeof":
            return self.typeof(unwrap(operand))
        if node.operator == "+":
            return self.call("number", self.emit(operand, loose=loose))
        if isinstance(operand, Literal) and isinstance(operand.value, int | float):
            return constant(-operand.value)
        if self.direct:
            return ast.UnaryOp(ast.USub(), self.emit(operand))
        return self.call("negate", self.emit(operand))

    def typeof(self, operand: Expression) -> ast.expr:
        """`typeof`, which tells a missing member from null."""
        match operand:
            case Undefined():
                return constant("undefined")
            case Member(target=target, name=name):
                return self.call("typeof_member", self.guarded(target), constant(name))
            case Index(target=target, index=index):
                key = index_key(index)
                code = self.emit(index) if key is None else constant(key)
                return self.call("typeof_member", self.guarded(target), code)
            case _:
                return self.call("typeof", self.emit(operand, loose=True))

    def logical(self, node: Binary, *, loose: bool) -> ast.expr:
        """`|| && ??`: the right side only where it is needed."""
        operator = node.operator
        left_loose = loose or operator == "||"
        right = self.emit(node.right, loose=loose)
        if operator != "??" and kind_of(node.left) in {"boolean", "text"}:
            left = self.emit(node.left, loose=left_loose)
            return ast.BoolOp(ast.And() if operator == "&&" else ast.Or(), [left, right])
        left = self.guarded(node.left, loose=left_loose)
        variable = self.variable("left")
        assigned = ast.NamedExpr(ast.Name(variable, STORE), left)
        if operator == "??":
            test: ast.expr = ast.Compare(assigned, [ast.IsNot()], [constant(None)])
        else:
            test = self.call("truthy", assigned)
        if operator == "&&":
            return ast.IfExp(test, right, load(variable))
        kept = load(variable)
        if operator == "||" and not loose and kind_of(node.left) in {"number", "unknown"}:
            # NaN gives way to the right side, but an infinity would pass (D7).
            unsure = (part for part in walk(node.left) if isinstance(part, Call | Unary))
            kept = self.call("finite", kept) if any(map(may_be_nan, unsure)) else kept
        return ast.IfExp(test, kept, right)

    def equality(self, node: Binary) -> ast.expr:
        """`== != === !==`."""
        is_negated = node.operator.startswith("!")
        is_strict = len(node.operator) == 3
        left, right = unwrap(node.left), unwrap(node.right)
        if isinstance(left, Literal | Undefined):
            left, right = right, left
        match right:
            case Undefined() | Literal(value=None):
                code = self.guarded(left, loose=True)
                # In a variable, for Python complains of identity with what it finds to be a literal.
                variable = ast.NamedExpr(ast.Name(self.variable("left"), STORE), code)
                operator: ast.cmpop = ast.IsNot() if is_negated else ast.Is()
                return ast.Compare(variable, [operator], [constant(None)])
            case _:
                pass
        both = [self.emit(side, loose=True) for side in (node.left, node.right)]
        if self.compares_as_python(left, right, is_strict=is_strict):
            return ast.Compare(both[0], [ast.NotEq() if is_negated else ast.Eq()], [both[1]])
        if not self.bounded:
            both = [self.call("measure", self.environment(), side) for side in both]
        name = "strict_equal" if is_strict else "equal"
        if self.loops and self.bounded and not _SCALARS.intersection(self.kinds(node)):
            code = self.call(f"{name}_in_loop", self.environment(), *both)
        else:
            code = self.call(name, *both)
        return ast.UnaryOp(ast.Not(), code) if is_negated else code

    def compares_as_python(self, left: Node, right: Node, *, is_strict: bool) -> bool:
        """Whether Python's `==` gives the answer, for an operand and perhaps a literal to the right."""
        match right:
            case Literal(value=str() as value):
                number = to_number(value) if len(value) < _LONG else 0
                return is_strict or number != number  # a text that is no number equals no number
            case Literal(value=bool()):
                return False
            case Literal(value=int() | float() as number):
                return is_strict and number not in (0, 1)  # which Python takes for booleans
            case _:
                return False

    def arithmetic(self, node: Binary) -> ast.expr:
        """Arithmetic and ordering."""
        operator = node.operator
        if self.direct and self.is_direct(node):
            if operator in _ORDER:
                return ast.Compare(self.emit(node.left), [_ORDER[operator]], [self.emit(node.right)])
            result = self.sum(node)
            return self.made(result) if "text" in self.kinds(node) else result
        left, right = self.emit(node.left), self.emit(node.right)
        if operator == "+" and "number" not in self.kinds(node):
            if not self.bounded:
                return self.call("add_shared", self.environment(), left, right)
            if self.loops:
                return self.call("grown", self.environment(), self.call("add", left, right))
        return self.call(_ARITHMETIC[operator], left, right)

    def sum(self, node: Binary) -> ast.expr:
        """`+` or `-` as Python's own; a sum of texts is measured as a whole, not at each step."""
        inner = unwrap(node.left)
        is_text = "text" in self.kinds(node)
        if isinstance(inner, Binary) and inner.operator == "+" == node.operator and self.is_direct(inner):
            left = self.place(self.sum(inner), inner)
        else:
            left = self.addend(node.left, is_text=is_text)
        right = self.addend(node.right, is_text=is_text)
        return ast.BinOp(left, ast.Add() if node.operator == "+" else ast.Sub(), right)

    def addend(self, node: Expression, *, is_text: bool) -> ast.expr:
        """An operand of a sum; null adds nothing to text (D6)."""
        code = self.emit(node)
        if not is_text or kind_of(node) == "text":
            return code
        variable = self.variable("addend")
        assigned = ast.NamedExpr(ast.Name(variable, STORE), code)
        is_null = ast.Compare(assigned, [ast.Is()], [constant(None)])
        return self.place(ast.IfExp(is_null, constant(""), load(variable)), node)

    def kinds(self, node: Binary) -> frozenset[str]:
        """The types of both operands."""
        return frozenset((kind_of(node.left), kind_of(node.right)))

    def is_direct(self, node: Binary) -> bool:
        """Whether Python's operator gives the value or an error, whatever the other operand is."""
        kinds = self.kinds(node)
        if node.operator in _ORDER:
            return kinds in ({"number"}, {"text"}, {"number", "unknown"}, {"text", "unknown"})
        if node.operator == "+" and self.bounded and kinds in ({"text"}, {"text", "unknown"}):
            return True
        if node.operator not in {"+", "-"} or kinds not in ({"number"}, {"number", "unknown"}):
            return False
        sides = (unwrap(node.left), unwrap(node.right))
        return any(isinstance(side, Literal) and _is_small(side.value) for side in sides)


def _is_small(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _SMALL
