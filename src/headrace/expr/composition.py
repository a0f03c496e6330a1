"""Emits `JSON.stringify` of what is spelled out: the parts that are always the same are printed beforehand.

Only direct code does so, where the objects of `{id: $.id}` are made just to be printed; what cannot be
printed is for the checked code to say.
"""

import ast
from collections.abc import Iterator

from headrace.expr.emitter import LOAD, STORE, Emitter, constant, load
from headrace.expr.kind import gives_scalar
from headrace.expr.nodes import Array, Call, Expression, Node, Object, Property, Spread, unwrap
from headrace.expr.text import JSON_PRINTERS, stringify

__all__ = ["CompositionEmitter"]


class CompositionEmitter(Emitter):
    """The part of the emitter that puts JSON together from its pieces."""

    def is_composed(self, node: Call) -> bool:
        """Whether a call is one that `composed` may stand for."""
        if not (self.direct and self.bounded and node.name == "JSON.stringify" and len(node.arguments) == 1):
            return False
        return _members(node.arguments[0]) is not None

    def composed(self, node: Call) -> ast.expr:
        """`JSON.stringify` of an object or an array whose members are known, as one text of pieces."""
        (literal,) = node.arguments
        assert not isinstance(literal, Spread)  # noqa: S101 - it has members
        variable = self.variable("made")
        text = ast.NamedExpr(ast.Name(variable, STORE), ast.JoinedStr(_merged(self.pieces(literal))))
        is_ascii = ast.Call(self.value("is_ascii", str.isascii), [text], [])
        is_fine = ast.BoolOp(ast.And(), [is_ascii, self.is_short(load(variable))])
        steps = constant(1 if self.loops else 0)
        accounted = self.call("composed", self.environment(), load(variable), steps)
        return ast.IfExp(is_fine, load(variable), accounted)

    def pieces(self, node: Expression) -> Iterator[str | ast.expr]:
        """The JSON of a value: texts, and code that gives text."""
        members = _members(node)
        if members is None:
            yield self.piece(node)
            return
        opening, closing = "{}" if isinstance(unwrap(node), Object) else "[]"
        for position, (name, value) in enumerate(members):
            yield ("," if position else opening) + name
            yield from self.pieces(value)
        yield closing if members else opening + closing

    def piece(self, node: Expression) -> str | ast.expr:
        """The JSON of a value that is not spelled out."""
        code = self.kept(node)
        if isinstance(code, ast.Constant):
            return stringify(code.value)  # type: ignore[arg-type]  # constants of the language are JSON
        if isinstance(code, ast.Name) and code.id in self.hoisted and gives_scalar(node):
            value = code
            code = self.hoist(f"{code.id}_json", lambda: self.json_text(value), node)
        else:
            code = self.json_text(code)
        return self.place(ast.FormattedValue(code, -1, None), node)

    def json_text(self, code: ast.expr) -> ast.expr:
        """The JSON of what the code gives, by its type."""
        variable = code.id if isinstance(code, ast.Name) else self.variable("value")
        value = code if isinstance(code, ast.Name) else ast.NamedExpr(ast.Name(variable, STORE), code)
        kind = ast.Call(self.value("type_of", type), [value], [])
        printer = ast.Subscript(self.value("json_printers", JSON_PRINTERS), kind, LOAD)
        return ast.Call(printer, [load(variable)], [])


def _members(node: Node) -> list[tuple[str, Expression]] | None:
    """What stands before each value of an object or an array, and the value; None if data decides that."""
    match unwrap(node):
        case Object(members=members):
            found = [
                (f"{stringify(member.key)}:", member.value)
                for member in members
                if isinstance(member, Property) and isinstance(member.key, str)
            ]
            return found if len(dict(found)) == len(members) else None
        case Array(items=items):
            values = [("", item) for item in items if not isinstance(item, Spread)]
            return values if len(values) == len(items) else None
        case _:
            return None


def _merged(pieces: Iterator[str | ast.expr]) -> list[ast.expr]:
    """The pieces as Python's, with texts that follow each other as one."""
    merged: list[ast.expr] = []
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
        else:
            merged += [constant(text), piece]
            text = ""
    return [*merged, constant(text)]
