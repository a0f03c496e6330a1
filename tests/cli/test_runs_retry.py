"""`headrace runs retry`: here, by the process that executes the flow, and when one of them dies."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.following import (
    SLOW,
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

Call = Callable[..., Outcome]
Spawn = Callable[..., Any]


def letters() -> list[tuple[str, str]]:
    """Runs and messages of the dead letters."""
    found = rows("SELECT run_id, task FROM dead_letters ORDER BY position")
    return [(run, json.loads(task)["message"]) for run, task in found]


def mended(path: Path) -> None:
    """A version of the flow that can do without the member."""
    path.write_text(path.read_text().replace("$.payload.a + 1", "($.payload.a ?? 0) + 1"))


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    return write_flow(tmp_path, SUM, SUM_EDGES)


def waiting_flow(folder: Path, duration: str) -> Path:
    """A flow that holds what it is given for some time, before it logs it."""
    nodes = f"{SUM}\n    wait: {{component: common-module/delay, settings: {{duration: {duration}}}}}"
    return write_flow(folder, nodes, "[tick -> add, start -> add, add -> wait -> log]")


# ---- here


def test_rule_21_a_dead_letter_succeeds_on_the_current_version_of_the_flow(call: Call, flow: Path) -> None:
    (run,) = failed_runs(call, flow, "{}")
    again = call("runs", "retry", run)
    assert (again.code, f"Try again: headrace runs retry {run}\n" in again.out) == (1, True)
    ((_, before),) = rows("SELECT id, version FROM runs")
    mended(flow)
    outcome = call("runs", "retry", run)
    assert (outcome.code, debug_lines(outcome.err)) == (0, ['log: {"sum":1}'])
    assert f"run {run} of test goes on: started " in outcome.out
    assert "Try again" not in outcome.out
    ((version, status, dead),) = rows("SELECT version, status, dead_letters FROM runs")
    assert (status, dead, letters()) == ("succeeded", 0, [])
    assert version != before
    outcome = call("runs", "retry", run)
    assert (outcome.code, outcome.err.splitlines()[0]) == (1, f"error: HR408 run `{run}` has no dead letter")


GROUPED = """
    start: {component: common-module/signal}
    each: {component: common-module/iterator, settings: {durable: true}, input: {array: "{{$.payload}}"}}
    add: {component: common-module/modify, input: {sum: "{{$.item.a + 1}}"}}
    log: {component: common-module/debug}
    all: {component: common-module/debug}"""


def test_rule_21_a_retried_task_keeps_id_and_group_whose_end_is_not_announced_again(
    call: Call, tmp_path: Path
) -> None:
    path = write_flow(tmp_path, GROUPED, "[start -> each, each:item -> add, add -> log, each:done -> all]")
    first = call("run", path, "--once", "--data", '[{"a": 1}, {}]')
    assert [line.split(":")[0] for line in debug_lines(first.err)] == ["log", "all"]
    ((task_id,),) = rows("SELECT id FROM dead_letters")
    path.write_text(path.read_text().replace("$.item.a + 1", "$.item.a + 2"))
    assert call("runs", "retry", "latest").code == 1
    assert rows("SELECT id FROM dead_letters") == [(task_id,)]
    path.write_text(path.read_text().replace("$.item.a + 2", "($.item.a ?? 0) + 2"))
    again = call("runs", "retry", "latest")
    assert (again.code, debug_lines(again.err)) == (0, ['log: {"sum":2}'])


def test_rule_21_a_node_that_was_removed_is_refused_and_the_dead_letter_stays(
    call: Call, spawn: Spawn, flow: Path
) -> None:
    (run,) = failed_runs(call, flow, "{}")
    flow.write_text(flow.read_text().replace("add", "plus"))
    refusal = "is not tried again: the flow has no `add:in` any more, which the dead letter is for"
    outcome = call("runs", "retry", run)
    assert (outcome.code, refusal in outcome.out) == (1, True)
    outcome = call("runs", "retry", run, "--json")
    (refused,) = outcome.lines
    assert (outcome.code, refused["event"], refused["run"]) == (1, "letter_refused", run)
    with executing(spawn, flow):
        outcome = call("runs", "retry", run)
        assert (outcome.code, refusal in outcome.out) == (1, True)
    assert (len(letters()), rows("SELECT status FROM runs")) == (1, [("failed",)])


def test_rule_21_a_run_that_was_left_unfinished_ends_on_its_own_version_first(
    call: Call, spawn: Spawn, tmp_path: Path
) -> None:
    nodes = f"{SUM}\n    wait: {{component: common-module/delay, settings: {{duration: 2s}}}}"
    nodes += '\n    own: {component: common-module/modify, input: {text: "version 1"}}'
    path = write_flow(tmp_path, nodes, f"{SUM_EDGES[:-1]}, start -> wait -> own -> log]")
    with executing(spawn, path, "--once", "--trigger", "start"):
        until(lambda: letters() and rows("SELECT 1 FROM tasks WHERE is_executing"), "the dead letter")
    mended(path)
    path.write_text(path.read_text().replace("version 1", "version 2"))
    outcome = call("runs", "retry", "latest")
    assert (outcome.code, debug_lines(outcome.err)) == (0, ['log: {"text":"version 1"}', 'log: {"sum":1}'])
    assert "finishing first 1 run left unfinished, on its version\n" in outcome.out
    assert rows("SELECT status FROM runs") == [("succeeded",)]


def test_other_runs_that_were_left_unfinished_are_left_alone(
    call: Call, spawn: Spawn, tmp_path: Path
) -> None:
    slow = SLOW.replace(
        "{component: common-module/debug}",
        '{component: common-module/modify, input: {x: "{{$.payload.a + 1}}"}}',
    )
    path = write_flow(tmp_path, slow, "[tick -> wait, start -> log, start -> wait]")
    with executing(spawn, path, "--once", "--trigger", "start"):
        until(lambda: rows("SELECT 1 FROM tasks WHERE is_executing"), "a task")
    path.write_text(path.read_text().replace("60s", "10ms"))
    change("UPDATE runs SET version = version")
    with executing(spawn, path, "--once", "--trigger", "start", "--new", "--data", "{}"):
        until(lambda: len(rows("SELECT 1 FROM runs WHERE status = 'failed'")) == 1, "the new run")
    mend = path.read_text().replace("$.payload.a + 1", "1")
    path.write_text(mend)
    ((run,),) = rows("SELECT id FROM runs WHERE status = 'failed'")
    assert call("runs", "retry", run).code == 0
    assert rows("SELECT status FROM runs ORDER BY started_at") == [("running",), ("succeeded",)]


def test_the_message_of_one_is_edited(call: Call, process: Call, flow: Path, tmp_path: Path) -> None:
    first, second = failed_runs(call, flow, "{}", '{"b": 1}')
    (tmp_path / "message.json").write_text('{"payload": {"a": 41}}')
    data = f"@{tmp_path / 'message.json'}"
    outcome = call("runs", "retry", "--all", "--data", data)
    assert (outcome.code, outcome.err) == (
        2,
        "error: --data is the message of one dead letter, and 2 are chosen; add --task ID\n",
    )
    outcome = call("runs", "retry", first, "--data", data)
    assert (outcome.code, debug_lines(outcome.err)) == (0, ['log: {"sum":42}'])
    outcome = process("runs", "retry", second, "--data", "-", stdin='{"payload": {"a": "x"}}')
    assert (outcome.code, debug_lines(outcome.err)) == (0, ['log: {"sum":"x1"}'])
    assert letters() == []


def test_dead_letters_are_chosen_by_filters(call: Call, flow: Path) -> None:
    first, second, _third = failed_runs(call, flow, "{}", '{"b": 1}', '{"c": 1}')
    mended(flow)
    for options in (["--flow", "test", "--node", "log"], ["--code", "HR310"], ["--error", "has `z`"]):
        outcome = call("runs", "retry", *options)
        assert (outcome.code, outcome.out) == (0, "no such dead letter\n")
    outcome = call("runs", "retry", "--node", "add", "--code", "220", "--error", "has `c`")
    assert (outcome.code, [run for run, _ in letters()]) == (0, [first, second])
    ((task,),) = rows(f"SELECT id FROM dead_letters WHERE run_id = '{second}'")
    assert call("runs", "retry", "--task", task).code == 0
    assert [run for run, _ in letters()] == [first]
    assert call("runs", "retry", "--all").code == 0
    assert letters() == []
    for arguments, message in (
        ([], "name what to retry: a RUN, --task ID, a filter such as --flow F, or --all"),
        (["0123"], "there is no run `0123`; `headrace runs list` lists them"),
        (["--task", "0123"], "there is no dead letter `0123`"),
        (["--flow", "tests"], "no flow `tests` was run; did you mean `test`?"),
        (
            ["--all", "--data", "{}"],
            "--data is the message of one dead letter, and 0 are chosen; add --task ID",
        ),
    ):
        assert call("runs", "retry", *arguments) == Outcome(2, "", f"error: {message}\n")


def test_what_set_gave_to_a_run_holds_for_its_retries(call: Call, tmp_path: Path) -> None:
    nodes = SUM.replace("$.payload.a + 1", "$vars.size + $.payload.a")
    path = write_flow(tmp_path, nodes, SUM_EDGES, spec="  vars: {size: 1}\n")
    for size in ("20", "300"):
        call("run", path, "--once", "--trigger", "start", "--data", "{}", "--set", f"vars.size={size}")
    path.write_text(path.read_text().replace("$vars.size + $.payload.a", "$vars.size + 1"))
    outcome = call("runs", "retry", "--all", "--json")
    assert sorted(debug_lines(outcome.err)) == ['log: {"sum":21}', 'log: {"sum":301}']
    assert outcome.code == 0
    failing = path.read_text().replace("$vars.size + 1", "$vars.size + $.payload.none")
    path.write_text(failing)
    call("run", path, "--once", "--trigger", "start", "--data", "{}", "--set", "vars.size=4000")
    path.write_text(failing.replace("$.payload.none", "1"))
    outcome = call("runs", "retry", "latest", "--set", "vars.size=5")
    assert debug_lines(outcome.err) == ['log: {"sum":6}']


def test_secrets_are_read_again_and_printed_nowhere(call: Call, tmp_path: Path) -> None:
    nodes = """
    start: {component: common-module/signal}
    call: {component: http-module/client, settings: {baseUrl: "{{$.secrets.address}}"}, input: {url: /x}}"""
    spec = "  secrets: [address]\n  retry: {maxAttempts: 1}\n"
    path = write_flow(tmp_path, nodes, "[start -> call]", spec=spec)
    (tmp_path / "env").write_text("HEADRACE_SECRET_ADDRESS=http://127.0.0.1:1/key-of-ours\n")
    call("run", path, "--once", "--env-file", tmp_path / "env")
    outcome = call("runs", "retry", "latest")
    assert (outcome.code, "`address` (HEADRACE_SECRET_ADDRESS)" in outcome.err) == (2, True)
    for command in (
        ["retry", "latest", "--env-file", tmp_path / "env"],
        ["show", "latest"],
        ["show", "latest", "--json"],
    ):
        outcome = call("runs", *command)
        assert ("HR" in outcome.out, "key-of-ours" in outcome.out + outcome.err) == (True, False)
    assert len(letters()) == 1


def test_a_file_that_is_gone_or_wrong_is_told_and_nothing_is_changed(call: Call, flow: Path) -> None:
    failed_runs(call, flow, "{}")
    text = flow.read_text()
    flow.write_text(text.replace("name: test", "name: other"))
    outcome = call("runs", "retry", "latest")
    assert (outcome.code, outcome.err) == (2, f"error: {flow} holds flow `other` now, and no more `test`\n")
    flow.write_text(text.replace("modify", "modifi"))
    outcome = call("runs", "retry", "latest")
    assert (outcome.code, "HR111 unknown component" in outcome.err) == (2, True)
    flow.unlink()
    outcome = call("runs", "retry", "latest")
    assert (outcome.code, f"cannot read {flow}: no such file or directory: it was" in outcome.err) == (
        2,
        True,
    )
    assert (len(letters()), rows("SELECT status FROM runs")) == (1, [("failed",)])


# ---- by others


def test_the_process_that_executes_the_flow_tries_them_again(call: Call, spawn: Spawn, flow: Path) -> None:
    _first, _second = failed_runs(call, flow, "{}", "{}")
    mended(flow)
    with executing(spawn, flow) as follower:
        outcome = call("runs", "retry", "--all")
        assert (outcome.code, outcome.err, outcome.out) == (
            0,
            "",
            f"process {follower.pid} tries 2 dead letters again\nLook at it: headrace runs list\n",
        )
        until(lambda: rows("SELECT status FROM runs") == [("succeeded",)] * 2, "both runs")
        assert debug_lines(ended(follower)) == ['log: {"sum":1}'] * 2
    assert letters() == []


def test_the_process_that_executes_the_flow_takes_an_edited_message_and_no_settings(
    call: Call, spawn: Spawn, flow: Path
) -> None:
    (run,) = failed_runs(call, flow, "{}")
    with executing(spawn, flow) as follower:
        outcome = call("runs", "retry", run, "--set", "vars.x=1")
        assert (
            outcome.code,
            f"--set cannot change flow `test`, which is being executed by process {follower.pid}; stop that one"
            in outcome.err,
        ) == (
            2,
            True,
        )
        outcome = call("runs", "retry", run, "--data", '{"payload": {"a": 7}}', "--json")
        (accepted,) = outcome.lines
        assert (outcome.code, accepted["event"], accepted["process"]) == (0, "letter_retried", follower.pid)
        until(lambda: rows("SELECT status FROM runs") == [("succeeded",)], "the run")
        assert debug_lines(ended(follower)) == ['log: {"sum":8}']


def test_two_retries_at_once_try_each_dead_letter_once(call: Call, spawn: Spawn, tmp_path: Path) -> None:
    path = waiting_flow(tmp_path, "2s")
    failed_runs(call, path, "{}", "{}", "{}")
    mended(path)
    both = [spawn("runs", "retry", "--all") for _ in range(2)]
    done = [one.communicate() for one in both]
    assert [line for _, err in done for line in debug_lines(err)] == ['log: {"sum":1}'] * 3
    assert "Traceback" not in "".join(err for _, err in done)
    assert 0 in [one.returncode for one in both]
    assert (letters(), rows("SELECT DISTINCT status FROM runs")) == ([], [("succeeded",)])
    assert rows("SELECT 1 FROM requests WHERE refusal IS NULL") == []


def test_the_asking_process_takes_the_place_of_one_that_dies_before_it_answers(
    call: Call, spawn: Spawn, flow: Path
) -> None:
    failed_runs(call, flow, "{}")
    mended(flow)
    with executing(spawn, flow) as follower:
        until(lambda: rows("SELECT 1 FROM triggers"), "the schedule")
        with silent(follower):
            asking_one = spawn("runs", "retry", "latest")
            asked()
    out, err = asking_one.communicate()
    assert (asking_one.returncode, debug_lines(err)) == (0, ['log: {"sum":1}'])
    assert "succeeded in" in out
    assert (letters(), rows("SELECT 1 FROM requests WHERE refusal IS NULL")) == ([], [])


def test_what_was_tried_again_by_a_process_that_died_is_finished_and_not_done_twice(
    call: Call, spawn: Spawn, tmp_path: Path
) -> None:
    """It died after it had opened the dead letter again, and before it said so."""
    path = waiting_flow(tmp_path, "3s")
    failed_runs(call, path, "{}")
    mended(path)
    with executing(spawn, path):
        assert call("runs", "retry", "latest").code == 0
        until(lambda: rows("SELECT 1 FROM tasks WHERE is_executing"), "the task")
    change("UPDATE requests SET refusal = NULL")
    outcome = call("run", path, "--once", "--trigger", "start")
    assert (outcome.code, debug_lines(outcome.err)) == (0, ['log: {"sum":1}'])
    assert rows("SELECT status FROM runs") == [("succeeded",)]
    assert rows("SELECT 1 FROM requests WHERE refusal IS NULL") == []


def test_runs_that_ask_are_answered_by_a_retry_that_executes_the_flow(
    call: Call, spawn: Spawn, tmp_path: Path
) -> None:
    path = waiting_flow(tmp_path, "60s")
    (run,) = failed_runs(call, path, "{}")
    mended(path)
    with spawn("runs", "retry", run) as retrying:
        until(lambda: rows("SELECT 1 FROM tasks WHERE is_executing"), "the task")
        assert call("runs", "cancel", run).code == 0
        out, _ = retrying.communicate()
    assert (retrying.returncode, "cancelled in" in out) == (1, True)
    assert rows("SELECT status FROM runs") == [("cancelled",)]


def test_a_retry_that_is_stopped_leaves_the_run_for_the_next_start(
    call: Call, spawn: Spawn, tmp_path: Path
) -> None:
    path = waiting_flow(tmp_path, "60s")
    (run,) = failed_runs(call, path, "{}")
    mended(path)
    with spawn("runs", "retry", run) as retrying:
        until(lambda: rows("SELECT 1 FROM tasks WHERE is_executing"), "the task")
        retrying.send_signal(signal.SIGINT)
        while "stopping:" not in retrying.stdout.readline():  # two that come at once may be one to the kernel
            pass
        retrying.send_signal(signal.SIGINT)
        out, _ = retrying.communicate()
    assert (retrying.returncode, "1 run is left unfinished for the next start" in out) == (130, True)
    assert rows("SELECT status FROM runs") == [("running",)]
