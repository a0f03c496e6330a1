"""`headrace run` in a process of its own: what it prints, how it ends, how it is stopped."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.outcome import Outcome, write_flow

HELLO = """
    start: {component: common-module/signal, settings: {payload: {who: world}}}
    greet: {component: common-module/modify, input: {text: "Hello {{$.payload.who}}"}}
    log: {component: common-module/debug}"""
HELLO_EDGES = "[start -> greet -> log]"
FAILING = """
    start: {component: common-module/signal}
    add: {component: common-module/modify, input: {sum: "{{$.payload.a + 1}}"}}"""
SLOW = """
    start: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: %s}}
    log: {component: common-module/debug}"""
SLOW_EDGES = "[start -> wait -> log]"
TICKING = """
    tick: {component: common-module/ticker, settings: {interval: 50ms, maxEmissions: 3}}
    log: {component: common-module/debug}"""
TICKING_EDGES = "[tick -> log]"

Process = Callable[..., Outcome]


def steady(text: str) -> str:
    """Run ids and durations, which differ each time, replaced."""
    text = re.sub(r"\b[0-9a-f]{16}\b", "RUN", text)
    return re.sub(r"in [\d.]+ (ms|s)\b", "in TIME", text)


def messages(outcome: Outcome) -> list[str]:
    """What debug nodes logged."""
    return [line.partition("headrace.debug: ")[2] for line in outcome.err.splitlines()]


def test_once_fires_and_ends_with_the_run(process: Process, tmp_path: Path) -> None:
    outcome = process("run", write_flow(tmp_path, HELLO, HELLO_EDGES), "--once")
    assert (outcome.code, steady(outcome.out)) == (
        0,
        "run RUN of test started by start\nsucceeded in TIME\n",
    )
    assert messages(outcome) == ['log: {"text":"Hello world"}']


@pytest.mark.parametrize("kind", ["text", "file", "stdin"])
def test_data_is_the_payload(process: Process, tmp_path: Path, kind: str) -> None:
    path = write_flow(tmp_path, HELLO, HELLO_EDGES)
    text = '{"who": "Zoë"}'
    (tmp_path / "data.json").write_text(text)
    argument = {"text": text, "file": f"@{tmp_path / 'data.json'}", "stdin": "-"}[kind]
    outcome = process("run", path, "--once", "--data", argument, stdin=text)
    assert (outcome.code, messages(outcome)) == (0, ['log: {"text":"Hello Zoë"}'])


def test_a_var_is_set_and_keeps_its_type(process: Process, tmp_path: Path) -> None:
    nodes = """
    start: {component: common-module/signal}
    shape: {component: common-module/modify, input: {size: "{{$vars.size + 1}}", name: "{{$vars.name}}"}}
    log: {component: common-module/debug}"""
    path = write_flow(tmp_path, nodes, "[start -> shape -> log]", spec="  vars: {size: 1, name: x}\n")
    outcome = process("run", path, "--once", "--set", "vars.size=41", "--set", "vars.name=7")
    assert (outcome.code, messages(outcome)) == (0, ['log: {"size":42,"name":"7"}'])


def test_a_failed_run_shows_its_error_with_place_and_caret(process: Process, tmp_path: Path) -> None:
    path = write_flow(tmp_path, FAILING, "[start -> add]")
    outcome = process("run", path, "--once")
    assert (outcome.code, outcome.err) == (1, "")
    assert steady(outcome.out) == (
        "run RUN of test started by start\n"
        f"{path}:7:60: HR220 add: cannot add 1 to null: `$.payload.a` is missing; `payload` is null (given up)\n"
        '      add: {component: common-module/modify, input: {sum: "{{$.payload.a + 1}}"}}\n'
        f"{' ' * 61}^^^^^^^^^^^\n"
        "failed in TIME: 1 error, 1 dead letter\n"
        "Look at it: headrace runs show RUN\n"
        "Try again: headrace runs retry RUN\n"
        "Read more: headrace explain HR220\n"
    )


def test_dead_letters_of_several_runs_and_of_a_run_that_is_left_are_told_below(
    process: Process, spawn: Callable[..., Any], tmp_path: Path
) -> None:
    path = write_flow(
        tmp_path, TICKING.replace("debug", "modify, input: {a: '{{$.payload.a + 1}}'}"), TICKING_EDGES
    )
    told = process("run", path).out.splitlines()[-3:]
    assert told[:2] == [
        "Look at them: headrace runs list --flow test --status failed",
        "Try again: headrace runs retry --flow test",
    ]
    assert "headrace runs" not in process("run", path, "--store", "memory").out
    nodes = SLOW % "60s" + FAILING.replace("\n    start: {component: common-module/signal}", "")
    path = write_flow(tmp_path, nodes, "[start -> add, start -> wait -> log]", name="slow.yaml")
    path.write_text(path.read_text().replace("name: test", "name: slow"))
    with spawn("run", path, "--once") as left:
        started(left)
        assert "HR220" in left.stdout.readline()
        while left.poll() is None:  # two that come at once may be one to the kernel
            left.send_signal(signal.SIGINT)
            time.sleep(0.05)
        out, _ = left.communicate()
    assert re.search(r"Try again: headrace runs retry [0-9a-f]{16}\n", out)


def test_json_is_an_object_a_line_for_every_event(process: Process, tmp_path: Path) -> None:
    path = write_flow(tmp_path, FAILING, "[start -> add]")
    outcome = process("run", path, "--once", "--json")
    started, error, progress, ended = outcome.lines
    run, version = started["run"], started["version"]
    assert outcome.code == 1
    assert started == {
        "event": "run_started",
        "at": started["at"],
        "run": run,
        "flow": "test",
        "version": version,
        "trigger": "start",
    }
    assert {**error, "message": "", "excerpt": "", "place": ""} == {
        "event": "error",
        "at": error["at"],
        "run": run,
        "code": "HR220",
        "message": "",
        "node": "add",
        "place": "",
        "excerpt": "",
        "attempt": 1,
        "fate": "dead",
        "retryable": False,
        "context": {},
    }
    node = {"received": 1, "active": 0, "failed": 1, "itemsDone": 0, "itemsTotal": 0}
    assert (progress["event"], progress["runs"], progress["nodes"]) == ("progress", [run], {"add": node})
    assert ended == {
        "event": "run_ended",
        "at": ended["at"],
        "run": run,
        "flow": "test",
        "trigger": "start",
        "status": "failed",
        "seconds": ended["seconds"],
        "counters": {},
        "errors": 1,
        "retries": 0,
        "deadLetters": 1,
        "tasks": 1,
    }


def test_a_schedule_with_an_end_is_followed_to_it(process: Process, tmp_path: Path) -> None:
    outcome = process("run", write_flow(tmp_path, TICKING, TICKING_EDGES))
    assert (outcome.code, outcome.out.count("succeeded in")) == (0, 3)


def test_a_failure_of_a_scheduled_run_is_in_the_exit_code(process: Process, tmp_path: Path) -> None:
    nodes = TICKING.replace("log: {", 'log: {input: {a: "{{$.payload.missing + 1}}"}, ')
    nodes = nodes.replace("debug", "modify")
    outcome = process("run", write_flow(tmp_path, nodes, TICKING_EDGES))
    assert (outcome.code, outcome.out.count("failed in")) == (1, 3)


def test_warnings_are_shown_before_the_run(process: Process, tmp_path: Path) -> None:
    nodes = HELLO + "\n    lost: {component: common-module/modify}"
    outcome = process("run", write_flow(tmp_path, nodes, HELLO_EDGES), "--once")
    assert (outcome.code, "HR106 warning: " in outcome.err.splitlines()[0]) == (0, True)


TWO = """
    morning: {component: common-module/signal}
    evening: {component: common-module/ticker, settings: {interval: 1h}, control: {start: false}}
    log: {component: common-module/debug}"""


@pytest.mark.parametrize(
    ("nodes", "arguments", "message"),
    [
        (TWO, ["--once"], "test has several triggers; choose one with --trigger: `morning`, `evening`"),
        (TWO, ["--once", "--trigger", "mornin"], "test has no trigger `mornin`; did you mean `morning`?"),
        (TWO, ["--store", "memory"], "`evening` of test has `control: {start: false}`; use --once"),
        (TWO, ["--trigger", "morning"], "--trigger goes with --once"),
        (TWO, ["--data", "1"], "--data goes with --once"),
        (TWO, ["--once", "--trigger", "evening", "--data", "{"], None),
        (TWO, ["--once", "--trigger", "evening", "--grace", "5"], "--grace: `5` has no unit; write `5s`"),
        (TWO, ["--once", "--trigger", "evening", "--store", "x:y"], None),
        (TWO, ["--set", "novalue"], "--set takes K=V, such as `vars.pageSize=50`, not `novalue`"),
        (
            HELLO,
            ["--store", "memory"],
            "the triggers of test (`start`) fire on request only, and nobody else sees a store in memory; use "
            "--once",
        ),
        (HELLO, ["--next", "3"], "no trigger of test fires by itself"),
        (HELLO, ["--next", "9" * 20], None),
    ],
)
def test_wrong_usage_is_told(
    call: Callable[..., Outcome], tmp_path: Path, nodes: str, arguments: list[str], message: str | None
) -> None:
    edges = HELLO_EDGES if nodes == HELLO else "[morning -> log, evening -> log]"
    outcome = call("run", write_flow(tmp_path, nodes, edges), *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert message is None or outcome.err == f"error: {message}\n"


def test_a_folder_is_no_flow_and_is_told_who_takes_it(call: Callable[..., Outcome], tmp_path: Path) -> None:
    outcome = call("run", tmp_path)
    said = (
        f"error: {tmp_path} is a folder; name a flow file, or let `headrace serve {tmp_path}` execute all\n"
    )
    assert (outcome.code, outcome.out, outcome.err) == (2, "", said)


def test_findings_keep_a_flow_from_running(call: Callable[..., Outcome], tmp_path: Path) -> None:
    outcome = call("run", write_flow(tmp_path, "\n    start: {component: no/such}"), "--once")
    assert (outcome.code, outcome.out, "HR111 unknown component `no/such`" in outcome.err) == (2, "", True)


def test_missing_secrets_are_all_named(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = write_flow(tmp_path, HELLO, HELLO_EDGES, spec="  secrets: [apiToken, dbPassword]\n")
    outcome = call("run", path, "--once")
    assert (outcome.code, outcome.out) == (2, "")
    assert "`apiToken` (HEADRACE_SECRET_API_TOKEN)" in outcome.err
    assert "`dbPassword` (HEADRACE_SECRET_DB_PASSWORD)" in outcome.err


def test_a_secret_is_printed_nowhere(process: Process, tmp_path: Path) -> None:
    nodes = """
    start: {component: common-module/signal}
    call: {component: http-module/client, settings: {baseUrl: "{{$.secrets.address}}"}, input: {url: /x}}"""
    spec = "  secrets: [address]\n  retry: {maxAttempts: 1}\n"
    path = write_flow(tmp_path, nodes, "[start -> call]", spec=spec)
    secret = "http://127.0.0.1:1/key-of-ours"
    (tmp_path / "env").write_text(f"HEADRACE_SECRET_ADDRESS={secret}\n")
    for options in ([], ["--json"], ["-vv"]):
        outcome = process("run", path, "--once", "--env-file", tmp_path / "env", *options)
        assert outcome.code == 1
        assert "key-of-ours" not in outcome.out + outcome.err


def test_next_prints_firings_to_come(call: Callable[..., Outcome], tmp_path: Path) -> None:
    nodes = """
    night: {component: common-module/cron, settings: {schedule: "30 2 * * *"}}
    log: {component: common-module/debug}"""
    path = write_flow(tmp_path, nodes, "[night -> log]")
    outcome = call("run", path, "--next", "3")
    assert outcome.code == 0
    assert [re.sub(r"^\d{4}-\d\d-\d\d", "DAY", line) for line in outcome.out.splitlines()] == [
        "DAYT02:30:00Z  night"
    ] * 3
    as_json = call("run", path, "--next", "1", "--json")
    assert as_json.lines == [{"trigger": "night", "at": outcome.out.split()[0]}]


# ---- stopping


def started(process: "subprocess.Popen[str]") -> str:
    """Wait until a run has begun; gives its line."""
    assert process.stdout is not None
    return process.stdout.readline()


def test_ctrl_c_lets_running_tasks_end(spawn: Callable[..., Any], tmp_path: Path) -> None:
    with spawn("run", write_flow(tmp_path, SLOW % "700ms", SLOW_EDGES), "--once") as process:
        started(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, steady(out)) == (
        130,
        "stopping: running tasks have 30 s to end; press Ctrl-C again to stop at once\n"
        "succeeded in TIME\n"
        "stopped; no run is left unfinished\n",
    )
    assert "headrace.debug: log: " in err


def test_a_second_ctrl_c_stops_at_once(spawn: Callable[..., Any], tmp_path: Path) -> None:
    with spawn("run", write_flow(tmp_path, SLOW % "60s", SLOW_EDGES), "--once") as process:
        started(process)
        process.send_signal(signal.SIGINT)
        said = process.stdout.readline()
        began_s = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert said.startswith("stopping: ")
    assert (process.returncode, out, err) == (
        130,
        "stopped; 1 run is left unfinished for the next start\n",
        "",
    )
    assert time.monotonic() - began_s < 20  # of the 30 s that the first gave


def test_the_grace_period_bounds_the_wait(spawn: Callable[..., Any], tmp_path: Path) -> None:
    path = write_flow(tmp_path, SLOW % "60s", SLOW_EDGES)
    with spawn("run", path, "--once", "--grace", "100ms") as process:
        started(process)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()
    assert (process.returncode, out.splitlines()[0]) == (
        143,
        "stopping: running tasks have 0.1 s to end; a second signal means at once",
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_follower_without_a_run_stops_at_once(
    spawn: Callable[..., Any], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    nodes = TICKING.replace("50ms, maxEmissions: 3", "1h")
    with spawn("run", write_flow(tmp_path, nodes, TICKING_EDGES)) as process:
        started(process)
        assert process.stdout.readline().startswith("succeeded in")
        os.kill(process.pid, number)
        out, err = process.communicate()
    assert (process.returncode, out) == (code, "stopped; no run is left unfinished\n")
    assert "Traceback" not in err
