"""`headrace serve` several times on one store on NATS: each shows and steers what the others execute."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.cli.cluster import (
    PICKY,
    QUICK,
    ROWS,
    SLOW,
    TICKING,
    Served,
    Spawn,
    flow_file,
    server,
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
def store() -> str:
    return store_url()


def status(served: Served, run: str) -> str:
    return str(served.ask(f"runs/{run}")["status"])


def next_of(events: Iterator[tuple[str, Any]], kind: str, run: str) -> Any:
    """The next event of a kind about a run."""
    for name, data in events:
        if name == kind and run in (data.get("id"), data.get("run")):
            return data
    raise AssertionError(f"no {kind} of {run}")


def test_each_shows_what_the_other_began_and_steers_it(flows: Path, store: str, spawn: Spawn) -> None:
    flow_file(flows, "picky", PICKY)
    with server(spawn, flows, store) as one, server(spawn, flows, store) as two:
        with one.events() as first, two.events() as second:
            run = one.ask("flows/picky/triggers/go/fire", {"payload": "slow"})["run"]
            for events in (first, second):
                assert next_of(events, "run_started", run)["flow"] == "picky"
            for served in (one, two):
                found = until(lambda served=served: served.ask(f"runs/{run}"), "the run")
                assert (found["status"], len(found["executors"])) == ("running", 2)
                assert 'headrace_runs_running{flow="picky"} 1.0' in served.metrics()
            assert two.ask(f"runs/{run}/cancel", {}) == {}
            for events in (first, second):
                assert next_of(events, "run_ended", run)["status"] == "cancelled"
        assert [status(served, run) for served in (one, two)] == ["cancelled"] * 2
        ends = [f'headrace_runs_total{{flow="picky",status="cancelled"}} {n}.0' for n in (0, 1)]
        counted = [[end in served.metrics() for end in ends] for served in (one, two)]
        assert sorted(counted) == [[False, True], [True, False]]  # once, whoever scrapes both


def test_each_shows_errors_and_dead_letters_of_a_worker_and_has_them_tried_again(
    flows: Path, store: str, spawn: Spawn
) -> None:
    flow_file(flows, "quick", QUICK)
    with worker(spawn, flows, store), server(spawn, flows, store) as one, server(spawn, flows, store) as two:
        with two.events() as events:
            runs = [one.ask("flows/quick/triggers/go/fire", {"payload": {"a": "x"}})["run"] for _ in range(4)]
            kinds = set()
            for kind, data in events:
                if kind in ("error", "run_ended"):
                    kinds.add((kind, data.get("run") or data["id"]))
                if len(kinds) == 8:
                    break
        assert kinds == {(kind, run) for kind in ("error", "run_ended") for run in runs}
        for served in (one, two):
            assert {error["run"] for error in served.ask("errors?flow=quick")["errors"]} == set(runs)
            assert served.ask("dead-letters?flow=quick")["total"] == 4
            assert served.ask("flows/quick")["deadLetters"] == 4
        letters = two.ask("dead-letters?flow=quick")["letters"]
        place = f"dead-letters/{letters[0]['run']}/{letters[0]['task']}"
        two.ask(f"{place}/retry", {"message": {"payload": {"a": 1}}})
        until(lambda: status(one, letters[0]["run"]) == "succeeded", "its success")
        one.ask(f"dead-letters/{letters[1]['run']}/{letters[1]['task']}", method="DELETE")
        until(lambda: two.ask("dead-letters?flow=quick")["total"] == 2, "two that are left")


def test_progress_of_what_a_worker_executes_is_told(
    flows: Path, tmp_path: Path, store: str, spawn: Spawn
) -> None:
    flow_file(flows, "rows", ROWS.replace("FILE", str(tmp_path / "target.db")).replace("COUNT", "150"))
    with worker(spawn, flows, store), server(spawn, flows, store) as one:
        with one.events() as events:
            run = one.ask("flows/rows/triggers/go/fire", {})["run"]
            assert any(kind == "progress" and run in data["runs"] for kind, data in events)
        tasks = until(lambda: one.ask(f"runs/{run}")["tasks"], "some tasks")
        until(lambda: one.ask(f"runs/{run}")["tasks"] > tasks + 20, "more tasks")
        until(lambda: status(one, run) == "succeeded", "its end")
        assert one.ask(f"runs/{run}")["counters"] == {
            "each.items": 150,
            "store.rows_written": 150,
            "end.rows_written": 1,
        }


def test_a_trigger_that_is_paused_through_one_does_not_fire_anywhere(
    flows: Path, store: str, spawn: Spawn
) -> None:
    flow_file(flows, "ticking", TICKING)

    def fired(served: Served) -> list[float]:
        runs = served.ask("runs?flow=ticking&limit=200")["runs"]
        return [datetime.fromisoformat(run["startedAt"]).timestamp() for run in runs]

    with worker(spawn, flows, store), server(spawn, flows, store) as one, server(spawn, flows, store) as two:
        until(lambda: len(fired(two)) > 1, "two firings")
        assert one.ask("flows/ticking/triggers/clock/pause", {})["isPaused"] is True
        until(lambda: two.ask("flows/ticking")["triggers"][0]["isPaused"], "the pause elsewhere")
        paused_s = time.time() + 0.2
        until(lambda: time.time() > paused_s + 0.6, "time in which it would fire three times")
        resumed_s = time.time()
        assert two.ask("flows/ticking/triggers/clock/resume", {})["isPaused"] is False
        until(lambda: not one.ask("flows/ticking")["triggers"][0]["isPaused"], "its end elsewhere")
        until(lambda: max(fired(one)) > resumed_s, "a firing")
        assert [at for at in fired(one) if paused_s < at < resumed_s] == []


def test_runs_of_flows_that_it_does_not_have_are_shown_and_cancelled(
    flows: Path, tmp_path: Path, store: str, spawn: Spawn, process: Call
) -> None:
    flow_file(flows, "slow", SLOW)
    flow_file(tmp_path / "others", "quick", QUICK)
    with worker(spawn, flows, store), server(spawn, tmp_path / "others", store) as one:
        run = process("signal", "slow", "go", "--store", store).out.strip()
        assert [each["id"] for each in one.ask("runs")["runs"]] == [run]
        assert one.ask(f"runs/{run}/cancel", {}) == {}
        assert status(one, run) == "cancelled"


def test_a_server_that_stops_leaves_its_runs_to_the_other(flows: Path, store: str, spawn: Spawn) -> None:
    flow_file(flows, "slow", SLOW)
    with server(spawn, flows, store, "--grace", "0s") as one, server(spawn, flows, store) as two:
        run = one.ask("flows/slow/triggers/go/fire", {})["run"]
        code, said = stopped(one.process)
        assert (code, said.startswith("stopped; 1 run goes on elsewhere (process ")) == (0, True), said
        assert status(two, run) == "running"
        assert two.ask(f"runs/{run}/cancel", {}) == {}
