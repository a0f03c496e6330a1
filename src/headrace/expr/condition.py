"""What a filter cannot say, and what to write instead (RFC 9535, sections 2.3.5.1 and 2.4.3)."""

from headrace.expr.nodes import Binary, Call, MethodCall, Name, Node, Query, unwrap
from headrace.expr.problem import Problem

__all__ = ["no_condition", "no_nodes", "no_operand"]

_ARGUMENTS = {"length": 1, "count": 1, "value": 1, "match": 2, "search": 2}
_OTHERWISE = "; for anything else write `.filter(x => …)`"


def no_condition(node: Node) -> Problem:
    """Why a node is no condition: neither a path, nor a comparison, nor `match(…)` or `search(…)`."""
    inner = unwrap(node)
    if isinstance(inner, Call) and inner.name in _ARGUMENTS and _fits(inner):
        return _refused(node, f"`{inner.name}(…)` is a value, no condition; compare it, as in `> 0`")
    if message := _foreign(inner):
        return _refused(node, message)
    return _refused(node, f"a condition is a path, a comparison, `match(…)` or `search(…)`{_OTHERWISE}")


def no_operand(node: Node) -> Problem:
    """Why a node cannot be compared: neither a literal, nor a path with one match, nor a value."""
    match inner := unwrap(node):
        case Query():
            message = "a path with many matches is no single value; use `count(…)` or `value(…)`"
            return _refused(node, message)
        case Call(name="match" | "search" as name) if _fits(inner):
            return _refused(
                node, f"`{name}(…)` is a condition already and cannot be compared; negate it by `!`"
            )
        case _:
            pass
    if message := _foreign(inner):
        return _refused(node, message)
    message = f"a filter compares literals, paths, `length(…)`, `count(…)` and `value(…)`{_OTHERWISE}"
    return _refused(node, message)


def no_nodes(node: Node, name: str) -> Problem:
    """Why a node is no path from the item or the message, given the function that needs one, if any."""
    if message := _foreign(unwrap(node)):
        return _refused(node, message)
    who = f"`{name}` takes a path that" if name else "a path in a filter"
    return _refused(node, f"{who} starts at `@` or `$`")


def _fits(node: Call) -> bool:
    return len(node.arguments) == _ARGUMENTS.get(node.name)


def _foreign(node: Node) -> str:
    """A message for what the language has elsewhere, but not in filters."""
    match node:
        case Call(name=name, arguments=arguments) if (count := _ARGUMENTS.get(name)) is not None:
            if len(arguments) == count:
                return ""
            return (
                f"`{name}` takes {count} argument{'s' if count > 1 else ''} in a filter, not {len(arguments)}"
            )
        case Call(name=name):
            return f"a filter has no `{name}`, only `length count match search value`{_OTHERWISE}"
        case MethodCall(name=name):
            return f"a filter has no methods such as `.{name}`; write `.filter(x => …)`"
        case Binary(operator="===" | "!==" as operator):
            return f"`{operator}` is written `{operator[:2]}` in a filter, where it is strict"
        case Binary(operator=operator) if operator not in {"==", "!=", "<", "<=", ">", ">=", "&&", "||"}:
            return f"a filter has no `{operator}`; write `.filter(x => …)`"
        case Name(name=name):
            return f"unknown name `{name}`; a member of the item is `@.{name}`"
        case _:
            return ""


def _refused(node: Node, message: str) -> Problem:
    return Problem("HR201", f"{message} (RFC 9535)", node.start, node.end)
