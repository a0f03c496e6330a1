"""Bad rows: each user that the database refuses is noted with its cause, and all others are written."""

import json

from headrace.store import RunStatus
from support.api import make_user, serve_users
from support.sync import open_example

FLOW = "bad-rows/flow.yaml"


async def test_refused_users_are_noted_and_all_others_written(target, clock):
    users = [make_user(number) for number in range(1, 2101)]
    users[6]["updated_at"] = "soon"
    users[1500]["updated_at"] = ""
    users[2050]["email"] = "a\0b"
    async with serve_users(users) as api, open_example(FLOW, api, target, clock=clock) as flow:
        run = await flow.run()
    assert run.status is RunStatus.SUCCEEDED
    assert (run.counters["upsert.rows_written"], run.error_count) == (2097, 3)
    noted = target.rows("SELECT page, code, user_data FROM refused_users ORDER BY id")
    assert [row[:2] for row in noted] == [(1, "22007"), (2, "22007"), (3, "HR323")]
    refused = [json.loads(row[2]) for row in noted]
    assert [user["external_id"] for user in refused] == ["usr_0007", "usr_1501", "usr_2051"]
    assert refused[2]["email"] == "a\0b"
    assert target.rows("SELECT count(*) FROM users") == [(2097,)]


async def test_a_failure_of_the_whole_statement_is_noted_once_with_all_its_users(target, clock):
    async with serve_users(3) as api, open_example(FLOW, api, target, clock=clock) as flow:
        target.execute("ALTER TABLE users DROP CONSTRAINT users_pkey")
        await flow.run()
    assert target.rows("SELECT code, json_array_length(user_data::json) FROM refused_users") == [("42P10", 3)]
