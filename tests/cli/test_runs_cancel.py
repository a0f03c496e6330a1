"""`headrace runs cancel` and `discard`, `headrace signal`: with a process, without one, with one that dies."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.following import (
    SLOW,
    SLOW_EDGES,
    SUM,
    SUM_EDGES,
    asked,
    change,
    debug_lines,
    ended,
    executing,
    failed_runs,
    rows,
    silent,
    until,
)
from tests.cli.outcome import Outcome, write_flow

from headrace.app import asking

Call = Callable[..., Outcome]
Spawn = Callable[..., Any]


def begun() -> str:
    """Wait until a task is executing; gives its run's id."""
    return until(lambda: rows("SELECT run_id FROM tasks WHERE is_executing"), "a task")[0][0]


def statuses() -> list[str]:
    return [status for (status,) in rows("SELECT status FROM runs ORDER BY started_at")]


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    return write_flow(tmp_path, SLOW, SLOW_EDGES)


# ---- cancel


def test_the_process_that_executes_a_run_cancels_it(spawn: Spawn, call: Call, slow: Path) -> None:
    with executing(spawn, slow, "--once", "--trigger", "start") as process:
        run = begun()
        assert call("runs", "cancel", run[:6]) == Outcome(0, f"run {run} of test is cancelled\n", "")
        out, _ = process.communicate()
    assert (process.returncode, "cancelled in" in out, statuses()) == (1, True, ["cancelled"])
    assert rows("SELECT * FROM tasks") == []


def test_rule_20_a_run_that_nobody_executes_is_cancelled_with_the_flows_lock(
    spawn: Spawn, call: Call, slow: Path
) -> None:
    with executing(spawn, slow, "--once", "--trigger", "start"):
        run = begun()
    assert statuses() == ["running"]
    outcome = call("runs", "cancel", "latest", "--json")
    assert (outcome.code, outcome.lines) == (
        0,
        [{"runs": [{"run": run, "flow": "test", "cancelled": True, "reason": None}]}],
    )
    assert (statuses(), rows("SELECT * FROM tasks")) == (["cancelled"], [])
    with executing(spawn, slow):  # the lock is free again, and no run is left
        assert statuses() == ["cancelled"]


def test_a_run_that_was_cancelled_while_it_executed_and_then_left_is_cancelled_for_good(
    spawn: Spawn, call: Call, slow: Path
) -> None:
    """The process died after it had kept the cancel and before its task was cut off."""
    with executing(spawn, slow, "--once", "--trigger", "start"):
        begun()
    change("UPDATE runs SET ends_as = 'cancelled'")
    assert call("runs", "cancel", "latest").code == 0
    assert (statuses(), rows("SELECT * FROM tasks")) == (["cancelled"], [])


def test_the_asking_process_takes_the_place_of_one_that_dies_before_it_answers(
    spawn: Spawn, slow: Path
) -> None:
    with executing(spawn, slow, "--once", "--trigger", "start") as process:
        run = begun()
        with silent(process):
            asking_one = spawn("runs", "cancel", run)
            asked()
        out, err = asking_one.communicate()
    assert (asking_one.returncode, out, err) == (0, f"run {run} of test is cancelled\n", "")
    assert (statuses(), rows("SELECT 1 FROM requests WHERE refusal IS NULL")) == (["cancelled"], [])


