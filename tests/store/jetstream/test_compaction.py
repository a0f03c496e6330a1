"""A journal is made short again and again; nothing of what was decided is lost by that."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest

from headrace.store import Caller, LetterFilter, Revival, RunFilter, RunStatus
from headrace.store.jetstream import JetStreamStore, Place, journal
from support.made import FLOW, commit, error, fire_request, task
from support.nats_server import shared_server
from support.stores import opened


class Placed:
    def __init__(self):
        self.place = Place((shared_server().url,), f"test-{uuid4().hex[:12]}")

    async def open(self):
        return await JetStreamStore.open(self.place, patience_s=10)


@pytest.fixture
def place(monkeypatch):
    monkeypatch.setattr(journal, "_LONG", 20)
    monkeypatch.setattr("headrace.store.jetstream.care._PERIOD_S", 0.02)
    return Placed()


async def messages(store):
    """How many there are in the stream of the journal."""
    info = await store._connection.jetstream.stream_info(f"{store._connection.place.name}-test")
    return info.state.messages


async def fill(store, first, count):
    """Runs that end: one in five with a dead letter."""
    for number in range(first, first + count):
        begun = (await store.fire(fire_request(f"r{number}", fired_at_ns=number + 1))).task
        await commit(store, begun, tasks=[task(f"r{number}", "a")], counters={"node.items": number})
        if number % 5:
            await commit(store, task(f"r{number}", "a"))
        else:
            await store.bury(task(f"r{number}", "a", {"big": "x" * 100}), 5, error(), 200)


async def shortened(store, most):
    """Something goes on meanwhile: the journal begins at the last snapshot but one."""
    async with asyncio.timeout(10):
        while await messages(store) > most:
            await store.switch("test", "nobody's", None)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def filled(place):
    """A store with 60 runs, whose journal was made short."""
    async with opened(place) as store:
        await store.adopt(FLOW)
        await fill(store, 0, 60)
        await shortened(store, 100)
        yield store


async def check(store, count):
    runs = await store.runs()
    assert [run.id for run in runs] == [f"r{number}" for number in reversed(range(count))][:50]
    for number in (0, 1, count - 1):
        run = await store.run(f"r{number}")
        assert run.status is (RunStatus.SUCCEEDED if number % 5 else RunStatus.FAILED)
        assert run.counters == {"node.items": number}
    page = await store.letters(LetterFilter(flow="test", limit=3))
    assert page.total == -(-count // 5)
    assert [letter.task.message for letter in page.letters] == [None] * 3
    following = await store.letters(LetterFilter(flow="test", limit=100, before=page.next))
    assert len(following.letters) == page.total - 3


async def test_a_long_journal_is_made_short_and_all_is_still_there(place):
    async with filled(place) as store:
        await check(store, 60)
        async with opened(place) as other:
            await check(other, 60)
    async with opened(place) as store:
        await store.adopt(FLOW)
        await check(store, 60)


def read_count(store):
    """Messages that were read so far."""
    return store._connection.client.stats["in_msgs"]


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED])
async def test_of_many_ended_runs_no_more_are_read_than_are_told(place, status):
    async with filled(place):
        pass
    async with opened(place) as store:
        await store.runs()
        before = read_count(store)
        wanted = RunFilter(flow="test", statuses=frozenset({status}), before=(40, "r39"), limit=3)
        ids = {
            RunStatus.SUCCEEDED: ["r38", "r37", "r36"],
            RunStatus.FAILED: ["r35", "r30", "r25"],
            RunStatus.CANCELLED: [],
        }
        assert [run.id for run in await store.runs(wanted)] == ids[status]
        assert read_count(store) - before < 10


async def test_of_many_letters_no_more_are_read_than_are_told(place):
    async with filled(place):
        pass
    async with opened(place) as store:
        await store.runs()
        before = read_count(store)
        assert (await store.letters(LetterFilter(flow="test", limit=0))).total == 12
        page = await store.letters(LetterFilter(flow="test", limit=2))
        following = await store.letters(LetterFilter(flow="test", limit=2, before=page.next))
        told = [letter.task.run_id for each in (page, following) for letter in each.letters]
        assert told == ["r55", "r50", "r45", "r40"]
        (one,) = (await store.letters(LetterFilter(run_id="r5"))).letters
        assert one.task.run_id == "r5"
        assert read_count(store) - before < 25
        found = await store.letters(LetterFilter(flow="test", text="BROKE", limit=3))
        assert (found.total, len(found.letters)) == (12, 3)


async def test_runs_are_told_however_many_and_large_they_are(place, monkeypatch):
    monkeypatch.setattr("headrace.store.jetstream.values._AT_ONCE", 7)
    large = {"text": "x" * 2_000_000}
    async with opened(place) as store:
        await store.adopt(FLOW)
        await commit(store, (await store.fire(fire_request("large", fired_at_ns=1000, vars=large))).task)
        await fill(store, 0, 40)
        await shortened(store, 100)
    async with opened(place) as store:
        found = await store.runs()
        assert [run.id for run in found] == ["large", *(f"r{number}" for number in reversed(range(40)))]
        assert found[0].vars == large


async def test_what_only_the_history_has_is_swept_and_forgotten(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        for run_id in ("old", "older"):
            begun = (await store.fire(fire_request(run_id, fired_at_ns=0))).task
            await commit(store, begun, is_recorded=True)
        await fill(store, 0, 60)
        await shortened(store, 100)
    async with opened(place) as store:
        await store.adopt(FLOW)
        assert await store.recorded_runs("test", 201, 100) == ["old", "older"]
        await store.forget_rows(["old", "older"])
        assert await store.recorded_runs("test", 201, 100) == []
        assert await store.discard("r5", "r5.a")
        left = [f"r{number}" for number in range(59, 9, -1)] + ["r0"]  # which has a dead letter
        assert await store.prune(None, 50, 300) == 62 - len(left)
        async with opened(place) as other:
            assert [run.id for run in await other.runs(RunFilter(limit=100))] == left


async def test_a_dead_letter_that_only_the_history_has_is_tried_again(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        await fill(store, 0, 40)
        await shortened(store, 100)
        left = await store.revive(Revival("r5", "r5.a", "v2", {"b": 2}))
        assert (left.run.status, left.run.version, left.run.vars) == (RunStatus.RUNNING, "v2", {"b": 2})
        assert await store.revive(Revival("r5", "r5.a", "v2", {})) is None
        ended = (await commit(store, task("r5", "a"))).ended
        assert (ended.status, ended.counters) == (RunStatus.SUCCEEDED, {"node.items": 5})
        await fill(store, 40, 40)
        await shortened(store, 100)
        assert (await store.run("r5")).status is RunStatus.SUCCEEDED
        assert await store.discard("r10", "r10.a")
        assert not await store.discard("r10", "r10.a")
    async with opened(place) as store:
        assert {letter.task.run_id for letter in await store.dead_letters("r5")} == set()
        assert await store.dead_letter("r10", "r10.a") is None
        assert await store.dead_letter("r15", "r15.a") is not None


async def test_several_who_write_at_once_lose_nothing_while_it_is_made_short(place):
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(opened(place)) for _ in range(3)]
        for store in stores:
            await store.adopt(FLOW)
        await asyncio.gather(*(fill(store, 40 * number, 40) for number, store in enumerate(stores)))
        before = await messages(stores[0])
        await fill(stores[1], 120, 40)
        await shortened(stores[0], before)
        for store in stores:
            await store._journals["test"].catch_up()
            await check(store, 160)


async def test_open_tasks_of_a_short_journal_are_there_whole(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        begun = (await store.fire(fire_request("open"))).task
        await commit(store, begun, tasks=[task("open", "big", {"text": "ü" * 3_000_000})])
        await fill(store, 0, 40)
        await shortened(store, 100)
    async with opened(place) as store:
        (left,) = (await store.adopt(FLOW)).runs
        assert [(t.id, len(t.message["text"])) for t, _ in left.tasks] == [("open.big", 3_000_000)]


async def test_rule_23_what_became_of_a_caller_is_kept_though_it_was_known_late(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        for run_id in ("held", "answered"):
            begun = (await store.fire(fire_request(run_id, has_caller=True))).task
            await commit(store, begun)
        await fill(store, 0, 60)
        await shortened(store, 100)
        async with opened(place) as other:
            assert (await other.run("held")).caller is Caller.WAITS
        await store.settle("answered", Caller.ANSWERED)
        await store.release("test")  # as a holder that stops
        await store.adopt(FLOW)
        await fill(store, 60, 60)
        await shortened(store, 100)
        async with opened(place) as other:
            assert (await other.run("held")).caller is Caller.LOST
            assert (await other.run("answered")).caller is Caller.ANSWERED
