"""A failure to an error for people: which operand, by its path, and what is there instead.

Runs only when an evaluation failed, so it may take its time.
"""

from collections.abc import Mapping

import msgspec

from headrace.errors import ExpressionError
from headrace.expr.environment import Environment
from headrace.expr.failure import Failure
from headrace.expr.nodes import (
    Binary,
    Call,
    Index,
    Member,
    MethodCall,
    Node,
    Property,
    Query,
    Root,
    Spread,
    Unary,
    path_of,
    unwrap,
    walk,
)
from headrace.expr.parsed import ParsedExpression
from headrace.expr.suggestion import listed
from headrace.expr.support import absent, element, member
from headrace.values import Json, described

__all__ = ["Evaluation", "explain"]


class Evaluation(msgspec.Struct, frozen=True):
    """What an evaluation knew when it failed.

    Attributes:
        message: the value of `$`.
        environment: the rest.
        root_name: what messages call `$`: `message` or `settings`.
        variables: the Python variable of each `Name`, by identity.
        values: the Python variables of the frame that failed.
    """

    message: Json
    environment: Environment
    root_name: str
    variables: Mapping[int, str]
    values: Mapping[str, Json]

    def root_value(self, node: Node) -> Json:
        """The value of the root of a path."""
        match node:
            case Root(name="$vars"):
                return self.environment.vars
            case Root(name="$run"):
                return self.environment.run
            case Root():
                return self.message
            case _:
                return self.values.get(self.variables.get(id(node), ""))


def explain(
    failure: Failure, expression: ParsedExpression, node: Node, evaluation: Evaluation
) -> ExpressionError:
    """The error that people read, at the operand at fault if it is known."""
    operand, item = _operand(node, failure.operand)
    place = operand or node
    span = expression.text.span(place.start, place.end)
    value = expression.text.value
    if evaluation.root_name == "settings" and _reads_secrets(expression) and failure.code != "HR221":
        source = _shortened(value[node.start : node.end])
        message = f"`{source}` has no value; what it reads is not shown, since it may hold a secret"
        return ExpressionError(failure.code, message, span)
    message = failure.message.replace("{node}", f"`{_shortened(value[node.start : node.end])}`")
    if operand is None:
        return ExpressionError(failure.code, message.replace("{operand}", "this"), span)
    source = _shortened(value[operand.start : operand.end])
    if isinstance(operand, Spread):
        return ExpressionError(failure.code, message.replace("{operand}", f"`{source}` at [{item}]"), span)
    names_operand = "{operand}" in message
    message = message.replace("{operand}", f"`{source}`")
    code, detail = failure.code, _detail(operand, source, evaluation)
    if detail.code:
        return ExpressionError(detail.code, detail.state, span)
    if names_operand:
        message += detail.rest
    elif detail.state:
        message += f": {detail.state}{detail.rest}"
    elif path_of(operand):
        message += f" (`{source}`)"
    return ExpressionError(code, message, span)


def _shortened(source: str) -> str:
    """A piece of the user's text in one line of at most 60 characters."""
    line = " ".join(source.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


class _Detail(msgspec.Struct, frozen=True):
    state: str = ""  # `$.a.b` is missing
    rest: str = ""  # ; message has …
    code: str = ""  # where another code fits better


def _operand(node: Node, position: int | None) -> tuple[Node | None, int]:
    """The operand of a node at a position, counted as `Failure` does, and which item of a spread it is."""
    if position is None:
        return None, 0
    operands: tuple[Node, ...] = ()
    match node:
        case Binary(left=left, right=right):
            operands = (left, right)
        case Unary(operand=only) | Spread(value=only) | Query(target=only) | Member(target=only):
            operands = (only,)
        case Property(key=Node() as key):
            operands = (key,)
        case Index(target=target, index=index):
            operands = (target, index)
        case MethodCall(target=target, arguments=arguments):
            operands = (target, *arguments)
        case Call(arguments=arguments):
            operands = arguments
        case _:
            pass
    for at, operand in enumerate(operands[: position + 1]):
        if isinstance(operand, Spread):  # its items, and what follows it, have no node
            return operand, position - at
    return (unwrap(operands[position]) if position < len(operands) else None), 0


def _reads_secrets(expression: ParsedExpression) -> bool:
    """Whether the expression may read a secret: what a setting reads is `vars` or secrets."""
    return any(
        (path := path_of(node)) is not None and path[0] == "$" and len(path) > 1 and path[1] != "vars"
        for node in walk(expression.node)
    )


def _detail(operand: Node, source: str, evaluation: Evaluation) -> _Detail:
    path = path_of(operand)
    if path is None:
        return _Detail()
    steps = list(_steps(operand))
    root, value = steps[0], evaluation.root_value(steps[0])
    name = evaluation.root_name if isinstance(root, Root) and root.name == "$" else f"`{path[0]}`"
    for key in path[1:]:
        # What reads `null.x` is told what is null, not that `x` is missing in it.
        if value is None:
            return _Detail(f"`{source}` is missing", f"; {name} is null")
        if absent(value, key):
            return _Detail(f"`{source}` is missing", f"; {_contents(name, value)}")
        below = element(value, key) if isinstance(key, int) else member(value, key)
        if key == "bodyJson" and below is None and (answer := _answer(value)):
            return _Detail(answer, code="HR226")
        name, value = f"`{key}`", below
    return _Detail(f"`{source}` is null") if value is None else _Detail()


def _steps(node: Node) -> list[Node]:
    """The nodes of a path from its root."""
    steps = [unwrap(node)]
    while isinstance(steps[0], Member | Index):
        steps.insert(0, unwrap(steps[0].target))
    return steps


def _contents(name: str, value: Json) -> str:
    """`message has `page`, `response``."""
    if isinstance(value, dict):
        return f"{name} has {listed(value)}" if value else f"{name} is empty"
    if isinstance(value, list):
        return f"{name} has {len(value)} items" if len(value) != 1 else f"{name} has 1 item"
    return f"{name} is {described(value)}"


def _answer(response: Json) -> str:
    """Why the body of an answer is not there as JSON, if this is an answer."""
    if not isinstance(response, dict) or "statusCode" not in response:
        return ""
    headers, body = response.get("headers"), response.get("body")
    content_type = headers.get("content-type") if isinstance(headers, dict) else None
    what = f"`{str(content_type).split(';')[0]}`" if content_type else "no content type"
    sample = f' ("{body[:9]}…")' if isinstance(body, str) and body.strip() else ""
    return f"`bodyJson` is null: {response['statusCode']} answered {what}{sample}, not JSON"
