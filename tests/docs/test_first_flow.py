"""docs/first-flow.md: the flow grows as the page tells, and each command prints what the page shows."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tests.docs.page import ROOT, Block, blocks

from support.forked import start

PAGE = "first-flow.md"
FILE = "orders.yaml"
PROGRAMS = {"python3": sys.executable}
_NODE = re.compile(r"^ {4}(?=\w)", re.MULTILINE)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files as `python3 -m http.server` does, and prints nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_the_page_is_true_from_its_first_block_to_its_last(tmp_path: Path, port: int) -> None:
    told, happened, flow = [], [], ""
    for block in blocks(PAGE):
        kind, _, name = block.info.partition(" ")
        if kind == "console":
            told.append(steady(block.text))
            happened.append(steady(session(block, tmp_path)))
        elif name.endswith(".json"):
            (tmp_path / name).write_text(block.text)
        elif kind == "yaml":
            flow = grown(flow, name, block.text)
            (tmp_path / FILE).write_text(flow.replace(":8000", f":{port}"))
            if name == "whole":
                assert block.text == flow
    assert happened == told


def grown(flow: str, what: str, text: str) -> str:
    """The flow with new or changed nodes, or with other edges."""
    head, _, rest = flow.partition("  nodes:\n")
    nodes, _, edges = rest.partition("  edges:\n")
    if what == FILE:
        return text
    if what == "edges":
        edges = text
    elif what == "nodes":
        all_nodes = {part.partition(":")[0]: part for part in _NODE.split(nodes)[1:]}
        all_nodes |= {part.partition(":")[0]: part for part in _NODE.split(text)[1:]}
        nodes = "".join(f"    {part}" for part in all_nodes.values())
    return f"{head}  nodes:\n{nodes}  edges:\n{edges}"


def session(block: Block, folder: Path) -> str:
    """The commands of a block, each with what it really prints."""
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT / "src")}
    lines = []
    for command in re.findall(r"^\$ (.+)$", block.text, re.MULTILINE):
        program, *arguments = shlex.split(command)
        if program == "headrace":
            started = start(*arguments, folder=folder, environment=environment, is_merged=True)
            said, _ = started.communicate()
        else:
            said = subprocess.run(
                [PROGRAMS[program], *arguments], cwd=folder, env=environment, check=False, text=True,
                timeout=30, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            ).stdout  # fmt: skip
        lines.append(f"$ {command}\n{said}")
    return "".join(lines)


def steady(text: str) -> str:
    """Without what is another at each run: times, durations, the id of a run, what is said meanwhile."""
    text = re.sub(r"\b[0-9a-f]{16}\b", "<run>", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", text)
    text = re.sub(r'("(?:timestamp|scheduledAt)":)\d+', r"\1<ns>", text)
    text = re.sub(r"\b\d\d:\d\d:\d\d\b", "<clock>", text)
    text = re.sub(r"((?:<clock> .*\n)+)(run <run> of .*\n)", r"\2\1", text)  # the first nodes may be quicker
    return re.sub(r"\b\d+ ms\b|\b\d+(?:\.\d+)? s\b", "<duration>", text)
