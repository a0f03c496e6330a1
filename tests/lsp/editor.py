"""An editor for tests: starts `headrace lsp` and speaks the protocol with it over standard input."""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

Message = dict[str, Any]
URI = "file:///flows/flow.yaml"


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, error: Message) -> None:
        super().__init__(error["message"])
        self.code = error["code"]


class Editor:
    """One connection to one server."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.capabilities: Message = {}
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._published: dict[str, asyncio.Queue[Message]] = defaultdict(asyncio.Queue)
        self._open: set[str] = set()
        self._next = 0
        self.errors: list[Message] = []

    # ---- the wire

    def send_raw(self, body: bytes) -> None:
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: Any) -> None:
        self.send_raw(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode())

    async def ask(self, method: str, params: Any = None) -> Any:
        self._next += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[self._next] = answer
        message = {"jsonrpc": "2.0", "id": self._next, "method": method, "params": params}
        self.send_raw(json.dumps(message, ensure_ascii=False).encode())
        return await asyncio.wait_for(answer, 30)

    async def listen(self) -> None:
        reader = self.process.stdout
        while header := await reader.readline():
            length = int(header.partition(b":")[2])
            while await reader.readline() not in (b"\r\n", b""):
                pass
            self._take(json.loads(await reader.readexactly(length)))

    def _take(self, message: Message) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self._published[message["params"]["uri"]].put_nowait(message["params"])
        elif message.get("id") in self._answers:
            answer = self._answers.pop(message["id"])
            if "error" in message:
                answer.set_exception(Refused(message["error"]))
            else:
                answer.set_result(message["result"])
        else:
            self.errors.append(message)

    # ---- what people do

    async def initialize(self, encodings: list[str] | None = None, *, snippets: bool = True) -> Message:
        capabilities: Message = {
            "textDocument": {"completion": {"completionItem": {"snippetSupport": snippets}}}
        }
        if encodings is not None:
            capabilities["general"] = {"positionEncodings": encodings}
        result = await self.ask(
            "initialize", {"processId": None, "rootUri": None, "capabilities": capabilities}
        )
        self.notify("initialized", {})
        self.capabilities = result["capabilities"]
        return result

    def open(self, text: str, uri: str = URI, version: int = 1) -> None:
        self._open.add(uri)
        item = {"uri": uri, "languageId": "yaml", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def close(self, uri: str = URI) -> None:
        self._open.discard(uri)
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    async def close_all(self) -> None:
        """Close what is open, and forget what was published for it."""
        for uri in [*self._open]:
            self.close(uri)
        await self.at("hover", 0, 0)  # once that is answered, all else has arrived
        self._published.clear()

    def change(self, changes: list[Message], version: int, uri: str = URI) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    async def diagnostics(self, version: int | None = None, uri: str = URI) -> list[Message]:
        """The next diagnostics, those of a version if one is given."""
        while True:
            params = await asyncio.wait_for(self._published[uri].get(), 30)
            if version is None or params.get("version") == version:
                return params["diagnostics"]

    def published(self, uri: str = URI) -> int:
        """How many diagnostics wait to be looked at."""
        return self._published[uri].qsize()

    async def at(self, method: str, line: int, character: int, uri: str = URI, **more: Any) -> Any:
        position = {"line": line, "character": character}
        return await self.ask(
            f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": position, **more}
        )

    async def labels(self, line: int, character: int) -> list[str]:
        """What completion offers."""
        result = await self.at("completion", line, character)
        return [item["label"] for item in result["items"]]

    async def leave(self) -> int:
        """Shut the server down; returns its exit code."""
        await self.ask("shutdown")
        self.notify("exit", None)
        return await asyncio.wait_for(self.process.wait(), 30)


@asynccontextmanager
async def editor() -> AsyncIterator[Editor]:
    """An editor with a server of its own, not initialized yet."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headrace", "lsp",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        limit=2**26,
    )  # fmt: skip
    connected = Editor(process)
    listening = asyncio.create_task(connected.listen())
    errors = asyncio.create_task(process.stderr.read())
    try:
        yield connected
    finally:
        if process.returncode is None:
            process.stdin.close()
            await process.wait()
        await listening
        connected.log = (await errors).decode()


def place(text: str) -> tuple[str, int, int]:
    """A text without its mark `‸`, and the line and the UTF-16 character at which that stood."""
    before, _, after = text.partition("‸")
    line = before.count("\n")
    last = before.rpartition("\n")[2]
    return before + after, line, len(last.encode("utf-16-le")) // 2
