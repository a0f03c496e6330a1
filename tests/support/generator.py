"""Random expressions in the part of the language that JavaScript shares, each as both of them write it."""

from collections.abc import Callable, Sequence

from support.calls import Calls
from support.pair import ARROW, ATOM, CONDITIONAL, KINDS, OPTIONAL, UNARY, Pair

__all__ = ["Generator"]


def _unmixed(one: str, two: str) -> bool:
    """Whether JavaScript wants parentheses between two operators."""
    return "??" in (one, two) and one != two and {one, two} <= {"??", "||", "&&"}


class Generator(Calls):
    """Makes expressions and the data for them."""

    # ---- any expression of a kind

    def make(self, kind: str, depth: int) -> Pair:
        """An expression that mostly has a value of this kind."""
        if kind == "any" or self.chance(self.mixing):
            kind = self.pick(KINDS[:5])
        if depth <= 0 or self.chance(0.12):
            return self.leaf(kind)
        common = [self.conditional, self.logical, self.called, self.chained, self.found]
        own: dict[str, list[Callable[[str, int], Pair]]] = {
            "number": [
                self.arithmetic,
                self.arithmetic,
                self.sign,
                self.math,
                self.number_call,
                self.text_number,
                self.reduced,
            ],
            "text": [
                self.addition,
                self.template,
                self.text_method,
                self.text_method,
                self.replaced,
                self.joined,
                self.text_call,
            ],
            "boolean": [self.comparison, self.equality, self.negation, self.tested, self.question],
            "array": [
                self.array,
                self.mapped,
                self.mapped,
                self.array_method,
                self.sorted,
                self.split,
                self.listed,
            ],
            "object": [self.object, self.object, self.assigned],
        }
        return self.random.choice([*own[kind], *own[kind], *common])(kind, depth - 1)

    # ---- operators

    def binary(self, operator: str, level: int, left: Pair, right: Pair, theirs: str) -> Pair:
        first = self.inside(left, UNARY + 1 if operator == "**" else level)
        second = self.inside(right, level if operator == "**" else level + 1)
        if first == left.ours and _unmixed(operator, left.operator):
            first = f"({first})"
        if second == right.ours and _unmixed(operator, right.operator):
            second = f"({second})"
        space = self.pick([" ", " ", "\n", " /* c */ "])
        return Pair(f"{first} {operator}{space}{second}", theirs, level, operator=operator)

    def arithmetic(self, _kind: str, depth: int) -> Pair:
        operator = self.pick("+-*/%") if self.chance(0.9) else "**"
        left, right = self.make("number", depth), self.make("number", depth)
        if operator == "**":
            right = Pair(*(self.pick(["0", "1", "2", "3"]),) * 2)
        theirs = (
            f"add({left.theirs}, {right.theirs})"
            if operator == "+"
            else f"arith('{operator}', {left.theirs}, {right.theirs})"
        )
        level = {"+": 12, "-": 12, "**": 14}.get(operator, 13)
        return self.binary(operator, level, left, right, theirs)

    def addition(self, _kind: str, depth: int) -> Pair:
        left, right = self.make("text", depth), self.make("any", depth)
        if self.chance(0.3):
            left, right = right, left
        return self.binary("+", 12, left, right, f"add({left.theirs}, {right.theirs})")

    def sign(self, _kind: str, depth: int) -> Pair:
        operator = self.pick("-+")
        inner = self.make("number" if self.chance(0.7) else "any", depth)
        text = self.inside(inner, UNARY)
        space = " " if text[0] in "-+" else self.pick(["", " "])
        if operator == "-":
            return Pair(f"-{space}{text}", f"(-num({inner.theirs}))", UNARY)
        return Pair(f"+{space}{text}", f"fin(plus({inner.nan}))", UNARY, f"plus({inner.nan})")

    def comparison(self, _kind: str, depth: int) -> Pair:
        operator = self.pick(["<", "<=", ">", ">="])
        kind = self.pick(["number", "text", "any"])
        left, right = self.make(kind, depth), self.make(kind, depth)
        return self.binary(operator, 10, left, right, f"order('{operator}', {left.theirs}, {right.theirs})")

    def equality(self, _kind: str, depth: int) -> Pair:
        operator = self.pick(["==", "!=", "===", "!=="])
        kind = self.pick(KINDS)
        left, right = self.make(kind, depth), self.make(kind if self.chance(0.6) else "any", depth)
        equal = "strict" if len(operator) == 3 else "loose"
        theirs = f"{'!' * operator.startswith('!')}{equal}({left.nan}, {right.nan})"
        return self.binary(operator, 9, left, right, theirs)

    def negation(self, _kind: str, depth: int) -> Pair:
        inner = self.make("any", depth)
        return Pair(f"!{self.inside(inner, UNARY)}", f"(!{inner.nan})", UNARY)

    def logical(self, kind: str, depth: int) -> Pair:
        operator = self.pick(["||", "&&", "??"])
        left, right = self.make(kind, depth), self.make(kind, depth)
        first = left.nan if operator == "||" else left.theirs
        level = 5 if operator == "&&" else 4
        made = self.binary(operator, level, left, right, f"({first} {operator} {right.theirs})")
        made.raw = f"({left.nan} {operator} {right.nan})"
        return made

    def conditional(self, kind: str, depth: int) -> Pair:
        test, then, otherwise = (
            self.make("boolean" if self.chance(0.7) else "any", depth),
            self.make(kind, depth),
            self.make(kind, depth),
        )
        ours = f"{self.inside(test, CONDITIONAL + 1)} ? {self.inside(then, CONDITIONAL)} : {self.inside(otherwise, CONDITIONAL)}"
        condition = test.nan
        return Pair(
            ours,
            f"({condition} ? {then.theirs} : {otherwise.theirs})",
            CONDITIONAL,
            f"({condition} ? {then.nan} : {otherwise.nan})",
        )

    def template(self, _kind: str, depth: int) -> Pair:
        first, second = self.make("any", depth), self.make("text", depth)
        return Pair(
            f"`<${{{first.ours}}}-\\`${{{second.ours}}}`",
            f"`<${{text({first.theirs})}}-\\`${{text({second.theirs})}}`",
        )

    # ---- members and chains

    def found(self, kind: str, depth: int) -> Pair:
        """A member or an element of anything."""
        target = self.make(self.pick(["object", "object", "array", "any"]), depth)
        choice = self.random.randrange(4)
        question = self.pick(["", "", "?."])
        level = OPTIONAL if question else ATOM
        head = self.inside(target, ATOM)
        head = f"({head})" if head[0].isdigit() or head[0] in "{." else head
        if choice == 0:
            key = self.pick(["a", "b", "c", "length"])
            return Pair(f"{head}{question or '.'}{key}", f"member({target.theirs}, '{key}')", level)
        if choice == 1:
            index = self.pick(["0", "1", "-1", "-2", "'a'", "'x-y'", "'length'"])
            return Pair(f"{head}{question}[{index}]", f"element({target.theirs}, {index})", level)
        if choice == 2:
            index = self.make(self.pick(["number", "text"]), depth)
            ours = self.computed(index)
            theirs = f"member(o, {index.theirs})"
            if question:
                theirs = f"(o == null ? null : {theirs})"
            return Pair(f"{head}{question}[{ours}]", f"(o => {theirs})({target.theirs})", level)
        return Pair(f"{head}['b']?.[0]", f"element(member({target.theirs}, 'b'), 0)", OPTIONAL)

    def computed(self, index: Pair) -> str:
        """An index that is no literal, which a minus before it would make count from the end."""
        return f"({index.ours})" if index.ours.startswith("-") else index.ours

    def chained(self, kind: str, depth: int) -> Pair:
        """`x?.trim().length`: null ends the whole chain."""
        target = self.random.choice(
            [Pair("$.z", "$.z"), Pair("$.o.nothing", "null"), self.make("text", depth)]
        )
        head = self.inside(target, ATOM)
        links = [("trim()", "invoke(o, 'trim')"), ("toUpperCase()", "invoke(o, 'toUpperCase')"), ("length", "member(o, 'length')"),
                 ("slice(1)", "invoke(o, 'slice', 1)"), ("at(-1)", "invoke(o, 'at', -1)")]  # fmt: skip
        ours, theirs = head, "o"
        chosen = [self.random.choice(links) for _ in range(self.random.randrange(1, 4))]
        for at, (link, _) in enumerate(chosen):
            ours += ("?." if at == 0 else self.pick([".", ".", "?."])) + link
        marks = ours[len(head) :]
        optional = []
        for link, _ in chosen:
            optional.append(marks.startswith("?."))
            marks = marks[(2 if optional[-1] else 1) + len(link) :]
        theirs = "o"
        for (_, code), question in reversed(list(zip(chosen, optional, strict=True))):
            body = f"(o => {theirs})({code})"
            theirs = f"(o == null ? null : {body})" if question else body
        return Pair(ours, f"(o => {theirs})({target.theirs})", OPTIONAL)

    def question(self, _kind: str, depth: int) -> Pair:
        target = self.make("object", depth)
        key = self.pick(["a", "b", "length"])
        head = self.on(target)
        kind = self.pick(["string", "number", "boolean", "object", "undefined"])
        return Pair(f"typeof {head}.{key} === '{kind}'", f"(kind({target.theirs}, '{key}') === '{kind}')", 9)

    # ---- arrows

    def arrow(self, kinds: Sequence[str], result: str, depth: int, *, test: bool = False) -> tuple[str, str]:
        """An arrow of these parameters, some of which it may take apart or leave out."""
        count = self.random.randrange(1, len(kinds) + 1)
        if kinds[0] in ("object", "any") and self.chance(0.3):
            return self.arrow_that_takes_apart(result, depth, test=test)
        names = [f"p{len(self.names) + at}" for at in range(count)]
        self.names += zip(names, kinds[:count], strict=True)
        body = self.make(result, depth)
        del self.names[-count:]
        ours = self.inside(body, ARROW)
        ours = f"({ours})" if ours.startswith("{") else ours
        listed = names[0] if count == 1 and self.chance(0.6) else f"({', '.join(names)})"
        return f"{listed} => {ours}", f"({', '.join(names)}) => {body.nan if test else body.theirs}"

    def arrow_that_takes_apart(self, result: str, depth: int, *, test: bool) -> tuple[str, str]:
        """`({a, b = 1}, index) => …`."""
        start = len(self.names)
        a, b, index = (f"p{start + at}" for at in range(3))
        pattern = self.pick(
            [
                f"{{a: {a}, b: {b} = 1}}",
                f"{{length: {a}, ...{b}}}",
                f"[{a}, {b} = 'x']",
                f"{{c: {{a: {a} = 2}} = {{}}, b: {b}}}",
            ]
        )
        self.names += ((a, "any"), (b, "any"), (index, "number"))
        body = self.make(result, depth)
        del self.names[start:]
        inner = self.inside(body, ARROW)
        inner = f"({inner})" if inner.startswith("{") else inner
        theirs = f"(({a}, {b}) => {body.nan if test else body.theirs})(nul({a}), nul({b}))"
        return f"({pattern}, {index}) => {inner}", f"({pattern}, {index}) => {theirs}"

    def called(self, kind: str, depth: int) -> Pair:
        """An arrow that is called at once, mostly with its argument taken apart."""
        start = len(self.names)
        a, b, c = f"p{start}", f"p{start + 1}", f"p{start + 2}"
        default = self.make("number", 0)
        pattern, kinds, target = self.random.choice([
            (f"{{a: {a}, b: {b} = DEFAULT, ...{c}}}", ("any", "any", "object"), "object"),
            (f"[{a}, {b} = DEFAULT, ...{c}]", ("any", "any", "array"), "array"),
            (f"[, {a}, , {b}, ...{c}]", ("any", "any", "array"), "array"),
            (f"{{'x-y': {a} = DEFAULT, c: [{b}] = [1], ...{c}}}", ("any", "any", "object"), "object"),
            (f"{{length: {a}, a: {{b: {b}, ...{c}}} = {{}}}}", ("any", "any", "object"), "object"),
            (f"{a}, {b} = DEFAULT, ...{c}", (target := self.pick(KINDS), "number", "array"), target),
        ])  # fmt: skip
        argument = self.make(target, depth)
        self.names += zip((a, b, c), kinds, strict=True)
        body = self.make(kind, depth)
        del self.names[start:]
        inner = self.inside(body, ARROW)
        inner = f"({inner})" if inner.startswith("{") else inner
        ours = f"(({pattern.replace('DEFAULT', default.ours)}) => {inner})({argument.ours})"
        theirs_pattern = pattern.replace("DEFAULT", default.theirs)
        theirs = f"(({theirs_pattern}) => (({a}, {b}, {c}) => {body.theirs})(nul({a}), nul({b}), {c}))({argument.theirs})"
        return Pair(ours, theirs)

    # ---- arrays and objects

    def array(self, _kind: str, depth: int) -> Pair:
        ours, theirs = [], []
        for _ in range(self.random.randrange(4)):
            item = self.make("any", depth)
            if self.chance(0.25):
                item = self.make(self.pick(["array", "array", "text"]), depth)
                ours.append(f"...{self.inside(item, ARROW)}")
                theirs.append(f"...{item.theirs}")
                continue
            ours.append(item.ours)
            theirs.append(item.theirs)
        comma = "," if ours and self.chance(0.1) else ""
        return Pair(f"[{', '.join(ours)}{comma}]", f"[{', '.join(theirs)}]")

    def object(self, _kind: str, depth: int) -> Pair:
        ours, theirs = [], []
        for _ in range(self.random.randrange(4)):
            choice = self.random.randrange(6)
            item = self.make("any", depth)
            if choice == 0:
                item = self.random.choice(
                    [Pair("$.o", "$.o"), Pair("$.z", "$.z"), Pair("$.t", "$.t"), self.make("object", 0)]
                )
                ours.append(f"...{item.ours}")
                theirs.append(f"...{item.theirs}")
            elif choice == 1:
                ours.append(f"[`k${{{item.ours}}}`]: 1")
                theirs.append(f"[`k${{text({item.theirs})}}`]: 1")
            elif choice == 2 and self.names:
                name = self.names[-1][0]
                ours.append(name)
                theirs.append(name)
            else:
                key = self.pick(["a", "b", "c", "'x-y'", "length"])
                ours.append(f"{key}: {item.ours}")
                theirs.append(f"{key}: {item.theirs}")
        return Pair(f"({{{', '.join(ours)}}})", f"({{{', '.join(theirs)}}})")

    def assigned(self, _kind: str, depth: int) -> Pair:
        one, two = self.make("object", depth), self.make("object", depth)
        if self.chance(0.5):
            return Pair(
                f"Object.assign({one.ours}, {two.ours})",
                f"Object.assign({{}}, object({one.theirs}), source({two.theirs}))",
            )
        return Pair(
            f"Object.fromEntries(Object.entries({one.ours}))",
            f"Object.fromEntries(Object.entries(d5({one.theirs})))",
        )
