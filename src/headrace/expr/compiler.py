"""A template to one Python function, with the places of the user's file in its code.

Direct code carries the lines and columns of the file, so profilers and debuggers show it there. Checked
code has the number of a node for a line: lines are what Python never drops, so the node at fault is
found from a traceback whatever the settings of the interpreter are.
"""

import ast
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType

import msgspec

from headrace.expr.environment import Environment
from headrace.expr.expression import ExpressionEmitter
from headrace.expr.nodes import Node
from headrace.expr.parsed import ParsedExpression, ParsedText, ParsedTree
from headrace.source import Span, Text
from headrace.values import Json

__all__ = ["Compiled", "Evaluate", "compile_checked", "compile_direct"]

Evaluate = Callable[[Json, Environment], Json]
_Enter = Callable[[ParsedExpression], None]


class Compiled(msgspec.Struct, frozen=True):
    """Checked code, and what is needed to find a node from a failure in it.

    Attributes:
        evaluate: the function.
        nodes: what each line stands for, counted from 1.
        variables: the Python variable that holds a parameter, by the identity of the `Name` that reads it.
    """

    evaluate: Evaluate
    nodes: list[tuple[ParsedExpression, Node]]
    variables: dict[int, str]

    def find(self, traceback: TracebackType | None) -> tuple[ParsedExpression, Node, FrameType] | None:
        """The innermost node that was at work, and the frame with its variables."""
        found = None
        values = getattr(self.evaluate, "__globals__", None)
        while traceback is not None:
            frame = traceback.tb_frame
            if frame.f_globals is values and 0 < traceback.tb_lineno <= len(self.nodes):
                found = (*self.nodes[traceback.tb_lineno - 1], frame)
            traceback = traceback.tb_next
        return found

    def callbacks(
        self, traceback: TracebackType | None
    ) -> Iterator[tuple[ParsedExpression, Node, FrameType]]:
        """The loops and arrows that were at work, the outermost first, and the frames with their items."""
        values = getattr(self.evaluate, "__globals__", None)
        while traceback is not None:
            frame = traceback.tb_frame
            if frame.f_globals is values and frame.f_code.co_name in {"<genexpr>", "<lambda>"}:
                yield (*self.nodes[frame.f_code.co_firstlineno - 1], frame)
            traceback = traceback.tb_next


def compile_checked(tree: ParsedTree, source_name: str) -> Compiled:
    """Compile to code that gives the value or a `Failure`."""
    nodes: list[tuple[ParsedExpression, Node]] = []
    lines: dict[int, int] = {}
    current: list[ParsedExpression] = []

    def place(node: Node) -> tuple[int, int, int, int]:
        if id(node) not in lines:
            nodes.append((current[-1], node))
            lines[id(node)] = len(nodes)
        line = lines[id(node)]
        return line, 0, line, 0

    emitter = ExpressionEmitter(direct=False, place=place)
    evaluate = _compile(tree, emitter, current.append, source_name)
    return Compiled(evaluate, nodes, emitter.variables)


def compile_direct(tree: ParsedTree, source_name: str) -> Evaluate:
    """Compile to code that gives the value or fails in any way."""
    current: list[ParsedExpression] = []
    emitter = ExpressionEmitter(direct=True, place=lambda node: _position(current[-1].text, node))
    return _compile(tree, emitter, current.append, source_name)


def _position(text: Text, node: Node) -> tuple[int, int, int, int]:
    """Lines from 1 and columns in bytes of UTF-8 from 0, as Python wants them."""
    span = text.span(node.start, node.end)
    start = _line_and_byte(span, span.start)
    return *start, *max(start, _line_and_byte(span, span.end))


def _line_and_byte(span: Span, offset: int) -> tuple[int, int]:
    line, column = span.source.position(offset)
    before = span.source.text[offset - column + 1 : offset]
    return line, len(before.encode("utf-8", "surrogatepass"))


def _compile(tree: ParsedTree, emitter: ExpressionEmitter, enter: _Enter, source_name: str) -> Evaluate:
    result = _emit_tree(tree, emitter, enter)
    module = ast.parse("def template(message, environment):\n    return None")
    function = module.body[0]
    assert isinstance(function, ast.FunctionDef)  # noqa: S101 - by the line above
    assignments: list[ast.stmt] = [
        ast.Assign([ast.Name(name, ast.Store())], code) for name, code in emitter.hoisted.items()
    ]
    function.body = [*assignments, ast.Return(result)]
    ast.fix_missing_locations(module)
    values = emitter.values
    exec(compile(module, source_name, "exec"), values)  # noqa: S102 - our own tree: names and JSON constants alone
    evaluate: Evaluate = values["template"]  # type: ignore[assignment]  # what the lines above define
    return evaluate


def _emit_tree(tree: ParsedTree, emitter: ExpressionEmitter, enter: _Enter) -> ast.expr:
    if isinstance(tree, ParsedText):
        return _emit_text(tree, emitter, enter)
    if isinstance(tree, list):
        return ast.List([_emit_tree(item, emitter, enter) for item in tree], ast.Load())
    if isinstance(tree, dict):
        values = [_emit_tree(item, emitter, enter) for item in tree.values()]
        return ast.Dict([ast.Constant(key) for key in tree], values)
    return ast.Constant(tree)


def _emit_text(tree: ParsedText, emitter: ExpressionEmitter, enter: _Enter) -> ast.expr:
    if tree.is_whole:
        (expression,) = tree.expressions
        enter(expression)
        return emitter.emit_root(expression.node)
    parts: list[ast.expr] = []
    for part in tree.parts:
        if isinstance(part, str):
            parts.append(ast.Constant(part))
        else:
            enter(part)
            emitter.bounded = False
            parts.append(emitter.in_text(part.node))
    return ast.JoinedStr(parts)
