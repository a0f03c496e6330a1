"""An aiohttp session that sends nothing twice unseen, and takes no answer that another request asked for."""

from ssl import SSLContext
from weakref import WeakSet

import aiohttp
from aiohttp.client import ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from headrace import __version__
from headrace.connections.http.encoding import ACCEPTED
from headrace.connections.http.failure import map_error
from headrace.connections.http.progress import progress

__all__ = ["MAX_HEADERS", "MAX_HEADER_BYTES", "make_session"]

MAX_HEADERS = 256
MAX_HEADER_BYTES = 64 * 1024
"""Of one header, or of the status line. Policies and links of real servers pass aiohttp's 8 KiB."""

_CHUNK_BYTES = 256 * 1024
"""Reads of a body are no smaller where the data is there; aiohttp's 64 KiB make twice the wake-ups."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class _Connector(aiohttp.TCPConnector):
    """Notes when a request has got its connection, and gives out no connection on which something waits."""

    def __init__(self, *, max_connections: int, tls: SSLContext | None) -> None:
        super().__init__(limit=max_connections, keepalive_timeout=30.0, ssl=tls or True)
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:  # noqa: ASYNC109 - the signature is aiohttp's
        now = progress.get()
        now.connected = now.reused = False
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if protocol is None or not protocol.should_close:
                break
            connection.close()  # something came that nobody asked for; it would be taken for the answer
        if protocol is not None:
            now.reused = protocol in self._used
            self._used.add(protocol)
        now.connected = now.sent = True
        return connection


async def _send_once(request: ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request; again only where a kept-alive connection turned out to be closed.

    By itself aiohttp repeats every idempotent request whose connection breaks, a new one's too: a server
    that fails under load would get twice of it, and `retryCount: 0` would not be true. The errors are
    mapped here, so that aiohttp does not know them.
    """
    now = progress.get()
    while True:
        try:
            return await handler(request)
        except aiohttp.ClientConnectionError as error:
            if not (now.connected and now.reused and request.method in _IDEMPOTENT):
                raise map_error(error, now) from error


def make_session(*, max_connections: int, tls: SSLContext | None) -> aiohttp.ClientSession:
    """A session; nothing is connected yet. Keeps no cookies, follows nothing, decompresses nothing."""
    return aiohttp.ClientSession(
        connector=_Connector(max_connections=max_connections, tls=tls),
        middlewares=(_send_once,),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=None),
        headers={"User-Agent": f"headrace/{__version__}", "Accept": "*/*", "Accept-Encoding": ACCEPTED},
        skip_auto_headers=("Content-Type",),
        raise_for_status=False,
        auto_decompress=False,
        read_bufsize=_CHUNK_BYTES,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
