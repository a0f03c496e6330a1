"""Emits members, elements and chains of them."""

import ast
from abc import abstractmethod

from headrace.expr.emitter import LOAD, STORE, Emitter, constant, load, subscript
from headrace.expr.kind import kind_of
from headrace.expr.nodes import Index, Member, MethodCall, index_key

__all__ = ["AccessEmitter"]


class AccessEmitter(Emitter):
    """The part of the emitter that knows `.x`, `[x]` and `?.`."""

    @abstractmethod
    def method(self, node: MethodCall, receiver: ast.expr) -> ast.expr:
        """A call of a method."""

    def chain(self, node: Member | Index | MethodCall) -> ast.expr:
        """Emit accesses; where `?.` meets null, all that follows it in the chain is null.

        Members of null are null anyway, so null is tested for only where a method is called or an index
        computed, whose arguments then are not evaluated.
        """
        links = [node]
        while isinstance(target := links[0].target, Member | Index | MethodCall):
            links.insert(0, target)
        last_optional = max((at for at, link in enumerate(links) if link.optional), default=-1)
        last_call = max((at for at, link in enumerate(links) if _evaluates(link)), default=-1)
        code = self.guarded(target) if last_optional >= 0 else self.emit(target)
        tests: list[tuple[str, ast.expr]] = []
        for at, link in enumerate(links):
            if link.optional and at <= last_call:
                tests.append((self.variable("target"), code))
                code = load(tests[-1][0])
            # Python complains of subscripts on literals, which nobody writes in earnest.
            direct = (
                self.direct and at > last_optional and isinstance(code, ast.Name | ast.Subscript | ast.Call)
            )
            code = self.place(self.link(link, code, direct=direct), link)
        for variable, assigned in reversed(tests):
            target_code = ast.NamedExpr(ast.Name(variable, STORE), assigned)
            code = ast.IfExp(ast.Compare(target_code, [ast.Is()], [constant(None)]), constant(None), code)
        return code

    def link(self, node: Member | Index | MethodCall, target: ast.expr, *, direct: bool) -> ast.expr:
        """One access on a value."""
        match node:
            case MethodCall():
                return self.method(node, target)
            case Member(name="length"):
                return self.call("length", target)
            case Member(name=name):
                return subscript(target, name) if direct else self.call("member", target, constant(name))
            case Index():
                return self.indexed(node, target, direct=direct)

    def indexed(self, node: Index, target: ast.expr, *, direct: bool) -> ast.expr:
        """`target[index]`."""
        key = index_key(node.index)
        if key is None:
            code = self.emit(node.index)
            if direct and kind_of(node.index) == "text":
                return ast.Subscript(target, code, LOAD)
            return self.call("index", target, code)
        if direct:
            return subscript(target, key)
        return self.call("element" if isinstance(key, int) else "index", target, constant(key))


def _evaluates(link: Member | Index | MethodCall) -> bool:
    """Whether the access evaluates more than its target."""
    return isinstance(link, MethodCall) or (isinstance(link, Index) and index_key(link.index) is None)
