"""`sort()` without a comparator on numbers, which JavaScript sorts as text: 10 before 9."""

from headrace.errors import Severity
from headrace.expr.kind import kind_of
from headrace.expr.nodes import (
    Array,
    Arrow,
    Call,
    Expression,
    FunctionName,
    Literal,
    MethodCall,
    Node,
    unwrap,
)
from headrace.expr.problem import Problem
from headrace.expr.text import number_text

__all__ = ["numbers_sorted_as_text"]

_SAME_ITEMS = frozenset({"filter", "slice", "reverse", "toReversed", "sort", "toSorted"})


def numbers_sorted_as_text(node: MethodCall) -> Problem | None:
    """A warning (HR230) where a call of `sort` or `toSorted` is known to sort numbers as text."""
    if node.name not in {"sort", "toSorted"} or node.arguments or not _holds_numbers(node.target):
        return None
    message = f"`{node.name}()` sorts numbers as text, 10 before 9; write `.{node.name}((a, b) => a - b)`"
    return Problem("HR230", message, node.name_start, node.end, severity=Severity.WARNING)


def _holds_numbers(node: Expression) -> bool:
    """Whether the value is an array of numbers for all data."""
    match unwrap(node):
        case Array(items=items):
            numbers = [unwrap(item) for item in items]
            return all(map(_is_number, numbers)) and not _in_order_as_text(numbers)
        case Call(name="range"):
            return True
        case MethodCall(name="map", arguments=[made]):
            return _gives_number(unwrap(made))
        case MethodCall(name=name, target=target) if name in _SAME_ITEMS:
            return _holds_numbers(target)
        case _:
            return False


def _is_number(node: Node) -> bool:
    return isinstance(node, Expression) and kind_of(node) == "number"


def _gives_number(callback: Node) -> bool:
    match callback:
        case Arrow(body=body):
            return _is_number(body)
        case FunctionName(name="Number" | "parseInt" | "parseFloat"):
            return True
        case FunctionName(start=start, end=end, name=name):
            return kind_of(Call(start, end, name, ())) == "number"
        case _:
            return False


def _in_order_as_text(numbers: list[Node]) -> bool:
    """Whether it makes no difference for these numbers, if they are written out."""
    values = [node.value for node in numbers if isinstance(node, Literal)]
    known = [value for value in values if isinstance(value, int | float)]
    return len(known) == len(numbers) and sorted(known) == sorted(known, key=number_text)
