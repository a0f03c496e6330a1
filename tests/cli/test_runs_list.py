"""`headrace runs list` and `show`: what there is, for people and as JSON."""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.following import (
    SLOW,
    SLOW_EDGES,
    SUM,
    SUM_EDGES,
    executing,
    failed_runs,
    rows,
    store_file,
    until,
)
from tests.cli.outcome import Outcome, write_flow

from headrace.app.executing import Executing
from headrace.cli.runs.table import ago, listing
from headrace.store import Executor, FireRequest, RunRecord, RunStatus, VersionRecord
from headrace.store.sqlite import SqliteStore

S = 10**9
Call = Callable[..., Outcome]


def record(id_: str, flow: str, status: RunStatus = RunStatus.SUCCEEDED, **values: Any) -> RunRecord:
    ended = None if status is RunStatus.RUNNING else 4 * S
    return RunRecord(id_, flow, "v1", "start", 1 * S, 1 * S, {}, status, ended, **values)


LONG = "a-flow-with-quite-a-long-name"
RUNS = [
    record("3f0c9a6b52d14e88", "users", tasks_done=12_345),
    record("3f0c9a6b99999999", LONG, RunStatus.RUNNING, tasks_done=3),
    record("0123456789abcdef", "other", RunStatus.RUNNING),
    record("aaaaaaaaaaaaaaaa", "users", RunStatus.FAILED, dead_letters=2, error_count=3),
]


def listed(width: int) -> list[str]:
    return listing(RUNS, {"other": Executing((Executor(77),))}, width, 61 * S)


def test_without_a_terminal_a_run_is_a_line_with_its_whole_id() -> None:
    heading, *lines = listed(10_000)
    assert heading.split() == ["run", "flow", "status", "started", "took", "tasks", "errors", "dead"]
    assert [line.split()[0] for line in lines] == [run.id for run in RUNS]
    assert lines[0].split()[1:] == ["users", "succeeded", "1", "min", "ago", "3.0", "s", "12,345", "0", "0"]
    assert lines[1].endswith("  waits for `headrace run`")
    assert lines[2].endswith("  process 77")
    assert lines[3].endswith("3     2")


@pytest.mark.parametrize("width", [110, 100, 80])
def test_a_table_is_no_wider_than_the_terminal(width: int) -> None:
    lines = listed(width)
    assert max(map(len, lines)) <= width
    assert len(lines) == 1 + len(RUNS) + 2
    assert lines[3] == "  waits for `headrace run`"
    ids = [lines[place].split()[0] for place in (1, 2, 4, 6)]
    assert all(run.id.startswith(id_) for run, id_ in zip(RUNS, ids, strict=True))
    assert len(set(ids)) == len(RUNS)


def test_a_narrow_terminal_gets_a_few_lines_for_each_run() -> None:
    assert listed(40)[:7] == [
        "3f0c9a6b52d14e88  succeeded  1 min ago",
        "  users",
        "  3.0 s, tasks 12,345, errors 0, dead 0",
        "3f0c9a6b99999999  running  1 min ago",
        f"  {LONG}",
        "  1 min 0 s, tasks 3, errors 0, dead 0",
        "  waits for `headrace run`",
    ]
    assert max(map(len, listed(40))) <= 40


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7200, "2 h ago"),
        (200_000, "2 d ago"),
        (-5, "0 s ago"),
    ],
)
def test_times_are_told_as_how_long_ago(seconds: int, text: str) -> None:
    assert ago(0, seconds * S) == text


