"""Random calls of methods and globals, as both languages write them."""

from abc import abstractmethod
from collections.abc import Sequence

from support.pair import ATOM, INDEXES, KINDS, PATTERNS, REPLACEMENTS, UNARY, Draw, Pair

__all__ = ["Calls"]


class Calls(Draw):
    """The part of the generator that knows methods and globals."""

    @abstractmethod
    def make(self, kind: str, depth: int) -> Pair:
        """An expression that mostly has a value of this kind."""

    @abstractmethod
    def arrow(self, kinds: Sequence[str], result: str, depth: int, *, test: bool = False) -> tuple[str, str]:
        """An arrow of these parameters, as both write it; a test may give NaN (D7)."""

    # ---- methods

    def on(self, target: Pair) -> str:
        head = self.inside(target, ATOM)
        return f"({head})" if head[0].isdigit() or head[0] in "{." else head

    def call(self, target: Pair, method: str, arguments: Sequence[tuple[str, str]]) -> Pair:
        ours, theirs = ", ".join(one for one, _ in arguments), "".join(f", {two}" for _, two in arguments)
        return Pair(f"{self.on(target)}.{method}({ours})", f"invoke({target.theirs}, '{method}'{theirs})")

    def indexes(self, least: int, most: int) -> list[tuple[str, str]]:
        return [
            (text, text) for text in (self.pick(INDEXES) for _ in range(self.random.randint(least, most)))
        ]

    def part(self) -> tuple[str, str]:
        text = self.quoted(self.pick(["", "a", "b", ",", "ab", "1", "x", "é"]))
        return text, text

    def text_method(self, _kind: str, depth: int) -> Pair:
        target = self.make("text", depth)
        method = self.pick(["toUpperCase", "toLowerCase", "trim", "trimStart", "trimEnd", "slice", "substring", "substr", "charAt", "at",
                            "padStart", "padEnd", "repeat", "concat", "toString", "normalize"])  # fmt: skip
        match method:
            case "slice":
                arguments = self.indexes(0, 2)
            case "substring" | "substr":
                arguments = self.indexes(1, 2)
            case "charAt" | "at":
                arguments = self.indexes(1, 1)
            case "padStart" | "padEnd":
                size = self.pick(["0", "3", "7.9", "-1", "12"])
                arguments = [(size, size), *([self.part()] if self.chance(0.6) else [])]
            case "repeat":
                size = self.pick(["0", "1", "2.9", "3", "-1"])
                arguments = [(size, size)]
            case "concat":
                arguments = [self.part(), self.part()][: self.random.randrange(3)]
            case "normalize":
                arguments = [self.random.choice([("'NFD'", "'NFD'"), ("'NFC'", "'NFC'")])]
            case _:
                arguments = []
        return self.call(target, method, arguments)

    def regex(self, *, always_global: bool = False) -> tuple[str, str]:
        flags = "g" if always_global else self.pick(["", "g", "i", "gi", "s", "gs"])
        text = f"/{self.pick(PATTERNS)}/{flags}".replace("\\\\", "\\")
        return text, text

    def replaced(self, _kind: str, depth: int) -> Pair:
        method = self.pick(["replace", "replace", "replaceAll"])
        old = self.part() if self.chance(0.3) else self.regex(always_global=method == "replaceAll")
        if self.chance(0.25):
            new = self.random.choice(
                [
                    ("m => `[${m}]`", "m => `[${m}]`"),
                    ("(m, a, b) => `${a}|${b}`", "(m, a, b) => `${text(a)}|${text(b)}`"),
                ]
            )
        else:
            text = self.quoted(self.pick(REPLACEMENTS)) if self.chance(0.8) else "`x`"
            text = '"' + text[1:-1] + '"'
            new = text, text
        return self.call(self.make("text", depth), method, [old, new])

    def split(self, _kind: str, depth: int) -> Pair:
        method = self.pick(["split", "split", "match", "matchAll"])
        if method == "split":
            by = self.part() if self.chance(0.5) else self.regex()
            limit = [(text, text) for text in [self.pick(["0", "1", "2", "-1", "2.5"])] if self.chance(0.3)]
            return self.call(self.make("text", depth), method, [by, *limit])
        target = self.make("text", depth)
        return self.call(target, method, [self.regex(always_global=method == "matchAll")])

    def tested(self, _kind: str, depth: int) -> Pair:
        choice = self.random.randrange(5)
        if choice == 0:
            target, (pattern, _) = self.make("text", depth), self.regex()
            pattern = pattern.replace("/g", "/") if pattern.endswith("/g") else pattern.rstrip("g")
            pattern = f"/{pattern[1:].rpartition('/')[0]}/{pattern.rpartition('/')[2].replace('g', '')}"
            return Pair(f"{pattern}.test({target.ours})", f"{pattern}.test(given({target.theirs}))")
        if choice == 1:
            return self.call(
                self.make("text", depth),
                self.pick(["startsWith", "endsWith", "includes"]),
                [self.part(), *self.indexes(0, 1)],
            )
        if choice == 2:
            item = self.leaf("number")
            return self.call(self.make("array", depth), "includes", [(item.ours, item.theirs)])
        if choice == 3:
            arrow = self.arrow(["any", "number"], "boolean", depth, test=True)
            return self.call(self.make("array", depth), self.pick(["some", "every"]), [arrow])
        target = self.make("any", depth)
        name = self.pick(["Array.isArray", "Number.isInteger", "Boolean"])
        theirs = target.nan if name == "Number.isInteger" else target.theirs
        return Pair(f"{name}({target.ours})", f"{name}({theirs})")

    def text_number(self, _kind: str, depth: int) -> Pair:
        choice = self.random.randrange(5)
        if choice == 0:
            return self.call(
                self.make("text", depth),
                self.pick(["indexOf", "lastIndexOf"]),
                [self.part(), *self.indexes(0, 1)],
            )
        if choice == 1:
            return self.call(self.make("text", depth), "search", [self.regex()])
        if choice == 2:
            item = self.leaf("number")
            return self.call(
                self.make("array", depth),
                self.pick(["indexOf", "lastIndexOf"]),
                [(item.ours, item.theirs), *self.indexes(0, 1)],
            )
        if choice == 3:
            arrow = self.arrow(["any", "number"], "boolean", depth, test=True)
            return self.call(self.make("array", depth), self.pick(["findIndex", "findLastIndex"]), [arrow])
        target = self.make(self.pick(["array", "text"]), depth)
        return Pair(f"{self.on(target)}.length", f"member({target.theirs}, 'length')")

    def array_method(self, _kind: str, depth: int) -> Pair:
        target = self.make("array", depth)
        method = self.pick(
            [
                "slice",
                "concat",
                "flat",
                "reverse",
                "toReversed",
                "fill",
                "toSpliced",
                "with",
                "keys",
                "entries",
                "values",
            ]
        )
        item = self.make("any", min(depth, 1))
        one = (item.ours, item.theirs)
        match method:
            case "slice":
                arguments = self.indexes(0, 2)
            case "concat":
                other = self.make("array", min(depth, 1))
                arguments = [one, (other.ours, other.theirs)][: self.random.randrange(3)]
            case "flat":
                arguments = [(text, text) for text in [self.pick(["0", "1", "2", "9"])] if self.chance(0.5)]
            case "fill":
                arguments = [one, *self.indexes(0, 2)]
            case "toSpliced":
                arguments = [*self.indexes(2, 2), one][: self.random.randrange(4)]
            case "with":
                arguments = [*self.indexes(1, 1), one]
            case _:
                arguments = []
        return self.call(target, method, arguments)

    def mapped(self, _kind: str, depth: int) -> Pair:
        method = self.pick(["map", "map", "filter", "flatMap"])
        result = "boolean" if method == "filter" else self.pick(KINDS)
        source, kinds = self.random.choice(
            [("$.list", "number"), ("$.texts", "text"), ("$.rows", "object"), ("$.mixed", "any"), ("", "any")]
        )
        target = Pair(source, source) if source else self.make("array", depth)
        if self.chance(0.1):
            name = self.pick(
                ["Boolean", "String", "Number.isInteger", "Array.isArray"]
            )  # ≠: gets the item alone
            arrow = name, f"x => {name}(x)"
        else:
            arrow = self.arrow([kinds, "number", "array"], result, depth, test=method == "filter")
        return self.call(target, method, [arrow])

    def reduced(self, _kind: str, depth: int) -> Pair:
        first = self.make("number", min(depth, 1))
        arrow = self.arrow(["number", "number", "number"], "number", min(depth, 1))
        method = self.pick(["reduce", "reduce", "reduceRight"])
        target = Pair("$.list", "$.list") if self.chance(0.7) else self.make("array", depth)
        return self.call(target, method, [arrow, *([(first.ours, first.theirs)] if self.chance(0.8) else [])])

    def sorted(self, _kind: str, depth: int) -> Pair:
        method = self.pick(["sort", "toSorted"])
        ours, theirs, source = self.random.choice([
            ("", "", "$.texts"), ("", "", "$.list"), ("(x, y) => x - y", "(x, y) => compared(arith('-', x, y))", "$.list"),
            ("(x, y) => y - x", "(x, y) => compared(arith('-', y, x))", "$.mixed"),
            ("({a: x}, {a: y}) => x - y", "({a: x}, {a: y}) => compared(arith('-', nul(x), nul(y)))", "$.rows"),
            ("(x, y) => x.b < y.b ? -1 : x.b > y.b ? 1 : 0", "(x, y) => x.b < y.b ? -1 : x.b > y.b ? 1 : 0", "$.rows"),
        ])  # fmt: skip
        return self.call(Pair(source, source), method, [(ours, theirs)] if ours else [])

    def joined(self, _kind: str, depth: int) -> Pair:
        target = self.make("array", depth)
        return self.call(target, "join", [self.part()] if self.chance(0.7) else [])

    # ---- globals

    def math(self, _kind: str, depth: int) -> Pair:
        name = self.pick(["abs", "ceil", "floor", "round", "sign", "trunc", "max", "min"])
        count = self.random.randrange(1, 4) if name in ("max", "min") else 1
        given = [self.make("number", depth) for _ in range(count)]
        return Pair(
            f"Math.{name}({', '.join(one.ours for one in given)})",
            f"math('{name}', {', '.join(one.theirs for one in given)})",
        )

    def number_call(self, _kind: str, depth: int) -> Pair:
        name = self.pick(["Number", "parseFloat", "parseInt", "Number.parseFloat"])
        given = self.make("text", depth)
        radix = self.pick([", 10", ", 16", ", 2", ", 1"]) if name == "parseInt" and self.chance(0.5) else ""
        code = f"{name}({given.theirs}{radix})"
        return Pair(f"{name}({given.ours}{radix})", f"fin({code})", raw=code)

    def text_call(self, _kind: str, depth: int) -> Pair:
        choice = self.random.randrange(6)
        if choice == 0:
            given = self.make("any", depth)
            indent = self.pick(["", ", null, 2", ", null, '--'", ", null, 0"])
            return Pair(
                f"JSON.stringify({given.ours}{indent})", f"JSON.stringify(d5({given.theirs}){indent})"
            )
        if choice == 1:
            given = self.make(self.pick(["number", "text", "boolean"]), depth)
            return Pair(f"String({given.ours})", f"String({given.theirs})")
        if choice == 2:
            target = self.make("number", depth)
            method = self.pick(["toFixed", "toPrecision", "toExponential", "toString"])
            digits = self.pick(
                ["1", "2", "7", "20", "0", "101"] if method != "toString" else ["2", "16", "36", "1"]
            )
            return self.call(target, method, [(digits, digits)] if self.chance(0.8) else [])
        if choice == 3:
            given = self.make("text", depth)
            name = self.pick(["encodeURIComponent", "decodeURIComponent", "encodeURI"])
            return Pair(f"{name}({given.ours})", f"{name}(given({given.theirs}))")
        if choice == 4:
            given = self.make("any", depth)
            return (
                Pair(f"typeof {self.inside(given, ATOM)}", f"(typeof {given.theirs})", UNARY)
                if given.theirs.startswith("'")
                else self.leaf("text")
            )
        codes = [self.pick(["65", "97", "233", "937", "8232"]) for _ in range(self.random.randrange(1, 4))]
        name = self.pick(["String.fromCharCode", "String.fromCodePoint"])
        return Pair(f"{name}({', '.join(codes)})", f"{name}({', '.join(codes)})")

    def listed(self, _kind: str, depth: int) -> Pair:
        choice = self.random.randrange(4)
        if choice == 0:
            given = self.make("object", depth)
            name = self.pick(["Object.keys", "Object.values", "Object.entries"])
            return Pair(f"{name}({given.ours})", f"{name}(d5({given.theirs}))")
        if choice == 1:
            arrow = self.arrow(["any", "number"], "any", min(depth, 1))
            size = self.pick(["0", "2", "3"])
            return Pair(
                f"Array.from({{length: {size}}}, {arrow[0]})",
                f"Array.from(Array({size}).fill(null), {arrow[1]})",
            )
        if choice == 2:
            one, two = self.make("any", depth), self.make("any", depth)
            return Pair(f"Array.of({one.ours}, {two.ours})", f"Array.of({one.theirs}, {two.theirs})")
        given = self.make("any", depth)
        return Pair(
            f"[JSON.parse(JSON.stringify({given.ours}))]", f"[JSON.parse(JSON.stringify(d5({given.theirs})))]"
        )
