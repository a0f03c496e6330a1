"""Several engines execute one flow together, on the store of many machines."""

import asyncio
import contextlib

import pytest

from headrace.errors import StoreError
from headrace.store import RunStatus
from support.crew import crew
from support.flows import Seen

PAGES = """
concurrency: 64
nodes:
  start: {component: common-module/signal}
  each: {component: common-module/iterator, settings: {durable: true, concurrency: 64, batchSize: 1}}
  work: {component: test-module/probe}
  end: {component: test-module/probe}
edges:
  - {from: start:out, to: each:in, data: {array: "{{$.payload}}"}}
  - each:item -> work
  - each:done -> end
"""

LOOP = """
nodes:
  start: {component: common-module/signal}
  page: {component: test-module/probe}
  more: {component: common-module/router, settings: {rules: [{name: r, when: "{{$.page < 50}}", outputPort: again}]}}
  end: {component: test-module/probe}
edges:
  - {from: start:out, to: page:in, data: {page: 1}}
  - page -> more
  - {from: more:again, to: page:in, data: {page: "{{$.page + 1}}"}}
  - more:default -> end
"""


@pytest.mark.timeout(60)
async def test_the_tasks_of_a_fan_out_are_done_once_by_all_together():
    async with crew(PAGES) as crewed:

        async def with_the_others(message, context):
            while not all(len(seen["work"]) > 5 for seen in crewed.seen):
                await asyncio.sleep(0.01)

        for seen in crewed.seen:
            seen.before["work"] = with_the_others
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(120)))
        record = await crewed.ended(run.id)
        assert record.status is RunStatus.SUCCEEDED
        assert sorted(message["item"] for message in crewed.saw("work")) == list(range(120))
        assert sum(len(seen["end"]) for seen in crewed.seen) == 1


@pytest.mark.timeout(60)
async def test_a_page_loop_goes_on_where_it_is():
    async with crew(LOOP) as crewed:
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start")
        record = await crewed.ended(run.id)
        assert record.status is RunStatus.SUCCEEDED
        pages = [message["page"] for seen in crewed.seen for message in seen["page"]]
        assert sorted(pages) == list(range(1, 51))
        assert sum(len(seen["end"]) for seen in crewed.seen) == 1


@pytest.mark.timeout(60)
async def test_the_concurrency_of_a_run_holds_over_all():
    async with crew(PAGES.replace("concurrency: 64\nnodes", "concurrency: 4\nnodes")) as crewed:
        executing, most = 0, 0

        async def slowly(message, context):
            nonlocal executing, most
            executing += 1
            most = max(most, executing)
            await asyncio.sleep(0.005)
            executing -= 1

        for seen in crewed.seen:
            seen.before["work"] = slowly
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(100)))
        record = await crewed.ended(run.id)
        assert record.status is RunStatus.SUCCEEDED
        assert sum(len(seen["work"]) for seen in crewed.seen) == 100
        assert most == 4


@pytest.mark.timeout(60)
async def test_a_cancelled_run_is_cut_off_everywhere():
    async with crew(PAGES) as crewed:
        for seen in crewed.seen:
            seen.before["work"] = lambda message, context: asyncio.sleep(60)
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(200)))
        while not all(seen["work"] for seen in crewed.seen):
            await asyncio.sleep(0.01)
        await crewed.engines[1].engine.cancel(run.id)
        record = await crewed.ended(run.id)
        assert record.status is RunStatus.CANCELLED
        assert await crewed.engines[2].store.open_tasks(run.id) == []


TICKS = """
nodes:
  clock: {component: common-module/ticker, settings: {interval: 100ms, overlap: allow, catchup: all}}
  tick: {component: test-module/probe}
edges:
  - clock:out -> tick
"""


async def ticks(crewed):
    """The ticks that all have seen, once no run is open any more."""
    async with asyncio.timeout(10):
        while any([await each.store.open_runs("test") for each in crewed.engines]):
            await asyncio.sleep(0.01)
    return sorted(message["tickNumber"] for seen in crewed.seen for message in seen["tick"])


