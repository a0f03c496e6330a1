"""Nodes to Python's syntax tree: operands, operators and accesses.

Two ways of emitting the same expression: *checked* code calls `support` for whatever can fail, so that
it always gives the value or a `Failure`; *direct* code reads members by subscript and computes in place
wherever Python's result, if there is one, is the value, and raises a Python error where it is not. Then
the checked code decides.
"""

import ast
from collections.abc import Callable, Mapping

from headrace.expr import arithmetic, path, support, text
from headrace.expr.kind import kind_of, may_be_nan
from headrace.expr.nodes import (
    Array,
    Arrow,
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
    Node,
    Object,
    Query,
    Regex,
    Root,
    Spread,
    TextTemplate,
    Unary,
    Undefined,
    index_key,
    unwrap,
    walk,
)
from headrace.expr.parser import CONSTANTS
from headrace.expr.regex import compile_pattern

__all__ = ["Emitter"]

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

_ARITHMETIC = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder", "**": "power",
    "<": "less", "<=": "less_or_equal", ">": "greater", ">=": "greater_or_equal",
}  # fmt: skip
_ORDER: dict[str, ast.cmpop] = {"<": ast.Lt(), "<=": ast.LtE(), ">": ast.Gt(), ">=": ast.GtE()}
_LOAD, _STORE = ast.Load(), ast.Store()
_SMALL = 10**15  # a literal below cannot take a float beyond its range, nor an integer beyond its limit
_BOUNDED_ARROWS = 3
_BOUNDED_TEXT = 4096


def load(name: str) -> ast.expr:
    """A Python variable."""
    return ast.Name(name, _LOAD)


def constant(value: object) -> ast.expr:
    """A Python constant."""
    return ast.Constant(value)


def subscript(value: ast.expr, key: object) -> ast.expr:
    """`value[key]`."""
    return ast.Subscript(value, constant(key), _LOAD)


def holds_walrus(code: ast.AST) -> bool:
    """Whether the code assigns, which Python forbids where a comprehension takes its items from."""
    return any(isinstance(node, ast.NamedExpr) for node in ast.walk(code))


