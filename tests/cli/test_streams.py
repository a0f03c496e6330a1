"""Standard streams that are closed or full, and signals at awkward moments: real processes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.outcome import write_flow

SLOW = " {start: {component: common-module/signal}, slow: {component: common-module/delay, settings: {duration: 300ms}}, end: {component: common-module/router, settings: {rules: [{when: \"{{fail('no')}}\", outputPort: a}]}}}"


def shell(command: str, path: Path) -> "subprocess.CompletedProcess[str]":
    """Run a line of shell in which `headrace` is ours."""
    line = f'headrace() {{ "{sys.executable}" -m headrace "$@"; }}; flow="{path}"; {command}'
    return subprocess.run(["/bin/bash", "-c", line], capture_output=True, text=True, check=False)


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    nodes = " {start: {component: common-module/signal}, log: {component: common-module/debug}}"
    return write_flow(tmp_path, nodes, "[start -> log]")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_obstacle(flow: Path, closed: str) -> None:
    done = shell(f'headrace run "$flow" --once {closed}', flow)
    assert (done.returncode, "Traceback" in done.stderr, "a bug in" in done.stderr) == (0, False, False)
    assert ("succeeded" in done.stdout) is (">&-" not in closed.replace("2>&-", ""))


@pytest.mark.parametrize("command", ['run "$flow" --once', "components", "--help", "eval 1"])
def test_output_that_cannot_be_written_is_said(flow: Path, command: str) -> None:
    done = shell(f"headrace {command} > /dev/full", flow)
    said = [line for line in done.stderr.splitlines() if "headrace.debug" not in line]
    assert (done.returncode, said) == (1, ["error: the output cannot be written: No space left on device"])


def test_a_reader_that_leaves_ends_it_quietly(flow: Path) -> None:
    done = shell('headrace run "$flow" --once --json | head -1; echo "${PIPESTATUS[0]}"', flow)
    assert done.stdout.splitlines()[1:] in (["0"], ["1"])
    assert "Traceback" not in done.stderr


def test_a_single_run_that_fails_while_it_is_terminated_is_not_told_as_done(tmp_path: Path, spawn) -> None:
    with spawn("run", write_flow(tmp_path, SLOW, "[start -> slow -> end]"), "--once") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 1


def test_a_third_ctrl_c_finds_nothing_to_tear_apart(tmp_path: Path, spawn) -> None:
    with spawn(
        "run",
        write_flow(tmp_path, SLOW.replace("300ms", "60s"), "[start -> slow -> end]"),
        "--once",
        "--grace",
        "2s",
    ) as process:
        process.stdout.readline()
        for _ in range(200):
            process.send_signal(signal.SIGINT)
            if process.poll() is not None:
                break
        _, err = process.communicate()
    assert "Traceback" not in err
    assert "a bug in" not in err
    assert process.returncode in (130, -signal.SIGINT)
