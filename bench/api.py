"""An API with users that costs next to nothing to ask: each page is rendered once, at its first request.

    GET /v1/users?page=1&limit=100&updated_since=
    -> {"data": [{"id", "email", "first_name", "last_name", "active", …}], "page", "limit", "total"}
    GET /v1/began     when the first page was asked for since this was last asked
    -> {"at": seconds since 1970, or null}

A mock that is slower than what it measures would hide the difference between the contestants: a request
takes this one some 20 us. The same number of users gives the same bytes, always.
"""

import argparse
import asyncio
import re
import time
from typing import Any

import msgspec
import uvloop

_FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Radia", "Zoë", "José", "Margaret", "Niklaus")
_LAST = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Perlman", "O'Neil", "Ångström", "Hamilton")
_CITIES = ("Oslo", "Lagos", "Lima", "Kyoto", "Bergen", "Quito", "Porto")
_REQUEST = re.compile(rb"GET /v1/users\?(?=[^ ]*?\bpage=(\d+))[^ ]*?\blimit=(\d+)")
_BEGAN = b"GET /v1/began "
_MAX_LIMIT = 1000


def _user(number: int) -> dict[str, Any]:
    """About 250 bytes of JSON, of which the flow reads half."""
    return {
        "id": f"usr_{number:08}",
        "email": f"User.{number}@Example{number % 97}.COM",
        "first_name": _FIRST[number % len(_FIRST)],
        "last_name": _LAST[number // len(_FIRST) % len(_LAST)],
        "active": number % 7 != 0,
        "phone": f"+47 {number:08}",
        "company": {"name": f"Company {number % 1009}", "vat": f"NO{number % 999_983:09}"},
        "city": _CITIES[number % len(_CITIES)],
        "tags": [f"t{number % 5}", f"t{number % 11}"],
        "updated_at": f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:00:00Z",
    }


class Pages:
    """The answers, whole with their headers."""

    def __init__(self, users: int, token: str) -> None:
        """Have that many users for those who bring the token."""
        self._users = users
        bearer = b": Bearer " + token.encode() + b"\r\n"
        self._authorizations = b"\r\nAuthorization" + bearer, b"\r\nauthorization" + bearer
        self._rendered: dict[tuple[bytes, bytes], bytes] = {}
        self._began: float | None = None

    def answer(self, request: bytes) -> bytes:
        """The answer to a request, whose head is given."""
        found = _REQUEST.match(request)
        if found is None and request.startswith(_BEGAN):
            began, self._began = self._began, None
            return _response(b"200 OK", {"at": began})
        if found is None:
            return _response(b"404 Not Found", {"error": "there is only /v1/users?page=&limit="})
        if not any(header in request for header in self._authorizations):
            return _response(b"401 Unauthorized", {"error": "the token is missing or wrong"})
        self._began = self._began or time.time()
        page, limit = key = found[1], found[2]
        if key not in self._rendered:
            self._rendered[key] = self._render(int(page), min(int(limit), _MAX_LIMIT))
        return self._rendered[key]

    def _render(self, page: int, limit: int) -> bytes:
        numbers = range((page - 1) * limit + 1, min(page * limit, self._users) + 1)
        users = [_user(number) for number in numbers]
        return _response(b"200 OK", {"data": users, "page": page, "limit": limit, "total": self._users})


def _response(status: bytes, body: dict[str, Any]) -> bytes:
    data = msgspec.json.encode(body)
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(data)) + data


class Connection(asyncio.Protocol):
    """A client; requests without a body, answered one after the other."""

    def __init__(self, pages: Pages, latency_s: float) -> None:
        """Answer from `pages`, each `latency_s` after its request."""
        self._pages = pages
        self._latency_s = latency_s
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            answer = self._pages.answer(self._received[: end + 2])
            self._received = self._received[end + 4 :]
            if self._latency_s:
                asyncio.get_running_loop().call_later(self._latency_s, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def serve(pages: Pages, latency_s: float) -> None:
    """Serve on a free port of this machine until terminated; prints the URL that `/users` is below."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(pages, latency_s), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--token", default="bench-token")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="of each answer")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Pages(options.users, options.token), options.latency_ms / 1000))


if __name__ == "__main__":
    main()
