"""http-module/client against a real server: requests, responses, repetition, limits. Faults of the wire
itself are in tests/connections/http."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import pytest

from headrace.app import Secrets
from headrace.store import RunStatus
from support.clock import JumpingClock
from support.flows import bench


def answer(status=200, body=b"{}", content_type="application/json", **headers):
    lines = {"Content-Length": len(body), "Content-Type": content_type}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body


RESET = b""


class Server:
    """Gives the answers in order, the last one again and again; keeps what was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.url = ""

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, target, _ = first.split(" ")
                self.requests.append((method, target, headers, body))
                chosen = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if chosen == RESET:
                    writer.transport.abort()
                    return
                writer.write(chosen)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone
        finally:
            writer.close()


@asynccontextmanager
async def client(server, request, settings="", clock=None, retry="{maxAttempts: 1}"):
    """A flow that sends one request to the server, and what came of it in `ok` or `failed`."""
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    spec = f"""
    retry: {retry}
    nodes:
      start: {{component: common-module/signal}}
      call:
        component: http-module/client
        settings: {{baseUrl: "{server.url}/v1", {settings}}}
        input: {request}
      ok: {{component: test-module/probe}}
      failed: {{component: test-module/probe}}
    edges:
      - start -> call
      - call:response -> ok
      - call:error -> failed
    """
    try:
        async with bench(spec, clock=clock) as flow:
            yield flow
    finally:
        listener.close()


async def ask(server, request, settings="", clock=None):
    """The response, or the message at the error port."""
    async with client(server, request, settings, clock) as flow:
        run = await flow.run()
        assert run.status is RunStatus.SUCCEEDED, run.errors
        if flow.seen["failed"]:
            return flow.seen["failed"][0]
        return flow.seen["ok"][0]["response"]


async def test_a_response_has_all_its_members():
    server = Server(answer(201, '{"a": "ü"}'.encode(), X_Total="7"))
    response = await ask(server, "{url: /users}")
    assert response.pop("elapsedMs") >= 0
    assert response == {
        "statusCode": 201,
        "headers": {"content-length": "11", "content-type": "application/json", "x-total": "7"},
        "body": '{"a": "ü"}',
        "bodyJson": {"a": "ü"},
        "url": f"{server.url}/v1/users",
    }


async def test_query_parameters_are_added_and_escaped():
    server = Server(answer())
    await ask(server, "{url: '/users?a=1', queryParams: {q: 'ü &', none: null, list: [1, 2], empty: ''}}")
    assert server.requests[0][1] == "/v1/users?a=1&q=%C3%BC+%26&none=&list=1&list=2&empty="


async def test_a_whole_url_is_not_put_below_the_base():
    server = Server(answer())
    async with client(server, "{url: '{{$.payload}}'}") as flow:
        await flow.run(f"{server.url}/elsewhere")
    assert server.requests[0][1] == "/elsewhere"


async def test_headers_of_the_request_win_over_the_defaults_and_null_takes_one_away():
    server = Server(answer())
    settings = "defaultHeaders: {Accept: text/csv, X-One: a, X-Two: b}"
    await ask(server, "{url: /, headers: {x-one: c, X-Two: null}}", settings)
    headers = server.requests[0][2]
    assert (headers["accept"], headers["x-one"], "x-two" in headers) == ("text/csv", "c", False)


@pytest.mark.parametrize(
    ("body", "content_type", "sent"),
    [
        ("{a: [1, null]}", "application/json", b'{"a":[1,null]}'),
        ("plain ü", "text/plain; charset=utf-8", "plain ü".encode()),
        (
            "{a: x y}, contentType: application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded",
            b"a=x+y",
        ),
    ],
)
async def test_bodies(body, content_type, sent):
    server = Server(answer())
    await ask(server, f"{{method: POST, url: /, body: {body}}}")
    method, _, headers, got = server.requests[0]
    assert (method, headers["content-type"], got) == ("POST", content_type, sent)


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ("{type: bearer, token: t0k3n}", "Bearer t0k3n"),
        ("{type: basic, username: u, password: p:w}", "Basic " + base64.b64encode(b"u:p:w").decode()),
    ],
)
async def test_authentication(auth, expected):
    server = Server(answer())
    await ask(server, "{url: /}", f"auth: {auth}")
    assert server.requests[0][2]["authorization"] == expected


