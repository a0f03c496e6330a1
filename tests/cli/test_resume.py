"""`headrace run` over the death of its process: what is finished, what is fired, what is said."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.following import rows, until
from tests.cli.outcome import Outcome

FLOW = """
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: slow}
spec:
  vars: {says: file}
  nodes:
    start: {component: common-module/signal}
    first: {component: common-module/debug}
    later: {component: common-module/async}
    wait: {component: common-module/delay, settings: {duration: 1500ms}}
    last: {component: common-module/debug, input: {says: "{{$vars.says}}", payload: "{{$.payload}}"}}
  edges:
    - start -> first -> later -> wait -> last:in
"""
TICKING = FLOW.replace(
    "start: {component: common-module/signal}",
    "start: {component: common-module/ticker, settings: {interval: 1h, emitOnStart: false}}",
)

Spawn = Callable[..., "subprocess.Popen[str]"]
Process = Callable[..., Outcome]


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "slow.yaml"
    path.write_text(FLOW)
    return path


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def kinds(text: str) -> list[str]:
    return [event["event"] for event in events(text) if event["event"] != "progress"]


def begin(spawn: Spawn, flow: Path, *options: str) -> "subprocess.Popen[str]":
    """Start a run, and come back when it waits."""
    process = spawn("run", flow, "--once", "--json", "-v", *options)
    assert process.stderr is not None
    while "first:" not in process.stderr.readline():
        pass
    return process


def leave(spawn: Spawn, flow: Path, *options: str, number: int = signal.SIGKILL) -> "tuple[str, int]":
    """Start a run and end its process while the run waits; gives the run's id and the exit code."""
    process = begin(spawn, flow, *options)
    assert process.stdout is not None
    started = json.loads(process.stdout.readline())
    process.send_signal(number)
    process.communicate()
    return started["run"], process.returncode


def test_a_run_whose_process_was_killed_is_finished_by_the_next_one_as_it_began(
    flow: Path, spawn: Spawn, process: Process
) -> None:
    run, _ = leave(spawn, flow, "--set", "vars.says=option", "--data", '"mine"')
    done = process("run", flow, "--once", "--json", "-v", "--data", '"other"')
    assert done.code == 0
    assert kinds(done.out) == ["run_resumed", "notice", "run_ended"]
    assert {event["run"] for event in events(done.out) if "run" in event} == {run}
    assert 'last: {"says":"option","payload":"mine"}' in done.err
    assert "first:" not in done.err
    (notice,) = [event["text"] for event in events(done.out) if event["event"] == "notice"]
    assert "finishing 1 run left unfinished" in notice
    again = process("run", flow, "--once", "--json")
    assert kinds(again.out) == ["run_started", "run_ended"]


def test_new_fires_in_any_case_and_the_old_run_goes_on_beside(
    flow: Path, spawn: Spawn, process: Process
) -> None:
    run, _ = leave(spawn, flow)
    done = process("run", flow, "--once", "--new", "--json")
    assert done.code == 0
    ended = [event["run"] for event in events(done.out) if event["event"] == "run_ended"]
    assert len(ended) == 2
    assert run in ended


def test_sigterm_leaves_the_run_for_the_next_start(flow: Path, spawn: Spawn, process: Process) -> None:
    run, code = leave(spawn, flow, "--grace", "0s", number=signal.SIGTERM)
    assert code == 143
    done = process("run", flow, "--once", "--json")
    assert (done.code, events(done.out)[0]["event"], events(done.out)[0]["run"]) == (0, "run_resumed", run)


def test_following_schedules_goes_on_with_what_was_left(tmp_path: Path, spawn: Spawn) -> None:
    flow = tmp_path / "ticking.yaml"
    flow.write_text(TICKING)
    run, _ = leave(spawn, flow)
    process = spawn("run", flow, "--json")
    assert process.stdout is not None
    seen = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [event["event"] for event in seen] == ["run_resumed", "notice"]
    while (event := json.loads(process.stdout.readline()))["event"] != "run_ended":
        pass
    assert (event["run"], event["status"]) == (run, "succeeded")
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0


def test_another_process_is_told_who_executes_the_flow(flow: Path, spawn: Spawn, process: Process) -> None:
    holder = begin(spawn, flow, "--set", "nodes.wait.settings.duration=1h")
    refused = process("run", flow, "--once")
    assert refused.code == 1
    assert f"HR406 flow `slow` is being executed by process {holder.pid}" in refused.err
    holder.kill()
    holder.communicate()


def test_a_store_in_memory_leaves_no_file(flow: Path, process: Process) -> None:
    assert process("run", flow, "--once", "--store", "memory").code == 0
    assert not list(Path(os.environ["HEADRACE_HOME"]).glob("store.db*"))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://x", "`redis://x` names no store"),
        ("sqlite:///missing/store.db", "is not there; make it first"),
    ],
)
def test_a_store_that_cannot_be_is_told(flow: Path, process: Process, url: str, says: str) -> None:
    done = process("run", flow, "--once", "--store", url)
    assert done.code in (1, 2)
    assert says in done.err
    assert "Traceback" not in done.err


def test_what_is_kept_may_be_a_time_a_number_or_both(flow: Path, process: Process) -> None:
    flow.write_text(FLOW.replace("1500ms", "1ms"))
    endless = ["9" * 30 + "d", "9" * 400 + "d", "0" * 30 + "1", "9" * 5000]  # more than a store can count
    for keep in (["1h"], ["5"], ["1h", "5"], *([text] for text in endless)):
        options = [part for text in keep for part in ("--keep", text)]
        done = process("run", flow, "--once", *options)
        assert (done.code, "OverflowError" in done.err) == (0, False)
    refused = process("run", flow, "--once", "--keep", "soon")
    assert refused.code == 2
    assert "--keep takes a time or a number of runs" in refused.err


def test_next_firings_are_on_the_grid_that_the_store_remembers(
    tmp_path: Path, spawn: Spawn, process: Process
) -> None:
    flow = tmp_path / "ticking.yaml"
    flow.write_text(TICKING)
    assert process("run", flow, "--next", "1", "--json").code == 0  # no store yet: from now on
    with spawn("run", flow, "--json") as following:
        until(lambda: rows("SELECT 1 FROM triggers"), "the trigger's record")
        following.kill()
    told = {process("run", flow, "--next", "2", "--json").out for _ in range(2)}
    assert len(told) == 1
