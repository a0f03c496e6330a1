"""The emitter, complete: what is emitted for which node."""

import ast

from headrace.expr.calling import CallEmitter
from headrace.expr.emitter import LOAD, constant, load
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
    Regex,
    Root,
    TextTemplate,
    Unary,
    Undefined,
)
from headrace.expr.parser import CONSTANTS
from headrace.expr.path import compile_path
from headrace.expr.regex import compile_pattern

__all__ = ["ExpressionEmitter"]


class ExpressionEmitter(CallEmitter):
    """Emits any node."""

    def _emit(self, node: Expression, loose: bool) -> ast.expr:
        match node:
            case Group(inner=inner):
                return self.emit(inner, loose=loose)
            case Literal(value=value):
                return constant(value)
            case Undefined():
                return constant(None)
            case Constant(name=name):
                return constant(CONSTANTS[name])
            case Root():
                return self.root(node)
            case Name(name=name):
                code = self.bound[name]()
                if isinstance(code, ast.Name):
                    self.variables[id(node)] = code.id
                return code
            case Regex(source=source, flags=flags):
                return self.value("pattern", compile_pattern(source, flags))
            case TextTemplate():
                return self.text_template(node)
            case Array(items=items):
                return ast.List([self.item(item) for item in items], LOAD)
            case Object():
                return self.object(node)
            case Unary():
                return self.unary(node, loose=loose)
            case Binary(operator="||" | "&&" | "??"):
                return self.logical(node, loose=loose)
            case Binary(operator="==" | "!=" | "===" | "!=="):
                return self.equality(node)
            case Binary():
                return self.arithmetic(node)
            case Conditional(test=test, then=then, otherwise=otherwise):
                return ast.IfExp(
                    self.test(test), self.emit(then, loose=loose), self.emit(otherwise, loose=loose)
                )
            case Query():
                steps = self.value("path", compile_path(node.steps))
                return self.call(
                    "run_path", self.environment(), steps, self.emit(node.target), load("message")
                )
            case Member() | Index() | MethodCall():
                return self.chain(node)
            case Call():
                return self.function(node)
            case Invoke():
                return self.invoke(node)
            case _:
                raise AssertionError(f"the checker lets no {type(node).__name__} through")
