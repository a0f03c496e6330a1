"""Calls of functions and methods, and the arrows that they take."""

from collections.abc import Sequence

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.inference.pattern import PatternInspector, bound_name
from headrace.expr.inference.value import Facts, Tested, Value
from headrace.expr.nodes import (
    Array,
    Arrow,
    Call,
    Expression,
    FunctionName,
    Invoke,
    Literal,
    MethodCall,
    Regex,
    Spread,
    unwrap,
)
from headrace.expr.shape import ANY, KINDS, NOTHING, NULL, Kind, Origin, Shape, array_of, join, widen
from headrace.expr.signature import Function, Method, Takes, Types
from headrace.values import in_words

__all__ = ["CallInspector"]

_NULL: frozenset[Kind] = frozenset(("null",))
_TEXT: frozenset[Kind] = frozenset(("text",))
_LEVELS = 6  # of an accumulated value that are followed
_SPREAD: frozenset[Kind] = frozenset(("array", "text"))
_ACCEPTED = ""  # what facts call the argument of a function that is named as a callback
_ROUNDS = 3  # of a fold until it is given up
_FOLDS = 2  # within each other that are followed


class CallInspector(PatternInspector):
    """The part that knows calls."""

    folds = 0

    # ---- functions and methods

    def call(self, node: Call) -> Value:
        """A call of a function."""
        declared = FUNCTIONS.get(node.name)
        if declared is None:
            self.loose_arguments(node.arguments)
            return Value(ANY)
        return Value(self.result(declared, f"`{node.name}`", node.arguments, ()))

    def method(self, node: MethodCall, receiver: Value) -> Shape:
        """A call of a method."""
        declared = METHODS.get(node.name)
        if declared is None:
            self.loose_arguments(node.arguments)
            return ANY
        if isinstance(unwrap(node.target), Regex):
            return self.result(declared, f"`.{node.name}`", node.arguments, (NOTHING,))
        kinds: frozenset[Kind] = frozenset(kind for kind in KINDS if kind in declared.calls)
        if receiver.missing:
            self.settle(receiver, fails=True)
        found = receiver.shape.kinds
        if found.isdisjoint(kinds) and found and not (receiver.missing and receiver.shape.is_null):
            cannot = f", so `.{node.name}` cannot run"
            what = cannot if found == _NULL else f", which has no method `{node.name}`"
            self.wrong(node.target, receiver, what)
        if found.isdisjoint(kinds):
            self.unreached(lambda: self.loose_arguments(node.arguments))
            return NOTHING
        return self.result(declared, f"`.{node.name}`", node.arguments, (receiver.shape.only(*kinds),))

    def result(
        self,
        declared: Function | Method,
        name: str,
        arguments: Sequence[Expression | Spread],
        receiver: tuple[Shape, ...],
    ) -> Shape:
        """What a call gives; its arguments are gone through on the way."""
        types = declared.types
        is_short = len(arguments) < declared.minimum  # which the checker has told
        if is_short or any(isinstance(argument, Spread) for argument in arguments):
            self.loose_arguments(arguments)
            return types.gives.or_null() if types.gives_null else types.gives
        given = _Given(self, arguments, receiver)
        has_fallback = False
        values: list[Value] = []
        for position, argument in enumerate(arguments):
            takes = types.parameter(position)
            has_fallback = has_fallback or (takes is not None and takes.is_fallback)
            values.append(self.argument(argument))
        first = (*receiver, *(value.shape for value in values))
        is_sure = not types.gives_null or has_fallback or not first or not first[0].may_be("null")
        for position, (argument, value) in enumerate(zip(arguments, values, strict=True)):
            takes = types.parameter(position)
            is_guarded = takes is None or takes.guards or (has_fallback and position == 0)
            is_first = position == 0 and not receiver
            kinds = KINDS if takes is None else _kinds(takes, first)
            if not is_guarded and (is_sure or is_first):
                self.require(argument, value, kinds, f"{name} takes {in_words(kinds - _NULL)}")
            elif not is_guarded:
                self.settle(value, fails=False)
            given.shapes.append(value.shape if is_guarded else value.shape.only(*kinds))
        return given.finish(types, has_fallback=has_fallback)

    def argument(self, argument: Expression | Spread) -> Value:
        """An argument that is no callback."""
        inner = unwrap(argument)
        if isinstance(inner, Arrow | FunctionName | Regex | Spread):
            return Value(NOTHING)
        return self.visit(argument)  # type: ignore[arg-type]  # no Spread

    def loose_arguments(self, arguments: Sequence[Expression | Spread]) -> None:
        """Arguments of which it is not known which parameter gets what."""
        for argument in arguments:
            inner = unwrap(argument)
            if isinstance(argument, Spread):
                self.needed(argument.value, _SPREAD, "only arrays and text can be spread into arguments")
            elif isinstance(inner, Arrow):
                self.apply(inner, [ANY] * len(inner.parameters))
            elif not isinstance(inner, FunctionName | Regex):
                self.plain(inner)  # type: ignore[arg-type]  # an expression: no Spread

    # ---- arrows

    def invoke(self, node: Invoke) -> Value:
        """An arrow that is called at once."""
        if any(isinstance(argument, Spread) for argument in node.arguments):
            self.loose_arguments(node.arguments)
            return self.apply(node.arrow, [ANY] * len(node.arrow.parameters), certain=self.certain).value
        shapes = [self.plain(argument) for argument in node.arguments if not isinstance(argument, Spread)]
        return self.apply(node.arrow, shapes, certain=self.certain).value

    def apply(
        self,
        callback: Arrow | FunctionName,
        shapes: Sequence[Shape],
        *,
        certain: bool = False,
        as_test: bool = False,
    ) -> Tested:
        """What a callback gives for arguments, and what holds where it accepts them."""
        if isinstance(callback, FunctionName):
            return self.apply_function(callback, shapes)
        before = dict(self.names), self.facts, self.certain
        self.certain = certain
        for position, parameter in enumerate(callback.parameters):
            given = Value(NULL)
            if position < len(shapes):
                given = Value(shapes[position])
            elif parameter.default:
                given = self.visit(parameter.default)
            self.bind(parameter.pattern, given)
        if callback.rest:
            rest = NOTHING
            for shape in shapes[len(callback.parameters) :]:
                rest = join(rest, shape)
            self.bind(callback.rest, Value(array_of(rest)))
        tested = self.test(callback.body) if as_test else Tested(Value(self.plain(callback.body)), {}, {})
        self.names, self.facts, self.certain = before
        return tested

    def apply_function(self, callback: FunctionName, shapes: Sequence[Shape]) -> Tested:
        """What a function that is named as a callback gives for the item alone."""
        declared = FUNCTIONS.get(callback.name)
        if declared is None or declared.minimum > 1:
            return Tested(Value(ANY), {}, {})
        given, takes = _Given(self, (callback,), ()), declared.types.parameter(0)
        kinds = KINDS if takes is None else takes.kinds
        certain, self.certain = self.certain, False
        what = f"`{callback.name}` takes {in_words(kinds - _NULL)}"
        self.require(callback, Value(shapes[0]), kinds, what)
        self.certain = certain
        given.shapes.append(shapes[0].only(*kinds))
        result = given.finish(declared.types, has_fallback=False)
        true: Facts = {(_ACCEPTED,): KINDS - _NULL} if callback.name == "Boolean" else {}
        return Tested(Value(result), true, {})

    def passing(self, callback: Arrow | FunctionName, shapes: Sequence[Shape]) -> Shape:
        """Which of the first arguments a callback accepts as a condition."""
        tested = self.apply(callback, shapes, as_test=True)
        if tested.true is None:
            return NOTHING
        name: str | None = _ACCEPTED
        if isinstance(callback, Arrow):
            name = bound_name(callback.parameters[0].pattern) if callback.parameters else None
        kinds = None if name is None else tested.true.get((name,))
        return shapes[0] if kinds is None else shapes[0].only(*kinds)

    def fold(self, callback: Arrow | FunctionName, initial: Shape, shapes: Sequence[Shape]) -> Shape:
        """What a callback makes of an initial value when it gets its own result again and again."""
        held = ANY if self.folds >= _FOLDS else initial
        quiet, watched = self.report, self.observe
        self.report = self.observe = None
        self.folds += 1
        for _ in range(_ROUNDS):
            if held is ANY:
                break
            made = self.apply(callback, [held, *shapes]).value.shape
            grown = widen(join(held, made), _LEVELS)
            if grown is held:
                break
            held = grown
        else:
            held = ANY
        self.report, self.observe = quiet, watched
        made = self.apply(callback, [held, *shapes]).value.shape
        self.folds -= 1
        return join(initial, made)


