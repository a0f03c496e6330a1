"""What the engine makes of a store that fails, and of errors whose texts no store can keep."""

import asyncio
import sqlite3

import pytest

from headrace.errors import StoreError
from headrace.sdk import PermanentError
from headrace.store import MemoryStore, RunStatus
from support.flows import Seen, bench
from support.made import task
from support.stores import opened_file

SPEC = """
nodes:
  start: {component: common-module/signal}
  work: {component: test-module/probe}
edges: [start -> work]
"""


async def test_an_engine_that_idles_hears_that_the_store_has_failed(tmp_path):
    """Of changes that nobody waits for, nobody else would hear."""
    path = tmp_path / "store.db"
    other = sqlite3.connect(path, isolation_level=None)

    async def idle():
        async with opened_file(path, 0.2) as store, bench(SPEC, store=store):
            other.execute("BEGIN IMMEDIATE")
            await store.begin(task("r1", "a"), durably=False)
            await asyncio.wait_for(asyncio.Event().wait(), 20)

    with pytest.raises(StoreError, match="another process holds its lock"):
        await idle()
    other.close()


async def test_an_error_whose_text_is_no_unicode_is_kept_and_ends_its_run_alone(tmp_path):
    seen = Seen()
    seen.fail("work", PermanentError("half a pair: \ud800"))
    async with opened_file(tmp_path / "store.db") as store:
        async with bench(SPEC, store=store, seen=seen) as flow:
            run = await flow.run("x")
        (letter,) = await store.dead_letters(run.id)
        assert (run.status, letter.error.message) == (RunStatus.FAILED, "half a pair: \ufffd")


async def test_a_store_that_fails_while_the_engine_ends_is_told():
    store, seen, is_full = MemoryStore(), Seen(), asyncio.Event()

    async def wait(message, context):
        await asyncio.Event().wait()

    async def fail(flow, trigger):
        await is_full.wait()
        raise StoreError("the disk is full")

    async def end():
        spec = SPEC.replace("signal", "ticker")
        async with bench(spec, seen=seen, store=store) as flow:
            await flow.engine.fire(flow.program, "start")
            await flow.engine.follow(flow.program)
            while not seen["work"]:
                await asyncio.sleep(0)
            is_full.set()
            await asyncio.sleep(0)  # the timetable has failed; the engine is about to hear of it

    seen.before["work"] = wait
    store.trigger = fail
    with pytest.raises(StoreError, match="the disk is full"):
        await end()
