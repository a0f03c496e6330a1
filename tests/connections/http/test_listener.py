"""The HTTP server of a process: what becomes of requests before somebody handles them, over real sockets."""

import asyncio
import gzip
import json
import logging

import pytest

from headrace.connections.http import HttpTransport
from headrace.connections.http.server import (
    HttpListener,
    IncomingRequest,
    Refusal,
    Reply,
    Route,
    incoming,
    json_reply,
)
from headrace.errors import UsageError
from headrace.sdk import Address

ANY_PORT = Address("127.0.0.1", 0)
LIMIT = 1000


class Site:
    """A listener with routes that tell what they got."""

    def __init__(self, address=ANY_PORT):
        self.listener = HttpListener(address)
        self.got: list[IncomingRequest] = []
        self.cancelled = asyncio.Event()
        self.entered = asyncio.Event()

    async def __aenter__(self):
        self.add("/orders")
        await self.listener.start()
        self.transport = HttpTransport(max_redirects=0)
        return self

    async def __aexit__(self, *_):
        await self.transport.close()
        await self.listener.close()

    def add(self, path, *methods, handle=None, owner="`hook` of `shop`"):
        self.listener.add(Route(methods or ("POST",), path, handle or self.tell, owner))

    async def tell(self, request):
        self.got.append(request)
        body = await request.read(LIMIT)
        return json_reply(200, {"body": body.decode()})

    async def wait(self, request):
        self.entered.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return Reply(200)

    async def ask(self, method="POST", path="/orders", **options):
        return await self.transport.request(method, self.listener.url + path, timeout_s=5, **options)

    async def raw(self, data, *, answer=True):
        """Send bytes; returns status, headers and the rest of what comes until the connection closes."""
        _, _, port = self.listener.url.rpartition(":")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        try:
            writer.write(data)
            await writer.drain()
            return await asyncio.wait_for(reader.read(), 5) if answer else None
        finally:
            writer.close()


def error(response):
    assert response.headers["content-type"] == "application/json"
    return json.loads(response.body)["error"]["code"]


# ---- the request


async def test_a_request_comes_with_all_that_it_holds():
    async with Site() as site:
        site.add("/shops/{shop}/orders/{id}", "PUT")
        answer = await site.ask(
            "PUT", "/shops/a%2Fb/orders/7?tag=new&tag=old&page=1&empty=", body=b"hello",
            headers={"X-Thing": "a", "Cookie": "b=1"},
        )  # fmt: skip
        (request,) = site.got
    assert (answer.status, json.loads(answer.body)) == (200, {"body": "hello"})
    assert (request.method, request.path) == ("PUT", "/shops/a/b/orders/7")
    assert request.params == {"shop": "a/b", "id": "7"}
    assert request.query == {"tag": ["new", "old"], "page": "1", "empty": ""}
    assert (request.headers["x-thing"], request.headers["cookie"]) == ("a", "b=1")


async def test_headers_that_repeat_are_joined_and_bytes_that_are_no_text_do_no_harm():
    async with Site() as site:
        await site.raw(
            b"POST /orders?q=%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n"
            b"X-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\nX-Bad: \xff\r\n\r\n"
        )
        (request,) = site.got
    assert request.headers["x-a"] == "1, 2"
    assert request.headers["cookie"] == "a=1; b=2"
    assert request.headers["x-bad"] == "\ufffd"
    json.dumps(request.query).encode()


async def test_a_body_in_chunks_or_compressed_is_read():
    async with Site() as site:
        chunked = await site.raw(
            b"POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
        zipped = await site.ask(body=gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})
    assert b'{"body":"abcde"}' in chunked
    assert json.loads(zipped.body) == {"body": "hello"}


async def test_a_caller_who_waits_to_be_asked_for_the_body_is_asked():
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    async with Site() as site:
        _, _, port = site.listener.url.rpartition(":")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(head)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello")
        assert (await reader.read()).endswith(b'{"body":"hello"}')
        writer.close()


# ---- bodies that are not taken


