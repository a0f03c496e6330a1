"""http-module/pages against a real server: each kind of pagination, each way to end, in parallel and ahead."""

import asyncio
import time

import pytest

from headrace.components.http.paging.reading import _linked
from headrace.flow.model import DEFAULT_CONCURRENCY
from headrace.store import RunStatus
from support.flows import bench
from support.listing import listing

LIMITS = "{maxAttempts: 1}"


def flow(api, path, pagination, settings="", *, head="", request="", error=True):
    """A flow that fetches all pages of a path; they come to `page`, the end to `done`."""
    wired = "- pages:error -> failed" if error else ""
    return f"""
    {head or f"retry: {LIMITS}"}
    nodes:
      start: {{component: common-module/signal}}
      pages:
        component: http-module/pages
        settings:
          baseUrl: "{api.url}"
          pagination: {pagination}
          {settings}
        input: {{url: "/{path}", {request}}}
      page: {{component: test-module/probe}}
      done: {{component: test-module/probe}}
      failed: {{component: test-module/probe}}
    edges:
      - start -> pages
      - pages:page -> page
      - pages:done -> done
      {wired}
    """


async def fetched(api, path, pagination, settings="", **more):
    """What came of it: the ids by page, and `done`."""
    async with bench(flow(api, path, pagination, settings, **more)) as running:
        run = await running.run()
        assert run.status is RunStatus.SUCCEEDED, run.errors
        (done,) = running.seen["done"]
        return running.seen, done


def ids(seen):
    """The ids of all pages, in order."""
    return sorted(row["id"] for page in seen["page"] for row in page["items"])


KINDS = {
    "numbered": "{type: page, size: 10}",
    "offset": "{type: offset, size: 10}",
    "cursor": "{type: cursor, size: 10, next: '{{$.response.bodyJson.next}}'}",
    "linked": "{type: link}",
    "next": "{type: next, next: '{{$.response.bodyJson.next}}'}",
}


