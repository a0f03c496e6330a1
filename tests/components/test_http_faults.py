"""What a flow makes of each fault of a server (support/faults.py): who repeats, how often, and what is told.

First the client itself repeats (`retryCount`), then the task with it, or the error port gets it; what trying
again cannot help is told at once. Rule 10: which requests may be sent twice, and by which key that is seen.
"""

import asyncio
from contextlib import asynccontextmanager
from functools import partial

import pytest

from headrace.app import Secrets
from headrace.components import MODULES
from headrace.connections.http import HttpTransport
from headrace.flow.loader import load_flow
from headrace.sdk import Registry, TemporaryError
from headrace.source import Source
from headrace.store import RunStatus
from support.clock import JumpingClock
from support.faults import FAULTS, JSON, LIMIT_BYTES, sends
from support.flows import HEAD, bench
from support.misbehaving import answer, misbehaving, trusting

TEMPORARY = [fault for fault in FAULTS if fault.temporary]
PERMANENT = [fault for fault in FAULTS if not fault.temporary]
SECRETS = Secrets({"token": "t0ken-t0ken", "hook": "T0/B0/xyzzy+a"})
HIDDEN = ("t0ken", "xyzzy", "T0%2FB0")


def each(faults):
    return pytest.mark.parametrize("fault", faults, ids=[fault.name.replace(" ", "-") for fault in faults])


@pytest.fixture(autouse=True)
def _trusted_certificates(monkeypatch):
    transport = partial(HttpTransport, tls=trusting())
    monkeypatch.setattr("headrace.components.http.exchange.HttpTransport", transport)


@asynccontextmanager
async def calling(
    script, door="plain", *, request="{method: GET}", unsafe=False, wired=False, clock=None, timeout_s=30.0
):
    """A server, and a flow that calls it."""
    async with misbehaving(script, door) as server:
        spec = f"""
        secrets: [token, hook]
        retry: {{maxAttempts: 2, initialDelay: 100s}}
        nodes:
          start: {{component: common-module/signal}}
          call:
            component: http-module/client
            settings:
              baseUrl: "{server.url}/hooks/{{{{$.secrets.hook}}}}"
              auth: {{type: bearer, token: "{{{{$.secrets.token}}}}"}}
              allowedHosts: [127.0.0.1, nowhere.invalid]
              timeout: {timeout_s * 1000:g}ms
              maxResponseBytes: {LIMIT_BYTES}
              retryCount: 1
              retryDelay: 10s
              retryUnsafe: {str(unsafe).lower()}
            input: {request}
          ok: {{component: test-module/probe}}
          failed: {{component: test-module/probe}}
        edges:
          - start -> call
          - call:response -> ok
          {"- call:error -> failed" if wired else "- start -> failed"}
        """
        async with bench(
            spec, clock=clock or JumpingClock(), secrets=SECRETS.values, mask=SECRETS.mask
        ) as flow:
            yield server, flow


async def outcome(fault, **options):
    """The run, the server, how long it was waited, the dead letters and what the probe `failed` saw."""
    clock = JumpingClock()
    async with calling(fault.script, fault.door, clock=clock, timeout_s=fault.timeout_s, **options) as (
        server,
        flow,
    ):
        run = await flow.run()
        assert flow.seen["ok"] == []
        dead = await flow.store.dead_letters(run.id)
        told = f"{run.errors} {flow.seen['failed']} {dead} {flow.observer.errors}"
        assert [text for text in HIDDEN if text in told] == []
        return run, server, clock.slept_s, flow.seen["failed"]


def said(fault, server):
    return fault.says.format(place=server.place, url=f"{server.url}/hooks/•••")


@each(TEMPORARY)
async def test_what_may_pass_is_repeated_by_the_client_and_then_with_the_task(fault):
    run, server, slept_s, _ = await outcome(fault)
    pauses_s = [max(10 * spread, fault.wait_s) for spread in (0.9, 1.1)]
    assert 2 * pauses_s[0] + 75 <= slept_s <= 2 * pauses_s[1] + 125
    assert (run.status, run.retries, run.dead_letters) == (RunStatus.FAILED, 1, 1)
    assert {error.code for error in run.errors} == {fault.code}
    assert run.errors[-1].message.startswith(said(fault, server))
    assert len(server.requests) == 4 * fault.is_seen


