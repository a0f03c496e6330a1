"""The command, called as people call it."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.outcome import Outcome

from headrace.cli import main
from support.forked import Forked, start


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder of the test's own, and no colours, wherever the tests run."""
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_COLOR", "1")
    for variable in [name for name in os.environ if name.startswith("HEADRACE_SECRET")]:
        monkeypatch.delenv(variable)


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """What a command that is called here does to logging is undone."""
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Call the command in this process."""

    def call_here(*arguments: str | Path) -> Outcome:
        code = main([str(argument) for argument in arguments])
        return Outcome(code, *capfd.readouterr())

    return call_here


@pytest.fixture
def spawn() -> Callable[..., Forked]:
    """Start the command in a process of its own."""
    return start


@pytest.fixture
def process(spawn: Callable[..., Forked]) -> Callable[..., Outcome]:
    """Run the command in a process of its own, to its end."""

    def run(*arguments: str | Path, stdin: str = "") -> Outcome:
        started = spawn(*arguments)
        out, err = started.communicate(stdin)
        return Outcome(started.returncode, out, err)

    return run
