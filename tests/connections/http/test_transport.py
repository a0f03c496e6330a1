"""The HTTP transport against servers that answer, reset, truncate, trickle, redirect and compress."""

import asyncio
import gzip
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


def answer(status="200 OK", body=b"", **headers):
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if "Content_Length" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


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
        PermanentHttpError, "the answer's body is larger than 50000 bytes (maxResponseBytes)",
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
    headers = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Other": "c"}
    await http.request("GET", f"{url}/to/302/|end", headers=headers)
    assert server.requests[-1][2]["authorization"] == "Bearer x"
    await http.request("GET", f"{url}/to/302/http:||localhost:{server.port}|end", headers=headers)
    last = server.requests[-1][2]
    assert ("authorization" in last, "cookie" in last, last["x-other"]) == (False, False, "c")
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


def test_retry_after_is_seconds_or_a_date():
    now_ns = 1_767_322_985 * 10**9  # 2026-01-02T03:03:05Z
    assert retry_after_s({"retry-after": "120"}, now_ns) == 120.0
    assert retry_after_s({"retry-after": "Fri, 02 Jan 2026 03:04:05 GMT"}, now_ns) == 60.0
    assert retry_after_s({"retry-after": "Thu, 01 Jan 2026 03:04:05 GMT"}, now_ns) == 0.0
    assert retry_after_s({"retry-after": "soon"}, now_ns) is None
    assert retry_after_s({}, now_ns) is None


@pytest.mark.parametrize("text", ["9" * 400, "99999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_server_that_asks_to_wait_for_years_is_waited_for_a_day(text):
    assert retry_after_s({"retry-after": text}, 0) == 86_400.0


def test_a_date_beyond_all_calendars_says_nothing():
    assert retry_after_s({"retry-after": "Tue, 1 Jan 99999999999 00:00:00"}, 0) is None


@pytest.mark.parametrize("charset", ["idna", "undefined", "zlib", "no-such", ""])
def test_a_charset_that_is_none_for_bodies_is_read_as_utf_8(charset):
    response = HttpResponse(200, {"content-type": f"text/plain; charset={charset}"}, "ü".encode(), "", 0)
    assert response.text() == "ü"
