"""HTTP answers as bytes: of all framings, encodings and bodies, then changed. The same again for the same `Random`."""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from fuzz.mutation import VALUES, mutated_bytes

__all__ = ["Answer", "answers"]


@dataclass(frozen=True)
class Answer:
    """What a server sends.

    Attributes:
        method: of the request that it answers.
        pieces: written one by one.
        then: what it does with the connection.
    """

    method: str
    pieces: tuple[bytes, ...]
    then: Literal["close", "reset", "keep"]


_STATUSES = (
    b"HTTP/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.0 200 OK",
    b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified", b"HTTP/1.1 100 Continue", b"HTTP/1.1 101 Switching Protocols",
    b"HTTP/1.1 103 Early Hints", b"HTTP/1.1 206 Partial", b"HTTP/1.1 301 Moved", b"HTTP/1.1 302 Found", b"HTTP/1.1 307 X", b"HTTP/1.1 401 No",
    b"HTTP/1.1 429 Too Many", b"HTTP/1.1 500 Error", b"HTTP/1.1 503 Busy", b"HTTP/1.1 600 X", b"HTTP/1.1 999 \xff\xfe", b"HTTP/1.1 000 X",
    b"HTTP/1.1 2000 X", b"HTTP/1.1 20 X", b"HTTP/1.1 -200 X", b"HTTP/2 200", b"HTTP/0.9 200 OK", b"HTTP/9.9 200 OK", b"HTP/1.1 200 OK", b"ICY 200 OK",
    b"\x15\x03\x03\x00\x02\x02\x46", b"", b"200 OK", b"HTTP/1.1  200 OK", b"http/1.1 200 ok", b"HTTP/1.1 200 " + b"x" * 70_000,
)  # fmt: skip
_HEADERS = (
    b"Connection: close", b"Connection: keep-alive", b"Connection: upgrade", b"Upgrade: websocket", b"Keep-Alive: timeout=-1", b"Server: \xff\xfe", b"X: \xc3\xbc",
    b"X: \xed\xa0\x80", b"X:", b"X", b": x", b" folded", b"X: a\x00b", b"X: a\rb", b"X\x00: a", b"\xff: a", b"X : a", b"Set-Cookie: a=b; Path=/", b"Set-Cookie: \xff", b"Set-Cookie: =;=;",
    b"Retry-After: 5", b"Retry-After: -1", b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", b"Retry-After: \xb2", b"Retry-After: ,", b"Retry-After: Mon, 1", b"Retry-After: " + b"9" * 5000,
    b"Location: /", b"Location: ", b"Location: ?a", b"Location: //", b"Location: http://[::1", b"Location: http://127.0.0.1:99999/", b"Location: http://example.com/",
    b"Location: \xff\xfe", b"Location: javascript:x", b"Location: http://a b/", b"Location: http://\xc3\xbc/", b"Location: http://xn--/", b"Location: /%zz?\x01", b"Location: http://" + b"a." * 200, b"Location: http:///x",
    b"Content-Length: 0", b"Content-Length: 1", b"Content-Length: -1", b"Content-Length: 99999999999999999999999", b"Content-Length: 1, 1", b"Content-Length: +1", b"Content-Length: 0x10", b"Content-Length:",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, gzip", b"Transfer-Encoding: identity", b"Transfer-Encoding: \xff",
    b"Content-Encoding: gzip", b"Content-Encoding: deflate", b"Content-Encoding: br", b"Content-Encoding: zstd", b"Content-Encoding: gzip, gzip", b"Content-Encoding: \xff", b"Content-Encoding: ,",
    b"Content-Type: application/json", b"Content-Type: application/x+json; charset=utf-16", b"Content-Type: text/plain; charset=idna", b"Content-Type: text/plain; charset=\xff", b"Content-Type: ;;;=",
    b"Content-Type: text/plain; charset=unicode_escape", b"Content-Type: text/plain; charset=punycode", b"Content-Type: text/plain; charset=utf-7", b"Content-Type: text/plain; charset=\x00", b"Content-Type: text/plain; charset=rot13",
    b"X-Total-Count: 7", b"X-Total-Count: \xb2", b"X-Total-Count: " + b"9" * 5000, b"Date: x", b"Trailer: X", b"X-Long: " + b"x" * 70_000, b"X: y\r\n" * 300 + b"X: y",
)  # fmt: skip
_TEXTS = (
    b"", b" ", b"{}", b"[]", b"null", b"NaN", b"Infinity", b"-", b"1" * 5000, b"1e999", b"-1e-999", b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xff"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf[1]",
    b"\xff\xfe[\0]\0", b'{"a": 1, "a": 2}', b'{"a": 1,}', b"[1] [2]", b"[" * 5000, b"[" * 300 + b"]" * 300, b'{"a":' * 2000, b'{"": {"": []}}', b"\0", b'{"total": 1e400}', b'{"meta": {"total": -1}}',
    b'{"total": true}', b'{"pagination": 7, "total_count": "9"}', b"<html>", b"x" * 100_000, "ü€😀".encode(), "grün".encode("latin-1"), b"data: x\n\n", b"0x1", b"[1.0, 1.10, 0.1e1, 123456789012345678901234567890]",
)  # fmt: skip
_BREAKS = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"0\r\n\r\n", b"\0", b"\xff", b":", b";", b",", b" ", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"FFFFFFFFFFFFFFFF\r\n",
    b"1;" + b"x" * 9000, b"\x1f\x8b", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", b"-1\r\n", b"0", b"{", b'"',
)  # fmt: skip
_CODECS: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"gzip", gzip.compress),
    (b"gzip", lambda body: gzip.compress(body) * 2),
    (b"gzip", lambda body: gzip.compress(body) + b"\0\0"),
    (b"gzip", lambda body: gzip.compress(b"") * 300 + gzip.compress(body)),
    (b"gzip", lambda body: gzip.compress(body * 30)),
    (b"deflate", zlib.compress),
    (b"deflate", lambda body: zlib.compress(body)[2:-4]),
    (b"x-gzip", gzip.compress),
    (b"identity", bytes),
    (b"br", bytes),
)


