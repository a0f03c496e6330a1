"""Emits calls: functions, methods, and the arrows that they take."""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from headrace.expr.access import AccessEmitter
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.composition import CompositionEmitter
from headrace.expr.emitter import constant, holds_walrus, load, subscript
from headrace.expr.kind import kind_of, may_be_nan
from headrace.expr.nodes import (
    ArrayPattern,
    Arrow,
    AtomPattern,
    Call,
    Expression,
    FunctionName,
    Invoke,
    MethodCall,
    Node,
    ObjectPattern,
    Parameter,
    Pattern,
    Regex,
    Spread,
    unwrap,
    walk,
)
from headrace.expr.operation import OperationEmitter
from headrace.expr.regex import HEAVY, compile_pattern
from headrace.expr.signature import Callback, Function, Method
from headrace.expr.text import WHITESPACE
from headrace.expr.work import DEEP, LIGHT, SEARCHES, Rate, body_steps, rate_of

__all__ = ["CallEmitter"]

_STORE = ast.Store()
_PREDICATES = frozenset({"filter", "find", "findIndex", "findLast", "findLastIndex", "some", "every"})
_ALL_MATCHES = frozenset({"split", "split()", "replace()"})
"""Methods and functions that go through all matches of a pattern without the flag `g`."""
_READING = {"match": "", "search": "", "matchAll": "g", "matches()": "", "capture()": ""}
"""Methods and functions that read a text as a pattern, and the flags that it then has."""

_EARLY = _PREDICATES - {"filter"}
_UNFORESEEN = frozenset({"sort", "toSorted", "replace", "replaceAll"})
"""What calls a callback more or less often than there are items."""
_THROUGH = frozenset({"join", "toString", "sort", "toSorted"})
"""Methods that go through all of their receiver, whose parts may be shared many times."""
_KEYED = frozenset(
    {"sortBy", "groupBy", "indexBy", "countBy", "uniqueBy", "Object.groupBy", "replace", "replaceAll"}
)
"""What goes through all that a callback gives."""


_TEXT_METHODS: Mapping[str, tuple[Callable[..., str], tuple[str, ...]]] = {
    "lower": (str.lower, ()),
    "upper": (str.upper, ()),
    "trim": (str.strip, (WHITESPACE,)),
}
"""For direct code, with their further arguments: they raise an error for all but text."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class CallEmitter(AccessEmitter, CompositionEmitter, OperationEmitter):
    """The part of the emitter that knows calls and arrows."""

    # ---- functions

    def function(self, node: Call) -> ast.expr:
        """A call of a function."""
        if node.name == "now":
            return self.now(node)
        first = node.arguments[0] if node.arguments else None
        if node.name == "RFC3339" and isinstance(inner := first, Call) and inner.name == "now":
            instant = self.now(inner)
            function = self.value("RFC3339", FUNCTIONS["RFC3339"].call)
            return self.hoist("now_text", lambda: ast.Call(function, [instant], []), node)
        if self.is_composed(node):
            return self.composed(node)
        declared = FUNCTIONS[node.name]
        if self.direct and node.name in _TEXT_METHODS and first and not isinstance(first, Spread):
            return self.text_method(node.name, first)
        loose = node.name in {"isNaN", "isFinite", "Number.isNaN", "Number.isFinite", "Number.isInteger"}
        arguments = []
        for position, argument in enumerate(node.arguments):
            callback = declared.callbacks.get(position)
            if callback and (given := self.callback(argument, callback, node.name)):
                arguments.append(given)
            elif node.name in {"coalesce", "has", "get"} and not isinstance(argument, Spread):
                arguments.append(self.guarded(argument))
            else:
                code = self.argument(argument, f"{node.name}()", loose=loose)
                arguments.append(self.read(code, argument, f"{node.name}()") if position == 1 else code)
        given_arguments = self.counted(arguments, declared, f"`{node.name}`")
        return self.function_call(node.name, given_arguments, self.rate(node))

    def text_method(self, name: str, given: Expression) -> ast.expr:
        """A function of text as the method that Python has for it; null gives null."""
        method, further = _TEXT_METHODS[name]
        function = self.value(f"text_{name}", method)
        value = self.argument(given)
        if kind_of(given) == "text":
            return self.made(ast.Call(function, [value, *map(constant, further)], []))
        variable = self.variable("value")
        assigned = ast.NamedExpr(ast.Name(variable, _STORE), value)
        text = self.made(ast.Call(function, [load(variable), *map(constant, further)], []))
        return ast.IfExp(ast.Compare(assigned, [ast.Is()], [constant(None)]), constant(None), text)

    def rate(self, node: Call | MethodCall) -> Rate:
        """What a call costs, with the body of its callback for every item."""
        rate = rate_of(node.name)
        bodies = [unwrap(argument) for argument in node.arguments]
        steps = sum(body_steps(item.body if isinstance(item, Arrow) else item) for item in bodies
                    if isinstance(item, Arrow | FunctionName))  # fmt: skip
        if not steps or node.name in _UNFORESEEN:
            return rate
        return rate._replace(scan=rate.scan + (steps // 2 if node.name in _EARLY else steps))

    def argument(self, argument: Expression | Spread, name: str = "", *, loose: bool = False) -> ast.expr:
        """One argument, or all those of an array that is spread."""
        if not isinstance(argument, Spread):
            code = self.emit(argument, loose=loose)
            inner = unwrap(argument)
            if not isinstance(inner, Regex):
                return code
            if "g" in inner.flags or name in _ALL_MATCHES or _is_heavy(inner):
                return self.call("counting", self.environment(), code)
            return code
        value = self.emit(argument.value)
        code = self.call("spread", self.environment(), value, constant("arguments"))
        return self.place(ast.Starred(code, ast.Load()), argument)

    def read(self, code: ast.expr, argument: Expression | Spread, name: str) -> ast.expr:
        """An argument that the callee reads as a pattern if it is text."""
        if name not in _READING or isinstance(argument, Spread) or isinstance(unwrap(argument), Regex):
            return code
        return self.call("pattern_of", self.environment(), code, constant(_READING[name]))

    def counted(
        self, arguments: list[ast.expr], declared: Function | Method, name: str
    ) -> Sequence[ast.expr]:
        """The arguments of a call; where some are spread, with a count of them at run time."""
        if not any(isinstance(argument, ast.Starred) for argument in arguments):
            return arguments
        limits = constant(declared.minimum), constant(declared.maximum)
        given = self.call("spread_arguments", constant(name), *limits, *arguments)
        return [ast.Starred(given, ast.Load())]

    def now(self, node: Node) -> ast.expr:
        """The instant of this evaluation, asked for once."""
        function = self.value("now", FUNCTIONS["now"].call)
        return self.hoist("the_instant", lambda: ast.Call(function, [self.environment()], []), node)

    def function_call(self, name: str, arguments: Sequence[ast.expr], rate: Rate) -> ast.expr:
        """A call of a function, with its work accounted for where that can be much."""
        declared = FUNCTIONS[name]
        function = self.value(f"function_{name}", declared.call)
        is_light = name in LIGHT or name.startswith("Math.")
        if name == "contains" and self.direct and self.bounded:
            return self.call("contains", self.environment(), function, self.rate_value(rate), *arguments)
        if name in DEEP and (not self.bounded or (self.loops and not is_light)):
            return self.call("call_deep", self.environment(), function, self.rate_value(rate), *arguments)
        if is_light:
            given = [self.environment(), *arguments] if declared.environment else list(arguments)
            code = ast.Call(function, given, [])
            if name not in DEEP or not self.loops:
                return code
            steps = constant(8 if len(arguments) > 1 or name == "String" else 1)
            return self.call("counted", self.environment(), code, steps)
        call = "call_timed" if declared.environment else "call_function"
        return self.call(call, self.environment(), function, self.rate_value(rate), *arguments)

    def rate_value(self, rate: Rate) -> ast.expr:
        """A rate as a constant."""
        name = f"rate_{rate.base}_{rate.scan}_{rate.make}"
        self.values.setdefault(name, rate)
        return load(name)

    # ---- methods

    def method(self, node: MethodCall, receiver: ast.expr) -> ast.expr:
        """A call of a method."""
        declared = METHODS[node.name]
        if isinstance(unwrap(node.target), Regex):
            function = self.value(f"pattern_{node.name}", declared.calls["pattern"])
            if _is_heavy(unwrap(node.target)):
                receiver = self.call("counting", self.environment(), receiver)
            given = [receiver, *self.arguments(node, declared)]
            if not self.loops:
                return ast.Call(function, given, [])
            rate = self.rate_value(self.rate(node))
            return self.call("call_function", self.environment(), function, rate, *given)
        if node.name in {"map", "filter"} and len(node.arguments) == 1:
            inner: Node = unwrap(node.arguments[0])
            if isinstance(inner, FunctionName) or (
                isinstance(inner, Arrow) and len(inner.parameters) <= 2 and not inner.rest
            ):
                return self.comprehension(node, inner, receiver)
        calls = self.value(f"calls_{node.name}", _calls(node.name))
        rate = self.rate_value(self.rate(node))
        arguments = self.arguments(node, declared)
        if node.name in _THROUGH and not self.bounded:
            receiver = self.call("measure", self.environment(), receiver)
        call = "search_array" if node.name in SEARCHES else "call_method"
        return self.call(call, self.environment(), calls, constant(node.name), rate, receiver, *arguments)

    def arguments(self, node: MethodCall, declared: Method) -> Sequence[ast.expr]:
        """The arguments of a method."""
        arguments = []
        for position, argument in enumerate(node.arguments):
            callback = declared.callbacks.get(position)
            given = self.callback(argument, callback, node.name) if callback else None
            arguments.append(given or self.read(self.argument(argument, node.name), argument, node.name))
        return self.counted(arguments, declared, f"`.{node.name}`")

    def comprehension(self, node: MethodCall, arrow: Arrow | FunctionName, receiver: ast.expr) -> ast.expr:
        """`.map` and `.filter` as Python's own loop."""
        if holds_walrus(receiver):
            variable = self.variable("receiver")
            inner = self.comprehension(node, arrow, load(variable))
            return subscript(
                ast.Tuple([ast.NamedExpr(ast.Name(variable, _STORE), receiver), inner], ast.Load()), 1
            )
        item = self.variable("item")
        is_numbered = isinstance(arrow, Arrow) and len(arrow.parameters) == 2
        target: ast.expr = ast.Name(item, _STORE)
        given = [item]
        if is_numbered:
            given.append(self.variable("position"))
            target = ast.Tuple([ast.Name(given[1], _STORE), target], _STORE)
        is_filter = node.name == "filter"
        body = self.looped(arrow, [load(name) for name in given], as_test=is_filter)
        steps = constant(body_steps(arrow.body if isinstance(arrow, Arrow) else arrow))
        loop_over = "numbered" if is_numbered else "each"
        items = self.call(loop_over, self.environment(), receiver, constant(node.name), steps)
        element = load(item) if is_filter else body
        loop = [ast.comprehension(target, items, [body] if is_filter else [], 0)]
        if self.direct:
            return ast.ListComp(element, loop)
        # A generator keeps its variables when it fails; Python from 3.12 on drops those of a list's loop.
        return self.call("gather", ast.GeneratorExp(element, loop))

    # ---- arrows

    def callback(self, argument: Expression | Spread, declared: Callback, name: str) -> ast.expr | None:
        """A Python function with as many parameters as the callee gives; None for a plain value."""
        inner: Node = unwrap(argument)
        if not isinstance(inner, Arrow | FunctionName):
            return None
        names = [self.variable("given") for _ in range(declared.arguments)]
        body = self.looped(inner, [load(item) for item in names], as_test=name in _PREDICATES)
        if name in _UNFORESEEN:
            steps = constant(2 + body_steps(inner.body if isinstance(inner, Arrow) else inner))
            account = self.call("charged", self.environment(), steps)
            body = subscript(ast.Tuple([account, body], ast.Load()), 1)
        if name in _KEYED and not self.bounded:
            body = self.call("measure", self.environment(), body)
        arguments = ast.arguments([], [ast.arg(item) for item in names], None, [], [], None, [])
        return self.place(ast.Lambda(arguments, body), argument)

    def looped(self, arrow: Arrow | FunctionName, given: Sequence[ast.expr], *, as_test: bool) -> ast.expr:
        """As `apply`, for what is called again and again."""
        before = self.own
        self.loops += 1
        self.own = frozenset(
            node.name
            for parameter in (arrow.parameters if isinstance(arrow, Arrow) else ())
            for node in walk(parameter.pattern)
            if isinstance(node, AtomPattern)
        )
        code = self.apply(arrow, given, as_test=as_test)
        self.loops -= 1
        self.own = before
        return code

    def apply(self, arrow: Arrow | FunctionName, given: Sequence[ast.expr], *, as_test: bool) -> ast.expr:
        """The body of an arrow for the given arguments, or the call of a named function."""
        if isinstance(arrow, FunctionName):
            code = self.function_call(arrow.name, given[:1], rate_of(arrow.name))
            call = Call(arrow.start, arrow.end, arrow.name, ())
            if as_test:
                code = self.call("truthy", code)
            elif may_be_nan(call):
                code = self.call("finite", code)
            return self.place(code, arrow)
        before = dict(self.bound)
        assigned: list[ast.expr] = []
        for position, parameter in enumerate(arrow.parameters):
            if position < len(given):
                self.bind(parameter.pattern, given[position], assigned)
            else:
                default = self.emit(parameter.default) if parameter.default else constant(None)
                self.bind(parameter.pattern, default, assigned)
        if arrow.rest:
            rest = ast.List(list(given[len(arrow.parameters) :]), ast.Load())
            self.bind(arrow.rest, rest, assigned)
        body = self.test(arrow.body) if as_test else self.kept(arrow.body)
        self.bound = before
        if not assigned:
            return body
        return self.place(subscript(ast.Tuple([*assigned, body], ast.Load()), -1), arrow)

    def invoke(self, node: Invoke) -> ast.expr:
        """An arrow that is called at once."""
        assigned: list[ast.expr] = []
        given: list[ast.expr] = []
        arrow = node.arrow
        if any(isinstance(argument, Spread) for argument in node.arguments):
            # Its parameters take the list of all arguments apart.
            pattern = ArrayPattern(arrow.start, arrow.start, arrow.parameters, arrow.rest)
            parameter = Parameter(arrow.start, arrow.start, pattern, None)
            arrow = Arrow(arrow.start, arrow.end, (parameter,), None, arrow.body)
            given = [ast.List([self.argument(argument) for argument in node.arguments], ast.Load())]
        for argument in node.arguments if arrow is node.arrow else ():
            variable = self.variable("argument")
            assigned.append(ast.NamedExpr(ast.Name(variable, _STORE), self.argument(argument)))
            given.append(load(variable))
        body = self.apply(arrow, given, as_test=False)
        return subscript(ast.Tuple([*assigned, body], ast.Load()), -1)

    def bind(self, pattern: Pattern, code: ast.expr, assigned: list[ast.expr]) -> None:
        """Make the names of a pattern known, with the assignments that it takes."""
        match pattern:
            case AtomPattern(name=name):
                self.keep(name, code, assigned, pattern)
            case ObjectPattern():
                self.bind_object(pattern, code, assigned)
            case ArrayPattern():
                self.bind_array(pattern, code, assigned)

    def keep(self, name: str, code: ast.expr, assigned: list[ast.expr], node: Node) -> None:
        """Let a name stand for a value, in a variable unless it is in one already."""
        if not isinstance(code, ast.Name):
            variable = self.variable(name)
            assigned.append(self.place(ast.NamedExpr(ast.Name(variable, _STORE), code), node))
        else:
            variable = code.id
        self.bound[name] = lambda: load(variable)

    def held(self, code: ast.expr, assigned: list[ast.expr], node: Node) -> str:
        """A variable that holds a value which is read several times."""
        variable = self.variable("whole")
        assigned.append(self.place(ast.NamedExpr(ast.Name(variable, _STORE), code), node))
        return variable

    def bind_object(self, pattern: ObjectPattern, code: ast.expr, assigned: list[ast.expr]) -> None:
        """Take an object apart."""
        plain = [
            (item.pattern.name, item.key)
            for item in pattern.members
            if isinstance(item.pattern, AtomPattern) and not item.default
        ]
        is_plain = plain and len(plain) == len(pattern.members) and not pattern.rest
        if self.direct and is_plain and isinstance(code, ast.Name):
            for name, key in plain:
                self.bind_member(name, code.id, key)
            return
        whole = self.held(self.call("destructure_object", code), assigned, pattern)
        for item in pattern.members:
            member = self.call("member", load(whole), constant(item.key))
            if item.default:
                is_absent = self.call("absent", load(whole), constant(item.key))
                member = ast.IfExp(is_absent, self.emit(item.default), member)
            self.bind(item.pattern, self.place(member, item), assigned)
        if pattern.rest:
            taken = constant(tuple(item.key for item in pattern.members))
            rest = self.call("object_rest", self.environment(), load(whole), taken)
            self.bind(pattern.rest, self.place(rest, pattern.rest), assigned)

    def bind_member(self, name: str, whole: str, key: str) -> None:
        """In direct code a name can stand for reading the member."""
        if key == "length":
            self.bound[name] = lambda: self.call("length", load(whole))
        else:
            self.bound[name] = lambda: subscript(load(whole), key)

    def bind_array(self, pattern: ArrayPattern, code: ast.expr, assigned: list[ast.expr]) -> None:
        """Take an array, or the characters of a text, apart."""
        whole = self.held(self.call("destructure_array", self.environment(), code), assigned, pattern)
        for position, item in enumerate(pattern.items):
            if item is None:
                continue
            element = self.call("element", load(whole), constant(position))
            if item.default:
                is_absent = self.call("absent", load(whole), constant(position))
                element = ast.IfExp(is_absent, self.emit(item.default), element)
            self.bind(item.pattern, self.place(element, item), assigned)
        if pattern.rest:
            rest = self.call("array_rest", self.environment(), load(whole), constant(len(pattern.items)))
            self.bind(pattern.rest, self.place(rest, pattern.rest), assigned)


def _is_heavy(node: Node) -> bool:
    return isinstance(node, Regex) and compile_pattern(node.source, node.flags).size > HEAVY


@cache
def _calls(method: str) -> Mapping[type, Callable[..., object]]:
    """A method's implementations by Python's type of the receiver."""
    return {kind: call for name, call in METHODS[method].calls.items() for kind in _TYPES.get(name, ())}
