"""`headrace serve`, as a process: its link, its tokens, its end."""

import json
import logging
import os
import re
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.cli.following import rows, until
from tests.cli.outcome import Outcome

from headrace.app.folder import Folder
from headrace.errors import StoreError
from support.forked import Forked

Call: TypeAlias = Callable[..., Outcome]
Spawn: TypeAlias = Callable[..., Forked]

FLOW = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: small}
spec:
  nodes:
    go: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: DURATION}}
  edges:
    - go -> wait
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "flows"
    made.mkdir()
    (made / "small.yaml").write_text(FLOW.replace("DURATION", "10ms"))
    return made


def ask(url: str, token: str, path: str, body: object = None, host: str = "") -> tuple[int, object]:
    """Status and JSON of an answer of the API."""
    request = urllib.request.Request(url + "api/v1/" + path, headers={"Authorization": f"Bearer {token}"})
    if host:
        request.add_header("Host", host)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def begun(process, tokens: bool = True) -> tuple[str, str]:
    """The address and the token of the link that a server prints."""
    while line := process.stdout.readline():
        if found := re.match(r"Open (http://\S+?/)(?:#token=(\S+))?$", line):
            assert bool(found[2]) is tokens
            return found[1], found[2] or ""
    raise AssertionError(process.communicate())


def test_the_link_holds_a_token_that_opens_the_api_and_sigterm_ends_it_well(
    folder: Path, spawn: Spawn
) -> None:
    process = spawn("serve", folder, "--address", "127.0.0.1:0")
    url, token = begun(process)
    assert ask(url, "", "flows")[0] == 401
    status, fired = ask(url, token, "flows/small/triggers/go/fire", {})
    assert (status, set(fired)) == (202, {"run"})
    until(lambda: ask(url, token, f"runs/{fired['run']}")[1]["status"] != "running", "its end")
    with urllib.request.urlopen(url, timeout=20) as page:
        assert page.headers["Content-Type"].startswith("text/html")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert (process.returncode, out.splitlines()[-1]) == (0, "stopped")
    assert token not in err
    assert token not in (Path(os.environ["HEADRACE_HOME"]) / "audit.jsonl").read_text()


def test_each_start_has_a_token_of_its_own(folder: Path, spawn: Spawn) -> None:
    tokens = set()
    for _ in range(2):
        process = spawn("serve", folder, "--address", "127.0.0.1:0")
        tokens.add(begun(process)[1])
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode == 130
    assert len(tokens) == 2


def test_a_token_that_is_given_is_not_printed(folder: Path, spawn: Spawn, monkeypatch) -> None:
    monkeypatch.setenv("HEADRACE_TOKEN", "a-token-that-people-know")
    monkeypatch.setenv("HEADRACE_READ_TOKEN", "a-token-for-looking")
    process = spawn("serve", folder, "--address", "127.0.0.1:0", "-v")
    url, _ = begun(process, tokens=False)
    assert ask(url, "a-token-that-people-know", "session")[1]["access"] == "full"
    assert ask(url, "a-token-for-looking", "session")[1]["access"] == "read"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert "a-token" not in out + err


@pytest.mark.parametrize(
    ("tokens", "options", "says"),
    [
        ({}, ["--address", "0.0.0.0:0"], "other machines reach 0.0.0.0:0, so a token is needed"),
        ({}, ["--address", "[::]:0"], "other machines reach [::]:0, so a token is needed"),
        ({"HEADRACE_TOKEN": "short"}, [], "HEADRACE_TOKEN has 5 characters; 16 are the least"),
        ({"HEADRACE_TOKEN": "ünïcödetokenlang"}, [], "HEADRACE_TOKEN may have letters of ASCII"),
        ({"HEADRACE_TOKEN": "\udcff0123456789abcdef"}, [], "HEADRACE_TOKEN may have letters of ASCII"),
        ({"HEADRACE_READ_TOKEN": "two words are no token"}, [], "HEADRACE_READ_TOKEN may have letters"),
        ({"HEADRACE_READ_TOKEN": "x"}, [], "HEADRACE_READ_TOKEN has 1 character; 16 are the least"),
        (
            {"HEADRACE_TOKEN": "x" * 16, "HEADRACE_READ_TOKEN": "x" * 16},
            [],
            "HEADRACE_TOKEN and HEADRACE_READ_TOKEN are the same",
        ),
        ({}, ["--address", "nowhere"], "--address takes HOST:PORT, such as `127.0.0.1:8080`"),
        ({}, ["--listen", "nowhere"], "--listen takes HOST:PORT, such as `127.0.0.1:8090`"),
        ({}, ["--host-name", "http://flows.example"], "--host-name takes a name such as `flows.example`"),
        ({}, ["--host-name", "flows.example:8080"], "--host-name takes a name such as `flows.example`"),
        ({}, ["--host-name", ""], "--host-name takes a name such as `flows.example`"),
        ({}, ["--address", "127.0.0.1:99999"], "--address takes HOST:PORT"),
        ({}, ["--grace", "x"], "--grace: "),
        ({}, ["--store", "redis://x"], "`redis://x` names no store"),
    ],
)
def test_what_is_not_safe_or_not_right_is_refused(
    folder: Path, call: Call, monkeypatch, tokens, options, says
) -> None:
    for name, value in tokens.items():
        monkeypatch.setenv(name, value)
    done = call("serve", folder, "--address", "127.0.0.1:0", *options)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_other_machines_may_ask_where_there_is_a_token(folder: Path, spawn: Spawn, monkeypatch) -> None:
    monkeypatch.setenv("HEADRACE_TOKEN", "a-token-that-people-know")
    process = spawn("serve", folder, "--address", "0.0.0.0:0", "--host-name", "flows.example")
    url, _ = begun(process, tokens=False)
    url = url.replace("0.0.0.0", "127.0.0.1")
    assert ask(url, "a-token-that-people-know", "session", host="flows.example")[0] == 200
    assert ask(url, "a-token-that-people-know", "session", host="evil.example")[0] == 421
    process.kill()
    process.communicate()


