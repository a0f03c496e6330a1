"""Text to tokens, and where an expression ends.

The lexer alone decides which `}}` closes a template: one that stands in a text, a regular expression or
a comment does not, nor one that closes objects. Lexical grammar: ECMA-262, section 12, less what the
language has no use for.
"""

import math
import re
from typing import NoReturn

import msgspec

from headrace.expr.literal import cook
from headrace.expr.lookalike import explain_character
from headrace.expr.problem import Problem
from headrace.source import Text

__all__ = ["Token", "tokenize"]

MAX_NESTING = 100
_OPERATORS = (  # each before those that it begins with
    "...", "===", "!==", ">>>", "**=",
    "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "..", "**",
    "++", "--", "+=", "-=", "*=", "/=", "%=", "<<", ">>",
    *"()[]{},:;?.<>+-*/%!=@&|^~#\\",
)  # fmt: skip
_OPERATOR = re.compile("|".join(map(re.escape, _OPERATORS)))
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*(?:[eE][+-]?\d+)?",
    re.ASCII,
)
_GROUPED = re.compile(r"(?:0[xXoObB])?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*")
_SPACE = re.compile(r"[\s\ufeff]+")
_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_FLAGS = re.compile(r"[\w$]*")
_HANDLEBARS = re.compile(r"#(if|unless|each|with)\b")
_BLOCKS = {
    "if": "write `condition ? then : otherwise`",
    "unless": "write `condition ? otherwise : then`",
    "each": "write `.map(x => …)`",
    "with": "write the whole path, `$.a.b`",
}
_UNIT = re.compile(r"(?:ns|us|ms|s|m|h|d)\b")
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_OPENERS = frozenset(_CLOSERS.values())


class Token(msgspec.Struct):
    """One token.

    Attributes:
        kind: `name`, `number`, `text`, `template`, `regex`, `operator` or `end`.
        value: the name, the operator, the number, the decoded text; for a template its parts, texts and
            lists of tokens; for a regular expression its source and flags.
        match: for an opening bracket the index of the token that closes it.
    """

    kind: str
    value: "str | int | float | list[str | list[Token]] | tuple[str, str]"
    start: int
    end: int
    match: int = -1


def tokenize(text: Text, start: int, opened: int | None) -> tuple[list[Token], int]:
    """Read tokens up to the `}}` that closes the expression, or to the end of the text.

    Args:
        text: what to read.
        start: where the expression begins.
        opened: where its `{{` stands; None for a bare expression, which ends with the text.

    Returns:
        The tokens, the last one of kind `end`, and the offset of `}}` or of the text's end.

    Raises:
        Problem: the text is no sequence of tokens, or the expression is never closed.
    """
    lexer = _Lexer(text, start, 0)
    lexer.run("}}" if opened is not None else "")
    if opened is not None and not text.value.startswith("}}", lexer.at):
        raise lexer.never_closed(opened)
    return lexer.tokens, lexer.at


