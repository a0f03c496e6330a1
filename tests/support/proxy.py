"""A proxy before a PostgreSQL server: counts round trips, breaks the line."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from headrace.connections.postgres import PostgresTarget


class Proxy:
    """Passes bytes on; counts how often the client spoke and the server answered.

    Attributes:
        target: where clients connect to it.
        cut: the server's next answer does not reach the client; the line breaks instead.
    """

    def __init__(self, target: PostgresTarget, server: Path) -> None:
        self.target = target
        self._server = server
        self.round_trips = 0
        self.cut = False
        self._client_spoke = False
        self._served: list[asyncio.Task] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served.append(asyncio.current_task())
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(self._server)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass(reader, upstream_writer, client=True))
            group.create_task(self._pass(upstream_reader, writer, client=False))

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, client: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if self.cut and not client:
                    break
                if client and not self._client_spoke:
                    self.round_trips += 1
                self._client_spoke = client
                writer.write(data)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def close(self) -> None:
        if self._served:
            await asyncio.wait(self._served)

    async def count(self, work) -> int:
        before = self.round_trips
        await work
        return self.round_trips - before


@contextlib.asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """A proxy before the server of a URL."""
    server = PostgresTarget.parse(url)
    with contextlib.ExitStack() as closing:
        folder = Path(tempfile.mkdtemp())
        closing.callback(shutil.rmtree, folder)
        target = PostgresTarget(str(folder), 5432, server.database)
        proxy = Proxy(target, Path(server.host) / f".s.PGSQL.{server.port}")
        listening = await asyncio.start_unix_server(proxy.serve, folder / ".s.PGSQL.5432")
        yield proxy
        listening.close()
        await proxy.close()
