"""Several engines execute one flow together, on the store of many machines."""

import asyncio

import pytest

from headrace.store import RunStatus
from support.crew import crew

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


@pytest.mark.timeout(30)
async def test_the_tasks_of_a_fan_out_are_done_once_by_all_together():
    async with crew(PAGES) as crewed:

        async def slowly(message, context):
            await asyncio.sleep(0.02)

        for seen in crewed.seen:
            seen.before["work"] = slowly
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(120)))
        record = await crewed.ended(run.id)
        assert record.status is RunStatus.SUCCEEDED
        done = [sorted(message["item"] for message in seen["work"]) for seen in crewed.seen]
        assert sorted(item for each in done for item in each) == list(range(120))
        assert all(len(each) > 20 for each in done), [len(each) for each in done]
        assert sum(len(seen["end"]) for seen in crewed.seen) == 1


@pytest.mark.timeout(30)
async def test_a_page_loop_goes_on_where_it_is():
    async with crew(LOOP) as crewed:
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start")
        record = await crewed.ended(run.id)
        assert record.status is RunStatus.SUCCEEDED
        pages = [message["page"] for seen in crewed.seen for message in seen["page"]]
        assert sorted(pages) == list(range(1, 51))
        assert sum(len(seen["end"]) for seen in crewed.seen) == 1


@pytest.mark.timeout(30)
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


@pytest.mark.timeout(30)
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
