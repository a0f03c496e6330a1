"""Flow files and exactly what is said of them.

`HEADRACE_WRITE_GOLDEN=1 pytest tests/flow/test_golden.py` writes the texts anew; read the difference.
"""

import os
from pathlib import Path

import pytest
from tests.flow.stand_in import registry

from headrace.app import builtin_registry
from headrace.flow.loader import Loaded, load_flow, read_flow
from headrace.flow.report import render, summary
from headrace.sdk import Registry
from headrace.source import Source

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("*.yaml"))
REAL = (
    *("hr115-server", "hr136-", "hr143-", "hr144-", "hr145-", "hr146-", "hr147-", "hr148-", "hr150-"),
    *("ok-shape-", "mistake-"),
)
"""These are about what the real components take and send; for all others stand-ins do."""


def describe(loaded: Loaded) -> str:
    parts = [render(loaded.findings), summary(loaded.findings)] if loaded.findings else []
    if loaded.flow is not None:
        parts += [
            f"{edge.source} -> {edge.target}{' (boundary)' * edge.boundary}" for edge in loaded.flow.edges
        ]
    return "\n".join(parts) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_flow_file_gives_exactly_these_findings(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    actual = describe(read_flow(path.name, _registry(path)))
    expected = path.with_suffix(".txt")
    if os.environ.get("HEADRACE_WRITE_GOLDEN"):
        expected.write_text(actual, encoding="utf-8")
    assert actual == expected.read_text(encoding="utf-8")


def _has_plain_line_ends(path: Path) -> bool:
    data = path.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\r" not in data


@pytest.mark.parametrize("path", list(filter(_has_plain_line_ends, FILES)), ids=lambda path: path.stem)
def test_windows_line_ends_give_the_same_findings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert _told(text.replace("\n", "\r\n"), path) == _told(text, path)


def _registry(path: Path) -> Registry:
    return builtin_registry() if path.name.startswith(REAL) else registry


def _told(text: str, path: Path) -> list[tuple[str, str, int, int]]:
    found = load_flow(Source("flow.yaml", text), _registry(path)).findings
    return [(f.code, f.message, f.span.line, f.span.column) for f in found]
