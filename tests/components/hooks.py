"""A flow whose servers listen, and callers of them over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from headrace.connections.http import HttpResponse, HttpTransport
from headrace.store import Caller, RunRecord, RunStatus
from support.flows import Bench, bench

ACCEPT = """
nodes:
  hook: {component: http-module/server, settings: {path: /hook}}
  work: {component: test-module/probe}
edges:
  - hook -> work
"""
REPLY = """
nodes:
  hook: {component: http-module/server, settings: {path: /hook, timeout: 5s}}
  work: {component: test-module/probe}
edges:
  - hook -> work
  - from: work
    to: hook:response
    data: {statusCode: 201, headers: {X-Work: done}, body: {got: "{{$.request.bodyJson}}"}}
"""
KEYED = REPLY.replace("path: /hook,", "path: /hook, dedupeKey: \"{{$.request.headers['x-id']}}\",")
KEYED_ACCEPT = ACCEPT.replace("path: /hook", "path: /hook, dedupeKey: \"{{$.request.headers['x-id']}}\"")

Connection: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Hooks:
    """Callers of a flow's servers."""

    flow: Bench
    transport: HttpTransport
    base: str

    async def ask(
        self, path: str = "/hook", body: Any = None, method: str = "POST", **headers: str
    ) -> HttpResponse:
        """Send a request; a body that is no bytes goes as JSON. `X_Id="7"` is the header `X-Id: 7`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            named.setdefault("Content-Type", "application/json")
        return await self.transport.request(method, self.base + path, headers=named, body=body, timeout_s=10)

    async def connect(self, path: str = "/hook", body: bytes = b"") -> Connection:
        """Send a request, and leave its connection open; the answer is not read."""
        _, _, port = self.base.rpartition(":")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        return reader, writer

    async def ended(self, run_id: str) -> RunRecord:
        """A run once it has ended."""
        run = await self.flow.engine.wait(run_id)
        assert run.status is not RunStatus.RUNNING
        return run

    async def settled(self, run_id: str, fate: Caller) -> None:
        """Return once what became of a caller is known."""
        async with asyncio.timeout(5):
            while (await self.flow.store.run(run_id)).caller is not fate:
                await asyncio.sleep(0.005)

    async def only_run(self) -> RunRecord:
        """The one run that there is, as soon as it is there."""
        async with asyncio.timeout(5):
            while not (runs := await self.flow.store.runs()):
                await asyncio.sleep(0.005)
        (run,) = runs
        return await self.flow.store.run(run.id)


@asynccontextmanager
async def hooks(spec: str, **options: Any) -> AsyncIterator[Hooks]:
    """The flow of a spec, listening."""
    async with bench(spec, **options) as flow:
        await flow.engine.listen(flow.program)
        where = next(iter(flow.observer.where.values()))
        base = "/".join(where.partition(" ")[2].rpartition(" ")[2].split("/")[:3])
        transport = HttpTransport(max_redirects=0)
        try:
            yield Hooks(flow, transport, base)
        finally:
            await transport.close()


def value(response: HttpResponse) -> Any:
    """The JSON of an answer."""
    assert response.headers["content-type"] == "application/json"
    return json.loads(response.body)


def code(response: HttpResponse) -> str:
    """The code of an error."""
    return str(value(response)["error"]["code"])


class Gate:
    """Holds messages at a probe until it is opened."""

    def __init__(self, seen, node="work"):
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()
        seen.before[node] = self.wait

    async def wait(self, *_):
        self.entered.set()
        await self.opened.wait()


def held(monkeypatch, store, method, when=lambda *_: True):
    """Have a store's method return only once the gate is opened, though all is durable."""
    gate, original = asyncio.Event(), getattr(store, method)

    async def wait(*arguments, **options):
        done = await original(*arguments, **options)
        if when(*arguments):
            await gate.wait()
        return done

    monkeypatch.setattr(store, method, wait)
    return gate
