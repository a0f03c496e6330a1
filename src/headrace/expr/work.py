"""What work costs, in steps of about a fifth of a microsecond and 26 bytes.

`STEP_LIMIT` of them bound an evaluation to some seconds and some hundred megabytes, whatever it does.
Loops pay for the code of their body, known when it is compiled, once an item; calls pay for the size of
their arguments and of their result. The numbers were measured, function by function.
"""

from collections.abc import Mapping
from typing import NamedTuple

from headrace.expr.nodes import (
    Array,
    Arrow,
    Binary,
    Call,
    FunctionName,
    Index,
    Literal,
    Member,
    MethodCall,
    Node,
    Object,
    Query,
    TextTemplate,
    Unary,
    children,
)

__all__ = ["DEEP", "LIGHT", "SEARCHES", "Rate", "body_steps", "rate_of"]


class Rate(NamedTuple):
    """What one call costs.

    Attributes:
        base: steps for the call itself.
        scan: steps for an item, a member or 16 characters of an argument.
        make: half steps for an item, a member or 8 characters of the result.
    """

    base: int = 2
    scan: int = 1
    make: int = 1


LIGHT = frozenset(
    {
        "Boolean", "JSON.stringify", "Number", "Number.isFinite", "Number.isInteger",
        "Number.isNaN", "RFC3339", "String", "abs", "ceil", "coalesce",
        "duration", "float", "floor", "fromUnix", "fromUnixMs", "get", "has",
        "hasprefix", "hassuffix", "int", "isFinite", "isNaN", "len", "length",
        "not", "now", "parseFloat", "parseInt", "pow", "round", "size", "sqrt",
        "string", "unix", "unixMs",
    }
)  # fmt: skip
"""Functions that a loop pays for with its body: their work does not grow with their arguments, or their
result is counted."""

DEEP = frozenset(
    {
        "JSON.stringify", "String", "string", "hash", "jsonlines", "csvformat", "urlencode", "deepMerge",
        "contains", "index", "includes", "indexOf", "lastIndexOf", "sortBy", "groupBy",
        "indexBy", "countBy", "uniqueBy",
        "diffBy", "leftJoin", "Object.groupBy", "Object.is", "Object.fromEntries", "must", "fail",
        "join", "parseInt", "parseFloat", "Number.parseInt", "Number.parseFloat",
    }
)  # fmt: skip
"""Those that go through all of an argument, whose parts may be shared many times."""

SEARCHES = frozenset({"includes", "indexOf", "lastIndexOf"})
"""Methods that compare each item with an argument, all through."""

