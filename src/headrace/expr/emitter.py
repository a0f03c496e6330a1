"""Nodes to Python's syntax tree: operands, operators and accesses.

Two ways of emitting the same expression: *checked* code calls `support` for whatever can fail, so that
it always gives the value or a `Failure`; *direct* code reads members by subscript and computes in place
wherever Python's result, if there is one, is the value, and raises a Python error where it is not. Then
the checked code decides.
"""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from headrace.expr import arithmetic, path, support, text
from headrace.expr.kind import gives_scalar, kind_of, may_be_nan
from headrace.expr.nodes import (
    Array,
    Arrow,
    Expression,
    Index,
    Invoke,
    Literal,
    Member,
    MethodCall,
    Node,
    Object,
    Root,
    Spread,
    TextTemplate,
    children,
    path_of,
    unwrap,
    walk,
)

__all__ = ["LOAD", "STORE", "Emitter", "constant", "holds_walrus", "load", "subscript"]

SUPPORT: Mapping[str, Callable[..., object]] = {
    name: getattr(module, name)
    for module, names in (
        (support, support.__all__),
        (arithmetic, arithmetic.__all__),
        (text, ("equal", "strict_equal", "to_text", "truthy")),
        (path, ("run_path",)),
    )
    for name in names
}
"""What compiled code may call, besides the language's functions and methods."""

LOAD, STORE = ast.Load(), ast.Store()
_BOUNDED_ARROWS = 3
_BOUNDED_TEXT = 4096
_BOUNDED_REPEATS = 16  # readings of what is read elsewhere too: the result may be so many times the message
_SHORT = 128


def load(name: str) -> ast.expr:
    """A Python variable."""
    return ast.Name(name, LOAD)


def constant(value: str | int | float | tuple[str, ...] | None) -> ast.expr:
    """A Python constant."""
    return ast.Constant(value)  # type: ignore[arg-type]  # tuples of constants are constants too


def subscript(value: ast.expr, key: str | int) -> ast.expr:
    """`value[key]`."""
    return ast.Subscript(value, constant(key), LOAD)


def _repeats(node: Node) -> int:
    """How many readings there are of paths that are read elsewhere too."""
    paths: list[tuple[str | int, ...]] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if path := path_of(current):
            paths.append(path)
        else:
            pending.extend(children(current))
    return len(paths) - len(set(paths))


def holds_walrus(code: ast.AST) -> bool:
    """Whether the code assigns, which Python forbids where a comprehension takes its items from."""
    return any(isinstance(node, ast.NamedExpr) for node in ast.walk(code))


