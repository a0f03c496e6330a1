"""Fan-outs while engines leave and join: `done` comes once, and all counts are those of a run that nobody left."""

import asyncio
import contextlib
import random

import pytest

from headrace.store import RunStatus
from support.crew import crew
from support.flows import bench
from support.listing import listing

NESTED = """
concurrency: 24
nodes:
  start: {component: common-module/signal}
  outer: {component: common-module/iterator, settings: {durable: true, concurrency: 8, batchSize: 1}}
  inner: {component: common-module/iterator, settings: {durable: true, concurrency: 8, batchSize: 2}}
  work: {component: test-module/probe}
  one: {component: test-module/probe}
  end: {component: test-module/probe}
edges:
  - {from: start:out, to: outer:in, data: {array: "{{$.payload}}"}}
  - {from: outer:item, to: inner:in, data: {array: "{{range($.item)}}", from: "{{$.item}}"}}
  - inner:batch -> work
  - inner:done -> one
  - outer:done -> end
"""

PAGES = """
concurrency: 24
nodes:
  start: {{component: common-module/signal}}
  pages:
    component: http-module/pages
    settings:
      baseUrl: "{url}"
      pagination: {pagination}
      concurrency: 4
      incremental: {{field: updatedAt, param: since}}
      maxConcurrency: 6
    input: {{url: "/{path}"}}
  each: {{component: common-module/iterator, input: {{array: "{{{{$.items}}}}"}}, settings: {{durable: true, concurrency: 4}}}}
  work: {{component: test-module/probe}}
  end: {{component: test-module/probe}}
edges:
  - start -> pages
  - pages:page -> each
  - each:item -> work
  - pages:done -> end
"""

KINDS = {
    "numbered": "{type: page, size: 10}",
    "offset": "{type: offset, size: 10}",
    "cursor": "{type: cursor, size: 10, next: '{{$.response.bodyJson.next}}'}",
}

pytestmark = pytest.mark.timeout(90)


async def slowly(message, context):
    await asyncio.sleep(0.01)


class Comings:
    """Has engines join and leave at random, until it is over; one is always there."""

    def __init__(self, crewed, seed):
        self.cut = 0
        self._is_over = False
        self._crewed = crewed
        self._chance = random.Random(seed)

    async def _change(self):
        crewed = self._crewed
        while not self._is_over:
            await asyncio.sleep(self._chance.uniform(0.02, 0.3))
            if len(crewed.members) > 1 and self._chance.random() < 0.5:
                await crewed.leave(self._chance.choice(crewed.members))
                self.cut += 1
            elif len(crewed.members) < 4:
                member = await crewed.join()
                member.flow.seen.before["work"] = slowly

    @contextlib.asynccontextmanager
    async def going_on(self):
        for seen in self._crewed.seen:
            seen.before["work"] = slowly
        changing = asyncio.create_task(self._change())
        yield
        self._is_over = True
        await changing


async def disturbed(crewed, seed, payload=None):
    """A run while engines come and go; its record."""
    comings = Comings(crewed, seed)
    first = crewed.engines[0]
    async with comings.going_on():
        run = await first.engine.fire(first.program, "start", payload)
        while True:
            record = await crewed.engines[0].store.run(run.id)
            if record.status is not RunStatus.RUNNING:
                break
            await asyncio.sleep(0.02)
    assert comings.cut > 0
    return record


def the_same(record, undisturbed):
    assert (record.status, record.error_count, record.dead_letters) == (RunStatus.SUCCEEDED, 0, 0)
    assert record.counters == undisturbed.counters
    assert record.tasks_done == undisturbed.tasks_done


@pytest.mark.parametrize("seed", range(3))
async def test_rule_7_done_comes_once_and_counts_all_while_engines_come_and_go(seed):
    payload = [n % 9 for n in range(60)]
    async with bench(NESTED) as alone:
        undisturbed = await alone.run(payload)
    async with crew(NESTED) as crewed:
        the_same(await disturbed(crewed, seed, payload), undisturbed)
        assert {str(each) for each in crewed.saw("end")} == {str(each) for each in alone.seen["end"]}
        assert {str(each) for each in crewed.saw("work")} == {str(each) for each in alone.seen["work"]}


@pytest.mark.parametrize("path", KINDS)
async def test_pages_tally_and_watermark_are_right_while_engines_come_and_go(path):
    async with listing(300) as api:
        spec = PAGES.format(url=api.url, path=path, pagination=KINDS[path])
        async with bench(spec) as alone:
            undisturbed = await alone.run()
            (expected,) = alone.seen["end"]
        async with crew(spec) as crewed:
            the_same(await disturbed(crewed, seed=4), undisturbed)
            totals = ("pages", "items", "failed", "watermark")
            for done in crewed.saw("end"):
                assert {name: done[name] for name in totals} == {name: expected[name] for name in totals}
            assert expected["watermark"] == "2024-01-01T00:05:00Z"
            assert sorted({message["item"]["id"] for message in crewed.saw("work")}) == list(range(1, 301))
            api.requests.clear()
            again = crewed.engines[0]
            await again.run()
            assert set(api.asked("since")) == {"2024-01-01T00:05:00Z"}
