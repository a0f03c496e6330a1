"""Tokens to nodes: ECMA-262's expressions (section 13), with JSONPath's steps among the accesses."""

from typing import NoReturn

from headrace.expr.foreign import NAMESPACES, explain_root, explain_word
from headrace.expr.lexer import Token
from headrace.expr.nodes import (
    Array,
    Arrow,
    Binary,
    Call,
    Child,
    Conditional,
    Constant,
    Descendant,
    Each,
    Expression,
    Filter,
    FunctionName,
    Group,
    Index,
    Invoke,
    Literal,
    Member,
    MethodCall,
    Name,
    Node,
    Object,
    Property,
    Query,
    Regex,
    Root,
    Slice,
    Spread,
    Step,
    TextTemplate,
    Unary,
    Undefined,
    Union,
    children,
    index_key,
    unwrap,
)
from headrace.expr.problem import Problem
from headrace.expr.step import StepParser

__all__ = ["CONSTANTS", "LEVELS", "parse"]

CONSTANTS: dict[str, int | float] = {
    "Math.E": 2.718281828459045,
    "Math.LN10": 2.302585092994046,
    "Math.LN2": 0.6931471805599453,
    "Math.LOG10E": 0.4342944819032518,
    "Math.LOG2E": 1.4426950408889634,
    "Math.PI": 3.141592653589793,
    "Math.SQRT1_2": 0.7071067811865476,
    "Math.SQRT2": 1.4142135623730951,
    "Number.EPSILON": 2.0**-52,
    "Number.MAX_SAFE_INTEGER": 2**53 - 1,
    "Number.MAX_VALUE": 1.7976931348623157e308,
    "Number.MIN_SAFE_INTEGER": 1 - 2**53,
    "Number.MIN_VALUE": 5e-324,
}
"""Constants of the globals (ECMA-262, 21.1.2 and 21.3.1)."""

LEVELS = {
    "??": 1, "||": 1, "&&": 2,
    "==": 3, "!=": 3, "===": 3, "!==": 3,
    "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "**": 7,
}  # fmt: skip
"""How strongly operators bind."""

MAX_HEIGHT = 150
_ATOMS: dict[object, bool | None] = {"null": None, "true": True, "false": False}


def parse(value: str, tokens: list[Token]) -> Expression:
    """Read the whole of an expression.

    Raises:
        Problem: HR2xx, with its offsets.
    """
    if len(tokens) == 1:
        raise Problem(
            "HR201", "there is no expression here", max(0, tokens[0].start - 1), tokens[0].start + 1
        )
    parser = _Parser(value, tokens)
    node = parser.expression()
    if parser.token.kind != "end":
        parser.after(node)
    _limit_height(node)
    return node


def _limit_height(root: Node) -> None:
    pending = [(root, 1)]
    while pending:
        node, height = pending.pop()
        if height > MAX_HEIGHT:
            message = f"more than {MAX_HEIGHT} operations build on each other; split it"
            raise Problem("HR209", message, root.start, root.end)
        above = height if isinstance(node, Property) else height + 1
        pending.extend((child, above) for child in children(node))


