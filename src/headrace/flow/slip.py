"""Slips of the pen in YAML that does not parse, told by the lines around where the parser stopped."""

import re
import unicodedata

from headrace.errors import Finding
from headrace.expr.lookalike import INVISIBLE, replacement
from headrace.source import Source

__all__ = ["slip"]

_KEY_LINE = re.compile(r"(?P<indent>[ ]*)(?P<dash>-[ ]+)?(?P<key>[\w$.-]+)[ ]*:(?:[ ]+(?P<value>\S.*))?$")
_MARK = re.compile(r"^(?:```.*|<{7} .*|={7}|>{7} .*)$", re.MULTILINE)
_ITEM_LINE = re.compile(r"(?P<indent>[ ]*)(?P<key>-)[ ]")
_NEAR = 3  # columns; what is farther off is on another level
_NO_SPACE = re.compile(r"[ ]*(?:-[ ]+)?([\w$.-]+):(?=[^\s/:])")
_LIST_IN_CHAIN = re.compile(
    r"[ ]*-[ ]+(?P<names>\[[^\[\]]*\])[ ]*(?:->|→)[ ]*(?P<target>[\w.:-]*)[ ]*(?P<more>.*)$"
)
_NO_SPACE_AFTER_DASH = re.compile(r"[ ]*-(?=[A-Za-z_])")


def slip(source: Source, problem: str, place: int) -> Finding | None:
    """What was probably meant where the parser stopped; None if nothing is known.

    Args:
        problem: the parser's words.
        place: the offset at which it stopped.
    """
    if (found := _mark(source)) is not None:
        return found
    line = source.position(min(place, len(source.text)))[0]
    above = next((number for number in range(line - 1, 0, -1) if source.line(number).strip()), line)
    for number in (line, above):
        if (found := _odd_character(source, number)) is not None:
            return found
    if (found := _inner_quote(source, line, place) or _list_in_chain(source, line)) is not None:
        return found
    for number in (line, above):
        if (found := _missing_space(source, number)) is not None:
            return found
    if not source.text[_begin(source, line) : place].strip(" ") or "mapping values" in problem:
        return _wrong_column(source, problem, line, above)
    return None


def _mark(source: Source) -> Finding | None:
    """What another program left in the file: marks of a conflict, a fence of Markdown."""
    match = _MARK.search(source.text)
    if match is None:
        return None
    if match[0].startswith("```"):
        message = "a fence of Markdown is no part of a flow; take it out"
    else:
        message = (
            "a mark of a conflict between two versions; keep what is right of both, and take the marks out"
        )
    return Finding("HR107", message, source.span(match.start(), match.end()))


def _begin(source: Source, line: int) -> int:
    return source.line_starts[line - 1]


def _is_odd(char: str) -> bool:
    return char in INVISIBLE or (char != " " and unicodedata.category(char) == "Zs")


def _odd_character(source: Source, line: int) -> Finding | None:
    """A space that is none to YAML, or a colon that is none, where a key should be."""
    text = source.line(line)
    begin = _begin(source, line)
    head = re.match(r"\s*(?:-\s+)?[\w$.-]*\s*[:：]?\s*", text)
    for index, char in enumerate(text[: head.end() if head else 0]):
        at = source.span(begin + index, begin + index + 1)
        if _is_odd(char):
            code = f"U+{ord(char):04X}"
            message = f"this space ({code}) is none that YAML knows; write a plain one"
            return Finding("HR107", message, at)
        if char == "：":
            return Finding("HR107", f"`：` (U+FF1A) is not `{replacement(char)}`; write `: `", at)
    return None


