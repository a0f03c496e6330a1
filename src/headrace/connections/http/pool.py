"""Connections to servers: made, kept alive, shared, bounded."""

import asyncio
import socket
import ssl
from collections import deque
from typing import TypeAlias

import aiohappyeyeballs
from yarl import URL

from headrace.connections.http.connection import ClosedError, Connection, RawAnswer
from headrace.connections.http.progress import Progress

__all__ = ["Pool"]

_KEPT_S = 30.0
"""For how long a connection without requests is kept."""
_NEXT_ADDRESS_S = 0.25
"""After how long the next address of a host is tried beside the first (RFC 8305, section 5)."""
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

Origin: TypeAlias = tuple[str, str, int]


class Pool:
    """Connections by origin; the one that was used last is used first."""

    def __init__(self, *, max_connections: int, tls: ssl.SSLContext | None) -> None:
        """Open nothing yet.

        Args:
            max_connections: with requests on them at once; further ones wait.
            tls: whom to trust; None for whom the system trusts.
        """
        self._free = asyncio.Semaphore(max_connections)
        self._tls = tls
        self._idle: dict[Origin, deque[Connection]] = {}
        self._expiry: asyncio.TimerHandle | None = None

    async def request(
        self, method: str, url: URL, request: bytes, max_bytes: int, now: Progress
    ) -> RawAnswer:
        """Send a request; again only where a kept-alive connection turned out to be closed.

        Args:
            method: of the request; one that is not idempotent is never sent again.
            url: where to.
            request: its head and body.
            max_bytes: of the answer's body.
            now: told how far it has come.

        Raises:
            OSError: no connection, or it broke.
            Those of `Connection.exchange`.
        """
        origin = (url.scheme, url.raw_host or "", url.port or 0)
        async with self._free:
            while True:
                connection = self._take(origin)
                now.connected = now.reused = connection is not None
                if connection is None:
                    connection = await self._connect(origin)
                now.connected = now.sent = True
                try:
                    answer = await connection.exchange(method, request, max_bytes, now)
                except (ClosedError, ConnectionError):
                    if now.answered or not now.reused or method not in _IDEMPOTENT:
                        raise
                else:
                    self._keep(origin, connection)
                    return answer

    async def close(self) -> None:
        """Close what is idle; what is in use closes with its request."""
        if self._expiry is not None:
            self._expiry.cancel()
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the loop closes the sockets then

    def _take(self, origin: Origin) -> Connection | None:
        connections = self._idle.get(origin)
        while connections:
            connection = connections.pop()
            if connection.is_open:
                return connection
            connection.abort()
        return None

    def _keep(self, origin: Origin, connection: Connection) -> None:
        if not connection.is_open:
            return
        loop = asyncio.get_running_loop()
        connection.idle_since_s = loop.time()
        self._idle.setdefault(origin, deque()).append(connection)
        if self._expiry is None:
            self._expiry = loop.call_later(_KEPT_S, self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close what has been idle for long; called as long as anything is."""
        self._expiry = None
        oldest_s = loop.time() - _KEPT_S
        for origin, connections in list(self._idle.items()):
            while connections and connections[0].idle_since_s <= oldest_s:
                connections.popleft().close()
            if not connections:
                del self._idle[origin]
        if self._idle:
            self._expiry = loop.call_later(_KEPT_S / 2, self._expire, loop)

    async def _connect(self, origin: Origin) -> Connection:
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        sock = await aiohappyeyeballs.start_connection(
            addresses, happy_eyeballs_delay=_NEXT_ADDRESS_S, loop=loop
        )
        try:
            if scheme == "https":
                _, connection = await loop.create_connection(
                    Connection, sock=sock, ssl=self._context(), server_hostname=host
                )
            else:
                _, connection = await loop.create_connection(Connection, sock=sock)
        except BaseException:
            sock.close()
            raise
        return connection

    def _context(self) -> ssl.SSLContext:
        """Made at the first use: it reads all certificates of the system."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls
