"""Expressions with data, and exactly what is said of them.

A file `golden/*.expr` is a template, a line `---`, and the message as JSON; the text beside it is what people read.
`HEADRACE_WRITE_GOLDEN=1 pytest tests/expr/test_golden.py` writes the texts anew; read the difference.
"""

import os
from pathlib import Path

import pytest

from headrace.errors import ExpressionError, Finding
from headrace.expr import Environment, Scope, compile_template
from headrace.source import Text
from headrace.values import decode_json, encode_json

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("*.expr"))
CODES = [f"hr{number}" for number in (*range(201, 215), *range(220, 230))]


def describe(name: str, template: str, data: str) -> str:
    findings: list[Finding] = []
    compiled = compile_template(Text.bare(template, name), Scope.EDGE, findings)
    if findings:
        return "".join(map(_shown, findings))
    environment = Environment(now_ns=lambda: 0, vars={"pageSize": 100}, run={"id": "1"})
    try:
        value = compiled.evaluate(decode_json(data), environment)
    except ExpressionError as error:
        return _shown(error.finding)
    return f"{encode_json(value).decode()}\n"


def _shown(finding: Finding) -> str:
    cure = f"  {finding.cure}\n" * bool(finding.cure)
    return f"{finding.span}: {finding.code} {finding.message}\n{finding.span.excerpt()}\n{cure}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_expression_gives_exactly_this(path: Path) -> None:
    template, _, data = path.read_text(encoding="utf-8").partition("\n---\n")
    actual = describe(path.name, template, data)
    expected = path.with_suffix(".txt")
    if os.environ.get("HEADRACE_WRITE_GOLDEN"):
        expected.write_text(actual, encoding="utf-8")
    assert actual == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_expressions_is_shown_twice_or_more(code: str) -> None:
    texts = [path.with_suffix(".txt").read_text(encoding="utf-8") for path in FILES]
    assert sum(code.upper() in text for text in texts) >= 2
