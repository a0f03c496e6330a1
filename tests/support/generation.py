"""Random shapes, values of them, and expressions that read them; the same for the same seed."""

import random
from collections.abc import Callable

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.shape import (
    ANY,
    NULL,
    Member,
    ObjectShape,
    Shape,
    array_of,
    items_of,
    join,
    of,
)
from headrace.values import Json

NAMES = ("a", "b", "c", "id")
SCALARS: tuple[Json, ...] = (
    None, True, False, 0, 1, 2, -1, 3.5, 10, "", "a", "b", "id", "ab c", "7", "2026-01-02T03:04:05Z", "1h",
)  # fmt: skip
LITERALS = (
    "null", "undefined", "true", "false", "0", "1", "2", "-1", "3.5", "''", "'a'", "'b'", "'id'", "','",
    "'2026-01-02T03:04:05Z'", "'1h'", "'%Y'", "'day'", "'a.b'", "'n'", "[]", "{}", "[1, 2]", "['a', 'id']",
)  # fmt: skip
ARITHMETIC = ("+", "+", "+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=")
EQUALITY = ("==", "!=", "===", "!==")


def shape(rng: random.Random, depth: int = 3) -> Shape:
    """A shape of any kinds; in a third of all cases of several."""
    made = _one_shape(rng, depth)
    while rng.random() < 0.35:
        made = join(made, _one_shape(rng, depth))
    return made


def _one_shape(rng: random.Random, depth: int) -> Shape:
    roll = rng.random()
    if depth and roll < 0.4:
        return object_shape(rng, depth - 1)
    if depth and roll < 0.6:
        return array_of(shape(rng, depth - 1))
    if roll < 0.63:
        return ANY
    return rng.choice((NULL, of("boolean"), of("number"), of("number"), of("text"), of("text")))


def object_shape(rng: random.Random, depth: int) -> Shape:
    """The shape of an object, mostly without further members."""
    members = {
        name: Member(shape(rng, depth), rng.random() < 0.3)
        for name in NAMES
        if rng.random() < 0.7
    }  # fmt: skip
    rest = shape(rng, 0) if rng.random() < 0.15 else None
    return Shape(frozenset(("object",)), ObjectShape(members, rest))


def value_of(rng: random.Random, known: Shape, depth: int = 3) -> Json:
    """A value of a shape."""
    kind = rng.choice(sorted(known.kinds))
    if kind == "array":
        items = items_of(known)
        if items.is_nothing or not depth:
            return []
        return [value_of(rng, items, depth - 1) for _ in range(rng.choice((0, 1, 2, 3)))]
    if kind == "object":
        return _object_of(rng, known.object or ObjectShape({}, of("number", "text", "null")), depth)
    choices = {
        "null": (None,),
        "boolean": (True, False),
        "number": [value for value in SCALARS if type(value) in {int, float}],
        "text": [value for value in SCALARS if isinstance(value, str)],
    }
    return rng.choice(choices[kind])


def _object_of(rng: random.Random, known: ObjectShape, depth: int) -> Json:
    made = {
        name: value_of(rng, member.shape, depth - 1)
        for name, member in known.members.items()
        if not member.optional or rng.random() < 0.6
    }
    if known.rest is not None:
        for name in rng.sample((*NAMES, "x"), rng.choice((0, 1, 2))):
            if name not in known.members:
                made[name] = value_of(rng, known.rest, depth - 1)
    return made


