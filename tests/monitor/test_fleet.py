"""Who looks at a run sees what all processes do that execute it, on the store of many machines."""

import asyncio
import time

import pytest

from headrace.monitor.apis import together
from headrace.monitor.profile import Profile, Steps, TaskSpan, encode_profile
from headrace.monitor.recorder import Recorder
from headrace.sdk.budget import BudgetState
from headrace.store.jetstream import JetStreamStore
from support.crew import crew

ITEMS = """
concurrency: 8
nodes:
  start: {component: common-module/signal}
  each: {component: common-module/iterator, settings: {durable: true, concurrency: 8, batchSize: 1}}
  work: {component: test-module/probe}
  last: {component: test-module/probe}
edges:
  - {from: start:out, to: each:in, data: {array: "{{$.payload}}"}}
  - each:item -> work -> last
"""
ALL = {"each": 1, "work": 40, "last": 40}


async def counted(looking, meter):
    """What the nodes have received, in all processes."""
    await looking.fleet.ask([meter])
    return {row.name: row.received for row in meter.read().rows}


@pytest.mark.timeout(20)
async def test_who_executes_nothing_sees_the_counts_of_all():
    async with crew(ITEMS) as crewed:
        looking = await crewed.join(most_tasks=0)
        meter = looking.meter()
        for expected in range(2):  # of each run its own, whoever has looked at the one before
            run = await looking.flow.engine.fire(looking.flow.program, "start", list(range(40)))
            meter.begin(run.id, is_alone=True)
            await crewed.ended(run.id)
            assert looking.flow.seen["work"] == []
            assert expected == 0 or await counted(looking, meter) == ALL
            assert await counted(looking, meter) == ALL
            assert {index: edge[0] for index, edge in meter.read().edges.items()} == {0: 1, 1: 40, 2: 40}


@pytest.mark.timeout(20)
async def test_of_runs_at_the_same_time_those_are_counted_that_are_looked_at():
    async with crew(ITEMS, size=1) as crewed:
        working, looking = crewed.members[0], await crewed.join(most_tasks=0)
        hold = asyncio.Event()

        async def wait(message, context):
            if message["item"] == "held":
                await hold.wait()

        working.flow.seen.before["last"] = wait
        first = await looking.flow.engine.fire(looking.flow.program, "start", [1, 2, "held"])
        while len(working.flow.seen["work"]) < 3:
            await asyncio.sleep(0.01)
        meter = looking.meter()  # as of a process that came only now
        second = await looking.flow.engine.fire(looking.flow.program, "start", [4, 5])
        meter.begin(second.id, is_alone=True)
        await crewed.ended(second.id)
        assert await counted(looking, meter) == {"each": 1, "work": 2, "last": 2}
        hold.set()
        await crewed.ended(first.id)


@pytest.mark.timeout(20)
async def test_counts_of_a_process_that_is_gone_stay():
    async with crew(ITEMS, size=1) as crewed:
        working, looking = crewed.members[0], await crewed.join(most_tasks=0)

        async def stop(message, context):
            if message["item"] >= 20:
                await asyncio.Event().wait()

        working.flow.seen.before["last"] = stop
        run = await looking.flow.engine.fire(looking.flow.program, "start", list(range(40)))
        meter = looking.meter()
        meter.begin(run.id, is_alone=True)
        while len(working.flow.seen["last"]) < 20:
            await asyncio.sleep(0.01)
        before = await counted(looking, meter)
        assert before["last"] >= 20
        assert sum(row.active for row in meter.read().rows) > 0
        told = await looking.fleet.profiles(run.flow, run.id)
        profile = await looking.recorder.kept(run.id, told)
        assert {span.result for span in profile.tasks} == {"done", "running"}
        assert sum(profile.steps.tasks) >= 21
        await crewed.leave(working)
        while looking.flow.store.sharing.members() != {looking.flow.store.sharing.me}:
            await asyncio.sleep(0.01)
        assert await counted(looking, meter) == before
        assert sum(row.active for row in meter.read().rows) == 0
        await crewed.join()
        await crewed.ended(run.id)
        after = await counted(looking, meter)
        assert after["last"] >= 40


