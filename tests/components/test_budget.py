"""Nodes and runs that share an API, against servers that keep to limits as they say, or do not."""

import asyncio
import time
from contextlib import asynccontextmanager
from email.utils import formatdate
from itertools import chain

import pytest

from headrace.store import RunStatus
from support.clock import START_NS, JumpingClock
from support.flows import bench
from support.limited import Crowded, FixedWindow, TokenBucket, as_draft, as_epoch, seconds_of
from support.misbehaving import answer, misbehaving


@asynccontextmanager
async def asking(script, count, settings="", *, concurrency=32, nodes=1, more=None, clock=None):
    """A flow of nodes that ask `count` times each, side by side; the server, too."""
    async with misbehaving(script) as server:
        lines = ["concurrency: 64", "nodes:", "  start: {component: common-module/signal}"]
        edges = []
        for number in range(1, nodes + 1):
            own = more[number - 1] if more else settings
            lines += [
                f"  each{number}:",
                "    component: common-module/iterator",
                f'    input: {{array: "{{{{range({count})}}}}"}}',
                f"  apart{number}: {{component: common-module/async, settings: {{maxConcurrency: {concurrency}}}}}",
                f"  ask{number}:",
                "    component: http-module/client",
                f"    settings: {{baseUrl: {server.url}, {own}}}",
                f"    input: {{url: /{number}}}",
            ]
            edges += [
                f"start -> each{number}",
                f"each{number}:item -> apart{number}",
                f"apart{number} -> ask{number}",
            ]
        spec = "\n".join([*lines, "edges:", *(f"  - {edge}" for edge in edges)])
        async with bench(spec, clock=clock) as flow:
            yield flow, server


async def ask(script, count, settings="", **options):
    async with asking(script, count, settings, **options) as (flow, server):
        run = await flow.run()
        assert run.status is RunStatus.SUCCEEDED, run.errors
        return server


RETRYING = "retryCount: 5, retryDelay: 100ms"


@pytest.mark.parametrize("burst", [60, 150])
async def test_a_bucket_that_says_what_is_left_refuses_hardly_any_and_is_used_up(burst):
    api = TokenBucket(rate_per_s=60, burst=burst)
    await ask(api, 300, RETRYING)
    assert api.refused <= 3
    assert api.rate > 0.6 * 60  # of what it takes, also on a machine that is busy


async def test_two_nodes_share_what_an_api_takes():
    api = TokenBucket(rate_per_s=60, burst=60)
    await ask(api, 120, RETRYING, nodes=2)
    assert api.refused <= 3
    assert api.rate > 0.6 * 60  # of what it takes, also on a machine that is busy


async def test_two_runs_share_what_an_api_takes():
    api = TokenBucket(rate_per_s=60, burst=60)
    async with asking(api, 120, RETRYING) as (flow, _server):
        first, second = await asyncio.gather(flow.run(), flow.run())
    assert first.status is second.status is RunStatus.SUCCEEDED
    assert api.refused <= 3
    assert api.rate > 0.6 * 60  # of what it takes, also on a machine that is busy


@pytest.mark.parametrize("headers", [as_draft, as_epoch])
async def test_a_window_is_used_up_and_the_next_one_waited_for(headers):
    clock = JumpingClock()
    api = FixedWindow(100, 60.0, seconds_of(clock), headers)
    await ask(api, 250, RETRYING, clock=clock)
    assert (len(api.taken), api.refused) == (250, 0)
    assert clock.slept_s < 180


async def test_a_long_window_is_not_waited_for_within_a_task_and_its_rest_is_not_spread():
    clock = JumpingClock()
    api = FixedWindow(20, 3600.0, seconds_of(clock), as_epoch)
    async with asking(api, 21, concurrency=1, clock=clock) as (flow, _server):
        run = await flow.run()
    assert run.status is RunStatus.SUCCEEDED
    assert [(error.code, error.retryable) for error in run.errors] == [("HR338", True)]
    assert "takes no more requests until 2023-11-14 23:00:00 UTC" in run.errors[0].message
    assert api.refused == 0
    assert api.taken[19] - api.taken[0] < 1
    assert run.retries == 1


async def test_a_forbidden_request_for_which_nothing_is_left_is_repeated():
    clock = JumpingClock()
    api = FixedWindow(10, 60.0, seconds_of(clock), as_epoch, status="403 Forbidden")
    api.taken = [clock.now_ns() / 1e9] * 10
    await ask(api, 3, RETRYING, clock=clock)
    assert api.refused <= 3
    assert len(api.taken) == 13


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_retry_after_holds_all_nodes_back_and_one_request_goes_first(form):
    clock = JumpingClock()
    begun_s = clock.now_ns() / 1e9
    times = []

    async def script(wire):
        now_s = clock.now_ns() / 1e9
        times.append(now_s - begun_s)
        if now_s < begun_s + 29.999:
            said = "30" if form == "seconds" else formatdate(begun_s + 30, usegmt=True)
            await wire.send(answer("503 Busy", Retry_After=said))
        else:
            await wire.send(answer())

    await ask(script, 10, "retryCount: 1, retryDelay: 1s", concurrency=4, nodes=2, clock=clock)
    assert len([time for time in times if time < 29.999]) <= 8
    assert len(times) <= 28


