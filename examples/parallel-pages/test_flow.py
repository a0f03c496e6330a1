"""Parallel pages: as many in flight as `maxConcurrency` says, each committed by itself."""

from headrace.monitor.meter import meter_of
from headrace.store import RunStatus
from support.api import Answer, serve_users
from support.sync import open_example

FLOW = "parallel-pages/flow.yaml"
USERS = "SELECT external_id, email FROM users ORDER BY external_id"


def written(numbers):
    return [(f"usr_{number:04d}", f"user.{number}@example.com") for number in numbers]


async def test_four_pages_are_fetched_at_once(target, clock):
    async with (
        serve_users(95) as api,
        open_example(FLOW, api, target, clock=clock, overrides={"vars.pageSize": 10}) as flow,
    ):
        meter = meter_of(flow.program, flow.engine.stats)
        api.together = 4  # answers none of the pages before four were asked for
        fired = await flow.engine.fire(flow.program, "start")
        meter.begin(fired.id, is_alone=True)
        run = await flow.engine.wait(fired.id)
        meter.end(run.id)
        told = meter.read()
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert sorted(api.pages) == [1, *range(1, 11)]
    assert target.rows(USERS) == written(range(1, 96))
    assert (told.done, told.total, told.pages) == (95, 95, 11)  # users, and not pages


async def test_a_page_that_fails_for_good_stops_no_other(target, clock):
    async with (
        serve_users(30) as api,
        open_example(FLOW, api, target, clock=clock, overrides={"vars.pageSize": 10}) as flow,
    ):
        api.script[2] = [Answer.json({"error": "gone"}, 410)]
        run = await flow.run()
        letters = await flow.store.dead_letters(run.id)
    assert (run.status, run.dead_letters) == (RunStatus.FAILED, 1)
    assert [error.message for error in run.errors] == [
        f'GET {api.url}/users?page=2&limit=10 answered 410 Gone: {{"error": "gone"}}'
    ]
    assert [letter.task.message for letter in letters] == [
        {
            "item": 2,
            "index": 1,
            "total": 3,
            "progress": 66,
            "isFirst": False,
            "isLast": False,
            "context": None,
        }
    ]
    assert target.rows(USERS) == written([*range(1, 11), *range(21, 31)])


async def test_no_users_are_no_pages(target, clock):
    async with serve_users(0) as api, open_example(FLOW, api, target, clock=clock) as flow:
        run = await flow.run()
    assert (run.status, api.pages) == (RunStatus.SUCCEEDED, [1])
    assert target.rows(USERS) == []
