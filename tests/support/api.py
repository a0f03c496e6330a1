"""A real HTTP server that gives users page by page, and misbehaves where a test says so.

GET /v1/users?page=1&limit=100[&updated_since=…]  ->  {"data": […], "total": N}
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "token-of-the-tests"


def make_user(number: int, **changes: Any) -> dict[str, Any]:
    """A user as the API has it."""
    user = {
        "id": f"usr_{number:04d}",
        "email": f"User.{number}@Example.COM",
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "active": number % 3 != 0,
        "updated_at": "2024-03-01T00:00:00Z",
    }
    return {**user, **changes}


@dataclass(frozen=True)
class Answer:
    """What is sent instead of a page."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    is_reset: bool = False

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> "Answer":
        """A JSON body."""
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


RESET = Answer(is_reset=True)
HTML = Answer(200, b"<!doctype html><title>Maintenance</title>", {"Content-Type": "text/html"})


@dataclass
class Api:
    """The server's data and behaviour.

    Attributes:
        users: all there are; tests may change them at any time.
        caps_limit: the API gives no more than this many a page, whatever `limit` says.
        script: by page, what is answered instead, once each, in order.
        after: by page, what happens once that page was given for the first time.
        requests: the query of each request, in order of arrival; `headers` beside it.
        together: page requests are answered only when this many are open at once.
        latency_s: of each answer.
    """

    users: list[dict[str, Any]]
    caps_limit: int = 10_000
    script: dict[int, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    after: dict[int, Callable[[], None]] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    together: int = 1
    latency_s: float = 0.0
    url: str = ""
    _open: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def pages(self) -> list[int]:
        """The pages that were asked for."""
        return [int(query["page"]) for query in self.requests]

    def _answer(self, query: dict[str, str], headers: dict[str, str]) -> Answer:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer.json({"error": "bad token"}, 401)
        page, limit = int(query["page"]), min(int(query.get("limit", 100)), self.caps_limit)
        if self.script[page]:
            return self.script[page].pop(0)
        since = query.get("updated_since", "")
        found = [user for user in self.users if user.get("updated_at", "9") >= since]
        answer = Answer.json({"data": found[(page - 1) * limit : page * limit], "total": len(found)})
        self.after.pop(page, lambda: None)()
        return answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request after the other."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines if x)}
                query = dict(parse_qsl(first.split(" ")[1].partition("?")[2], keep_blank_values=True))
                self.requests.append(query)
                self.headers.append(headers)
                await self._gather(query)
                await asyncio.sleep(self.latency_s)
                answer = self._answer(query, headers)
                if answer.is_reset:
                    writer.transport.abort()
                    return
                writer.write(_encode(answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone
        finally:
            writer.close()

    async def _gather(self, query: dict[str, str]) -> None:
        if self.together == 1 or query.get("limit") == "1":
            return
        async with self._changed:
            self._open += 1
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._open >= self.together)


def _encode(answer: Answer) -> bytes:
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    status = HTTPStatus(answer.status)
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode() + answer.body


@asynccontextmanager
async def serve_users(users: list[dict[str, Any]] | int) -> AsyncIterator[Api]:
    """An API on a free port, with these users or this many."""
    api = Api([make_user(number) for number in range(1, users + 1)] if isinstance(users, int) else users)
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    api.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield api
    finally:
        server.close()
