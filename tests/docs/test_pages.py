"""docs/pages.md: its flows run, each kind of pagination asks as the page says, defaults are those of the code."""

import pytest
from tests.docs.page import blocks, codes, read, rows

from headrace.components.http.paging.route import _CHUNK
from headrace.components.http.paging.settings import CursorPages, PagesSettings
from headrace.components.http.paging.shape import done_shape
from headrace.components.http.paging.trail import _MOST_EMPTY
from headrace.sdk import Arrival
from headrace.sdk.shape import object_of
from headrace.store import RunStatus
from headrace.store.records import MAX_ERRORS
from support.flows import bench
from support.listing import listing

PAGE = "pages.md"
FLOWS = [block.text for block in blocks(PAGE)]
KINDS = {codes(row[0])[0]: row for row in rows(PAGE, 3) if row[0].startswith("`{")}
PATHS = {"page": "numbered", "offset": "offset", "cursor": "cursor", "next": "next", "link": "linked"}


async def fetched(text, path, rows):
    """The ids that came, and the queries that were sent."""
    async with listing(rows) as api:
        spec = text.replace("https://api.example.com", api.url).replace("/orders", f"/{path}")
        async with bench(spec.replace("common-module/debug", "test-module/probe")) as running:
            run = await running.run()
            assert run.status is RunStatus.SUCCEEDED, run.errors
            pages = running.seen["write"]
    queries = ["&".join(f"{name}={value}" for name, value in r.query.items()) for r in api.requests]
    return sorted(row["id"] for page in pages for row in page["orders"]), queries


@pytest.mark.parametrize("text", FLOWS, ids=range(len(FLOWS)))
async def test_a_flow_of_the_page_runs(text):
    found, _ = await fetched(text, "numbered", 250)
    assert found == list(range(1, 251))


@pytest.mark.parametrize("pagination", KINDS)
async def test_each_kind_asks_as_the_page_says(pagination):
    kind = pagination.split("type: ")[1].split(",")[0].strip("}")
    text = FLOWS[0].replace("{type: page, size: 100}", pagination)
    found, queries = await fetched(text, PATHS[kind], 250)
    assert found == list(range(1, 251))
    told = [code for code in codes(KINDS[pagination][1]) if "=" in code and "rel" not in code]
    assert queries[: len(told)] == told


def test_all_kinds_and_their_settings_are_there():
    schema = PagesSettings.model_json_schema(by_alias=True)["$defs"]
    kinds = {
        name: definition["properties"]
        for name, definition in schema.items()
        if "type" in definition["properties"] and name.endswith("Pages")
    }
    common = {"type", "total", "hasMore", "until", "size", "sendIn", "next"}
    expected = {found["type"]["const"]: set(found) - common for found in kinds.values()}
    told = {
        pagination.split("type: ")[1].split(",")[0].strip("}"): set(codes(row[2]))
        for pagination, row in KINDS.items()
    }
    assert told == expected
    assert CursorPages.model_fields["next"].is_required()


def test_the_numbers_are_those_of_the_code():
    text = " ".join(read(PAGE).split())
    assert f"`concurrency` at a time, {PagesSettings.model_fields['concurrency'].default} unless" in text
    assert f"made {_CHUNK} at a time" in text
    assert f"{_MOST_EMPTY} empty pages" in text
    assert f"the first {MAX_ERRORS:,} errors" in text
    members = done_shape(Arrival(message=object_of({}), base=object_of({}), settings={})).object.members
    assert f"`done` is `{{{', '.join(members)}}}`" in text