@pytest.mark.timeout(60)
async def test_rule_22_a_schedule_fires_once_each_time_whoever_fires():
    async with crew(TICKS) as crewed:
        for each in crewed.engines:
            await each.engine.follow(each.program)
        async with asyncio.timeout(20):
            while sum(len(seen["tick"]) for seen in crewed.seen) < 20:
                await asyncio.sleep(0.01)
        await crewed.engines[1].engine.switch(crewed.engines[1].program, "clock", is_on=False)
        found = await ticks(crewed)
        assert found == list(range(1, len(found) + 1))
        # Paused by one, it is paused for all; and so it is resumed.
        await asyncio.sleep(0.5)
        assert await ticks(crewed) == found
        await crewed.engines[2].engine.switch(crewed.engines[2].program, "clock", is_on=True)
        async with asyncio.timeout(20):
            while sum(len(seen["tick"]) for seen in crewed.seen) < len(found) + 5:
                await asyncio.sleep(0.01)
        await crewed.engines[0].engine.switch(crewed.engines[0].program, "clock", is_on=False)
        found = await ticks(crewed)
        assert found == list(range(1, len(found) + 1))


@pytest.mark.timeout(60)
async def test_what_an_engine_leaves_the_others_do():
    async with crew(PAGES) as crewed:
        hold = asyncio.Event()

        async def slowly(message, context):
            await asyncio.sleep(0.01)

        crewed.seen[0].before["work"] = lambda message, context: hold.wait()
        for seen in crewed.seen[1:]:
            seen.before["work"] = slowly
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(100)))
        while not all(seen["work"] for seen in crewed.seen):
            await asyncio.sleep(0.01)
        await crewed.leave(crewed.members[0])
        record = await crewed.ended(run.id)
        assert (record.status, record.counters["each.items"]) == (RunStatus.SUCCEEDED, 100)
        done = sorted(message["item"] for seen in crewed.seen[1:] for message in seen["work"])
        assert done == list(range(100))
        assert sum(len(seen["end"]) for seen in crewed.seen[1:]) == 1


@pytest.mark.timeout(60)
async def test_who_comes_later_takes_part():
    async with crew(PAGES, size=1, most_tasks=16) as crewed:
        joined = asyncio.Event()
        crewed.seen[0].before["work"] = lambda message, context: joined.wait()
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(400)))
        while not crewed.seen[0]["work"]:
            await asyncio.sleep(0.01)
        late = Seen()
        await crewed.join(late)
        while len(late["work"]) < 50:
            await asyncio.sleep(0.01)
        joined.set()
        await crewed.ended(run.id)
        assert sorted(message["item"] for message in crewed.saw("work")) == list(range(400))


@pytest.mark.timeout(60)
async def test_a_dead_letter_is_tried_again_by_whoever_is_asked():
    spec = PAGES.replace("work: {component: test-module/probe}", "work: {component: test-module/fail}")
    async with crew(spec) as crewed:
        first, second = crewed.engines[:2]
        run = await first.engine.fire(first.program, "start", [1, 2, 3])
        record = await crewed.ended(run.id)
        assert (record.status, record.dead_letters) == (RunStatus.FAILED, 3)
        letters = await second.store.dead_letters(run.id)
        for each in (first, second):  # both at once, the same letter: it is tried once
            with contextlib.suppress(StoreError):
                await each.engine.retry(each.program, letters[0])
        record = await crewed.ended(run.id)
        assert (record.status, record.dead_letters) == (RunStatus.FAILED, 3)
        assert sum(len(seen["work"]) for seen in crewed.seen) == 4


@pytest.mark.timeout(60)
@pytest.mark.parametrize("most_at_once", [6, 8])
async def test_what_an_async_node_allows_at_once_is_shared_out(most_at_once):
    """All of it, also where that does not go into equal parts."""
    settings = f"settings: {{maxConcurrency: {most_at_once}}}"
    spec = PAGES.replace("  work:", f"  apart: {{component: common-module/async, {settings}}}\n  work:")
    spec = spec.replace("  - each:item -> work", "  - each:item -> apart -> work")
    async with crew(spec) as crewed:
        executing, most = 0, 0

        async def slowly(message, context):
            nonlocal executing, most
            executing += 1
            most = max(most, executing)
            await asyncio.sleep(0.05)
            executing -= 1

        for seen in crewed.seen:
            seen.before["work"] = slowly
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(100)))
        record = await crewed.ended(run.id)
        assert record.status is RunStatus.SUCCEEDED
        assert len(crewed.saw("work")) == 100
        assert most == most_at_once


@pytest.mark.timeout(60)
async def test_who_finishes_waits_for_what_others_do_of_its_runs():
    async with crew(PAGES) as crewed:
        for seen in crewed.seen:
            seen.before["work"] = lambda message, context: asyncio.sleep(0.02)
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(60)))
        await first.engine.finish()
        assert (await first.store.run(run.id)).status is RunStatus.SUCCEEDED
        assert sum(len(seen["end"]) for seen in crewed.seen) == 1
