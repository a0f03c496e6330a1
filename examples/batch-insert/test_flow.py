"""Batch inserts: a statement a page."""

from headrace.store import RunStatus
from support.api import make_user, serve_users
from support.sync import START, open_example

FLOW = "batch-insert/flow.yaml"


async def test_each_page_is_one_statement_and_updates_what_is_there(target, clock):
    async with serve_users(2500) as api, open_example(FLOW, api, target, clock=clock) as flow:
        target.execute("INSERT INTO users VALUES ('usr_0001', 'old', 'Old', 'gone', NULL, '2020-01-01')")
        run = await flow.run()
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert run.counters == {"api-client.requests": 3, "insert.rows_written": 2500}
    assert api.pages == [1, 2, 3]
    assert target.rows("SELECT * FROM users ORDER BY external_id") == [
        (
            f"usr_{number:04d}",
            f"user.{number}@example.com",
            f"First{number} Last{number}",
            "active" if number % 3 else "inactive",
            {"source": "external-system", "original_id": f"usr_{number:04d}"},
            START,
        )
        for number in range(1, 2501)
    ]


async def test_of_two_users_with_one_id_the_last_is_written(target, clock):
    users = [make_user(1), make_user(2), make_user(1, email="Last@Example.com")]
    async with serve_users(users) as api, open_example(FLOW, api, target, clock=clock) as flow:
        await flow.run()
    assert target.rows("SELECT external_id, email FROM users ORDER BY external_id") == [
        ("usr_0001", "last@example.com"),
        ("usr_0002", "user.2@example.com"),
    ]