@pytest.mark.parametrize("framing", ["length", "chunks", "bomb"])
async def test_a_body_that_is_too_large_is_refused_without_reading_it_all(framing):
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\n"
    async with Site() as site:
        if framing == "length":  # which is refused before anything of the body has come
            said = await site.raw(head + b"Content-Length: 1001\r\n\r\n")
        elif framing == "chunks":
            said = await site.raw(
                head
                + b"Transfer-Encoding: chunked\r\n\r\n"
                + b"1ff\r\n"
                + b"x" * 511
                + b"\r\n"
                + b"1ff\r\n"
                + b"x" * 511
                + b"\r\n"
            )
        else:
            body = gzip.compress(b"x" * 10_000_000)
            said = await site.raw(
                head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b'"body_too_large"' in said
    assert b"Connection: close" in said


async def test_a_body_at_the_limit_is_taken():
    async with Site() as site:
        assert (await site.ask(body=b"x" * LIMIT)).status == 200


async def test_a_body_that_comes_too_slowly_is_given_up(monkeypatch):
    monkeypatch.setattr(incoming, "_BODY_TIMEOUT_S", 0.1)
    async with Site() as site:
        said = await site.raw(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    assert said.startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_is_not_compressed_as_it_says_is_refused():
    async with Site() as site:
        wrong = await site.ask(body=b"hello", headers={"Content-Encoding": "gzip"})
        unknown = await site.ask(body=b"hello", headers={"Content-Encoding": "lzma"})
    assert (wrong.status, error(wrong)) == (400, "bad_body")
    assert (unknown.status, error(unknown), unknown.headers["accept-encoding"]) == (
        415,
        "unsupported_encoding",
        "gzip, deflate",
    )


# ---- what nobody takes


async def test_a_path_that_nobody_takes_is_404():
    async with Site() as site:
        for path in ("/", "/order", "/orders/", "/orders/1", "/orders%2F", "//orders"):
            answer = await site.ask(path=path)
            assert (path, answer.status, error(answer)) == (path, 404, "not_found")
        assert site.got == []


async def test_a_method_that_nobody_takes_is_405_with_those_that_are():
    async with Site() as site:
        site.add("/orders", "PUT")
        answer = await site.ask("GET")
        head = await site.ask("HEAD")
    assert (answer.status, error(answer), answer.headers["allow"]) == (
        405,
        "method_not_allowed",
        "POST, PUT, OPTIONS",
    )
    assert json.loads(answer.body)["error"]["message"] == "GET is not taken here, only POST, PUT"
    assert (head.status, head.body) == (405, b"")


async def test_options_and_head_are_answered_and_reach_nobody():
    async with Site() as site:
        site.add("/list", "GET")
        options = await site.ask("OPTIONS", "/list")
        head = await site.ask("HEAD", "/list")
    assert (options.status, options.headers["allow"], options.body) == (204, "GET, HEAD, OPTIONS", b"")
    assert (head.status, head.body) == (200, b"")
    assert site.got == []


async def test_options_and_head_go_where_they_are_asked_for():
    async with Site() as site:
        site.add("/all", "OPTIONS", "HEAD")
        assert (await site.ask("OPTIONS", "/all")).status == 200
        assert (await site.ask("HEAD", "/all")).status == 200
        assert [request.method for request in site.got] == ["OPTIONS", "HEAD"]


async def test_text_wins_over_a_parameter():
    async with Site() as site:
        site.add("/orders/{id}")
        site.add("/orders/new")
        site.add("/{kind}/new")
        for path in ("/orders/new", "/orders/7", "/users/new", "/orders/"):
            await site.ask(path=path)
        assert [request.params for request in site.got] == [{}, {"id": "7"}, {"kind": "users"}]


async def test_two_routes_of_one_method_and_path_are_refused():
    async with Site() as site:
        site.add("/orders", "PUT")
        site.add("/a/{x}")
        with pytest.raises(UsageError) as caught:
            site.add("/orders", "GET", "POST", owner="`other` of `shop`")
        with pytest.raises(UsageError):
            site.add("/a/{y}", owner="`other` of `shop`")
        assert str(caught.value) == "`other` of `shop` cannot take POST /orders, which `hook` of `shop` takes"


# ---- what is no HTTP


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50 + b"\r\n\r\n",
        b"POST /orders HTTP/9.9\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\n" + b"X-Many: 1\r\n" * 1000 + b"\r\n",
    ],
    ids=["text", "tls", "version", "length", "smuggling", "long header", "many headers"],
)
async def test_what_is_no_request_is_400_in_the_shape_of_all_errors_and_prints_nothing(data, caplog, capfd):
    async with Site() as site:
        with caplog.at_level(logging.INFO):
            said = await site.raw(data)
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.")
    assert b" 400 " in head.splitlines()[0]
    assert json.loads(body)["error"]["code"] == "bad_request"
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


