"""http-module/pages against servers that go wrong: loops, repeats, pages that shift, shrink, grow or lie."""

import pytest

from components.test_pages import KINDS, fetched, flow, ids
from headrace.store import RunStatus
from support.flows import bench
from support.listing import listing, rows_of


async def failed(api, path, pagination, settings="", **more):
    """The error that came to `failed`, and what was sent before."""
    async with bench(flow(api, path, pagination, settings, **more)) as running:
        run = await running.run()
        assert run.status is RunStatus.SUCCEEDED
        (error,) = running.seen["failed"]
        (done,) = running.seen["done"]
        assert done["failed"] == 1
        assert done["errors"] == [{"error": error["error"], "page": error["page"]["number"], "handled": True}]
        return running.seen, error


@pytest.mark.parametrize("length", [1, 2, 3, 7, 20])
async def test_a_token_that_comes_again_ends_the_loop(length):
    def circle(request, body):
        number = int(request.query.get("cursor", "0"))
        following = number + 1 if number < 4 + length else 4 + 1
        return {"data": [{"id": len(api.requests), "updatedAt": ""}], "next": str(following)}

    async with listing(0, alter=circle) as api:
        _, error = await failed(api, "cursor?x=1", "{type: cursor, next: '{{$.response.bodyJson.next}}'}")
        assert "leads back to an earlier page" in error["error"]
        assert error["errorDetail"]["code"] == "HR335"
        assert len(api.requests) < 4 * (4 + length) + 4  # Brent's bound


async def test_a_page_that_comes_again_under_another_token():
    async with listing(30, alter=lambda request, body: {**body, "data": rows_of(10)}) as api:
        seen, error = await failed(api, "cursor", KINDS["cursor"])
    assert "page 2 has the same records as the page before" in error["error"]
    assert ids(seen) == list(range(1, 11))


async def test_an_api_that_does_not_know_the_parameter():
    async with (
        listing(30) as api,
        bench(flow(api, "numbered", "{type: page, param: p, size: 10}")) as running,
    ):
        await running.run()
        errors = sorted(error["error"] for error in running.seen["failed"])
        (done,) = running.seen["done"]
    assert errors == [
        f"page {n} has the same records as page 1; does the API know the parameters of `pagination`?"
        for n in (2, 3)
    ]
    assert (done["pages"], done["failed"]) == (1, 2)


async def test_empty_pages_that_go_on_and_on():
    def empty(request, body):
        return {"data": [], "next": str(int(request.query.get("cursor", "0")) + 1)}

    async with listing(0, alter=empty) as api:
        _, error = await failed(api, "cursor", KINDS["cursor"])
    assert "100 pages were empty one after the other" in error["error"]


async def test_some_empty_pages_on_the_way_are_passed_over():
    def sieve(request, body):
        number = int(request.query.get("cursor", "0"), 36)
        return {**body, "data": [] if 10 <= number < 70 else body["data"]}

    async with listing(100, alter=sieve) as api:
        seen, done = await fetched(api, "cursor", KINDS["cursor"])
    assert ids(seen) == [*range(1, 11), *range(71, 101)]
    assert done["pages"] == 4


async def test_more_records_than_were_promised():
    def endless(request, body):
        number = len(api.requests)
        rows = [{"id": number * 10 + k, "updatedAt": ""} for k in range(10)]
        return {"data": rows, "next": str(number), "total": 50}

    async with listing(0, alter=endless) as api:
        total = "{type: cursor, next: '{{$.response.bodyJson.next}}', total: '{{$.response.bodyJson.total}}'}"
        seen, error = await failed(api, "cursor", total, "prefetch: 0")
    assert "80 records were read of the 50 that `total` promises" in error["error"]
    assert len(ids(seen)) == 70


@pytest.mark.parametrize("path", ["numbered", "cursor"])
async def test_no_more_pages_than_are_allowed(path):
    async with listing(100) as api:
        _, error = await failed(api, path, KINDS[path], "maxPages: 3")
    assert "more than 3 pages (`maxPages`)" in error["error"]


