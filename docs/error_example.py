"""What the pages of the codes show: a flow, an expression or a run, tried as people try it.

An example is read from a file of `docs/codes`, written into a folder of its own, and given to the command
line. Nothing is shown that was not printed.
"""

import contextlib
import io
import os
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from headrace.cli import main
from headrace.values import encode_json

__all__ = ["SHOP", "Example", "Outcome", "read_example"]

SHOP = (Path(__file__).parent / "codes" / "shop.yaml").read_text(encoding="utf-8")
"""The flow that most examples change. It has nothing wrong."""

_HEAD = "apiVersion: headrace.dev/v1\nkind: Flow\nmetadata: {name: test}\nspec:\n"
_KEYS = {"about", "change", "flow", "spec", "eval", "data", "run", "validate", "answer", "module", "without"}
_NO_DATA = object()
# What stands in an example for the server that answers it; all have the same length, so carets stay right.
_API = "api.example.com"
_DATABASE = "sql.example.com"
_ENTRY = re.compile(r"(?P<place>\S+): (?P<code>HR\d{3})(?P<warning> warning:)? (?P<message>.*)")
_FAILED = re.compile(r"error: (?P<code>HR\d{3}) (?P<message>.*)")
_OF_RUN = re.compile(r"(?:[\w.-]+: )?(?P<message>.*) \([^()]*\)")
_OTHER = re.compile(
    r"(run [0-9a-f]{8,}|(failed|succeeded) in |Read more: |ok[ :]|\d+ (error|warning)s?\b|…|\S+ was due)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed about one code.

    Attributes:
        status: its exit code.
        text: its findings, or its first error in a run, with lines and carets; all that was printed if there
            is none.
        codes: all codes that it printed.
        message: of the first of that code, in one line; empty if there is none.
        is_warning: whether that one is a warning.
    """

    status: int
    text: str
    codes: frozenset[str]
    message: str
    is_warning: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to try.

    Attributes:
        about: what is said before it; may be empty.
        flow: text of a flow file; empty for an expression.
        base: the flow that this one changes; empty if it is to be shown whole.
        expression: for `headrace eval`.
        arguments: after the command's name and the flow or expression.
        runs: whether the flow is run, or else validated.
        answer: what `http://api.example.com` answers: `status`, `type`, `body`, and `bodies` for paths with
            their query that have one of their own; or, as `refusal`, why the PostgreSQL server
            `sql.example.com` lets nobody in.
        module: Python text of `shop_module.py`, whose `MODULE` is installed while the example runs.
        without: packages that are taken for not installed.
    """

    about: str = ""
    flow: str = ""
    base: str = ""
    expression: str = ""
    arguments: tuple[str, ...] = ()
    runs: bool = False
    answer: dict[str, Any] = field(default_factory=dict)
    module: str = ""
    without: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of the flow's file."""
        return "shop.yaml" if self.base == SHOP else "flow.yaml"

    @property
    def command(self) -> list[str]:
        """The words of the command."""
        if not self.flow:
            return ["headrace", "eval", self.expression, *self.arguments]
        if self.runs:
            return ["headrace", "run", self.file, "--once", *self.arguments]
        return ["headrace", "validate", self.file, *self.arguments]

    def try_out(self, code: str) -> Outcome:
        """Call the command; nothing outside of a temporary folder is touched."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            stack.enter_context(contextlib.chdir(folder))
            stack.enter_context(patch.dict(os.environ, {"HEADRACE_HOME": str(folder / "home")}))
            for package in self.without:
                stack.enter_context(_missing(package))
            name, server = _DATABASE if "refusal" in self.answer else _API, ""
            if "refusal" in self.answer:
                server = stack.enter_context(_refusing(self.answer["refusal"]))
            elif self.answer:
                server = stack.enter_context(_answering(self.answer))
            if self.flow:
                flow = self.flow.replace(name, server or name)
                (folder / self.file).write_text(flow, encoding="utf-8")
            if self.module:
                stack.enter_context(_installed(self.module, folder))
            status, printed = _call(self.command[1:])
        return _outcome(status, printed.replace(server or name, name), code, runs=self.runs)


def read_example(given: dict[str, Any], base: str = SHOP) -> Example:
    """An example as a file of `docs/codes` has it.

    Args:
        given: `change` (pairs of what stands in the base and what becomes of it), `spec` or `flow`, each with
            `run` or not; or `eval`, with `data` or not.
        base: what `change` changes.

    Raises:
        ValueError: it is written wrong; the text says how.
    """
    if unknown := given.keys() - _KEYS:
        raise ValueError(f"unknown key {sorted(unknown)}; there is {sorted(_KEYS)}")
    flow = given.get("flow") or (_HEAD + _indented(given["spec"]) if "spec" in given else "")
    if changes := given.get("change"):
        flow = base
        for old, new in changes:
            if flow.count(old) != 1:
                raise ValueError(f"{old!r} is {flow.count(old)} times in the flow that it changes")
            flow = flow.replace(old, new)
    arguments = [*given["run"]] if isinstance(given.get("run"), list) else []
    arguments += given.get("validate", [])
    data = given.get("data", _NO_DATA)
    if data is not _NO_DATA:
        arguments += ["--data", encode_json(data).decode()]
    return Example(
        about=given.get("about", ""),
        flow=flow,
        base=base if changes else "",
        expression=given.get("eval", ""),
        arguments=tuple(arguments),
        runs="run" in given,
        answer=given.get("answer", {}),
        module=given.get("module", ""),
        without=tuple(given.get("without", ())),
    )


def _indented(text: str) -> str:
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def _call(arguments: list[str]) -> tuple[int, str]:
    """The exit code and all that was printed, on both streams."""
    printed = io.BytesIO()
    with io.TextIOWrapper(printed, encoding="utf-8", write_through=True) as stream:
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            status = main(arguments)
        return status, printed.getvalue().decode()


def _outcome(status: int, printed: str, code: str, *, runs: bool) -> Outcome:
    lines: list[str] = []
    codes: set[str] = set()
    first: re.Match[str] | None = None
    is_ours = False
    for line in printed.splitlines():
        head = _ENTRY.fullmatch(line) or _FAILED.fullmatch(line)
        if head is not None:
            codes.add(head["code"])
            # A run tells of further attempts as long as it lasts; the first is enough.
            is_ours = head["code"] == code and not (runs and first)
            first = head if is_ours and first is None else first
        elif _OTHER.match(line):
            is_ours = False
        if is_ours:
            lines.append(line)
    if first is None:
        return Outcome(status, printed.rstrip("\n"), frozenset(codes), "", is_warning=False)
    message = first["message"]
    if runs and (of_run := _OF_RUN.fullmatch(message)):
        message = of_run["message"]
    warning = first.groupdict().get("warning")
    return Outcome(status, "\n".join(lines), frozenset(codes), message, is_warning=warning is not None)


@contextlib.contextmanager
def _answering(answer: dict[str, Any]) -> Iterator[str]:
    """A server with one answer to all requests, or one body for each path; as long as `api.example.com`.

    Gives its host and port.
    """
    bodies = answer.get("bodies", {})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = str(bodies.get(self.path, answer.get("body", ""))).encode()
            self.send_response(answer.get("status", 200))
            self.send_header("Content-Type", answer.get("type", "application/json"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, _serving(server) as address:
        yield address


@contextlib.contextmanager
def _refusing(why: str) -> Iterator[str]:
    """A PostgreSQL server that refuses everyone when they say who they are; its host and port.

    The messages are those of https://www.postgresql.org/docs/current/protocol-message-formats.html.
    """
    facts = b"SFATAL\0VFATAL\0C28P01\0M" + why.encode() + b"\0\0"
    error = b"E" + (len(facts) + 4).to_bytes(4, "big") + facts

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            length = int.from_bytes(self.rfile.read(4), "big")
            self.rfile.read(length - 4)
            self.wfile.write(error)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server, _serving(server) as address:
        yield address


@contextlib.contextmanager
def _serving(server: ThreadingTCPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield "{}:{}".format(*server.server_address)
    finally:
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def _missing(package: str) -> Iterator[None]:
    """A package is taken for not installed; what was imported by then stays."""
    before = sys.modules.get(package)
    sys.modules[package] = None  # the import system's own sign for that
    try:
        yield
    finally:
        del sys.modules[package]
        if before is not None:
            sys.modules[package] = before


@contextlib.contextmanager
def _installed(module: str, folder: Path) -> Iterator[None]:
    """A package with a module of components, installed as pip would install it."""
    (folder / "shop_module.py").write_text(module, encoding="utf-8")
    facts = folder / "shop_module-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-module\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[headrace.modules]\nshop-module = shop_module:MODULE\n")
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("shop_module", None)
