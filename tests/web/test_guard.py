"""Each rule of who may ask `headrace serve` what. Real sockets."""

import asyncio
import hmac
import json
from collections import Counter
from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.sdk import Address
from headrace.web.access import Access, Tokens, new_token
from headrace.web.audit import Audit
from headrace.web.guard import MOST_BYTES
from headrace.web.rate import Buckets
from web.served import FULL, READ, served

ACTIONS = [
    ("POST", "flows/sync/triggers/go/fire"),
    ("POST", "flows/sync/triggers/tick/pause"),
    ("POST", "flows/sync/triggers/tick/resume"),
    ("POST", "runs/x/cancel"),
    ("POST", "runs/x/retry"),
    ("POST", "dead-letters/retry"),
    ("POST", "dead-letters/discard"),
    ("POST", "dead-letters/x/y/retry"),
    ("DELETE", "dead-letters/x/y"),
]
READS = ["session", "flows", "flows/sync", "runs", "dead-letters", "errors", "components", "openapi.json"]


@pytest.mark.parametrize(
    ("header", "access"),
    [
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        (f"Basic {FULL}", None),
        (f"Bearer {FULL}x", None),
        (f"Bearer {FULL[:-1]}", None),
        ("Bearer ü", None),
        (f"Bearer {FULL}", Access.FULL),
        (f"bearer  {FULL} ", Access.FULL),
        (f"Bearer {READ}", Access.READ),
    ],
)
def test_what_a_token_opens(header, access):
    assert Tokens(FULL, READ).access(header) is access


def test_a_token_is_compared_as_the_bytes_that_came():
    came = "Bearer schlüssel-mit-ü".encode().decode("latin-1")
    assert Tokens("schlüssel-mit-ü").access(came) is Access.FULL


def test_an_empty_token_opens_nothing_where_there_is_no_token_for_looking():
    assert Tokens(FULL).access("Bearer ") is None


def test_a_token_is_random_and_in_no_repr():
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) >= 43
    assert FULL not in repr(Tokens(FULL, READ))


async def test_without_a_token_the_api_tells_nothing(tmp_path):
    async with served(tmp_path) as server:
        for path in (*READS, "events", "nowhere"):
            reply = await server.ask("GET", path, token="")
            assert (reply.status, reply.code) == (401, "unauthorized"), path
            assert reply.headers["www-authenticate"].startswith("Bearer")
        for method, path in ACTIONS:
            assert (await server.ask(method, path, {}, token="wrong-" + FULL)).status in (401, 429)


async def test_a_token_in_the_address_or_a_cookie_opens_nothing(tmp_path):
    async with served(tmp_path) as server:
        assert (await server.ask("GET", f"flows?token={FULL}", token="")).status == 401
        assert (await server.ask("GET", "flows", token="", Cookie=f"token={FULL}")).status == 401


async def test_a_token_for_looking_reads_everything_and_does_nothing(tmp_path):
    async with served(tmp_path) as server:
        for path in READS:
            await server.get(path, token=READ)
        assert (await server.get("session", token=READ))["access"] == "read"
        for method, path in ACTIONS:
            reply = await server.ask(method, path, {}, token=READ)
            assert (reply.status, reply.code) == (403, "read_only"), path
        assert (await server.post("evaluate", {"text": "1 + 1"}, token=READ))["value"] == 2
        assert await server.post("flows/validate", {"text": "a: 1"}, token=READ)
        assert (await server.get("runs"))["runs"] == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "[::2]:80"])
async def test_a_foreign_name_is_refused_whatever_the_token(tmp_path, host):
    async with served(tmp_path) as server:
        for path in ("/", "/api/v1/flows", "/live"):
            reply = await server.ask("GET", path, Host=host)
            assert (reply.status, reply.code) == (421, "host_not_allowed")


async def test_the_names_of_this_machine_and_those_that_are_allowed_are_taken(tmp_path):
    async with served(tmp_path, host_names=("Flows.Example",)) as server:
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:8080", "flows.example"):
            assert (await server.ask("GET", "session", Host=host)).status == 200


