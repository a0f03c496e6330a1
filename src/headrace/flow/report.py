"""Findings as text for people; a terminal's colours are the command line's business."""

import re
from collections.abc import Iterable

from headrace.errors import Finding, Severity

__all__ = ["render", "summary"]

# A file may hold what would steer the terminal: control characters, text that runs backwards.
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")


def render(findings: Iterable[Finding]) -> str:
    """All findings, an empty line between each two.

    Each is `file:line:column: CODE message`, its line with carets, what to write instead, and further
    places.
    """
    text = "\n\n".join(finding.render() for finding in findings)
    return _CONTROL.sub("\ufffd", text)


def summary(findings: Iterable[Finding]) -> str:
    """How many there are: `2 errors, 1 warning`; empty if there are none."""
    found = [finding.severity for finding in findings]
    counts = [(found.count(severity), severity.value) for severity in (Severity.ERROR, Severity.WARNING)]
    return ", ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count)
