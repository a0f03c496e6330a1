"""Budgets that several engines share: what an API sees of all of them together."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from headrace.store import RunStatus
from support.crew import crew
from support.misbehaving import answer, misbehaving

FLOW = """
concurrency: 64
nodes:
  start: {component: common-module/signal}
  each: {component: common-module/iterator, settings: {durable: true, concurrency: 64, batchSize: 1}}
  ask:
    component: http-module/client
    settings: {baseUrl: "URL", retryCount: 3, retryDelay: 10ms, SETTINGS}
    input: {url: "/{{$.item}}"}
  work: {component: test-module/probe}
edges:
  - {from: start:out, to: each:in, data: {array: "{{$.payload}}"}}
  - each:item -> ask
  - ask:response -> work
"""

LOOP = """
nodes:
  start: {component: common-module/signal}
  page:
    component: http-module/client
    settings: {baseUrl: "URL", SETTINGS}
    input: {url: "/{{$.page}}"}
  work: {component: test-module/probe}
  more: {component: common-module/router, settings: {rules: [{name: r, when: "{{$.page < 60}}", outputPort: again}]}}
edges:
  - {from: start:out, to: page:request, data: {page: 1}}
  - page:response -> work -> more
  - {from: more:again, to: page:request, data: {page: "{{$.page + 1}}"}}
"""


@dataclass
class Watched:
    """An API that notes when it was asked, and by how many at once; refuses the one of a number."""

    latency_s: float = 0.01
    refuses: int = 0
    times: list[float] = field(default_factory=list)
    open: int = 0
    most: int = 0
    refused_s: float = 0.0

    async def __call__(self, wire):
        self.times.append(time.monotonic())
        if len(self.times) == self.refuses:
            self.refused_s = time.monotonic()
            await wire.send(answer("429 Too Many Requests", b"", Retry_After=2))
            return
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(self.latency_s)
        self.open -= 1
        await wire.send(answer())

    def most_within(self, seconds):
        """Requests in the fullest stretch of time of a length."""
        return max(sum(begun <= at < begun + seconds for at in self.times) for begun in self.times)


@asynccontextmanager
async def asking(api, settings, *, spec=FLOW, size=3):
    async with (
        misbehaving(api) as server,
        crew(spec.replace("URL", server.url).replace("SETTINGS", settings), size) as crewed,
    ):
        yield crewed


async def done(crewed, payload=None):
    first = crewed.engines[0]
    run = await first.engine.fire(first.program, "start", payload)
    record = await crewed.ended(run.id)
    assert record.status is RunStatus.SUCCEEDED, record.errors
    return record


@pytest.mark.timeout(60)
async def test_a_rate_holds_over_all_engines():
    api = Watched()
    async with asking(api, "rateLimit: 30/s") as crewed:
        await done(crewed, list(range(120)))
        assert all(len(seen["work"]) > 20 for seen in crewed.seen)
    assert len(api.times) == 120
    assert api.most_within(1.0) <= 30 + 2 * 3  # each is evenly spaced by itself, and a timer may be late
    assert 120 / 30 - 1 < api.times[-1] - api.times[0] < 120 / 30 * 1.5


@pytest.mark.timeout(60)
@pytest.mark.parametrize("most", [1, 2, 4, 7])
async def test_a_number_of_requests_at_once_holds_over_all_engines(most):
    api = Watched(latency_s=0.02)
    async with asking(api, f"maxConcurrency: {most}") as crewed:
        await done(crewed, list(range(30)))
        await done(crewed, list(range(30)))
    assert most // 2 <= api.most <= most
    assert len(api.times) == 60


@pytest.mark.timeout(60)
@pytest.mark.parametrize("most", [1, 4])
async def test_a_node_that_wants_fewer_at_once_than_others_gets_no_more_from_all_engines(most):
    api = Watched(latency_s=0.02)
    spec = FLOW.replace(
        "  work:", "  other: {component: http-module/client, settings: {baseUrl: 'URL'}}\n  work:"
    )
    async with asking(api, f"maxConcurrency: {most}", spec=spec) as crewed:
        await done(crewed, list(range(60)))
    assert most // 2 <= api.most <= most
    assert len(api.times) == 60


@pytest.mark.timeout(60)
async def test_who_asks_alone_has_all_of_a_budget():
    api = Watched(latency_s=0.0)
    async with asking(api, "rateLimit: 20/s", spec=LOOP) as crewed:
        await done(crewed)
    assert len(api.times) == 60
    assert api.most_within(1.0) <= 20 + 1
    assert api.times[-1] - api.times[0] < 60 / 20 * 1.5 + 1  # the first second at a third


@pytest.mark.timeout(60)
async def test_a_member_that_leaves_gives_its_share_to_the_others():
    api = Watched(latency_s=0.02)
    async with asking(api, "rateLimit: 30/s, maxConcurrency: 6") as crewed:
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(150)))
        while len(api.times) < 40:
            await asyncio.sleep(0.01)
        await crewed.leave(crewed.members[-1])
        await crewed.leave(crewed.members[-1])
        left_s = time.monotonic()
        record = await crewed.ended(run.id)
        assert record.status is RunStatus.SUCCEEDED
    assert api.most <= 6 + 4  # the two were cut off, which the server sees later
    later = [at for at in api.times if at > left_s + 3]
    assert len(later) / (later[-1] - later[0]) > 30 * 0.7


@pytest.mark.timeout(60)
async def test_retry_after_that_one_engine_meets_is_obeyed_by_all():
    api = Watched(refuses=30)
    async with asking(api, "rateLimit: 50/s") as crewed:
        await done(crewed, list(range(100)))
        assert all(len(seen["work"]) > 10 for seen in crewed.seen)
    after = [at - api.refused_s for at in api.times if at > api.refused_s]
    assert sum(at < 1.9 for at in after) <= 3  # on their way
    assert max(after) > 2
