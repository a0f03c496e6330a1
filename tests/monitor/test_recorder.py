"""The recorder, told by a real engine: how attempts end, what is kept, and what goes on."""

import asyncio
import json

import pytest

from headrace.errors import PermanentError, TemporaryError
from headrace.monitor.profile import Profile, decode_profile
from headrace.monitor.recorder import Recorder
from headrace.monitor.recording import Recording
from headrace.store import MemoryStore, RunStatus, Store, TaskRecord
from support.clock import JumpingClock
from support.flows import Seen, bench
from support.stores import KINDS, opened

CHAIN = """
retry: {maxAttempts: 2, initialDelay: 1ms}
nodes:
  start: {component: common-module/signal}
  first: {component: test-module/probe}
  detach: {component: common-module/async}
  second: {component: test-module/probe}
edges:
  - start -> first -> detach -> second
"""
RESULTS = [("start", "done"), ("first", "done"), ("second", "done")]


def results(profile: Profile | None) -> list[tuple[str, str]]:
    assert profile is not None
    return [(span.node, span.result) for span in profile.tasks]


async def kept_profile(store: Store, run_id: str) -> bytes | None:
    return next(iter((await store.profiles(run_id)).values()), None)


@pytest.fixture(params=sorted(KINDS))
def place(request, tmp_path):
    return KINDS[request.param](tmp_path)


async def test_a_run_is_remembered_in_the_store_once_it_has_ended(place):
    async with opened(place) as store:
        async with Recorder(store) as recorder, bench(CHAIN, store=store, observers=(recorder,)) as flow:
            run = await flow.run({"page": 3, "other": "not told"})
            assert recorder.profile(run.id) is None
        profile = await recorder.kept(run.id)
        facts = json.loads(await kept_profile(store, run.id))
    assert results(profile) == RESULTS
    assert [span.attempt for span in profile.tasks] == [1, 1, 1]
    assert (
        profile.tasks[0].context == profile.tasks[2].context == {}
    )  # the message of a signal holds its payload
    assert {name: (node.received, node.failed) for name, node in profile.nodes.items()} == {
        "first": (1, 0),
        "detach": (1, 0),
        "second": (1, 0),
    }
    assert sum(profile.steps.tasks) == 3
    assert set(facts) == {"tasks", "earlier", "slowest", "nodes", "steps"}
    assert set(facts["tasks"][0]) == {
        "task", "node", "port", "attempt", "beganSeconds", "seconds", "result", "context"
    }  # fmt: skip
    assert set(facts["nodes"]["first"]) == {"received", "failed", "timed", "seconds"}


async def test_tasks_that_are_retried_buried_and_tried_again_by_request_are_told_apart(place):
    seen = Seen()
    seen.errors["second"] = [TemporaryError("later"), PermanentError("never")]
    async with opened(place) as store:
        async with (
            Recorder(store) as recorder,
            bench(CHAIN, seen=seen, store=store, observers=(recorder,)) as flow,
        ):
            run = await flow.run()
            assert run.status is RunStatus.FAILED
            (letter,) = await store.dead_letters(run.id)
            await flow.engine.retry(flow.program, letter)
            assert (await flow.engine.wait(run.id)).status is RunStatus.SUCCEEDED
        profile = await recorder.kept(run.id)
    assert [(span.node, span.attempt, span.result) for span in profile.tasks] == [
        ("start", 1, "done"),
        ("first", 1, "done"),
        ("second", 1, "retried"),
        ("second", 2, "dead"),
        ("second", 1, "done"),
    ]
    assert profile.nodes["second"].received == 3
    assert profile.nodes["second"].failed == 2


async def test_a_run_that_goes_on_in_the_next_process_extends_what_is_kept(place):
    seen, began = Seen(), asyncio.Event()

    async def wait(message, context):
        began.set()
        await asyncio.Event().wait()

    seen.before["second"] = wait
    async with (
        opened(place) as store,
        Recorder(store) as recorder,
        bench(CHAIN, seen=seen, store=store, observers=(recorder,)) as flow,
    ):
        run = await flow.engine.fire(flow.program, "start")
        await began.wait()
        assert results(recorder.profile(run.id)) == [*RESULTS[:2], ("second", "running")]
    async with opened(place) as store:
        async with Recorder(store) as recorder, bench(CHAIN, store=store, observers=(recorder,)) as flow:
            await flow.engine.resume(flow.program)
            await flow.engine.wait(run.id)
        profile = await recorder.kept(run.id)
    assert results(profile) == [*RESULTS[:2], ("second", "dropped"), ("second", "done")]
    assert sum(profile.steps.tasks) == 3