class _Lexer:
    def __init__(self, text: Text, start: int, nesting: int) -> None:
        self.text = text
        self.value = text.value
        self.at = start
        self.nesting = nesting
        self.tokens: list[Token] = []
        self.open: list[int] = []  # indexes of the brackets that wait to be closed
        self.comment: int | None = None  # a `//` comment that runs to the end of the text
        if nesting > MAX_NESTING:
            raise Problem("HR209", f"nested more than {MAX_NESTING} deep; split it", start, start + 1)

    def run(self, closer: str) -> None:
        """Read up to `closer` outside of all brackets (`}` in `${}`), or to the end of the text."""
        while True:
            self.skip()
            if self.at >= len(self.value):
                break
            char = self.value[self.at]
            if char == "}" and closer and not self.inside_object():
                if self.value.startswith(closer, self.at):
                    break
                if closer == "}}" and not self.open:
                    message = "a single `}` closes nothing here; an expression ends with `}}`"
                    after_object = bool(self.tokens) and self.tokens[-1].value == "}"
                    cure = "after an object at its end that is `} }}`" if after_object else ""
                    raise Problem("HR201", message, self.at, self.at + 1, cure)
            self.read(char)
        if self.open:
            first = self.tokens[self.open[-1]]
            ended = self.at >= len(self.value)
            if not (ended and closer):
                self.fail(f"`{first.value}` is never closed", first.start, first.end)
        self.add("end", "", self.at)

    def inside_object(self) -> bool:
        return bool(self.open) and self.tokens[self.open[-1]].value == "{"

    def fail(self, message: str, start: int, end: int | None = None, code: str = "HR201") -> NoReturn:
        raise Problem(code, message, start, end if end is not None else start + 1)

    def never_closed(self, opened: int) -> Problem:
        """Why `}}` is missing: a comment swallowed it, here or in YAML, or nobody wrote it."""
        if self.comment is not None:
            message = "`//` comments out the rest, `}}` as well; use `/* … */`"
            return Problem("HR202", message, self.comment, self.comment + 2)
        rest = self.text.source.text[self.text.offsets[len(self.value)] :].split("\n", 1)[0]
        cure = ""
        if rest.lstrip(" \t").startswith("#") and "}}" in rest:
            cure = "` #` starts a comment in YAML here; put the text in quotes"
        return Problem("HR202", "`{{` opened here is never closed", opened, opened + 2, cure)

    def add(self, kind: str, value: "str | int | float | list[str | list[Token]] | tuple[str, str]",
            end: int) -> Token:  # fmt: skip
        token = Token(kind, value, self.at, end)
        self.tokens.append(token)
        self.at = end
        return token

    def skip(self) -> None:
        """Go past spaces and comments."""
        while True:
            if found := _SPACE.match(self.value, self.at):
                self.at = found.end()
            if self.value.startswith("//", self.at):
                self.skip_line()
            elif self.value.startswith("/*", self.at):
                end = self.value.find("*/", self.at + 2)
                if end < 0:
                    self.fail("this comment is never closed", self.at, self.at + 2)
                self.at = end + 2
            else:
                return

    def skip_line(self) -> None:
        end = self.value.find("\n", self.at)
        stop = len(self.value) if end < 0 else end
        raw, offsets = self.text.source.text, self.text.offsets
        if not isinstance(offsets, range):
            for index in range(self.at, stop):
                if "\n" in raw[offsets[index] : offsets[index + 1]] and index + 1 < len(self.value):
                    message = "`//` in text that YAML folds into one line comments out all that follows"
                    problem = Problem("HR201", message, self.at, self.at + 2)
                    problem.cure = "use `/* … */`, or a block that keeps its lines (`|`)"
                    raise problem
        if end < 0:
            self.comment = self.at
        self.at = stop

    def operand_ended(self) -> bool:
        """Whether the last token ends an operand, so that `/` divides."""
        if not self.tokens:
            return False
        last = self.tokens[-1]
        if last.kind == "operator":
            return last.value in (")", "]", "}")
        return not (last.kind == "name" and last.value == "typeof" and not self.after_dot())

    def after_dot(self) -> bool:
        return len(self.tokens) > 1 and self.tokens[-2].value in (".", "?.", "..")

    def read(self, char: str) -> None:
        if char in "'\"":
            self.read_text(char)
        elif char == "`":
            self.read_template()
        elif char == "/" and not self.operand_ended():
            self.read_regex()
        elif found := _NAME.match(self.value, self.at):
            self.add("name", found[0], found.end())
        elif char in "0123456789." and _NUMBER.match(self.value, self.at):
            self.read_number()
        else:
            self.read_operator(char)

    def read_operator(self, char: str) -> None:
        found = _OPERATOR.match(self.value, self.at)
        if found is None:
            self.fail(explain_character(char), self.at)
        operator = found[0]
        if operator == "?." and self.value[self.at + 2 : self.at + 3].isdigit():
            operator = "?"
        if operator == "#":
            if block := _HANDLEBARS.match(self.value, self.at):
                self.fail(
                    f"`{{{{{block[0]}` is Handlebars; {_BLOCKS[block[1]]}", self.at, block.end(), "HR203"
                )
            problem = Problem("HR201", "`#` has no meaning here", self.at, self.at + 1)
            problem.cure = "a comment is `/* … */`"
            raise problem
        token = self.add("operator", operator, self.at + len(operator))
        if operator in _OPENERS:
            self.open.append(len(self.tokens) - 1)
        elif operator in _CLOSERS:
            if not self.open:
                self.fail(f"`{operator}` closes nothing", token.start, token.end)
            opener = self.tokens[self.open.pop()]
            if opener.value != _CLOSERS[operator]:
                self.fail(f"`{operator}` does not close `{opener.value}`", token.start, token.end)
            opener.match = len(self.tokens) - 1

    def read_number(self) -> None:
        found = _NUMBER.match(self.value, self.at)
        assert found is not None  # noqa: S101 - a digit comes first
        raw, end = found[0], found.end()
        if self.value[end : end + 1] == "." and self.value[end : end + 2] != ".." and "." not in raw:
            self.fail(f"a number does not end with a point; write `{raw}` or `{raw}.0`", self.at, end + 1)
        if name := _NAME.match(self.value, end):
            if raw.startswith(".") and self.operand_ended():
                key = self.value[self.at + 1 : name.end()]
                message = f"a member whose name begins with a digit is written `['{key}']`"
                self.fail(message, self.at, name.end())
            unit = _UNIT.fullmatch(name[0])
            cure = f"a duration is `duration('{raw}{name[0]}')`" if unit else ""
            message = "a name cannot follow a number at once"
            raise Problem("HR201", message, self.at, end + 1, cure)
        if self.value[end : end + 1].isdigit():
            self.fail("a name cannot follow a number at once", self.at, end + 1)
        self.add("number", self.number(raw, end), end)

    def number(self, raw: str, end: int) -> int | float:
        digits = raw.replace("_", "")
        if "_" in raw and not _GROUPED.fullmatch(raw.replace(".", "")):
            self.fail("`_` stands between two digits only", self.at, end)
        if digits[:2].lower() in {"0x", "0o", "0b"}:
            value: int | float = int(digits, 0) if len(digits) < MAX_DIGITS else 1 << MAX_BITS
        elif "." in digits or "e" in digits.lower():
            value = float(digits)
            if math.isinf(value):
                self.fail(f"`{raw}` is larger than any number", self.at, end, "HR222")
            return value
        elif len(digits) == 3 and digits[0] == "0" and self.after_thousands():
            self.fail("a number has no `,` in it; write `1_000` or `1000`", self.at - 1, end)
        elif len(digits) > 1 and digits[0] == "0":
            self.fail(f"`{raw}` starts with 0; write `{digits.lstrip('0') or '0'}`", self.at, end)
        else:
            value = int(digits) if len(digits) < MAX_DIGITS else 1 << MAX_BITS
        if int(value).bit_length() > MAX_BITS:
            self.fail("an integer has at most 4,096 bits", self.at, end, "HR228")
        return value

    def after_thousands(self) -> bool:
        """Whether a `,` between two numbers comes before, without a space."""
        if len(self.tokens) < 2 or self.tokens[-1].value != ",":
            return False
        number, comma = self.tokens[-2:]
        return number.kind == "number" and number.end == comma.start and comma.end == self.at

    def read_text(self, quote: str) -> None:
        at = self.at + 1
        while True:
            char = self.value[at : at + 1]
            if char in ("", "\n", "\r"):
                is_inside = bool(self.tokens) and self.tokens[-1].kind == "name"
                is_inside = is_inside and self.tokens[-1].end == self.at
                cure = f"a `{quote}` inside of a text is written `\\{quote}`" if is_inside else ""
                raise Problem("HR201", "this text is never closed", self.at, self.at + 1, cure)
            if char == quote:
                break
            at += 2 if char == "\\" else 1
        self.add("text", cook(self.value, self.at + 1, at), at + 1)

    def read_template(self) -> None:
        start, at = self.at, self.at + 1
        parts: list[str | list[Token]] = []
        piece = at
        while True:
            char = self.value[at : at + 1]
            if not char:
                self.fail("this text is never closed", start)
            if char == "`":
                break
            if char == "$" and self.value.startswith("{", at + 1):
                parts.append(cook(self.value, piece, at))
                inner = _Lexer(self.text, at + 2, self.nesting + 1)
                inner.run("}")
                if not self.value.startswith("}", inner.at):
                    self.fail("`${` is never closed", at, at + 2)
                parts.append(inner.tokens)
                piece = at = inner.at + 1
            else:
                at += 2 if char == "\\" else 1
        parts.append(cook(self.value, piece, at))
        self.add("template", [part for part in parts if part != ""], at + 1)

    def read_regex(self) -> None:
        at, in_class = self.at + 1, False
        while True:
            char = self.value[at : at + 1]
            if char in ("", "\n", "\r"):
                self.fail(
                    "this regular expression is never closed; an operand is missing before `/`", self.at
                )
            if char == "/" and not in_class:
                break
            in_class = char == "[" or (in_class and char != "]")
            at += 2 if char == "\\" else 1
        flags = _FLAGS.match(self.value, at + 1)
        assert flags is not None  # noqa: S101 - it may be empty
        self.add("regex", (self.value[self.at + 1 : at], flags[0]), flags.end())


MAX_BITS = 4096
MAX_DIGITS = 1300  # 4,096 bits are 1,234 digits
