"""What real APIs give: each is written as it is, or the run or the log says exactly what is wrong.

All run `examples/scheduled-data-sync`, with pages of 10 where there are several.
"""

import pytest

from headrace.store import ErrorFate, RunStatus
from support.api import HTML, RESET, Answer, make_user, serve_users
from support.sync import START_TEXT, open_example

PAGES = {"vars.pageSize": 10}
LOGS = "SELECT status, records_processed, pages, errors FROM sync_logs"


async def sync(users, target, clock, prepare=lambda api: None):
    """Run the example once; gives the run, the API and the observer."""
    async with serve_users(users) as api:
        prepare(api)
        flow_at = "scheduled-data-sync/flow.yaml"
        async with open_example(flow_at, api, target, clock=clock, overrides=PAGES) as flow:
            run = await flow.run()
    return run, api, flow.observer


def names(target):
    return target.rows("SELECT external_id, name FROM users ORDER BY external_id")


def ids(target):
    return [row for (row,) in target.rows("SELECT external_id FROM users ORDER BY external_id")]


def users_of(*numbers):
    return [f"usr_{number:04d}" for number in numbers]


# ---- records


async def test_a_null_name_adds_nothing_and_leaves_no_space(target, clock):
    users = [
        make_user(1, first_name=None, last_name="Lovelace"),
        make_user(2, first_name="Ada", last_name=None),
        make_user(3, first_name=None, last_name=None),
        make_user(4, first_name="", last_name=" O'Neil "),
    ]
    del users[2]["last_name"]  # absent is as null
    run, _, _ = await sync(users, target, clock)
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert names(target) == [
        ("usr_0001", "Lovelace"),
        ("usr_0002", "Ada"),
        ("usr_0003", ""),
        ("usr_0004", "O'Neil"),
    ]


async def test_null_members_stay_null_and_null_is_not_active(target, clock):
    users = [make_user(1, email=None, active=None)]
    await sync(users, target, clock)
    assert target.rows("SELECT email, status FROM users") == [(None, "inactive")]


async def test_quotes_backslashes_and_all_of_unicode_are_written_as_they_are(target, clock):
    texts = [
        "O'Neil",
        'He said "hi"',
        "back\\slash",
        "{a,b}",
        "NULL",
        "'); DROP TABLE users; --",
        "Zoë Ångström",
        "名前",
        "😀 👩‍👩‍👧",
        "مرحبا",
        "line\nbreak\ttab",
        "e\u0301 is not é",
        "$1 {{now()}}",
    ]
    users = [make_user(n, first_name=text, last_name="x") for n, text in enumerate(texts, 1)]
    run, _, _ = await sync(users, target, clock)
    assert run.errors == []
    assert names(target) == [(f"usr_{n:04d}", f"{text} x") for n, text in enumerate(texts, 1)]


async def test_ids_beyond_what_a_double_holds_keep_every_digit(target, clock):
    numbers = [2**53 + 1, 2**53 + 2, 2**63 - 1, 2**64 + 1, 10**30 + 7]
    users = [make_user(1, id=number) for number in numbers]
    run, _, _ = await sync(users, target, clock)
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert target.rows(
        "SELECT external_id, metadata->>'original_id' FROM users ORDER BY length(external_id), external_id"
    ) == [(str(number), str(number)) for number in numbers]


async def test_of_two_users_with_one_id_in_a_batch_the_last_is_written(target, clock):
    users = [make_user(1), make_user(2), make_user(1, first_name="Last", last_name="One")]
    run, _, _ = await sync(users, target, clock)
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert names(target) == [("usr_0001", "Last One"), ("usr_0002", "First2 Last2")]
    assert target.rows(LOGS) == [("completed", 3, 1, [])]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"id": None}, 'null value in column "external_id" of relation "users" violates not-null constraint'),
        ({"first_name": "a\0b"}, "parameter $3 holds a NUL character (U+0000)"),
        ({"email": ["a@x", "b@x"]}, "`lower` takes text, but `item.email` is an array"),
        ({"first_name": {"given": "Ada"}}, ""),
    ],
    ids=["null-id", "nul-character", "array-for-text", "object-for-text"],
)
async def test_a_batch_with_a_record_that_cannot_be_written_is_named_and_the_rest_goes_on(
    target, clock, changes, error
):
    users = [make_user(number) for number in range(1, 26)]
    users[12] = make_user(13, **changes)
    run, _, _ = await sync(users, target, clock)
    assert run.status is RunStatus.SUCCEEDED
    ((_, processed, pages, errors),) = target.rows(LOGS)
    if not error:  # an object becomes its JSON text, as in JavaScript's JSON, and nothing fails
        assert (processed, pages, errors) == (25, 3, [])
        assert ("usr_0013", '{"given":"Ada"} Last13') in names(target)
        return
    assert (processed, pages) == (15, 3)
    assert [(e["page"], e["batch"], e["timestamp"]) for e in errors] == [(2, 1, START_TEXT)]
    assert errors[0]["error"].startswith(error)
    assert ids(target) == users_of(*range(1, 11), *range(21, 26))


