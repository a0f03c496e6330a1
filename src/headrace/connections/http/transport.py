"""HTTP requests over kept-alive connections, by aiohttp.

One request in, one whole answer out, or an error that says in plain words what happened and whether the
server can have seen anything of the request. Retries, rate limits and status codes are the client
component's.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from ssl import SSLContext
from typing import TypeAlias

import aiohttp
from yarl import URL

from headrace.connections.http.encoding import EncodingError, make_decoder
from headrace.connections.http.failure import (
    PermanentHttpError,
    TemporaryHttpError,
    cut,
    map_error,
    place,
    shown,
    timeout,
)
from headrace.connections.http.host import HostPatterns
from headrace.connections.http.progress import Progress, progress
from headrace.connections.http.redirect import REDIRECTS, follow, parse_location
from headrace.connections.http.response import HttpResponse
from headrace.connections.http.session import make_session

__all__ = ["HttpTransport", "Query"]

Query: TypeAlias = Mapping[str, str | Sequence[str]]


class HttpTransport:
    """A session: its connections are kept alive and shared by all requests through it. Keeps no cookies."""

    def __init__(
        self,
        *,
        max_connections: int = 100,
        allowed_hosts: Sequence[str] = (),
        max_redirects: int = 10,
        tls: SSLContext | None = None,
    ) -> None:
        """Make a session; nothing is connected yet. Needs a running event loop.

        Args:
            max_connections: at once; further requests wait for one, within their timeout.
            allowed_hosts: the hosts that may be spoken to: `api.example.com`, `*.example.com` (all below
                it, not itself), `localhost:8080` (that port alone); empty for all.
            max_redirects: per request; 0 gives the redirecting answer itself.
            tls: whom to trust; None for whom the system trusts (`SSL_CERT_FILE`, `SSL_CERT_DIR`).
        """
        self._allowed = HostPatterns(allowed_hosts)
        self._max_redirects = max_redirects
        self._session = make_session(max_connections=max_connections, tls=tls)

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
                redirects, a head or a body that is too large.
        """
        now = Progress(_parse_url(url, params))
        progress.set(now)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(now, method.upper(), dict(headers or {}), body, max_response_bytes)
        except TimeoutError as error:
            raise timeout(now, timeout_s) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise map_error(error, now) from error

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        await self._session.close()

    async def _follow(
        self, now: Progress, method: str, headers: dict[str, str], body: bytes | None, limit: int
    ) -> HttpResponse:
        """Make the request and those it is redirected to."""
        seen: set[tuple[str, URL]] = set()
        url = now.url
        while True:
            self._check_host(url, redirected=bool(seen))
            now.ask(url)
            async with self._session.request(
                method, url, headers=headers, data=body, allow_redirects=False
            ) as response:
                now.answered = True
                if response.status < 200:
                    raise PermanentHttpError(
                        f"{place(url)} answered {response.status}, which is no final answer"
                    )
                location = response.headers.get("Location") if response.status in REDIRECTS else None
                if location is None or self._max_redirects == 0:
                    return await _read(response, limit, now)
                response.close()  # its body is of no interest, and may be endless
            seen.add((method, url))
            previous, url = url, parse_location(url, location)
            method, body, headers = follow(response.status, method, body, headers, previous, url)
            if (method, url) in seen:
                raise PermanentHttpError(f"redirect loop: {shown(url)} leads back to itself")
            if len(seen) > self._max_redirects:
                raise PermanentHttpError(
                    f"more than {self._max_redirects} redirects, the last one to {shown(url)}"
                )

    def _check_host(self, url: URL, *, redirected: bool) -> None:
        if not self._allowed.allow(url.host or "", url.port):
            how = "a redirect leads to" if redirected else "the request goes to"
            raise PermanentHttpError(
                f"{how} `{url.host}:{url.port}`, which is not in `allowedHosts`", unsent=not redirected
            )


async def _read(response: aiohttp.ClientResponse, limit: int, now: Progress) -> HttpResponse:
    headers: dict[str, str] = {}
    for name, given in response.headers.items():
        lowered, value = name.lower(), _readable(given)
        headers[lowered] = f"{headers[lowered]}, {value}" if lowered in headers else value
    body = await _read_body(response, headers.get("content-encoding", ""), limit, now)
    return HttpResponse(
        status=response.status,
        headers=headers,
        body=body,
        url=str(response.url.with_user(None)),
        elapsed_ms=round((time.monotonic() - now.started_s) * 1000),
    )


def _readable(value: str) -> str:
    """A header as text: UTF-8, or Latin-1 as of old. aiohttp leaves half characters in it."""
    if value.isascii():
        return value
    data = value.encode("utf-8", "surrogateescape")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


async def _read_body(response: aiohttp.ClientResponse, encoding: str, limit: int, now: Progress) -> bytes:
    """The whole body, decompressed."""
    pieces = []
    size = 0
    try:
        decoder = make_decoder(encoding)
    except EncodingError as error:
        raise PermanentHttpError(f"the answer of {place(now.url)} {error}") from error
    try:
        async for chunk in response.content.iter_any():
            for piece in (chunk,) if decoder is None else decoder.feed(chunk):
                size += len(piece)
                if size > limit:
                    raise PermanentHttpError(
                        f"the answer of {place(now.url)} is larger than {limit} bytes (maxResponseBytes)"
                    )
                pieces.append(piece)
        if decoder is not None:
            decoder.finish()
    except EncodingError as error:
        raise TemporaryHttpError(f"the answer of {place(now.url)} {error}") from error
    return b"".join(pieces)


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
