"""The command line over a store on NATS, which several processes share: as people use it."""

import json
import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.cluster import (
    PICKY,
    QUICK,
    ROWS,
    SLOW,
    TICKING,
    Spawn,
    flow_file,
    get,
    line,
    stopped,
    store_url,
    worker,
)
from tests.cli.following import until
from tests.cli.outcome import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return tmp_path / "flows"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a store, which commands find in their environment."""
    url = store_url()
    monkeypatch.setenv("HEADRACE_STORE", url)
    return url


def rows_flow(flows: Path, tmp_path: Path, count: int) -> Callable[[str], list[int]]:
    """A flow that writes rows; gives what asks its tables."""
    file = tmp_path / "target.db"
    flow_file(flows, "rows", ROWS.replace("FILE", str(file)).replace("COUNT", str(count)))

    def ask(table: str) -> list[int]:
        if not file.exists():
            return []
        connection = sqlite3.connect(file, timeout=30)
        try:
            return [n for (n,) in connection.execute(f"SELECT n FROM {table} ORDER BY n")]
        except sqlite3.OperationalError:  # it is being made
            return []
        finally:
            connection.close()

    return ask


def status(call: Call, run: str) -> str:
    return str(call("runs", "show", run, "--json").lines[0]["status"])


def test_a_run_and_what_becomes_of_it(flows: Path, store: str, process: Call, call: Call) -> None:
    path = flow_file(flows, "quick", QUICK)
    assert process("run", path, "--once", "--data", '{"a": 1}', "--store", store).code == 0
    failed = process("run", path, "--once", "--data", '{"a": "x"}')
    assert failed.code == 1
    assert "headrace runs retry" in failed.out
    assert "--store" not in failed.out  # the environment has it
    listed = call("runs", "list", "--json").lines[0]["runs"]
    assert [run["status"] for run in listed] == ["failed", "succeeded"]
    shown = call("runs", "show", "latest")
    assert "dead letters" in shown.out
    assert "HR" in shown.out
    again = process("runs", "retry", listed[0]["run"], "--data", '{"payload": {"a": 2}}')
    assert (again.code, status(call, listed[0]["run"])) == (0, "succeeded"), again
    watched = call("runs", "watch", listed[0]["run"], "--json")
    assert (watched.code, watched.lines[-1]["status"]) == (0, "succeeded"), watched


def test_runs_are_cancelled_watched_and_signalled_where_a_worker_executes_them(
    flows: Path, store: str, spawn: Spawn, call: Call, process: Call
) -> None:
    flow_file(flows, "slow", SLOW)
    flow_file(flows, "quick", QUICK)
    with worker(spawn, flows, store) as (working, _):
        fired = process("signal", "slow", "go", "--json")
        assert fired.code == 0, fired
        told = fired.lines[0]
        assert told["process"] == working.pid
        assert told["executors"] == [{"host": os.uname().nodename, "process": working.pid}]
        run = told["run"]
        who = f"process {working.pid} on {os.uname().nodename}"
        assert who in call("runs", "list").out
        assert who in call("runs", "show", run).out
        watching = spawn("runs", "watch", run, "--json")
        line(watching, ".*run_resumed")
        assert call("runs", "cancel", run).out == f"run {run} of slow is cancelled\n"
        out, _ = watching.communicate()
        assert (watching.wait(), json.loads(out.splitlines()[-1])["status"]) == (1, "cancelled")
        failed = process("signal", "quick", "--data", '{"a": "x"}').out.strip()
        until(lambda: status(call, failed) == "failed", "its failure")
        retried = process("runs", "retry", failed)
        assert retried.out.splitlines()[0] == f"{who} tries 1 dead letter again"
        refused = process("runs", "retry", failed, "--set", "vars.a=1")
        assert refused.code == 2 or "no dead letter" in refused.err
        until(lambda: status(call, failed) == "failed", "its failure once more")
        assert process("runs", "discard", failed, "--yes").out == "1 dead letter discarded\n"
    until(lambda: "waits" not in call("runs", "list").out, "the worker's end")


def test_run_once_fires_though_others_execute_runs_of_the_flow(
    flows: Path, store: str, spawn: Spawn, call: Call, process: Call
) -> None:
    path = flow_file(flows, "picky", PICKY)
    with worker(spawn, flows, store):
        other = process("signal", "picky", "--data", '"slow"').out.strip()
        done = process("run", path, "--once", "--data", '"quick"')
        assert (done.code, "left unfinished" in done.out + done.err) == (0, False), done
        assert status(call, other) == "running"


def test_run_once_ends_with_its_run_while_a_schedule_goes_on(
    flows: Path, store: str, spawn: Spawn, process: Call
) -> None:
    path = flow_file(flows, "ticking", TICKING)
    with worker(spawn, flows, store):
        assert process("run", path, "--once").code == 0


def test_a_worker_tells_how_it_is_and_leaves_its_run_to_another(
    flows: Path, tmp_path: Path, store: str, spawn: Spawn, call: Call, process: Call
) -> None:
    ask = rows_flow(flows, tmp_path, 100)
    with worker(spawn, flows, store) as (first, address), worker(spawn, flows, store) as (second, _):
        assert get(f"{address}/live") == (200, '{"status":"live"}')
        assert get(f"{address}/ready") == (200, '{"status":"ready"}')
        run = process("signal", "rows").out.strip()
        until(lambda: len(ask("rows")) > 10, "the first rows")
        metrics = get(f"{address}/metrics")[1]
        assert 'headrace_runs_running{flow="rows"} 1.0' in metrics
        code, said = stopped(first)
        assert (code, said) == (
            0,
            f"stopped; 1 run goes on elsewhere (process {second.pid} on {os.uname().nodename})",
        )
        until(lambda: status(call, run) == "succeeded", "the end of the run")
        assert ask("rows") == list(range(100))
        assert ask("ends") == [1]
        assert stopped(second) == (0, "stopped")


def test_a_worker_that_is_alone_leaves_its_run_to_the_next(
    flows: Path, store: str, spawn: Spawn, call: Call, process: Call
) -> None:
    flow_file(flows, "slow", SLOW)
    with worker(spawn, flows, store, "--grace", "0s") as (working, _):
        run = process("signal", "slow").out.strip()
        until(lambda: "process" in call("runs", "show", run).out, "the run")
        assert stopped(working) == (0, "stopped; 1 run is left unfinished for the next start")
    assert "waits for `headrace worker`" in call("runs", "show", run).out
    assert process("signal", "slow", "go").code == 2
    assert call("runs", "cancel", run).code == 0
    assert status(call, run) == "cancelled"


def test_a_worker_is_killed_and_the_other_finishes_the_run_with_each_row_once(
    flows: Path, tmp_path: Path, store: str, spawn: Spawn, call: Call, process: Call
) -> None:
    ask = rows_flow(flows, tmp_path, 100)
    with worker(spawn, flows, store) as (first, _), worker(spawn, flows, store):
        run = process("signal", "rows").out.strip()
        until(lambda: len(ask("rows")) > 20, "the first rows")
        first.send_signal(signal.SIGKILL)
        until(lambda: status(call, run) == "succeeded", "the end of the run")
        assert ask("rows") == list(range(100))
        assert ask("ends") == [1]


def test_workers_share_a_store_with_different_flows(
    tmp_path: Path, store: str, spawn: Spawn, call: Call, process: Call
) -> None:
    flow_file(tmp_path / "one", "quick", QUICK)
    flow_file(tmp_path / "two", "slow", SLOW)
    with (
        worker(spawn, tmp_path / "one", store) as (one, _),
        worker(spawn, tmp_path / "two", store) as (two, _),
    ):
        quick, slow = (
            process("signal", name, "go", "--data", '{"a": 1}', "--json") for name in ("quick", "slow")
        )
        assert (quick.lines[0]["process"], slow.lines[0]["process"]) == (one.pid, two.pid)
        until(lambda: status(call, quick.lines[0]["run"]) == "succeeded", "its end")
        assert status(call, slow.lines[0]["run"]) == "running"


def test_a_flow_that_cannot_be_executed_keeps_a_worker_from_being_ready(
    flows: Path, store: str, spawn: Spawn
) -> None:
    flow_file(flows, "quick", QUICK)
    flow_file(flows, "secretive", "  secrets: [apiToken]" + QUICK)
    with worker(spawn, flows, store) as (_, address):
        code, text = get(f"{address}/ready")
        assert (code, json.loads(text)) == (503, {"status": "not ready", "flows": ["secretive"]})


def test_a_worker_says_which_files_it_executes_and_which_not(flows: Path, store: str, spawn: Spawn) -> None:
    flows.mkdir()
    process = spawn("worker", flows, "--store", store, "--address", "127.0.0.1:0", "--listen", "127.0.0.1:0")
    line(process, r"headrace works on 0 flows of ")
    line(process, r"no YAML file there has a line `apiVersion: headrace.dev/…`; one that comes is taken over")
    stopped(process)
    flow_file(flows, "broken", "nodes: {}\nedges: [a -> b]\n")
    process = spawn("worker", flows, "--store", store, "--address", "127.0.0.1:0", "--listen", "127.0.0.1:0")
    line(process, r"headrace works on 0 flows of ")
    line(process, r"1 file cannot be executed; the log says why")
    stopped(process)


def test_run_follows_the_schedule_with_others_and_each_firing_is_one(
    flows: Path, store: str, spawn: Spawn, call: Call
) -> None:
    path = flow_file(flows, "ticking", TICKING)
    with worker(spawn, flows, store):
        running = spawn("run", path, "--json")
        until(lambda: line(running, ".*run_ended"), "a run")
        running.send_signal(signal.SIGTERM)
        running.communicate()
        assert running.wait() == 0
        runs = call("runs", "list", "--json", "--limit", "1000").lines[0]["runs"]
    scheduled = [run["scheduledAt"] for run in runs]
    assert len(scheduled) == len(set(scheduled)) > 0