async def test_a_flow_that_is_cancelled_while_it_waits_leaves_the_api_to_others():
    clock = JumpingClock()
    answers = [answer("429 Too Many Requests", Retry_After=50)]

    async def script(wire):
        await wire.send(answers.pop() if answers else answer())

    async with asking(script, 20, "rateLimit: 1/s, maxConcurrency: 2", concurrency=8, clock=clock) as (
        flow,
        server,
    ):
        with clock.held():
            first = await flow.engine.fire(flow.program, "start")
            while not server.requests:
                await asyncio.sleep(0.01)
            await flow.engine.cancel(first.id)
        assert (await flow.engine.wait(first.id)).status is RunStatus.CANCELLED
        second = await flow.run()
    assert second.status is RunStatus.SUCCEEDED
    assert 19 <= clock.slept_s <= 100


async def test_the_highest_rate_counts_for_all_and_each_node_keeps_to_its_own():
    clock = JumpingClock()
    times = {"/1": [], "/2": [], "/3": []}

    async def script(wire):
        times[wire.request.target].append(clock.now_ns() / 1e9)
        await wire.send(answer())

    own = ["rateLimit: 2/s", "rateLimit: 10/s", "timeout: 30s"]
    await ask(script, 21, nodes=3, more=own, clock=clock)
    assert times["/1"][-1] - times["/1"][0] >= 19 / 2  # the first may have come late: it had to connect
    everything = sorted(chain(*times.values()))
    assert max(sum(start <= time < start + 1 for time in everything) for start in everything) <= 11
    assert times["/2"][-1] - times["/2"][0] <= 7


async def test_nodes_with_other_credentials_have_budgets_of_their_own():
    clock = JumpingClock()

    async def script(wire):
        await wire.send(answer())

    own = [f"rateLimit: 1/s, auth: {{type: bearer, token: t{number}}}" for number in (1, 2)]
    await ask(script, 11, nodes=2, more=own, clock=clock)
    assert 10 <= clock.slept_s <= 12


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Limit": 100, "X-RateLimit-Remaining": 0, "X-RateLimit-Reset": 3600},
        {"X-RateLimit-Limit": 5000, "X-RateLimit-Remaining": 5, "X-RateLimit-Reset": 50},
        {"X-RateLimit-Limit": 0, "X-RateLimit-Remaining": 0, "X-RateLimit-Reset": 0},
        {"X-RateLimit-Remaining": -1, "X-RateLimit-Reset": -1},
        {"X-RateLimit-Remaining": "none", "X-RateLimit-Reset": "tomorrow"},
        {"RateLimit": "limit=0, remaining=0, reset=60"},
        {"RateLimit": '"x";r=0;t=600'},
        {"RateLimit": ";;;", "RateLimit-Policy": '"'},
    ],
)
@pytest.mark.parametrize("concurrency", [1, 8])
async def test_headers_that_make_no_sense_hold_nothing_back(headers, concurrency):
    clock = JumpingClock()

    async def script(wire):
        await wire.send(answer(**headers))

    await ask(script, 50, concurrency=concurrency, clock=clock)
    assert clock.slept_s == 0


async def test_an_api_that_is_slow_in_a_crowd_is_asked_for_what_it_does_best():
    api = Crowded(best=8, latency_s=0.02)
    await ask(api, 800, concurrency=64)
    at_once_s = 800 / 64 * 0.02 * 8**2
    assert api.took_s < at_once_s / 3
    assert api.took_s < 2 * 800 / 8 * 0.02 + 1


async def test_requests_begin_in_the_order_in_which_they_came():
    clock = JumpingClock()
    order = []

    async def script(wire):
        order.append(wire.request.target)
        await wire.send(answer())

    await ask(script, 20, "rateLimit: 10/s, maxConcurrency: 4", concurrency=4, nodes=2, clock=clock)
    middle = order[4:-4]
    assert abs(middle.count("/1") - middle.count("/2")) <= 4


async def test_an_api_that_takes_its_time_is_soon_asked_for_all_that_is_wanted():
    is_open = asyncio.Event()
    count = 0

    async def script(wire):
        nonlocal count
        count += 1
        if count == 32:
            is_open.set()
        await is_open.wait()
        await wire.send(answer())

    started_s = time.monotonic()
    await ask(script, 32)
    assert time.monotonic() - started_s < 3


async def test_what_is_asked_and_why_it_waits_can_be_watched():
    clock = JumpingClock()
    answers = [answer("429 Too Many Requests", Retry_After=50)]

    async def script(wire):
        await wire.send(answers.pop() if answers else answer())

    settings = "rateLimit: 1/s, retryCount: 1"
    async with asking(script, 5, settings, clock=clock) as (flow, server):
        with clock.held():  # the first is answered before the second may go
            run = await flow.engine.fire(flow.program, "start")
            while not any(budget.reason == "Retry-After" for budget in flow.engine.budgets()):
                await asyncio.sleep(0.001)
            (held,) = flow.engine.budgets()
        await flow.engine.wait(run.id)
        assert flow.engine.budgets() == []
    assert (held.api, held.in_flight) == (server.url.removeprefix("http://"), 0)
    assert held.waiting == 4
    assert (held.rate_per_s, held.reason) == (1.0, "Retry-After")
    assert 25 < held.held_until_ns / 1e9 - START_NS / 1e9 <= 50