# ---- pages


async def test_a_total_of_zero_ends_at_once(target, clock):
    run, api, _ = await sync(0, target, clock)
    assert run.status is RunStatus.SUCCEEDED
    assert api.pages == [1]
    assert target.rows(LOGS) == [("completed", 0, 0, [])]


async def test_an_empty_page_in_the_middle_is_passed_over_and_told(target, clock):
    def prepare(api):
        api.script[2].append(Answer.json({"data": [], "total": 25}))

    run, api, _ = await sync(25, target, clock, prepare)
    assert run.status is RunStatus.SUCCEEDED
    assert api.pages == [1, 2, 3]
    assert ids(target) == users_of(*range(1, 11), *range(21, 26))
    lost = "the API gave 10 users fewer than its total promises"
    assert target.rows(LOGS) == [
        ("completed", 15, 3, [{"page": 2, "error": lost, "timestamp": START_TEXT}]),
    ]


async def test_an_empty_last_page_is_told_too(target, clock):
    def prepare(api):
        api.script[3].append(Answer.json({"data": [], "total": 25}))

    run, _, _ = await sync(25, target, clock, prepare)
    assert run.status is RunStatus.SUCCEEDED
    lost = "the API gave 5 users fewer than its total promises"
    assert target.rows(LOGS) == [
        ("completed", 20, 3, [{"page": 3, "error": lost, "timestamp": START_TEXT}]),
    ]


async def test_when_pages_shrink_on_the_way_the_sync_ends_with_what_is_left(target, clock):
    def prepare(api):
        def delete():
            del api.users[12:]

        api.after[1] = delete

    run, api, _ = await sync(25, target, clock, prepare)
    assert run.status is RunStatus.SUCCEEDED
    assert api.pages == [1, 2]
    assert ids(target) == users_of(*range(1, 13))
    assert target.rows(LOGS) == [("completed", 12, 2, [])]


async def test_when_pages_grow_on_the_way_the_new_ones_are_fetched(target, clock):
    def prepare(api):
        api.after[2] = lambda: api.users.extend(make_user(number) for number in range(21, 36))

    _, api, _ = await sync(20, target, clock, prepare)
    assert api.pages == [1, 2]  # the second page still said 20
    _, api, _ = await sync(35, target, clock)
    assert api.pages == [1, 2, 3, 4]
    assert ids(target) == users_of(*range(1, 36))


async def test_an_api_that_caps_the_limit_is_told_of(target, clock):
    def prepare(api):
        api.caps_limit = 4

    await sync(20, target, clock, prepare)
    lost = "the API gave 6 users fewer than its total promises"
    errors = [{"page": page, "error": lost, "timestamp": START_TEXT} for page in (1, 2)]
    assert target.rows(LOGS) == [("completed", 8, 2, errors)]


# ---- answers


def fail(*answers):
    """The second page fails like this, then works."""

    def prepare(api):
        api.script[2].extend(answers)

    return prepare


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        ([Answer.json({"error": "slow down"}, 429, **{"Retry-After": "30"})], (30, 31)),
        ([Answer.json({"error": "slow down"}, 429)], (4.5, 5.5)),
        ([Answer(503)], (4.5, 5.5)),
        ([Answer(503, headers={"Retry-After": "20"})] * 2, (40, 41)),
        ([RESET], (0, 0)),
        ([RESET, RESET], (4.5, 5.5)),
        ([RESET, Answer(502), Answer.json({}, 500)], (13.5, 16.5)),
        ([Answer(200, b'{"data": [{"id": "u', {"Content-Type": "application/json"})], (4.5, 5.5)),
    ],
    ids=[
        "429-with-retry-after",
        "429",
        "503",
        "503-twice",
        "reset",
        "reset-twice",
        "three-in-a-row",
        "json-cut-short",
    ],
)
async def test_what_may_pass_is_tried_again_in_time(target, clock, answers, waited):
    """A connection that was kept may be stale, so a first reset is repeated at once."""
    run, api, _ = await sync(25, target, clock, fail(*answers))
    assert (run.status, run.errors, run.retries) == (RunStatus.SUCCEEDED, [], 0)
    assert api.pages == [1, *[2] * (len(answers) + 1), 3]
    least, most = waited
    assert least <= clock.slept_s <= most
    assert ids(target) == users_of(*range(1, 26))
    assert target.rows(LOGS) == [("completed", 25, 3, [])]


