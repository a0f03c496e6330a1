"""Statements that take values in the wrong way."""

import re
from collections.abc import Iterator, Sequence

from headrace.errors import Finding, Severity
from headrace.expr import Template
from headrace.expr.nodes import Root, walk
from headrace.expr.reading import Reading
from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.view import CONNECTOR, ITERATOR, View
from headrace.source import Span

__all__ = ["check_first_of_batch", "check_interpolation", "first_words"]

_MOST_PLACES = 5
_WORDS = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)


def first_words(sql: str) -> str:
    """The first word of a statement, in capitals; comments are skipped."""
    match = _WORDS.match(sql)
    return match[1].upper() if match else ""


def check_interpolation(view: View, reader: Reader) -> None:
    """HR134: data becomes part of the text of a statement; said once, with all its places."""
    for node in view.of(CONNECTOR):
        for template in view.shapes(node):
            spans = list(_interpolated(template))
            if spans:
                message = "data interpolated into SQL; use `$1` and `parameters`"
                also = tuple(("and here", span) for span in spans[1 : _MOST_PLACES + 1])
                reader.findings.append(Finding("HR134", message, spans[0], Severity.WARNING, also=also))


def _interpolated(template: Template) -> Iterator[Span]:
    """The expressions in the text of a statement that read the message."""
    for expression in template.expressions:
        reads_it = any(isinstance(part, Root) and part.name == "$" for part in walk(expression.node))
        if reads_it and expression.interpolated and expression.path == ("query",):
            yield expression.text.span(expression.node.start, expression.node.end)


def check_first_of_batch(view: View, reader: Reader) -> None:
    """HR135: of each batch only the first item is written."""
    below = set()
    for iterator in view.of(ITERATOR):
        if view.setting(iterator, "batchSize") not in (None, 1):
            below |= view.below(view.branches(iterator)[1:], across=True)
    for node in view.of(CONNECTOR):
        if node.name in below:
            for template in view.shapes(node):
                _check_first(node, template, reader)


def _check_first(node: DraftNode, template: Template, reader: Reader) -> None:
    found = template.readings
    for name, reading in _first_items(found):
        others = [other for other in found if other.keys[:2] == ("$", name) and not _is_first(other)]
        if not others:
            message = f"only `{name}[0]` of each batch is written; use `upsert` or `unnest`"
            reader.warn("HR135", message, reading.span)
            return


def _first_items(found: Sequence[Reading]) -> Iterator[tuple[str, Reading]]:
    for reading in found:
        if reading.at[:1] == ("parameters",) and reading.keys[2:3] == (0,):
            yield str(reading.keys[1]), reading


def _is_first(reading: Reading) -> bool:
    """Whether only the first item, or the number of items, is read."""
    return reading.keys[0] == "$" and len(reading.keys) > 2 and reading.keys[2] in (0, "length")
