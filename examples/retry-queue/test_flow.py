"""The retry queue: failed batches go in, the second flow works them off."""

from headrace.store import RunStatus
from support.api import Answer, make_user, serve_users
from support.clock import START_NS
from support.sync import open_example

SYNC, RETRY = "retry-queue/flow.yaml", "retry-queue/retry.yaml"
QUEUE = "SELECT id, sync_id, page, batch_num, error, status, attempts FROM sync_retry_queue ORDER BY id"
NO_KEY = "row 4 of `upsert` has no `external_id`"
PAGES = {"vars.pageSize": 20}


def users_with_two_bad_ones():
    """Pages of 20 and batches of 10: user 15 is in page 1, batch 2; user 35 in page 2, batch 2."""
    users = [make_user(number) for number in range(1, 51)]
    users[14]["id"] = users[34]["id"] = None
    return users


async def sync(api, target, clock):
    async with open_example(SYNC, api, target, clock=clock, overrides=PAGES) as flow:
        return await flow.run()


async def retry(api, target, clock, **overrides):
    async with open_example(RETRY, api, target, clock=clock, overrides={**PAGES, **overrides}) as flow:
        return await flow.run()


async def test_failed_batches_are_stored_and_written_later(target, clock):
    users = users_with_two_bad_ones()
    async with serve_users(users) as api:
        run = await sync(api, target, clock)
        assert run.status is RunStatus.SUCCEEDED
        assert target.rows("SELECT count(*) FROM users") == [(30,)]
        assert target.rows(QUEUE) == [
            (1, START_NS, 1, 2, NO_KEY, "pending", 0),
            (2, START_NS, 2, 2, NO_KEY, "pending", 0),
        ]
        users[14]["id"] = "usr_0015"  # the API has mended one of them
        api.requests.clear()
        run = await retry(api, target, clock)
        assert run.status is RunStatus.SUCCEEDED
        assert sorted(api.pages) == [1, 2]
    assert target.rows("SELECT count(*) FROM users") == [(40,)]
    assert target.rows(QUEUE) == [
        (1, START_NS, 1, 2, NO_KEY, "done", 1),
        (2, START_NS, 2, 2, NO_KEY, "pending", 1),
    ]


async def test_two_entries_of_one_page_fetch_it_once(target, clock):
    users = users_with_two_bad_ones()
    users[4]["id"] = None  # page 1, batch 1
    async with serve_users(users) as api:
        await sync(api, target, clock)
        users[4]["id"], users[14]["id"] = "usr_0005", "usr_0015"
        api.requests.clear()
        await retry(api, target, clock)
    assert sorted(api.pages) == [1, 2]
    assert [(row[2], row[3], row[5]) for row in target.rows(QUEUE)] == [
        (1, 1, "done"),
        (1, 2, "done"),
        (2, 2, "pending"),
    ]


async def test_an_entry_that_fails_too_often_is_given_up(target, clock):
    async with serve_users(users_with_two_bad_ones()) as api:
        await sync(api, target, clock)
        for _ in range(3):
            await retry(api, target, clock, **{"vars.maxAttempts": 2})
    assert [row[5:] for row in target.rows(QUEUE)] == [("failed", 2), ("failed", 2)]


async def test_an_entry_whose_page_cannot_be_fetched_stays_claimed_and_comes_back(target, clock):
    users = users_with_two_bad_ones()
    async with serve_users(users) as api:
        await sync(api, target, clock)
        users[14]["id"], users[34]["id"] = "usr_0015", "usr_0035"
        api.script[2] = [Answer.json({"error": "forbidden"}, 403)]
        run = await retry(api, target, clock)
        assert run.status is RunStatus.FAILED
        assert [row[5:] for row in target.rows(QUEUE)] == [("done", 1), ("claimed", 1)]
        run = await retry(api, target, clock)
        assert run.status is RunStatus.SUCCEEDED
        assert [row[5:] for row in target.rows(QUEUE)] == [("done", 1), ("claimed", 1)]
        target.execute("UPDATE sync_retry_queue SET claimed_at = claimed_at - INTERVAL '16 minutes'")
        await retry(api, target, clock)
    assert [row[5:] for row in target.rows(QUEUE)] == [("done", 1), ("done", 2)]
    assert target.rows("SELECT count(*) FROM users") == [(50,)]


async def test_two_runs_at_once_never_take_the_same_entry(target, clock):
    async with serve_users(users_with_two_bad_ones()) as api:
        await sync(api, target, clock)
        api.requests.clear()
        async with (
            open_example(RETRY, api, target, overrides=PAGES) as first,
            open_example(RETRY, api, target, overrides=PAGES) as second,
        ):
            runs = [await flow.engine.fire(flow.program, "retry") for flow in (first, second)]
            for flow, run in zip((first, second), runs, strict=True):
                await flow.engine.wait(run.id)
    assert sum(attempts for *_, attempts in target.rows(QUEUE)) == len(api.pages)