class Emitter:
    """Emits the expressions of one template.

    Attributes:
        direct: whether direct code is emitted; else it is checked code.
        values: the globals of the code.
        hoisted: assignments that come before everything else, by variable.
        variables: in checked code the Python variable that holds the value of a `Name`, by identity.
    """

    def __init__(self, *, direct: bool, place: Callable[[Node], tuple[int, int, int, int]]) -> None:
        self.direct = direct
        self.values: dict[str, object] = {"__builtins__": {}}
        self.hoisted: dict[str, ast.expr] = {}
        self.variables: dict[int, str] = {}
        self.bound: dict[str, Callable[[], ast.expr]] = {}
        self.bounded = True
        self._place = place
        self._count = 0

    def emit_root(self, node: Expression) -> ast.expr:
        """Emit a whole expression."""
        kinds = [type(below) for below in walk(node)]
        accumulates = Invoke in kinds or any(
            isinstance(below, MethodCall) and below.name.startswith("reduce") for below in walk(node)
        )
        size = node.end - node.start
        self.bounded = not accumulates and kinds.count(Arrow) <= _BOUNDED_ARROWS and size <= _BOUNDED_TEXT
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

    # ---- dispatch

    def _emit(self, node: Expression, loose: bool) -> ast.expr:  # noqa: PLR0911, PLR0912 - one case a kind of node
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
                return ast.List([self.item(item) for item in items], _LOAD)
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
                steps = self.value("path", path.compile_path(node.steps))
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

    def function(self, node: Call) -> ast.expr:
        """Emit a call of a function."""
        raise NotImplementedError

    def invoke(self, node: Invoke) -> ast.expr:
        """Emit an arrow that is called at once."""
        raise NotImplementedError

    def method(self, node: MethodCall, receiver: ast.expr) -> ast.expr:
        """Emit a call of a method."""
        raise NotImplementedError

    # ---- operands

    def root(self, node: Root) -> ast.expr:
        if node.name == "$":
            return load("message")
        support_name = "vars_of" if node.name == "$vars" else "run_of"
        return self.hoist(f"the_{support_name}", lambda: self.call(support_name, self.environment()), node)

    def text_template(self, node: TextTemplate) -> ast.expr:
        parts: list[ast.expr] = [
            constant(part) if isinstance(part, str) else self.in_text(part) for part in node.parts
        ]
        joined = ast.JoinedStr(parts)
        return joined if self.bounded else self.call("concatenate", joined)

    def in_text(self, node: Expression) -> ast.expr:
        """A value to be put into text."""
        code = self.emit(node)
        if kind_of(node) != "text":
            code = (
                self.call("to_text", code) if self.bounded else self.call("text_of", self.environment(), code)
            )
        return self.place(ast.FormattedValue(code, -1, None), node)

    def item(self, item: Expression | Spread) -> ast.expr:
        if not isinstance(item, Spread):
            return self.emit(item)
        code = self.call("spread", self.environment(), self.emit(item.value))
        return self.place(ast.Starred(code, _LOAD), item)

    def object(self, node: Object) -> ast.expr:
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
            values.append(self.emit(member.value))
        return ast.Dict(keys, values)

    # ---- operators

    def test(self, node: Expression) -> ast.expr:
        """A node as a condition that Python judges as JavaScript does."""
        match unwrap(node):
            case Unary(operator="!", operand=operand):
                return self.place(ast.UnaryOp(ast.Not(), self.test(operand)), node)
            case Binary(operator="&&" | "||" as operator, left=left, right=right):
                both = [self.test(left), self.test(right)]
                return self.place(ast.BoolOp(ast.And() if operator == "&&" else ast.Or(), both), node)
        code = self.emit(node, loose=True)
        if kind_of(node) in {"boolean", "text"}:
            return code
        if self.direct and self.is_simple(node):
            # Most conditions are booleans: no call for those.
            is_true = ast.Compare(code, [ast.Is()], [constant(True)])
            not_false = ast.Compare(self.emit(node), [ast.IsNot()], [constant(False)])
            truthy = self.call("truthy", self.emit(node))
            return self.place(
                ast.BoolOp(ast.Or(), [is_true, ast.BoolOp(ast.And(), [not_false, truthy])]), node
            )
        return self.place(self.call("truthy", code), node)

    def is_simple(self, node: Expression) -> bool:
        """Whether reading it twice is cheap: a parameter, or a member of one."""
        inner = unwrap(node)
        if isinstance(inner, Member):
            inner = unwrap(inner.target)
        return isinstance(inner, Name | Root)

    def guarded(self, node: Expression, *, loose: bool = False) -> ast.expr:
        """An operand that is expected to be missing at times: no direct access to it."""
        if self.direct and isinstance(unwrap(node), Member | Index):
            self.direct = False
            code = self.emit(node, loose=loose)
            self.direct = True
            return code
        return self.emit(node, loose=loose)

    def unary(self, node: Unary, *, loose: bool) -> ast.expr:
        operand = node.operand
        if node.operator == "!":
            return ast.UnaryOp(ast.Not(), self.test(operand))
        if node.operator == "typeof":
            return self.typeof(unwrap(operand))
        if node.operator == "+":
            return self.call("number", self.emit(operand, loose=loose))
        match operand:
            case Literal(value=int() | float() as value) if value is not True and value is not False:
                return constant(-value)
        if self.direct:
            return ast.UnaryOp(ast.USub(), self.emit(operand))
        return self.call("negate", self.emit(operand))

    def typeof(self, operand: Node) -> ast.expr:
        match operand:
            case Undefined():
                return constant("undefined")
            case Member(target=target, name=name):
                return self.call("typeof_member", self.guarded(target), constant(name))
            case Index(target=target, index=index):
                key = index_key(index)
                code = self.emit(index) if key is None else constant(key)
                return self.call("typeof_member", self.guarded(target), code)
        return self.call("typeof", self.emit(operand, loose=True))  # type: ignore[arg-type]  # an operand is an expression

    def logical(self, node: Binary, *, loose: bool) -> ast.expr:
        """`|| && ??`: the right side only where it is needed."""
        operator = node.operator
        left_loose = loose or operator == "||"
        right = self.emit(node.right, loose=loose)
        if operator != "??" and kind_of(node.left) in {"boolean", "text"}:
            left = self.emit(node.left, loose=left_loose)
            return ast.BoolOp(ast.And() if operator == "&&" else ast.Or(), [left, right])
        left = self.guarded(node.left, loose=left_loose)
        variable = self.variable("left")
        assigned = ast.NamedExpr(ast.Name(variable, _STORE), left)
        if operator == "??":
            test: ast.expr = ast.Compare(assigned, [ast.IsNot()], [constant(None)])
        else:
            test = self.call("truthy", assigned)
        if operator == "&&":
            return ast.IfExp(test, right, load(variable))
        return ast.IfExp(test, load(variable), right)

    def equality(self, node: Binary) -> ast.expr:
        is_negated = node.operator.startswith("!")
        is_strict = len(node.operator) == 3
        left, right = unwrap(node.left), unwrap(node.right)
        if isinstance(left, Literal | Undefined):
            left, right = right, left
        match right:
            case Undefined() | Literal(value=None):
                code = self.guarded(left, loose=True)  # type: ignore[arg-type]  # an operand is an expression
                operator: ast.cmpop = ast.IsNot() if is_negated else ast.Is()
                return ast.Compare(code, [operator], [constant(None)])
        both = [self.emit(side, loose=True) for side in (node.left, node.right)]
        if self.compares_as_python(left, right, is_strict=is_strict):
            return ast.Compare(both[0], [ast.NotEq() if is_negated else ast.Eq()], [both[1]])
        if not self.bounded:
            both = [self.call("measure", self.environment(), side) for side in both]
        code = self.call("strict_equal" if is_strict else "equal", *both)
        return ast.UnaryOp(ast.Not(), code) if is_negated else code

    def compares_as_python(self, left: Node, right: Node, *, is_strict: bool) -> bool:
        """Whether Python's `==` gives the answer, for an operand and perhaps a literal to the right."""
        match right:
            case Literal(value=str() as value):
                number = text.to_number(value) if len(value) < _BOUNDED_TEXT else 0
                return is_strict or number != number  # a text that is no number equals no number
            case Literal(value=bool()):
                return False
            case Literal(value=int() | float() as number):
                return is_strict and number not in (0, 1)  # which Python takes for booleans
        return False

    def arithmetic(self, node: Binary) -> ast.expr:
        operator = node.operator
        left, right = self.emit(node.left), self.emit(node.right)
        if self.direct and self.is_direct(node):
            if operator in _ORDER:
                return ast.Compare(left, [_ORDER[operator]], [right])
            return ast.BinOp(left, ast.Add() if operator == "+" else ast.Sub(), right)
        return self.call(_ARITHMETIC[operator], left, right)

    def is_direct(self, node: Binary) -> bool:
        """Whether Python's operator gives the value or an error, whatever the other operand is."""
        kinds = {kind_of(node.left), kind_of(node.right)}
        if node.operator in _ORDER:
            return kinds in ({"number"}, {"text"}, {"number", "unknown"}, {"text", "unknown"})
        if node.operator == "+" and self.bounded and kinds in ({"text"}, {"text", "unknown"}):
            return True
        if node.operator not in {"+", "-"} or kinds not in ({"number"}, {"number", "unknown"}):
            return False
        sides = (unwrap(node.left), unwrap(node.right))
        return any(isinstance(side, Literal) and _is_small(side.value) for side in sides)

    # ---- accesses

    def chain(self, node: Member | Index | MethodCall) -> ast.expr:
        """Emit accesses; where `?.` meets null, all that follows it in the chain is null.

        Members of null are null anyway, so null is tested for only where a method is called.
        """
        links = [node]
        while isinstance(target := links[0].target, Member | Index | MethodCall):
            links.insert(0, target)
        last_optional = max((at for at, link in enumerate(links) if link.optional), default=-1)
        last_call = max((at for at, link in enumerate(links) if isinstance(link, MethodCall)), default=-1)
        code = self.guarded(target) if last_optional >= 0 else self.emit(target)
        tests: list[tuple[str, ast.expr]] = []
        for at, link in enumerate(links):
            if link.optional and at <= last_call:
                tests.append((self.variable("target"), code))
                code = load(tests[-1][0])
            code = self.place(self.link(link, code, direct=self.direct and at > last_optional), link)
        for variable, assigned in reversed(tests):
            target_code = ast.NamedExpr(ast.Name(variable, _STORE), assigned)
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
        key = index_key(node.index)
        if key is None:
            code = self.emit(node.index)
            if direct and kind_of(node.index) == "text":
                return ast.Subscript(target, code, _LOAD)
            return self.call("index", target, code)
        if direct:
            return subscript(target, key)
        return self.call("element" if isinstance(key, int) else "index", target, constant(key))


def _is_small(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _SMALL