def in_terminal(columns: int, *arguments: str) -> list[str]:
    """Lines of the command in a terminal of its own."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    done = subprocess.Popen(
        [sys.executable, "-m", "headrace", *arguments], stdout=terminal, stderr=terminal, env=environment
    )
    os.close(terminal)
    text = b""
    while True:
        try:
            some = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not some:
            break
        text += some
    os.close(master)
    assert done.wait() == 0
    return text.decode().splitlines()


@pytest.mark.parametrize("columns", [80, 40])
def test_a_terminal_is_not_too_narrow(call: Call, tmp_path: Path, columns: int) -> None:
    failed_runs(call, write_flow(tmp_path, SUM, SUM_EDGES), "[1]")
    assert max(map(len, in_terminal(columns, "runs"))) <= columns
    shown = in_terminal(columns, "runs", "show", "latest")
    excerpt = [line for line in shown if "add: {component" in line or "^^" in line or str(tmp_path) in line]
    assert len(excerpt) >= 3  # lines of the file are shown as they are, and paths are not torn apart
    message = shown[shown.index("    {") :]
    rest = [line for line in shown if line not in excerpt + message]
    assert max(map(len, rest)) <= columns


def test_nothing_is_there_yet(call: Call) -> None:
    assert call("runs") == Outcome(0, "no run yet\n", "")
    assert call("runs", "list", "--status", "failed") == Outcome(0, "no such run\n", "")
    assert call("runs", "--json").lines == [{"runs": []}]
    assert call("runs", "show", "latest") == Outcome(2, "", "error: there is no run yet\n")


def test_runs_are_listed_by_flow_status_and_time(call: Call, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    (failed,) = failed_runs(call, path, "{}")
    assert call("run", path, "--once", "--trigger", "start", "--data", '{"a": 1}').code == 0

    def found(*options: str) -> list[str]:
        return [run["status"] for run in call("runs", *options, "--json").lines[0]["runs"]]

    assert found() == found("--flow", "test") == found("--since", "1h") == ["succeeded", "failed"]
    assert found("--limit", "1") == ["succeeded"]
    assert found("--status", "failed") == ["failed"]
    assert found("--status", "failed", "--status", "succeeded", "--status", "running") == found()
    assert found("--since", "1ms") == []
    (told,) = call("runs", "list", "--status", "failed", "--json").lines[0]["runs"]
    assert {**told, "version": "", "scheduledAt": "", "startedAt": "", "endedAt": "", "seconds": 0} == {
        "run": failed,
        "flow": "test",
        "status": "failed",
        "trigger": "start",
        "version": "",
        "scheduledAt": "",
        "startedAt": "",
        "endedAt": "",
        "seconds": 0,
        "process": None,
        "executors": [],
        "tasks": 1,
        "errors": 1,
        "retries": 0,
        "deadLetters": 1,
        "counters": {},
    }
    assert told["startedAt"] < told["endedAt"]
    outcome = call("runs", "--flow", "tset")
    assert (outcome.code, outcome.err) == (2, "error: no flow `tset` was run; did you mean `test`?\n")
    outcome = call("runs", "--since", "2 fortnights")
    assert (outcome.code, outcome.err.startswith("error: --since: ")) == (2, True)


def test_bounds_beyond_what_a_store_can_count_and_ids_that_are_no_text_are_no_bug(call: Call) -> None:
    for days in ("9" * 20, "9" * 400):
        assert call("runs", "--since", f"{days}d").code == 0
    outcome = call("runs", "--limit", "9" * 30)
    assert (outcome.code, "is not in the range" in outcome.err) == (2, True)
    outcome = call("runs", "show", "\udcff")
    assert (outcome.code, "there is no run `\ufffd`" in outcome.err) == (2, True)


def test_unfinished_runs_have_a_process_or_wait_for_one(
    spawn: Callable[..., Any], call: Call, tmp_path: Path
) -> None:
    path = write_flow(tmp_path, SLOW, SLOW_EDGES)
    with executing(spawn, path, "--once", "--trigger", "start") as process:
        until(lambda: rows("SELECT 1 FROM tasks WHERE is_executing"), "a task")
        (run,) = call("runs", "--json").lines[0]["runs"]
        assert (run["status"], run["process"], run["endedAt"]) == ("running", process.pid, None)
        assert call("runs").out.splitlines()[1].endswith(f"  process {process.pid}")
        assert f"process {process.pid}" in call("runs", "show", "latest").out
    assert call("runs", "--json").lines[0]["runs"][0]["process"] is None
    assert call("runs").out.splitlines()[1].endswith("  waits for `headrace run`")
    outcome = call("runs", "show", "latest")
    assert "waits for `headrace run`" in outcome.out
    (shown,) = call("runs", "show", run["run"][:5], "--json").lines
    (task,) = shown["openTasks"]
    assert (task["node"], task["port"], task["attempt"]) == ("wait", "in", 1)
    assert (shown["deadLetterList"], shown["errorList"]) == ([], [])


def test_a_run_is_shown_with_all_there_is(call: Call, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES, spec="  vars: {size: 5}\n")
    (run,) = failed_runs(call, path, '{"b": "\\u001b[31mred"}')
    (shown,) = call("runs", "show", run, "--json").lines
    (letter,) = shown["deadLetterList"]
    assert (shown["vars"], shown["isCurrentVersion"], shown["file"]) == ({"size": 5}, True, str(path))
    assert (letter["run"], letter["flow"], letter["node"], letter["port"]) == (run, "test", "add", "in")
    assert (letter["attempts"], letter["error"]["code"]) == (1, "HR220")
    assert letter["error"]["place"] == f"{path}:9:60"
    assert letter["error"] in shown["errorList"]
    assert letter["message"]["payload"] == {"b": "\x1b[31mred"}
    text = call("runs", "show", run[:6]).out
    assert letter["task"].partition(".")[2] in text
    assert f"{path}:9:60: HR220 add: cannot add 1 to null" in text
    assert 'sum: "{{$.payload.a + 1}}"' in text
    assert '"b": "\\u001b[31mred"' in text
    assert "\x1b" not in text
    assert text.endswith(f"\n\nTry again: headrace runs retry {run}\n")


def test_a_changed_file_makes_a_run_an_older_version(call: Call, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    failed_runs(call, path, "{}")
    assert ", the current one\n" in call("runs", "show", "latest").out
    path.write_text(f"# a comment\n{path.read_text()}")
    assert ", the current one\n" in call("runs", "show", "latest").out
    path.write_text(path.read_text().replace("+ 1", "+ 2"))
    assert ", older than the file\n" in call("runs", "show", "latest").out
    path.write_text("nodes: {")
    assert ", the file does not load now\n" in call("runs", "show", "latest").out
    path.unlink()
    assert call("runs", "show", "latest", "--json").lines[0]["isCurrentVersion"] is None


def test_a_long_message_is_cut_unless_full(call: Call, tmp_path: Path) -> None:
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    (tmp_path / "data.json").write_text(f'{{"text": "{"x" * 9_000}"}}')
    failed_runs(call, path, f"@{tmp_path / 'data.json'}")
    short, full = call("runs", "show", "latest").out, call("runs", "show", "latest", "--full").out
    assert short.count("x") < 4_100 < 9_000 <= full.count("x")
    assert "--full shows them" in short
    assert "--full" not in full


async def keep_runs(*ids: str) -> None:
    store = await SqliteStore.open(store_file())
    try:
        await store.adopt(VersionRecord("test", "v1", "/flows/test.yaml", "test.yaml", ""))
        for number, id_ in enumerate(ids):
            await store.fire(
                FireRequest(
                    "test", "v1", "start", "out", id_, 0, number + 1, {}, lambda _: None, on_request=True
                )
            )
    finally:
        await store.close()


def test_a_run_is_named_by_its_beginning(call: Call) -> None:
    call("runs")  # makes the store
    asyncio.run(keep_runs("aa11", "aa22", "aa2", "bb33"))

    def shown(text: str) -> str:
        outcome = call("runs", "show", text, "--json")
        return outcome.err if outcome.code else outcome.lines[0]["run"]

    assert [shown(text) for text in ("bb33", "b", "aa1", "aa2", "latest")] == [
        "bb33",
        "bb33",
        "aa11",
        "aa2",
        "bb33",
    ]
    assert shown("aa") == "error: several runs begin with `aa`: `aa2`, `aa22`, `aa11`\n"
    assert shown("bb34") == "error: there is no run `bb34`; did you mean `bb33`?\n"
    assert shown("lates") == "error: there is no run `lates`; did you mean `latest`?\n"
    assert shown("never") == "error: there is no run `never`; `headrace runs list` lists them\n"


def test_the_store_is_the_one_that_is_named(call: Call, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    path = write_flow(tmp_path, SUM, SUM_EDGES)
    outcome = call("run", path, "--once", "--trigger", "start", "--store", url)
    (run,) = call("runs", "--store", url, "--json").lines[0]["runs"]
    assert f"Look at it: headrace runs show {run['run']} --store {url}\n" in outcome.out
    assert call("runs").out == "no run yet\n"
    outcome = call("runs", "--store", f"{url}x")
    assert (outcome.code, outcome.err) == (2, f"error: there is no store at {tmp_path / 'own.dbx'}\n")
    assert call("runs", "--store", "memory").code == 2


def test_a_wrong_command_is_answered_with_the_nearest(call: Call) -> None:
    outcome = call("runs", "shwo")
    assert (outcome.code, outcome.err.splitlines()[0]) == (
        2,
        "error: no command `shwo`; did you mean `show`?",
    )
    assert "Commands:" in call("runs", "--help").out