async def test_another_content_type_leaves_body_json_null():
    response = await ask(Server(answer(200, b"<html>", "text/html")), "{url: /}")
    assert (response["bodyJson"], response["body"]) == (None, "<html>")


@pytest.mark.parametrize(
    "fault", [RESET, answer(500), answer(503), answer(429), answer(408), answer(200, b'{"cut')]
)
async def test_what_may_help_is_repeated(fault):
    clock = JumpingClock()
    server = Server(fault, fault, answer(200, b'{"ok": 1}'))
    response = await ask(server, "{url: /}", "retryCount: 2, retryDelay: 5s", clock)
    assert response["bodyJson"] == {"ok": 1}
    assert len(server.requests) == 3
    assert 0.9 * (5 + 10) <= clock.slept_s <= 1.1 * (5 + 10)


async def test_pauses_grow_and_are_spread_so_that_clients_do_not_come_back_all_at_once():
    waited = set()
    for _ in range(5):
        clock = JumpingClock()
        await ask(Server(answer(500)), "{url: /}", "retryCount: 3, retryDelay: 10s, retryBackoff: 3", clock)
        assert 0.9 * (10 + 30 + 90) <= clock.slept_s <= 1.1 * (10 + 30 + 90)
        waited.add(clock.slept_s)
    assert len(waited) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_cannot_help_is_not_repeated(status):
    server = Server(answer(status, b'{"error": "no such user"}'))
    failed = await ask(server, "{url: /x}", "retryCount: 3")
    assert len(server.requests) == 1
    assert failed["errorDetail"]["code"] == f"HTTP {status}"
    assert failed["errorDetail"]["statusCode"] == status
    assert failed["errorDetail"]["retryable"] is False
    assert f"GET {server.url}/v1/x answered {status}" in failed["error"]
    assert "no such user" in failed["error"]


async def test_a_wrong_token_is_hinted_at():
    failed = await ask(Server(answer(401)), "{url: /}")
    assert failed["error"].endswith("(is the token or password right?)")


async def test_retry_after_is_obeyed_if_it_is_longer():
    clock = JumpingClock()
    server = Server(answer(429, Retry_After="30"), answer())
    await ask(server, "{url: /}", "retryCount: 1, retryDelay: 1s", clock)
    assert clock.slept_s >= 30


async def test_a_long_retry_after_is_not_waited_for_within_the_task():
    clock = JumpingClock()
    server = Server(answer(429, Retry_After="7200"))
    failed = await ask(server, "{url: /}", "retryCount: 3", clock)
    assert len(server.requests) == 1
    assert failed["errorDetail"]["retryAfterS"] == 7200


