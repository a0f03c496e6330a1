"""`headrace runs watch`, with real servers and processes: what it tells, when it ends, and what ends under it."""

import asyncio
import json
import os
import re
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TypeAlias

import pytest
from tests.cli.following import SLOW, SLOW_EDGES, executing, rows, until
from tests.cli.outcome import Outcome, write_flow
from tests.cli.screen import last_frame, on_terminal
from tests.cli.test_serve import ask, begun

from headrace.app import home_folder
from headrace.app.announcement import Announcement, announced
from headrace.app.session import open_store
from headrace.cli.runs.watch.follower import Follower
from headrace.cli.runs.watch.kept import StoreSource
from headrace.cli.runs.watch.line import JsonBoardView
from headrace.cli.runs.watch.place import Place, given_server
from headrace.cli.runs.watch.source import SourceLost
from headrace.cli.runs.watch.target import Target
from headrace.cli.runs.watch.watching import watch_runs
from headrace.cli.watch import Event
from headrace.errors import UsageError
from headrace.store import Store
from support.forked import Forked

Call: TypeAlias = Callable[..., Outcome]
Spawn: TypeAlias = Callable[..., Forked]

TOKEN = "a-token-that-people-know"
FLOW = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: small}
spec:
  retry: {maxAttempts: 1}
  nodes:
    go: {component: common-module/signal}
    iterate:
      component: common-module/iterator
      settings: {batchSize: 10, continueOnError: CONTINUES}
      input: {array: "{{range(0, 95)}}"}
    wait: {component: common-module/delay, settings: {duration: DURATION}}
    check:
      component: common-module/modify
      input: {x: "{{$.batchNum == 5 ? fail('five is wrong') : 1}}"}
  edges: [go -> iterate, iterate:batch -> wait -> check]
