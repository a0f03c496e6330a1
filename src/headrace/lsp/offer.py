"""What can stand at a place in an expression: members by their shape, methods, functions, names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from headrace.expr import Scope
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.foreign import NAMESPACES
from headrace.expr.inference import Roots
from headrace.expr.nodes import Regex
from headrace.expr.parser import CONSTANTS
from headrace.expr.shape import ANY, Shape
from headrace.expr.signature import Function, Method
from headrace.lsp.cursor import Cursor
from headrace.lsp.expression import Spot, SpotKind, expression_at, spot_at
from headrace.lsp.shaping import shapes_of
from headrace.lsp.suggestion import Suggestion, SuggestionKind
from headrace.lsp.wording import shape_text, signature_text

__all__ = ["offers"]

_WORD = re.compile(r"[\w$]*")
_PLAIN = re.compile(r"[^\W\d][\w$]*")
_QUOTABLE = re.compile(r"""[^'"`\\\r\n{}]+""")
_ROOTS = {
    "$": "the message",
    "$vars": "the flow's vars",
    "$run": "the run: id, flow, trigger, startedAt, attempt",
}
_WORDS = ("true", "false", "null", "typeof")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where suggestions go.

    Attributes:
        start: offset in the source of what is written already.
        dot: of the dot before it.
        end: of the rest of the name.
        chain: `?.` where that is the dot.
        called: whether a `(` follows.
        quote: what texts are quoted with, so that the scalar's own quotes stay whole.
        closed: what of `']` is missing behind a member in brackets.
    """

    start: int
    dot: int
    end: int
    chain: str
    called: bool
    quote: str
    closed: str


def offers(cursor: Cursor, scope: Scope, roots: Roots) -> list[Suggestion]:
    """What can stand at a place; nothing where it lies in no expression.

    Args:
        cursor: the place, in a text of a template.
        scope: what expressions may read there.
        roots: the shapes of that.
    """
    value = cursor.text.value
    found = expression_at(value, cursor.at)
    spot = spot_at(value, found[0], cursor.at) if found else None
    if spot is None:
        return []
    place = _place(cursor, spot)
    match spot.kind:
        case SpotKind.GLOBAL:
            return list(_globals(spot.owner, place))
        case SpotKind.OPERAND:
            return list(_operands(spot, place, scope, roots))
        case SpotKind.KEY:
            return list(_members(_target(spot, scope, roots), place, in_brackets=True))
        case SpotKind.MEMBER:
            shape = _target(spot, scope, roots)
            methods = _pattern_methods(place) if isinstance(spot.target, Regex) else _methods(shape, place)
            return [*_members(shape, place, in_brackets=False), *methods]


def _place(cursor: Cursor, spot: Spot) -> _Place:
    value, offsets = cursor.text.value, cursor.text.offsets
    word = _WORD.match(value, cursor.at)
    end = word.end() if word else cursor.at
    quote = '"' if cursor.style == "'" else "'"
    if spot.kind is SpotKind.KEY:
        quote = value[spot.start - 1]
    closed = "" if value.startswith(f"{quote}]", end) else f"{quote}]"
    if spot.kind is SpotKind.KEY and closed and value.startswith(quote, end):
        end += 1  # an editor has closed the quote: the bracket goes behind it
    chain = "?." if value.startswith("?.", spot.dot) else ""
    called = value.startswith("(", end)
    return _Place(offsets[spot.start], offsets[spot.dot], offsets[end], chain, called, quote, closed)


def _target(spot: Spot, scope: Scope, roots: Roots) -> Shape:
    if spot.tree is None or spot.target is None:
        return ANY
    return shapes_of(spot.text, spot.tree, scope, roots).get(id(spot.target), ANY)


def _members(shape: Shape, place: _Place, *, in_brackets: bool) -> Iterator[Suggestion]:
    known = shape.object
    for name, member in known.members.items() if known else ():
        detail = shape_text(member.shape, 1)
        if in_brackets:
            if _QUOTABLE.fullmatch(name):
                yield Suggestion(
                    name, SuggestionKind.MEMBER, name + place.closed, place.start, place.end, detail
                )
        elif _PLAIN.fullmatch(name):
            yield Suggestion(name, SuggestionKind.MEMBER, name, place.start, place.end, detail)
        elif _QUOTABLE.fullmatch(name):
            text = f"{place.chain}[{place.quote}{name}{place.quote}]"
            yield Suggestion(
                name,
                SuggestionKind.MEMBER,
                text,
                place.dot,
                place.end,
                detail,
                filter=f"{place.chain or '.'}{name}",
            )
    if not in_brackets and shape.may_be("text", "array"):
        detail = "how many items or characters"
        yield Suggestion("length", SuggestionKind.MEMBER, "length", place.start, place.end, detail, rank=1)


def _methods(shape: Shape, place: _Place) -> Iterator[Suggestion]:
    kinds = shape.kinds - {"null", "object"}
    for name, entry in METHODS.items():
        if kinds.intersection(entry.calls):
            yield _callable(name, entry, SuggestionKind.METHOD, place, rank=2)


def _pattern_methods(place: _Place) -> Iterator[Suggestion]:
    for name, entry in METHODS.items():
        if "pattern" in entry.calls:
            yield _callable(name, entry, SuggestionKind.METHOD, place, rank=0)


def _callable(
    name: str, entry: Function | Method, kind: SuggestionKind, place: _Place, rank: int
) -> Suggestion:
    """A function or method, with its parentheses unless they are there."""
    text, after = name, ""
    if not place.called:
        text, after = (f"{name}(", ")") if entry.maximum != 0 else (f"{name}()", "")
    detail = entry.signature
    return Suggestion(
        name, kind, text, place.start, place.end, detail, signature_text(entry), after, rank=rank
    )


def _globals(owner: str, place: _Place) -> Iterator[Suggestion]:
    prefix = f"{owner}."
    for name, entry in FUNCTIONS.items():
        if name.startswith(prefix) and entry.suggested:
            yield _callable(name.removeprefix(prefix), entry, SuggestionKind.FUNCTION, place, rank=0)
    for name, value in CONSTANTS.items():
        if name.startswith(prefix):
            label = name.removeprefix(prefix)
            yield Suggestion(label, SuggestionKind.VALUE, label, place.start, place.end, str(value), rank=1)


def _operands(spot: Spot, place: _Place, scope: Scope, roots: Roots) -> Iterator[Suggestion]:
    for name in spot.names:
        yield Suggestion(name, SuggestionKind.NAME, name, place.start, place.end, "parameter")
    for name, about in _ROOTS.items():
        if name == "$run" and not scope.run:
            continue
        if name == "$" and scope.settings:
            about = "`vars` and `secrets`"
        shape = {"$": roots.message, "$vars": roots.vars, "$run": roots.run}[name]
        documentation = f"`{name}`: {shape_text(shape)}"
        yield Suggestion(
            name, SuggestionKind.NAME, name, place.start, place.end, about, documentation, rank=1
        )
    if spot.name.startswith("$"):
        return
    for name, entry in FUNCTIONS.items():
        if "." not in name and entry.suggested:
            yield _callable(name, entry, SuggestionKind.FUNCTION, place, rank=2)
    for name in sorted(NAMESPACES):
        yield Suggestion(name, SuggestionKind.NAMESPACE, name, place.start, place.end, rank=3)
    for word in _WORDS:
        yield Suggestion(word, SuggestionKind.WORD, word, place.start, place.end, rank=4)
