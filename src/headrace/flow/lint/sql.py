"""Statements that take values in the wrong way."""

import re
from collections.abc import Iterator, Sequence

from headrace.expr import Template
from headrace.expr.nodes import Root, walk
from headrace.expr.reading import Reading
from headrace.flow.draft import DraftNode
from headrace.flow.field import Reader
from headrace.flow.lint.view import CONNECTOR, ITERATOR, View

__all__ = ["check_first_of_batch", "check_interpolation", "first_words"]

_WORDS = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)


def first_words(sql: str) -> str:
    """The first word of a statement, in capitals; comments are skipped."""
    match = _WORDS.match(sql)
    return match[1].upper() if match else ""


def check_interpolation(view: View, reader: Reader) -> None:
    """HR134: data becomes part of the text of a statement."""
    for node in view.of(CONNECTOR):
        for template in view.shapes(node):
            for expression in template.expressions:
                if expression.path != ("query",) or not expression.interpolated:
                    continue
                roots = {part.name for part in walk(expression.node) if isinstance(part, Root)}
                if "$" in roots:
                    span = expression.text.span(expression.node.start, expression.node.end)
                    message = "data interpolated into SQL; use `$1` and `parameters`"
                    reader.warn("HR134", message, span)


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