async def test_after_the_clients_retries_the_task_is_tried_again_and_pages_are_not_written_twice(
    target, clock
):
    run, api, observer = await sync(25, target, clock, fail(*[Answer(503)] * 6))
    assert (run.status, run.retries) == (RunStatus.SUCCEEDED, 1)
    assert api.pages == [1, *[2] * 7, 3]
    assert [(error.code, error.fate) for error in observer.errors] == [("HTTP 503", ErrorFate.RETRIED)]
    assert target.rows(LOGS) == [("completed", 25, 3, [])]


async def test_a_long_retry_after_makes_the_task_wait_not_the_client(target, clock):
    run, api, _ = await sync(25, target, clock, fail(Answer(503, headers={"Retry-After": "120"})))
    assert (run.status, run.retries) == (RunStatus.SUCCEEDED, 1)
    assert api.pages == [1, 2, 2, 3]
    assert 120 <= clock.slept_s <= 121
    assert target.rows(LOGS) == [("completed", 25, 3, [])]


async def test_an_api_that_stays_away_ends_as_a_dead_letter_after_five_attempts(target, clock):
    run, api, _ = await sync(25, target, clock, fail(*[Answer(503)] * 100))
    assert (run.status, run.dead_letters, run.retries) == (RunStatus.FAILED, 1, 4)
    assert api.pages == [1, *[2] * 20]  # five attempts, four requests each
    assert ids(target) == users_of(*range(1, 11))
    assert target.rows(LOGS) == []
    fates = [(error.node, error.code, error.attempt, error.fate) for error in run.errors]
    assert fates == [
        *(("api-client", "HTTP 503", attempt, ErrorFate.RETRIED) for attempt in range(1, 5)),
        ("api-client", "HTTP 503", 5, ErrorFate.DEAD),
    ]


async def test_401_fails_the_run_at_once_and_says_why(target, clock):
    run, api, _ = await sync(25, target, clock, fail(Answer.json({"error": "expired"}, 401)))
    assert (run.status, run.dead_letters) == (RunStatus.FAILED, 1)
    assert api.pages == [1, 2]
    (error,) = run.errors
    assert error.code == "HTTP 401"
    assert error.message == (
        f"GET {api.url}/users?page=2&limit=10&updated_since= answered 401 Unauthorized: "
        '{"error": "expired"} (is the token or password right?)'
    )
    assert clock.slept_s == 0
    assert target.rows(LOGS) == []


async def test_html_instead_of_json_fails_the_run_and_names_it(target, clock):
    run, _, _ = await sync(25, target, clock, fail(HTML))
    assert run.status is RunStatus.FAILED
    (error,) = run.errors
    assert (error.code, error.node) == ("HR226", "extract")
    assert error.message.startswith("`bodyJson` is null: 200 answered `text/html`")
    assert ids(target) == users_of(*range(1, 11))


@pytest.mark.parametrize(
    ("body", "node", "message"),
    [
        ({"data": None, "total": 25}, "iterate", "`array` must be an array, but it is null"),
        (
            {"items": [], "count": 0},
            "extract",
            "cannot divide null by 10: `$.response.bodyJson.total` is missing; `bodyJson` has `items`, `count`",
        ),
        (
            [],
            "extract",
            "cannot divide null by 10: `$.response.bodyJson.total` is missing; `bodyJson` has 0 items",
        ),
    ],
    ids=["no-data", "other-names", "an-array"],
)
async def test_json_of_another_shape_fails_the_run_and_names_what_is_missing(
    target, clock, body, node, message
):
    run, _, _ = await sync(25, target, clock, fail(Answer.json(body)))
    assert run.status is RunStatus.FAILED
    assert [(error.node, error.message) for error in run.errors] == [(node, message)]
