"""What an expression is made of once it is parsed: frozen nodes with their place in the text.

`start` and `end` are offsets into the `Text` that was parsed. Nodes are equal when they mean the same,
wherever they stand. Parentheses are kept (`Group`), since they end paths and optional chains.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TypeAlias, overload

__all__ = [
    "Array",
    "ArrayPattern",
    "Arrow",
    "AtomPattern",
    "Binary",
    "Call",
    "Child",
    "Conditional",
    "Constant",
    "Descendant",
    "Each",
    "Expression",
    "Filter",
    "FunctionName",
    "Group",
    "Index",
    "Invoke",
    "Literal",
    "Member",
    "MethodCall",
    "Name",
    "Node",
    "Object",
    "ObjectPattern",
    "Parameter",
    "Pattern",
    "PatternMember",
    "Property",
    "Query",
    "Regex",
    "Root",
    "Slice",
    "Spread",
    "Step",
    "TextTemplate",
    "Unary",
    "Undefined",
    "Union",
    "children",
    "index_key",
    "path_of",
    "unwrap",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that stands in an expression."""

    start: int = field(compare=False)
    end: int = field(compare=False)


# ---- operands


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """`null`, `true`, a number, a text."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Undefined(Node):
    """`undefined`: null by another name, but `typeof` knows it."""


@dataclass(frozen=True, slots=True)
class Root(Node):
    """Where data comes from: `$`, `$vars`, `$run`; `@` inside a filter."""

    name: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A parameter of an arrow; anything else by a bare name is a mistake."""

    name: str


@dataclass(frozen=True, slots=True)
class FunctionName(Node):
    """A function named without a call, as a callback: `.filter(Boolean)`, `.map(Math.round)`."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A constant of a global: `Math.PI`."""

    name: str


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """`/source/flags`."""

    source: str
    flags: str


@dataclass(frozen=True, slots=True)
class TextTemplate(Node):
    """`` `…${x}…` ``: texts and expressions in turn; empty texts are left out."""

    parts: "tuple[str | Expression, ...]"


@dataclass(frozen=True, slots=True)
class Spread(Node):
    """`...x` in an array, an object or among arguments."""

    value: "Expression"


@dataclass(frozen=True, slots=True)
class Array(Node):
    """`[a, ...b]`."""

    items: "tuple[Expression | Spread, ...]"


@dataclass(frozen=True, slots=True)
class Property(Node):
    """`key: value`; a key in brackets is an expression. `short` marks `{x}`."""

    key: "str | Expression"
    value: "Expression"
    short: bool = False


@dataclass(frozen=True, slots=True)
class Object(Node):
    """`{a: 1, [k]: 2, short, ...b}`."""

    members: "tuple[Property | Spread, ...]"


@dataclass(frozen=True, slots=True)
class Group(Node):
    """Parentheses."""

    inner: "Expression"