async def test_what_a_cancelled_run_was_doing_was_dropped():
    seen, began, store = Seen(), asyncio.Event(), MemoryStore()

    async def wait(message, context):
        began.set()
        await asyncio.Event().wait()

    seen.before["first"] = wait
    async with (
        Recorder(store) as recorder,
        bench(CHAIN, seen=seen, store=store, observers=(recorder,)) as flow,
    ):
        run = await flow.engine.fire(flow.program, "start")
        await began.wait()
        await flow.engine.cancel(run.id)
        await flow.engine.wait(run.id)
    assert results(await recorder.kept(run.id)) == [("start", "done"), ("first", "dropped")]


async def test_a_long_run_is_kept_now_and_then():
    """What a process that is killed leaves behind."""
    clock, store, seen, kept = JumpingClock(), MemoryStore(), Seen(), []
    spec = CHAIN.replace("initialDelay: 1ms", "initialDelay: 15s")
    seen.errors["second"] = [TemporaryError("later")]

    async def look(message, context):
        kept.append(await kept_profile(store, context.run.id))

    seen.before["second"] = look
    recorder = Recorder(store, clock)
    async with recorder, bench(spec, seen=seen, clock=clock, store=store, observers=(recorder,)) as flow:
        run = await flow.run()
        assert run.status is RunStatus.SUCCEEDED
    assert kept[0] is None
    after_the_end = await recorder.kept(run.id)
    assert after_the_end.tasks[-1].began_seconds >= 10


async def test_spans_are_taken_once_also_those_of_runs_that_have_ended():
    store = MemoryStore()
    async with Recorder(store) as recorder, bench(CHAIN, store=store, observers=(recorder,)) as flow:
        run = await flow.run()
        taken = recorder.take_spans()
        assert [(span.node, span.result) for span in taken[run.id]] == RESULTS
        assert recorder.take_spans() == {}


async def test_facts_of_messages_are_masked():
    store = MemoryStore()

    def mask(text):
        return text.replace("hunter2", "•••")

    recorder = Recorder(store, mask=mask)
    spec = CHAIN.replace(
        "- start -> first", "- {from: start, to: first, data: {url: '/x?key=hunter2', page: 7}}\n  - first"
    )
    async with recorder, bench(spec, store=store, observers=(recorder,)) as flow:
        run = await flow.run()
    profile = await recorder.kept(run.id)
    assert profile.tasks[1].context == {"page": 7, "url": "/x?key=•••"}


async def test_who_asks_for_a_run_waits_for_none_that_end_later():
    kept, goes = [], asyncio.Queue()

    class Slow(MemoryStore):
        async def keep_profile(self, run_id, profile):
            kept.append(run_id)
            await goes.get()
            await super().keep_profile(run_id, profile)

    store = Slow()
    async with Recorder(store) as recorder, bench(CHAIN, store=store, observers=(recorder,)) as flow:
        first = await flow.run()
        asking = asyncio.create_task(recorder.kept(first.id))
        await asyncio.sleep(0)
        second = await flow.run()
        goes.put_nowait(None)
        async with asyncio.timeout(5):
            assert results(await asking) == RESULTS
        assert await store.profiles(second.id) == {}
        goes.put_nowait(None)
    assert kept == [first.id, second.id]


async def test_tasks_are_looked_at_also_after_the_clock_was_set_back():
    store, clock = MemoryStore(), JumpingClock()
    recorder = Recorder(store, clock)
    async with recorder, bench(CHAIN, store=store, clock=clock, observers=(recorder,)) as flow:
        await flow.run({"n": 1})
        clock.set(clock.now_ns() - 3600 * 10**9)
        await flow.run({"n": 2})
        samples = recorder.samples("test", "first")
        recording = recorder._active["r"] = Recording("r", "test", 0)
        recording.sees_first("first", "in")
        task = TaskRecord("t", "r", "first", "in", {}, {})
        assert recorder.probe(task, 1, None) is None  # one was looked at just now
        clock.set(clock.now_ns() - 3600 * 10**9)
        assert recorder.probe(task, 1, None) is not None
        del recorder._active["r"]
    assert [sample.message["payload"]["n"] for sample in samples if sample.direction == "in"] == [2, 1]


async def test_a_kept_profile_that_is_damaged_is_begun_anew():
    store, seen = MemoryStore(), Seen()
    seen.errors["second"] = [PermanentError("no")]
    async with (
        Recorder(store) as recorder,
        bench(CHAIN, seen=seen, store=store, observers=(recorder,)) as flow,
    ):
        run = await flow.run()
        (letter,) = await store.dead_letters(run.id)
        await asyncio.sleep(0)
        await store.keep_profile(run.id, b"{")
        await flow.engine.retry(flow.program, letter)
        await flow.engine.wait(run.id)
    assert results(decode_profile(await kept_profile(store, run.id))) == [("second", "done")]