class _Parser(StepParser):
    def expression(self) -> Expression:
        self.deeper()
        node = self.arrow() if self.arrow_ahead() else self.conditional()
        self.nesting -= 1
        return node

    def after(self, node: Expression) -> NoReturn:
        """Give up at a token that cannot follow an expression."""
        self.unexpected("an operator", self.last_operand(node))

    def last_operand(self, node: Expression) -> Expression:
        """What a foreign operator after the expression would apply to."""
        while True:
            match node:
                case Binary(right=right):
                    node = right
                case Conditional(otherwise=otherwise):
                    node = otherwise
                case Arrow(body=body):
                    node = body
                case _:
                    return node

    # ---- arrows and operators

    def arrow_ahead(self) -> bool:
        if self.token.kind == "name":
            return self.peek(1).kind == "operator" and self.peek(1).value == "=>"
        return self.sees("(") and self.tokens[self.token.match + 1].value == "=>"

    def arrow(self) -> Arrow:
        start = self.token.start
        self.names.append(set())
        parameters, rest = self.parameters()
        arrow = self.expect("=>")
        if self.sees("{"):
            message = "an arrow that returns an object needs parentheses: `x => ({…})`"
            if self.peek(1).kind == "name" and self.peek(2).value not in (":", ",", "}"):
                message = (
                    "an arrow has one expression and no statements: `x => x.id`, without `{ return …; }`"
                )
            self.fail(message, arrow.start, self.token.end, code="HR208")
        body = self.expression()
        self.names.pop()
        return Arrow(start, body.end, parameters, rest, body)

    def conditional(self) -> Expression:
        test = self.binary(1)
        if not self.takes("?"):
            return test
        then = self.expression()
        if not self.takes(":"):
            self.unexpected("`:` of `? :`", self.last_operand(then))
        otherwise = self.expression()
        return Conditional(test.start, otherwise.end, test, then, otherwise)

    def binary(self, least: int) -> Expression:
        left = self.unary()
        while self.token.kind == "operator" and isinstance(self.token.value, str):
            operator = self.token.value
            level = LEVELS.get(operator, 0)
            if level < least:
                break
            self.check_mix(operator, left)
            self.advance()
            if operator == "**":
                self.deeper()
                right = self.binary(level)
                self.nesting -= 1
            else:
                right = self.binary(level + 1)
            if operator != "**":
                self.check_mix(operator, right)
            left = Binary(left.start, right.end, operator, left, right)
        return left

    def check_mix(self, operator: str, operand: Expression) -> None:
        """Refuse what JavaScript refuses for being read differently by different people."""
        match operand:
            case Unary(operator=sign) if operator == "**" and operand.end <= self.token.start:
                message = f"`{sign}` before `**` needs parentheses: `({sign}x) ** y` or `{sign}(x ** y)`"
                self.fail(message, operand.start, self.token.end)
            case Binary(operator=other) if "??" in (operator, other):
                if {operator, other} & {"||", "&&"}:
                    self.fail(f"`{other}` and `{operator}` together need parentheses")

    def unary(self) -> Expression:
        token = self.token
        is_typeof = token.kind == "name" and token.value == "typeof"
        if not is_typeof and not self.sees("-", "+", "!"):
            return self.postfix()
        self.advance()
        self.deeper()
        operand = self.unary()
        self.nesting -= 1
        return Unary(token.start, operand.end, str(token.value), operand)

    # ---- access and calls

    def postfix(self) -> Expression:
        node = self.primary()
        while True:
            following = self.access(node)
            if following is node:
                return node
            node = following

    def access(self, node: Expression) -> Expression:
        """The operand with the next access; the same operand if there is none."""
        token = self.token
        if token.kind == "template":
            self.fail("a text cannot follow an operand; an operator is missing")
        if self.sees("(") and isinstance(inner := unwrap(node), Arrow) and isinstance(node, Group):
            arguments = self.arguments()
            return Invoke(node.start, self.tokens[self.at - 1].end, inner, arguments)
        if self.sees("["):
            return self.subscript(node, optional=False)
        if self.sees("?.") and self.peek(1).value == "[":
            self.advance()
            return self.subscript(node, optional=True)
        if self.sees("?.") and self.peek(1).value == "(":
            self.fail("`?.(` is not offered; `x?.name(…)` calls a method unless x is null")
        if self.takes(".", "?."):
            return self.member(node, optional=token.value == "?.")
        if self.takes(".."):
            return self.descendant(node)
        return node

    def member(self, node: Expression, *, optional: bool) -> Expression:
        token = self.token
        if self.takes("*"):
            return self.with_step(node, Each(token.start, token.end))
        if token.kind != "name":
            self.unexpected("the name of a member")
        self.advance()
        name = str(token.value)
        if self.sees("("):
            arguments = self.arguments()
            end = self.tokens[self.at - 1].end
            return MethodCall(node.start, end, node, name, arguments, optional, token.start)
        if not isinstance(node, Query):
            return Member(node.start, token.end, node, name, optional)
        if name == "length":
            path = self.value[node.start : node.end]
            message = f"`.length` here would be a member of each match; write `len({path})`"
            self.fail(message, token.start, token.end, code="HR211")
        return self.with_step(node, Child(token.start, token.end, name))

    def subscript(self, node: Expression, *, optional: bool) -> Expression:
        found = self.bracket()
        end = self.tokens[self.at - 1].end
        if isinstance(found, Each | Slice | Filter | Union | Child):
            return self.with_step(node, found)
        if not isinstance(node, Query):
            return Index(node.start, end, node, found, optional)
        key = index_key(found)
        if key is None:
            message = "after a path with many matches `[…]` takes literals only; put the path in parentheses"
            self.fail(message, found.start, found.end)
        return self.with_step(node, Child(found.start, found.end, key))

    def descendant(self, node: Expression) -> Expression:
        token = self.token
        selector: Child | Each | Slice | Filter | Union
        if self.sees("["):
            found = self.bracket()
            if not isinstance(found, Each | Slice | Filter | Union | Child):
                key = index_key(found)
                if key is None:
                    self.fail("`..[…]` takes literals and selectors only", found.start, found.end)
                found = Child(found.start, found.end, key)
            selector = found
        elif self.takes("*"):
            selector = Each(token.start, token.end)
        elif token.kind == "name":
            self.advance()
            selector = Child(token.start, token.end, str(token.value))
        else:
            self.unexpected("a name, `*` or `[…]` after `..`")
        end = self.tokens[self.at - 1].end
        return self.with_step(node, Descendant(token.start, end, selector))

    def with_step(self, node: Expression, step: Step) -> Query:
        end = self.tokens[self.at - 1].end
        if isinstance(node, Query):
            return Query(node.start, end, node.target, (*node.steps, step))
        return Query(node.start, end, node, (step,))

    def arguments(self) -> tuple[Expression | Spread, ...]:
        self.expect("(")
        items: list[Expression | Spread] = []
        while not self.sees(")"):
            item = self.spread() if self.sees("...") else self.expression()
            if isinstance(item, Name) and not any(item.name in names for names in self.names):
                item = FunctionName(item.start, item.end, item.name)
            items.append(item)
            if not self.takes(","):
                break
        if not self.sees(")"):
            self.unexpected("`)`", self.last_operand(self.value_of(items[-1])) if items else None)
        self.advance()
        return tuple(items)

    # ---- operands

    def primary(self) -> Expression:
        token = self.token
        if token.kind == "name":
            return self.named(token)
        if token.kind in {"number", "text"}:
            self.advance()
            assert not isinstance(token.value, list | tuple)  # noqa: S101 - by the kind of token
            return Literal(token.start, token.end, token.value)
        if isinstance(token.value, list):
            self.advance()
            return self.text_template(token, token.value)
        if isinstance(token.value, tuple):
            self.advance()
            return Regex(token.start, token.end, *token.value)
        if self.sees("("):
            return self.group()
        if self.sees("["):
            return self.array()
        if self.sees("{"):
            return self.object()
        if self.sees("@"):
            if not self.filters:
                self.fail("`@` stands in a filter only: `[?@.x > 1]`")
            self.advance()
            return Root(token.start, token.end, "@")
        return self.unexpected("an operand")

    def named(self, token: Token) -> Expression:
        name = str(token.value)
        self.advance()
        if name in _ATOMS:
            return Literal(token.start, token.end, _ATOMS[name])
        if name == "undefined":
            return Undefined(token.start, token.end)
        if name in {"$", "$vars", "$run"}:
            return Root(token.start, token.end, name)
        if name.startswith("$"):
            code, message = explain_root(name)
            self.fail(message, token.start, token.end, code=code)
        foreign = explain_word(name, self.token)
        if foreign and not any(name in names for names in self.names):
            self.fail(foreign[1], token.start, token.end, code=foreign[0])
        if name in NAMESPACES and self.sees(".") and self.peek(1).kind == "name":
            self.advance()
            name = f"{name}.{self.advance().value}"
            if name in CONSTANTS:
                return Constant(token.start, self.tokens[self.at - 1].end, name)
            if not self.sees("("):
                return FunctionName(token.start, self.tokens[self.at - 1].end, name)
        if self.sees("("):
            arguments = self.arguments()
            return Call(token.start, self.tokens[self.at - 1].end, name, arguments)
        return Name(token.start, token.end, name)

    def text_template(self, token: Token, parts: list[str | list[Token]]) -> TextTemplate:
        nodes: list[str | Expression] = []
        for part in parts:
            if isinstance(part, str):
                nodes.append(part)
                continue
            outer = self.tokens, self.at
            self.tokens, self.at = part, 0
            node = self.expression()
            if self.token.kind != "end":
                self.after(node)
            nodes.append(node)
            self.tokens, self.at = outer
        return TextTemplate(token.start, token.end, tuple(nodes))

    def group(self) -> Group:
        opener = self.expect("(")
        inner = self.expression()
        if not self.sees(")"):
            self.unexpected("`)`", self.last_operand(inner))
        return Group(opener.start, self.advance().end, inner)

    def array(self) -> Array:
        opener = self.expect("[")
        items: list[Expression | Spread] = []
        while not self.sees("]"):
            if self.sees(","):
                self.fail("an element is missing before `,`")
            items.append(self.spread() if self.sees("...") else self.expression())
            if not self.takes(","):
                break
        if not self.sees("]"):
            self.unexpected("`]`", self.last_operand(self.value_of(items[-1])) if items else None)
        return Array(opener.start, self.advance().end, tuple(items))

    def value_of(self, item: Expression | Spread | Property) -> Expression:
        return item.value if isinstance(item, Spread | Property) else item

    def spread(self) -> Spread:
        dots = self.expect("...")
        value = self.expression()
        return Spread(dots.start, value.end, value)

    def object(self) -> Object:
        opener = self.expect("{")
        members: list[Property | Spread] = []
        while not self.sees("}"):
            members.append(self.spread() if self.sees("...") else self.property())
            if not self.takes(","):
                break
        if not self.sees("}"):
            left = self.last_operand(self.value_of(members[-1])) if members else None
            self.unexpected("`}`", left)
        return Object(opener.start, self.advance().end, tuple(members))

    def property(self) -> Property:
        token = self.token
        key: str | Expression
        if self.takes("["):
            key = self.expression()
            self.expect("]")
        elif token.kind in {"name", "text"} or (token.kind == "number" and isinstance(token.value, int)):
            key = str(self.advance().value)
        elif self.sees("{"):
            self.fail("braces stand once around an expression; leave the inner ones out")
        else:
            self.unexpected("the name of a member")
        if token.kind == "name" and self.sees(",", "}"):
            name = Name(token.start, token.end, str(token.value))
            return Property(token.start, token.end, name.name, name, short=True)
        if self.sees(".") and self.value.startswith("{{{", self.value.rfind("{", 0, token.start) - 2):
            self.fail("`{{{` is Handlebars; write `{{`", token.start, token.end, code="HR203")
        if self.sees("."):
            self.fail("a member of an object needs a name: `{name: $.name}`", token.start)
        if not self.takes(":"):
            self.unexpected("`:`")
        value = self.expression()
        return Property(token.start, value.end, key, value)
