"""All pages: several at once, each a task; `done` once."""

from headrace.store import RunStatus
from support.api import Answer, serve_users
from support.sync import open_example

FLOW = "all-pages/flow.yaml"
USERS = "SELECT external_id, email, metadata->>'original_id' FROM users ORDER BY external_id"


def written(numbers):
    return [(f"usr_{n:04d}", f"user.{n}@example.com", f"usr_{n:04d}") for n in numbers]


async def test_all_users_are_written(target, clock):
    async with (
        serve_users(95) as api,
        open_example(FLOW, api, target, clock=clock, overrides={"vars.pageSize": 10}) as flow,
    ):
        run = await flow.run()
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert sorted(api.pages) == list(range(1, 11))
    assert (run.counters["pages.items"], run.counters["pages.pages"]) == (95, 10)
    assert target.rows(USERS) == written(range(1, 96))


async def test_a_page_that_fails_for_good_stops_no_other(target, clock):
    async with (
        serve_users(30) as api,
        open_example(FLOW, api, target, clock=clock, overrides={"vars.pageSize": 10}) as flow,
    ):
        api.script[2] = [Answer.json({"error": "gone"}, 410)]
        run = await flow.run()
    assert (run.status, run.dead_letters) == (RunStatus.FAILED, 1)
    assert target.rows(USERS) == written([*range(1, 11), *range(21, 31)])
