"""The HTTP transport against servers that answer, reset, truncate, trickle, redirect and compress."""

import asyncio
import gzip
import time
import zlib
from urllib.parse import unquote

import pytest

from headrace.connections.http import (
    HttpError,
    HttpResponse,
    HttpTransport,
    PermanentHttpError,
    TemporaryHttpError,
    retry_after_s,
)
from headrace.errors import PermanentError, TemporaryError, UsageError
from support.misbehaving import answer, misbehaving


class Server:
    """Answers by path; remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0
        self.port = 0

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append((method, path, headers, body))
                if await self.reply(path, writer):
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def reply(self, path, writer):
        place, _, argument = path.strip("/").partition("/")
        match place:
            case "reset":
                writer.transport.abort()
                return True
            case "close":
                return True
            case "cut":
                writer.write(answer(body=b"half", Content_Length=8))
                return True
            case "junk":
                writer.write(b"hello there\r\n\r\n")
                return True
            case "silent":
                await asyncio.sleep(2)
                return True
            case "trickle":
                writer.write(answer(Content_Length=100))
                await writer.drain()
                await asyncio.sleep(2)
                return True
            case "gzip":
                writer.write(answer(body=gzip.compress(b"x" * 100_000), Content_Encoding="gzip"))
            case "deflate":
                writer.write(answer(body=zlib.compress(b"hello"), Content_Encoding="deflate"))
            case "nogzip":
                writer.write(answer(body=b"hello", Content_Encoding="gzip"))
            case "to":
                status, _, location = argument.partition("/")
                writer.write(answer(f"{status} Moved", Location=unquote(location).replace("|", "/")))
            case "loop":
                writer.write(answer("302 Found", Location="/loop"))
            case "count":
                writer.write(answer("302 Found", Location=f"/count/{int(argument) + 1}"))
            case "latin":
                writer.write(
                    answer(body="grün".encode("latin-1"), Content_Type='text/plain; charset="ISO-8859-1"')
                )
            case "twice":
                writer.write(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n")
            case _:
                writer.write(answer(body=b"ok"))
        return False


@pytest.fixture
async def server():
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()
    await listener.wait_closed()


@pytest.fixture
async def http(server):
    http = HttpTransport()
    yield http
    await http.close()


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.port}"


async def failure(http, url, method="GET", **more) -> HttpError:
    with pytest.raises(HttpError) as caught:
        await http.request(method, url, **more)
    return caught.value


async def test_an_answer_is_whole_and_its_headers_are_lower_cased(http, url, server):
    response = await http.request(
        "post", f"{url}/x?a=1", headers={"X-B": "b"}, params={"c": ["1 2", "&"]}, body=b"hi"
    )
    assert response == HttpResponse(
        200, {"content-length": "2"}, b"ok", f"{url}/x?a=1&c=1+2&c=%26", response.elapsed_ms
    )
    ((method, path, headers, body),) = server.requests
    assert (method, path, headers["x-b"], body) == ("POST", "/x?a=1&c=1+2&c=%26", "b", b"hi")


async def test_repeated_headers_are_joined(http, url):
    assert (await http.request("GET", f"{url}/twice")).headers["x-a"] == "1, 2"


async def test_connections_are_kept_and_cookies_are_not(http, url, server):
    for _ in range(3):
        await http.request("GET", url)
    assert server.connections == 1
    assert all("cookie" not in headers for _, _, headers, _ in server.requests)


async def test_bodies_are_decompressed(http, url):
    assert (await http.request("GET", f"{url}/gzip")).body == b"x" * 100_000
    assert (await http.request("GET", f"{url}/deflate")).body == b"hello"


async def test_text_goes_by_the_charset(http, url):
    assert (await http.request("GET", f"{url}/latin")).text() == "grün"
    assert HttpResponse(200, {}, b"\xef\xbb\xbfa\xff", "", 0).text() == "a\ufffd"
    assert HttpResponse(200, {"content-type": "text/plain; charset=klingon"}, b"a", "", 0).text() == "a"


TEMPORARY = {
    "reset": "{place} closed the connection without an answer",
    "close": "{place} closed the connection without an answer",
    "cut": "{place} closed the connection before the answer was complete",
    "junk": "{place} answered something that is not HTTP (bad status line)",
    "silent": "{place} did not answer within 0.5 s",
    "trickle": "the answer of {place} was not complete within 0.5 s",
    "nogzip": "the answer of {place} is not compressed as its header says",
}


@pytest.mark.parametrize("path", TEMPORARY)
async def test_a_failure_on_the_way_is_temporary_and_may_have_reached_the_server(http, url, server, path):
    timeout_s = 0.5 if path in ("silent", "trickle") else 30
    error = await failure(http, f"{url}/{path}", "POST", timeout_s=timeout_s)
    assert (str(error), error.unsent) == (TEMPORARY[path].format(place=f"127.0.0.1:{server.port}"), False)
    assert isinstance(error, TemporaryHttpError)
    assert isinstance(error, TemporaryError)


async def test_a_refused_connection_has_sent_nothing(http):
    error = await failure(http, "http://127.0.0.1:1/")
    assert (type(error), str(error), error.unsent) == (
        TemporaryHttpError, "127.0.0.1:1 refused the connection", True,
    )  # fmt: skip


async def test_an_unknown_host_has_sent_nothing(http):
    error = await failure(http, "http://nowhere.invalid/")
    assert (str(error), error.unsent) == ("the host `nowhere.invalid` cannot be found", True)


async def test_waiting_for_a_connection_counts_as_connecting(url):
    http = HttpTransport(max_connections=1)
    busy = asyncio.ensure_future(http.request("GET", f"{url}/silent"))
    await asyncio.sleep(0.05)
    error = await failure(http, url, timeout_s=0.05)
    assert (str(error), error.unsent) == (f"could not connect to {url[7:]} within 0.05 s", True)
    busy.cancel()
    await asyncio.wait([busy])
    await http.close()


async def test_tls_where_none_is_spoken_is_permanent(http, server):
    async def plain(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    error = await failure(http, f"https://127.0.0.1:{port}/")
    assert (type(error), error.unsent) == (PermanentHttpError, True)
    assert "does it speak https on that port?" in str(error)
    listener.close()


@pytest.mark.parametrize("bad", ["/users", "ftp://example.com/", "http://", "http://[::1", "http://a:99999/"])
async def test_what_is_no_url_is_permanent(http, bad):
    error = await failure(http, bad)
    assert isinstance(error, PermanentHttpError)
    assert isinstance(error, PermanentError)
    assert error.unsent
    assert str(error).startswith(f"`{bad}` is no URL")


async def test_a_header_cannot_be_split(http, url, server):
    error = await failure(http, url, headers={"X-A": "a\r\nX-B: b"})
    assert isinstance(error, PermanentHttpError)
    assert server.requests == []


async def test_a_body_beyond_the_limit_is_refused_also_when_it_grows_by_decompression(http, url):
    error = await failure(http, f"{url}/gzip", max_response_bytes=50_000)
    assert (type(error), str(error)) == (
        PermanentHttpError, f"the answer of {url[7:]} is larger than 50000 bytes (maxResponseBytes)",
    )  # fmt: skip
    assert (await http.request("GET", f"{url}/gzip", max_response_bytes=100_000)).status == 200


@pytest.mark.parametrize(
    ("status", "method", "followed"),
    [
        (301, "GET", ("GET", b"")),
        (302, "POST", ("GET", b"")),
        (303, "PUT", ("GET", b"")),
        (307, "POST", ("POST", b"data")),
        (308, "PUT", ("PUT", b"data")),
    ],
)
async def test_redirects_are_followed_as_browsers_do(http, url, server, status, method, followed):
    body = None if method == "GET" else b"data"
    response = await http.request(method, f"{url}/to/{status}/|end", body=body)
    assert response.url == f"{url}/end"
    assert (server.requests[-1][0], server.requests[-1][3]) == followed


async def test_credentials_do_not_follow_to_another_host(http, url, server):
    headers = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Api-Key": "y", "Accept": "c"}
    await http.request("GET", f"{url}/to/302/|end", headers=headers)
    assert (server.requests[-1][2]["authorization"], server.requests[-1][2]["x-api-key"]) == ("Bearer x", "y")
    await http.request("GET", f"{url}/to/302/http:||localhost:{server.port}|end", headers=headers)
    last = server.requests[-1][2]
    assert {"authorization", "cookie", "x-api-key"} & set(last) == set()
    assert last["accept"] == "c"
    assert last["host"] == f"localhost:{server.port}"


async def test_redirects_that_lead_nowhere_are_permanent(http, url):
    loop = await failure(http, f"{url}/loop")
    assert (type(loop), str(loop)) == (PermanentHttpError, f"redirect loop: {url}/loop leads back to itself")
    many = await failure(http, f"{url}/count/0")
    assert str(many) == f"more than 10 redirects, the last one to {url}/count/11"
    away = await failure(http, f"{url}/to/302/ftp:||example.com|")
    assert "redirects to what is no http or https URL" in str(away)
    strict = HttpTransport(max_redirects=0)
    assert (await strict.request("GET", f"{url}/to/302/|end")).status == 302
    await strict.close()


async def test_only_allowed_hosts_are_asked_also_by_redirects(url, server):
    http = HttpTransport(allowed_hosts=["127.0.0.1"])
    assert (await http.request("GET", url)).status == 200
    direct = await failure(http, "http://example.com/")
    assert str(direct) == "the request goes to `example.com:80`, which is not in `allowedHosts`"
    redirected = await failure(http, f"{url}/to/302/http:||localhost:{server.port}|")
    assert str(redirected) == (
        f"a redirect leads to `localhost:{server.port}`, which is not in `allowedHosts`"
    )
    await http.close()
    with pytest.raises(UsageError, match=r"`https://a\.b` in `allowedHosts` is no host"):
        HttpTransport(allowed_hosts=["https://a.b"])


NOW_NS = 1_767_322_985 * 10**9  # 2026-01-02T03:03:05Z


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Fri, 02 Jan 2026 03:04:05 GMT", 60.0),  # the three forms of a date (RFC 9110, section 5.6.7)
        ("Friday, 02-Jan-26 03:04:05 GMT", 60.0),
        ("Fri Jan  2 03:04:05 2026", 60.0),
        ("Thu, 01 Jan 2026 03:04:05 GMT", 0.0),  # has passed
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("9" * 400, 86_400.0),  # years are a day
        ("99999999999", 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        *((text, None) for text in (
            "", "-5", "-0", "+5", "1.5", "1e3", "0x1f", "²", "soon", "5, 10", "Mon", "12:30", "null",
            "Tue, 1 Jan 99999999999 00:00:00", "Fri, 32 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 25:04:05 GMT",
            "Fri, 02 Jan 2026 03:04:05 +99999999",
        )),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_or_nothing(text, wait_s, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert retry_after_s({"retry-after": text}, NOW_NS) == wait_s
    finally:
        monkeypatch.undo()
        time.tzset()


def test_without_the_header_nothing_is_asked_for():
    assert retry_after_s({}, NOW_NS) is None


@pytest.mark.parametrize(
    "charset", ["idna", "undefined", "zlib", "no-such", "", "a\0", "UTF-8", "utf-7", "punycode"]
)
def test_a_charset_that_is_none_for_bodies_is_read_as_utf_8(charset):
    response = HttpResponse(200, {"content-type": f"text/plain; charset={charset}"}, "ü".encode(), "", 0)
    assert response.text() == "ü"


def test_an_encoding_of_python_makes_no_half_characters():
    response = HttpResponse(200, {"content-type": "text/plain; charset=unicode_escape"}, rb"\ud800", "", 0)
    assert response.text() == r"\ud800"


# ---- connections that were kept


async def one_empty_answer_a_connection(wire):
    """Answers the first request, and closes without a word when the second one comes."""
    if wire.number == 1:
        await wire.send(answer("204 No Content", Content_Length=None))
    else:
        wire.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_a_kept_connection_that_turns_out_to_be_closed_is_no_fault_where_repeating_is_safe(method):
    async with misbehaving(one_empty_answer_a_connection) as server:
        http = HttpTransport()
        for _ in range(3):
            assert (
                await http.request(method, server.url, body=b"x" if method == "PUT" else None)
            ).status == 204
        await http.close()
    assert (len(server.requests), server.connections) == (5, 3)
    assert all(request.body == b"x" for request in server.requests if method == "PUT")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_rule_10_a_post_on_a_kept_connection_that_is_reset_is_never_sent_twice(method):
    async with misbehaving(one_empty_answer_a_connection) as server:
        http = HttpTransport()
        await http.request("GET", server.url)
        error = await failure(http, server.url, method, body=b"x")
        await http.close()
    assert (error.unsent, isinstance(error, TemporaryHttpError)) == (False, True)
    assert [request.method for request in server.requests] == ["GET", method]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_new_connection_that_is_closed_is_not_tried_twice(method):
    async def close(wire):
        wire.close()

    async with misbehaving(close) as server:
        http = HttpTransport()
        await failure(http, server.url, method)
        await http.close()
    assert (len(server.requests), server.connections) == (1, 1)


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one():
    """Balancers say 408 on an idle connection before they close it."""

    async def chatty(wire):
        await wire.send(answer(body=wire.request.target.encode()))
        await asyncio.sleep(0.02)
        await wire.send(answer("408 Request Timeout", b"stale"))

    async with misbehaving(chatty) as server:
        http = HttpTransport()
        for path in ("/a", "/b", "/c"):
            response = await http.request("POST", server.url + path)
            assert (response.status, response.body) == (200, path.encode())
            await asyncio.sleep(0.05)
        await http.close()
    assert server.connections == 3


async def test_a_redirect_is_named_by_where_it_led():
    async with misbehaving(one_empty_answer_a_connection, "refused") as gone:

        async def away(wire):
            await wire.send(answer("307 Moved", Location=gone.url))

        async with misbehaving(away) as server:
            http = HttpTransport()
            error = await failure(http, server.url, "POST")
            await http.close()
    assert (str(error), error.unsent) == (f"{gone.place} refused the connection", False)


# ---- encodings


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"a" * 5_000_000)),
        ("GZIP", b"".join(gzip.compress(b"a" * 5000) for _ in range(1000))),
        ("x-gzip", gzip.compress(b"a" * 5_000_000) + b"\0" * 500),
        ("deflate", zlib.compress(b"a" * 5_000_000)),
        ("deflate", zlib.compress(b"a" * 5_000_000)[2:-4]),  # without its header, as many servers do
        ("identity", b"a" * 5_000_000),
        ("", b"a" * 5_000_000),
    ],
)
async def test_compressed_bodies_of_all_kinds(encoding, body):
    async def script(wire):
        await wire.send(answer(body=body, Content_Encoding=encoding))

    async with misbehaving(script) as server:
        http = HttpTransport()
        assert (await http.request("GET", server.url)).body == b"a" * 5_000_000
        await http.close()
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, lambda data: zlib.compress(data)[2:-4]])
async def test_compressed_data_that_is_cut_anywhere_is_never_taken_for_whole(compress):
    whole = compress(b"".join(b"%d," % number for number in range(300)))
    encoding = "gzip" if compress is gzip.compress else "deflate"

    async def script(wire):
        cut = int(wire.request.target[1:])
        await wire.send(answer(body=whole[:cut], Content_Encoding=encoding))

    async with misbehaving(script) as server:
        http = HttpTransport()
        for cut in range(1, len(whole), 7):
            assert isinstance(await failure(http, f"{server.url}/{cut}"), TemporaryHttpError)
        await http.close()
