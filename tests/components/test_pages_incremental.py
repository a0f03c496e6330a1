"""http-module/pages, incrementally: a watermark that goes no further than what is done."""

import pytest

from components.test_pages import KINDS, flow, ids
from headrace.sdk import PermanentError
from headrace.store import MemoryStore
from support.flows import bench
from support.listing import listing, rows_of

BY_TIME = "incremental: {field: updatedAt, param: since}"


async def synced(api, store, settings=BY_TIME, path="numbered", fail=None):
    """One run: the ids that came, the parameter that was sent, and `done`."""
    async with bench(flow(api, path, KINDS[path], settings, error=False), store=store) as running:

        async def broken(message, context):
            if message["page"]["number"] == fail:
                raise PermanentError("it broke")

        running.seen.before["page"] = broken
        api.requests.clear()
        await running.run()
        (done,) = running.seen["done"]
        (since,) = set(api.asked("since"))
        return ids(running.seen), since, done


@pytest.mark.parametrize("path", ["numbered", "offset", "cursor"])
async def test_the_next_run_begins_where_the_last_one_ended(path):
    store = MemoryStore()
    async with listing(35) as api:
        found, since, done = await synced(api, store, path=path)
        assert (len(found), since, done["watermark"]) == (35, None, "2024-01-01T00:00:35Z")
        api.rows += rows_of(47)[35:]
        found, since, done = await synced(api, store, path=path)
        assert (found, since) == (list(range(35, 48)), "2024-01-01T00:00:35Z")
        found, since, done = await synced(api, store, path=path)
        assert (found, since, done["watermark"]) == ([47], "2024-01-01T00:00:47Z", "2024-01-01T00:00:47Z")


async def test_a_start_and_a_lookback():
    store = MemoryStore()
    settings = "incremental: {field: updatedAt, param: since, lookback: 5s, start: '2024-01-01T00:00:10Z'}"
    async with listing(35) as api:
        found, since, _ = await synced(api, store, settings)
        assert (found, since) == (list(range(10, 36)), "2024-01-01T00:00:10Z")
        found, since, _done = await synced(api, store, settings)
        assert (found, since) == (list(range(30, 36)), "2024-01-01T00:00:30Z")
        api.rows.clear()
        await synced(api, store, settings)
        _, since, _ = await synced(api, store, settings)
        assert since == "2024-01-01T00:00:30Z"  # an empty answer takes nothing back


async def test_a_watermark_that_is_deleted_has_everything_fetched_anew():
    store = MemoryStore()
    forget = """
    nodes:
      start: {component: common-module/signal}
      forget: {component: common-module/state, settings: {operation: delete, key: pages.watermark}}
    edges:
      - start -> forget
    """
    async with listing(35) as api:
        await synced(api, store)
        async with bench(forget, store=store) as running:
            await running.run()
        found, since, _ = await synced(api, store)
    assert (len(found), since) == (35, None)


async def test_after_a_failed_page_nothing_is_skipped():
    store = MemoryStore()
    async with listing(50) as api:
        _, _, done = await synced(api, store, fail=3)
        assert (done["watermark"], done["failed"]) == (None, 1)
        found, since, _ = await synced(api, store)
        assert (len(found), since) == (50, None)


@pytest.mark.parametrize("path", ["numbered", "cursor"])
async def test_in_ascending_order_pages_before_a_failed_one_count(path):
    store = MemoryStore()
    settings = "incremental: {field: updatedAt, param: since, ascending: true}"
    async with listing(50) as api:
        _, _, done = await synced(api, store, settings, path, fail=3)
        assert done["watermark"] == "2024-01-01T00:00:20Z"
        found, since, _ = await synced(api, store, settings, path)
        assert (found, since) == (list(range(20, 51)), "2024-01-01T00:00:20Z")


async def test_numbers_and_times_of_other_zones_are_compared_by_what_they_mean():
    store = MemoryStore()
    rows = [
        {"id": 1, "updatedAt": "2024-01-01T12:00:00+02:00"},
        {"id": 2, "updatedAt": "2024-01-01T11:00:00Z"},
        {"id": 3, "updatedAt": None},
    ]
    async with listing(rows) as api:
        api.alter = lambda request, body: {"data": rows, "total": len(rows)}
        api.rows = []
        _, _, done = await synced(api, store)
        assert done["watermark"] == "2024-01-01T11:00:00Z"
        rows[:] = [{"id": 1, "seq": 9}, {"id": 2, "seq": 10}]
        store = MemoryStore()
        _, _, done = await synced(api, store, "incremental: {field: seq, param: since}")
        assert done["watermark"] == 10


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("incremental: {field: changed, param: since}", "no record of the page has `changed`"),
        ("incremental: {field: tags, param: since}", "must be a time, a text or a number"),
    ],
)
async def test_a_field_that_is_not_there(settings, message):
    rows = [{"id": 1, "updatedAt": "", "tags": []}]
    async with listing(rows) as api, bench(flow(api, "numbered", KINDS["numbered"], settings)) as running:
        await running.run()
        assert message in running.seen["failed"][0]["error"]


async def test_a_lookback_needs_times():
    store = MemoryStore()
    settings = "incremental: {field: id, param: after, lookback: 1m}"
    async with (
        listing(5) as api,
        bench(flow(api, "numbered", KINDS["numbered"], settings), store=store) as running,
    ):
        await running.run()
        await running.run()
        assert "`id` is no time: `5`" in running.seen["failed"][0]["error"]
