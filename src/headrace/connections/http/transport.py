"""HTTP requests over kept-alive connections, by aiohttp.

One request in, one whole answer out, or an error that says in plain words what happened and whether the
server can have seen anything of the request. Retries, rate limits and status codes are the client
component's.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import TypeAlias

import aiohttp
from aiohttp.client import ClientTimeout
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from headrace import __version__
from headrace.connections.http.failure import (
    PermanentHttpError,
    cut,
    map_error,
    place,
    shown,
    timeout,
)
from headrace.connections.http.host import HostPatterns
from headrace.connections.http.progress import Progress
from headrace.connections.http.response import HttpResponse

__all__ = ["HttpTransport", "Query"]

Query: TypeAlias = Mapping[str, str | Sequence[str]]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
_CHUNK_BYTES = 256 * 1024
"""Reads of a body are no smaller where the data is there; aiohttp's 64 KiB make twice the wake-ups."""


_progress: ContextVar[Progress] = ContextVar("headrace_http_progress")


class _Connector(aiohttp.TCPConnector):
    """Notes when a request has got its connection."""

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:  # noqa: ASYNC109 - the signature is aiohttp's
        connection = await super().connect(req, traces, timeout)
        _progress.get().connected = True
        return connection


class HttpTransport:
    """A session: its connections are kept alive and shared by all requests through it. Keeps no cookies."""

    def __init__(
        self,
        *,
        max_connections: int = 100,
        allowed_hosts: Sequence[str] = (),
        max_redirects: int = 10,
    ) -> None:
        """Make a session; nothing is connected yet. Needs a running event loop.

        Args:
            max_connections: at once; further requests wait for one, within their timeout.
            allowed_hosts: the hosts that may be spoken to: `api.example.com`, `*.example.com` (all below
                it, not itself), `localhost:8080` (that port alone); empty for all.
            max_redirects: per request; 0 gives the redirecting answer itself.
        """
        self._allowed = HostPatterns(allowed_hosts)
        self._max_redirects = max_redirects
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=max_connections, keepalive_timeout=30.0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=None),
            headers={"User-Agent": f"headrace/{__version__}", "Accept": "*/*"},
            skip_auto_headers=("Content-Type",),
            raise_for_status=False,
            auto_decompress=True,
            read_bufsize=_CHUNK_BYTES,
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Query | None = None,
        body: bytes | None = None,
        timeout_s: float = 30.0,
        max_response_bytes: int = 64 * 1024 * 1024,
    ) -> HttpResponse:
        """Send a request and read the whole answer; any status is an answer.

        Args:
            url: absolute; what it has of a query is kept.
            params: further query parameters.
            timeout_s: for all of it: waiting for a connection, redirects, the body.
            max_response_bytes: of the body, decompressed.

        Raises:
            TemporaryHttpError: no connection, no name, reset, cut off, too late, no HTTP.
            PermanentHttpError: a bad URL, header or certificate, a host that is not allowed, too many
                redirects, a body that is too large.
        """
        target = _parse_url(url, params)
        progress = Progress()
        _progress.set(progress)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(
                    progress, method.upper(), target, dict(headers or {}), body, max_response_bytes
                )
        except TimeoutError as error:
            raise timeout(target, progress, timeout_s) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise map_error(error, target, progress) from error

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        await self._session.close()

    async def _follow(
        self,
        progress: Progress,
        method: str,
        url: URL,
        headers: dict[str, str],
        body: bytes | None,
        limit: int,
    ) -> HttpResponse:
        """Make the request and those it is redirected to."""
        seen = set()
        start = url
        while True:
            self._check_host(url, redirected=url is not start)
            async with self._session.request(
                method, url, headers=headers, data=body, allow_redirects=False
            ) as response:
                progress.answered = True
                if response.status < 200:
                    raise PermanentHttpError(
                        f"{place(url)} answered {response.status}, which is no final answer"
                    )
                location = response.headers.get("Location") if response.status in _REDIRECTS else None
                if location is None or self._max_redirects == 0:
                    return await _read(response, limit, progress)
                response.close()  # its body is of no interest, and may be endless
            seen.add((method, url))
            previous, url = url, _parse_location(url, location)
            method, body, headers = _redirected(response.status, method, body, headers, previous, url)
            if (method, url) in seen:
                raise PermanentHttpError(f"redirect loop: {shown(url)} leads back to itself")
            if len(seen) > self._max_redirects:
                raise PermanentHttpError(
                    f"more than {self._max_redirects} redirects, the last one to {shown(url)}"
                )
            progress.answered = False

    def _check_host(self, url: URL, *, redirected: bool) -> None:
        if not self._allowed.allow(url.host or "", url.port):
            how = "a redirect leads to" if redirected else "the request goes to"
            raise PermanentHttpError(
                f"{how} `{url.host}:{url.port}`, which is not in `allowedHosts`", unsent=not redirected
            )


def _redirected(
    status: int, method: str, body: bytes | None, headers: dict[str, str], old: URL, new: URL
) -> tuple[str, bytes | None, dict[str, str]]:
    """The request that follows a redirect: its method, body and headers."""
    drop: set[str] = set()
    if (next_method := _redirected_method(status, method)) != method:
        method, body = next_method, None
        drop |= {"content-type", "content-length", "content-encoding"}
    if old.origin() != new.origin():
        drop |= _CREDENTIALS
    if old.host != new.host or old.port != new.port:
        drop.add("host")
    return method, body, {name: value for name, value in headers.items() if name.lower() not in drop}


def _redirected_method(status: int, method: str) -> str:
    """What browsers do (fetch standard, HTTP-redirect fetch): 303, and POST on 301 and 302, become GET."""
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        return "GET"
    return method


async def _read(response: aiohttp.ClientResponse, limit: int, progress: Progress) -> HttpResponse:
    chunks = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            response.close()
            raise PermanentHttpError(f"the answer's body is larger than {limit} bytes (maxResponseBytes)")
        chunks.append(chunk)
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lowered = name.lower()
        headers[lowered] = f"{headers[lowered]}, {value}" if lowered in headers else value
    return HttpResponse(
        status=response.status,
        headers=headers,
        body=b"".join(chunks),
        url=str(response.url.with_user(None)),
        elapsed_ms=round((time.monotonic() - progress.started_s) * 1000),
    )


def _parse_url(text: str, params: Query | None) -> URL:
    try:
        url = URL(text)
        port = url.port
    except ValueError as error:
        raise PermanentHttpError(f"`{cut(text)}` is no URL: {error}", unsent=True) from error
    if url.scheme not in ("http", "https") or not url.host or port is None:
        raise PermanentHttpError(
            f"`{cut(text)}` is no URL that can be requested; it must begin with http:// or https://",
            unsent=True,
        )
    if params:
        pairs = [
            (name, item)
            for name, value in params.items()
            for item in ([value] if isinstance(value, str) else value)
        ]
        url = url.extend_query(pairs)
    return url


def _parse_location(base: URL, location: str) -> URL:
    try:
        url = base.join(URL(location))
        if url.scheme in ("http", "https") and url.host and url.port is not None:
            return url
    except ValueError as error:
        raise PermanentHttpError(f"{shown(base)} redirects to what is no URL") from error
    raise PermanentHttpError(f"{shown(base)} redirects to what is no http or https URL")
