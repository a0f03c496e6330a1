"""`headrace lsp`: how it is started. What it answers is tested in tests/lsp."""

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.cli.outcome import Outcome

from support.ports import free_port


async def test_by_tcp() -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headrace", "lsp", "--tcp", str(port), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    assert (await process.stderr.readline()).decode().strip() == f"listening on 127.0.0.1:{port}"
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
    messages: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    for message in messages:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    answered = await reader.read()
    assert b'"serverInfo"' in answered
    writer.close()
    assert await asyncio.wait_for(process.wait(), 30) == 0


def test_a_port_that_is_taken_is_told(call: Callable[..., Outcome]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = call("lsp", "--tcp", str(port))
    assert done == (2, "", f"error: port {port} of 127.0.0.1 cannot be had: address already in use\n")


def test_without_the_extra_it_says_what_to_install(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("headrace.lsp.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pygls", None)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    done = call("lsp")
    assert done == (2, "", "error: `headrace lsp` needs a package: pip install 'headrace[lsp]'\n")
