"""`headrace serve` within a test: real sockets, and a client that has the token."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.app.secrets import Secrets
from headrace.cli.stopping import StopSignals
from headrace.connections.http import HttpTransport
from headrace.sdk import Address
from headrace.web.access import Tokens
from headrace.web.server import AUDIT_FILE, Offer, serve
from headrace.web.site import Site

FULL, READ = "full-token-of-this-test", "read-token-of-this-test"

HEAD = "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: NAME}\nspec:"

SYNC = """
  description: Halves numbers.
  vars: {by: 2}
  retry: {maxAttempts: 1}
  nodes:
    tick: {component: common-module/ticker, settings: {interval: 1h, emitOnStart: false, payload: {num: 4}}}
    go: {component: common-module/signal, settings: {payload: {num: 8}}}
    halve: {component: common-module/modify}
    end: {component: common-module/modify}
  edges:
    - tick -> halve
    - go -> halve
    - from: halve
      to: end
      data: {half: "{{$.payload.num / $vars.by}}", over: "{{100 / $.payload.num}}"}
"""
"""A firing with `{num: 0}` makes a dead letter."""


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        error = self.value["error"]
        assert set(error) == {"code", "message", "place"}
        assert error["message"]
        return str(error["code"])


@dataclass
class Served:
    """A server with its client."""

    site: Site
    address: Address
    folder: Path
    home: Path
    transport: HttpTransport

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str = FULL, **headers: str
    ) -> Reply:
        """Send a request; `X_Y="1"` is the header `X-Y: 1`; a path without `/` at its front is the API's."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent.setdefault("Authorization", f"Bearer {token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        url = f"http://{self.address}" + (path if path.startswith("/") else f"/api/v1/{path}")
        got = await self.transport.request(method, url, headers=sent, body=body, timeout_s=20)
        return Reply(got.status, dict(got.headers), got.body)

    async def get(self, path: str, **options: Any) -> Any:
        """What a resource is."""
        reply = await self.ask("GET", path, **options)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.value

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """What an action gives."""
        reply = await self.ask("POST", path, {} if body is None else body, **options)
        assert reply.status in (200, 202), (reply.status, reply.body)
        return reply.value

    async def fire(self, payload: Any = None, flow: str = "sync", trigger: str = "go") -> str:
        """Fire, and wait for the end of the run; gives its id."""
        fired = await self.post(f"flows/{flow}/triggers/{trigger}/fire", {"payload": payload})
        run: str = fired["run"]
        await self.site.engine.wait(run)
        return run

    def write(self, name: str, spec: str = SYNC) -> Path:
        """Write the file of a flow."""
        path = self.folder / f"{name}.yaml"
        path.write_text(HEAD.replace("NAME", name) + spec, encoding="utf-8")
        return path

    def audit(self) -> list[dict[str, Any]]:
        """The lines of the audit so far."""
        return [json.loads(line) for line in (self.home / AUDIT_FILE).read_text().splitlines()]


class _Told:
    def __init__(self, begun: "asyncio.Future[tuple[Site, Address]]") -> None:
        self._begun = begun

    def ready(self, site: Site, bound: Address) -> None:
        self._begun.set_result((site, bound))

    def stopping(self, runs: int) -> None:
        """Nobody is there to be told."""


@asynccontextmanager
async def served(
    tmp_path: Path, flows: dict[str, str] | None = None, store: str | None = "memory", **options: Any
) -> AsyncIterator[Served]:
    """Serve flows, by name with their specs; `sync` if none are given."""
    folder, home = tmp_path / "flows", tmp_path / "home"
    folder.mkdir(exist_ok=True)
    home.mkdir(exist_ok=True)
    for name, spec in ({"sync": SYNC} if flows is None else flows).items():
        (folder / f"{name}.yaml").write_text(HEAD.replace("NAME", name) + spec, encoding="utf-8")
    ready: asyncio.Future[tuple[Site, Address]] = asyncio.get_running_loop().create_future()
    stop, secrets = StopSignals(), Secrets({})
    given = {"tokens": Tokens(FULL, READ), "address": Address("127.0.0.1", 0), **options}
    offer = Offer(folder, home, hooks=Address("127.0.0.1", 0), store=store, **given)
    serving = asyncio.create_task(serve(offer, stop, _Told(ready), secrets))
    await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    site, address = ready.result()
    transport = HttpTransport(max_redirects=0)
    try:
        yield Served(site, address, folder, home, transport)
    finally:
        await transport.close()
        stop.asked.set()
        await serving
