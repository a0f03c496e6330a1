"""The incremental sync: what changed since the start of the last one, and nothing else."""

from headrace.store import RunStatus
from support.api import make_user, serve_users
from support.sync import START, START_TEXT, open_example

FLOW = "incremental-sync/flow.yaml"
METADATA = "SELECT * FROM sync_metadata"
USERS = "SELECT external_id, email, updated_at FROM users ORDER BY external_id"


async def test_the_first_sync_takes_the_default_and_stores_its_start(target, clock):
    async with serve_users(5) as api, open_example(FLOW, api, target, clock=clock) as flow:
        api.users[0]["updated_at"] = "2023-12-31T23:59:59Z"  # before the default
        api.after[1] = lambda: None
        run = await flow.run()
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert api.requests == [{"page": "1", "limit": "100", "updated_since": "2024-01-01T00:00:00Z"}]
    assert target.rows(USERS) == [(f"usr_{n:04d}", f"user.{n}@example.com", START) for n in range(2, 6)]
    assert target.rows(METADATA) == [("last_user_sync", START_TEXT, START)]


async def test_a_change_during_a_sync_comes_with_the_next(target, clock):
    async with (
        serve_users(30) as api,
        open_example(FLOW, api, target, clock=clock, overrides={"vars.pageSize": 20}) as flow,
    ):
        started = clock.now_ns()

        def change_what_was_given():
            api.users[4].update(email="new@example.com", updated_at="2023-11-14T22:13:21Z")

        api.after[1] = change_what_was_given
        for user in api.users:
            user["updated_at"] = "2023-01-01T00:00:00Z"
        target.execute(
            f"INSERT INTO sync_metadata VALUES ('last_user_sync', '2022-01-01T00:00:00Z', '{START_TEXT}')"
        )
        await flow.run()
        assert target.rows("SELECT value FROM sync_metadata") == [(START_TEXT,)]
        assert target.rows("SELECT email FROM users WHERE external_id = 'usr_0005'") == [
            ("user.5@example.com",)
        ]
        assert clock.now_ns() == started
        await clock.sleep(900)
        await flow.run()
    assert [query["updated_since"] for query in api.requests] == [
        "2022-01-01T00:00:00Z",
        "2022-01-01T00:00:00Z",
        START_TEXT,
    ]
    assert target.rows("SELECT count(*) FROM users") == [(30,)]
    assert target.rows("SELECT email FROM users WHERE external_id = 'usr_0005'") == [("new@example.com",)]
    assert target.rows("SELECT value FROM sync_metadata") == [("2023-11-14T22:28:20Z",)]


async def test_after_a_failed_batch_the_same_changes_are_fetched_again(target, clock):
    users = [make_user(number) for number in range(1, 31)]
    users[14] = make_user(15, id=None)
    async with serve_users(users) as api, open_example(FLOW, api, target, clock=clock) as flow:
        run = await flow.run()
        assert run.status is RunStatus.SUCCEEDED
        assert [error.message for error in run.errors] == ["row 4 of `upsert` has no `external_id`"]
        assert target.rows("SELECT count(*) FROM users") == [(20,)]
        assert target.rows(METADATA) == []
        users[14]["id"] = "usr_0015"
        await flow.run()
    assert {query["updated_since"] for query in api.requests} == {"2024-01-01T00:00:00Z"}
    assert target.rows("SELECT count(*) FROM users") == [(30,)]
    assert target.rows(METADATA) == [("last_user_sync", START_TEXT, START)]
