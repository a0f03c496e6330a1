"""How large files and functions may be, so that each can be read at once."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
TEXTS = {str(file.relative_to(SOURCE)): file.read_text(encoding="utf-8") for file in SOURCE.rglob("*.py")}


def test_no_file_has_more_than_500_lines():
    assert {name for name, text in TEXTS.items() if len(text.splitlines()) > 500} == set()


def test_no_function_has_more_than_60_lines():
    found = [
        (name, node.name)
        for name, text in TEXTS.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 60
    ]
    assert found == []
