"""`headrace run` with a server: where it listens, and what becomes of callers when it is stopped or killed."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.cli.outcome import Outcome, write_flow

from headrace.store import Caller, RunRecord, RunStatus
from headrace.store.sqlite import SqliteStore
from support.service import post, service

Process = Callable[..., Outcome]
ACCEPT = """
    hook: {component: http-module/server, settings: {path: /hook}}
    log: {component: common-module/debug}"""
ACCEPT_EDGES = "[hook -> log]"
REPLY = """
    hook:
      component: http-module/server
      settings: {path: /hook, dedupeKey: "{{$.request.headers['x-id']}}"}
      input: {body: {said: "{{$.response.body}}", to: "{{$.request.bodyJson}}"}}
    ask: {component: http-module/client, settings: {baseUrl: "http://127.0.0.1:%d"}, input: {url: /}}"""
REPLY_EDGES = "[hook -> ask -> hook:response]"


class Slow:
    """An API that answers once it is told to; the work that callers of the flow wait for."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.asked.set()
                await self.may_answer.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ndone")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def waiting_flow(folder: Path) -> AsyncIterator[tuple[Path, Slow]]:
    """A flow that waits for a slow API before it responds."""
    slow = Slow()
    server = await asyncio.start_server(slow.serve, "127.0.0.1", 0)
    async with server:
        yield write_flow(folder, REPLY % server.sockets[0].getsockname()[1], REPLY_EDGES), slow
        slow.may_answer.set()


async def kept(home: Path) -> list[RunRecord]:
    """All runs in the home folder's store."""
    store = await SqliteStore.open(home / "store.db")
    try:
        return [run for each in await store.runs() if (run := await store.run(each.id)) is not None]
    finally:
        await store.close()


# ---- where it listens


def test_the_address_is_said_and_what_it_takes(spawn: Callable[..., object], tmp_path: Path) -> None:
    process = spawn("run", write_flow(tmp_path, ACCEPT, ACCEPT_EDGES), "--listen", "localhost:0")
    try:
        line = process.stdout.readline()
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert line.startswith("hook takes POST http://localhost:")
    assert line.rstrip().endswith("/hook")
    assert (process.returncode, out, err) == (0, "stopped; no run is left unfinished\n", "")


def test_a_port_that_is_taken_is_a_clear_error(process: Process, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        outcome = process("run", write_flow(tmp_path, ACCEPT, ACCEPT_EDGES), "--listen", address)
    assert outcome.code == 2
    assert outcome.err == (
        f"error: cannot listen on {address}: another program listens there; "
        "choose another port, or port 0 for any that is free\n"
    )


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("8080", "127.0.0.1:8080"),
        (":8080", "127.0.0.1:8080"),
        ("localhost", "127.0.0.1:8090"),
        ("localhost:", "127.0.0.1:8090"),
        ("localhost:http", "127.0.0.1:8090"),
        ("localhost:65536", "127.0.0.1:8090"),
        ("localhost:-1", "127.0.0.1:8090"),
        ("::1:80", "127.0.0.1:80"),
    ],
)
def test_an_address_that_is_none(call: Process, tmp_path: Path, text: str, example: str) -> None:
    outcome = call("run", write_flow(tmp_path, ACCEPT, ACCEPT_EDGES), "--listen", text)
    assert outcome.code == 2
    assert outcome.err == f"error: --listen takes HOST:PORT, such as `{example}`, not `{text}`\n"


def test_once_fires_a_server_by_hand_and_listens_nowhere(process: Process, tmp_path: Path) -> None:
    path = write_flow(tmp_path, ACCEPT, ACCEPT_EDGES)
    outcome = process("run", path, "--once", "--data", '{"bodyJson": {"a": 1}}')
    assert outcome.code == 0
    assert '"bodyJson":{"a":1}' in outcome.err
    assert "takes" not in outcome.out
    wrong = process("run", path, "--once", "--data", '{"order": 1}')
    assert (wrong.code, wrong.err) == (
        2,
        "error: the payload is a request, such as `{bodyJson: …}`: `order` is not known\n",
    )


def test_a_server_that_is_stopped_is_nothing_to_wait_for(call: Process, tmp_path: Path) -> None:
    nodes = ACCEPT.replace("settings:", "control: {start: false}, settings:")
    outcome = call("run", write_flow(tmp_path, nodes, ACCEPT_EDGES))
    assert (outcome.code, outcome.err) == (
        2,
        "error: `hook` of test has `control: {start: false}`; use --once\n",
    )


