"""`--log-format json`: each line is an object that says which run and node it is about, without secrets."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.outcome import Outcome, write_flow

from headrace.app.secrets import Secrets
from headrace.cli.logs import show_logs

Process = Callable[..., Outcome]
SECRET = 'hunter2"hunter2'

DEBUG = """
    start: {component: common-module/signal, settings: {payload: {who: world, token: "{{$.secrets.token}}"}}}
    log: {component: common-module/debug}"""


def test_the_lines_of_debug_nodes_say_run_flow_and_node(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_SECRET_TOKEN", SECRET)
    path = write_flow(tmp_path, DEBUG, "[start -> log]", spec="  secrets: [token]\n")
    outcome = process("run", path, "--once", "--log-format", "json", "--json")
    assert outcome.code == 0
    (line,) = [json.loads(line) for line in outcome.err.splitlines()]
    assert {name: line[name] for name in ("level", "logger", "flow", "node")} == {
        "level": "info",
        "logger": "headrace.debug",
        "flow": "test",
        "node": "log",
    }
    assert line["run"] == outcome.lines[0]["run"]
    assert line["at"].endswith("Z")
    assert "world" in line["message"]
    assert "•••" in line["message"]
    assert "hunter2" not in outcome.err


def told(capfd: pytest.CaptureFixture[str], secret: str, log: Callable[[logging.Logger], None]) -> dict:
    show_logs(1, Secrets({"token": secret}).mask, "json")
    log(logging.getLogger("headrace.test"))
    (line,) = capfd.readouterr().err.splitlines()
    found: dict = json.loads(line)
    return found


def test_facts_and_tracebacks_are_masked_and_a_line_stays_json(capfd: pytest.CaptureFixture[str]) -> None:
    secret = '","level":"'  # what would break the line if it were masked as a whole

    def log(logger: logging.Logger) -> None:
        error = ValueError(f"wrong: {secret}")
        about = {"flow": "f", "facts": {"code": "X1", "of": [secret, 3]}}
        logger.error("bad %s", secret, exc_info=error, extra=about)

    line = told(capfd, secret, log)
    assert (line["level"], line["flow"], line["code"]) == ("error", "f", "X1")
    assert line["message"] == "bad •••"
    assert line["of"] == ["•••", 3]
    assert "ValueError: wrong: •••" in line["trace"]
    assert "run" not in line


def test_what_is_no_json_is_told_as_text(capfd: pytest.CaptureFixture[str]) -> None:
    line = told(
        capfd, "unused-secret", lambda logger: logger.warning("\ud800", extra={"facts": {"at": Path("/x")}})
    )
    assert line["at"] == "/x"
    assert line["message"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_that_cannot_be_told_neither_fails_nor_shows_what_was_to_be_in_it(capfd, form) -> None:
    show_logs(1, Secrets({"token": "hunter2hunter2"}).mask, form)
    logging.getLogger("headrace.test").warning("%d", "hunter2hunter2")
    (line,) = capfd.readouterr().err.splitlines()
    assert "hunter2" not in line
    assert "test_logs.py" in line
    assert "TypeError" in line


def test_another_format_is_refused(process: Process, tmp_path: Path) -> None:
    path = write_flow(tmp_path, DEBUG.replace(', token: "{{$.secrets.token}}"', ""), "[start -> log]")
    outcome = process("run", path, "--once", "--log-format", "xml")
    assert outcome.code == 2
    assert "'xml' is not one of 'text', 'json'" in outcome.err
