"""What the store on NATS costs and gives: `python bench/cluster.py`, where all that `make` installs is there.

The reference sync and tasks that do nothing on each store, as ratios to SQLite; and a sync of an API with
50 ms latency by 1, 2 and 4 workers of eight tasks at once.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

from stage import Stage, stage

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from headrace.store import Request, RequestKind, RunStatus
from headrace.store.jetstream import JetStreamStore, Place
from support.nats_cluster import NatsCluster
from support.nats_server import NatsServer

EXAMPLES = Path(__file__).parent.parent / "examples"
FLOWS = Path(__file__).parent / "flows"
ROUNDS = 3
USERS = 10_000
WORKERS = (1, 2, 4)
TASKS = 8
LATENCY_MS = 50.0
WIDE_USERS = 240_000
STORES = ("sqlite", "memory", "nats", "nats, each write on disk", "nats, three servers")


@contextmanager
def stores(on: Stage) -> Iterator[dict[str, str]]:
    """URLs of the stores by what they are, each with nothing in it; servers run as long."""
    with ExitStack() as closing:
        one = NatsServer(on.home / "one")
        synced = NatsServer(on.home / "synced")
        synced.config.write_text(
            synced.config.read_text().replace("jetstream {", "jetstream { sync_interval: always\n")
        )
        three = NatsCluster(on.home / "three")
        for server in (one, synced, three):
            server.start()
            closing.callback(server.kill)
        urls = (
            "",
            "memory",
            f"{one.url}/NAME",
            f"{synced.url}/NAME",
            three.url.replace("headrace?", "NAME?"),
        )
        yield dict(zip(STORES, urls, strict=True))


def fresh(on: Stage, url: str) -> str:
    """The URL of a store in which nothing is."""
    return url.replace("NAME", f"bench-{uuid4().hex[:8]}") if url else on.new_store()


def run_once(on: Stage, flow: Path, url: str, *settings: str) -> float:
    """Seconds of a run, from its firing to its end."""
    command = [
        sys.executable,
        "-m",
        "headrace",
        "run",
        str(flow),
        "--once",
        "--json",
        "--store",
        fresh(on, url),
    ]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, env=on.command_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    (ended,) = (
        event for line in done.stdout.splitlines() if (event := json.loads(line))["event"] == "run_ended"
    )
    return float(ended["seconds"])


def compare(on: Stage, urls: dict[str, str]) -> None:
    """The reference sync, and tasks that do nothing, on each store."""
    api = on.api(USERS, 0.0)
    plays = {
        f"reference sync, {USERS:,} users": (
            EXAMPLES / "scheduled-data-sync" / "flow.yaml",
            (f"vars.apiUrl={api}",),
        ),
        "2,000 tasks, one after the other": (FLOWS / "loop.yaml", ("vars.pages=2000",)),
        "4,000 tasks, 64 at once": (FLOWS / "wide.yaml", ("vars.items=4000",)),
    }
    for title, (flow, settings) in plays.items():
        taken: dict[str, list[float]] = {name: [] for name in urls}
        for _ in range(ROUNDS):
            for name, url in urls.items():
                on.clear()
                taken[name].append(run_once(on, flow, url, *settings))
        print(f"\n{title}")
        for name, seconds in taken.items():
            ratio = median(one / base for one, base in zip(seconds, taken["sqlite"], strict=True))
            print(f"  {name:26} {median(seconds):6.2f} s   {ratio:5.2f} x SQLite", flush=True)


def work(on: Stage, folder: Path, url: str, number: int) -> "subprocess.Popen[str]":
    """A worker that is ready."""
    command = [sys.executable, "-m", "headrace", "worker", str(folder), "--store", url, "--tasks", str(TASKS)]
    command += ["--address", "127.0.0.1:0", "--listen", "127.0.0.1:0"]
    environment = {**on.command_environment(), "HEADRACE_HOME": str(on.home / f"worker{number}")}
    worker = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert worker.stdout is not None
    for line in worker.stdout:
        if "/ready" in line:
            return worker
    raise SystemExit("a worker did not start")


def cpu_s(worker: "subprocess.Popen[str]") -> float:
    """CPU time of a process so far."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def sync(url: str, flow: str, trigger: str) -> float:
    """Seconds of a run that the workers do."""
    store = await JetStreamStore.open(Place.read(url))
    try:
        run_id = uuid4().hex[:16]
        await store.ask(Request(run_id, flow, RequestKind.FIRE, trigger=trigger))
        async with asyncio.timeout(600):
            while (  # noqa: ASYNC110 - as any other visitor looks
                run := await store.run(run_id)
            ) is None or run.ended_at_ns is None:
                await asyncio.sleep(0.02)
        assert run.status is RunStatus.SUCCEEDED, run.errors[0].message[:500]
        return (run.ended_at_ns - run.started_at_ns) / 1e9
    finally:
        await store.close()


def scale(on: Stage, urls: dict[str, str]) -> None:
    """The same sync by more and more workers."""
    text = (EXAMPLES / "all-pages" / "flow.yaml").read_text()
    text = text.replace("https://api.external-system.com/v1", on.api(WIDE_USERS, LATENCY_MS))
    text = re.sub(r"\n  nodes:", "\n  concurrency: 64\n  nodes:", text, count=1)
    text = re.sub(r"concurrency: 8\b", "concurrency: 64", text)
    folder = on.home / "flows"
    folder.mkdir()
    (folder / "flow.yaml").write_text(text)
    print(
        f"\n{WIDE_USERS:,} users in pages of 100, {LATENCY_MS:g} ms latency, {TASKS} tasks a worker at once"
    )
    taken: dict[int, list[float]] = {count: [] for count in WORKERS}
    used: dict[int, list[float]] = {count: [] for count in WORKERS}
    for _ in range(ROUNDS):
        for count in WORKERS:
            on.clear()
            url = fresh(on, urls["nats"])
            workers = [work(on, folder, url, number) for number in range(count)]
            try:
                before, begun_s = sum(map(cpu_s, workers)), time.monotonic()
                taken[count].append(asyncio.run(sync(url, "all-pages", "start")))
                used[count].append((sum(map(cpu_s, workers)) - before) / (time.monotonic() - begun_s))
                assert on.users() == WIDE_USERS
            finally:
                for worker in workers:
                    worker.terminate()
                    worker.wait()
    for count in WORKERS:
        factor = median(one / more for one, more in zip(taken[1], taken[count], strict=True))
        rate, cores = WIDE_USERS / median(taken[count]), median(used[count])
        print(
            f"  {count} workers  {rate:8,.0f} users/s   {factor:5.2f} x one   {cores:.2f} cores in workers",
            flush=True,
        )


def main() -> None:
    """Measure."""
    with stage() as on, stores(on) as urls:
        compare(on, urls)
        scale(on, urls)


if __name__ == "__main__":
    main()
