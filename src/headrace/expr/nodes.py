"""What an expression is made of once it is parsed: frozen nodes with their place in the text.

`start` and `end` are offsets into the `Text` that was parsed. Nodes are equal when they mean the same,
wherever they stand. Parentheses are kept (`Group`), since they end paths and optional chains.
"""

from collections.abc import Iterator
from functools import cache
from typing import TypeAlias, overload

import msgspec

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


class Node(msgspec.Struct, frozen=True, eq=False):
    """Anything that stands in an expression."""

    start: int
    end: int

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or all(
            getattr(self, name) == getattr(other, name) for name in _meaning_fields(type(self))
        )

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in _meaning_fields(type(self)))))


# ---- operands


class Literal(Node, frozen=True):
    """`null`, `true`, a number, a text."""

    value: bool | int | float | str | None


class Undefined(Node, frozen=True):
    """`undefined`: null by another name, but `typeof` knows it."""


class Root(Node, frozen=True):
    """Where data comes from: `$`, `$vars`, `$run`; `@` inside a filter."""

    name: str


class Name(Node, frozen=True):
    """A parameter of an arrow; anything else by a bare name is a mistake."""

    name: str


class FunctionName(Node, frozen=True):
    """A function named without a call, as a callback: `.filter(Boolean)`, `.map(Math.round)`."""

    name: str


class Constant(Node, frozen=True):
    """A constant of a global: `Math.PI`."""

    name: str


class Regex(Node, frozen=True):
    """`/source/flags`."""

    source: str
    flags: str


class TextTemplate(Node, frozen=True):
    """`` `…${x}…` ``: texts and expressions in turn; empty texts are left out."""

    parts: "tuple[str | Expression, ...]"


class Spread(Node, frozen=True):
    """`...x` in an array, an object or among arguments."""

    value: "Expression"


class Array(Node, frozen=True):
    """`[a, ...b]`."""

    items: "tuple[Expression | Spread, ...]"


class Property(Node, frozen=True):
    """`key: value`; a key in brackets is an expression. `short` marks `{x}`."""

    key: "str | Expression"
    value: "Expression"
    short: bool = False


class Object(Node, frozen=True):
    """`{a: 1, [k]: 2, short, ...b}`."""

    members: "tuple[Property | Spread, ...]"


class Group(Node, frozen=True):
    """Parentheses."""

    inner: "Expression"


# ---- access and calls


class Member(Node, frozen=True):
    """`target.name`, `target?.name`."""

    target: "Expression"
    name: str
    optional: bool = False


class Index(Node, frozen=True):
    """`target[index]`, `target?.[index]`; a literal counts from the end when it is negative."""

    target: "Expression"
    index: "Expression"
    optional: bool = False


class Call(Node, frozen=True):
    """`name(…)`, `Math.round(…)`: always a function of the language."""

    name: str
    arguments: "tuple[Expression | Spread, ...]"


class MethodCall(Node, frozen=True):
    """`target.name(…)`, `target?.name(…)`; `name_start` is where the name stands."""

    target: "Expression"
    name: str
    arguments: "tuple[Expression | Spread, ...]"
    optional: bool = False
    name_start: int = 0


class Invoke(Node, frozen=True):
    """`(x => x + 1)(2)`: an arrow in parentheses, called at once."""

    arrow: "Arrow"
    arguments: "tuple[Expression | Spread, ...]"


# ---- operators


class Unary(Node, frozen=True):
    """`-x`, `+x`, `!x`, `typeof x`."""

    operator: str
    operand: "Expression"


class Binary(Node, frozen=True):
    """`left operator right`, with `&& || ??` among the operators."""

    operator: str
    left: "Expression"
    right: "Expression"


class Conditional(Node, frozen=True):
    """`test ? then : otherwise`."""

    test: "Expression"
    then: "Expression"
    otherwise: "Expression"


# ---- arrows


class AtomPattern(Node, frozen=True):
    """A parameter by its name."""

    name: str


class PatternMember(Node, frozen=True):
    """One member of an object pattern: `key`, `key: pattern`, with `= default`."""

    key: str
    pattern: "Pattern"
    default: "Expression | None"


class ObjectPattern(Node, frozen=True):
    """`{id, name: n = 'x', ...rest}`."""

    members: tuple[PatternMember, ...]
    rest: AtomPattern | None


class Parameter(Node, frozen=True):
    """A parameter of an arrow, or an element of an array pattern."""

    pattern: "Pattern"
    default: "Expression | None"


class ArrayPattern(Node, frozen=True):
    """`[first, second = 0, ...rest]`; None for an element that is skipped."""

    items: tuple[Parameter | None, ...]
    rest: AtomPattern | None


Pattern: TypeAlias = AtomPattern | ObjectPattern | ArrayPattern


class Arrow(Node, frozen=True):
    """`(a, {b}, ...rest) => body`."""

    parameters: tuple[Parameter, ...]
    rest: AtomPattern | None
    body: "Expression"


# ---- JSONPath (RFC 9535): steps from the first one that can give many values


class Child(Node, frozen=True):
    """`.name`, `['name']`, `[0]`, `[-1]`."""

    key: str | int


class Each(Node, frozen=True):
    """`.*`, `[*]`."""


class Slice(Node, frozen=True):
    """`[first:last:step]`, each of which may be left out."""

    first: int | None
    last: int | None
    step: int | None


class Filter(Node, frozen=True):
    """`[?condition]`."""

    condition: "Expression"


class Union(Node, frozen=True):
    """`['a', 'b', 0, 1:3]`."""

    selectors: "tuple[Child | Each | Slice | Filter, ...]"


class Descendant(Node, frozen=True):
    """`..name`, `..*`, `..[…]`."""

    selector: "Child | Each | Slice | Filter | Union"


Step: TypeAlias = Child | Each | Slice | Filter | Union | Descendant


class Query(Node, frozen=True):
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
def _meaning_fields(kind: type[Node]) -> tuple[str, ...]:
    """The fields that say what a node means; the others say where it stands."""
    return tuple(name for name in kind.__struct_fields__ if name not in ("start", "end", "name_start"))


@cache
def _child_fields(kind: type[Node]) -> tuple[str, ...]:
    """The fields in which nodes may stand."""
    if kind is Literal:
        return ()
    types = kind.__annotations__  # its own: those of `Node` hold no nodes
    return tuple(name for name in kind.__struct_fields__ if types.get(name, int) not in (int, str, bool))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in the order of the text."""
    for name in _child_fields(type(node)):
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
