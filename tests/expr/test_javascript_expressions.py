"""Whole expressions as JavaScript evaluates them: random ones over random data, the same in node.

The principle under test is "JavaScript's value, or an error with its place". Each expression is made
twice, as headrace reads it and as JavaScript does where rules D1 to D6 differ on purpose: members of null
are null, text rules of `+` and `${}`.
"""

import math
import random
from dataclasses import dataclass

from headrace.errors import ExpressionError, Finding
from headrace.expr import Environment, Scope, compile_expression
from headrace.source import Text

PRELUDE = """
const text = v => v == null ? '' : typeof v === 'object' ? JSON.stringify(v, (_, x) => x ?? null) : String(v);
const add = (a, b) => typeof a === 'string' || typeof b === 'string' ? text(a) + text(b) : a + b;
const list = v => { if (v == null) throw new TypeError('null'); return v };
"""
TEXTS = ["", "a", "b", "10", "2.5", "abc", "é", "true", "null", " 7 "]
NUMBERS = ["0", "1", "2", "3", "7", "10", "0.5", "2.25", "100", "1e3"]


@dataclass
class Pair:
    ours: str
    theirs: str


class Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names: list[str] = []

    def value(self, depth: int) -> object:
        choice = self.random.randrange(9 if depth else 7)
        if choice < 5:
            return [None, True, False, self.random.randrange(-9, 99), self.random.choice(TEXTS)][choice]
        if choice == 5:
            return self.random.randrange(-40, 40) / 8
        if choice == 6:
            return self.random.choice(TEXTS)
        if choice == 7:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        return {key: self.value(depth - 1) for key in "abc" if self.random.random() < 0.7}

    def data(self) -> dict[str, object]:
        return {
            "n": self.random.randrange(-9, 99),
            "s": self.random.choice(TEXTS),
            "t": self.random.random() < 0.5,
            "z": None,
            "list": [self.random.randrange(-9, 20) for _ in range(self.random.randrange(5))],
            "rows": [self.value(1) for _ in range(self.random.randrange(4))],
            "o": {key: self.value(2) for key in "abc" if self.random.random() < 0.8},
        }

    def expression(self, depth: int) -> Pair:
        if depth <= 0:
            return self.atom()
        makers = [
            self.atom, self.member, self.member, self.index, self.arithmetic, self.addition, self.comparison,
            self.logical, self.conditional, self.negation, self.template, self.array, self.object, self.mapped,
            self.called, self.typeof, self.equality, self.destructured,
        ]  # fmt: skip
        maker = self.random.choice(makers)
        return maker() if maker == self.atom else maker(depth - 1)

    def atom(self) -> Pair:
        choice = self.random.randrange(6)
        if choice == 0:
            text = self.random.choice([*NUMBERS, "null", "true", "false", "undefined"])
        elif choice == 1:
            text = f"'{self.random.choice(TEXTS)}'"
        elif choice == 2 and self.names:
            text = self.random.choice(self.names)
        else:
            text = self.random.choice(["$.n", "$.s", "$.t", "$.z", "$.list", "$.rows", "$.o", "$.n", "$.s"])
        return Pair(text, text)

    def member(self, depth: int) -> Pair:
        target = self.random.choice([Pair("$.o", "$.o"), self.wrapped(depth)])
        key = self.random.choice(["a", "b", "c", "length"])
        ours, theirs = self.random.choice([(".", "?."), ("?.", "?.")])
        return Pair(f"{target.ours}{ours}{key}", f"{target.theirs}{theirs}{key}")

    def index(self, depth: int) -> Pair:
        target = self.random.choice([Pair("$.list", "$.list"), Pair("$.rows", "$.rows"), self.wrapped(depth)])
        index = self.random.choice(
            [Pair("0", "0"), Pair("1", "1"), Pair("'a'", "'a'"), self.expression(depth)]
        )
        if index.ours.startswith("-"):
            index = Pair("0", "0")
        return Pair(f"{target.ours}[{index.ours}]", f"{target.theirs}?.[{index.theirs}]")

    def wrapped(self, depth: int) -> Pair:
        inner = self.expression(depth)
        return Pair(f"({inner.ours})", f"({inner.theirs})")

    def both(self, depth: int, operators: list[str]) -> Pair:
        left, right = self.wrapped(depth), self.wrapped(depth)
        operator = self.random.choice(operators)
        return Pair(f"{left.ours} {operator} {right.ours}", f"{left.theirs} {operator} {right.theirs}")

    def arithmetic(self, depth: int) -> Pair:
        return self.both(depth, ["-", "*", "/", "%", "**", "-", "*"])

    def addition(self, depth: int) -> Pair:
        left, right = self.wrapped(depth), self.wrapped(depth)
        return Pair(f"{left.ours} + {right.ours}", f"add({left.theirs}, {right.theirs})")

    def comparison(self, depth: int) -> Pair:
        return self.both(depth, ["<", "<=", ">", ">="])

    def equality(self, depth: int) -> Pair:
        # Arrays and objects are equal by value (D3), and null is undefined (D1): literals suffice here.
        left = self.wrapped(depth)
        right = self.random.choice([*NUMBERS, "null", "true", "false", *(f"'{text}'" for text in TEXTS)])
        operator = self.random.choice(["==", "!=", "===", "!=="])
        theirs = operator[:2] if right == "null" else operator
        left_theirs = f"(v => typeof v === 'object' && v ? {{}} : v)({left.theirs})"
        return Pair(f"{left.ours} {operator} {right}", f"{left_theirs} {theirs} {right}")

    def logical(self, depth: int) -> Pair:
        return self.both(depth, ["||", "&&", "??"])

    def conditional(self, depth: int) -> Pair:
        test, then, otherwise = self.wrapped(depth), self.expression(depth), self.expression(depth)
        return Pair(
            f"({test.ours} ? {then.ours} : {otherwise.ours})",
            f"({test.theirs} ? {then.theirs} : {otherwise.theirs})",
        )

    def negation(self, depth: int) -> Pair:
        operator = self.random.choice(["!", "!", "!!", "-", "+"])
        inner = self.wrapped(depth)
        return Pair(f"({operator}{inner.ours})", f"({operator}{inner.theirs})")

    def template(self, depth: int) -> Pair:
        first, second = self.expression(depth), self.expression(depth)
        return Pair(
            f"`<${{{first.ours}}}-${{{second.ours}}}>`",
            f"`<${{text({first.theirs})}}-${{text({second.theirs})}}>`",
        )

    def array(self, depth: int) -> Pair:
        first, second = self.expression(depth), self.expression(depth)
        spread = self.random.choice(["", "...$.list, ", "...$.s, "])
        return Pair(f"[{spread}{first.ours}, {second.ours}]", f"[{spread}{first.theirs}, {second.theirs}]")

    def object(self, depth: int) -> Pair:
        first, second = self.expression(depth), self.expression(depth)
        spread = self.random.choice(["", "...$.o, ", "...$.z, ", "...$.list, "])
        key = self.random.choice(["b", "'x-y'", "[`k${1 + 1}`]"])
        if "list" in spread:  # D5: names that look like numbers stay where they are
            first = second = Pair("1", "1")
            return Pair(f"{{{spread}a: 1}}", f"{{{spread}a: 1}}")
        return Pair(
            f"{{{spread}a: {first.ours}, {key}: {second.ours}}}",
            f"{{{spread}a: {first.theirs}, {key}: {second.theirs}}}",
        )

    def arrow(self, depth: int, count: int) -> Pair:
        names = [f"p{len(self.names) + at}" for at in range(count)]
        self.names += names
        body = self.wrapped(depth)
        del self.names[-count:]
        return Pair(f"({', '.join(names)}) => {body.ours}", f"({', '.join(names)}) => {body.theirs}")

    def mapped(self, depth: int) -> Pair:
        target = self.random.choice(["$.list", "$.rows", "$.o.a", "$.s"])
        method = self.random.choice(["map", "map", "filter", "find", "some", "every", "findIndex", "flatMap"])
        arrow = self.arrow(depth, self.random.choice([1, 1, 2]))
        question = self.random.choice(["", "?"]) + "."
        return Pair(
            f"{target}{question}{method}({arrow.ours})", f"{target}{question}{method}({arrow.theirs})"
        )

    def called(self, depth: int) -> Pair:
        arrow, argument = self.arrow(depth, 1), self.expression(depth)
        return Pair(f"({arrow.ours})({argument.ours})", f"({arrow.theirs})({argument.theirs})")

    def typeof(self, depth: int) -> Pair:
        inner = self.member(depth)
        return Pair(f"(typeof {inner.ours})", f"(typeof {inner.theirs})")

    def destructured(self, depth: int) -> Pair:
        pattern = self.random.choice(
            ["{p0, a = 1, ...p1}", "[p0, p1 = 2]", "{b: p0, c: [p1] = [3]}", "{a: p0, p1 = 's'}"]
        )
        outer, self.names = self.names, [*self.names, "p0", "p1"]
        body = self.wrapped(depth)
        self.names = outer
        target = self.random.choice(["$.o", "$.list", "$.rows", "$.s"])
        return Pair(f"(({pattern}) => {body.ours})({target})", f"(({pattern}) => {body.theirs})({target})")


