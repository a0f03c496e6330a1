"""Processes with different versions of a flow, as there are while a new one is rolled out, or is taken back."""

import asyncio
import os
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest

from headrace.store import Request, RequestKind
from headrace.store.jetstream import JetStreamStore, Place
from support.flows import Seen, bench
from support.nats_server import shared_server

SPEC = """
nodes:
  clock: {{component: common-module/ticker, settings: {{interval: {interval}, overlap: allow}}}}
  go: {{component: common-module/signal}}
  {name}: {{component: test-module/probe}}
edges:
  - clock -> {name}
  - go -> {name}
"""
OLD, NEW = SPEC.format(name="old", interval="100ms"), SPEC.format(name="new", interval="130ms")


class Rollout:
    """Pods of two versions, and how often the node of each was executed."""

    def __init__(self, folder):
        self.place = Place((shared_server().url,), f"test-{uuid4().hex[:12]}")
        self.folder = folder
        self.seen = []

    @asynccontextmanager
    async def pod(self, spec, changed_s):
        """Executes a version of a file that was changed at a time; drains, as on SIGTERM."""
        path = self.folder / f"{changed_s}.yaml"
        path.write_text(spec)
        os.utime(path, (changed_s, changed_s))
        self.seen.append(seen := Seen())
        async with AsyncExitStack() as stack:
            store = await JetStreamStore.open(self.place, patience_s=10)
            stack.push_async_callback(store.close)
            pod = await stack.enter_async_context(bench(spec, store=store, seen=seen, name=str(path)))
            await pod.engine.resume(pod.program)
            pod.engine.attend(pod.program)
            await pod.engine.follow(pod.program)
            yield pod
            await pod.engine.drain(5)

    @property
    def count(self):
        return Counter(name for seen in self.seen for name in ("old", "new") for _ in seen[name])

    async def goes_on(self, name, times=5):
        """Wait until a version has fired so much more often."""
        wanted = self.count[name] + times
        async with asyncio.timeout(20):
            while self.count[name] < wanted:
                await asyncio.sleep(0.01)


@pytest.mark.timeout(60)
async def test_the_version_of_the_latest_file_fires_however_often_old_ones_start(tmp_path):
    rollout = Rollout(tmp_path)
    async with rollout.pod(OLD, 1000):
        await rollout.goes_on("old")
        async with rollout.pod(NEW, 2000):
            await rollout.goes_on("new", 1)
            old = rollout.count["old"]
            await rollout.goes_on("new")
            async with rollout.pod(OLD, 1000):  # of a machine where the new file is not yet
                await rollout.goes_on("new")
            await rollout.goes_on("new")
            assert rollout.count["old"] <= old + 1  # one may have been on its way
        await rollout.goes_on("old")  # nobody has the new one any more


@pytest.mark.timeout(60)
async def test_who_leaves_schedules_to_a_later_version_still_waits_for_their_end(tmp_path):
    """Else `headrace run` would end there, as if nothing fired ever again."""
    rollout = Rollout(tmp_path)
    async with rollout.pod(OLD, 1000) as old:
        waiting = asyncio.create_task(old.engine.followed())
        await rollout.goes_on("old")
        async with rollout.pod(NEW, 2000):
            await rollout.goes_on("new")
            assert not waiting.done()
        await rollout.goes_on("old")
        assert not waiting.done()
        waiting.cancel()


@pytest.mark.timeout(60)
async def test_a_version_that_is_taken_back_fires_again(tmp_path):
    rollout = Rollout(tmp_path)
    async with rollout.pod(NEW, 2000):
        await rollout.goes_on("new")
        async with rollout.pod(OLD, 3000):
            await rollout.goes_on("old")
            new = rollout.count["new"]
            await rollout.goes_on("old")
            assert rollout.count["new"] <= new + 1


@pytest.mark.timeout(60)
async def test_what_is_asked_for_begins_on_the_version_of_the_latest_file(tmp_path):
    rollout = Rollout(tmp_path)
    async with rollout.pod(OLD, 1000), rollout.pod(NEW, 2000) as new, rollout.pod(OLD, 1001) as old:
        for number in range(5):  # one after the other, so that each process has its turn to look
            await old.store.ask(Request(f"ask{number}", "test", RequestKind.FIRE, trigger="go"))
            async with asyncio.timeout(20):
                while (run := await new.store.run(f"ask{number}")) is None:
                    await asyncio.sleep(0.01)
            assert run.version == new.program.flow.version
