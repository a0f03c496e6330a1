"""All pages: several in flight, each committed by itself, and the end told once."""

import yaml

from headrace.store import RunStatus
from support.api import Answer, serve_users
from support.sync import EXAMPLES, open_example

FLOW = "all-pages/flow.yaml"
USERS = "SELECT external_id, email FROM users ORDER BY external_id"
SMALL = {"vars.pageSize": 10}


def written(numbers):
    return [(f"usr_{number:04d}", f"user.{number}@example.com") for number in numbers]


async def test_eight_pages_are_fetched_at_once(target, clock, caplog):
    caplog.set_level("INFO", "headrace.debug")
    async with (
        serve_users(95) as api,
        open_example(FLOW, api, target, clock=clock, overrides=SMALL) as flow,
    ):
        api.after[1] = lambda: setattr(api, "together", 8)  # of the others, none is answered before
        run = await flow.run()
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert sorted(api.pages) == list(range(1, 11))
    assert target.rows(USERS) == written(range(1, 96))
    assert '{"pages":10,"users":95,"failed":0,"errors":[]}' in caplog.text


async def test_a_page_that_fails_for_good_stops_no_other(target, clock, caplog):
    caplog.set_level("INFO", "headrace.debug")
    async with (
        serve_users(30) as api,
        open_example(FLOW, api, target, clock=clock, overrides=SMALL) as flow,
    ):
        api.script[2] = [Answer.json({"error": "gone"}, 410)]
        run = await flow.run()
    assert (run.status, run.dead_letters) == (RunStatus.FAILED, 1)
    assert target.rows(USERS) == written([*range(1, 11), *range(21, 31)])
    assert '"failed":1' in caplog.text


async def test_users_that_go_while_it_runs_hide_no_other(target, clock):
    async with (
        serve_users(50) as api,
        open_example(FLOW, api, target, clock=clock, overrides=SMALL) as flow,
    ):
        api.after[1] = lambda: api.users.__delitem__(slice(0, 3))
        run = await flow.run()
    assert run.status is RunStatus.SUCCEEDED
    assert target.rows(USERS) == written(range(1, 51))


async def test_no_users_are_no_pages(target, clock):
    async with serve_users(0) as api, open_example(FLOW, api, target, clock=clock) as flow:
        run = await flow.run()
    assert (run.status, api.pages) == (RunStatus.SUCCEEDED, [1])
    assert target.rows(USERS) == []


async def test_with_the_readmes_setting_only_what_has_changed_is_fetched(target, clock, tmp_path):
    setting = "incremental: {field: updated_at, param: updated_since}"
    assert setting in (EXAMPLES / "all-pages/README.md").read_text()
    flow_file = yaml.safe_load((EXAMPLES / FLOW).read_text())
    flow_file["spec"]["nodes"]["pages"]["settings"] |= yaml.safe_load(setting)
    (tmp_path / "flow.yaml").write_text(yaml.safe_dump(flow_file))
    async with (
        serve_users(25) as api,
        open_example(str(tmp_path / "flow.yaml"), api, target, clock=clock, overrides=SMALL) as flow,
    ):
        await flow.run()
        api.users[4].update(email="new@example.com", updated_at="2024-03-02T00:00:00Z")
        api.users[:] = [
            user if user["email"] == "new@example.com" else {**user, "updated_at": "2024-02-01T00:00:00Z"}
            for user in api.users
        ]
        api.requests.clear()
        await flow.run()
    assert [query["updated_since"] for query in api.requests] == ["2024-03-01T00:00:00Z"]
    assert target.rows("SELECT email FROM users WHERE external_id = 'usr_0005'") == [("new@example.com",)]
