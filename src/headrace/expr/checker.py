"""Finds what is wrong with an expression before any data is there: names, arguments, scope."""

from collections.abc import Callable, Iterable, Mapping

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.failure import Failure
from headrace.expr.foreign import explain_function, explain_name
from headrace.expr.kind import kind_of
from headrace.expr.lint.instant import instant_in_another_unit, span_in_another_unit
from headrace.expr.lint.layout import layout_of_another_language
from headrace.expr.lint.sorting import numbers_sorted_as_text
from headrace.expr.nodes import (
    ArrayPattern,
    Arrow,
    AtomPattern,
    Binary,
    Call,
    Expression,
    FunctionName,
    Index,
    Invoke,
    Member,
    MethodCall,
    Name,
    Node,
    ObjectPattern,
    Pattern,
    Property,
    Query,
    Regex,
    Root,
    Spread,
    children,
    index_key,
    path_of,
    unwrap,
    walk,
)
from headrace.expr.path import compile_path
from headrace.expr.problem import Problem
from headrace.expr.regex import compile_pattern
from headrace.expr.scope import Scope
from headrace.expr.signature import Callback, Function, Method
from headrace.expr.suggestion import MUTATORS, argument_count, did_you_mean, missing_method

__all__ = ["check"]

Report = Callable[[Problem], None]


def check(node: Expression, value: str, scope: Scope, report: Report) -> None:
    """Report everything that is wrong with a parsed expression.

    Args:
        node: its root.
        value: the text that it was parsed from.
        scope: what it may read.
        report: takes each problem.
    """
    _Checker(value, scope, report).visit(node, frozenset())


