"""http-module/pages: each page is a task that fails, is tried again, is kept and goes on by itself."""

import asyncio

import pytest

from components.test_pages import KINDS, fetched, flow, ids
from headrace.sdk import InfrastructureError, PermanentError, TemporaryError
from headrace.store import RunStatus
from support.flows import bench
from support.listing import listing

QUICK = "retry: {maxAttempts: 3, initialDelay: 1ms}"


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("error", [TemporaryError, InfrastructureError])
async def test_a_page_that_fails_below_is_done_again_and_the_others_go_on(path, error):
    async with (
        listing(50) as api,
        bench(flow(api, path, KINDS[path], head=QUICK, error=False)) as running,
    ):
        failing = [2, 2]

        async def fail(message, context):
            number = message["page"]["number"]
            if number in failing:
                failing.remove(number)
                running.seen["page"].pop()
                raise error("it broke")

        running.seen.before["page"] = fail
        run = await running.run()
        assert (run.status, run.error_count, run.dead_letters) == (RunStatus.SUCCEEDED, 0, 0)
        assert ids(running.seen) == list(range(1, 51))
        (done,) = running.seen["done"]
        assert (done["pages"], done["items"], done["failed"]) == (5, 50, 0)
        assert run.counters["pages.items"] == 50


@pytest.mark.parametrize("path", KINDS)
async def test_a_page_that_fails_for_good_is_kept_and_can_be_done_later(path):
    async with (
        listing(50) as api,
        bench(flow(api, path, KINDS[path], head=QUICK, error=False)) as running,
    ):
        is_broken = True

        async def fail(message, context):
            if is_broken and message["page"]["number"] == 2:
                running.seen["page"].pop()
                raise PermanentError("it broke")

        running.seen.before["page"] = fail
        run = await running.run()
        assert (run.status, run.dead_letters) == (RunStatus.FAILED, 1)
        assert ids(running.seen) == [*range(1, 11), *range(21, 51)]
        (done,) = running.seen["done"]
        assert (done["pages"], done["items"], done["failed"]) == (4, 40, 1)
        assert done["errors"] == [{"error": "it broke", "page": 2, "handled": False}]
        is_broken = False
        (letter,) = await running.store.dead_letters(run.id)
        await running.engine.retry(running.program, letter)
        run = await running.engine.wait(run.id)
        assert run.status is RunStatus.SUCCEEDED
        assert ids(running.seen) == list(range(1, 51))
        assert len(running.seen["done"]) == 1


@pytest.mark.parametrize("path", ["numbered", "offset"])
async def test_a_page_that_cannot_be_fetched_stops_no_other(path):
    async with listing(50) as api:
        broken = "3" if path == "numbered" else "20"
        parameter = "page" if path == "numbered" else "offset"
        api.status = lambda request: 410 if request.query[parameter] == broken else None
        seen, done = await fetched(api, path, KINDS[path])
    assert ids(seen) == [*range(1, 21), *range(31, 51)]
    (error,) = seen["failed"]
    assert error["page"] == {"number": 3, "cursor": int(broken)}
    assert "410" in error["error"]
    assert done["errors"] == [{"error": error["error"], "page": 3, "handled": True}]


async def test_a_page_that_cannot_be_fetched_ends_a_chain():
    async with listing(50) as api:
        api.status = lambda request: 410 if request.query.get("cursor") == "k" else None
        seen, done = await fetched(api, "cursor", KINDS["cursor"])
    assert ids(seen) == list(range(1, 21))
    assert seen["failed"][0]["page"] == {"number": 3, "cursor": "k"}
    assert (done["pages"], done["failed"]) == (2, 1)


async def test_tasks_below_a_page_belong_to_it():
    """`done` waits for what a page has made, also beyond a task boundary, and counts what fails there."""
    async with listing(30) as api:
        spec = flow(api, "numbered", KINDS["numbered"]).replace(
            "page: {component: test-module/probe}",
            "page: {component: common-module/async}\n      work: {component: test-module/probe}",
        )
        spec = spec.replace("- pages:page -> page", "- pages:page -> page -> work")
        async with bench(spec) as running:

            async def fail(message, context):
                assert not running.seen["done"]
                if message["page"]["number"] == 2:
                    raise PermanentError("it broke")

            running.seen.before["work"] = fail
            await running.run()
            (done,) = running.seen["done"]
            assert done["errors"] == [{"error": "it broke", "page": 2, "handled": False}]


async def test_pages_below_pages():
    """A node below a page has its own way, not that of the page's task."""
    async with listing(20) as api, listing(30) as inner:
        spec = f"""
        {QUICK}
        nodes:
          start: {{component: common-module/signal}}
          outer:
            component: http-module/pages
            settings: {{baseUrl: "{api.url}", pagination: {KINDS["numbered"]}}}
            input: {{url: /numbered}}
          inner:
            component: http-module/pages
            settings: {{baseUrl: "{inner.url}", pagination: {KINDS["cursor"]}}}
            input: {{url: /cursor}}
          page: {{component: test-module/probe}}
          between: {{component: test-module/probe}}
          done: {{component: test-module/probe}}
        edges:
          - start -> outer
          - outer:page -> inner
          - inner:page -> page
          - inner:done -> between
          - outer:done -> done
        """
        async with bench(spec) as running:
            run = await running.run()
            assert run.status is RunStatus.SUCCEEDED
            assert ids(running.seen) == sorted([*range(1, 31)] * 2)
            assert [done["items"] for done in running.seen["between"]] == [30, 30]
            assert [done["items"] for done in running.seen["done"]] == [20]


async def test_many_pages_are_few_open_tasks():
    """Memory does not grow with the number of pages."""
    async with (
        listing(1000) as api,
        bench(flow(api, "numbered", "{type: page, size: 1}", "concurrency: 4")) as running,
    ):
        most = 0

        async def count(message, context):
            nonlocal most
            (active,) = running.engine._working._active.values()
            most = max(most, len(active.agenda))

        running.seen.before["page"] = count
        await running.run()
        assert len(running.seen["page"]) == 1000
        assert most <= 210


async def test_what_was_fetched_ahead_is_given_up_when_the_engine_stops():
    never = asyncio.Event()
    async with listing(30) as api:

        async def hang(request):
            if request.query.get("cursor") == "k":
                await never.wait()

        api.before = hang
        async with bench(flow(api, "cursor", KINDS["cursor"])) as running:
            reached = asyncio.Event()

            async def wait(message, context):
                if message["page"]["number"] == 2:
                    reached.set()
                    await never.wait()

            running.seen.before["page"] = wait
            await running.engine.fire(running.program, "start")
            await reached.wait()
        never.set()
    left = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]
    assert not [name for name in left if name.startswith("Ahead")]