class Emitter(ABC):
    """Emits the expressions of one template.

    Attributes:
        direct: whether direct code is emitted; else it is checked code.
        values: the globals of the code.
        hoisted: assignments that come before everything else, by variable.
        variables: in checked code the Python variable that holds the value of a `Name`, by identity.
        loops: how many callbacks the code stands in.
        own: the parameters of the innermost of them.
    """

    def __init__(self, *, direct: bool, place: Callable[[Node], tuple[int, int, int, int]]) -> None:
        self.direct = direct
        self.values: dict[str, object] = {"__builtins__": {}}
        self.hoisted: dict[str, ast.expr] = {}
        self.variables: dict[int, str] = {}
        self.bound: dict[str, Callable[[], ast.expr]] = {}
        self.bounded = True
        self.loops = 0
        self.own: frozenset[str] = frozenset()
        self._place = place
        self._count = 0

    def emit_root(self, node: Expression) -> ast.expr:
        """Emit a whole expression."""
        kinds = [type(below) for below in walk(node)]
        accumulates = Invoke in kinds or any(
            isinstance(below, MethodCall) and below.name.startswith("reduce") for below in walk(node)
        )
        size = node.end - node.start
        is_small = kinds.count(Arrow) <= _BOUNDED_ARROWS and size <= _BOUNDED_TEXT
        self.bounded = not accumulates and is_small and _repeats(node) <= _BOUNDED_REPEATS
        code = self.emit(node)
        return code if self.bounded else self.place(self.call("measure", self.environment(), code), node)

    def emit(self, node: Expression, *, loose: bool = False) -> ast.expr:
        """Emit a node.

        Args:
            node: what to emit.
            loose: whether its value may be NaN: below `||`, `!`, `==` and the like.
        """
        code = self._emit(node, loose)
        if not loose and may_be_nan(node):
            code = self.call("finite", code)
        return self.place(code, node)

    def place(self, code: ast.expr, node: Node) -> ast.expr:
        """Give a node's place to all code that has none yet."""
        line, column, end_line, end_column = self._place(node)
        pending: list[ast.AST] = [code]
        while pending:
            item = pending.pop()
            if isinstance(item, ast.expr):
                if hasattr(item, "lineno"):
                    continue
                item.lineno, item.col_offset = line, column
                item.end_lineno, item.end_col_offset = end_line, end_column
            elif isinstance(item, ast.arg):
                item.lineno, item.col_offset = line, column
            pending.extend(ast.iter_child_nodes(item))
        return code

    @abstractmethod
    def _emit(self, node: Expression, loose: bool) -> ast.expr:
        """The code of a node, which gets its place afterwards."""

    def guarded(self, node: Expression, *, loose: bool = False) -> ast.expr:
        """An operand that is expected to be missing at times: no direct access to it."""
        if self.direct and isinstance(unwrap(node), Member | Index):
            self.direct = False
            code = self.emit(node, loose=loose)
            self.direct = True
            return code
        return self.emit(node, loose=loose)

    # ---- variables and calls

    def variable(self, name: str) -> str:
        """A new Python variable, named after a parameter."""
        self._count += 1
        return f"{''.join(char if char.isalnum() else '_' for char in name)}_{self._count}"

    def value(self, name: str, value: object) -> ast.expr:
        """A global of the code with this value."""
        name = "".join(char if char.isalnum() else "_" for char in name)
        while self.values.get(name, value) is not value:
            name += "_"
        self.values[name] = value
        return load(name)

    def call(self, name: str, *arguments: ast.expr) -> ast.expr:
        """A call of something in `support`."""
        return ast.Call(self.value(name, SUPPORT[name]), list(arguments), [])

    def environment(self) -> ast.expr:
        """The environment."""
        return load("environment")

    def hoist(self, name: str, make: Callable[[], ast.expr], node: Node) -> ast.expr:
        """A variable that is computed once, before everything else."""
        if name not in self.hoisted:
            self.hoisted[name] = self.place(make(), node)
        return load(name)

    # ---- operands

    def root(self, node: Root) -> ast.expr:
        """`$`, `$vars` or `$run`."""
        if node.name == "$":
            return load("message")
        support_name = "vars_of" if node.name == "$vars" else "run_of"
        return self.hoist(f"the_{support_name}", lambda: self.call(support_name, self.environment()), node)

    def text_template(self, node: TextTemplate) -> ast.expr:
        """A text with values in it."""
        parts: list[ast.expr] = [
            constant(part) if isinstance(part, str) else self.in_text(part) for part in node.parts
        ]
        joined = ast.JoinedStr(parts)
        return self.made(joined)

    def made(self, text: ast.expr) -> ast.expr:
        """A text that was just made, accounted for if it is long."""
        if not self.direct:
            return self.call("grown", self.environment(), text)
        variable = self.variable("made")
        is_short = self.is_short(ast.NamedExpr(ast.Name(variable, STORE), text))
        return ast.IfExp(is_short, load(variable), self.call("grown", self.environment(), load(variable)))

    def is_short(self, text: ast.expr) -> ast.expr:
        """Whether a text is too short to be worth accounting for."""
        length = ast.Call(self.value("length_of", len), [text], [])
        return ast.Compare(length, [ast.Lt()], [constant(_SHORT)])

    def kept(self, node: Expression) -> ast.expr:
        """A value that becomes part of another; in a loop, what is not the item's own is accounted for.

        What a call makes is accounted for by the call.
        """
        code = self.emit(node)
        path = path_of(node)
        if not self.loops or gives_scalar(node) or (path and path[0] in self.own):
            return code
        if isinstance(unwrap(node), Literal | Array | Object):
            return code
        return self.place(self.call("shared", self.environment(), code), node)

    def in_text(self, node: Expression) -> ast.expr:
        """A value to be put into text."""
        code = self.emit(node)
        if kind_of(node) != "text":
            is_once = self.bounded and not self.bound
            code = self.call("to_text", code) if is_once else self.call("text_of", self.environment(), code)
        return self.place(ast.FormattedValue(code, -1, None), node)

    def item(self, item: Expression | Spread) -> ast.expr:
        """An item of an array."""
        if not isinstance(item, Spread):
            return self.kept(item)
        code = self.call("spread", self.environment(), self.emit(item.value))
        return self.place(ast.Starred(code, LOAD), item)

    def object(self, node: Object) -> ast.expr:
        """An object."""
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for member in node.members:
            if isinstance(member, Spread):
                keys.append(None)
                code = self.call("spread_object", self.environment(), self.guarded(member.value))
                values.append(self.place(code, member))
                continue
            if isinstance(member.key, str):
                keys.append(constant(member.key))
            else:
                keys.append(self.place(self.call("key_text", self.emit(member.key)), member))
            values.append(self.kept(member.value))
        return ast.Dict(keys, values)
