"""A line to a server that can be cut: what is sent then does not arrive, and nobody is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Line:
    """Passes bytes on, while it is whole.

    Attributes:
        port: where clients connect to it.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks: set[asyncio.Task] = set()
        self.port = 0

    def cut(self) -> None:
        """Let nothing through."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything through again, also what was held up."""
        self._whole.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        for one, other in ((reader, server_writer), (server_reader, writer)):
            task = asyncio.create_task(self._pass(one, other))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def close(self) -> None:
        self._whole.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)


@contextlib.asynccontextmanager
async def line_to(server_port: int) -> AsyncIterator[Line]:
    """A line to a server of this machine."""
    line = Line(server_port)
    listening = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = listening.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        listening.close()
        await line.close()