def answers(random: Random) -> tuple[Answer, ...]:
    """Some answers for requests that are made at once."""
    return tuple(_answer(random) for _ in range(25))


def _answer(random: Random) -> Answer:
    """An answer as servers send it, or one that none should send."""
    data = b"".join(_message(random) for _ in range(random.choice((1,) * 12 + (2, 3))))
    for _ in range(random.choice((0, 0, 0, 0, 1, 1, 2, 4))):
        data = random.choice((mutated_bytes, _inserted, _cut, _repeated))(random, data)
    if random.random() < 0.02:
        data = random.randbytes(random.randrange(2000))
    return Answer(
        method=random.choice(("GET", "GET", "GET", "GET", "POST", "HEAD")),
        pieces=_pieces(random, data),
        then=random.choices(("close", "reset", "keep"), (60, 4, 1))[0],
    )


def _message(random: Random) -> bytes:
    """One answer; its framing is mostly right."""
    lines = [b"HTTP/1.1 200 OK" if random.random() < 0.85 else random.choice(_STATUSES)]
    lines += random.choices(_HEADERS, k=random.choice((0, 0, 0, 0, 1, 1, 2)))
    body = _body(random)
    if random.random() < 0.6:
        lines.append(b"Content-Type: application/json")
    if random.random() < 0.3:
        name, encode = random.choice(_CODECS)
        lines.append(b"Content-Encoding: " + name)
        body = encode(body)
    match random.randrange(6):
        case 0 | 1:
            lines.append(b"Transfer-Encoding: chunked")
            body = _chunked(random, body)
        case 2 | 3 | 4:
            lines.append(b"Content-Length: %d" % (len(body) + random.choice((0, 0, 0, 0, 0, 1, -1))))
    return b"\r\n".join([*lines, b"", body])


def _body(random: Random) -> bytes:
    if random.random() < 0.5:
        return random.choice(_TEXTS)
    value = random.choice(VALUES)
    for _ in range(random.randrange(3)):
        value = random.choice(({"items": [value], "total": 3}, [value, value], {"a b": value, "é": None}))
    return json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def _chunked(random: Random, body: bytes) -> bytes:
    parts = [
        b"%x%s\r\n%s\r\n" % (len(piece), random.choice((b"", b"", b"", b";a=b", b";" + b"x" * 300)), piece)
        for piece in _pieces(random, body)
    ]
    end = random.choice(
        (b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"0\r\n", b"000\r\n\r\n", b"")
    )
    return b"".join(parts) + end


def _pieces(random: Random, data: bytes) -> tuple[bytes, ...]:
    places = sorted(random.randrange(len(data) + 1) for _ in range(random.choice((0, 0, 0, 1, 3))))
    pieces = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    return tuple(piece for piece in pieces if piece)


def _inserted(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(_BREAKS) + data[at + random.choice((0, 0, 1, 2)) :]


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _repeated(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[: at + random.randrange(100)] + data[at:]
