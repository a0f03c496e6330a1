"""What people write who know another language, and what to write here instead."""

import re

from headrace.expr.lexer import Token

__all__ = [
    "NAMESPACES",
    "RESERVED",
    "explain_function",
    "explain_name",
    "explain_root",
    "explain_token",
    "explain_word",
]

NAMESPACES = frozenset({"Array", "Boolean", "Date", "JSON", "Math", "Number", "Object", "String"})
"""Globals that have members; no parameter may be called so."""

_WORDS = {
    "if": "write `condition ? then : otherwise`",
    "else": "write `condition ? then : otherwise`",
    "and": "write `&&`",
    "or": "write `||`",
    "is": "write `==`, or `!=` for `is not`",
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
    "await": "values are there at once; leave it out",
}
_BETWEEN = {
    "mod": "write `%`",
    "div": "write `floor(a / b)`",
    "eq": "write `==`",
    "ne": "write `!=`",
    "gt": "write `>`",
    "lt": "write `<`",
    "ge": "write `>=`",
    "le": "write `<=`",
    "as": "convert by `string(x)`, `int(x)` or `float(x)`",
    "like": "write `/…/.test(x)`",
    "matches": "write `/…/.test(x)`",
    "contains": "write `x.includes(y)`",
    "startsWith": "write `x.startsWith(y)`",
    "endsWith": "write `x.endsWith(y)`",
    "between": "write `a <= x && x <= b`",
}
"""Words that other languages have between two operands."""

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
_BITWISE_CURES = {
    "&": "for true and false write `&&`; texts are joined by `+`",
    "|": "for true and false write `||`",
    "^": "a power is `x ** y`",
    "~": "texts are joined by `+`",
}
_ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "**=", "++", "--"}
_ATOMS = {"none": "null", "nil": "null", "null": "null", "true": "true", "false": "false"}
_N8N = {"$json", "$node", "$input", "$item", "$items"}
_ROOTS = {
    "$now": ("HR203", "`$now` is n8n; write `now()`"),
    "$today": ("HR203", "`$today` is n8n; write `startOf(now(), 'day')`"),
    "$env": ("HR203", "`$env` is n8n; list the value in `spec.secrets`, or write it in `spec.vars`"),
    "$execution": ("HR203", "`$execution` is n8n; write `$run`, as in `$run.id`"),
    "$workflow": ("HR203", "`$workflow` is n8n; write `$run.flow`"),
    "$secrets": ("HR206", "unknown name `$secrets`; settings read `$.secrets`"),
    "$var": ("HR206", "unknown name `$var`; write `$vars`"),
}
_NAMES = {
    "vars": "write `$vars`",
    "secrets": "settings read `$.secrets`",
    "env": "there is no environment; list the value in `spec.secrets`, or write it in `spec.vars`",
    "process": "there is no environment; list the value in `spec.secrets`, or write it in `spec.vars`",
    "msg": "the message is `$`: `msg.payload` is `$.payload`",
    "message": "the message is `$`: `message.id` is `$.id`",
    "json": "use `JSON.parse(text)` and `JSON.stringify(x)`",
    "yes": "write `true`",
    "no": "write `false`",
    "it": "an arrow names its item: `x => x.id`",
    "_": "an arrow names its item: `x => x.id`",
    "console": "put a node `common-module/debug` there",
    "moment": "use `now()`, `int(text)` or `formatTime(ns, pattern)`",
    "DateTime": "use `now()`, `int(text)` or `formatTime(ns, pattern)`",
    "datetime": "use `now()`, `int(text)` or `formatTime(ns, pattern)`",
}
_FUNCTIONS = {
    "str": "`string`",
    "list": "`[...x]`",
    "dict": "`Object.fromEntries(pairs)`",
    "tojson": "`JSON.stringify`",
    "to_json": "`JSON.stringify`",
    "toJson": "`JSON.stringify`",
    "toJSON": "`JSON.stringify`",
    "fromJSON": "`JSON.parse`",
    "fromJson": "`JSON.parse`",
    "from_json": "`JSON.parse`",
    "format": "a text in backquotes: `${x}`",
    "default": "`x ?? y`",
    "ifnull": "`x ?? y`",
    "nvl": "`x ?? y`",
    "env": "`spec.secrets` or `spec.vars`",
    "date": "`formatTime(ns, pattern)`",
    "today": "`startOf(now(), 'day')`",
    "moment": "`now()` or `int(text)`",
    "Date": "`now()` or `int(text)`",
    "strftime": "`formatTime(ns, pattern)`",
    "title": "`text.split(' ')` and `map`",
    "count": "`len`",
    "isset": "`x != null` or `has(object, 'key')`",
    "exists": "`x != null` or `has(object, 'key')`",
    "defined": "`x != null` or `has(object, 'key')`",
    "empty": "`len(x) == 0`",
    "is_null": "`x == null`",
    "isNull": "`x == null`",
    "any": "`array.some(x => …)`",
    "all": "`array.every(x => …)`",
    "fetch": "a node `http-module/client`",
    **dict.fromkeys(("IF", "iif", "IIF", "ifelse", "cond"), "`condition ? then : otherwise`"),
}
_FILTERS = {
    "default": "{x} ?? {argument}",
    "d": "{x} ?? {argument}",
    "length": "len({x})",
    "count": "len({x})",
    "size": "len({x})",
    "tojson": "JSON.stringify({x})",
    "json": "JSON.stringify({x})",
    "map": "{x}.map(x => …)",
    "select": "{x}.filter(x => …)",
    "selectattr": "{x}.filter(x => …)",
    "reject": "{x}.filter(x => !…)",
    "rejectattr": "{x}.filter(x => !…)",
    "sort": "{x}.sort(…)",
    "unique": "uniqueBy({x}, …)",
    "list": "[...{x}]",
    "str": "string({x})",
    "upcase": "upper({x})",
    "downcase": "lower({x})",
    "capitalize": "{x}.charAt(0).toUpperCase() + {x}.slice(1)",
    "date": "formatTime({x}, {argument})",
    "urlencode": "encodeURIComponent({x})",
    "dictsort": "Object.entries({x})",
    "items": "Object.entries({x})",
    "b64encode": "b64encode({x})",
    "sha256": "sha256({x})",
}
"""Filters of Jinja, Liquid and Helm that are no functions here, or take more than the value."""
_SINGLE = re.compile(r"[^,=]+")
_NAMED = re.compile(r"(^|,)\s*\w+\s*=(?!=)")


