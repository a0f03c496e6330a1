"""What is wrong with YAML that does not parse, in words for people.

The parser says where it stopped and why in its own words; what helps is nearly always a look at the
text around that place: a tab, an unquoted expression, a quote that is never closed.
"""

import re

import msgspec

from headrace.errors import Finding
from headrace.flow.slip import slip
from headrace.source import Source

__all__ = ["Patch", "explain", "expression_end", "unquoted_expression"]

_UNQUOTED = re.compile(r"(?:^|[:\-,\[{?])[ \t]*(?=\{\{)|:[ \t]+(?=[^'\"\s|>{][^'\"\r\n]*?\{\{)", re.MULTILINE)
_KEY_BEFORE = re.compile(r"([\w$.-]+)[ \t]*:[ \t]+$")
_LONGEST_EXPRESSION = 20_000
_LONGEST_LINE = 5_000  # characters in which a `{{` without quotes is looked for
_LONGEST_KEY = 200


class Patch(msgspec.Struct, frozen=True):
    """A piece of text that reading goes on without, so that further mistakes are found as well."""

    start: int
    end: int


def explain(
    source: Source, problem: str, place: int, context: str, began: int
) -> tuple[Finding, Patch | None]:
    """The finding for a parser's complaint, and what to leave out to read on, if anything.

    Args:
        problem: the parser's words.
        place: the offset at which it stopped.
        context: what it was doing, in its words; may be empty.
        began: the offset at which that began.
    """
    place = min(place, len(source.text))
    if (tab := _tab(source, place)) is not None:
        message = "tab in indentation; YAML allows only spaces"
        return Finding("HR101", message, source.span(tab, tab + 1)), None
    for line_of in (place, began):
        if (start := _unquoted_before(source, line_of)) is not None:
            finding, end = unquoted_expression(source, start)
            return finding, Patch(start, end)
    if (found := slip(source, problem, place)) is not None:
        return found, None
    if "quoted scalar" in context and "end of stream" not in problem and "document" not in problem:
        return _bad_escape(source, place)
    return _other(source, problem, place, context, began), None


def _line_bounds(source: Source, offset: int) -> tuple[int, int]:
    line, column = source.position(offset)
    start = offset - column + 1
    return start, start + len(source.line(line))


def _tab(source: Source, place: int) -> int | None:
    start, end = _line_bounds(source, place)
    content = source.text[start:end]
    blank = content[: len(content) - len(content.lstrip(" \t"))]
    return start + blank.index("\t") if "\t" in blank else None


def _unquoted_before(source: Source, place: int) -> int | None:
    start, end = _line_bounds(source, place)
    end = min(end, start + _LONGEST_LINE)
    if source.text.find("{{", start, end) < 0:
        return None
    for match in _UNQUOTED.finditer(source.text, start, end):
        before = source.text[start : match.end()]
        if before.count('"') % 2 == before.count("'") % 2 == 0:  # not inside of quotes
            return match.end()
    return None


def expression_end(text: str, start: int) -> int:
    """The offset after the `}}` that closes `{{` at `start`, or the end of the line if none does."""
    depth = 0
    for offset in range(start, min(len(text), start + _LONGEST_EXPRESSION)):
        depth += {"{": 1, "}": -1}.get(text[offset], 0)
        if depth == 0:
            return offset + 1
    match = re.compile(r"[^\r\n]*").match(text, start)
    return match.end() if match else len(text)


def unquoted_expression(source: Source, start: int) -> tuple[Finding, int]:
    """HR102 for the text with `{{` that begins at `start`, and the offset where it ends."""
    end = expression_end(source.text, source.text.index("{{", start))
    rest = re.compile(r"[^\r\n]*").match(source.text, end)
    if rest and not re.match(r"\s*(?:[,\]}#]|$)", rest[0]):
        end = rest.end()  # text goes on after the expression
    span = source.span(start, end)
    line_start, _ = _line_bounds(source, start)
    key = _KEY_BEFORE.search(source.text, max(line_start, start - _LONGEST_KEY), start)
    prefix = f"{key[1]}: " if key else ""
    content = span.text.rstrip()
    if "\n" in content or "\r" in content or ('"' in content and "'" in content):
        cure = f"write `{prefix}|` and the expression in the lines below, indented"
        return Finding("HR102", "`{{…}}` must be quoted here", span, cure=cure), end
    quote = "'" if '"' in content or "\\" in content else '"'
    message = f"`{{{{…}}}}` must be quoted here: `{prefix}{quote}{content}{quote}`"
    return Finding("HR102", message, span), end