def test_a_token_from_a_secret_is_read_and_never_shown(
    spawn: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_SECRET_TOKEN", "hunter2-hunter2")
    nodes = ACCEPT.replace("path: /hook", 'path: /hook, auth: {type: bearer, token: "{{$.secrets.token}}"}')
    path = write_flow(tmp_path, nodes, ACCEPT_EDGES, spec="  secrets: [token]\n")
    process = spawn("run", path, "--listen", "127.0.0.1:0", "-vv")
    try:
        port = int(process.stdout.readline().rpartition(":")[2].partition("/")[0])
        answers = [
            asyncio.run(post(port, "/hook", {}, Authorization=f"Bearer {token}"))
            for token in ("nope", "hunter2-hunter2")
        ]
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert [answer[0] for answer in answers] == [401, 202]
    assert "hunter2" not in f"{out}{err}{answers}"
    stored = b"".join(file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file())
    assert answers[1][2]["run"].encode() in stored
    assert b"hunter2" not in stored


# ---- the end


async def test_sigterm_lets_callers_have_their_answers(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with waiting_flow(tmp_path) as (flow, slow), service(flow, home) as run:
        port = await run.port()
        asked = asyncio.create_task(post(port, "/hook", [1]))
        await slow.asked.wait()
        ending = asyncio.create_task(run.end())
        await run.event("notice")
        status, headers, late = await post(port, "/hook", [2])
        assert (status, headers["retry-after"], late["error"]["code"]) == (503, "5", "stopping")
        slow.may_answer.set()
        status, _, said = await asked
        assert (status, said) == (200, {"said": "done", "to": [1]})
        assert await ending == 0
    (run,) = await kept(home)
    assert (run.status, run.caller) == (RunStatus.SUCCEEDED, Caller.ANSWERED)


async def test_sigterm_sends_callers_away_whose_runs_it_leaves_unfinished(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with waiting_flow(tmp_path) as (flow, slow):
        async with service(flow, home, "--grace", "100ms") as first:
            port = await first.port()
            asked = asyncio.create_task(post(port, "/hook", [1], X_Id="7"))
            await slow.asked.wait()
            assert await first.end() == 143
            status, headers, away = await asked
            assert (status, headers["retry-after"], away["error"]["code"]) == (503, "5", "stopping")
        slow.may_answer.set()
        async with service(flow, home) as second:
            status, _, said = await post(await second.port(), "/hook", [1], X_Id="7")
            assert (status, said) == (200, {"said": "done", "to": [1]})
            assert (await second.event("run_resumed"))["run"] == away["run"]
            await second.end()
    (run,) = await kept(home)
    assert (run.id, run.status, run.caller) == (away["run"], RunStatus.SUCCEEDED, Caller.ANSWERED)


@pytest.mark.parametrize("repeats", [False, True])
async def test_rule_23_killed_between_firing_and_response_the_run_goes_on(
    process: Process, tmp_path: Path, repeats: bool
) -> None:
    home = tmp_path / "home"
    async with waiting_flow(tmp_path) as (flow, slow):
        async with service(flow, home) as first:
            asked = asyncio.create_task(post(await first.port(), "/hook", [1], X_Id="7"))
            await slow.asked.wait()
            await first.end(signal.SIGKILL)
            with pytest.raises(ConnectionError):
                await asked
        slow.may_answer.set()
        async with service(flow, home) as second:
            ended = await second.event("run_ended")
            if repeats:
                status, _, said = await post(await second.port(), "/hook", [2], X_Id="7")
                assert (status, said) == (200, {"said": "done", "to": [1]})
            await second.end()
    (run,) = await kept(home)
    assert (run.id, run.status, run.errors) == (ended["run"], RunStatus.SUCCEEDED, [])
    assert run.caller is (Caller.ANSWERED if repeats else Caller.LOST)
    shown = await asyncio.to_thread(process, "runs", "show", run.id)
    told = "got an answer" if repeats else "lost the connection, since the process ended before there was"
    assert f"\ncaller    {told}" in shown.out


async def test_rule_23_an_accepted_request_survives_a_kill_at_the_next_instant(tmp_path: Path) -> None:
    home, flow = tmp_path / "home", write_flow(tmp_path, ACCEPT, ACCEPT_EDGES)
    async with service(flow, home) as first:
        port = await first.port()
        answers = await asyncio.gather(*(post(port, "/hook", [n]) for n in range(20)))
        await first.end(signal.SIGKILL)
    accepted = {answer["run"] for status, _, answer in answers if status == 202}
    assert len(accepted) == 20
    async with service(flow, home) as second:
        await second.port()
        async with asyncio.timeout(30):
            while {run.id for run in await kept(home) if run.status is RunStatus.SUCCEEDED} != accepted:
                await asyncio.sleep(0.1)
