"""The short way to write what a function takes and gives: `text?, scalar → text?`.

Left of the arrow stands what each parameter takes: kinds, joined by `|`; `any`, `scalar` (boolean,
number or text) and `time` (number or text) for several. Evaluation fails for what is not said, whatever
the value is. Further words:

- `?` behind: also null;
- `pattern`: also a regular expression;
- `...` before the last: any number of them;
- `part`: any value, but scalar where the first argument, or the receiver, is text;
- `maybe`: any value, expected to be missing at times;
- `fallback`: any value that takes the place of a first argument which is missing or wrong;
- `callback`: an arrow.

Right of it stands the result, `[]` for an array of something. `?` there means null where the first
argument is null, before the others are looked at; a result that may be null anyway is `…|null`.
"""

from collections.abc import Mapping
from functools import cache

from headrace.expr.shape import ANY, KINDS, NOTHING, Kind, Shape, array_of, join_all, of
from headrace.expr.signature import Result, Takes, Types

__all__ = ["types_of"]

_SCALAR: frozenset[Kind] = frozenset(("boolean", "number", "text"))
_WORDS: Mapping[str, frozenset[Kind]] = {
    "any": KINDS,
    "scalar": _SCALAR,
    "time": frozenset(("number", "text")),
    **{kind: frozenset((kind,)) for kind in KINDS},
}
_SPECIAL: Mapping[str, Takes] = {
    "part": Takes(KINDS, of_text=_SCALAR),
    "part?": Takes(KINDS, of_text=_SCALAR | {"null"}),
    "maybe": Takes(KINDS, guards=True),
    "fallback": Takes(KINDS, guards=True, is_fallback=True),
    "callback": Takes(KINDS),
}


def types_of(text: str, result: Result | None = None) -> Types:
    """Read a declaration.

    Args:
        text: as the module says.
        result: what the result is for some arguments, never more than the text says.

    Raises:
        ValueError: it is none.
    """
    left, arrow, right = text.partition("→")
    if not arrow:
        raise ValueError(f"{text} does not say what it gives")
    words = [word.strip() for word in left.split(",") if word.strip()]
    rest = _takes(words.pop().removeprefix("...")) if words and words[-1].startswith("...") else None
    given = right.strip()
    return Types(
        tuple(map(_takes, words)),
        rest,
        _gives(given.removesuffix("?")),
        given.endswith("?"),
        result,
        text,
    )


@cache
def _takes(word: str) -> Takes:
    if word in _SPECIAL:
        return _SPECIAL[word]
    named = [name for name in word.removesuffix("?").split("|") if name != "pattern"]
    kinds = frozenset[Kind]().union(*map(_kinds, named))
    return Takes(kinds | {"null"} if word.endswith("?") else kinds, takes_pattern="pattern" in word)


def _kinds(word: str) -> frozenset[Kind]:
    if word not in _WORDS:
        raise ValueError(f"{word} is no kind")
    return _WORDS[word]


@cache
def _gives(text: str) -> Shape:
    if text == "any":
        return ANY
    return join_all(map(_shape, text.split("|"))) if text else NOTHING


def _shape(word: str) -> Shape:
    return array_of(_shape(word[:-2])) if word.endswith("[]") else of(*_kinds(word))
