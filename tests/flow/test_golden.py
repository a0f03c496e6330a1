"""Flow files and exactly what is said of them.

`HEADRACE_WRITE_GOLDEN=1 pytest tests/flow/test_golden.py` writes the texts anew; read the difference.
"""

import os
from pathlib import Path

import pytest
from tests.flow.stand_in import registry

from headrace.flow.loader import Loaded, load_flow, read_flow
from headrace.flow.report import render, summary
from headrace.source import Source

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("*.yaml"))


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
    actual = describe(read_flow(path.name, registry))
    expected = path.with_suffix(".txt")
    if os.environ.get("HEADRACE_WRITE_GOLDEN"):
        expected.write_text(actual, encoding="utf-8")
    assert actual == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_windows_line_ends_give_the_same_findings(path: Path) -> None:
    data = path.read_bytes()
    if b"\r" in data or not _is_text(data):
        pytest.skip("not a text with plain line ends")
    from_unix = _told(data.decode())
    assert _told(data.decode().replace("\n", "\r\n")) == from_unix


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _told(text: str) -> list[tuple[str, str, int, int]]:
    found = load_flow(Source("flow.yaml", text), registry).findings
    return [(f.code, f.message, f.span.line, f.span.column) for f in found]
