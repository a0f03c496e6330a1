"""The faults of HTTP servers, each as a server really does it, and what headrace makes of it.

docs/runtime.md has the same as a table; tests/docs compares.
"""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from support.misbehaving import Door, Wire, answer

__all__ = ["FAULTS", "LIMIT_BYTES", "TIMEOUT_S", "Fault"]

TIMEOUT_S = 0.2
LIMIT_BYTES = 64 * 1024
JSON = "application/json"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        name: which fault it is.
        row: what the documentation calls it; rows cover one fault or several.
        temporary: whether it is tried again.
        code: of the error.
        says: the beginning of the message; `{place}` is the server's host and port.
        post: whether POST and PATCH are repeated, too.
        wait_s: how long the server asks to wait.
    """

    name: str
    row: str
    temporary: bool
    code: str
    says: str
    script: Callable[[Wire], Awaitable[None]]
    door: Door = "plain"
    post: bool = False
    wait_s: float = 0.0

    @property
    def is_seen(self) -> bool:
        """Whether the server can read the request."""
        return self.door in ("plain", "tls")

    @property
    def timeout_s(self) -> float:
        """Short where it is what is waited for."""
        return TIMEOUT_S if " within " in self.says else 30.0


def sends(*data: bytes, then: str = "") -> Callable[[Wire], Awaitable[None]]:
    """A server that sends this, and then waits, closes or resets."""

    async def script(wire: Wire) -> None:
        await wire.send(*data)
        if then == "reset":
            await asyncio.sleep(0.01)  # a reset overtakes what is not read yet
            wire.reset()
        elif then == "close":
            wire.close()
        elif then == "wait":
            await asyncio.sleep(60)

    return script


async def _slowly(wire: Wire) -> None:
    await wire.send(answer(Content_Length=100))
    await wire.trickle(b"x" * 100, TIMEOUT_S / 4)


async def _slow_head(wire: Wire) -> None:
    await wire.trickle(answer(body=b"x" * 100), TIMEOUT_S / 4)


def floods(first: bytes, repeated: bytes) -> Callable[[Wire], Awaitable[None]]:
    """A server that does not stop."""

    async def script(wire: Wire) -> None:
        await wire.send(first)
        await wire.flood(repeated)

    return script


async def _count_up(wire: Wire) -> None:
    number = int(wire.request.target.removeprefix("/n")) if wire.request.target.startswith("/n") else 0
    await wire.send(answer("302 Found", Location=f"/n{number + 1}"))


def temporary(name: str, row: str, says: str, script: Callable[[Wire], Awaitable[None]], **more) -> Fault:
    return Fault(name, row, True, more.pop("code", "HR310"), says, script, **more)


def permanent(name: str, row: str, says: str, script: Callable[[Wire], Awaitable[None]], **more) -> Fault:
    return Fault(name, row, False, more.pop("code", "HR310"), says, script, **more)


def status(text: str, *, temporary: bool, row: str, name: str = "", **more) -> Fault:
    headers = more.pop("headers", {})
    script = sends(answer(text, b'{"why": "because"}', Content_Type=JSON, **headers))
    code = f"HTTP {text[:3]}"
    return Fault(name or text, row, temporary, code, f"GET {{url}} answered {text}: ", script, **more)


NO_CONNECTION = "no connection: unknown host, refused, not connected within `timeout`"
RESET = "the connection is closed or reset before the answer, or within its head"
CUT = "the body ends too early: closed, reset, a chunk or compressed data cut off"
SLOW = "the answer is not there, or not whole, within `timeout`"
NO_HTTP = "the answer is no HTTP: its status line, a header, a chunk's size"
PACKED = "the body is not compressed as `Content-Encoding` says"
NO_JSON = "the content type says JSON, the body is none"
TLS = "TLS fails: a certificate that is not trusted, expired or of another host; no TLS on that port"
PLAIN = "TLS is spoken on that port, the URL says `http://`, and the server answers that by an alert"
LARGE = "the body is larger than `maxResponseBytes` (decompressed), or the head larger than its limits"
UNREAD = "the body is compressed in a way that was not asked for"
REDIRECT = "redirects: a loop, more than 10, to no URL, to a host that is not in `allowedHosts`"
NO_LOCATION = "a redirect without `Location`"
SWITCH = "101, or a status below 100"
BUSY = "408, 425, 5xx"
BUSY_UNTIL = "429; 503 with `Retry-After`"
REFUSED = "other statuses of 400 and above"

CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
HEAD = CHUNKED.encode() + b"\r\n"
CLOSED = "{place} closed the connection without an answer"
INCOMPLETE = "{place} closed the connection before the answer was complete"
TOO_LARGE = f"the answer of {{place}} is larger than {LIMIT_BYTES} bytes (maxResponseBytes)"
NOT_IN_TIME = f"the answer of {{place}} was not complete within {TIMEOUT_S:g} s"
ZIPPED = gzip.compress(json.dumps([*range(1000)]).encode())
BOMB = gzip.compress(b"\0" * 50_000_000)

FAULTS = (
    temporary("no such host", NO_CONNECTION, "the host `nowhere.invalid` cannot be found", sends(), door="no such name", post=True),
    temporary("refused", NO_CONNECTION, "{place} refused the connection", sends(), door="refused", post=True),
    temporary("no connection in time", NO_CONNECTION, f"could not connect to {{place}} within {TIMEOUT_S:g} s", sends(), door="unreachable", post=True),
    temporary("no TLS in time", NO_CONNECTION, f"could not connect to {{place}} within {TIMEOUT_S:g} s", sends(), door="silent tls", post=True),
    temporary("reset within the handshake", NO_CONNECTION, "{place} reset the connection", sends(), door="reset tls", post=True),
    temporary("closed within the handshake", NO_CONNECTION, "{place} ", sends(), door="closed tls", post=True),

    temporary("closed before a byte", RESET, CLOSED, sends(then="close")),
    temporary("reset before a byte", RESET, "{place} reset the connection", sends(then="reset")),
    temporary("closed within the status line", RESET, CLOSED, sends(b"HTTP/1.1 2", then="close")),
    temporary("closed within the headers", RESET, CLOSED, sends(b"HTTP/1.1 200 OK\r\nContent-Le", then="close")),
    temporary("reset within the headers", RESET, "{place} reset the connection", sends(b"HTTP/1.1 200 OK\r\nContent-Le", then="reset")),
    temporary("TLS on that port, which just closes", RESET, CLOSED, sends(), door="tls behind http"),
    temporary("closed after 100 Continue", RESET, CLOSED, sends(b"HTTP/1.1 100 Continue\r\n\r\n", then="close")),

    temporary("reset within the body", CUT, INCOMPLETE, sends(answer(body=b"half", Content_Length=8), then="reset")),
    temporary("shorter than its length", CUT, INCOMPLETE, sends(answer(body=b"half", Content_Length=8), then="close")),
    temporary("shorter than its length, by TLS", CUT, INCOMPLETE, sends(answer(body=b"half", Content_Length=8), then="close"), door="tls"),
    temporary("closed within a chunk", CUT, INCOMPLETE, sends(HEAD, b"8\r\nhalf", then="close")),
    temporary("closed within a chunk's size", CUT, INCOMPLETE, sends(HEAD, b"4\r\nhalf\r\n1", then="close")),
    temporary("without the last chunk", CUT, INCOMPLETE, sends(HEAD, b"4\r\nhalf\r\n", then="close")),
    temporary("compressed data cut off", CUT, "the answer of {place} ends in the middle of its compressed data",
              sends(answer(body=ZIPPED[:-20], Content_Encoding="gzip"))),

    temporary("silent", SLOW, f"{{place}} did not answer within {TIMEOUT_S:g} s", sends(then="wait")),
    temporary("a head that trickles", SLOW, f"{{place}} did not answer within {TIMEOUT_S:g} s", _slow_head),
    temporary("a body that trickles", SLOW, NOT_IN_TIME, _slowly),
    temporary("a chunk that does not come", SLOW, NOT_IN_TIME, sends(HEAD, b"4\r\nhalf\r\n", then="wait")),
    temporary("informed without end", SLOW, f"{{place}} did not answer within {TIMEOUT_S:g} s", floods(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)),

    temporary("HTTP/0.9", NO_HTTP, "{place} answered something that is not HTTP (bad status line)", sends(b"<html>hello</html>\r\n\r\n", then="close")),
    temporary("HTTP/2", NO_HTTP, "{place} answered something that is not HTTP (", sends(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\1\0\0\0\5\0\xff\xff\xff", then="close")),
    temporary("a header that is none", NO_HTTP, "{place} answered something that is not HTTP (", sends(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", then="close")),
    temporary("two lengths", NO_HTTP, "{place} answered something that is not HTTP (", sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")),
    temporary("a length that is none", NO_HTTP, "{place} answered something that is not HTTP (", sends(answer(Content_Length="-4"))),
    temporary("a chunk's size that is none", NO_HTTP, "{place} answered something that is not HTTP (", sends(HEAD, b"zz\r\nhalf\r\n")),
    temporary("a chunk's size beyond all numbers", NO_HTTP, "{place} answered something that is not HTTP (", sends(HEAD, b"f" * 40 + b"\r\nhalf\r\n")),

    temporary("compressed, says the header", PACKED, "the answer of {place} is not compressed as its header says", sends(answer(body=b"plain", Content_Encoding="gzip"))),
    temporary("compressed data that is broken", PACKED, "the answer of {place} is not compressed as its header says",
              sends(answer(body=ZIPPED[:50] + b"\xff" * 50 + ZIPPED[100:], Content_Encoding="gzip"))),

    temporary("JSON cut short", NO_JSON, "200 from {url} says it is application/json, but the body is no JSON: ", sends(answer(body=b'{"cut', Content_Type=JSON)), code="HR332"),
    temporary("a page instead of JSON", NO_JSON, "200 from {url} says it is application/json, but the body is no JSON: ",
              sends(answer(body=b"<!doctype html><title>Please log in</title>", Content_Type=JSON)), code="HR332"),
    temporary("NaN", NO_JSON, "200 from {url} says it is application/json, but the body is no JSON: ", sends(answer(body=b'{"a": NaN}', Content_Type=JSON)), code="HR332"),
    temporary("JSON in no UTF-8", NO_JSON, "200 from {url} says it is application/json, but the body is no JSON: ",
              sends(answer(body=b'{"a": "\xff\xfe"}', Content_Type=JSON)), code="HR332"),

    status("408 Request Timeout", temporary=True, row=BUSY),
    status("425 Too Early", temporary=True, row=BUSY),
    *(status(f"{text}", temporary=True, row=BUSY) for text in
      ("500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "511 Network Authentication Required", "599")),
    status("429 Too Many Requests", temporary=True, row=BUSY_UNTIL, post=True),
    status("429 Too Many Requests", temporary=True, row=BUSY_UNTIL, post=True, name="429 with seconds", headers={"Retry-After": 30}, wait_s=30),
    status("503 Service Unavailable", temporary=True, row=BUSY_UNTIL, post=True, name="503 with seconds", headers={"Retry-After": 30}, wait_s=30),
    status("503 Service Unavailable", temporary=True, row=BUSY_UNTIL, post=True, name="503 with a date that has passed", headers={"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}),
    status("503 Service Unavailable", temporary=True, row=BUSY, name="503 with rubbish", headers={"Retry-After": "-5"}),

    *(status(text, temporary=False, row=REFUSED) for text in
      ("400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "409 Conflict", "410 Gone", "422 Unprocessable Entity", "451 Unavailable For Legal Reasons", "600", "999")),

    permanent("a certificate of nobody known", TLS, "the TLS certificate of {place} is not trusted: ", sends(), door="self-signed"),
    permanent("a certificate that has expired", TLS, "the TLS certificate of {place} is not trusted: certificate has expired", sends(), door="expired"),
    permanent("a certificate of another host", TLS, "the TLS certificate of {place} is not trusted: IP address mismatch", sends(), door="of another host"),
    permanent("no TLS on that port", TLS, "no TLS connection to {place} is possible: ", sends(then="close"), door="plain behind https"),
    permanent("a certificate is wanted", TLS, "{place} wants a client certificate, and there is none", sends(), door="wants a certificate"),
    permanent("TLS on that port", PLAIN, "{place} speaks TLS on that port; write `https://`", sends(b"\x15\x03\x03\0\2\2\x46", then="close")),

    permanent("endless body", LARGE, TOO_LARGE, floods(HEAD, b"1000\r\n" + b"x" * 4096 + b"\r\n")),
    permanent("a length beyond the limit", LARGE, TOO_LARGE, floods(answer(Content_Length=10**15), b"x" * 4096)),
    permanent("endless body without a length", LARGE, TOO_LARGE, floods(answer(Content_Length=None), b"x" * 4096)),
    permanent("a bomb", LARGE, TOO_LARGE, sends(answer(body=BOMB, Content_Encoding="gzip"))),
    permanent("endless headers", LARGE, "the head of the answer of {place} is too large: ", floods(b"HTTP/1.1 200 OK\r\n", b"X-Again: and again\r\n")),
    permanent("an endless header", LARGE, "the head of the answer of {place} is too large: ", floods(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 4096)),
    permanent("an endless status line", LARGE, "the head of the answer of {place} is too large: ", floods(b"HTTP/1.1 200 ", b"x" * 4096)),
    permanent("brotli", UNREAD, "the answer of {place} is compressed by `br`, which was not asked for", sends(answer(body=b"\x8b\2\x80hello\3", Content_Encoding="br"))),

    permanent("a loop", REDIRECT, "redirect loop: {url} leads back to itself", sends(answer("302 Found", Location="?"))),
    permanent("redirects without end", REDIRECT, "more than 10 redirects, the last one to ", _count_up),
    permanent("redirected to no URL", REDIRECT, "{url} redirects to what is no URL", sends(answer("302 Found", Location="http://[::1"))),
    permanent("redirected to a file", REDIRECT, "{url} redirects to what is no http or https URL", sends(answer("301 Moved", Location="file:///etc/passwd"))),
    permanent("redirected to a host that is not allowed", REDIRECT, "a redirect leads to `example.com:80`, which is not in `allowedHosts`",
              sends(answer("307 Temporary Redirect", Location="http://example.com/"))),
    status("302 Found", temporary=False, row=NO_LOCATION),
    status("308 Permanent Redirect", temporary=False, row=NO_LOCATION),
    permanent("101", SWITCH, "{place} answered 101, which is no final answer", sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")),
    permanent("000", SWITCH, "{place} answered 0, which is no final answer", sends(answer("000 X"))),
)  # fmt: skip