@pytest.mark.parametrize("states_total", [True, False])
@pytest.mark.parametrize("path", KINDS)
async def test_a_server_that_gives_fewer_a_page_than_asked(path, states_total):
    async with listing(95, cap=7, states_total=states_total) as api:
        seen, done = await fetched(
            api, path, KINDS[path], request="queryParams: {limit: 10}" if path in ("linked", "next") else ""
        )
    assert ids(seen) == list(range(1, 96))
    assert done["pages"] == 14


async def test_a_short_page_in_the_middle_of_offsets_is_filled_up():
    def short(request, body):
        rows = body["data"]
        return {**body, "data": rows[:4] if request.query["offset"] == "30" else rows}

    async with listing(95, alter=short) as api:
        seen, done = await fetched(api, "offset", KINDS["offset"])
    assert ids(seen) == list(range(1, 96))
    assert (done["pages"], done["items"]) == (10, 95)


async def test_an_empty_page_that_should_not_be_is_tried_again():
    empties = [3, 3]

    def gap(request, body):
        number = int(request.query["page"])
        return {**body, "data": [] if number in empties and not empties.remove(number) else body["data"]}

    async with listing(50, alter=gap) as api:
        head = "retry: {maxAttempts: 4, initialDelay: 10ms}"
        seen, done = await fetched(api, "numbered", KINDS["numbered"], head=head, error=False)
    assert ids(seen) == list(range(1, 51))
    assert api.asked("page").count("3") == 3
    assert done["failed"] == 0


async def test_rows_that_come_while_pages_are_read():
    """They move others to later pages, and make further pages."""
    async with listing(95) as api:

        async def grow(request):
            if request.query["page"] == "6":
                api.rows[:0] = [{"id": -n, "updatedAt": ""} for n in range(1, 30)]

        api.before = grow
        seen, done = await fetched(api, "numbered", KINDS["numbered"])
    assert {n for n in ids(seen) if n > 0} == set(range(1, 96))
    assert done["total"] == 95 + 29