def test_a_folder_that_is_not_there_or_an_address_that_is_taken_is_told(folder: Path, call: Call) -> None:
    done = call("serve", folder / "nope")
    assert (done.code, f"there is no folder {folder}/nope" in done.err) == (2, True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = call("serve", folder, "--address", address)
    assert done.code == 2
    assert f"cannot listen on {address}: address already in use; name another with --address" in done.err


def test_a_folder_without_a_flow_is_told_and_what_comes_is_taken_over(tmp_path: Path, spawn: Spawn) -> None:
    process = spawn("serve", tmp_path, "--address", "127.0.0.1:0")
    assert process.stdout.readline() == f"headrace serves 0 flows of {tmp_path}\n"
    assert "no YAML file there has a line `apiVersion: headrace.dev/…`" in process.stdout.readline()
    url, token = begun(process)
    (tmp_path / "small.yaml").write_text(FLOW.replace("DURATION", "10ms"))
    until(lambda: ask(url, token, "flows")[1]["flows"], "the flow")
    process.kill()
    process.communicate()


def test_v_alone_logs_all_details(folder: Path, call: Call, monkeypatch) -> None:
    async def follow(_) -> None:
        logging.getLogger("headrace.test").info("what it does")
        logging.getLogger("headrace.test").debug("a detail")
        raise StoreError("the disk is gone")

    monkeypatch.setattr(Folder, "follow", follow)
    for options, details in ((), 0), (("-v",), 1):
        said = call("serve", folder, "--address", "127.0.0.1:0", *options).err
        assert (said.count("what it does"), said.count("a detail")) == (1, details)


def test_blanks_around_a_token_do_not_count(folder: Path, spawn: Spawn, monkeypatch) -> None:
    monkeypatch.setenv("HEADRACE_TOKEN", "a-token-that-people-know\n")
    process = spawn("serve", folder, "--address", "127.0.0.1:0")
    url, _ = begun(process, tokens=False)
    assert ask(url, "a-token-that-people-know", "session")[1]["access"] == "full"
    process.kill()
    process.communicate()


def test_running_tasks_end_also_where_nobody_reads_what_it_prints(folder: Path, spawn: Spawn) -> None:
    (folder / "small.yaml").write_text(FLOW.replace("DURATION", "2s"))
    with spawn("serve", folder, "--address", "127.0.0.1:0") as process:
        url, token = begun(process)
        _, fired = ask(url, token, "flows/small/triggers/go/fire", {})
        until(lambda: ask(url, token, "flows/small")[1]["live"]["nodes"]["wait"]["active"], "the task")
        process.stdout.close()
        process.send_signal(signal.SIGTERM)
        process.wait()
    assert rows(f"SELECT ended_at IS NOT NULL FROM runs WHERE id = '{fired['run']}'") == [(1,)]


def test_a_server_that_is_killed_goes_on_with_what_it_left(folder: Path, spawn: Spawn) -> None:
    (folder / "small.yaml").write_text(FLOW.replace("DURATION", "3s"))
    process = spawn("serve", folder, "--address", "127.0.0.1:0")
    url, token = begun(process)
    _, fired = ask(url, token, "flows/small/triggers/go/fire", {})
    process.kill()
    process.communicate()
    process = spawn("serve", folder, "--address", "127.0.0.1:0")
    url, token = begun(process)
    assert ask(url, token, f"runs/{fired['run']}")[1]["status"] == "running"
    until(lambda: ask(url, token, "flows/small")[1]["live"]["nodes"]["wait"]["active"], "the task")
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0  # it had 30 s to end
    process = spawn("serve", folder, "--address", "127.0.0.1:0")
    url, token = begun(process)
    assert ask(url, token, f"runs/{fired['run']}")[1]["status"] == "succeeded"
    process.kill()
    process.communicate()


def test_a_second_signal_cuts_off_what_is_executing(folder: Path, spawn: Spawn) -> None:
    (folder / "small.yaml").write_text(FLOW.replace("DURATION", "1h"))
    process = spawn("serve", folder, "--address", "127.0.0.1:0")
    url, token = begun(process)
    ask(url, token, "flows/small/triggers/go/fire", {})
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline().startswith("stopping: running tasks have 30 s to end")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    assert process.returncode == 143
    assert out.splitlines()[-1] == "stopped; 1 run is left unfinished for the next start"


def test_a_store_that_fails_ends_it_with_a_message(folder: Path, call: Call, monkeypatch) -> None:
    async def follow(_) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(Folder, "follow", follow)
    done = call("serve", folder, "--address", "127.0.0.1:0")
    assert (done.code, "the disk is gone" in done.err, "Traceback" in done.err) == (1, True, False)


def test_a_trigger_that_is_paused_says_so_where_its_flow_is_run(folder: Path, spawn: Spawn) -> None:
    process = spawn("serve", folder, "--address", "127.0.0.1:0")
    url, token = begun(process)
    assert ask(url, token, "flows/small/triggers/go/pause", {})[1]["isPaused"]
    process.send_signal(signal.SIGTERM)
    process.communicate()
    process = spawn("run", folder / "small.yaml", "--json")
    said = json.loads(process.stdout.readline())
    process.kill()
    process.communicate()
    assert (said["event"], said["text"].startswith("go is paused: ")) == ("notice", True)