async def test_a_bug_of_a_route_is_500_without_its_text_and_is_in_the_log(caplog):
    async def fail(_):
        raise ZeroDivisionError("the secret is hunter2")

    async with Site() as site:
        site.add("/bug", handle=fail)
        answer = await site.ask(path="/bug")
    assert (answer.status, error(answer)) == (500, "internal")
    assert b"hunter2" not in answer.body
    assert "POST /bug could not be answered" in caplog.text


async def test_a_refusal_is_the_answer():
    async def refuse(_):
        raise Refusal(418, "teapot", "no coffee", headers=(("X-Tea", "green"),))

    async with Site() as site:
        site.add("/tea", handle=refuse)
        answer = await site.ask(path="/tea")
    assert (answer.status, answer.headers["x-tea"], answer.headers["server"]) == (418, "green", "headrace")
    assert json.loads(answer.body) == {"error": {"code": "teapot", "message": "no coffee"}}


# ---- connections


async def test_a_caller_who_hangs_up_is_not_worked_for_any_more():
    async with Site() as site:
        site.add("/wait", handle=site.wait)
        _, _, port = site.listener.url.rpartition(":")
        _, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(b"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        await asyncio.wait_for(site.entered.wait(), 5)
        writer.close()
        await asyncio.wait_for(site.cancelled.wait(), 5)


async def test_a_connection_is_kept_for_the_next_request():
    one = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n%s\r\na"
    async with Site() as site:
        said = await site.raw(one % b"" + one % b"Connection: close\r\n")
    assert said.count(b"HTTP/1.1 200 OK") == 2


async def test_port_0_is_any_and_the_url_has_the_real_one():
    async with Site() as one, Site() as other:
        assert one.listener.url != other.listener.url
        assert not one.listener.url.endswith(":0")


async def test_a_port_that_is_taken_is_an_error_that_says_so():
    async with Site() as site:
        address = Address("127.0.0.1", int(site.listener.url.rpartition(":")[2]))
        with pytest.raises(UsageError) as caught:
            await HttpListener(address).start()
    assert str(caught.value) == (
        f"cannot listen on {address}: another program listens there; "
        "choose another port, or port 0 for any that is free"
    )


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (Address("192.0.2.1", 0), "this machine has no such address; 0.0.0.0 stands for all that it has"),
        (Address("127.0.0.1", 70_000), "a port is a number from 0 to 65535"),
        (Address("no-such-host.invalid", 0), "known"),
    ],
)
async def test_an_address_that_cannot_be_had_is_an_error_that_says_why(address, says):
    with pytest.raises(UsageError, match=f"^cannot listen on {address}: .*{says}"):
        await HttpListener(address).start()


async def test_ipv6_is_written_in_brackets():
    try:
        async with Site(Address("::1", 0)) as site:
            assert site.listener.url.startswith("http://[::1]:")
            assert (await site.ask()).status == 200
    except UsageError:
        pytest.skip("this machine has no IPv6")


async def test_it_starts_once_and_closes_twice():
    async with Site() as site:
        url = site.listener.url
        await site.listener.start()
        assert site.listener.url == url
        await site.listener.close()
        await site.listener.close()


async def test_closing_cuts_off_who_still_waits(monkeypatch):
    monkeypatch.setattr("headrace.connections.http.server.listener._FAREWELL_S", 0.1)
    async with Site() as site:
        site.add("/wait", handle=site.wait)
        asked = asyncio.create_task(site.raw(b"POST /wait HTTP/1.1\r\nHost: x\r\n\r\n"))
        await asyncio.wait_for(site.entered.wait(), 5)
        await asyncio.wait_for(site.listener.close(), 5)
        assert await asked == b""
