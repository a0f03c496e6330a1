"""What the engine makes of a store that fails, and of errors whose texts no store can keep."""

import asyncio
import sqlite3

import pytest

from headrace.errors import StoreError
from headrace.sdk import PermanentError
from headrace.store import RunStatus
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
