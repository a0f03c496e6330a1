"""What is known of a value before it is computed."""

from typing import Literal as OneOf

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.nodes import (
    Array,
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    Group,
    Index,
    Literal,
    Member,
    MethodCall,
    Object,
    Query,
    Regex,
    TextTemplate,
    Unary,
    Undefined,
)
from headrace.expr.signature import Function, Method

__all__ = ["Kind", "gives_scalar", "kind_of", "may_be_nan"]

Kind = OneOf["null", "boolean", "number", "text", "array", "object", "pattern", "unknown"]

COMPARISONS = frozenset({"==", "!=", "===", "!==", "<", "<=", ">", ">="})
_ARITHMETIC = frozenset({"-", "*", "/", "%", "**"})
_SCALARS = frozenset({"null", "boolean", "number", "text"})
_MAY_BE_NAN = frozenset(
    {
        "Number", "Number.parseFloat", "Number.parseInt", "abs", "avg", "ceil", "coalesce",
        "duration", "first", "float", "floor", "int", "last", "max", "min", "parseFloat",
        "parseInt", "pow", "round", "sqrt", "sum",
    }
)  # fmt: skip


def may_be_nan(node: Expression) -> bool:
    """Whether the node itself may give NaN or an infinity, which then must be caught (D7).

    Arithmetic gives an error instead; `||`, `? :` and their like pass on what their operands give.
    """
    match node:
        case Call(name=name):
            return name in _MAY_BE_NAN or name.startswith("Math.")
        case Unary(operator="+"):
            return True
        case _:
            return False


def kind_of(node: Expression) -> Kind:
    """The type of a node's value where it is the same for all data."""
    match node:
        case Group(inner=inner):
            return kind_of(inner)
        case Literal(value=None) | Undefined():
            return "null"
        case Literal(value=bool()):
            return "boolean"
        case Literal(value=str()) | TextTemplate() | Unary(operator="typeof"):
            return "text"
        case Literal() | Constant() | Unary(operator="-" | "+"):
            return "number"
        case Call(name=name):
            return _sole(FUNCTIONS.get(name))
        case Unary(operator="!"):
            return "boolean"
        case Array() | Query():
            return "array"
        case MethodCall(name=name):
            return "unknown" if _may_be_short(node) else _sole(METHODS.get(name))
        case Object():
            return "object"
        case Regex():
            return "pattern"
        case Conditional(then=then, otherwise=otherwise):
            return _common(kind_of(then), kind_of(otherwise))
        case Binary():
            return _kind_of_binary(node)
        case _:
            return "unknown"


def gives_scalar(node: Expression) -> bool:
    """Whether the value is no array and no object, whatever the data is; null counts as a scalar."""
    match node:
        case Group(inner=inner):
            return gives_scalar(inner)
        case Call(name=name) if name in FUNCTIONS:
            return FUNCTIONS[name].types.gives.kinds <= _SCALARS
        case MethodCall(name=name) if name in METHODS:
            return METHODS[name].types.gives.kinds <= _SCALARS
        case _:
            return kind_of(node) in _SCALARS


def _sole(declared: Function | Method | None) -> Kind:
    """The kind of all that a function or a method gives, if there is but one."""
    if declared is None or declared.types.gives_null:
        return "unknown"
    kinds = declared.types.gives.kinds
    return next(iter(kinds)) if len(kinds) == 1 else "unknown"


def _may_be_short(node: Expression) -> bool:
    """Whether `?.` may make a chain null."""
    while isinstance(node, Member | Index | MethodCall):
        if node.optional:
            return True
        node = node.target
    return False


def _common(first: Kind, second: Kind) -> Kind:
    return first if first == second else "unknown"


def _kind_of_binary(node: Binary) -> Kind:
    if node.operator in COMPARISONS:
        return "boolean"
    if node.operator in _ARITHMETIC:
        return "number"
    left, right = kind_of(node.left), kind_of(node.right)
    if node.operator == "+":
        return "text" if "text" in (left, right) else _common(left, right) if left == "number" else "unknown"
    return _common(left, right)
