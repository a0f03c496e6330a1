"""How findings look: the place, what is wrong, the line with carets, the cure."""

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TextIO

from headrace.cli.terminal import has_color, has_links, link, paint
from headrace.errors import Finding
from headrace.pages import page_of
from headrace.values import Json

__all__ = ["finding_json", "print_findings", "print_pages"]

_HEAD = re.compile(
    r"(?P<place>.+?:\d+:\d+:) (?P<code>HR\d+) (?P<warning>warning: )?(?P<message>.*)", re.DOTALL
)


def print_findings(findings: Iterable[Finding], stream: TextIO, mask: Callable[[str], str] = str) -> None:
    """Write findings for people, in colour on a terminal."""
    color, linked = has_color(stream), has_links(stream)
    # Loaded when there is something to say: `headrace eval` does without flows.
    render = import_module("headrace.flow.report").render
    for finding in findings:
        print(_painted(mask(render([finding])), color, linked), file=stream)


def print_pages(codes: Iterable[str], stream: TextIO) -> None:
    """Say once, below all that was said, where to read on about its codes."""
    known = sorted({code for code in codes if page_of(code) is not None})
    if known:
        color = has_color(stream)
        print(paint(f"Read more: headrace explain {' '.join(known)}", color, dim=True), file=stream)


def _painted(text: str, color: bool, linked: bool) -> str:
    if not (color or linked):
        return text
    head, *rest = text.split("\n")
    match = _HEAD.fullmatch(head)
    if match is None:
        return text
    hue = "yellow" if match["warning"] else "red"
    page = page_of(match["code"]) if linked else None
    code = link(paint(match["code"], color, fg=hue, bold=True), page)
    lines = [f"{paint(match['place'], color, bold=True)} {code} {match['warning'] or ''}{match['message']}"]
    lines += [paint(line, color, fg=hue) if re.fullmatch(r"\s*\^+", line) else line for line in rest]
    return "\n".join(lines)


def finding_json(finding: Finding) -> dict[str, Json]:
    """A finding as data: `code`, `severity`, `message`, `cure`, `file`, `line`, `column`."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "cure": finding.cure,
        "file": finding.span.source.name,
        "line": finding.span.line,
        "column": finding.span.column,
    }
