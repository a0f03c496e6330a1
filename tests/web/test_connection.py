"""What is sent to `headrace serve` that is no request, or none in time, or no end of one. Real sockets."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from headrace.web import connection, guard
from web.served import FULL, served

HEAD = f"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {FULL}\r\n"


@asynccontextmanager
async def connected(server):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.address.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(reader):
    """The status and the code of the error that comes, which is the last that does."""
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-type: application/json" in head.lower()
        error = json.loads(await reader.read())["error"]
    assert set(error) == {"code", "message", "place"}
    return int(head.split()[1]), error["code"]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /fl\xffows HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"POST /api/v1/evaluate {HEAD}Content-Length: {'9' * 5000}\r\n\r\n".encode(),
        f"POST /api/v1/evaluate {HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n".encode(),
        f"POST /api/v1/evaluate {HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n".encode(),
    ],
)
async def test_what_is_no_request_is_told_in_the_one_shape(tmp_path, sent):
    async with served(tmp_path) as server, connected(server) as (reader, writer):
        writer.write(sent)
        assert await answer(reader) == (400, "bad_request")


ENDLESS = {
    "headers": (b"GET /live HTTP/1.1\r\nHost: localhost\r\n", b"X: " + b"a" * 10_000 + b"\r\n"),
    "header": (b"GET /live HTTP/1.1\r\nHost: localhost\r\nX: ", b"a" * 10_000),
    "address": (b"GET /", b"a" * 10_000),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_a_head_has_an_end(tmp_path, what):
    first, piece = ENDLESS[what]
    async with served(tmp_path) as server, connected(server) as (reader, writer):
        writer.write(first + piece * 10)
        assert await answer(reader) == (431, "too_large")


async def test_what_follows_a_body_has_an_end_also_after_the_answer(tmp_path):
    async with served(tmp_path) as server, connected(server) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        assert b" 405 " in await reader.readline()
        writer.write(b"X: " + b"a" * 100_000)
        async with asyncio.timeout(5):
            assert b" 431 " in await reader.read()


@pytest.mark.parametrize("sent", [b"GET /live HT", b"GET /live HTTP/1.1\r\nHost: localhost\r\n"])
async def test_who_asks_no_whole_request_is_let_go(tmp_path, monkeypatch, sent):
    monkeypatch.setattr(connection, "_HEAD_S", 0.2)
    async with served(tmp_path) as server, connected(server) as (reader, writer):
        writer.write(sent)
        assert await answer(reader) == (408, "timeout")


async def test_who_has_connected_in_advance_gets_no_answer_to_what_was_not_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "_HEAD_S", 0.2)
    async with served(tmp_path) as server, connected(server) as (reader, _):
        async with asyncio.timeout(5):
            assert await reader.read() == b""


async def test_who_asks_nothing_more_is_let_go_and_who_watches_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "_HEAD_S", 0.2)
    async with served(tmp_path) as server, connected(server) as one, connected(server) as other:
        other[1].write(f"GET /api/v1/events {HEAD}\r\n".encode())
        assert b" 200 " in await other[0].readline()
        one[1].write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in await one[0].readuntil(b'"live"}')
        one[1].write(b"GET /")
        async with asyncio.timeout(3):  # less than uvicorn keeps a connection without a further request
            assert b" 408 " in await one[0].read()
        server.site.feed.publish("notice", {"text": "still there"})
        async with asyncio.timeout(5):
            await other[0].readuntil(b"still there")


async def test_a_body_that_does_not_come_is_waited_for_no_longer(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "_BODY_S", 0.2)
    async with served(tmp_path) as server, connected(server) as (reader, writer):
        head = f"POST /api/v1/evaluate {HEAD}Content-Type: application/json\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert await answer(reader) == (408, "timeout")


async def test_connections_have_a_limit_and_the_next_ones_are_answered_once_others_are_gone(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 3)
    async with served(tmp_path) as server:
        some = connected(server), connected(server), connected(server)
        async with some[0], some[1], some[2], connected(server) as (reader, _):
            assert await answer(reader) == (429, "too_many_requests")
        async with asyncio.timeout(5):
            while (await server.ask("GET", "/live")).status != 200:
                await asyncio.sleep(0.01)
