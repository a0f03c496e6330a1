"""Operators and conditions, and what conditions say about the paths in them."""

from collections.abc import Mapping

from headrace.expr.failure import Failure
from headrace.expr.functions.member import parse_path
from headrace.expr.inference.access import SCALAR
from headrace.expr.inference.construction import ConstructionInspector
from headrace.expr.inference.inspector import both
from headrace.expr.inference.member import read_element, read_key
from headrace.expr.inference.value import Facts, Path, Tested, Value
from headrace.expr.nodes import (
    Binary,
    Call,
    Conditional,
    Expression,
    Group,
    Index,
    Literal,
    Member,
    Spread,
    Unary,
    Undefined,
    path_of,
    unwrap,
)
from headrace.expr.shape import KINDS, Kind, Shape, join, of
from headrace.values import kind

__all__ = ["OperationInspector"]

_BOOLEAN, _NUMBER, _TEXT = of("boolean"), of("number"), of("text")
_TEXT_OR_NUMBER = of("number", "text")
_ORDER = frozenset({"<", "<=", ">", ">="})
_EQUALITY = frozenset({"==", "!=", "===", "!=="})

_NOT_NULL: frozenset[Kind] = KINDS - {"null"}
_FALSY: frozenset[Kind] = frozenset(("null", "boolean", "number", "text"))
_HOLDERS: frozenset[Kind] = frozenset(("text", "array", "object"))
_NULL: frozenset[Kind] = frozenset(("null",))
_ARRAY: frozenset[Kind] = frozenset(("array",))
_NO_FACTS: Facts = {}

_TYPES: Mapping[str, frozenset[Kind]] = {
    "undefined": _NULL,
    "object": frozenset(("null", "array", "object")),
    "string": frozenset(("text",)),
    "number": frozenset(("number",)),
    "boolean": frozenset(("boolean",)),
}
"""The kinds that `typeof` may call so; null is an object where it is there, else undefined (D1)."""


class OperationInspector(ConstructionInspector):
    """The part that knows operators."""

    def unary(self, node: Unary) -> Value:
        """`! typeof + -`."""
        if node.operator == "!":
            return self.test(node).value
        if node.operator == "typeof":
            self.guarded(node.operand)
            return Value(_TEXT)
        self.needed(node.operand, SCALAR, f"`{node.operator}` takes numbers")
        return Value(_NUMBER)

    def binary(self, node: Binary) -> Value:
        """Any operator with two operands."""
        operator = node.operator
        if operator in {"&&", "||", "??"}:
            return self.logical(node)
        if operator in _EQUALITY:
            return self.equality(node).value
        if operator == "+":
            return Value(self.sum(node))
        is_order = operator in _ORDER
        what = f"`{operator}` takes {'numbers or text' if is_order else 'numbers'}"
        self.needed(node.left, SCALAR, what)
        self.needed(node.right, SCALAR, what)
        return Value(_BOOLEAN if is_order else _NUMBER)

    def sum(self, node: Binary) -> Shape:
        """`left + right`: anything may be added to text."""
        left, right = self.visit(node.left), self.visit(node.right)
        for operand, value, other in ((node.left, left, right), (node.right, right, left)):
            if other.shape.may_be("text") or other.shape.is_nothing:
                self.settle(value, fails=False)
            else:
                self.require(operand, value, SCALAR, "`+` takes numbers or text")
        if not (left.shape.may_be("text") or right.shape.may_be("text")):
            return _NUMBER
        is_sum = left.shape.may_be("boolean", "number") and right.shape.may_be("boolean", "number")
        return _TEXT_OR_NUMBER if is_sum else _TEXT

    def logical(self, node: Binary) -> Value:
        """`&& || ??`: the left operand may be missing, the right one is reached if need be."""
        if node.operator == "??":
            left = self.visit(node.left)
            reached = _facts(left, _NULL)
            right = self.branch(reached, node.right)
            kept = left.shape.without("null")
            return Value(join(kept, right.shape), right.missing)
        tested = self.test(node.left)
        is_and = node.operator == "&&"
        right = self.branch(tested.true if is_and else tested.false, node.right)
        left_shape = tested.value.shape
        kept = left_shape.only(*_FALSY) if is_and else left_shape.without("null")
        return Value(join(kept, right.shape), right.missing)

    def conditional(self, node: Conditional) -> Value:
        """`test ? then : otherwise`."""
        tested = self.test(node.test)
        then = self.branch(tested.true, node.then)
        otherwise = self.branch(tested.false, node.otherwise)
        return Value(join(then.shape, otherwise.shape), then.missing + otherwise.missing)

    # ---- conditions

    def test(self, node: Expression) -> Tested:
        """A condition, and what holds where it is true and where it is false."""
        match node:
            case Group(inner=inner):
                tested = self.test(inner)
            case Unary(operator="!", operand=operand):
                inside = self.test(operand)
                tested = Tested(Value(_BOOLEAN), inside.false, inside.true)
            case Binary(operator="&&" | "||"):
                tested = self.connected(node)
            case Binary(operator="==" | "!=" | "===" | "!=="):
                tested = self.equality(node)
            case Call(name="Array.isArray" | "has"):
                tested = self.guard(node)
            case _:
                return _truth(self.visit(node))
        if self.observe is not None:
            self.observe(node, tested.value.shape)
        return tested

    def connected(self, node: Binary) -> Tested:
        """`left && right` and `left || right` as conditions."""
        left = self.test(node.left)
        if node.operator == "&&":
            right = self.tested_branch(left.true, node.right)
            kept = left.value.shape.only(*_FALSY)
            true, false = _all(left.true, right.true), _any(left.false, left.true, right.false)
        else:
            right = self.tested_branch(left.false, node.right)
            kept = left.value.shape.without("null")
            true, false = _any(left.true, left.false, right.true), _all(left.false, right.false)
        return Tested(Value(join(kept, right.value.shape)), true, false)

    def equality(self, node: Binary) -> Tested:
        """`== != === !==`; what is compared with null or `typeof` may be missing."""
        is_negated, is_strict = node.operator.startswith("!"), len(node.operator) == 3
        left, right = unwrap(node.left), unwrap(node.right)
        if isinstance(left, Literal | Undefined):
            left, right = right, left
        true: Facts | None = _NO_FACTS
        false: Facts | None = _NO_FACTS
        match left, right:
            case _, Undefined() | Literal(value=None):
                value = self.visit(left)
                true, false = _facts(value, _NULL), _facts(value, _NOT_NULL)
            case Unary(operator="typeof", operand=operand), Literal(value=str() as name):
                true, false = _typed(operand, self.visit(operand), name)
            case _, Literal(value=literal):
                value = self.visit(left)
                self.settle(value, fails=False)
                own = kind(literal)
                true = _facts(value, frozenset((own,)) if is_strict else SCALAR)
            case _:
                self.plain(node.left)
                self.plain(node.right)
        if self.observe is not None and isinstance(right, Literal | Undefined):
            self.observe(right, self.visit(right).shape)
        return Tested(Value(_BOOLEAN), *((false, true) if is_negated else (true, false)))

    def guard(self, node: Call) -> Tested:
        """`Array.isArray(x)`, `has(x, 'a.b')`."""
        value = self.visit(node)
        argument = node.arguments[0] if node.arguments else None
        if argument is None or isinstance(argument, Spread) or path_of(argument) is None:
            return _truth(value)
        # The call has just visited its argument; once more, in silence, for where it stands.
        quiet, watched = self.report, self.observe
        self.report = self.observe = None
        subject = self.visit(argument)
        self.report, self.observe = quiet, watched
        if node.name == "Array.isArray":
            return Tested(value, _facts(subject, _ARRAY), _facts(subject, KINDS - _ARRAY))
        if len(node.arguments) == 1:
            return Tested(value, _facts(subject, _NOT_NULL), _facts(subject, _NULL))
        match unwrap(node.arguments[1]):
            case Literal(value=str() as path):
                return _has(value, subject, path)
            case _:
                return _truth(value)