def explain_word(name: str, following: Token) -> tuple[str, str] | None:
    """The code and message for a word that is no operand here; None if it may be one."""
    if name == "new" and following.value in ("Date", "Intl"):
        return "HR212", "`new Date` is not offered; use `now()`, `int(text)` or `formatTime(ns, pattern)`"
    if name == "new":
        what = f"new {following.value}" if following.kind == "name" else "new"
        return "HR201", f"`{what}` is not offered; there are objects `{{…}}` and arrays `[…]`"
    if name in {"NaN", "Infinity"}:
        more = "; where it is a bound, write `1e300`" if name == "Infinity" else ""
        return "HR206", f"`{name}` is no value here; test a number with `isNaN(x)` or `isFinite(x)`{more}"
    if name.lower() in _ATOMS and following.value not in ("(", "."):
        return "HR206", f"unknown name `{name}`; write `{_ATOMS[name.lower()]}`"
    if name in _WORDS and name not in {"is", "and", "or", "lambda"}:
        return "HR201", f"`{name}` has no meaning here; {_WORDS[name]}"
    if name in RESERVED:
        return "HR201", f"`{name}` has no meaning here; there are expressions only, no statements"
    return None


def explain_root(name: str) -> tuple[str, str]:
    """The code and message for a root that does not exist, such as n8n's `$json`."""
    if name in _N8N:
        return "HR203", f"`{name}` is n8n; write `$` for the message, as in `$.name`"
    if name in _ROOTS:
        return _ROOTS[name]
    member = f"; for a member of the message write `$.{name[1:]}`" if name[1:] else ""
    return "HR206", f"unknown name `{name}`; there are `$`, `$vars` and `$run`{member}"


def explain_name(name: str) -> str:
    """What to write instead of a name that other tools have, as the end of a sentence; may be empty."""
    return f"; {_NAMES[name]}" if name in _NAMES else ""


def explain_function(name: str) -> str:
    """What to use instead of a function that other languages have, as the end of a sentence; may be empty."""
    return f"; use {_FUNCTIONS[name]}" if name in _FUNCTIONS else ""


def explain_token(
    token: Token, following: Token, operand: str, before: Token | None, arguments: str = ""
) -> tuple[str, str] | None:
    """The code and message for a token that cannot stand after `operand`; None if nothing is known.

    Args:
        token: what stands there.
        following: the token after it.
        operand: the text of the operand before it; empty where an operand is missing.
        before: the token before it.
        arguments: what `following` is called with, as it is written.
    """
    if token.kind == "end":
        if before and before.value == "-" and before.end == token.start:
            return "HR203", "`-}}` is Jinja, and trims; write `}}`"
        return None
    if operand:
        return _after_operand(token, following, operand, arguments)
    return _instead_of_operand(token, following, before)