def evaluated(expression: str, data: object) -> object:
    """The value, checked and direct code alike, or an ExpressionError."""
    findings: list[Finding] = []
    template = compile_expression(Text.bare(expression), Scope.EVAL, findings)
    assert findings == [], expression
    results: list[object] = []
    for pause in (0, 1):
        template._pause = pause
        try:
            results.append(template.evaluate(data, Environment(now_ns=lambda: 0)))
        except ExpressionError as error:
            results.append((error.code, error.message))
    assert repr(results[0]) == repr(results[1]), expression
    if isinstance(results[0], tuple):
        assert results[0][0].startswith("HR22") or results[0][0] == "HR205", (expression, results[0])
        raise ExpressionError(results[0][0], results[0][1], Text.bare(expression).whole)
    return results[0]


def same(ours: object, theirs: object) -> bool:
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        # JSON.stringify leaves out undefined; here it is null.
        kept = {key: item for key, item in ours.items() if item is not None or key in theirs}
        return list(kept) == list(theirs) and all(same(item, theirs[key]) for key, item in kept.items())
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-14) or abs(theirs) > 2**53
    return type(ours) is type(theirs) and ours == theirs


def test_random_expressions_have_javascripts_value_or_an_error(javascript):
    maker = Maker(20260103)
    pairs = [(maker.expression(3), maker.data()) for _ in range(4000)]
    answers = javascript(
        [(f"(() => {{ {PRELUDE} return $ => ({pair.theirs}) }})()", [data]) for pair, data in pairs]
    )
    wrong: list[tuple[object, ...]] = []
    values = 0
    for (pair, data), answer in zip(pairs, answers, strict=True):
        try:
            actual = evaluated(pair.ours, data)
        except ExpressionError:
            continue
        values += 1
        if "value" not in answer or not same(actual, answer["value"]):
            wrong.append((pair.ours, data, actual, answer))
    assert wrong == []
    assert values > 2000
