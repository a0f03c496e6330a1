"""A real HTTP server that gives rows page by page in each of the usual ways, and misbehaves where asked to.

/numbered?page=1&limit=10     {"data": [...], "total": N}
/offset?offset=0&limit=10     {"data": [...], "total": N}
/cursor?cursor=abc&limit=10   {"data": [...], "next": "abc" | null}
/linked?page=1&limit=10       [...], with `Link: <…>; rel="next"`
/next?page=1&limit=10         {"data": [...], "next": "/next?page=2&limit=10" | null}
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

__all__ = ["Listing", "Request", "listing", "rows_of"]

Query = dict[str, str]


def rows_of(count: int) -> list[dict[str, Any]]:
    """Rows with a number and a time, both growing."""
    return [
        {"id": n, "updatedAt": f"2024-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"}
        for n in range(1, count + 1)
    ]


@dataclass
class Request:
    """What was asked."""

    path: str
    query: Query
    body: Any


@dataclass
class Listing:
    """The server's rows and behaviour.

    Attributes:
        rows: all there are; tests may change them at any time.
        cap: the most rows of a page, whatever is asked for.
        states_total: whether the body says how many rows there are.
        alter: changes a body before it is sent; given the request.
        status: what is answered instead of a page, by the request; None for the page.
        headers: of every page, beside those that it needs.
        before: awaited before a request is answered.
        requests: in order of arrival.
        most_open: how many requests were open at once, at most.
    """

    rows: list[dict[str, Any]]
    cap: int = 1000
    states_total: bool = True
    alter: Callable[[Request, Any], Any] = lambda _, body: body
    status: Callable[[Request], int | None] = lambda _: None
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[Request], Any] | None = None
    requests: list[Request] = field(default_factory=list)
    most_open: int = 0
    url: str = ""
    _open: int = 0

    def asked(self, name: str) -> list[str | None]:
        """What the requests had for a parameter."""
        return [request.query.get(name) for request in self.requests]

    def _page(self, request: Request) -> tuple[Any, dict[str, str]]:
        parameters = {**request.query, **(request.body if isinstance(request.body, dict) else {})}
        limit = min(int(parameters.get("limit", 10)), self.cap)
        rows = [row for row in self.rows if row["updatedAt"] >= parameters.get("since", "")]
        kind = request.path.strip("/")
        if kind == "offset":
            start = int(parameters["offset"])
        elif kind == "cursor":
            start = int(parameters.get("cursor", "0"), 36)
        else:
            start = (int(parameters.get("page", 1)) - 1) * limit
        page, end = rows[start : start + limit], start + limit
        more = end < len(rows)
        following = urlencode({**request.query, "page": start // limit + 2})
        if kind == "linked":
            link = f'<{self.url}/linked?{following}>; rel="next", <{self.url}/linked?page=1>; rel=first'
            return page, {"Link": link if more else f'<{self.url}/linked?page=1>; rel="first"'}
        body: dict[str, Any] = {"data": page}
        if kind in ("numbered", "offset") and self.states_total:
            body["total"] = len(rows)
        if kind == "cursor":
            body["next"] = _base36(end) if more else None
        if kind == "next":
            body["next"] = f"/next?{following}" if more else None
        return body, {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request after the other."""
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                first, *lines = head.strip().split("\r\n")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
                length = int(headers.get("content-length", 0))
                body = json.loads(await reader.readexactly(length)) if length else None
                target = urlsplit(first.split(" ")[1])
                request = Request(target.path, dict(parse_qsl(target.query, keep_blank_values=True)), body)
                self.requests.append(request)
                self._open += 1
                self.most_open = max(self.most_open, self._open)
                try:
                    if self.before is not None:
                        await self.before(request)
                    writer.write(self._answer(request))
                finally:
                    self._open -= 1
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone
        finally:
            writer.close()

    def _answer(self, request: Request) -> bytes:
        status = self.status(request)
        page, more = self._page(request) if status is None else ({"error": "no"}, {})
        content = json.dumps(self.alter(request, page)).encode()
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **self.headers,
            **more,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {status or 200} X\r\n{lines}\r\n".encode() + content


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


@asynccontextmanager
async def listing(rows: list[dict[str, Any]] | int, **behaviour: Any) -> AsyncIterator[Listing]:
    """A server on a free port, with these rows or this many."""
    found = Listing(rows_of(rows) if isinstance(rows, int) else rows, **behaviour)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()
