"""Runs and dead letters by pages, and the switches of triggers: every store."""

import pytest

from headrace.store import ErrorFate, LetterFilter, RunFilter, RunStatus
from support.made import FLOW, error, fire_request
from support.stores import KINDS, opened


@pytest.fixture(params=sorted(KINDS))
def place(request, tmp_path):
    return KINDS[request.param](tmp_path)


async def bury(store, run_id, message="it broke", at_ns=101):
    fired = await store.fire(fire_request(run_id, fired_at_ns=at_ns))
    await store.bury(fired.task, 1, error(ErrorFate.DEAD, message), at_ns + 1)


async def test_runs_come_by_pages_without_one_missing_or_twice_also_where_they_began_at_one_time(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        times = {"r1": 100, "r2": 300, "r3": 200, "r4": 200, "r5": 200, "r6": 400}
        for run_id, at_ns in times.items():
            await store.fire(fire_request(run_id, fired_at_ns=at_ns))
        found, before = [], None
        while page := await store.runs(RunFilter(before=before, limit=2)):
            found += [run.id for run in page]
            before = page[-1].started_at_ns, page[-1].id
        assert found == ["r6", "r2", "r3", "r4", "r5", "r1"]


async def test_runs_are_filtered_by_trigger(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        await store.fire(fire_request("r1"))
        await store.fire(fire_request("r2", trigger="other"))
        assert [run.id for run in await store.runs(RunFilter(trigger="other"))] == ["r2"]
        assert await store.runs(RunFilter(trigger="other", statuses=frozenset({RunStatus.FAILED}))) == []


async def test_dead_letters_come_by_pages_the_newest_first_with_their_number(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        for number in range(5):
            await bury(store, f"r{number}")
        page = await store.letters(LetterFilter(limit=2))
        assert page.total == 5
        found = [letter.task.run_id for letter in page.letters]
        while page.next is not None:
            page = await store.letters(LetterFilter(limit=2, before=page.next))
            found += [letter.task.run_id for letter in page.letters]
        assert found == ["r4", "r3", "r2", "r1", "r0"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"flow": "other"}, []),
        ({"run_id": "r1"}, ["r1"]),
        ({"node": "node"}, ["r2", "r1"]),
        ({"node": "start"}, ["r2", "r1"]),
        ({"node": "elsewhere"}, []),
        ({"code": "T1"}, ["r2", "r1"]),
        ({"code": "T2"}, []),
        ({"text": "ÄRGER"}, ["r2"]),
        ({"text": "%"}, []),
        ({"text": "BROKE", "flow": "test"}, ["r1"]),
    ],
)
async def test_dead_letters_are_filtered(place, wanted, found):
    async with opened(place) as store:
        await store.adopt(FLOW)
        await bury(store, "r1")
        await bury(store, "r2", "großer Ärger")
        page = await store.letters(LetterFilter(**wanted))
        assert [letter.task.run_id for letter in page.letters] == found
        assert (page.total, page.next) == (len(found), None)


async def test_switches_survive_the_process_until_they_are_taken_back(place):
    async with opened(place) as store:
        await store.adopt(FLOW)
        await store.switch("test", "start", False)
        await store.switch("test", "other", False)
        await store.switch("test", "other", True)
        await store.switch("else", "start", True)
    async with opened(place) as store:
        assert await store.switches("test") == {"start": False, "other": True}
        await store.switch("test", "start", None)
        assert await store.switches("test") == {"other": True}
        assert await store.switches("nobody") == {}