def _kinds(takes: Takes, first: Sequence[Shape]) -> frozenset[Kind]:
    """What a parameter takes, given the first argument or the receiver."""
    if takes.of_text is not None and first[0].kinds == _TEXT:
        return takes.of_text
    return takes.kinds


class _Given:
    """What is known of the arguments of one call; see `signature.Given`."""

    def __init__(
        self, inspector: CallInspector, arguments: Sequence[Expression | Spread], receiver: tuple[Shape, ...]
    ) -> None:
        self.inspector = inspector
        self.arguments = arguments
        self.shapes: list[Shape] = [*receiver]
        self.origins: frozenset[Origin] = inspector.origins
        self._offset = len(receiver)
        self._called: set[int] = set()

    def names(self, position: int) -> tuple[str, ...] | None:
        node = unwrap(self.arguments[position - self._offset])
        found = []
        for item in node.items if isinstance(node, Array) else (node,):
            if not isinstance(item, Literal) or not isinstance(item.value, str):
                return None
            found.append(item.value)
        return tuple(found)

    def _callback(self, position: int) -> Arrow | FunctionName | None:
        at = position - self._offset
        inner = unwrap(self.arguments[at]) if at < len(self.arguments) else None
        self._called.add(at)
        return inner if isinstance(inner, Arrow | FunctionName) else None

    def call(self, position: int, *shapes: Shape) -> Shape:
        callback = self._callback(position)
        return self.inspector.apply(callback, shapes).value.shape if callback else NOTHING

    def passing(self, position: int, *shapes: Shape) -> Shape:
        callback = self._callback(position)
        return self.inspector.passing(callback, shapes) if callback else shapes[0]

    def fold(self, position: int, initial: Shape, *shapes: Shape) -> Shape:
        callback = self._callback(position)
        return self.inspector.fold(callback, initial, shapes) if callback else ANY

    def finish(self, types: Types, *, has_fallback: bool) -> Shape:
        """The result of the call; callbacks that it has nothing to say of are gone through."""
        passes_null = (
            types.gives_null and not has_fallback and bool(self.shapes) and self.shapes[0].may_be("null")
        )
        if passes_null:
            self.shapes[0] = self.shapes[0].without("null")
        result = ANY if types.result is None else types.result(self)
        for at, argument in enumerate(self.arguments):
            inner = unwrap(argument)
            if at not in self._called and isinstance(inner, Arrow):
                self.inspector.apply(inner, [ANY] * len(inner.parameters))
        result = types.gives if result is ANY else result
        if not passes_null:
            return result
        return NULL if self.shapes[0].is_nothing else result.or_null()
