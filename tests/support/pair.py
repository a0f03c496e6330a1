"""What expressions of both languages are made of: words, data, and the smallest expressions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

__all__ = [
    "ARROW",
    "ATOM",
    "CONDITIONAL",
    "INDEXES",
    "KINDS",
    "OPTIONAL",
    "PATTERNS",
    "REPLACEMENTS",
    "UNARY",
    "Draw",
    "Pair",
]

TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "10",
    "2.5",
    "abc",
    "é",
    "true",
    "null",
    " 7 ",
    "A-b, c",
    "x1y22",
    "ß",
    "1e3",
    "0x1f",
    "\t",
    "a,b,,c",
    "Ωmega",
]
NUMBERS = ["0", "1", "2", "3", "7", "10", "0.5", "2.25", "100", "1e3", "0x1f", "1_000", ".1", "0.1", "1.005", "1e-7", "1e21",
           "123456789", "9007199254740991", "0b101", "255", "3.999"]  # fmt: skip
INDEXES = ["0", "1", "2", "-1", "-2", "9", "0.5", "-0.9", "1.5", "99999999999"]
PATTERNS = [
    "a", "a*", r"\\b", "^", "$", "^a", r"\\d+", "(a)(b)?", "([a-b]+)-?", "[^ab]", r"\\s", r"\\S+", "a|b", "a+?", "(?:a|b){1,2}",
    "(?<x>a)(?<y>.)", r"\\u0061", "é", r"[\\w-]+", r"[\\s,]", "[^]", "{", ".", r"\\W", "(a)|(b)", "x*?", "[a-]", "(?:)", r"\\/", "[/]", ",",
]  # fmt: skip
REPLACEMENTS = ["x", "[$&]", "$1", "<$2$1>", "$01", "$$", "$`|", "$'", "$0", "$", "$<x>", ""]
KEYS = ["a", "b", "c", "x-y", "length"]
LEVELS = {"??": 4, "||": 4, "&&": 5, "==": 9, "<": 10, "+": 12, "*": 13, "**": 14}
ATOM, OPTIONAL, UNARY, CONDITIONAL, ARROW = 20, 18, 15, 2, 1
KINDS = ("number", "text", "boolean", "array", "object", "any")


@dataclass
class Pair:
    """An expression as it is written here and in JavaScript, after `PRELUDE`.

    Attributes:
        level: how strongly its outermost operator binds.
        raw: the JavaScript that may give NaN, for where NaN is allowed (D7).
        operator: the outermost operator, for what may not be mixed.
    """

    ours: str
    theirs: str
    level: int = ATOM
    raw: str = field(default="")
    operator: str = ""

    @property
    def nan(self) -> str:
        """The JavaScript for where NaN is allowed."""
        return self.raw or self.theirs


class Draw:
    """Draws words, data and operands; the same again for the same seed."""

    def __init__(self, seed: object) -> None:
        self.random = Random(str(seed))
        self.mixing = self.random.choice((0.02, 0.05, 0.15))  # how often an operand is of any type
        self.names: list[tuple[str, str]] = []  # parameters in scope, and their kinds

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, items: Sequence[str]) -> str:
        return self.random.choice(items)

    # ---- data

    def scalar(self) -> object:
        return self.random.choice(
            [
                None,
                True,
                False,
                self.random.randrange(-9, 99),
                self.random.randrange(-40, 40) / 8,
                self.pick(TEXTS),
            ]
        )

    def value(self, depth: int) -> object:
        if not depth or self.chance(0.6):
            return self.scalar()
        if self.chance(0.5):
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        return {key: self.value(depth - 1) for key in KEYS if self.chance(0.5)}

    def data(self) -> dict[str, object]:
        count = self.random.randrange
        return {
            "n": count(-9, 99),
            "f": count(-80, 80) / 16,
            "s": self.pick(TEXTS),
            "t": self.chance(0.5),
            "z": None,
            "list": [count(-9, 20) for _ in range(count(5))],
            "texts": [self.pick(TEXTS) for _ in range(count(5))],
            "rows": [{"a": count(9), "b": self.pick(TEXTS), "c": self.value(1)} for _ in range(count(4))],
            "mixed": [self.value(2) for _ in range(count(4))],
            "o": {key: self.value(2) for key in KEYS if self.chance(0.8)},
        }

    def leaf(self, kind: str) -> Pair:
        named = [name for name, its in self.names if its in (kind, "any")]
        if named and self.chance(0.6):
            name = self.pick(named)
            return Pair(name, name)
        if self.chance(0.03):
            return Pair(*self.random.choice([("null", "null"), ("undefined", "null"), ("$.z", "$.z")]))
        match kind:
            case "number":
                text = self.pick([*NUMBERS, "$.n", "$.n", "$.f"])
            case "text":
                text = self.pick([*(self.quoted(text) for text in TEXTS), "$.s", "$.s", "$.s"])
            case "boolean":
                text = self.pick(["true", "false", "$.t"])
            case "array":
                text = self.pick(["$.list", "$.texts", "$.rows", "$.mixed", "[]", "[1, 2, 3]"])
            case _:
                text = self.pick(["$.o", "$.o", "({})", "({a: 1, b: 'x'})"])
        return Pair(text, text)

    def quoted(self, text: str) -> str:
        quote = self.pick("'\"")
        return quote + text.replace("\t", "\\t") + quote

    def inside(self, pair: Pair, least: int) -> str:
        """Our text, in parentheses where it binds less than `least`, and now and then without need."""
        return f"({pair.ours})" if pair.level < least or self.chance(0.05) else pair.ours