def _has(value: Value, subject: Value, path: str) -> Tested:
    """`has(x, 'a.b')`: the member is there, or reading it gives null."""
    try:
        steps = parse_path("has", path)
    except Failure:
        return _truth(value)
    shape, is_there, reads_alike = subject.shape, True, True
    for step in steps:
        # `has` knows members of objects and items alone, reading also characters and `length`.
        reads_alike = reads_alike and not shape.may_be("text", *(("array",) if isinstance(step, str) else ()))
        read = read_key(shape, step) if isinstance(step, str) else read_element(shape, step)
        is_sure = shape.object is None or shape.object.certain
        is_there = is_there and (read.is_there or not is_sure)
        shape = read.shape
    whole = None if subject.path is None else (*subject.path, *steps)
    found = Value(shape, (), whole)
    true = _facts(found, KINDS) if is_there else None
    return Tested(value, true, _facts(found, _NULL) if reads_alike else _NO_FACTS)


def _typed(operand: Expression, value: Value, name: str) -> tuple[Facts | None, Facts | None]:
    """What holds where `typeof` says so, and where it does not."""
    kinds = _TYPES.get(name, frozenset())
    others = KINDS - kinds
    if name in {"object", "undefined"}:
        # Null is an object where it is there, and undefined where it is not.
        is_read = isinstance(unwrap(operand), Member | Index)
        is_absent = is_read and value.shape.is_null and any(item.kind != "unset" for item in value.missing)
        if name == "undefined" and not is_absent:
            others = KINDS
        elif name == "object":
            kinds = kinds - _NULL if is_absent else kinds
            others |= _NULL
    return _facts(value, kinds), _facts(value, others)


def _truth(value: Value) -> Tested:
    return Tested(value, _facts(value, _NOT_NULL), _facts(value, _FALSY))


def _facts(value: Value, kinds: frozenset[Kind]) -> Facts | None:
    """What holds where a value has one of these kinds; None: it never has."""
    remaining = value.shape.kinds & kinds
    if not remaining:
        return None
    path = value.path
    if path is None:
        return _NO_FACTS
    facts: dict[Path, frozenset[Kind]] = {path: remaining}
    if "null" not in remaining:
        for length in range(1, len(path)):  # null has no members, nor have numbers
            facts[path[:length]] = _HOLDERS
    return facts


def _all(first: Facts | None, second: Facts | None) -> Facts | None:
    """What holds where both conditions do."""
    return None if first is None or second is None else both(first, second)


def _any(first: Facts | None, otherwise: Facts | None, second: Facts | None) -> Facts | None:
    """What holds where the first condition does, or else the second."""
    if first is None:
        return _all(otherwise, second)
    return first if second is None else _NO_FACTS
