"""JavaScript's `replace` and `replaceAll` (ECMA-262, 22.1.3.19 and GetSubstitution).

A replacement is text with `$$`, `$&`, `` $` ``, `$'`, `$1` and `$<name>`, or a callback that gets the
match, its groups, its position, the text and the named groups, as far as `CALLBACK_ARGUMENTS` goes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from headrace.expr.argument import count_text, textual
from headrace.expr.regex import Found, Pattern, PatternLike
from headrace.expr.text import js_text
from headrace.values import Json

__all__ = ["CALLBACK_ARGUMENTS", "replace_every", "replace_first"]

CALLBACK_ARGUMENTS = 12

_NO_NAMES: Mapping[str, int] = {}


def replace_first(name: str, value: str, old: PatternLike, new: object) -> str:
    """The text with its first `old` replaced; every one if `old` is a pattern with the flag `g`."""
    if isinstance(old, Pattern):
        found = old.each(value) if old.is_global else filter(None, [old.first(value)])
        return _replaced(name, value, found, old.names, new)
    return _replaced(name, value, _first(value, textual(name, old, 1)), _NO_NAMES, new)


def replace_every(name: str, value: str, old: PatternLike, new: object) -> str:
    """The text with every `old` replaced, whatever the flags of a pattern."""
    if isinstance(old, Pattern):
        return _replaced(name, value, old.each(value), old.names, new)
    part = textual(name, old, 1)
    if isinstance(new, str) and "$" not in new:
        count_text(name, len(value) + value.count(part) * (len(new) - len(part)))
        return value.replace(part, new)
    return _replaced(name, value, _occurrences(value, part), _NO_NAMES, new)


def _first(value: str, part: str) -> Iterator[Found]:
    start = value.find(part)
    if start >= 0:
        yield Found(start, start + len(part), (part,))


def _occurrences(value: str, part: str) -> Iterator[Found]:
    start = value.find(part)
    while start >= 0:
        yield Found(start, start + len(part), (part,))
        start = value.find(part, start + max(len(part), 1))


def _replaced(name: str, value: str, found: Iterable[Found], names: Mapping[str, int], new: object) -> str:
    make = _calling(new, value, names) if callable(new) else _filling(name, new, value, names)
    parts: list[str] = []
    position = length = 0
    for match in found:
        parts += (value[position : match.start], make(match))
        position = match.end
        length += len(parts[-1])
        count_text(name, length)
    parts.append(value[position:])
    return "".join(parts)


def _calling(callback: Callable[..., Json], value: str, names: Mapping[str, int]) -> Callable[[Found], str]:
    def make(match: Found) -> str:
        arguments: list[Json] = [*match.groups, match.start, value]
        if names:
            arguments.append({name: match.groups[number] for name, number in names.items()})
        arguments += [None] * (CALLBACK_ARGUMENTS - len(arguments))
        made = callback(*arguments[:CALLBACK_ARGUMENTS])
        return js_text(made) if made is not None else ""

    return make


def _filling(name: str, new: object, value: str, names: Mapping[str, int]) -> Callable[[Found], str]:
    template = textual(name, new, 2)  # type: ignore[arg-type]  # no callback, so a JSON value
    if "$" not in template:
        return lambda _: template
    head, *pieces = template.split("$")

    def make(match: Found) -> str:
        out = [head]
        rest = iter(pieces)
        for piece in rest:
            if piece:
                out.append(_filled(piece, match, value, names))
            else:  # `$$`, or a `$` at the end
                out += ("$", next(rest, ""))
        return "".join(out)

    return make


def _filled(piece: str, match: Found, value: str, names: Mapping[str, int]) -> str:
    """What follows one `$`, its reference replaced; what is no reference stays as it is."""
    sign = piece[0]
    if sign == "&":
        return match.text + piece[1:]
    if sign == "`":
        return value[: match.start] + piece[1:]
    if sign == "'":
        return value[match.end :] + piece[1:]
    if sign == "<" and names:
        name, closed, after = piece[1:].partition(">")
        if closed:
            number = names.get(name, 0)
            return ((match.groups[number] or "") if number else "") + after
    for length in (2, 1):
        digits = piece[:length]
        if len(digits) == length and digits.isascii() and digits.isdigit():
            number = int(digits)
            if 0 < number < len(match.groups):
                return (match.groups[number] or "") + piece[length:]
    return "$" + piece
