"""Findings about shapes, gathered so that one mistake is told once, where it comes to light first.

A member that is dropped is missing wherever it is read, and what is made of it is null further on.
"""

import re

import msgspec
from msgspec.structs import replace

from headrace.errors import Finding, Severity
from headrace.expr.inference import Doubt
from headrace.flow.field import Reader
from headrace.flow.lint.absence import overlap
from headrace.source import Span

__all__ = ["Gathering", "names_in"]

_KNOW_BETTER = frozenset({"HR128", "HR137"})
"""Rules that say more about a read."""

_MOST_PLACES = 3
_NAME = re.compile(r"\.([A-Za-z_$][\w$]*)")


def names_in(source: str) -> list[str]:
    """The names of the members in an expression, the last first."""
    return [match[1] for match in _NAME.finditer(source)][::-1]


class _Group(msgspec.Struct):
    """One mistake: its findings at all places, and what comes of it elsewhere."""

    findings: list[Finding] = msgspec.field(default_factory=list)
    consequences: list[Finding] = msgspec.field(default_factory=list)
    is_error: bool = False

    def finding(self) -> Finding:
        """What is told of it."""
        first, *others = sorted(self.findings, key=lambda finding: _key(finding.span))
        also = list(first.also)
        also += [("it is read here, too", other.span) for other in others]
        also += [(finding.message, finding.span) for finding in self.consequences]
        shown = also[: len(first.also) + _MOST_PLACES]
        severity = Severity.ERROR if self.is_error else Severity.WARNING
        return replace(first, severity=severity, also=tuple(shown))


class Gathering:
    """What was found, until it is reported. What another rule says of a place is not said again."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        told = [f for f in reader.findings if f.severity is Severity.ERROR or f.code in _KNOW_BETTER]
        self._told = [finding.span for finding in told]
        self._spans: set[tuple[str, int, int]] = set()
        self._groups: dict[tuple[str, str], _Group] = {}
        self._absent: dict[str, _Group] = {}
        self._null: list[tuple[Finding, Doubt, bool]] = []

    def add(self, finding: Finding | None, doubt: Doubt, *, is_error: bool) -> None:
        """Take a finding, if there is one, and what it is about."""
        if finding is None or _key(finding.span) in self._spans:
            return
        if any(overlap(finding.span, span) for span in self._told):
            return
        self._spans.add(_key(finding.span))
        if doubt.kind == "null":
            self._null.append((finding, doubt, is_error))
            return
        group = self._grouped(finding, is_error=is_error)
        if isinstance(doubt.name, str):
            self._absent.setdefault(doubt.name, group)

    def _grouped(self, finding: Finding, *, is_error: bool) -> _Group:
        group = self._groups.setdefault((finding.code, finding.message), _Group())
        group.findings.append(finding)
        group.is_error |= is_error
        return group

    def report(self) -> None:
        """Report what was found; null that comes of a dropped member, by its name, is part of that."""
        for finding, doubt, is_error in self._null:
            causes = (self._absent.get(name) for name in names_in(doubt.source))
            cause = next(filter(None, causes), None)
            if cause is None:
                self._grouped(finding, is_error=is_error)
            else:
                cause.consequences.append(finding)
                cause.is_error |= is_error
        self._reader.findings += [group.finding() for group in self._groups.values()]


def _key(span: Span) -> tuple[str, int, int]:
    return span.source.name, span.start, span.end
