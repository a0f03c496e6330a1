"""A server that misbehaves for real: on raw sockets, by TLS or not, by a script for each connection."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Thread
from typing import Literal, TypeAlias

import trustme

__all__ = ["Door", "Misbehaving", "Request", "Wire", "answer", "misbehaving", "trusting"]

Door: TypeAlias = Literal[
    "plain", "tls", "plain behind https", "tls behind http", "self-signed", "expired", "of another host",
    "wants a certificate", "silent tls", "reset tls", "closed tls", "refused", "unreachable", "no such name",
]  # fmt: skip
"""How the server is reached, or is not."""


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def answer(status: str = "200 OK", body: bytes = b"", **headers: object) -> bytes:
    """An answer as it should be. Headers with `_` for `-`; None leaves Content-Length away."""
    lines = {"Content-Length": len(body)} | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body


class Wire:
    """One connection, after a request on it."""

    def __init__(self, writer: asyncio.StreamWriter, request: Request, number: int) -> None:
        self._writer = writer
        self.request = request
        self.number = number
        """Of the request on this connection, from 1."""

    async def send(self, *data: bytes) -> None:
        """Write, and wait until it is on its way, piece by piece."""
        for piece in data:
            self._writer.write(piece)
            await self._writer.drain()

    async def trickle(self, data: bytes, pause_s: float = 1.0) -> None:
        """A byte, a pause, a byte, …"""
        for byte in data:
            await self.send(bytes((byte,)))
            await asyncio.sleep(pause_s)

    async def flood(self, data: bytes) -> None:
        """The same again and again, until the client goes."""
        while not self._writer.is_closing():
            await self.send(data)
            await asyncio.sleep(
                0
            )  # where the client reads as fast as this writes, `drain` lets nobody else run

    def reset(self) -> None:
        """Close by a reset (RST) instead of an end (FIN)."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        """Close properly."""
        self._writer.close()


Script: TypeAlias = Callable[[Wire], Awaitable[None]]


@dataclass
class Misbehaving:
    """A running server, its URL, and what it was asked."""

    script: Script
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def place(self) -> str:
        """Host and port, as messages name them."""
        host = self.url.partition("://")[2]
        return host if ":" in host else f"{host}:80"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read requests and answer them by the script, until either side closes."""
        self.connections += 1
        number = 0
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ssl.SSLError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                method, target, _ = first.split(" ")
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(method, target, headers, body)
                self.requests.append(request)
                number += 1
                await self.script(Wire(writer, request, number))
        writer.close()


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def trusting() -> ssl.SSLContext:
    """Trusts the authority of the certificates that are not self-signed."""
    context = ssl.create_default_context()
    _authority().configure_trust(context)
    return context


@cache
def _certified(door: Door) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer = trustme.CA() if door == "self-signed" else _authority()
    host = "elsewhere.example.com" if door == "of another host" else "127.0.0.1"
    now = datetime.now(UTC)
    until = now - timedelta(days=1) if door == "expired" else now + timedelta(days=1)
    issuer.issue_cert(host, not_before=now - timedelta(days=2), not_after=until).configure_cert(context)
    if door == "wants a certificate":
        context.verify_mode = ssl.CERT_REQUIRED
        _authority().configure_trust(context)
    return context


@asynccontextmanager
async def misbehaving(script: Script, door: Door = "plain") -> AsyncIterator[Misbehaving]:
    """Run a server that reaches its script by this door."""
    server = Misbehaving(script)
    match door:
        case "no such name":
            server.url = "http://nowhere.invalid"
            yield server
            return
        case "refused" | "unreachable":
            with socket.socket() as closed, socket.socket() as first, socket.socket() as second:
                closed.bind(("127.0.0.1", 0))
                server.url = f"http://127.0.0.1:{closed.getsockname()[1]}"
                if door == "unreachable":  # nobody accepts, and the queue is full: further SYNs are dropped
                    closed.listen(0)
                    for waiting in (first, second):
                        waiting.setblocking(False)
                        waiting.connect_ex(closed.getsockname())
                yield server
            return
    if door == "wants a certificate":
        with _asking_for_a_certificate() as server.url:
            yield server
        return
    tls = (
        None
        if door in ("plain", "plain behind https", "silent tls", "reset tls", "closed tls")
        else _certified(door)
    )
    serve = {
        "silent tls": _say_nothing,
        "reset tls": _reset,
        "closed tls": _close,
        "plain behind https": _refuse,
    }.get(door, server.serve)
    open_: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_[asyncio.create_task(serve(reader, writer))] = writer

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls, limit=2**20)
    scheme = "http" if door in ("plain", "tls behind http") else "https"
    server.url = f"{scheme}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        for task, writer in open_.items():
            task.cancel()
            writer.transport.abort()
            await asyncio.wait([task])
            with suppress(OSError):
                await writer.wait_closed()
            if not task.cancelled():
                task.result()


async def _say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    Wire(writer, Request("", "", {}, b""), 0).reset()


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(2**16)
    writer.close()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(answer("400 Bad Request"))
    writer.close()


@contextmanager
def _asking_for_a_certificate() -> Iterator[str]:
    """Of a thread, since asyncio's TLS closes without saying why."""
    context = _certified("wants a certificate")

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
                    with suppress(ssl.SSLError):
                        tls.do_handshake()
                    tls.shutdown(socket.SHUT_WR)
                    while tls.recv(
                        2**16
                    ):  # a close with something unread is a reset, which overtakes the alert
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