class _Checker:
    def __init__(self, value: str, scope: Scope, report: Report) -> None:
        self.value = value
        self.scope = scope
        self.report = report

    def problem(self, code: str, message: str, node: Node, cure: str = "") -> None:
        self.report(Problem(code, message, node.start, node.end, cure))

    def text(self, start: int, end: int) -> str:
        return self.value[start:end]

    def visit(self, node: Node, names: frozenset[str]) -> None:
        match node:
            case Name():
                self.name(node, names)
            case FunctionName():
                self.stray_function(node)
            case Root():
                self.root(node)
            case Member() | Index() if isinstance(unwrap(node.target), Root):
                self.root_member(node, names)
            case Query():
                self.query(node, names)
            case Arrow():
                message = "an arrow can only be an argument, `.map(x => …)`, or be called: `(x => …)(1)`"
                self.problem("HR207", message, node)
                self.arrow(node, names)
            case Regex():
                message = "a regular expression can only be an argument or have `.test(…)`"
                self.problem("HR210", message, node)
            case Invoke():
                self.invoke(node, names)
            case Call():
                self.call(node, names)
            case MethodCall():
                self.method(node, names)
            case Binary(operator="-") if self.dashed(node, names):
                pass
            case Binary():
                if warning := span_in_another_unit(node, self.value):
                    self.report(warning)
                self.visit_all(children(node), names)
            case Property(key=key, short=short):
                below = (node.value,) if short or isinstance(key, str) else (key, node.value)
                self.visit_all(below, names)
            case _:
                self.visit_all(children(node), names)

    def visit_all(self, nodes: Iterable[Node], names: frozenset[str]) -> None:
        for node in nodes:
            self.visit(node, names)

    # ---- names and roots

    def name(self, node: Name, names: frozenset[str]) -> None:
        if node.name in names:
            return
        if node.name in FUNCTIONS:
            message = f"`{node.name}` is a function; call it: `{node.name}(…)`"
            self.problem("HR206", message, node)
            return
        cure = did_you_mean(node.name, names)
        if not cure:
            cure = explain_name(node.name)
        if not cure and self.scope.message:
            cure = f"; for a member of the message write `$.{node.name}`"
        self.problem("HR206", f"unknown name `{node.name}`{cure}", node)

    def dashed(self, node: Binary, names: frozenset[str]) -> bool:
        """Report `$.user-id`, which subtracts something unknown; False if it is no such thing."""
        base: Node = node
        first: Node | None = None
        while isinstance(base, Binary) and base.operator == "-":
            first = base.right
            while isinstance(first, Member | Index | MethodCall):
                first = first.target
            adjacent = isinstance(first, Name) and first.start == base.left.end + 1
            if not adjacent or not isinstance(first, Name) or first.name in names:
                return False
            base = base.left
        if not isinstance(first, Name) or not isinstance(base, Member) or path_of(base) is None:
            return False
        last = node.right
        while isinstance(last, Member | Index | MethodCall):
            last = last.target
        whole = self.text(base.start, last.end)
        dashed = self.text(base.end - len(base.name), last.end)
        cure = f"{self.text(base.target.start, base.target.end)}['{dashed}']"
        message = f"unknown name `{first.name}` in `{whole}`; for a dashed member write `{cure}`"
        self.report(Problem("HR206", message, base.start, last.end))
        return True

    def stray_function(self, node: FunctionName) -> None:
        if node.name in FUNCTIONS:
            self.problem("HR206", f"`{node.name}` is a function; call it: `{node.name}(…)`", node)
        else:
            self.name(Name(node.start, node.end, node.name), frozenset())

    def root(self, node: Root) -> None:
        """Report a root that cannot be read here as a whole."""
        if node.name == "$" and self.scope.settings:
            self.problem(
                "HR121", "settings cannot see the message; `$` has only `vars` and `secrets` here", node
            )
        elif node.name == "$run" and not self.scope.run:
            self.problem("HR206", "`$run` is known on edges and in `input` only", node)

    def root_member(self, node: Member | Index, names: frozenset[str]) -> None:
        root = unwrap(node.target)
        key = node.name if isinstance(node, Member) else index_key(node.index)
        if isinstance(node, Index):
            self.visit(node.index, names)
        if not isinstance(root, Root) or root.name != "$":
            self.visit(root, names)
        elif key == "secrets" and not self.scope.settings:
            message = "secrets are readable in settings only; here the value would enter the message"
            self.problem("HR120", message, node)
        elif self.scope.settings and key not in {"secrets", "vars"}:
            path = self.text(node.start, node.end)
            message = f"settings cannot see the message; move `{path}` to the node's `input`"
            self.problem("HR121", message, node)

    def query(self, node: Query, names: frozenset[str]) -> None:
        self.visit(node.target, names)
        try:
            compile_path(node.steps)
        except Problem as problem:
            self.report(problem)
            return
        for step in node.steps:
            for below in walk(step):
                if isinstance(below, Member | Index) and isinstance(below.target, Root):
                    self.root_member(below, names)

    # ---- calls

    def arrow(self, node: Arrow, names: frozenset[str]) -> None:
        bound = set(names)
        for parameter in node.parameters:
            self.pattern(parameter.pattern, parameter.default, bound)
        if node.rest:
            bound.add(node.rest.name)
        self.visit(node.body, frozenset(bound))

    def pattern(self, pattern: Pattern, default: Expression | None, bound: set[str]) -> None:
        """Check the defaults of a pattern and add its names; a default sees the names before it."""
        if default is not None:
            self.visit(default, frozenset(bound))
        match pattern:
            case AtomPattern(name=name):
                bound.add(name)
            case ObjectPattern(members=members, rest=rest):
                for member in members:
                    self.pattern(member.pattern, member.default, bound)
                if rest:
                    bound.add(rest.name)
            case ArrayPattern(items=items, rest=rest):
                for item in items:
                    if item:
                        self.pattern(item.pattern, item.default, bound)
                if rest:
                    bound.add(rest.name)

    def invoke(self, node: Invoke, names: frozenset[str]) -> None:
        self.arrow(node.arrow, names)
        self.visit_all(node.arguments, names)
        most = None if node.arrow.rest else len(node.arrow.parameters)
        is_spread = any(isinstance(argument, Spread) for argument in node.arguments)
        if most is not None and not is_spread and len(node.arguments) > most:
            self.problem(
                "HR207", f"the arrow takes {argument_count(0, most)}, not {len(node.arguments)}", node
            )

    def call(self, node: Call, names: frozenset[str]) -> None:
        function = FUNCTIONS.get(node.name)
        if function is None:
            cure = explain_function(node.name) or did_you_mean(node.name, FUNCTIONS)
            if not cure and node.name in METHODS:
                cure = f"; write `x.{node.name}(…)`"
            end = node.start + len(node.name)
            self.report(Problem("HR204", f"unknown function `{node.name}`{cure}", node.start, end))
        elif warning := layout_of_another_language(node) or instant_in_another_unit(node):
            self.report(warning)
        self.arguments(node, f"`{node.name}`", function, names)

    def method(self, node: MethodCall, names: frozenset[str]) -> None:
        method = METHODS.get(node.name)
        receiver = unwrap(node.target)
        known = kind_of(node.target)
        end = node.name_start + len(node.name)
        if isinstance(receiver, Regex):
            self.regex(receiver)
        else:
            self.visit(node.target, names)
        if node.name in MUTATORS and method is None:
            message = (
                f"`{node.name}` changes the array, and nothing can be changed here; {MUTATORS[node.name]}"
            )
            self.report(Problem("HR213", message, node.name_start, end))
        elif method is None or (known not in {"unknown", "null"} and known not in method.calls):
            what = None if known in {"unknown", "null"} else known
            self.report(Problem("HR205", missing_method(node.name, what), node.name_start, end))
            method = None
        elif warning := numbers_sorted_as_text(node):
            self.report(warning)
        self.arguments(node, f"`.{node.name}`", method, names)

    def arguments(
        self, node: Call | MethodCall, name: str, declared: Function | Method | None, names: frozenset[str]
    ) -> None:
        count = len(node.arguments)
        callbacks: Mapping[int, Callback] = declared.callbacks if declared else {}
        first_spread = next((at for at, item in enumerate(node.arguments) if isinstance(item, Spread)), count)
        known = sum(not isinstance(item, Spread) for item in node.arguments)
        if declared and (
            (known < declared.minimum and first_spread == count)
            or (declared.maximum is not None and known > declared.maximum)
        ):
            self.problem(
                "HR207",
                f"{name} takes {argument_count(declared.minimum, declared.maximum)}, not {known}",
                node,
            )
        for position, argument in enumerate(node.arguments):
            callback = callbacks.get(position) if position < first_spread else None
            inner = unwrap(argument)
            if isinstance(argument, Spread):
                self.visit(argument.value, names)
                if any(at >= position and not callback.or_value for at, callback in callbacks.items()):
                    self.problem("HR207", f"{name} takes an arrow here, which no array holds", argument)
            elif isinstance(inner, Regex):
                self.regex(inner)
                takes = declared.types.parameter(position) if declared else None
                if takes and (not takes.takes_pattern or position > first_spread):
                    self.problem("HR210", f"{name} takes no regular expression here", argument)
            elif isinstance(inner, Arrow | FunctionName) and position > first_spread:
                self.problem("HR207", "an arrow stands before arguments that are spread", argument)
            elif isinstance(inner, Arrow) and (callback or declared is None):
                self.arrow(inner, names)
                if inner.rest and node.name in {"replace", "replaceAll"}:
                    message = f"the arrow of {name} names what it takes: `(match, group) => …`"
                    self.problem("HR207", message, inner.rest)  # how many it gets, the match decides
            elif isinstance(inner, FunctionName) and callback:
                self.function_name(inner)
            elif callback and not callback.or_value:
                self.visit(argument, names)
                self.problem("HR207", f"{name} takes an arrow here: `x => …`", argument)
            else:
                self.visit(argument, names)

    def function_name(self, node: FunctionName) -> None:
        function = FUNCTIONS.get(node.name)
        if function is None:
            self.problem("HR206", f"unknown name `{node.name}`{did_you_mean(node.name, FUNCTIONS)}", node)
        elif function.minimum > 1 or 0 in function.callbacks:
            message = (
                f"`{node.name}` needs {function.minimum} arguments, but gets the item alone; write an arrow"
            )
            self.problem("HR207", message, node)

    def regex(self, node: Regex) -> None:
        try:
            compile_pattern(node.source, node.flags)
        except Failure as failure:
            self.problem(failure.code, failure.message, node)