"""


class Server:
    """A `headrace serve`, and what tests ask of it."""

    def __init__(self, spawn: Spawn, folder: Path, *options: str) -> None:
        self.process = spawn("serve", folder, "--address", "127.0.0.1:0", *options)
        url, self.token = begun(self.process, tokens="HEADRACE_TOKEN" not in os.environ)
        self.url = url.rstrip("/")

    def fire(self) -> str:
        return ask(self.url + "/", self.token or TOKEN, "flows/small/triggers/go/fire", {})[1]["run"]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def serve(tmp_path: Path, spawn: Spawn) -> Iterator[Callable[..., Server]]:
    """Start a server of the flow; killed at the end."""
    folder = tmp_path / "flows"
    folder.mkdir()
    started: list[Server] = []

    def begin(duration: str = "100ms", *options: str, continues: bool = True) -> Server:
        text = FLOW.replace("DURATION", duration).replace("CONTINUES", str(continues).lower())
        (folder / "small.yaml").write_text(text)
        started.append(Server(spawn, folder, *options))
        return started[-1]

    yield begin
    for server in started:
        if server.process.poll() is None:
            server.kill()


def home() -> Path:
    return Path(os.environ["HEADRACE_HOME"])


def told(process: Forked, what: str) -> str:
    """Read what a watcher prints up to a line that has a text in it."""
    lines = []
    while line := process.stdout.readline():
        lines.append(line)
        if what in line:
            return "".join(lines)
    raise AssertionError((what, lines, process.communicate()))


def interrupted(process: Forked) -> Outcome:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    return Outcome(process.returncode, out, err)


def test_a_run_is_watched_to_its_end_as_json(serve, process) -> None:
    server = serve("250ms")
    run = server.fire()
    outcome = process("runs", "watch", run[:10], "--json")
    kinds = list(dict.fromkeys(line["event"] for line in outcome.lines))
    assert (outcome.code, outcome.err) == (0, "")
    assert kinds[:2] == ["notice", "run_resumed"]
    assert (kinds[-1], sorted(kinds[2:-1])) == ("run_ended", ["error", "progress"])
    by_kind = {line["event"]: line for line in outcome.lines}
    assert by_kind["notice"]["text"] == f"watching {server.url}"
    progress = by_kind["progress"]  # the last one
    assert (progress["runs"], progress["flow"], progress["done"], progress["total"]) == (
        [run],
        "small",
        95,
        95,
    )
    assert progress["nodes"]["wait"]["received"] == 10
    assert (by_kind["error"]["run"], by_kind["error"]["message"]) == (run, "five is wrong")
    assert by_kind["error"]["place"].endswith("small.yaml:15:39")
    ended = by_kind["run_ended"]
    assert (ended["status"], ended["errors"], ended["counters"]) == ("succeeded", 1, {"iterate.items": 95})


def test_a_run_that_fails_and_one_that_has_ended_are_told_with_exit_code_1(serve, process) -> None:
    server = serve(continues=False)
    run = server.fire()
    watched = process("runs", "watch", "latest")
    again = process("runs", "watch", run)
    assert (watched.code, again.code) == (1, 1)
    for outcome in (watched, again):
        assert re.search(r"small\.yaml:15:39: HR\d+ check: five is wrong \(given up", outcome.out)
        assert outcome.out.splitlines()[-1].startswith(f"run {run} of small failed in ")


def test_all_runs_are_told_each_once_also_those_that_end_at_once(serve, spawn) -> None:
    server = serve("0ms")
    before = server.fire()
    until(lambda: rows(f"SELECT 1 FROM runs WHERE id = '{before}' AND ended_at IS NOT NULL"), "its end")
    watcher = spawn("runs", "watch", "small")
    told(watcher, "watching ")
    fired = [server.fire() for _ in range(5)]
    said = told(watcher, f"run {fired[-1]} of small succeeded in ")
    outcome = interrupted(watcher)
    assert (outcome.code, outcome.err) == (130, "")
    assert before not in said
    for run in fired:
        assert len(re.findall(f"run {run} of small started by go\n", said)) == 1
        assert len(re.findall(f"run {run} of small succeeded in .*: 95 items, 1 error handled\n", said)) == 1


def test_on_a_terminal_the_run_its_nodes_and_its_errors_stay_to_be_seen(serve) -> None:
    server = serve("50ms")
    run = server.fire()
    code, written = on_terminal(100, "runs", "watch", run)
    frame = last_frame(written)
    assert (code, f"watching {server.url}" in written, server.token in written) == (0, True, False)
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # the cursor is back
    assert re.match(rf"{run}  small  go  +succeeded +0:\d\d +\d+ +1 +0$", frame[1])
    assert [line.split()[0] for line in frame[2:6]] == ["node", "iterate", "wait", "check"]
    assert "100% · 95 of 95 · 10 batches" in frame[6]
    assert re.search(r"HR\d+ check: five is wrong|small\.yaml:15:39", frame[7])
    assert f"run {run} of small succeeded in " in written


@pytest.mark.parametrize("target", ["nope", "ffff", "", b"\xff"])
def test_what_is_not_there_is_told_in_a_line(serve, process, target) -> None:
    serve().fire()
    outcome = process("runs", "watch", os.fsdecode(target))
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    told = os.fsdecode(target).replace("\udcff", "\ufffd")
    assert f"there is no run and no flow `{told}`" in outcome.err


def test_the_server_writes_down_where_it_is_with_a_token_for_looking(serve) -> None:
    server = serve()
    file = home() / "serve.json"
    found = json.loads(file.read_text())
    assert (found["url"], found["process"]) == (server.url, server.process.pid)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ask(server.url + "/", found["token"], "session")[1]["access"] == "read"
    server.process.send_signal(signal.SIGTERM)
    server.process.communicate()
    assert not file.exists()


def test_an_address_that_stands_for_all_is_written_as_one_that_can_be_asked(
    serve, process, monkeypatch
) -> None:
    monkeypatch.setenv("HEADRACE_TOKEN", TOKEN)
    server = serve("100ms", "--address", "0.0.0.0:0")
    port = server.url.rpartition(":")[2]
    server.url = f"http://127.0.0.1:{port}"
    run = server.fire()
    outcome = process("runs", "watch", run)
    assert (outcome.code, outcome.out.splitlines()[0]) == (0, f"watching http://127.0.0.1:{port}")
    assert TOKEN not in (home() / "serve.json").read_text() + outcome.out


@pytest.mark.parametrize("variable", ["HEADRACE_TOKEN", "HEADRACE_READ_TOKEN"])
def test_a_url_is_asked_with_the_token_of_the_environment(
    serve, process, monkeypatch, tmp_path, variable
) -> None:
    server = serve()
    run = server.fire()
    token = server.token if variable == "HEADRACE_TOKEN" else json.loads(read_file())["token"]
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "another"))
    monkeypatch.setenv(variable, token)
    outcome = process("runs", "watch", run, "--url", server.url)
    assert (outcome.code, token in outcome.out + outcome.err) == (0, False)


def read_file() -> str:
    return (home() / "serve.json").read_text()


def test_the_link_that_was_printed_is_enough(serve, process, monkeypatch, tmp_path) -> None:
    server = serve()
    run = server.fire()
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "another"))
    outcome = process("runs", "watch", run, "--url", f"{server.url}/#token={server.token}")
    assert (outcome.code, server.token in outcome.out + outcome.err) == (0, False)


def test_a_wrong_token_and_none_are_told_in_a_line(serve, process, monkeypatch) -> None:
    server = serve()
    none = process("runs", "watch", "--url", server.url)
    monkeypatch.setenv("HEADRACE_TOKEN", "a-wrong-token-by-mistake")
    wrong = process("runs", "watch", "--url", server.url)
    for outcome, says in ((none, "needs a token"), (wrong, "refuses the token")):
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == f"error: {server.url} {says}; set HEADRACE_TOKEN or HEADRACE_READ_TOKEN\n"


class _Other(BaseHTTPRequestHandler):
    """A server of another kind."""

    body = b"no"

    def do_GET(self) -> None:
        status, place = (302, "/api/v1/session?") if self.path.endswith("moved/api/v1/session") else (404, "")
        self.send_response(status)
        self.send_header("Location", place)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def other() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Other) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_is_no_server_of_headrace_is_told_in_a_line(process, other) -> None:
    for url in (other, f"{other}/moved"):
        outcome = process("runs", "watch", "--url", url)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == f"error: {url} does not answer as `headrace serve` does\n"


def test_what_says_as_headrace_would_that_it_has_no_session_is_no_server_of_headrace(
    process, other, monkeypatch
) -> None:
    monkeypatch.setattr(_Other, "body", b'{"error": {"message": "not found"}}')
    outcome = process("runs", "watch", "--url", other)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {other} does not answer as `headrace serve` does\n"


@pytest.mark.parametrize(
    "url", ["nowhere", "ftp://x", "http://", "http://a:b@c", "http://x:99999", "http://[x"]
)
def test_what_is_no_url_is_told_in_a_line(call, url) -> None:
    outcome = call("runs", "watch", "--url", url)
    assert (outcome.code, outcome.out, outcome.err.startswith("error: --url")) == (2, "", True)
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("token", ["a\nb", "\udcff", "ü", "a b"])
def test_what_is_no_token_is_told_in_a_line(call, monkeypatch, token) -> None:
    monkeypatch.setenv("HEADRACE_TOKEN", token)
    outcome = call("runs", "watch", "--url", "http://127.0.0.1:1")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith("error: HEADRACE_TOKEN may have ")


def test_of_a_url_and_a_store_there_is_one(call) -> None:
    both = call("runs", "watch", "--url", "http://x", "--store", "sqlite:///x")
    assert (both.code, "give one of them" in both.err) == (2, True)
    memory = call("runs", "watch", "--store", "memory")
    assert (memory.code, "is seen by its process alone" in memory.err) == (2, True)
    missing = call("runs", "watch", "--store", "sqlite:///nope.db")
    assert (missing.code, "there is no store at" in missing.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("http://h:1/#token=t", {"HEADRACE_TOKEN": "e"}, ("http://h:1", "t")),
        ("https://h/below/", {"HEADRACE_TOKEN": "e"}, ("https://h/below", "e")),
        ("http://[::1]:8", {"HEADRACE_TOKEN": "e", "HEADRACE_READ_TOKEN": "r"}, ("http://[::1]:8", "r")),
        ("http://h", {}, ("http://h", "")),
        ("http://h", {"HEADRACE_TOKEN": " e\n"}, ("http://h", "e")),
    ],
)
def test_a_url_and_its_token(text, environment, expected) -> None:
    assert given_server(text, environment) == expected


NO_SERVER = "no server of the home folder answers, so this is what the store knows"


def test_without_a_server_it_tells_what_the_store_knows_to_the_end(tmp_path, spawn, process) -> None:
    path = write_flow(tmp_path, SLOW, SLOW_EDGES)
    with executing(spawn, path) as running:
        process("signal", "test", "start")
        (run,) = until(lambda: rows("SELECT id FROM runs"), "a run")[0]
        watcher = spawn("runs", "watch", "test", "--json")
        progress = json.loads(told(watcher, '"progress"').splitlines()[-1])
        assert (progress["runs"], progress["process"], progress["openTasks"]) == ([run], running.pid, 1)
        process("runs", "cancel", run)
        ended = json.loads(told(watcher, '"run_ended"').splitlines()[-1])
        assert (ended["run"], ended["status"]) == (run, "cancelled")
        assert interrupted(watcher).code == 130
    watched = process("runs", "watch", run)
    assert (watched.code, watched.out.count(NO_SERVER)) == (1, 1)
    assert watched.out.splitlines()[-1].startswith(f"run {run} of test cancelled in ")


def test_a_store_that_is_named_is_looked_into(tmp_path, process) -> None:
    url = f"sqlite:///{tmp_path}/another.db"
    path = write_flow(tmp_path, "\n    go: {component: common-module/signal}")
    process("run", path, "--once", "--store", url)
    outcome = process("runs", "watch", "latest", "--store", url)
    assert (outcome.code, outcome.out.splitlines()[0]) == (0, f"watching {url}")


def test_what_a_dead_or_another_server_left_is_not_believed(tmp_path, process, spawn, other) -> None:
    path = write_flow(tmp_path, "\n    go: {component: common-module/signal}")
    process("run", path, "--once")
    dead = spawn("schema")
    dead.communicate()
    for url, pid in ((other, dead.pid), (other, os.getpid()), ("http://127.0.0.1:1", os.getpid())):
        with announced(home(), Announcement(url, TOKEN, pid)):
            outcome = process("runs", "watch", "latest")
        assert (outcome.code, outcome.err, outcome.out.splitlines()[0]) == (0, "", NO_SERVER)


def test_a_server_that_is_killed_is_told_and_the_next_one_is_found(serve, spawn) -> None:
    server = serve("500ms")
    run = server.fire()
    watcher = spawn("runs", "watch", run)
    told(watcher, f"run {run} of small goes on")
    server.kill()
    said = told(watcher, NO_SERVER)
    assert re.search(r"the server does not answer any more \(.*\); looking elsewhere\n", said)
    second = serve("500ms")
    told(watcher, f"watching {second.url}")
    out, err = watcher.communicate(timeout=60)
    assert (watcher.returncode, err) == (0, "")
    assert out.splitlines()[-1].startswith(f"run {run} of small succeeded in ")


def test_a_server_that_is_named_and_killed_is_asked_again_for_a_while(serve, capsys) -> None:
    server = serve("1h")
    server.fire()
    place = Place(home(), server.url, server.token)

    async def watch() -> None:
        watching = asyncio.create_task(watch_runs(place, None, JsonBoardView(), patience_s=0.2))
        out = ""
        while '"run_resumed"' not in out:
            await asyncio.sleep(0.05)
            out += capsys.readouterr().out
        await asyncio.to_thread(server.kill)
        await watching

    with pytest.raises(UsageError, match=rf"{server.url} does not answer: "):
        asyncio.run(watch())
    said = capsys.readouterr().out
    assert said.count("the server does not answer any more") == 1
    assert (server.token in said, "trying again for 0.2 s" in said) == (False, True)


def test_a_server_that_is_named_and_comes_back_is_watched_on(serve, spawn, monkeypatch) -> None:
    monkeypatch.setenv("HEADRACE_TOKEN", TOKEN)
    server = serve("500ms")
    run = server.fire()
    watcher = spawn("runs", "watch", run, "--url", server.url)
    told(watcher, f"run {run} of small goes on")
    server.kill()
    told(watcher, "trying again for 30 s")
    serve("500ms", "--address", server.url.removeprefix("http://"))
    out, err = watcher.communicate(timeout=60)
    assert (watcher.returncode, err, TOKEN in out) == (0, "", False)
    assert out.splitlines()[0] == f"watching {server.url}"
    assert out.splitlines()[-1].startswith(f"run {run} of small succeeded in ")


def test_nobody_at_a_url_is_told_in_a_line(process) -> None:
    started_s = time.monotonic()
    outcome = process("runs", "watch", "--url", "http://127.0.0.1:1")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "http://127.0.0.1:1 does not answer: " in outcome.err
    assert time.monotonic() - started_s < 10


def test_sigterm_ends_it(serve, spawn) -> None:
    serve()
    watcher = spawn("runs", "watch")
    told(watcher, "watching ")
    watcher.send_signal(signal.SIGTERM)
    watcher.communicate(timeout=20)
    assert watcher.returncode == 143


def test_a_run_that_ends_with_its_server_is_told_to_be_gone(serve, spawn) -> None:
    server = serve("1h", "--store", "memory")
    run = server.fire()
    watcher = spawn("runs", "watch", run)
    told(watcher, f"run {run} of small goes on")
    server.kill()
    out, err = watcher.communicate(timeout=60)
    assert (watcher.returncode, err) == (2, "")
    assert out.splitlines()[-2:] == [NO_SERVER, f"run {run} is not there any more"]


def test_errors_of_a_run_that_is_tried_again_are_not_told_twice(tmp_path, process, spawn) -> None:
    path = write_flow(
        tmp_path,
        """
    go: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: 1s}}
    check: {component: common-module/modify, input: {x: "{{fail('it is wrong')}}"}}""",
        "[go -> wait -> check]",
        spec="  retry: {maxAttempts: 1}\n",
    )

    async def look() -> list[str]:
        store = await open_store(None, home_folder())
        follower = Follower(StoreSource(store, ""), Target())
        assert (await follower.look()).events == []
        await asyncio.to_thread(process, "run", path, "--once")
        events = (await follower.look()).events
        retrying = spawn("runs", "retry", "latest")
        while not (seen := (await follower.look()).events):
            await asyncio.sleep(0.05)
        events += seen
        await asyncio.to_thread(retrying.communicate)
        events += (await follower.look()).events
        await store.close()
        return [type(event).__name__ for event in events]

    assert asyncio.run(look()) == ["Started", "Raised", "Ended", "Resumed", "Raised", "Ended"]


class _Failing(StoreSource):
    """Gives no answer to the call of a certain number, once."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "")
        self.left = -1

    def __getattribute__(self, name: str) -> object:
        if name in ("active", "since", "latest", "run", "kept"):
            self.left -= 1
            if self.left == 0:
                raise SourceLost("no answer")
        return super().__getattribute__(name)


def test_nothing_is_lost_or_told_twice_where_an_answer_does_not_come(tmp_path, process) -> None:
    path = write_flow(
        tmp_path,
        """
    go: {component: common-module/signal}
    check: {component: common-module/modify, input: {x: "{{fail('it is wrong')}}"}}""",
        "[go -> check]",
        spec="  retry: {maxAttempts: 1}\n",
    )

    async def look() -> list[list[str]]:
        store = await open_store(None, home_folder())
        sources = [_Failing(store) for _ in range(8)]
        followers = [Follower(source, Target()) for source in sources]
        for follower in followers:
            assert (await follower.look()).events == []
        for _ in range(2):
            await asyncio.to_thread(process, "run", path, "--once")
        seen = []
        for calls, (source, follower) in enumerate(zip(sources, followers, strict=True)):
            source.left, events = calls, list[Event]()
            for _ in range(3):
                with suppress(SourceLost):
                    events += (await follower.look()).events
            seen.append([type(event).__name__ for event in events])
        await store.close()
        return seen

    assert asyncio.run(look()) == [["Started", "Raised", "Ended"] * 2] * 8