def _after_operand(token: Token, following: Token, operand: str, arguments: str) -> tuple[str, str] | None:
    value = token.value
    adjacent = token.kind in {"text", "template"} and operand.isalpha() and len(operand) <= 2
    if operand == "not":
        return "HR201", "`not` has no meaning here; write `!` or `not(…)`"
    if operand == "lambda":
        return "HR201", f"`lambda` has no meaning here; {_WORDS['lambda']}"
    if adjacent and operand in {"f", "r", "b", "u", "fr", "rf"}:
        return "HR203", f"`{operand}'…'` is Python; write a text in backquotes: `${{x}}`"
    if value == "(" and operand == "$":
        return "HR203", "`$('…')` is n8n; an edge brings the data of another node into the message, `$`"
    if token.kind == "number" and isinstance(value, float) and not operand[:1].isdigit():
        return "HR201", "an element is written `[0]`"
    if value == "not" and following.value == "in":
        return "HR201", "`not in` has no meaning here; write `!array.includes(x)`"
    if token.kind == "name" and value in _WORDS:
        code = "HR203" if value in {"if", "is"} else "HR201"
        return code, f"`{value}` has no meaning here; {_WORDS[str(value)]}"
    if token.kind == "name" and value in _BETWEEN:
        return "HR201", f"`{value}` has no meaning here; {_BETWEEN[str(value)]}"
    if token.kind == "name" and operand.startswith("(") and operand[1:-1].isidentifier():
        return (
            "HR201",
            f"an operator is missing before `{value}`; a conversion is called: `{operand[1:-1]}(…)`",
        )
    if token.kind == "name" and operand.isidentifier():
        return "HR201", f"an operator is missing before `{value}`; a function is called `{operand}(…)`"
    return _operator(token, following, operand, arguments) if token.kind == "operator" else None


def _filter(name: str, operand: str, arguments: str) -> str:
    """What to write instead of `operand | name(arguments)`; what cannot be told of it is `…`."""
    told = "…" if _NAMED.search(arguments) else arguments
    if name in _FILTERS:
        first = told if _SINGLE.fullmatch(told) else "…"
        return _FILTERS[name].format(x=operand, argument=first)
    return f"{name}({operand}, {told})" if told else f"{name}({operand})"


def _operator(token: Token, following: Token, operand: str, arguments: str = "") -> tuple[str, str] | None:
    value = str(token.value)
    adjacent = following.start == token.end
    if value == "|" and following.value == ">":
        return "HR201", "`|>` has no meaning here; functions are called: `upper($.name)`"
    if value == "|" and following.kind == "name":
        name = str(following.value)
        return "HR203", f"`| {name}` is Jinja; write `{_filter(name, operand, arguments)}`"
    if value == "=" and adjacent and following.value == "<":
        return "HR201", "`=<` is written `<=`"
    if value == "=" and following.value == "~":
        return "HR201", "`=~` has no meaning here; write `/…/.test(x)`"
    if value in _BITWISE:
        cure = f"; {_BITWISE_CURES[value]}" if value in _BITWISE_CURES else ""
        return "HR201", f"`{value}` works on bits, which expressions do not have{cure}"
    if value in _ASSIGNMENTS:
        cure = "; compare with `==`" if value == "=" else ""
        return "HR201", f"`{value}` changes a value, and nothing can be changed here{cure}"
    if value == ";":
        return "HR201", "`;` has no meaning here; there are expressions only, no statements"
    if value == "=>":
        return "HR201", "`=>` follows parameters, `(a, b) => …`; to compare write `>=`"
    return None


def _instead_of_operand(token: Token, following: Token, before: Token | None) -> tuple[str, str] | None:
    value = token.value
    adjacent = before is not None and before.end == token.start
    if value == ">" and adjacent and before is not None and before.value in ("<", "-"):
        return "HR201", "`<>` is written `!=`" if before.value == "<" else "`->` is written `=>`"
    if value == ":" and before is not None and before.value == "?":
        return "HR201", "`?:` has no meaning here; write `??`, or `||` for all that is falsy"
    if value in ("*", "**") and before is not None and before.value in ("[", "{", ","):
        return "HR203", f"`{value}` is Python; arrays and objects are spread by `...`"
    if value == "." and following.kind == "name" and before is not None and before.value == "(":
        return (
            "HR201",
            f"an operand is missing before `.`; an arrow names its item: `x => x.{following.value}`",
        )
    if value == "." and following.kind == "name":
        name = str(following.value)
        cure = "$vars" if name == "Values" else f"$.{name}"
        return "HR203", f"`.{name}` is Go's templates; write `{cure}`"
    if value == "=" or value == ";":
        return _operator(token, following, "")
    if value == "[" and before is not None and before.value == ".":
        return "HR201", "no point stands before `[`"
    return None