def _inner_quote(source: Source, line: int, place: int) -> Finding | None:
    """A quote inside of an expression that ends the text around it."""
    begin = _begin(source, line)
    before = source.text[begin:place].rstrip()
    quote = before[-1:]
    if quote not in ("'", '"') or before.rfind("{{") <= before.rfind("}}"):
        return None
    first = before.find(quote)
    if first >= before.rfind("{{") or before.count(quote) % 2:
        return None
    at = begin + len(before) - 1
    other = "'" if quote == '"' else '"'
    message = f"this `{quote}` ends the text, in the middle of its expression"
    cure = f"write `{other}` inside of the expression, or the text in a block: `|`"
    return Finding("HR107", message, source.span(at, at + 1), cure=cure)


def _list_in_chain(source: Source, line: int) -> Finding | None:
    """Several nodes that one chain should begin with."""
    match = _LIST_IN_CHAIN.match(source.line(line))
    if match is None:
        return None
    begin = _begin(source, line)
    at = source.span(begin + match.start("names"), begin + match.end("names"))
    cure = f"write `- {{from: {match['names']}, to: {match['target'] or '…'}}}`"
    if match["more"]:
        cure += f", and `- {match['target']} {match['more']}` below it"
    return Finding("HR107", "a chain cannot begin with a list", at, cure=cure)


def _missing_space(source: Source, line: int) -> Finding | None:
    text, begin = source.line(line), _begin(source, line)
    if match := _NO_SPACE.match(text):
        at = source.span(begin + match.start(1), begin + match.end())
        return Finding("HR107", f"a space is missing after `{match[1]}:`", at)
    if match := _NO_SPACE_AFTER_DASH.match(text):
        at = source.span(begin + match.end() - 1, begin + match.end())
        return Finding("HR107", "a space is missing after `-`", at)
    return None


def _wrong_column(source: Source, problem: str, line: int, above: int) -> Finding | None:
    """A key that begins in a column where no mapping does."""
    here, before = _KEY_LINE.match(source.line(line)), _KEY_LINE.match(source.line(above))
    if here is None and "did not find expected key" in problem:
        here = _ITEM_LINE.match(source.line(line))
        return _between_columns(source, line, here) if here else None
    if here is None or line == above:
        return None
    begin = _begin(source, line)
    at = source.span(begin + here.start("key"), begin + here.end("key"))
    if "expected '-'" in problem and not here["dash"]:
        message = f"`{here['key']}` stands in the column of the `-`, so it belongs to no item of the list"
        return Finding("HR107", message, at, cure="indent it like the keys of the item above")
    if "did not find expected key" in problem:
        return _between_columns(source, line, here)
    if before is None or not before["value"] or "mapping values" not in problem:
        return None
    column = len(before["indent"]) + len(before["dash"] or "")
    if here.start("key") > column:
        message = (
            f"`{here['key']}` is indented deeper than `{before['key']}` above, which has a value already"
        )
        return Finding("HR107", message, at, cure="keys of one mapping begin in the same column")
    return None


def _between_columns(source: Source, line: int, here: re.Match[str]) -> Finding | None:
    """A key or an item that begins a little beside those that it belongs to."""
    column = len(here["indent"])
    is_item = here["key"] == "-" or bool(here.groupdict().get("dash"))
    siblings: list[tuple[int, int, str]] = []  # how far off, how far above, name
    for number in range(line - 1, 0, -1):
        other = (_ITEM_LINE if is_item else _KEY_LINE).match(source.line(number))
        if other and 0 < abs(distance := len(other["indent"]) - column) <= _NEAR:
            siblings.append((distance, number, other["key"]))
    if not siblings:
        return None
    distance, _, key = min(siblings, key=lambda sibling: (abs(sibling[0]), -sibling[1]))
    name, sibling = ("this `-`", "the one") if is_item else (f"`{here['key']}`", f"`{key}`")
    message = (
        f"{name} begins in column {column + 1}, but {sibling} above it in column {column + distance + 1}"
    )
    at = _begin(source, line) + column
    end = at + (1 if is_item else len(here["key"]))
    return Finding("HR107", message, source.span(at, end), cure="those of one level begin in the same column")
