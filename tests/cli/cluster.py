"""A store on NATS for processes of a test, flows for them, and what they say."""

import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from support.forked import Forked
from support.nats_server import shared_server

Spawn = Callable[..., Forked]

HEAD = "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: NAME}\nspec:\n"
QUICK = """
  nodes:
    go: {component: common-module/signal}
    add: {component: common-module/modify, input: {sum: "{{$.payload.a * 2}}"}}
    log: {component: common-module/debug}
  edges: [go -> add, add -> log]
"""
SLOW = """
  nodes:
    go: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: 60s}}
  edges: [go -> wait]
"""
PICKY = """
  nodes:
    go: {component: common-module/signal}
    pick: {component: common-module/router, settings: {rules: [{name: r, when: "{{$.payload == 'slow'}}", outputPort: slow}]}}
    wait: {component: common-module/delay, settings: {duration: 60s}}
    log: {component: common-module/debug}
  edges: [go -> pick, "pick:slow -> wait", "pick:default -> log"]
"""
# A hundred rows into a table without a key: a row that is written twice is seen.
ROWS = """
  concurrency: 4
  nodes:
    go: {component: common-module/signal}
    each: {component: common-module/iterator, settings: {durable: true, concurrency: 4, batchSize: 1}}
    rest: {component: common-module/delay, settings: {duration: 40ms}}
    store:
      component: database-module/connector
      settings:
        driver: sqlite
        database: FILE
        setup: ["CREATE TABLE IF NOT EXISTS rows (n int)", "CREATE TABLE IF NOT EXISTS ends (n int)"]
      input: {query: INSERT INTO rows (n) VALUES ($1), parameters: ["{{$.item}}"]}
    end:
      component: database-module/connector
      settings: {driver: sqlite, database: FILE}
      input: {query: INSERT INTO ends (n) VALUES (1)}
  edges:
    - {from: go:out, to: each:in, data: {array: "{{range(COUNT)}}"}}
    - each:item -> rest
    - rest:out -> store:query
    - each:done -> end:query
"""
TICKING = """
  nodes:
    clock: {component: common-module/ticker, settings: {interval: 200ms, overlap: allow}}
    log: {component: common-module/debug}
  edges: [clock -> log]
"""


def flow_file(folder: Path, name: str, spec: str) -> Path:
    """A flow file in a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(HEAD.replace("NAME", name) + spec)
    return path


def store_url() -> str:
    """A store of its own on the server that tests share."""
    return f"{shared_server().url}/test-{uuid4().hex[:12]}"


def line(process: Forked, pattern: str) -> re.Match[str]:
    """The next line of its output that a pattern matches."""
    while text := process.stdout.readline():
        if found := re.match(pattern, text):
            return found
    raise AssertionError(process.communicate())


@contextmanager
def worker(spawn: Spawn, folder: Path, url: str, *options: str) -> Iterator[tuple[Forked, str]]:
    """A worker that is ready, and its address; killed at the end."""
    process = spawn(
        "worker", folder, "--store", url, "--address", "127.0.0.1:0", "--listen", "127.0.0.1:0", *options
    )
    try:
        yield process, line(process, r"(http://\S+)/ready ")[1]
    finally:
        _end(process)


def _end(process: Forked) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


@contextmanager
def server(spawn: Spawn, folder: Path, url: str, *options: str) -> Iterator["Served"]:
    """A server that is ready; killed at the end."""
    process = spawn(
        "serve", folder, "--store", url, "--address", "127.0.0.1:0", "--listen", "127.0.0.1:0", *options
    )
    try:
        found = line(process, r"Open (http://\S+?)/#token=(\S+)$")
        yield Served(process, found[1], found[2])
    finally:
        _end(process)


def stopped(process: Forked) -> tuple[int, str]:
    """Ask it to stop, and wait for that: its exit code, and the last line that it says."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert "Traceback" not in err, err
    return process.wait(), out.splitlines()[-1]


def get(url: str) -> tuple[int, str]:
    """Status and text of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Served:
    """The API of a server."""

    def __init__(self, process: Forked, url: str, token: str) -> None:
        self.process = process
        self.url = url
        self._token = token

    def _request(self, path: str, **options: Any) -> urllib.request.Request:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        return urllib.request.Request(f"{self.url}/{path}", headers=headers, **options)

    def ask(self, path: str, body: object = None, method: str | None = None) -> Any:
        """JSON of an answer, which is good."""
        data = None if body is None else json.dumps(body).encode()
        request = self._request(f"api/v1/{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError((path, error.code, error.read())) from error
        return json.loads(text) if text else None

    def metrics(self) -> str:
        """What Prometheus scrapes."""
        with urllib.request.urlopen(self._request("metrics"), timeout=20) as answer:
            return str(answer.read().decode())

    @contextmanager
    def events(self) -> Iterator[Iterator[tuple[str, Any]]]:
        """What happens from now on: kinds and data."""
        with urllib.request.urlopen(self._request("api/v1/events"), timeout=30) as answer:
            yield _events(answer)


def _events(answer: Any) -> Iterator[tuple[str, Any]]:
    kind = ""
    for raw in answer:
        text = raw.decode().rstrip("\n")
        if text.startswith("event: "):
            kind = text.removeprefix("event: ")
        elif text.startswith("data: "):
            yield kind, json.loads(text.removeprefix("data: "))
