"""Kills at random over a flow, until it has been killed often enough and has come to its end."""

import asyncio
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.play import PAGE_SIZE, REFERENCE, Play
from chaos.scene import Scene, add_faults, database
from support.api import serve_users

__all__ = ["Report", "campaign"]

USERS = "SELECT external_id, email, name, status, metadata - 'synced_at' FROM users ORDER BY external_id"


@dataclass
class Report:
    """What a campaign came to.

    Attributes:
        runs: that came to their end; each has one row in `sync_logs`.
        kills: by what the process was doing.
        pages: of one run.
        requests: of pages, in all runs; each run needs `pages` of them, and one more for each fault.
        resumed_s: from the start of a process that goes on with a run to its first request.
    """

    users: int
    pages: int
    runs: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    faults: int = 0
    resumed_s: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def fetched_again(self) -> int:
        """Requests beyond those that undisturbed runs would have made."""
        return self.requests - self.runs * self.pages - self.faults

    def text(self) -> str:
        """A few lines for people."""
        kills = ", ".join(f"{count} {what}" for what, count in sorted(self.kills.items()))
        middle, most = statistics.median(self.resumed_s), max(self.resumed_s)
        return (
            f"{self.kills.total()} kills ({kills}), {self.runs} runs of {self.users:,} users to their end "
            f"in {self.seconds:.0f} s\n"
            f"pages fetched again: {self.fetched_again}, {self.fetched_again / self.kills.total():.2f} a kill\n"
            f"from start to first request: {middle:.2f} s (at most {most:.2f} s)\n"
            f"rows lost: 0, rows written twice: 0, runs without their one log row: 0, stuck runs: 0"
        )


async def campaign(
    folder: Path, kills: int, users: int = 2_000, seed: int = 1, play: Play = REFERENCE
) -> Report:
    """Kill, until there were enough kills and the last run has ended; check all tables.

    Raises:
        AssertionError: a table is not as an undisturbed run leaves it; the store has a stuck run.
    """
    with database(folder / "server") as embedded:
        async with serve_users(users) as api:
            api.latency_s = 0.005
            scene = Scene(folder, embedded, embedded.start(), api, play)
            scene.prepare()
            try:
                return await _Campaign(scene, kills, users, random.Random(seed)).run()
            finally:
                shutil.rmtree(folder / "home", ignore_errors=True)


class _Campaign:
    def __init__(self, scene: Scene, kills: int, users: int, chance: random.Random) -> None:
        self._scene = scene
        self._kills = kills
        self._chance = chance
        self.report = Report(users, -(-users // PAGE_SIZE))

    async def run(self) -> Report:
        scene, report = self._scene, self.report
        assert await self._undisturbed() == 0, self._said()
        expected = await asyncio.to_thread(scene.rows, USERS)
        assert len(expected) == report.users
        for table in scene.play.tables:
            scene.execute(f"TRUNCATE {table}")
        scene.store.unlink()
        scene.api.requests.clear()
        started_s = time.monotonic()
        crash_at, ended = self._kills // 2, True
        while report.kills.total() < self._kills or not ended:
            if ended:
                add_faults(scene.api, report.pages)
            if report.kills.total() == crash_at:
                crash_at = -1
                ended = await self._life(crashes_database=True)
            else:
                ended = await self._life(is_last=report.kills.total() >= self._kills)
            report.runs += ended
        report.seconds = time.monotonic() - started_s
        report.requests = len(scene.api.requests)
        report.faults = self._faults_met()
        await asyncio.to_thread(self._check, expected)
        return report

    async def _undisturbed(self) -> int:
        process = await self._scene.start()
        out, _ = await process.communicate()
        self._scene.printed = out.decode().splitlines()
        assert process.returncode is not None
        return process.returncode

    def _said(self) -> str:
        return "\n".join(self._scene.printed[-20:])

    async def _life(self, *, is_last: bool = False, crashes_database: bool = False) -> bool:
        """One process, from its start to its death; tells whether the run has ended."""
        scene, before = self._scene, len(self._scene.api.requests)
        started_s = time.monotonic()
        process = await scene.start()
        output = asyncio.create_task(process.stdout.read()) if process.stdout else None
        assert output is not None
        # One that starts while the database does says so, and ends.
        works = crashes_database or (not is_last and self._chance.random() < 0.85)
        if works:  # else it is killed wherever it is, mostly while it starts
            while process.returncode is None and len(scene.api.requests) == before:
                await asyncio.sleep(0.002)
            if before and process.returncode is None:
                self.report.resumed_s.append(time.monotonic() - started_s)
        if crashes_database:
            await asyncio.to_thread(scene.crash_database)
        if not is_last:
            with suppress(TimeoutError):
                delay_s = self._chance.uniform(0.0, 0.5 if works else 0.8)
                await asyncio.wait_for(asyncio.shield(process.wait()), delay_s)
        if process.returncode is None and not is_last:
            os.killpg(process.pid, signal.SIGKILL)
            self.report.kills["at work" if works else "anywhere"] += 1
        status = await process.wait()
        scene.printed = (await output).decode(errors="replace").splitlines()
        assert status in (0, -signal.SIGKILL), self._said()
        return status == 0 or self._has_ended()

    def _has_ended(self) -> bool:
        """Whether the killed process had made the end of its run durable, but did not come to say so."""
        return (
            not self._store_rows("SELECT 1 FROM runs WHERE status = 'running'")
            and bool(self._store_rows("SELECT 1 FROM runs LIMIT 1"))
            and self.report.runs < self._store_rows("SELECT count(*) FROM runs")[0][0]
        )

    def _store_rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self._scene.store)
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            connection.close()

    def _faults_met(self) -> int:
        """Faults that were answered: those that are not waiting any more."""
        planned = len(range(2, self.report.pages + 1, 4)) * self.report.runs
        return planned - sum(map(len, self._scene.api.script.values()))

    def _check(self, expected: list[tuple[Any, ...]]) -> None:
        scene, report = self._scene, self.report
        assert scene.rows(USERS) == expected
        runs = self._store_rows("SELECT status, count(*) FROM runs GROUP BY status")
        assert runs == [("succeeded", report.runs)]
        assert self._store_rows("SELECT count(*) FROM tasks") == [(0,)]
        counters = [json.loads(row[0]) for row in self._store_rows("SELECT counters FROM runs")]
        scene.play.check(scene.rows, report.users, counters)
