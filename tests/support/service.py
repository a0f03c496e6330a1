"""A `headrace run` that listens, in a process of its own."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.forked import Forked, start


class Service:
    """The process, and the events that it has told so far."""

    def __init__(self, process: Forked) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._told = asyncio.Condition()
        self._has_ended = False

    async def read(self) -> None:
        """Take in events until the process ends."""
        while line := await asyncio.to_thread(self.process.stdout.readline):
            async with self._told:
                self.events.append(json.loads(line))
                self._told.notify_all()
        async with self._told:
            self._has_ended = True
            self._told.notify_all()

    async def event(self, name: str) -> dict[str, Any]:
        """The first event of a name, once it is told."""

        def found() -> dict[str, Any] | None:
            return next((event for event in self.events if event["event"] == name), None)

        async with asyncio.timeout(30), self._told:
            await self._told.wait_for(lambda: found() is not None or self._has_ended)
        event = found()
        assert event is not None, f"the process ended without `{name}`"
        return event

    async def port(self) -> int:
        """Where it listens."""
        where = (await self.event("listening"))["where"]
        return int(where.rpartition("http://")[2].partition("/")[0].rpartition(":")[2])

    async def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.process.send_signal(by)
        return await asyncio.to_thread(self.process.wait)


@asynccontextmanager
async def service(flow: Path, home: Path, *options: str) -> AsyncIterator[Service]:
    """Run a flow that listens, with a home folder; killed at the end if it is still there."""
    environment = {**os.environ, "HEADRACE_HOME": str(home)}
    process = start("run", flow, "--listen", "127.0.0.1:0", "--json", *options, environment=environment)
    running = Service(process)
    reading = asyncio.gather(running.read(), asyncio.to_thread(process.stderr.read))
    try:
        yield running
    finally:
        await running.end(signal.SIGKILL)
        await reading
        process.communicate()


async def post(port: int, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    """Send a request on a connection of its own; gives status, headers and the JSON of the answer.

    Raises:
        ConnectionError: the server died, or is not there.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        data = json.dumps(body).encode()
        lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(data)}"]
        lines += ["Content-Type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    if not head:
        raise ConnectionError("the server died")
    first, *rest = head.decode().split("\r\n")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return int(first.split()[1]), found, json.loads(answer) if answer else None
