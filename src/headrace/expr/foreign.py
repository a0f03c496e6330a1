"""What people write who know another language, and what to write here instead."""

from headrace.expr.lexer import Token

__all__ = ["NAMESPACES", "RESERVED", "explain_token", "explain_word"]

NAMESPACES = frozenset({"Array", "Boolean", "Date", "JSON", "Math", "Number", "Object", "String"})
"""Globals that have members; no parameter may be called so."""

_WORDS = {
    "if": "write `condition ? then : otherwise`",
    "else": "write `condition ? then : otherwise`",
    "and": "write `&&`",
    "or": "write `||`",
    "is": "write `==`",
    "in": "write `has(object, 'key')` or `array.includes(x)`",
    "instanceof": "write `typeof x` or `Array.isArray(x)`",
    "function": "write an arrow: `x => x.id`",
    "lambda": "write an arrow: `x => x.id`",
    "return": "an arrow gives the value of its expression: `x => x.id`",
    "for": "write `.map(x => …)`",
    "while": "write `.reduce((all, x) => …, start)`",
    "delete": "write `omit(object, ['key'])`",
    "void": "write `null`",
    "this": "write `$`",
}
RESERVED = frozenset(
    {
        "async", "await", "break", "case", "catch", "class", "const", "continue", "debugger",
        "default", "delete", "do", "else", "enum", "export", "extends", "finally", "for",
        "function", "if", "import", "in", "instanceof", "let", "new", "return", "super", "switch",
        "this", "throw", "try", "var", "void", "while", "with", "yield",
    }
)  # fmt: skip
"""Words of JavaScript that no name may be."""

_BITWISE = {"&", "|", "^", "~", "<<", ">>", ">>>"}
_ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "**=", "++", "--"}
_PYTHON_ATOMS = {"None": "null", "True": "true", "False": "false", "nil": "null"}


def explain_word(name: str) -> tuple[str, str] | None:
    """The code and message for a word that is no operand here; None if it may be one."""
    if name == "new":
        return "HR212", "`new Date` is not offered; use `now()`, `int(text)` or `formatTime(ns, pattern)`"
    if name in {"NaN", "Infinity"}:
        return "HR206", f"`{name}` is no value here; test a number with `isNaN(x)` or `isFinite(x)`"
    if name in _PYTHON_ATOMS:
        return "HR206", f"unknown name `{name}`; write `{_PYTHON_ATOMS[name]}`"
    if name in _WORDS and name not in {"is", "and", "or", "lambda"}:
        return "HR201", f"`{name}` has no meaning here; {_WORDS[name]}"
    if name in RESERVED:
        return "HR201", f"`{name}` has no meaning here; there are expressions only, no statements"
    return None


def explain_root(name: str) -> tuple[str, str]:
    """The code and message for a root that does not exist, such as n8n's `$json`."""
    if name in {"$json", "$node", "$input", "$item", "$items"}:
        return "HR203", f"`{name}` is n8n; write `$` for the message, as in `$.name`"
    return "HR206", f"unknown name `{name}`; there are `$`, `$vars` and `$run`"


def explain_token(token: Token, following: Token, operand: str) -> tuple[str, str] | None:
    """The code and message for a token that cannot stand after `operand`; None if nothing is known."""
    value = token.value
    if operand == "not":
        return "HR201", "`not` has no meaning here; write `!` or `not(…)`"
    if token.kind == "number" and operand and isinstance(value, float):
        return "HR201", "an element is written `[0]`"
    if token.kind == "name" and operand and value in _WORDS:
        code = "HR203" if value in {"if", "is"} else "HR201"
        return code, f"`{value}` has no meaning here; {_WORDS[str(value)]}"
    if token.kind != "operator":
        return None
    if value == "|" and following.kind == "name":
        return "HR203", f"`| {following.value}` is Jinja; write `{following.value}({operand})`"
    if value in _BITWISE:
        return "HR201", f"`{value}` works on bits, which expressions do not have"
    if value in _ASSIGNMENTS:
        cure = "; compare with `==`" if value == "=" else ""
        return "HR201", f"`{value}` changes a value, and nothing can be changed here{cure}"
    if value == ";":
        return "HR201", "`;` has no meaning here; there are expressions only, no statements"
    if value == "=>":
        return "HR201", "`=>` follows a parameter or parameters in parentheses: `(a, b) => …`"
    return None
