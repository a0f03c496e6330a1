"""The scheduled sync over several pages: what it writes, what a failing batch leaves, a second run."""

from decimal import Decimal

from headrace.store import RunStatus
from support.api import Answer, make_user, serve_users
from support.clock import START_NS
from support.sync import START, open_example

FLOW = "scheduled-data-sync/flow.yaml"
LOGS = """
SELECT id, sync_id, status, records_processed, pages, duration_seconds, errors FROM sync_logs ORDER BY id
"""
USERS = "SELECT * FROM users ORDER BY external_id"


def written(numbers, at=START, text="2023-11-14T22:13:20Z"):
    return [
        (
            f"usr_{number:04d}",
            f"user.{number}@example.com",
            f"First{number} Last{number}",
            "active" if number % 3 else "inactive",
            {"source": "external-system", "original_id": f"usr_{number:04d}", "synced_at": text},
            at,
        )
        for number in numbers
    ]


async def test_all_users_of_all_pages_are_written_and_one_row_is_logged(target, clock):
    async with (
        serve_users(250) as api,
        open_example(FLOW, api, target, clock=clock) as flow,
    ):
        run = await flow.run()
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert run.counters == {
        "api-client.requests": 3,
        "iterate.items": 250,
        "upsert.rows_written": 250,
        "log.rows_written": 1,
    }
    assert api.requests == [{"page": str(page), "limit": "100", "updated_since": ""} for page in (1, 2, 3)]
    assert target.rows(USERS) == written(range(1, 251))
    assert target.rows(LOGS) == [(1, START_NS, "completed", 250, 3, Decimal("0.00"), [])]
    assert target.rows("SELECT completed_at FROM sync_logs") == [(START,)]


async def test_a_second_run_changes_nothing_but_users_that_changed(target, clock):
    async with serve_users(25) as api, open_example(FLOW, api, target, clock=clock) as flow:
        await flow.run()
        before = target.rows("SELECT xmin, * FROM users ORDER BY external_id")
        await flow.run()
        assert target.rows("SELECT xmin, * FROM users ORDER BY external_id") == before
        await clock.sleep(3600)
        api.users[6]["last_name"] = "Ångström"
        run = await flow.run()
    assert run.counters["upsert.rows_written"] == 1
    (changed,) = set(map(str, target.rows(USERS))) - {str(row[1:]) for row in before}
    assert "First7 Ångström" in changed
    assert "2023-11-14T23:13:20Z" in changed
    assert [row[3] for row in target.rows(LOGS)] == [25, 25, 25]


async def test_a_failed_batch_is_logged_and_not_counted(target, clock):
    users = [make_user(number) for number in range(1, 46)]
    users[31] = make_user(32, email=12.5)  # page 2, batch 2
    async with (
        serve_users(users) as api,
        open_example(FLOW, api, target, clock=clock, overrides={"vars.pageSize": 20}) as flow,
    ):
        run = await flow.run()
    assert run.status is RunStatus.SUCCEEDED
    assert target.rows(USERS) == written([*range(1, 31), *range(41, 46)])
    (log,) = target.rows(LOGS)
    assert log == (
        1,
        START_NS,
        "completed",
        35,
        3,
        Decimal("0.00"),
        [
            {
                "page": 2,
                "batch": 2,
                "error": "`lower` takes text, but `item.email` is a number (in item [1], id usr_0032)",
                "timestamp": "2023-11-14T22:13:20Z",
            }
        ],
    )
    assert [(error.code, error.node, error.context["batchNum"]) for error in run.errors] == [
        ("HR224", "transform", 2)
    ]


async def test_the_duration_is_that_of_the_whole_run(target, clock):
    async with serve_users(250) as api, open_example(FLOW, api, target, clock=clock) as flow:
        api.script[3].append(Answer.json({"error": "slow down"}, 429, **{"Retry-After": "90"}))
        await flow.run()
    ((sync_id, duration),) = target.rows("SELECT sync_id, duration_seconds FROM sync_logs")
    assert sync_id == START_NS
    assert 90 <= duration < 100


async def test_no_users_make_a_log_with_no_pages(target, clock):
    async with serve_users(0) as api, open_example(FLOW, api, target, clock=clock) as flow:
        await flow.run()
    assert target.rows(USERS) == []
    assert target.rows(LOGS) == [(1, START_NS, "completed", 0, 0, Decimal("0.00"), [])]