@pytest.mark.parametrize("states_total", [True, False])
@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 95, 100])
@pytest.mark.parametrize("path", KINDS)
async def test_every_row_comes_once(path, rows, states_total):
    async with listing(rows, states_total=states_total) as api:
        seen, done = await fetched(api, path, KINDS[path])
    assert ids(seen) == list(range(1, rows + 1))
    assert (done["pages"], done["items"], done["failed"], done["errors"]) == (-(-rows // 10), rows, 0, [])
    numbers = sorted(page["page"]["number"] for page in seen["page"])
    assert numbers == list(range(1, -(-rows // 10) + 1))


async def test_a_page_has_the_base_value_the_response_and_its_place():
    async with listing(25) as api:
        seen, done = await fetched(api, "numbered", KINDS["numbered"], request='headers: {X-A: "1"}')
    last = max(seen["page"], key=lambda page: page["page"]["number"])
    assert last["page"] == {"number": 3, "total": 25, "isLast": True, "cursor": 3}
    assert last["response"]["bodyJson"]["data"] is last["items"]
    assert set(last) == {"response", "items", "page", "payload", "signal"} or "response" in last
    assert done["total"] == 25


def once_open(api, count):
    """Lets no page but the first be answered before so many are asked for at once."""
    everybody = asyncio.Event()

    async def together(request):
        if int(request.query["page"]) > 1:
            if api.most_open >= count:
                everybody.set()
            await everybody.wait()

    return together


async def test_pages_of_a_known_number_are_fetched_at_once():
    async with listing(200) as api:
        api.before = once_open(api, 6)
        seen, _ = await fetched(api, "numbered", KINDS["numbered"], "concurrency: 6")
        assert ids(seen) == list(range(1, 201))
    assert api.most_open == 6
    assert sorted(int(page or 0) for page in api.asked("page")) == [*range(1, 22)]


async def test_pages_are_fetched_in_order_no_more_at_once_than_wanted():
    async with listing(200) as api:
        await fetched(api, "numbered", KINDS["numbered"], "concurrency: 1")
    assert (api.most_open, api.asked("page")) == (1, [str(n) for n in range(1, 22)])


async def test_more_pages_at_once_than_the_flow_does_tasks_by_default():
    async with listing(400) as api:
        api.before = once_open(api, 20)
        await fetched(api, "numbered", KINDS["numbered"], "concurrency: 20")
        assert api.most_open == 20


def once_asked(api, count):
    """Makes work on a page wait until so many requests were made."""
    reached = asyncio.Event()

    async def note(request):
        if len(api.requests) >= count:
            reached.set()

    async def wait(message, context):
        await asyncio.wait_for(reached.wait(), 10)

    api.before = note
    return wait


@pytest.mark.parametrize("path", ["cursor", "next", "linked"])
async def test_the_next_page_is_fetched_while_one_is_worked_on(path):
    async with listing(30) as api:
        async with bench(flow(api, path, KINDS[path])) as running:
            running.seen.before["page"] = once_asked(api, 2)
            run = await running.run()
            assert run.status is RunStatus.SUCCEEDED
            assert ids(running.seen) == list(range(1, 31))
            assert run.counters["pages.requests"] == 3
        assert len(api.requests) == 3


async def test_several_pages_are_fetched_ahead():
    async with listing(50) as api:
        async with bench(flow(api, "cursor", KINDS["cursor"], "prefetch: 3")) as running:
            running.seen.before["page"] = once_asked(api, 4)
            await running.run()
            assert ids(running.seen) == list(range(1, 51))
        assert len(api.requests) == 5


async def test_nothing_is_fetched_ahead_where_that_is_not_wanted():
    async with listing(30) as api:
        seen_requests = []
        async with bench(flow(api, "cursor", KINDS["cursor"], "prefetch: 0")) as running:

            async def note(message, context):
                seen_requests.append(len(api.requests))

            running.seen.before["page"] = note
            await running.run()
        assert seen_requests == [1, 2, 3]


async def test_parameters_in_the_body():
    """Those of the request's own body stay."""
    async with listing(35) as api:
        request = "method: POST, body: {status: open}"
        seen, _ = await fetched(api, "offset", "{type: offset, size: 10, sendIn: body}", request=request)
    assert ids(seen) == list(range(1, 36))
    bodies = sorted((request.body for request in api.requests), key=lambda body: body["offset"])
    assert bodies == [{"status": "open", "offset": n, "limit": 10} for n in (0, 10, 20, 30)]
    assert {str(request.query) for request in api.requests} == {"{}"}


@pytest.mark.parametrize("inside", [None, "meta", "pagination", "paging"])
@pytest.mark.parametrize("name", ["total", "total_count", "totalCount"])
async def test_a_total_is_found_where_it_mostly_is(inside, name):
    def state(request, body):
        return {**body, name: 35} if inside is None else {**body, inside: {name: 35}}

    async with listing(35, states_total=False, alter=state) as api:
        seen, done = await fetched(api, "numbered", KINDS["numbered"])
    assert (ids(seen), done["total"]) == (list(range(1, 36)), 35)


async def test_a_total_in_a_header():
    async with listing(35, states_total=False, headers={"X-Total-Count": "35"}) as api:
        seen, done = await fetched(api, "numbered", KINDS["numbered"])
    assert (ids(seen), done["total"]) == (list(range(1, 36)), 35)


@pytest.mark.parametrize(
    ("settings", "pages"),
    [
        ("{type: page, size: 10, until: '{{$.items.some(row => row.id == 25)}}'}", 3),
        ("{type: page, size: 10, hasMore: '{{$.page.number < 4}}'}", 4),
        ("{type: page, size: 10, totalPages: '{{$.response.bodyJson.total / 20}}'}", 5),
        ("{type: page, size: 10, total: '{{55}}'}", 6),
        ("{type: offset, size: 10, total: '{{55}}'}", 6),
    ],
)
async def test_ways_to_end(settings, pages):
    path = "offset" if "offset" in settings else "numbered"
    async with listing(100) as api:
        if "hasMore" in settings:
            api.states_total = False
        _, done = await fetched(api, path, settings)
    assert done["pages"] == pages


async def test_other_nodes_do_not_change_how_many_tasks_a_flow_does_at_once():
    spec = """
    nodes:
      start: {component: common-module/signal}
      apart: {component: common-module/async}
    edges:
      - start -> apart
    """
    async with bench(spec) as running:
        assert running.program.concurrency == DEFAULT_CONCURRENCY


def test_a_link_header_of_any_text_is_read_in_no_time():
    began_s = time.process_time()
    for text in ("<" * 65_000, "<a>;b" + " " * 65_000 + "x", "<a>" + ";b" * 32_000, "<a>" + ";rel=" * 13_000):
        assert _linked({"link": text}) is None
    assert time.process_time() - began_s < 1
    assert (
        _linked({"link": '<https://a/1>; rel=first, <https://a/3> ; rel="x next" ; title="a, b"'})
        == "https://a/3"
    )