async def test_without_an_error_port_the_task_is_tried_again_when_the_server_says():
    clock = JumpingClock()
    server = Server(answer(503, Retry_After="600"), answer(200, b'{"ok": 1}'))
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      call: {{component: http-module/client, settings: {{baseUrl: "{url}"}}, input: {{url: /}}}}
      ok: {{component: test-module/probe}}
    edges: ["start -> call", "call:response -> ok"]
    """
    async with bench(spec, clock=clock) as flow:
        run = await flow.run()
    listener.close()
    assert run.status is RunStatus.SUCCEEDED
    assert run.retries == 1
    assert clock.slept_s >= 600


async def test_post_carries_an_idempotency_key_and_is_not_repeated_after_it_may_have_acted():
    server = Server(answer(500), answer())
    failed = await ask(server, "{method: POST, url: /, body: {}}", "retryCount: 3")
    assert len(server.requests) == 1
    assert "idempotency-key" in server.requests[0][2]
    assert failed["errorDetail"]["retryable"] is False


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        (answer(429), ""),
        (answer(503, Retry_After="1"), ""),
        (answer(500), "retryUnsafe: true, "),
        (RESET, "retryUnsafe: true, "),
    ],
)
async def test_post_is_repeated_where_that_is_safe_or_asked_for_with_the_same_key(fault, settings):
    server = Server(fault, answer())
    await ask(server, "{method: POST, url: /, body: {}}", settings + "retryCount: 1", JumpingClock())
    keys = {headers["idempotency-key"] for _, _, headers, _ in server.requests}
    assert (len(server.requests), len(keys)) == (2, 1)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_post_is_not_repeated_where_the_server_does_not_say_when(status):
    server = Server(answer(status), answer())
    await ask(server, "{method: POST, url: /, body: {}}", "retryCount: 1", JumpingClock())
    assert len(server.requests) == 1


async def test_a_reset_post_says_why_it_is_not_repeated():
    failed = await ask(Server(RESET), "{method: POST, url: /, body: {}}", "retryCount: 3")
    assert "POST is not repeated, since the server may have acted on it" in failed["error"]


async def test_the_rate_limit_spaces_requests_evenly():
    clock = JumpingClock()
    server = Server(answer())
    spec_settings = "rateLimit: 10/s, maxConcurrency: 4"
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      each: {{component: common-module/iterator, settings: {{concurrency: 8}}, input: {{array: "{{{{range(21)}}}}"}}}}
      call: {{component: http-module/client, settings: {{baseUrl: "{url}", {spec_settings}}}, input: {{url: /}}}}
    edges: ["start -> each", "each:item -> call"]
    """
    async with bench(spec, clock=clock) as flow:
        run = await flow.run()
    listener.close()
    assert run.errors == []
    assert len(server.requests) == 21
    assert clock.slept_s >= 2.0


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("{url: /, headers: {X: {a: 1}}}", "header `X` must be text, but it is an object"),
        ('{url: /, headers: {X: "a\\r\\nY: b"}}', "header `X` has a line break in it"),
        ("{method: '{{lower(\"FETCH\")}}'}", "`method` must be 'GET'"),
        ("{url: 'ftp://x/y'}", "http"),
    ],
)
async def test_requests_that_cannot_be_sent_are_said(request_, said):
    failed = await ask(Server(answer()), request_)
    assert said in failed["error"]


async def test_the_total_that_the_api_states_is_told_to_who_watches():
    server = Server(answer(200, json.dumps({"meta": {"total": 1234}}).encode()))
    async with client(server, "{url: /}") as flow:
        run = await flow.engine.fire(flow.program, "start")
        stats = flow.engine.stats(run.id)
        await flow.engine.wait(run.id)
    assert stats.expected == 1234


@pytest.mark.parametrize("stated", ["9" * 5000, "-1", "²", "many"])
async def test_a_total_that_cannot_be_one_is_ignored(stated):
    server = Server(answer(200, b"{}", X_Total_Count=stated))
    response = await ask(server, "{url: /}")
    assert response["bodyJson"] == {}


@pytest.mark.parametrize("status", ["000", 101])
async def test_what_is_no_final_answer_is_an_error(status):
    failed = await ask(Server(answer(status)), "{url: /}")
    assert f"answered {int(status)}, which is no final answer" in failed["error"]


@pytest.mark.parametrize("status", [200, 500])
async def test_a_secret_in_the_base_url_reaches_no_message(status):
    server = Server(answer(status))
    settings = "baseUrl: '{{$vars.api}}/hooks/{{$.secrets.hook}}?key={{$.secrets.key}}'"
    spec = """
    secrets: [hook, key]
    vars: {api: "URL"}
    nodes:
      start: {component: common-module/signal}
      call: {component: http-module/client, settings: {SETTINGS}}
      seen: {component: test-module/probe}
    edges:
      - {from: start:out, to: call:request, data: {}}
      - call:response -> seen
      - call:error -> seen
    """
    secrets = Secrets({"hook": "T0/B0/xyzzy", "key": "a+b/c=d&e"})
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    text = spec.replace("URL", url).replace("SETTINGS", settings)
    try:
        async with bench(text, secrets=secrets.values, mask=secrets.mask) as flow:
            run = await flow.run()
    finally:
        listener.close()
    assert server.requests[0][1] == "/hooks/T0/B0/xyzzy?key=a+b/c=d&e"
    told = f"{flow.seen['seen']} {run.errors}"
    assert "/hooks/•••?key=•••" in told
    assert "xyzzy" not in told
    assert "a+b" not in told
