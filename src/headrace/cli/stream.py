"""`headrace eval --jsonl`: expressions and data in, values out, a line of JSON each."""

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from headrace.errors import ExpressionError, Finding, HeadraceError, Severity
from headrace.expr import Environment, Template
from headrace.expr.standalone import compile_text, value_text
from headrace.values import Json, JsonError, decode_json, encode_json, kind

__all__ = ["evaluate_lines"]


class Output(Protocol):
    """Where lines go: a binary file."""

    def write(self, data: bytes, /) -> object:
        """Write bytes."""

    def flush(self) -> object:
        """Hand them on."""


def evaluate_lines(lines: Iterable[bytes], output: Output) -> None:
    """Answer each line `{"expr", "data"}` with a line, in order, as soon as it is read.

    A line that is no JSON, or whose expression is wrong or has no value, is answered with `error`, a text
    for people, and where there are any `code`, `line` and `column` (of the expression, from 1).
    """
    environment = Environment(now_ns=time.time_ns, vars={}, run={})
    for line in lines:
        output.write(_answer(line, environment) + b"\n")
        output.flush()


def _answer(line: bytes, environment: Environment) -> bytes:
    try:
        request = decode_json(line)
    except JsonError as error:
        return _error(f"the line is no JSON: {error}")
    expression = request.get("expr") if isinstance(request, dict) else None
    if not isinstance(request, dict) or not isinstance(expression, str):
        found = f"`expr` is {kind(expression)}" if isinstance(request, dict) else f"it is {kind(request)}"
        return _error(f'the line must be an object {{"expr": "…", "data": …}}, but {found}')
    try:
        template, wrong = _compiled(expression)
        if wrong is not None:
            return _finding(wrong)
        return b'{"value":' + value_text(template.evaluate(request.get("data"), environment)) + b"}"
    except ExpressionError as error:
        return _finding(error.finding)
    except HeadraceError as error:
        return _error(error.message, code=error.code)


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> tuple[Template, Finding | None]:
    """The template, and the first error in it."""
    findings: list[Finding] = []
    template = compile_text(expression, findings)
    errors = (finding for finding in findings if finding.severity is Severity.ERROR)
    return template, next(errors, None)


def _finding(finding: Finding) -> bytes:
    return _error(finding.message, code=finding.code, line=finding.span.line, column=finding.span.column)


def _error(message: str, **facts: Json) -> bytes:
    try:
        return encode_json({"error": message, **facts})
    except JsonError:  # it quotes text that is no UTF-8
        readable = message.encode(errors="backslashreplace").decode()
        return encode_json({"error": readable, **facts})
