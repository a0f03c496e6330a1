"""HTTP requests over kept-alive connections.

One request in, one whole answer out, or an error that says in plain words what happened and whether the
server can have seen anything of the request. Retries, rate limits and status codes are the client
component's.
"""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ssl import SSLContext
from typing import TypeAlias

from yarl import URL

from headrace.connections.http.connection import RawAnswer
from headrace.connections.http.failure import (
    FAILURES,
    PermanentHttpError,
    cut,
    map_error,
    place,
    shown,
    timeout,
)
from headrace.connections.http.head import readable, request_bytes
from headrace.connections.http.host import HostPatterns
from headrace.connections.http.pool import Pool
from headrace.connections.http.progress import Progress
from headrace.connections.http.redirect import REDIRECTS, follow, parse_location
from headrace.connections.http.response import HttpResponse

__all__ = ["HttpTransport", "Query"]

Query: TypeAlias = Mapping[str, str | Sequence[str]]

_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.~=&-]+")
"""A query that nothing has to be encoded in, or might be encoded twice."""


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
        self._pool = Pool(max_connections=max_connections, tls=tls)

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
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(now, method.upper(), dict(headers or {}), body, max_response_bytes)
        except TimeoutError as error:
            raise timeout(now, timeout_s) from error
        except FAILURES as error:
            raise map_error(error, now, max_response_bytes) from error

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        await self._pool.close()

    async def _follow(
        self, now: Progress, method: str, headers: dict[str, str], body: bytes | None, limit: int
    ) -> HttpResponse:
        """Make the request and those it is redirected to."""
        seen: set[tuple[str, URL]] = set()
        url = now.url
        while True:
            self._check_host(url, redirected=bool(seen))
            now.ask(url)
            request = request_bytes(method, url, headers, body)
            answer = await self._pool.request(method, url, request, limit, now)
            if answer.status < 200:
                raise PermanentHttpError(f"{place(url)} answered {answer.status}, which is no final answer")
            found = answer.get(b"location") if answer.status in REDIRECTS else None
            location = None if found is None else readable(found)
            if location is None or self._max_redirects == 0:
                return _response(answer, url, now)
            seen.add((method, url))
            previous, url = url, parse_location(url, location)
            method, body, headers = follow(answer.status, method, body, headers, previous, url)
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


def _response(answer: RawAnswer, url: URL, now: Progress) -> HttpResponse:
    headers: dict[str, str] = {}
    for key, given in answer.headers:
        name, value = readable(key).lower(), readable(given)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return HttpResponse(
        status=answer.status,
        headers=headers,
        body=answer.body,
        url=str(url if url.raw_user is None else url.with_user(None)),
        elapsed_ms=round((time.monotonic() - now.started_s) * 1000),
    )


def _parse_url(text: str, params: Query | None) -> URL:
    begin, _, query = text.partition("?")
    known = _known(begin) if _PLAIN_QUERY.fullmatch(query) else None
    url = _checked(text) if known is None else known.with_query(query)
    if params:
        pairs = [
            (name, item)
            for name, value in params.items()
            for item in ([value] if isinstance(value, str) else value)
        ]
        url = url.extend_query(pairs)
    return url


@lru_cache(maxsize=256)
def _known(begin: str) -> URL | None:
    """What comes before a query, which mostly differs alone; None where it has to be read as a whole."""
    try:
        return None if "#" in begin else _checked(begin)
    except PermanentHttpError:
        return None


def _checked(text: str) -> URL:
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
    return url