@pytest.mark.parametrize("path", ["numbered", "offset"])
@pytest.mark.parametrize("gone", [1, 10, 25])
@pytest.mark.parametrize("at", [2, 5, 10])
async def test_rows_that_go_while_pages_are_read(path, gone, at):
    """They move others to pages that were read before: these are read again, and that is told."""
    async with listing(100) as api:

        async def shrink(request):
            if len(api.requests) == at:
                del api.rows[:gone]

        api.before = shrink
        seen, done = await fetched(api, path, KINDS[path], "concurrency: 1")
    assert set(ids(seen)) >= set(range(gone + 1, 101))
    assert done["repeated"] >= 1
    assert done["repeated"] <= -(-gone // 10)


async def test_rows_that_go_while_several_pages_are_on_their_way():
    for at in range(2, 30):
        async with listing(300) as api:

            async def shrink(request, api=api, at=at):
                if len(api.requests) == at:
                    del api.rows[:3]

            api.before = shrink
            seen, done = await fetched(api, "numbered", KINDS["numbered"], "concurrency: 5")
        assert set(ids(seen)) >= set(range(4, 301)), at
        assert done["repeated"] <= 5


async def test_a_last_page_that_is_not_there():
    """404 beyond the last page is how some say that there is none."""
    async with listing(30, states_total=False) as api:
        api.status = lambda request: 404 if int(request.query["page"]) > 3 else None
        seen, done = await fetched(api, "numbered", "{type: page}")
    assert (ids(seen), done["failed"]) == (list(range(1, 31)), 0)


async def test_a_total_that_is_only_an_estimate():
    """Of a total that nobody promised, a full last page is looked behind."""
    async with listing(95, alter=lambda request, body: {**body, "total": 30}) as api:
        seen, _ = await fetched(api, "numbered", KINDS["numbered"])
    assert ids(seen) == list(range(1, 96))


@pytest.mark.parametrize("path", ["numbered", "offset"])
async def test_behind_a_single_short_page_nothing_is_looked_for(path):
    async with listing(3) as api:
        seen, _ = await fetched(api, path, KINDS[path])
    assert (ids(seen), len(api.requests)) == ([1, 2, 3], 1)


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_an_error_behind_a_total_that_was_right(status):
    async with listing(30) as api:
        api.status = lambda request: status if int(request.query["page"]) > 3 else None
        seen, done = await fetched(api, "numbered", KINDS["numbered"])
    assert (ids(seen), done["pages"], done["failed"]) == (list(range(1, 31)), 3, 0)


async def test_a_next_page_at_another_host_is_not_asked():
    async with listing(30) as api, listing(30) as other:
        api.alter = lambda request, body: {**body, "next": f"{other.url}/next?page=2"}
        _, error = await failed(api, "next", KINDS["next"])
        assert error["errorDetail"]["code"] == "HR337"
        assert not other.requests
        api.alter = lambda request, body: {**body, "next": body["next"] and f"{other.url}{body['next']}"}
        hosts = f"allowedHosts: ['127.0.0.1:{api.url.rpartition(':')[2]}', '127.0.0.1:{other.url.rpartition(':')[2]}']"
        seen, _ = await fetched(api, "next", KINDS["next"], hosts)
        assert ids(seen) == list(range(1, 31))
        assert len(other.requests) == 2


@pytest.mark.parametrize(
    ("pagination", "settings", "message"),
    [
        (
            "{type: page}",
            "items: '{{$.response.bodyJson.total}}'",
            "`items` must be an array, but it is a number",
        ),
        ("{type: page, total: '{{$.items}}'}", "", "`total` must be a number, but it is an array"),
        (
            "{type: cursor, next: '{{$.items}}'}",
            "",
            "`next` must be a text or a number, or null, but it is an array",
        ),
        ("{type: next, next: '{{5}}'}", "", "`next` must be a URL, or null, but it is a number"),
        ("{type: next, next: 'mailto:{{1}}'}", "", "which is no URL"),
    ],
)
async def test_settings_that_do_not_fit_the_answer(pagination, settings, message):
    async with listing(30) as api:
        _, error = await failed(api, "numbered", pagination, settings)
    assert message in error["error"]


async def test_records_that_are_not_found():
    async with listing(30, alter=lambda request, body: {"a": [], "b": []}) as api:
        _, error = await failed(api, "numbered", KINDS["numbered"])
    assert "say where they are" in error["error"]


@pytest.mark.parametrize(
    "body", [[{"id": 1}], {"results": [{"id": 1}], "others": []}, {"users": [{"id": 1}]}]
)
async def test_records_are_found_where_they_mostly_are(body):
    async with listing(0, alter=lambda request, _: body) as api:
        api.status = lambda request: 404 if request.query["page"] != "1" else None
        seen, _ = await fetched(api, "numbered", "{type: page}")
    assert ids(seen) == [1]


async def test_an_endless_source_that_begins_anew():
    """Page 1 after the last one, as if there were more."""
    rows = rows_of(30)

    def wrap(request, body):
        start = (int(request.query["page"]) - 1) % 3 * 10
        return {"data": rows[start : start + 10]}

    async with listing(0, alter=wrap) as api:
        seen, error = await failed(api, "numbered", KINDS["numbered"])
    assert "page 4 has the same records as page 1" in error["error"]
    assert ids(seen) == list(range(1, 31))


async def test_a_server_that_gives_the_first_page_behind_the_last():
    async with listing(30) as api:

        def first(request, body):
            return {**body, "data": body["data"] or api.rows[:10]}

        api.alter = first
        seen, done = await fetched(api, "numbered", KINDS["numbered"])
    assert (ids(seen), done["pages"], done["failed"]) == (list(range(1, 31)), 3, 0)


async def test_a_server_that_gives_the_last_page_for_every_later_one():
    async with listing(30) as api:

        def clamp(request, body):
            start = min(int(request.query["page"]) - 1, 2) * 10
            return {**body, "data": api.rows[start : start + 10]}

        api.alter = clamp
        seen, done = await fetched(api, "numbered", KINDS["numbered"])
    assert (ids(seen), done["pages"], done["failed"]) == (list(range(1, 31)), 3, 0)
