"""Patterns of times that are written as other languages write them: `YYYY-MM-DD`, `2006-01-02`."""

import re

from headrace.errors import Severity
from headrace.expr.nodes import Call, Literal, unwrap
from headrace.expr.problem import Problem

__all__ = ["layout_of_another_language"]

_FIELDS = re.compile(r"YYYY|yyyy|MM|DD|dd|HH|hh|mm|ss")
_GO_FIELDS = re.compile(r"2006|01|02|15|04|05")
_DIRECTIVES = {
    "YYYY": "%Y", "yyyy": "%Y", "MM": "%m", "DD": "%d", "dd": "%d",
    "HH": "%H", "hh": "%H", "mm": "%M", "ss": "%S",
    "2006": "%Y", "01": "%m", "02": "%d", "15": "%H", "04": "%M", "05": "%S",
}  # fmt: skip


def layout_of_another_language(node: Call) -> Problem | None:
    """A warning (HR231) where the pattern of `formatTime` or `parseTime` names no part of a time."""
    if node.name not in {"formatTime", "parseTime"} or len(node.arguments) < 2:
        return None
    pattern = unwrap(node.arguments[1])
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str) or "%" in pattern.value:
        return None
    fields = _GO_FIELDS if "2006" in pattern.value else _FIELDS
    ours = fields.sub(lambda match: _DIRECTIVES[match[0]], pattern.value)
    if ours == pattern.value:
        return None
    message = f"`{pattern.value}` has no `%`, so it names no part of a time; write `'{ours}'`"
    return Problem("HR231", message, pattern.start, pattern.end, severity=Severity.WARNING)