@pytest.mark.timeout(20)
async def test_nothing_is_said_where_nobody_looks():
    async with crew(ITEMS) as crewed:
        sharing = crewed.engines[0].store.sharing
        heard = []

        async def hear(subject):
            async for _, said in sharing.sayings(subject):
                heard.append((subject, said))

        listening = [asyncio.create_task(hear(subject)) for subject in ("seen", "seen.*")]
        first = crewed.engines[0]
        run = await first.engine.fire(first.program, "start", list(range(40)))
        await crewed.ended(run.id)
        assert heard == []
        looking = crewed.members[0]
        await counted(looking, looking.meter())
        while len(heard) < 3:
            await asyncio.sleep(0.01)
        assert [subject for subject, _ in heard] == ["seen", "seen.*", "seen.*"]
        for task in listening:
            task.cancel()


@pytest.mark.timeout(20)
async def test_a_run_of_several_processes_is_remembered_as_one():
    async with crew(ITEMS) as crewed:
        working = tuple(crewed.seen)

        async def with_the_others(message, context):
            while not all(seen["work"] for seen in working):
                await asyncio.sleep(0.01)

        for seen in working:
            seen.before["work"] = with_the_others
        looking = await crewed.join(most_tasks=0)
        run = await looking.flow.engine.fire(looking.flow.program, "start", list(range(40)))
        record = await crewed.ended(run.id)
        while (profile := await looking.recorder.kept(run.id)) is None or len(profile.tasks) < 42:
            await asyncio.sleep(0.01)
        assert record.tasks_done == len(profile.tasks) == sum(profile.steps.tasks)
        assert {name: node.received for name, node in profile.nodes.items()} == ALL
        assert {span.result for span in profile.tasks} == {"done"}
        began = [span.began_seconds for span in profile.tasks]
        assert began == sorted(began)
        assert len(await looking.flow.store.profiles(run.id)) == 3  # who did nothing keeps nothing


@pytest.mark.timeout(20)
async def test_what_a_process_did_that_was_killed_is_remembered_as_dropped_and_goes_with_its_run():
    async with crew(ITEMS, size=1) as crewed:
        (member,) = crewed.members
        run = await member.flow.run([1])
        killed = await JetStreamStore.open(crewed.place)
        span = TaskSpan("t", "work", "in", 1, 0.0)
        await killed.keep_profile(run.id, encode_profile(Profile([span], 0, [], {}, Steps(0.1))))
        await killed.close()
        profile = await member.recorder.kept(run.id)
        assert [span.result for span in profile.tasks if span.task == "t"] == ["dropped"]
        assert len(await member.flow.store.profiles(run.id)) == 2
        assert await member.flow.store.prune(None, 0, time.time_ns()) == 1
        assert await member.flow.store._history.profiles("test", run.id) == {}


@pytest.mark.timeout(20)
async def test_what_a_process_does_is_running_for_who_executes_nothing_of_its_flow():
    async with crew(ITEMS, size=1) as crewed:
        (member,) = crewed.members
        run = await member.flow.run([1])
        span = TaskSpan("t", "work", "in", 1, 0.0)
        encoded = encode_profile(Profile([span], 0, [], {}, Steps(0.1)))
        store = await JetStreamStore.open(crewed.place)
        looking = Recorder(store)
        async with looking:
            while (await looking.kept(run.id, flow=run.flow)) is None:  # it is kept a moment later
                await asyncio.sleep(0.01)
            await member.flow.store.keep_profile(run.id, encoded)
            profile = await looking.kept(run.id, flow=run.flow)
            assert [span.result for span in profile.tasks] == ["running"]
        await store.close()


def test_several_processes_ask_an_api_together():
    ours = BudgetState("api", 2, 5, 1, rate_per_s=2.5, left=30, resets_at_ns=7)
    theirs = BudgetState("api", 3, 5, 0, rate_per_s=2.5, left=20, resets_at_ns=9, held_until_ns=5, reason="r")
    other = BudgetState("other", 1, 1, 0)
    both = BudgetState("api", 5, 10, 1, rate_per_s=5.0, left=20, resets_at_ns=9, held_until_ns=5, reason="r")
    assert together([[ours], [other, theirs]]) == [both, other]
    assert together([[ours, ours]]) == [ours, ours]
