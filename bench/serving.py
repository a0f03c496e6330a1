"""What it costs a sync in `headrace serve` that somebody watches it: `python bench/serving.py`.

Prints for each round the time of the run and the CPU time of the process, and the medians as ratios.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from stage import Stage, stage

USERS, ROUNDS, WATCHERS = 40_000, 7, 2
FLOW = "scheduled-data-sync"
TOKEN_OF_SERVER = "token-of-the-benchmark"
EXAMPLE = Path(__file__).parent.parent / "examples" / FLOW / "flow.yaml"


class Server:
    """A process that serves the flow."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self.process = process
        self._url = url

    def open(self, path: str, body: object = None) -> Any:
        """Send a request."""
        request = urllib.request.Request(
            f"{self._url}api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN_OF_SERVER}", "Content-Type": "application/json"},
        )
        return urllib.request.urlopen(request, timeout=60)

    def get(self, path: str, body: object = None) -> Any:
        """The JSON of an answer."""
        with self.open(path, body) as response:
            return json.load(response)

    def cpu_s(self) -> float:
        """CPU time of the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def run(self) -> tuple[float, float]:
        """Run the sync; seconds of the run, and of the process's CPU meanwhile."""
        begun_s = self.cpu_s()
        run = self.get(f"flows/{FLOW}/triggers/scheduler/fire", {})["run"]
        while (found := self.get(f"runs/{run}"))["status"] == "running":
            time.sleep(0.5)
        assert found["status"] == "succeeded", found
        return found["seconds"], self.cpu_s() - begun_s


@contextmanager
def serving(on: Stage, folder: Path) -> Iterator[Server]:
    """Serve a folder."""
    command = [sys.executable, "-m", "headrace", "serve", str(folder), "--address", "127.0.0.1:0"]
    environment = {**os.environ, **on.environment, "HEADRACE_TOKEN": TOKEN_OF_SERVER}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.match(r"Open (\S+)", line):
                yield Server(process, found[1])
                break
        process.terminate()


@contextmanager
def watched(server: Server) -> Iterator[None]:
    """Some who watch: the events as they come, and the flow every two seconds, as its page does."""
    ended = threading.Event()

    def listen() -> None:
        with server.open("events") as stream:
            for _ in stream:
                if ended.is_set():
                    return

    def look() -> None:
        while not ended.wait(2):
            server.get(f"flows/{FLOW}")

    threads = [threading.Thread(target=each, daemon=True) for each in (listen, look) for _ in range(WATCHERS)]
    for thread in threads:
        thread.start()
    yield
    ended.set()


def main() -> None:
    """Measure."""
    with stage() as on:
        folder = on.home / "flows"
        folder.mkdir()
        text = EXAMPLE.read_text().replace("https://api.external-system.com/v1", on.api(USERS, 0.0))
        (folder / "flow.yaml").write_text(text)
        with serving(on, folder) as server:
            alone, seen = [], []
            server.run()
            for number in range(ROUNDS):
                on.empty()
                alone.append(server.run())
                on.empty()
                with watched(server):
                    seen.append(server.run())
                print(f"{number}: alone {alone[-1]}, watched {seen[-1]}", flush=True)
    for index, what in enumerate(("time", "CPU")):
        ratio = median(s[index] / a[index] for a, s in zip(alone, seen, strict=True))
        print(f"{what}: watched / alone = {ratio:.3f}")


if __name__ == "__main__":
    main()
