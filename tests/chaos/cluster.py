"""Kills at random over workers, NATS servers and the database, while runs of a flow go on, one after the other."""

import asyncio
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from chaos.play import PAGE_SIZE, PAGES, Play
from chaos.scene import Scene, add_faults, database
from headrace.errors import StoreError
from headrace.store import Request, RequestKind, RunRecord, RunStatus
from headrace.store.jetstream import JetStreamStore, Place
from support.api import TOKEN, serve_users
from support.nats_cluster import NatsCluster

__all__ = ["ClusterReport", "cluster_campaign"]

USERS = "SELECT external_id, email, name, status, metadata - 'synced_at' FROM users ORDER BY external_id"
WORKERS = 4
TICKS = """
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: ticks}
spec:
  secrets: [dbHost, dbUser]
  nodes:
    clock: {component: common-module/ticker, settings: {interval: 500ms, overlap: allow, catchup: all}}
    # Neither table nor column has a key: what fires twice is seen.
    note:
      component: database-module/connector
      settings:
        driver: postgres
        host: "{{$.secrets.dbHost}}"
        database: myapp
        username: "{{$.secrets.dbUser}}"
        setup: ["CREATE TABLE IF NOT EXISTS ticks (tick int)"]
      input: {query: INSERT INTO ticks (tick) VALUES ($1), parameters: ["{{$.tickNumber}}"]}
  edges:
    - clock:out -> note:query
"""


@dataclass
class ClusterReport:
    """What a campaign came to."""

    users: int
    kills: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    seconds: float = 0.0

    def text(self) -> str:
        """A few lines for people."""
        kills = ", ".join(f"{count} of {what}" for what, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({kills}) over {WORKERS} workers, 3 NATS servers and a database; "
            f"{self.runs} runs of {self.users:,} users to their end in {self.seconds:.0f} s\n"
            "rows lost: 0, rows written twice: 0, `done` twice: 0, stuck runs: 0"
        )