class Writer:
    """Writes expressions that mostly make sense for a message of a shape."""

    def __init__(self, rng: random.Random, message: Shape) -> None:
        self.rng = rng
        self.message = message
        self.names: list[str] = []
        self.tested: list[str] = []  # paths in the conditions around
        self.kinds: tuple[tuple[int, Callable[[int], str]], ...] = (
            (30, self.path), (12, self.literal), (14, self.binary), (8, self.logical), (9, self.conditional),
            (14, self.method), (16, self.function), (10, self.construction), (3, self.query), (3, self.unary),
            (2, self.invoke), (3, self.optional),
        )  # fmt: skip

    def expression(self, depth: int) -> str:
        """Any expression."""
        if depth == 0:
            return self.path(0) if self.rng.random() < 0.75 else self.literal(0)
        weights, writers = zip(*self.kinds, strict=True)
        (write,) = self.rng.choices(writers, weights)
        return write(depth - 1)

    def name(self) -> str:
        return self.rng.choice(NAMES)

    def literal(self, _depth: int) -> str:
        return self.rng.choice(LITERALS)

    def path(self, depth: int) -> str:
        if self.tested and self.rng.random() < 0.4:
            return self.rng.choice(self.tested)
        root = self.rng.choice(self.names) if self.names and self.rng.random() < 0.6 else "$"
        known = self.message if root == "$" else ANY
        out = root
        for _ in range(self.rng.choice((0, 1, 1, 1, 1, 2, 2, 3))):
            step, known = self.step(known, depth)
            out += step
        return out

    def step(self, known: Shape, depth: int) -> tuple[str, Shape]:
        """One access, mostly of a member that is there."""
        members = known.object.members if known.object else {}
        if known.may_be("array") and self.rng.random() < 0.6:
            return f"[{self.rng.choice(('0', '1', '-1'))}]", items_of(known)
        if depth and self.rng.random() < 0.05:
            return f"[{self.expression(0)}]", ANY
        name = self.rng.choice(list(members)) if members and self.rng.random() < 0.9 else self.name()
        if self.rng.random() < 0.04:
            name = "length"
        return f".{name}", members[name].shape if name in members else ANY

    def optional(self, depth: int) -> str:
        tail = "".join(f".{self.name()}" for _ in range(self.rng.choice((0, 1))))
        if self.rng.random() < 0.5:
            return f"{self.path(depth)}?.{self.name()}{tail}"
        return f"{self.path(depth)}?.[{self.expression(0)}]{tail}"

    def binary(self, depth: int) -> str:
        operator = self.rng.choice(ARITHMETIC + EQUALITY)
        left, right = self.expression(depth), self.expression(depth)
        if operator in EQUALITY and self.rng.random() < 0.5:
            right = self.rng.choice(("null", "undefined", "'a'", "1", "true"))
        if operator in EQUALITY and self.rng.random() < 0.2:
            left, right = (
                f"typeof {self.path(0)}",
                f"'{self.rng.choice(('string', 'number', 'object', 'undefined'))}'",
            )
        return (
            f"({left}) {operator} ({right})" if operator not in EQUALITY else f"({left} {operator} {right})"
        )

    def logical(self, depth: int) -> str:
        operator = self.rng.choice(("&&", "||", "??"))
        return f"(({self.expression(depth)}) {operator} ({self.expression(depth)}))"

    def condition(self, depth: int) -> str:
        path, other = self.path(0), self.path(0)
        self.tested += [path, other]
        return self.rng.choice(
            (
                path, f"!{path}", f"{path} == null", f"{path} != null", f"has({path}, '{self.name()}')", f"has({path})",
                f"Array.isArray({path})", f"typeof {path} == '{self.rng.choice(('string', 'number', 'object'))}'",
                f"{path} && {other}", f"{path} || {other}", f"!({path} || !{other})",
                f"({path} ?? {other}) === 'a'", self.expression(depth),
            )
        )  # fmt: skip

    def conditional(self, depth: int) -> str:
        before = len(self.tested)
        written = f"(({self.condition(depth)}) ? ({self.expression(depth)}) : ({self.expression(depth)}))"
        del self.tested[before:]
        return written

    def unary(self, depth: int) -> str:
        return f"{self.rng.choice(('!', '-', '+', 'typeof '))}({self.expression(depth)})"

    def construction(self, depth: int) -> str:
        write = self.expression
        return self.rng.choice(
            (
                lambda: f"[{write(depth)}, {write(depth)}]",
                lambda: f"[...{self.path(depth)}, {write(depth)}]",
                lambda: f"{{{self.name()}: {write(depth)}, {self.name()}: {write(depth)}}}",
                lambda: f"{{...{self.path(depth)}, {self.name()}: {write(depth)}}}",
                lambda: f"{{{self.name()}: {write(depth)}, ...{self.path(depth)}, ...{self.path(depth)}}}",
                lambda: f"{{[{write(0)}]: {write(depth)}}}.{self.name()}",
                lambda: f"{{{self.name()}: {write(depth)}}}.{self.name()}",
                lambda: f"`x${{{write(depth)}}}`",
            )
        )()

    def query(self, _depth: int) -> str:
        root = f"$.{self.name()}" if self.rng.random() < 0.5 else "$"
        step = self.rng.choice(
            ("[*]", ".*", "..id", f"[?(@.{self.name()})]", "[0:2]", "['a', 'b']", f"[*].{self.name()}")
        )
        return f"{root}{step}"

    def invoke(self, depth: int) -> str:
        return f"({self.arrow(depth, 1)})({self.expression(depth)})"

    def arrow(self, depth: int, most: int) -> str:
        """An arrow; the first name is that of the item."""
        fresh = [f"p{len(self.names)}", f"q{len(self.names)}"]
        roll = self.rng.random()
        if roll < 0.7:
            names = fresh[: self.rng.choice((1, 1, min(most, 2)))]
            head = f"({', '.join(names)})"
        elif roll < 0.85:
            names = fresh
            default = " = 1" if self.rng.random() < 0.5 else ""
            head = f"({{{self.name()}: {fresh[0]}{default}, ...{fresh[1]}}})"
        else:
            names = fresh
            head = f"([{fresh[0]}, {fresh[1]} = 'd'])"
        self.names += names
        before = len(self.tested)
        body = self.condition(0) if self.rng.random() < 0.2 else self.expression(depth)
        del self.names[-len(names) :], self.tested[before:]
        return f"{head} => ({body})"

    def arguments(self, entry: object, depth: int) -> str:
        count = entry.maximum if entry.maximum is not None else entry.minimum + self.rng.choice((0, 1, 2))
        count = self.rng.randint(entry.minimum, count)
        given = []
        for position in range(count):
            callback = entry.callbacks.get(position)
            if callback and (not callback.or_value or self.rng.random() < 0.6):
                bare = self.rng.random() < 0.1
                given.append(
                    self.rng.choice(("Boolean", "lower", "Number", "len"))
                    if bare
                    else self.arrow(depth, callback.arguments)
                )
            elif self.rng.random() < 0.02:
                given.append(f"...{self.path(0)}")
            else:
                given.append(self.expression(depth))
        return ", ".join(given)

    def method(self, depth: int) -> str:
        name = self.rng.choice(("map", "filter", "find", "reduce", *METHODS))
        entry = METHODS[name]
        dot = "?." if self.rng.random() < 0.1 else "."
        target = (
            "/a(b)?/g"
            if "pattern" in entry.calls
            else self.path(depth)
            if self.rng.random() < 0.7
            else f"({self.expression(depth)})"
        )
        return f"{target}{dot}{name}({self.arguments(entry, depth)})"

    def function(self, depth: int) -> str:
        name = self.rng.choice(("has", "get", "coalesce", "pick", "merge", *FUNCTIONS))
        return f"{name}({self.arguments(FUNCTIONS[name], depth)})"