async def test_every_answer_carries_a_strict_policy_and_no_cookie(tmp_path):
    async with served(tmp_path) as server:
        for path, token in (("/", ""), ("flows", FULL), ("flows", ""), ("nowhere", FULL), ("/live", "")):
            headers = (await server.ask("GET", path, token=token)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in headers
            assert not any(name.startswith("access-control") for name in headers)
        assert (await server.ask("GET", "flows")).headers["cache-control"] == "no-store"


async def test_a_foreign_page_cannot_have_a_browser_ask(tmp_path):
    async with served(tmp_path) as server:
        reply = await server.ask("OPTIONS", "flows", token="", Origin="http://evil.example")
        assert reply.status == 401
        assert not any(name.startswith("access-control") for name in reply.headers)


async def test_who_tries_tokens_is_slowed_down_and_the_right_one_still_opens(tmp_path):
    async with served(tmp_path) as server:
        statuses = [(await server.ask("GET", "flows", token=f"wrong-{n}")).status for n in range(15)]
        assert statuses == [401] * 10 + [429] * 5
        reply = await server.ask("GET", "flows", token="wrong")
        assert (reply.code, int(reply.headers["retry-after"]) > 0) == ("too_many_requests", True)
        assert (await server.ask("GET", "flows")).status == 200


def test_a_bucket_fills_with_time_each_address_its_own():
    now = 0.0
    buckets = Buckets(2, 0.5, lambda: now)
    assert [buckets.take("a"), buckets.take("a")] == [0, 0]
    assert buckets.take("a") == 2
    assert buckets.take("b") == 0
    now = 2.0
    assert [buckets.take("a"), buckets.take("a") > 0] == [0, True]


def test_a_bucket_forgets_who_asked_longest_ago():
    buckets = Buckets(1, 0.001)
    buckets.take("first")
    for number in range(1000):
        buckets.take(str(number))
    assert buckets.take("first") == 0


async def test_too_many_requests_of_one_address_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("headrace.web.guard.Buckets", lambda size, per_s: Buckets(size, per_s, lambda: 0.0))
    async with served(tmp_path) as server:  # where no time goes by, no bucket fills
        replies = await asyncio.gather(*(server.ask("GET", "/live") for _ in range(800)))
        assert Counter(reply.status for reply in replies) == {200: 400, 429: 400}


async def test_a_body_has_a_limit_told_before_or_found_on_the_way(tmp_path):
    async with served(tmp_path) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.address.port)
        head = (
            f"POST /api/v1/evaluate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {FULL}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {MOST_BYTES + 1}\r\n\r\n"
        )
        writer.write(head.encode())
        assert b" 413 " in await reader.readline()
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.address.port)
        chunked = head.replace(f"Content-Length: {MOST_BYTES + 1}", "Transfer-Encoding: chunked")
        writer.write(chunked.encode())
        piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(MOST_BYTES // 0x10000 + 2):
            writer.write(piece)
        assert b" 413 " in await reader.readline()
        writer.close()


async def test_each_action_leaves_a_line_done_or_refused_without_what_was_sent(tmp_path):
    async with served(tmp_path) as server:
        await server.fire({"num": 4, "password": "hunter2-hunter2"})
        await server.ask("POST", "flows/sync/triggers/tick/pause", {}, token=READ)
        await server.ask("DELETE", "dead-letters/a/b", token="")
        await server.get("flows")
        lines = server.audit()
        assert [(line["access"], line["action"], line["status"]) for line in lines] == [
            ("full", "POST /api/v1/flows/sync/triggers/go/fire", 202),
            ("read", "POST /api/v1/flows/sync/triggers/tick/pause", 403),
            ("none", "DELETE /api/v1/dead-letters/a/b", 401),
        ]
        assert {line["address"] for line in lines} == {"127.0.0.1"}
        path = server.home / "audit.jsonl"
        assert "hunter2" not in path.read_text()
        assert FULL not in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600


SECRET = """
  description: It is for hunter2-hunter2.
  secrets: [key]
  vars: {plain: hunter2-hunter2}
  retry: {maxAttempts: 1}
  nodes:
    go: {component: common-module/signal, settings: {payload: {key: "{{$.secrets.key}}"}}}
    ask:
      component: http-module/client
      settings:
        baseUrl: http://127.0.0.1:9
        defaultHeaders: {X-Key: "{{$.secrets.key}}", X-Plain: hunter2-hunter2}
    fail: {component: common-module/modify}
    end: {component: common-module/modify}
  edges:
    - {from: go, to: fail, data: {payload: "{{$.payload}}", url: "{{$.payload.text}}"}}
    - from: fail
      to: end
      data: {x: "{{$.payload.text + 1 / $.payload.zero}}"}
    - from: end
      to: ask
      data: {method: GET, url: /x}
"""


async def test_no_secret_is_in_any_answer_wherever_it_was_put(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADRACE_SECRET_KEY", "hunter2-hunter2")
    async with served(tmp_path, {"sync": SECRET}) as server:
        run = await server.fire({"text": "it is hunter2-hunter2", "zero": 0})
        (letter,) = (await server.get("dead-letters"))["letters"]
        paths = [
            "flows", "flows/sync", "flows/sync/nodes/ask", "flows/sync/nodes/fail", f"runs/{run}", "errors",
            "dead-letters", f"dead-letters/{run}/{letter['task']}",
        ]  # fmt: skip
        for path in paths:
            body = (await server.ask("GET", path)).body
            assert b"hunter2" not in body, path
        detail = await server.get(paths[-1])
        assert detail["isMasked"]
        assert json.loads(detail["messageText"]) == detail["message"]


async def test_whether_it_lives_is_told_to_everybody(tmp_path):
    async with served(tmp_path) as server:
        for path in ("/live", "/ready"):
            assert (await server.ask("GET", path, token="")).status == 200


@pytest.mark.parametrize("header", [f"Bearer {FULL}", f"Bearer {READ}", "Bearer wrong", "Bearer "])
def test_a_token_is_compared_with_each_in_constant_time(monkeypatch, header):
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return hmac.compare_digest(one, other)

    monkeypatch.setattr("headrace.web.access.compare_digest", compare)
    Tokens(FULL, READ).access(header)
    assert compared == [FULL.encode(), READ.encode()]


async def test_who_asks_too_often_fills_no_disk(tmp_path):
    async with served(tmp_path) as server:
        statuses = [(await server.ask("DELETE", "dead-letters/a/b", token="")).status for _ in range(15)]
        assert statuses == [401] * 10 + [429] * 5
        assert [line["status"] for line in server.audit()] == [401] * 10


@pytest.mark.parametrize(("names", "address"), [((), "127.0.0.1"), (("flows.example",), "192.0.2.7")])
async def test_whom_a_proxy_asks_for_is_believed_where_there_is_one(tmp_path, names, address):
    async with served(tmp_path, host_names=names) as server:
        await server.ask("POST", "runs/x/cancel", X_Forwarded_For="192.0.2.7")
        await server.ask("POST", "runs/x/cancel", X_Forwarded_For="x" * 5000)
        first, second = server.audit()
        assert first["address"] == address
        assert len(second["address"]) <= 50


def test_an_audit_that_cannot_be_written_is_logged_with_its_line(caplog):
    caplog.set_level("INFO", "headrace.audit")
    with Audit(Path("/dev/full")) as audit:
        audit.note(address="127.0.0.1", access="full", method="POST", path="/x", status=200)
    failed, line = caplog.records
    assert (failed.levelname, failed.getMessage()) == (
        "ERROR",
        "cannot write the audit: no space left on device",
    )
    assert json.loads(line.getMessage())["action"] == "POST /x"


@pytest.mark.parametrize("name", ["", "flows.example:80", "https://flows.example", "a b"])
async def test_a_name_that_is_none_is_a_mistake(tmp_path, name):
    with pytest.raises(UsageError, match="is no host name"):
        async with served(tmp_path, host_names=(name,)):
            pass


async def test_what_cannot_be_had_is_a_mistake(tmp_path):
    with pytest.raises(UsageError, match=r"cannot listen on ü\.\.x:80"):
        async with served(tmp_path, address=Address("ü..x", 80)):
            pass
    (tmp_path / "home" / "audit.jsonl").mkdir()
    with pytest.raises(UsageError, match=r"cannot write .*audit\.jsonl: is a directory"):
        async with served(tmp_path):
            pass
