"""Rule 9: tasks whose process died while they were executing. Real deaths are in tests/chaos."""

import asyncio

import pytest

from headrace.store import Attempt, ErrorFate, MemoryStore, RunStatus
from support.flows import Seen, bench

FLOW = """
concurrency: 8
nodes:
  start: {component: common-module/signal}
  each: {component: common-module/iterator, settings: {durable: true}, input: {array: [1, 2, 3, 4]}}
  work: {component: test-module/probe}
edges:
  - start -> each
  - each:item -> work
"""


class _Left(MemoryStore):
    """Gives out the tasks of unfinished runs as if some processes had died over them."""

    def __init__(self, interruptions):
        super().__init__()
        self.interruptions = interruptions

    async def adopt(self, version):
        adoption = await super().adopt(version)
        for run in adoption.runs:
            for task, _ in run.tasks:
                number = self.interruptions.get(task.message.get("item"), 0)
                self._ledger.runs[run.run.id].open[task.id] = task, Attempt(interruptions=number, first=False)
        return await super().adopt(version)


async def _leave(store):
    """A run whose four tasks were executing when the engine was torn down."""
    seen, arrived = Seen(), asyncio.Event()

    async def hang(message, context):
        if len(seen["work"]) == 4:
            arrived.set()
        await asyncio.Event().wait()

    seen.before["work"] = hang
    async with bench(FLOW, store=store, seen=seen) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await arrived.wait()
        await flow.engine.drain(0.0)
        return run


async def test_rule_9_a_task_that_was_interrupted_three_times_runs_alone():
    store = _Left({2: 3, 3: 4})
    run = await _leave(store)
    seen, active, together = Seen(), set(), {}

    async def note(message, context):
        active.add(message["item"])
        for _ in range(10):
            await asyncio.sleep(0)
            together.setdefault(message["item"], set()).update(active)
        active.discard(message["item"])

    seen.before["work"] = note
    async with bench(FLOW, store=store, seen=seen) as flow:
        await flow.engine.resume(flow.program)
        ended = await flow.engine.wait(run.id)
    assert ended.status is RunStatus.SUCCEEDED
    assert together == {1: {1, 4}, 2: {2}, 3: {3}, 4: {1, 4}}


async def test_rule_9_after_ten_more_interruptions_alone_it_is_a_dead_letter():
    store = _Left({2: 13, 3: 12})
    run = await _leave(store)
    async with bench(FLOW, store=store) as flow:
        await flow.engine.resume(flow.program)
        ended = await flow.engine.wait(run.id)
        assert sorted(message["item"] for message in flow.seen["work"]) == [1, 3, 4]
        (letter,) = await store.dead_letters(run.id)
    assert ended.status is RunStatus.FAILED
    assert letter.task.message["item"] == 2
    assert (letter.error.code, letter.error.fate) == ("HR313", ErrorFate.DEAD)
    assert "died 13 times" in letter.error.message
    assert letter.error.node == "work"


async def test_what_is_left_by_an_orderly_stop_goes_on_and_a_cut_off_task_is_not_dropped():
    store = MemoryStore()
    run = await _leave(store)
    assert (await store.run(run.id)).status is RunStatus.RUNNING
    assert len(await store.open_tasks(run.id)) == 4
    async with bench(FLOW, store=store) as flow:
        (resumed,) = await flow.engine.resume(flow.program)
        assert resumed.id == run.id
        ended = await flow.engine.wait(run.id)
    assert ended.status is RunStatus.SUCCEEDED
    assert sorted(message["item"] for message in flow.seen["work"]) == [1, 2, 3, 4]


async def test_an_engine_that_fails_drops_nothing():
    class Failing(MemoryStore):
        async def begin(self, task, *, durably):
            if len(seen["work"]) == 3:
                raise RuntimeError("a bug of ours")

    seen, store = Seen(), Failing()

    async def hang(message, context):
        await asyncio.Event().wait()

    seen.before["work"] = hang

    async def fail():
        async with bench(FLOW, store=store, seen=seen) as flow:
            await flow.run()

    with pytest.raises(RuntimeError, match="a bug of ours"):
        await fail()
    (run,) = await store.open_runs("test")
    assert len(run.tasks) == 4
