"""The expression around a place in a text, and what stands there, however unfinished it is.

What is left of the place is kept, a name is put there, and what is open is closed: of
`$.items.map(u => u.` that makes `$.items.map(u => u.…)`, which can be parsed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from headrace.expr.lexer import tokenize
from headrace.expr.nodes import (
    Arrow,
    AtomPattern,
    Expression,
    FunctionName,
    Index,
    Literal,
    Member,
    Name,
    Node,
    children,
    walk,
)
from headrace.expr.parser import parse
from headrace.expr.problem import Problem
from headrace.lsp.openness import opened
from headrace.source import Text

__all__ = ["Spot", "SpotKind", "expression_at", "node_at", "parse_text", "spot_at"]

PLACEHOLDER = "here_it_is"
_MEMBER = re.compile(r"(?P<dot>\?\.|(?<!\.)\.)\s*(?P<name>[^\W\d][\w$]*|)$")
_GLOBAL = re.compile(r"(?:^|[^\w$.\s]|[^\w$.]\s+|^\s+)(?P<global>[A-Z]\w*)\.(?P<name>\w*)$")
_NAME = re.compile(r"(?<![\w$])(?P<name>[^\W\d][\w$]*|\$[\w$]*|)$")
_KEY = re.compile(r"(?P<open>\?\.\s*\[|\[)\s*$")


class SpotKind(Enum):
    """What can stand at a place in an expression."""

    MEMBER = "a member or method, after a dot"
    KEY = "a member, as text in brackets"
    GLOBAL = "a function or constant of a global, after its dot"
    OPERAND = "a name, a function, a root"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in an expression.

    Attributes:
        kind: what can stand there.
        name: what is written of it, up to the place.
        start: offset in the text at which that begins.
        dot: offset at which the dot or bracket before it begins; `start` where there is none.
        text: the expression as it was made to parse.
        tree: its root; None where nothing can be made of it.
        target: what the dot or bracket follows.
        owner: the global before the dot.
    """

    kind: SpotKind
    name: str
    start: int
    dot: int
    text: Text
    tree: Expression | None = None
    target: Expression | None = None
    owner: str = ""

    @property
    def names(self) -> list[str]:
        """The parameters that can be read there, the innermost first."""
        return _parameters(self.tree) if self.tree is not None else []


def expression_at(value: str, at: int) -> tuple[int, int] | None:
    """The expression in a text of a template that holds an offset: its start and end, without braces."""
    position = 0
    while 0 <= (begin := value.find("{{", position)) <= at - 2:
        begin += 2
        end = opened(value, begin, len(value)).at
        if at <= end:
            return begin, end
        position = end + 2
    return None


def spot_at(value: str, begin: int, at: int) -> Spot | None:
    """What can stand at an offset of an expression that begins at another.

    Returns:
        None inside of texts, comments and numbers, and where something complete stands before.
    """
    before = value[begin:at]
    state = opened(value, begin, at)
    if state.literal is not None:
        return _key_spot(before, state.literal - begin, begin, state.closers)
    if found := _GLOBAL.search(before):
        start = begin + found.start("name")
        return Spot(SpotKind.GLOBAL, found["name"], start, start, Text.bare(before), owner=found["global"])
    if found := _MEMBER.search(before):
        text, tree = _completed(before[: found.start("name")] + PLACEHOLDER, state.closers)
        member = next((node for node in _all(tree) if isinstance(node, Member) and _is_here(node)), None)
        if member is None:
            return None
        return Spot(
            SpotKind.MEMBER, found["name"], begin + found.start("name"), begin + found.start("dot"),
            text, tree, member.target,
        )  # fmt: skip
    found = _NAME.search(before)
    if found is None:
        return None
    text, tree = _completed(before[: found.start("name")] + PLACEHOLDER, state.closers)
    if not any(map(_is_placeholder, _all(tree))):
        return None
    start = begin + found.start("name")
    return Spot(SpotKind.OPERAND, found["name"], start, start, text, tree)


def _key_spot(before: str, literal: int, begin: int, closers: str) -> Spot | None:
    """The place in `x['…`: a member by its name in quotes."""
    bracket = _KEY.search(before[:literal])
    if bracket is None:
        return None
    text, tree = _completed(before[:literal] + f"'{PLACEHOLDER}'", closers)
    index = next((node for node in _all(tree) if isinstance(node, Index) and _is_key(node)), None)
    if index is None:
        return None
    start = begin + literal + 1
    return Spot(SpotKind.KEY, before[literal + 1 :], start, begin + bracket.start(), text, tree, index.target)


def _is_placeholder(node: Node) -> bool:
    """Whether it is the name that was put there; in a call it may stand for a callback."""
    return isinstance(node, Name | FunctionName) and node.name == PLACEHOLDER


def _is_here(node: Member) -> bool:
    return node.name == PLACEHOLDER


def _is_key(node: Index) -> bool:
    return isinstance(node.index, Literal) and node.index.value == PLACEHOLDER


def _completed(before: str, closers: str) -> tuple[Text, Expression | None]:
    text = Text.bare(before + closers)
    return text, parse_text(text)


def parse_text(text: Text) -> Expression | None:
    """The nodes of a bare expression; None if it cannot be parsed."""
    try:
        tokens, _ = tokenize(text, 0, None)
        return parse(text.value, tokens)
    except (Problem, RecursionError):
        return None


def _all(node: Node | None) -> Iterator[Node]:
    return walk(node) if node is not None else iter(())


def _parameters(tree: Expression) -> list[str]:
    """The names that the arrows around the placeholder bind, the innermost first."""
    names: list[str] = []
    for node in reversed(_path_to_placeholder(tree)):
        if isinstance(node, Arrow):
            bound = [part.name for below in (*node.parameters, node.rest) for part in _atoms(below)]
            names += [name for name in bound if name not in names]
    return names


def _atoms(node: Node | None) -> Iterator[AtomPattern]:
    return (part for part in _all(node) if isinstance(part, AtomPattern))


def _path_to_placeholder(node: Node) -> list[Node]:
    """The nodes that hold the placeholder, from the outside in; empty if it is not there."""
    if _is_placeholder(node):
        return [node]
    for below in children(node):
        if path := _path_to_placeholder(below):
            return [node, *path]
    return []


def node_at(tree: Node, at: int) -> Node:
    """The innermost node that holds an offset."""
    for below in children(tree):
        if below.start <= at < below.end:
            return node_at(below, at)
    return tree
