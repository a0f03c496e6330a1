"""Secrets are in no output and no file: of runs that fail in every way, are killed, and crash."""

import base64
import json
import re
import signal
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote, quote_plus

import pytest
from tests.cli.outcome import Outcome

from support.ports import free_port

TOKEN = "tök/en+of=the api&%41"
PASSWORD = "päss:wörd/of+the\"db\\'"
SECRETS = {"HEADRACE_SECRET_API_TOKEN": TOKEN, "HEADRACE_SECRET_DB_PASSWORD": PASSWORD}

FLOW = """
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: secretive}
spec:
  secrets: [apiToken, dbPassword]
  vars: {url: "", port: 1}
  retry: {maxAttempts: 2, initialDelay: 10ms}
  timeout: 4s
  nodes:
    start: {component: common-module/signal}
    header:
      component: http-module/client
      settings:
        baseUrl: "{{$.vars.url}}"
        auth: {type: bearer, token: "{{$.secrets.apiToken}}"}
      input: {url: "/{{$.payload}}"}
    address:
      component: http-module/client
      settings: {baseUrl: "{{$.vars.url}}/{{$.secrets.apiToken}}/?key={{$.secrets.apiToken}}", retryCount: 1, retryDelay: 1ms}
      input: {url: "/{{$.payload}}"}
    basic:
      component: http-module/client
      settings: {baseUrl: "{{$.vars.url}}", auth: {type: basic, username: me, password: "{{$.secrets.dbPassword}}"}}
      input: {method: POST, url: "/{{$.payload}}", body: {a: 1}}
    failed: {component: common-module/debug}
    keep: {component: common-module/state, settings: {key: last, operation: set}, input: {value: "{{$}}"}}
    database:
      component: database-module/connector
      settings:
        host: 127.0.0.1
        port: "{{$.vars.port}}"
        database: db
        username: me
        password: "{{$.secrets.dbPassword}}"
      input: {query: "INSERT INTO t VALUES (1)"}
  edges:
    - start -> header
    - header:error -> failed
    - failed -> keep:in
    - start -> address
    - start -> basic
    - start -> database:query
"""


class _Api(BaseHTTPRequestHandler):
    """Fails as the path says."""

    def do_GET(self) -> None:
        status = int(re.search(r"\d+$", self.path.partition("?")[0])[0])
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"error": "no"}' if status >= 400 else b'{"half": ')

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def forms(secret: str) -> Iterator[bytes]:
    """How a secret may be written."""
    raw = secret.encode()
    yield raw
    yield secret.encode("utf-16-le")
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(secret, ensure_ascii=False)[1:-1].encode()
    yield repr(secret)[1:-1].encode()
    yield raw.hex().encode()
    for encode in (quote, quote_plus):
        for safe in ("", "/", ":/+=&"):
            yield encode(secret, safe=safe).encode()
    for shift in range(3):  # inside something longer that is written in Base64
        whole = base64.b64encode(b"x" * shift + raw)
        inner = whole[4 if shift else 0 :].rstrip(b"=")[:-1]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def test_a_secret_within_something_longer_in_base64_would_be_found() -> None:
    pair = base64.b64encode(f"me:{PASSWORD}".encode())
    assert any(form in pair for form in forms(PASSWORD))


def assert_secret(name: str, content: bytes) -> None:
    for secret in (TOKEN, PASSWORD):
        for form in forms(secret):
            at = content.find(form)
            assert at < 0, f"{name} has a secret: {content[max(at - 80, 0) : at + 80]!r}"


@pytest.mark.timeout(180)
def test_secrets_are_in_no_output_and_no_file(
    tmp_path: Path,
    api: str,
    process: Callable[..., Outcome],
    spawn: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    flow = tmp_path / "flow.yaml"
    flow.write_text(FLOW)
    options = ("--set", f"vars.url={api}", "--set", f"vars.port={free_port()}")
    outputs = {}
    for data, extra in ((401, "-vv"), (200, "--json")):
        done = process("run", flow, "--once", "--new", *options, "--data", str(data), extra)
        assert done.code == 1, done
        outputs[f"run {data}"] = done.out + done.err
    killed = spawn("run", flow, "--once", "--new", *options, "--data", "503", "-vv")
    line = killed.stdout.readline()
    killed.send_signal(signal.SIGKILL)
    out, err = killed.communicate()
    outputs["killed"] = line + out + err
    for command in (("runs",), ("runs", "show", "latest"), ("runs", "show", "latest", "--json", "--full")):
        done = process(*command)
        outputs[" ".join(command)] = done.out + done.err
    for name, text in outputs.items():
        assert text, name
        assert_secret(name, text.encode())
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert any(path.name.startswith("store.db") for path in files)
    for path in files:
        assert_secret(str(path), path.read_bytes())
