"""A mock API with users, over HTTP/1.1 on 127.0.0.1, which now and then refuses to answer.

    GET /v1/users?page=1&limit=100[&updated_since=2024-03-01T00:00:00Z]
    -> {"data": [{"id", "email", "first_name", "last_name", "active", "updated_at"}],
        "page", "limit", "total"}

The same number of users gives the same users, always. It runs in the event loop of its caller: a page of
100 users costs it less than a millisecond, far below what the sync itself does with them.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from headrace.errors import UsageError
from headrace.values import Json, encode_json

__all__ = ["DemoApi"]

_FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Radia", "Zoë", "José", "Margaret", "Niklaus", None)
_LAST = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Perlman", "O'Neil", "Ångström", "Hamilton")
_FIRST_CHANGE = datetime(2024, 1, 1, tzinfo=UTC)
_MAX_LIMIT = 1000
_MAX_REQUEST_BYTES = 16 * 1024


class _Answer(NamedTuple):
    status: HTTPStatus
    body: Json
    retry_after_s: int | None = None


class DemoApi:
    """The server; an asynchronous context manager.

    Attributes:
        token: that requests must bring as `Authorization: Bearer …`.
        pages: how many pages it gave.
        faults: by status, how often it refused.
    """

    def __init__(self, users: int, token: str, tell: Callable[[str], None], port: int = 0) -> None:
        """Set up.

        Args:
            users: how many there are.
            token: see above.
            tell: told of each refusal, in words.
            port: 0 for a free one.
        """
        self.token = token
        self.pages = 0
        self.faults: dict[int, int] = {}
        self._count = users
        self._tell = tell
        self._port = port
        self._failed: set[int] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._left = asyncio.Event()
        self._left.set()

    @property
    def url(self) -> str:
        """The base URL, `http://127.0.0.1:40123/v1`."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> "DemoApi":
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        except OSError as error:
            raise UsageError(f"the mock API cannot listen on port {self._port}: {error.strerror}") from error
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for client in self._clients:
            client.close()
        await self._left.wait()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other, until the client is gone."""
        self._clients.add(writer)
        self._left.clear()
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) and len(head) <= _MAX_REQUEST_BYTES:
                writer.write(_written(self._answer(head.decode("latin-1"))))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the client went away, or is none of HTTP
        finally:
            writer.close()
            self._clients.discard(writer)
            if not self._clients:
                self._left.set()

    def _answer(self, head: str) -> _Answer:
        first, *lines = head.split("\r\n")
        method, _, rest = first.partition(" ")
        target = urlsplit(rest.partition(" ")[0])
        if target.path != "/v1/users":
            return _Answer(HTTPStatus.NOT_FOUND, {"error": "there is only /v1/users"})
        if method != "GET":
            return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, {"error": "users can be read only"})
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        if headers.get("authorization") != f"Bearer {self.token}":
            return _Answer(HTTPStatus.UNAUTHORIZED, {"error": "the token is missing or wrong"})
        query = {name: values[-1] for name, values in parse_qs(target.query).items()}
        try:
            page, limit = int(query.get("page", "1")), min(int(query.get("limit", "100")), _MAX_LIMIT)
            since = datetime.fromisoformat(query["updated_since"]) if "updated_since" in query else None
        except ValueError:
            return _Answer(HTTPStatus.BAD_REQUEST, {"error": "page, limit or updated_since is not right"})
        if page < 1 or limit < 1 or (since is not None and since.tzinfo is None):
            return _Answer(HTTPStatus.BAD_REQUEST, {"error": "page, limit or updated_since is not right"})
        return self._refusal(page, limit) or self._page(page, limit, since)

    def _refusal(self, page: int, limit: int) -> _Answer | None:
        """A few pages, always the same, fail when they are asked for the first time."""
        last = max(-(-self._count // limit), 1)
        fault = {last // 4 + 1: HTTPStatus.TOO_MANY_REQUESTS}
        fault |= dict.fromkeys((last // 2 + 1, last * 4 // 5 + 1), HTTPStatus.SERVICE_UNAVAILABLE)
        status = fault.get(page)
        if status is None or page in self._failed:
            return None
        self._failed.add(page)
        self.faults[status] = self.faults.get(status, 0) + 1
        self._tell(f"the API answers {status} {status.phrase} for page {page}; the flow asks again")
        return _Answer(
            status, {"error": status.phrase}, 1 if status == HTTPStatus.TOO_MANY_REQUESTS else None
        )

    def _page(self, page: int, limit: int, since: datetime | None) -> _Answer:
        self.pages += 1
        begin = (page - 1) * limit
        if since is None:
            total = self._count
            numbers = list(range(begin + 1, min(begin + limit, total) + 1))
        else:
            changed = [n for n in range(1, self._count + 1) if self._changed_at(n) >= since]
            total, numbers = len(changed), changed[begin : begin + limit]
        users: list[Json] = [self._user(number) for number in numbers]
        return _Answer(HTTPStatus.OK, {"data": users, "page": page, "limit": limit, "total": total})

    def _changed_at(self, number: int) -> datetime:
        """Spread over 300 days, in no order."""
        return _FIRST_CHANGE + timedelta(seconds=number * 7919 % self._count * (300 * 86400 // self._count))

    def _user(self, number: int) -> dict[str, Json]:
        return {
            "id": f"usr_{number:06}",
            "email": f"User.{number}@Example.COM",
            "first_name": _FIRST[number % len(_FIRST)],
            "last_name": _LAST[number // 3 % len(_LAST)],
            "active": number % 7 != 0,
            "updated_at": self._changed_at(number).isoformat().replace("+00:00", "Z"),
        }


def _written(answer: _Answer) -> bytes:
    body = encode_json(answer.body)
    retry = "" if answer.retry_after_s is None else f"Retry-After: {answer.retry_after_s}\r\n"
    head = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{retry}\r\n"
    )
    return head.encode() + body