def _bad_escape(source: Source, place: int) -> tuple[Finding, Patch]:
    start = source.text.rfind("\\", 0, min(place + 1, len(source.text)))
    letter = source.text[start + 1 : start + 2]
    digits = {"x": 2, "u": 4, "U": 8}.get(letter, 0)
    written = re.compile(rf"\\.[0-9a-fA-F]{{0,{digits}}}").match(source.text, start)
    end = written.end() if written else start + 1
    escape = source.text[start:end]
    if not digits:
        message = f"`{escape}` is no escape in double quotes; use single quotes or `|`"
    elif end - start < digits + 2:
        message = (
            f"`\\{letter}` needs {digits} hexadecimal digits; for a plain backslash use single quotes or `|`"
        )
    elif letter == "u":
        message = f"`{escape}` is half a character; write the character itself"
    else:
        message = f"`{escape}` is no Unicode character"
    return Finding("HR105", message, source.span(start, end)), Patch(start, end)


_SAME_COLUMN = "keys of one mapping begin in the same column"
_MESSAGES: tuple[tuple[str, str, str], ...] = (
    # part of the parser's words, our message, our cure
    (
        "mapping values are not allowed",
        "a second `:` in one value, or a key that is indented wrongly",
        f"quote the value if the `:` belongs to it; {_SAME_COLUMN}",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot begin here",
        "put the list on lines of its own below the key, each item with `- `",
    ),
    ("mapping keys are not allowed", "a key cannot begin here", "put it on a line of its own"),
    (
        "could not find expected ':'",
        "this is neither a value nor a key: a `:` is missing",
        "write `key: value`; a text over several lines must be indented deeper than its key",
    ),
    (
        "did not find expected '-'",
        "expected a list item here",
        "items of one list begin with `- ` in the same column",
    ),
    ("did not find expected node content", "a value is missing here", ""),
    ("did not find expected alphabetic", "a value that begins with `{char}` must be quoted", ""),
    ("while scanning a tag", "a value that begins with `!` must be quoted", ""),
    ("while parsing a tag", "a value that begins with `!` must be quoted", ""),
    (
        "comment or line break",
        "only a comment may follow `|` or `>` on its line",
        "begin the text on the next line",
    ),
    (
        "indentation indicator",
        "the indentation after `|` or `>` is given by a digit from 1 to 9",
        "",
    ),
    (
        "unexpected document indicator",
        "`---` or `...` at the start of a line ends the file inside a quoted text",
        "close the quotes, or indent the line",
    ),
    ("directive", "a line that begins with `%` is no part of a flow", "quote the value"),
    (
        "<document start>",
        "text after the end of the flow",
        "all of it stands in one mapping with `apiVersion`, `kind`, `metadata` and `spec`",
    ),
    ("did not find expected key", "expected a key here", _SAME_COLUMN),
)
_AT_BEGIN = ("did not find expected alphabetic", "could not find expected ':'", "while scanning a tag")


def _other(source: Source, problem: str, place: int, context: str, began: int) -> Finding:
    words = f"{problem} {context}"
    char = source.text[place : place + 1]
    here = source.span(place, min(place + 1, len(source.text)))
    opened = source.span(began, min(began + 1, len(source.text)))
    if "quoted scalar" in context:
        return Finding("HR107", "the quote that opens here is never closed", opened)
    if "flow sequence" in context or "flow mapping" in context:
        closing = "]" if "sequence" in context else "}"
        message = f"expected `,` or `{closing}` for the `{opened.text}` of line {opened.line}"
        return Finding(
            "HR107", message, here, cure="texts with `,`, `[`, `{` or `: ` in them need quotes there"
        )
    if "cannot start any token" in problem:
        shown = "a backquote" if char == "`" else f"`{char}`"
        return Finding("HR107", f"a value cannot begin with {shown}; quote it", here)
    if "did not find expected key" in problem and source.text[:place].rstrip(" \t").endswith(("'", '"')):
        message = "the text goes on after its closing quote"
        return Finding("HR107", message, here, cure="quote all of the value, or close the quote above")
    for part, message, cure in _MESSAGES:
        if part in words:
            at = opened if part in _AT_BEGIN else here
            return Finding("HR107", message.replace("{char}", at.text), at, cure=cure)
    return Finding("HR107", "this cannot be read as YAML", here, cure="check quotes and indentation above")