def test_a_process_that_does_not_answer_is_told_and_the_request_stays(
    spawn: Spawn, call: Call, slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE_S", 0.3)
    with executing(spawn, slow, "--once", "--trigger", "start") as process:
        run = begun()
        process.send_signal(signal.SIGSTOP)
        outcome = call("runs", "cancel", run)
        assert (outcome.code, outcome.out) == (1, "")
        assert f"process {process.pid}, which executes flow `test`, has not answered for 0.3 s" in outcome.err
        process.send_signal(signal.SIGCONT)
        assert process.wait() == 1
    assert statuses() == ["cancelled"]


def test_a_run_that_has_ended_cannot_be_cancelled(spawn: Spawn, call: Call, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    (run,) = failed_runs(call, path, "{}")
    refusal = f"run `{run}` has ended already: failed\n"
    assert call("runs", "cancel", run) == Outcome(1, refusal, "")
    with executing(spawn, path):
        assert call("runs", "cancel", run) == Outcome(1, refusal, "")
    outcome = call("runs", "cancel", run, "nothere")
    assert (outcome.code, outcome.out) == (2, "")


# ---- discard


def test_dead_letters_are_discarded_by_filter_and_their_runs_stay(call: Call, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    first, second = failed_runs(call, path, '{"b": 1}', '{"c": 2}')
    assert call("runs", "discard", "--error", "HAS `Z`", "--yes").out == "no such dead letter\n"
    assert call("runs", "discard", "--error", "HAS `B`", "--yes").out == "1 dead letter discarded\n"
    assert rows("SELECT run_id FROM dead_letters") == [(second,)]
    assert statuses() == ["failed", "failed"]
    assert "dead      1, 1 discarded\n" in call("runs", "show", first).out
    outcome = call("runs", "discard", first, "--yes")
    assert (outcome.code, outcome.err.splitlines()[0]) == (
        1,
        f"error: HR408 run `{first}` has no dead letter",
    )
    (told,) = call("runs", "discard", "--all", "--yes", "--json").lines
    assert [(letter["run"], letter["discarded"]) for letter in told["deadLetters"]] == [(second, True)]
    assert rows("SELECT 1 FROM dead_letters") == []


def test_the_process_that_executes_the_flow_discards(spawn: Spawn, call: Call, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    failed_runs(call, path, "{}", "{}")
    with executing(spawn, path):
        assert call("runs", "discard", "--all", "--yes") == Outcome(0, "2 dead letters discarded\n", "")
    assert len(rows("SELECT 1 FROM requests WHERE refusal = ''")) == 2
    assert rows("SELECT 1 FROM dead_letters") == []


def test_nothing_is_discarded_unasked(call: Call, process: Call, tmp_path: Path) -> None:
    failed_runs(call, write_flow(tmp_path, SUM, SUM_EDGES), "{}")
    outcome = process("runs", "discard", "--all")
    assert (outcome.code, outcome.err) == (
        2,
        "error: 1 dead letter of 1 run would be removed for good, and nobody is there to ask; say --yes\n",
    )
    assert call("runs", "discard").code == 2
    assert answered("n") == 130
    assert len(rows("SELECT 1 FROM dead_letters")) == 1
    assert answered("y") == 0
    assert rows("SELECT 1 FROM dead_letters") == []


def answered(answer: str) -> int:
    """Discard all on a terminal, and answer the question."""
    master, terminal = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "headrace", "runs", "discard", "--all"],
        stdin=terminal, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    os.write(master, f"{answer}\n".encode())
    code = done.wait()
    os.close(master)
    return code


# ---- signal


def test_a_signal_fires_once_in_the_process_that_executes_the_flow(
    spawn: Spawn, call: Call, tmp_path: Path
) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    with executing(spawn, path) as process:
        by_name = call("signal", "test", "--data", '{"a": 41}')
        by_path = call("signal", path, "start", "--data", '{"a": 1}', "--json")
        ids = [by_name.out.strip(), by_path.lines[0]["run"]]
        assert by_path.lines == [
            {
                "run": ids[1],
                "flow": "test",
                "trigger": "start",
                "process": process.pid,
                "executors": [{"host": None, "process": process.pid}],
                "reason": None,
            }
        ]
        until(lambda: statuses() == ["succeeded"] * 2, "both runs")
        err = ended(process)
    assert (by_name.code, by_path.code) == (0, 0)
    assert rows("SELECT id FROM runs ORDER BY started_at") == [(id_,) for id_ in ids]
    assert debug_lines(err) == ['log: {"sum":42}', 'log: {"sum":2}']


def test_a_flow_of_signals_alone_waits_for_them(spawn: Spawn, call: Call, tmp_path: Path) -> None:
    nodes = """
    start: {component: common-module/signal}
    shape: {component: common-module/modify, input: "{{$.payload}}"}
    log: {component: common-module/debug}"""
    with executing(spawn, write_flow(tmp_path, nodes, "[start -> shape -> log]")) as process:
        assert process.stdout.readline() == "start takes headrace signal test start\n"
        assert call("signal", "test", "--data", '{"a": 1}').code == 0
        until(lambda: statuses() == ["succeeded"], "the run")
        err = ended(process)
    assert (process.returncode, debug_lines(err)) == (0, ['log: {"a":1}'])


def test_a_wrong_signal_is_refused(spawn: Spawn, call: Call, tmp_path: Path) -> None:
    with executing(spawn, write_flow(tmp_path, SUM, SUM_EDGES)):
        outcome = call("signal", "test", "strat")
        assert (outcome.code, outcome.out, outcome.err) == (
            1,
            "",
            "error: test has no trigger `strat`; there is `tick`, `start`\n",
        )
        outcome = call("signal", "tset")
        assert (outcome.code, outcome.err) == (2, "error: no flow `tset` was run; did you mean `test`?\n")
    assert statuses() == []


def test_a_node_must_be_named_where_it_is_not_clear(spawn: Spawn, call: Call, tmp_path: Path) -> None:
    nodes = f"{SUM}\n    other: {{component: common-module/signal}}"
    with executing(spawn, write_flow(tmp_path, nodes, f"{SUM_EDGES[:-1]}, other -> add]")):
        outcome = call("signal", "test")
    assert (outcome.code, outcome.err) == (
        2,
        "error: name the NODE to fire; the signals of test are `start`, `other`\n",
    )


def test_without_a_process_nothing_is_fired_and_it_is_told_what_fires(call: Call, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    outcome = call("signal", path)
    assert (outcome.code, outcome.err) == (
        2,
        f"error: no process executes {path}; `headrace run {path} --once` fires it here\n",
    )
    failed_runs(call, path, "{}")
    outcome = call("signal", "test")
    assert (outcome.code, outcome.out, outcome.err) == (
        2,
        "",
        "error: no process executes flow `test`, so nothing was fired; "
        f"`headrace run {path} --once --trigger start` fires it here\n",
    )
    outcome = call("signal", "test", "strat")
    assert (outcome.code, outcome.err) == (
        2,
        "error: no process executes flow `test`, so nothing was fired; "
        "it has no trigger `strat`; there is `tick`, `start`\n",
    )
    assert (statuses(), rows("SELECT 1 FROM requests")) == (["failed"], [])


def test_a_signal_is_taken_back_where_the_process_dies_before_it_fires(spawn: Spawn, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    with executing(spawn, path) as process:
        until(lambda: rows("SELECT 1 FROM triggers"), "the schedule")
        with silent(process):
            asking_one = spawn("signal", "test", "--data", '{"a": 1}')
            asked()
    out, err = asking_one.communicate()
    assert (asking_one.returncode, out) == (2, "")
    assert "so nothing was fired" in err
    with executing(spawn, path) as process:
        assert ended(process) == ""
    assert statuses() == []


def test_a_signal_is_not_fired_again_where_the_process_dies_before_it_says_so(
    spawn: Spawn, call: Call, tmp_path: Path
) -> None:
    """As if it had died between firing and answering: the run is there, the request waits."""
    path = write_flow(tmp_path, SLOW, SLOW_EDGES)
    with executing(spawn, path):
        run = call("signal", "test").out.strip()
        begun()
    change("UPDATE requests SET refusal = NULL")
    with executing(spawn, path):
        until(lambda: not rows("SELECT 1 FROM requests WHERE refusal IS NULL"), "the answer")
        assert rows("SELECT id FROM runs") == [(run,)]