@each(PERMANENT)
async def test_what_cannot_pass_is_a_dead_letter_at_once(fault):
    run, server, slept_s, _ = await outcome(fault)
    assert (run.status, run.retries, run.dead_letters, slept_s) == (RunStatus.FAILED, 0, 1, 0)
    assert [error.code for error in run.errors] == [fault.code]
    assert run.errors[0].message.startswith(said(fault, server))
    assert len({request.target for request in server.requests}) == len(server.requests)


@each(FAULTS)
async def test_the_error_port_gets_it_with_its_detail(fault):
    run, server, slept_s, failed = await outcome(fault, wired=True)
    assert (run.status, run.retries, run.dead_letters) == (RunStatus.SUCCEEDED, 0, 0)
    (message,) = failed
    detail = message["errorDetail"]
    assert message["error"].startswith(said(fault, server))
    assert (detail["code"], detail["retryable"], detail["node"], detail["attempt"]) == (
        fault.code, fault.temporary, "call", 1,
    )  # fmt: skip
    assert ("retryAfterS" in detail) == (fault.wait_s > 0 or "date" in fault.name)
    assert (slept_s > 0) == fault.temporary


@pytest.mark.parametrize(
    ("method", "fault"),
    [("POST", fault) for fault in TEMPORARY] + [("PATCH", fault) for fault in TEMPORARY[::7]],
    ids=lambda value: value if isinstance(value, str) else value.name.replace(" ", "-"),
)
async def test_rule_10_post_and_patch_are_repeated_only_where_no_byte_was_sent_or_the_server_says_when(
    fault, method
):
    run, server, slept_s, _ = await outcome(fault, request=f"{{method: {method}, body: {{}}}}")
    keys = {request.headers["idempotency-key"] for request in server.requests}
    assert (run.status, run.dead_letters, run.errors[-1].code) == (RunStatus.FAILED, 1, fault.code)
    assert len(keys) <= 1
    if fault.post:
        assert run.retries == 1
        assert slept_s >= 75 + 2 * max(9, fault.wait_s)
        assert len(server.requests) == 4 * fault.is_seen
    else:
        assert (run.retries, slept_s, len(server.requests)) == (0, 0, fault.is_seen)
        assert not run.errors[0].retryable


@each([fault for fault in TEMPORARY if not fault.post])
async def test_rule_10_retry_unsafe_repeats_post_with_the_same_key(fault):
    run, server, _, _ = await outcome(fault, request="{method: POST, body: {}}", unsafe=True)
    assert run.retries == 1
    assert len(server.requests) == 4 * fault.is_seen
    assert len({request.headers["idempotency-key"] for request in server.requests}) == fault.is_seen


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_rule_10_put_and_delete_are_repeated_with_the_same_key(method):
    async with calling(sends(then="close"), request=f"{{method: {method}}}") as (server, flow):
        await flow.run()
    assert len(server.requests) == 4
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"])
async def test_rule_10_requests_other_than_get_and_head_carry_task_node_and_path(method):
    tasks = []

    async def note(_message, context):
        tasks.append(context.idempotency_key.partition("/")[0])

    async with calling(
        sends(answer("204 No Content", Content_Length=None)), request=f"{{method: {method}}}"
    ) as (server, flow):
        flow.seen.before["ok"] = note
        await flow.run()
        await flow.run()
    keys = [request.headers.get("idempotency-key") for request in server.requests]
    if method in ("GET", "HEAD"):
        assert keys == [None, None]
    else:
        assert [key.split("/")[:2] for key in keys] == [[task, "call"] for task in tasks]
        assert len(set(keys)) == 2


async def test_rule_10_a_task_that_is_executed_again_sends_the_same_key():
    async with calling(sends(answer(body=b"{}", Content_Type=JSON)), request="{method: POST, body: {}}") as (
        server,
        flow,
    ):
        attempts = []

        async def fail_once(_message, context):
            attempts.append(context.run.attempt)
            if len(attempts) == 1:
                raise TemporaryError("what follows the call fails")

        flow.seen.before["ok"] = fail_once
        await flow.run()
    first, second = (request.headers["idempotency-key"] for request in server.requests)
    assert first == second


async def test_rule_10_requests_of_one_task_have_keys_of_their_own():
    async with misbehaving(sends(answer(body=b"{}", Content_Type=JSON))) as server:
        spec = f"""
        nodes:
          start: {{component: common-module/signal}}
          each: {{component: common-module/iterator, input: {{array: [1, 2, 3]}}}}
          one: {{component: http-module/client, settings: {{baseUrl: "{server.url}"}}, input: {{method: POST, body: x}}}}
          two: {{component: http-module/client, settings: {{baseUrl: "{server.url}"}}, input: {{method: POST, body: x}}}}
        edges:
          - start -> each
          - each:item -> one
          - each:item -> two
          - one:response -> two
        """
        async with bench(spec) as flow:
            await flow.run()
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert (len(keys), len(set(keys))) == (9, 9)