# The cost of a light function in quarters of a step, where it is not four.
_LIGHT_COST = {"round": 40, "RFC3339": 24, "duration": 8, "get": 16, "has": 16, "JSON.stringify": 16}
_RATES: Mapping[str, Rate] = {
    # what looks at a part of its first argument alone
    **dict.fromkeys(("first", "last", "must", "Array.isArray", "Object.hasOwn"), Rate(2, 0, 0)),
    **dict.fromkeys(
        (
            "at",
            "charAt",
            "charCodeAt",
            "codePointAt",
            "slice",
            "substring",
            "substr",
            "startsWith",
            "endsWith",
            "truncate",
            "Array.of",
        ),
        Rate(2, 0, 1),
    ),
    # what makes an object or text of each item
    "range": Rate(2, 1, 2),
    "keys": Rate(2, 1, 2),
    "entries": Rate(2, 1, 6),
    "Object.entries": Rate(2, 1, 6),
    "Object.fromEntries": Rate(2, 3, 2),
    "Array.from": Rate(2, 1, 4),
    "split": Rate(6, 1, 4),
    "match": Rate(24, 1, 4),
    "matchAll": Rate(24, 1, 12),
    "chunk": Rate(2, 1, 6),
    "zip": Rate(2, 2, 6),
    "pick": Rate(4, 4, 8),
    "omit": Rate(4, 6, 8),
    "join": Rate(2, 2, 1),
    "sort": Rate(2, 8, 1),
    "toSorted": Rate(2, 8, 1),
    "compact": Rate(2, 1, 1),
    "sum": Rate(2, 1, 1),
    "max": Rate(2, 1, 1),
    # what goes by keys
    "sortBy": Rate(8, 12, 1),
    "groupBy": Rate(8, 6, 1),
    "indexBy": Rate(8, 6, 1),
    "countBy": Rate(8, 6, 1),
    "uniqueBy": Rate(8, 8, 1),
    "diffBy": Rate(8, 12, 1),
    "leftJoin": Rate(8, 12, 6),
    "columns": Rate(8, 6, 1),
    "Object.groupBy": Rate(8, 4, 1),
    # text, character by character
    "normalize": Rate(4, 8, 1),
    "stripAccents": Rate(8, 24, 1),
    "slugify": Rate(12, 32, 1),
    "stripHtml": Rate(60, 64, 1),
    "unescapeHtml": Rate(8, 8, 1),
    "replace": Rate(20, 2, 2),
    "replaceAll": Rate(20, 2, 2),
    "encodeURIComponent": Rate(6, 12, 1),
    "encodeURI": Rate(6, 12, 1),
    "decodeURIComponent": Rate(6, 24, 1),
    "decodeURI": Rate(6, 24, 1),
    "urlencode": Rate(12, 24, 2),
    "urlparse": Rate(50, 48, 2),
    # formats
    "JSON.parse": Rate(6, 8, 1),
    "jsonparse": Rate(6, 8, 1),
    "jsonlines": Rate(8, 8, 4),
    "csvparse": Rate(20, 12, 4),
    "csvformat": Rate(20, 8, 4),
    "hash": Rate(20, 12, 1),
    "deepMerge": Rate(4, 4, 1),
    "sha1": Rate(8, 1, 1),
    "sha256": Rate(8, 1, 1),
    "sha512": Rate(8, 1, 1),
    "md5": Rate(8, 1, 1),
    "hmac": Rate(16, 1, 1),
    "b64encode": Rate(4, 1, 1),
    "b64decode": Rate(10, 2, 1),
    "b64url": Rate(4, 1, 1),
    "uuid": Rate(16, 0, 0),
    "uuid5": Rate(24, 1, 0),
    # numbers and times
    "Math.hypot": Rate(2, 1, 1),
    "toFixed": Rate(10, 1, 1),
    "toPrecision": Rate(20, 1, 1),
    "toExponential": Rate(20, 1, 1),
    "toString": Rate(20, 2, 2),
    "parseTime": Rate(50, 1, 1),
    "Date.parse": Rate(8, 1, 1),
    "formatTime": Rate(20, 1, 1),
    "startOf": Rate(30, 1, 1),
    "addMonths": Rate(40, 1, 1),
    "test": Rate(16, 1, 1),
    "exec": Rate(24, 1, 8),
    "search": Rate(16, 1, 1),
    "matches": Rate(16, 1, 1),
    "capture": Rate(24, 1, 8),
}
_DEFAULT = Rate()


def rate_of(name: str) -> Rate:
    """What a call of a function or a method costs."""
    return _RATES.get(name, _DEFAULT)


def body_steps(node: Node) -> int:
    """Steps for one evaluation of an expression, without the work that calls in it count themselves."""
    quarters = 0
    pending = [node]
    while pending:
        current = pending.pop()
        quarters += _quarters(current)
        pending.extend(child for child in children(current) if not isinstance(child, Arrow))
    return 1 + quarters // 4


def _quarters(node: Node) -> int:
    match node:
        case Object(members=members):
            return 6 + 2 * len(members)
        case Array(items=items):
            return 4 + len(items)
        case TextTemplate(parts=parts):
            return 4 + 2 * len(parts)
        case Call(name=name) | FunctionName(name=name):
            return _LIGHT_COST.get(name, 4)
        case Binary(operator="**", right=right):
            is_small = isinstance(right, Literal) and isinstance(right.value, int) and right.value < 64
            return 4 if is_small else 160
        case Binary(operator="+"):
            return 4
        case MethodCall() | Query():
            return 4
        case Binary() | Unary() | Member() | Index():
            return 1
        case _:
            return 0