class Worker:
    """A worker process, which is started again when it was killed."""

    def __init__(self, scene: Scene, number: int, url: str) -> None:
        self._scene = scene
        self._number = number
        self._url = url
        self.process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        return self._scene.folder / f"worker{self._number}.log"

    async def start(self) -> None:
        """In a process group of its own."""
        environment = {
            **os.environ,
            "HEADRACE_HOME": str(self._scene.folder / f"home{self._number}"),
            "HEADRACE_SECRET_API_TOKEN": TOKEN,
            "HEADRACE_SECRET_DB_HOST": self._scene.server.socket_folder,
            "HEADRACE_SECRET_DB_USER": "postgres",
            "HEADRACE_SECRET_DB_PASSWORD": "a-password-that-is-not-asked-for",
        }
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "headrace", "worker", "flows", "--store", self._url,
                "--address", "127.0.0.1:0", "--listen", "127.0.0.1:0",
                cwd=self._scene.folder, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    async def kill(self) -> None:
        """At once, wherever it is."""
        assert self.process is not None
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """As a deployment does; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


async def cluster_campaign(
    folder: Path, kills: int, users: int = 4_000, seed: int = 1, play: Play = PAGES
) -> ClusterReport:
    """Kill, until there were enough kills and the last run has ended; check all tables.

    Raises:
        AssertionError: a table is not as undisturbed runs leave it; a run is stuck.
    """
    nats = NatsCluster(folder / "nats")
    async with AsyncExitStack() as stack:
        embedded = stack.enter_context(database(folder / "server"))
        api = await stack.enter_async_context(serve_users(users))
        api.latency_s = 0.02
        stack.callback(nats.kill)
        await asyncio.to_thread(nats.start)
        scene = Scene(folder, embedded, embedded.start(), api, play)
        scene.prepare()
        flows = folder / "flows"
        flows.mkdir()
        text = play.text().replace("https://api.external-system.com/v1", api.url)
        (flows / "flow.yaml").write_text(re.sub(r'retryDelay: "\\w+"', "retryDelay: 20ms", text))
        (flows / "ticks.yaml").write_text(TICKS)
        workers = [Worker(scene, number, nats.url) for number in range(WORKERS)]
        for worker in workers:
            await worker.start()
            stack.push_async_callback(worker.kill)
        store = await _opened(nats.url)
        stack.push_async_callback(store.close)
        campaign = _Campaign(scene, nats, workers, store, random.Random(seed), ClusterReport(users))
        return await campaign.run(kills)


async def _opened(url: str) -> JetStreamStore:
    """The store, once the servers have found each other."""
    deadline_s = time.monotonic() + 60
    while True:
        try:
            return await JetStreamStore.open(Place.read(url), patience_s=120)
        except StoreError:
            if time.monotonic() > deadline_s:
                raise
            await asyncio.sleep(0.5)


class _Campaign:
    def __init__(
        self,
        scene: Scene,
        nats: NatsCluster,
        workers: list[Worker],
        store: JetStreamStore,
        chance: random.Random,
        report: ClusterReport,
    ) -> None:
        self._scene = scene
        self._nats = nats
        self._workers = workers
        self._store = store
        self._chance = chance
        self.report = report
        self._run_ids: list[str] = []
        self._flow = scene.play.flow.parent.name

    async def run(self, kills: int) -> ClusterReport:
        """Runs, one after the other, and kills meanwhile."""
        started_s = time.monotonic()
        killing = asyncio.create_task(self._kill(kills))
        while not killing.done():
            await self._one()
        await killing
        await self._one()
        self.report.seconds = time.monotonic() - started_s
        await self._check()
        return self.report

    async def _one(self) -> None:
        """A run, from its firing to its end."""
        add_faults(self._scene.api, -(-self.report.users // PAGE_SIZE))
        run_id = uuid4().hex[:16]
        self._run_ids.append(run_id)
        await self._store.ask(Request(run_id, self._flow, RequestKind.FIRE, trigger=self._scene.play.trigger))
        deadline_s = time.monotonic() + 180
        while (run := await self._store.run(run_id)) is None or run.status is RunStatus.RUNNING:
            assert time.monotonic() < deadline_s, f"run {run_id} is stuck: {run}\n{self._said()}"
            await asyncio.sleep(0.02)
        self.report.runs += 1

    async def _kill(self, kills: int) -> None:
        for number in range(kills):
            await asyncio.sleep(self._chance.uniform(0.2, 1.2))
            what = self._chance.random()
            if number % 25 == 24:
                self.report.kills["the database"] += 1
                await asyncio.to_thread(self._scene.crash_database)
            elif what < 0.75:
                self.report.kills["workers"] += 1
                worker = self._chance.choice(self._workers)
                await worker.kill()
                await worker.start()
            else:
                self.report.kills["NATS servers"] += 1
                server = self._chance.choice(self._nats.servers)
                await asyncio.to_thread(server.kill)
                await asyncio.sleep(self._chance.uniform(0.1, 1.0))
                await asyncio.to_thread(server.start)
                await asyncio.to_thread(self._nats.heal)  # two of three have to be there

    def _said(self) -> str:
        return "\n".join(worker.log.read_text(errors="replace")[-1500:] for worker in self._workers)

    async def _check(self) -> None:
        scene, report = self._scene, self.report
        runs: list[RunRecord] = [
            run for id_ in self._run_ids if (run := await self._store.run(id_)) is not None
        ]
        assert [run.status for run in runs] == [RunStatus.SUCCEEDED] * report.runs
        assert [run.dead_letters for run in runs] == [0] * report.runs
        assert await self._store.open_runs(self._flow) == []
        users = await asyncio.to_thread(scene.rows, USERS)
        assert len(users) == len({row[0] for row in users}) == report.users
        ticks = await self._ticks()
        rows = await asyncio.to_thread(scene.rows, "SELECT tick FROM ticks ORDER BY 1")
        assert [row[0] for row in rows] == list(range(1, ticks + 1))
        assert [await worker.stop() for worker in self._workers] == [0] * WORKERS
        scene.play.check(scene.rows, report.users, [run.counters for run in runs])

    async def _ticks(self) -> int:
        """Pause the schedule; gives how often it has fired, once all its runs have ended."""
        await self._store.switch("ticks", "clock", False)
        async with asyncio.timeout(60):
            while True:
                record = await self._store.trigger("ticks", "clock")
                if record is not None and not record.is_active and not await self._store.open_runs("ticks"):
                    break
                await asyncio.sleep(0.05)
        elapsed = self.report.seconds / 0.5
        assert elapsed * 0.5 < record.firings < elapsed * 1.2 + 60, (record, self.report)
        return record.firings