@pytest.mark.parametrize(
    ("header", "sent"), [("idempotency-key: mine", "mine"), ("IDEMPOTENCY-KEY: null", None)]
)
async def test_rule_10_a_header_of_the_request_takes_the_place_of_the_key(header, sent):
    request = f"{{method: POST, body: {{}}, headers: {{{header}, content-type: application/x-own}}}}"
    async with calling(sends(answer()), request=request) as (server, flow):
        await flow.run()
    (asked,) = server.requests
    assert (asked.headers.get("idempotency-key"), asked.headers["content-type"]) == (
        sent,
        "application/x-own",
    )


ANSWERS = {
    "204": (answer("204 No Content", Content_Type=JSON, Content_Length=None), 204, "", None),
    "304": (answer("304 Not Modified", Content_Type=JSON, Content_Length=10), 304, "", None),
    "an empty body that says JSON": (answer(Content_Type=JSON), 200, "", None),
    "blanks that say JSON": (answer(body=b" \r\n", Content_Type=JSON), 200, " \r\n", None),
    "JSON that says text": (answer(body=b'{"a": 1}', Content_Type="text/plain"), 200, '{"a": 1}', None),
    "JSON that says nothing": (answer(body=b"[1]"), 200, "[1]", None),
    "a page that says so": (answer(body=b"<p>Log in", Content_Type="text/html"), 200, "<p>Log in", None),
    "text that is no UTF-8": (answer(body=b"a\xffb", Content_Type="text/plain"), 200, "a\ufffdb", None),
    "a mark before the JSON": (answer(body=b"\xef\xbb\xbf[1]", Content_Type=JSON), 200, "[1]", [1]),
    "informed first": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + answer(body=b"[1]", Content_Type=JSON), 200, "[1]", [1]),
    "a choice": (answer("300 Multiple Choices", b"[1]", Content_Type=JSON), 300, "[1]", [1]),
    "an encoding that is none": (answer(body=b"[1]", Content_Type=JSON, Content_Encoding="utf-8"), 200, "[1]", [1]),
    "an empty body that says gzip": (answer(Content_Encoding="gzip"), 200, "", None),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
async def test_odd_answers_that_are_no_faults(name):
    data, status, body, parsed = ANSWERS[name]
    async with calling(sends(data)) as (_server, flow):
        run = await flow.run()
    assert run.errors == []
    ((response),) = (message["response"] for message in flow.seen["ok"])
    assert (response["statusCode"], response["body"], response["bodyJson"]) == (status, body, parsed)


async def test_headers_that_are_no_ascii_are_text():
    data = b"HTTP/1.1 200 OK\r\nX-Utf: gr\xc3\xbcn\r\nX-Latin: gr\xfcn\r\nContent-Length: 0\r\n\r\n"
    async with calling(sends(data)) as (_server, flow):
        assert (await flow.run()).errors == []
    headers = flow.seen["ok"][0]["response"]["headers"]
    assert (headers["x-utf"], headers["x-latin"]) == ("grün", "grün")


async def test_clients_that_wait_for_a_slow_server_do_not_wait_for_each_other():
    async def slow(wire):
        await asyncio.sleep(0.05)
        await wire.send(answer())

    async with calling(slow) as (server, flow):
        await asyncio.gather(*(flow.run() for _ in range(5)))
    assert server.connections == 5


@pytest.mark.parametrize(
    ("method", "durable", "codes"),
    [
        ("POST", "false", ["HR140"]),
        ("DELETE", "false", ["HR140"]),
        ("GET", "false", []),
        ("POST", "true", []),
    ],
)
def test_rule_10_lint_warns_of_a_write_below_an_iterator_that_is_not_durable(method, durable, codes):
    spec = f"""
      nodes:
        start: {{component: common-module/signal}}
        each: {{component: common-module/iterator, settings: {{durable: {durable}}}, input: {{array: [1]}}}}
        call: {{component: http-module/client, input: {{method: {method}, url: "http://127.0.0.1/"}}}}
      edges:
        - start -> each
        - each:item -> call
    """
    loaded = load_flow(Source("flow.yaml", HEAD + spec), Registry(MODULES))
    assert [finding.code for finding in loaded.findings if finding.code == "HR140"] == codes