# ---- access and calls


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`target.name`, `target?.name`."""

    target: "Expression"
    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`target[index]`, `target?.[index]`; a literal counts from the end when it is negative."""

    target: "Expression"
    index: "Expression"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(…)`, `Math.round(…)`: always a function of the language."""

    name: str
    arguments: "tuple[Expression | Spread, ...]"


@dataclass(frozen=True, slots=True)
class MethodCall(Node):
    """`target.name(…)`, `target?.name(…)`; `name_start` is where the name stands."""

    target: "Expression"
    name: str
    arguments: "tuple[Expression | Spread, ...]"
    optional: bool = False
    name_start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Invoke(Node):
    """`(x => x + 1)(2)`: an arrow in parentheses, called at once."""

    arrow: "Arrow"
    arguments: "tuple[Expression | Spread, ...]"


# ---- operators


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `+x`, `!x`, `typeof x`."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`left operator right`, with `&& || ??` among the operators."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`test ? then : otherwise`."""

    test: "Expression"
    then: "Expression"
    otherwise: "Expression"


# ---- arrows


@dataclass(frozen=True, slots=True)
class AtomPattern(Node):
    """A parameter by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class PatternMember(Node):
    """One member of an object pattern: `key`, `key: pattern`, with `= default`."""

    key: str
    pattern: "Pattern"
    default: "Expression | None"


@dataclass(frozen=True, slots=True)
class ObjectPattern(Node):
    """`{id, name: n = 'x', ...rest}`."""

    members: tuple[PatternMember, ...]
    rest: AtomPattern | None


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A parameter of an arrow, or an element of an array pattern."""

    pattern: "Pattern"
    default: "Expression | None"


@dataclass(frozen=True, slots=True)
class ArrayPattern(Node):
    """`[first, second = 0, ...rest]`; None for an element that is skipped."""

    items: tuple[Parameter | None, ...]
    rest: AtomPattern | None


Pattern: TypeAlias = AtomPattern | ObjectPattern | ArrayPattern


@dataclass(frozen=True, slots=True)
class Arrow(Node):
    """`(a, {b}, ...rest) => body`."""

    parameters: tuple[Parameter, ...]
    rest: AtomPattern | None
    body: "Expression"


# ---- JSONPath (RFC 9535): steps from the first one that can give many values


@dataclass(frozen=True, slots=True)
class Child(Node):
    """`.name`, `['name']`, `[0]`, `[-1]`."""

    key: str | int


@dataclass(frozen=True, slots=True)
class Each(Node):
    """`.*`, `[*]`."""


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`[first:last:step]`, each of which may be left out."""

    first: int | None
    last: int | None
    step: int | None


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`[?condition]`."""

    condition: "Expression"


@dataclass(frozen=True, slots=True)
class Union(Node):
    """`['a', 'b', 0, 1:3]`."""

    selectors: "tuple[Child | Each | Slice | Filter, ...]"


@dataclass(frozen=True, slots=True)
class Descendant(Node):
    """`..name`, `..*`, `..[…]`."""

    selector: "Child | Each | Slice | Filter | Union"


Step: TypeAlias = Child | Each | Slice | Filter | Union | Descendant


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A path that gives an array of all its matches."""

    target: "Expression"
    steps: tuple[Step, ...]


Expression: TypeAlias = (
    Literal
    | Undefined
    | Root
    | Name
    | FunctionName
    | Constant
    | Regex
    | TextTemplate
    | Array
    | Object
    | Group
    | Member
    | Index
    | Call
    | MethodCall
    | Invoke
    | Unary
    | Binary
    | Conditional
    | Arrow
    | Query
)


@cache
def _child_fields(kind: type) -> tuple[str, ...]:
    """The fields in which nodes may stand."""
    if kind is Literal:
        return ()
    return tuple(item.name for item in fields(kind) if item.type not in (int, str, bool))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in the order of the text."""
    kind: type = type(node)
    for name in _child_fields(kind):
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, each before those below it, in the order of the text."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(list(children(current))))


@overload
def unwrap(node: Expression) -> Expression: ...
@overload
def unwrap(node: Node) -> Node: ...
def unwrap(node: Node) -> Node:
    """The node without the parentheses around it."""
    while isinstance(node, Group):
        node = node.inner
    return node


def path_of(node: Node) -> tuple[str | int, ...] | None:
    """The path that a node reads, as its root and keys: `$.a.b[0]` is `('$', 'a', 'b', 0)`.

    The root is `$`, `$vars`, `$run` or the name of a parameter. None for anything else, and for an index
    that is computed.
    """
    keys: list[str | int] = []
    while True:
        match unwrap(node):
            case Member(target=target, name=name):
                keys.append(name)
            case Index(target=target, index=index):
                key = index_key(index)
                if key is None:
                    return None
                keys.append(key)
            case Root(name=name) | Name(name=name):
                return (name, *reversed(keys))
            case _:
                return None
        node = target


def index_key(index: Node) -> str | int | None:
    """The key of a literal index: text, an integer, an integer with a minus; None if computed."""
    match index:
        case Literal(value=bool()):
            return None
        case Literal(value=str() | int() as value):
            return value
        case Unary(operator="-", operand=Literal(value=int() as value)) if value is not True:
            return -value
    return None
