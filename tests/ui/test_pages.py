"""Every page: in both widths and colour schemes, for those who see badly, and at size."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect
from tests.cli.cluster import store_url

from headrace.store import ErrorFate, RunStatus
from headrace.store.sqlite import SqliteStore
from support.made import FLOW, error, fire_request
from ui.browsed import NARROW, WIDE, tab
from web.served import SYNC, served

pytestmark = pytest.mark.asyncio(loop_scope="session")  # that of the browser

TOO_WIDE = """
document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 200))
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_every_page_is_accessible_fits_its_width_and_complains_of_nothing(
    tmp_path, browser, size, scheme
):
    flows = {"sync": SYNC, "broken": "\n  nodes: {a: {component: common-module/modfy}}\n"}
    async with served(tmp_path, flows) as server, tab(browser, server, size, scheme) as on:
        await server.fire({"num": 4})
        run = await server.fire({"num": 0})
        (letter,) = (await server.get("dead-letters"))["letters"]
        pages = {
            "/": "Halves numbers.",
            "/flows/sync": "Run with…",
            "/flows/sync?node=halve": "Try an expression",
            "/flows/broken": "unknown component",
            "/flows/nowhere": "there is no flow",
            "/runs": "by go",
            f"/runs/{run}": "Where the time went",
            "/runs/nowhere": "There is no such run",
            "/dead-letters": "Nothing is opened" if size == WIDE else "cannot divide",
            f"/dead-letters?ofRun={run}&task={letter['task']}": "Edit and retry",
            "/nowhere": "There is no such page",
        }
        for path, told in pages.items():
            await on.go(path)
            await expect(on.page.get_by_text(told).first).to_be_visible()
            await check(on.page, path)
            if "nowhere" in path:
                on.told.clear()  # the browser tells of the 404


async def check(page, path):
    """Who sees badly can read it, and it fits."""
    found = await Axe().run(page)
    serious = [each for each in found.response["violations"] if each["impact"] in ("serious", "critical")]
    assert not serious, (path, json.dumps(serious, indent=1)[:3000])
    assert await page.evaluate(TOO_WIDE) == [], path


WAITS = """
  nodes:
    go: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: 60s}}
  edges: [go -> wait]
"""


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
async def test_who_executes_a_flow_is_told_where_others_do(tmp_path, browser, size, scheme):
    url, others = store_url(), tmp_path / "others"
    others.mkdir()
    async with (
        served(tmp_path, {"waits": WAITS}, store=url, most_tasks=0) as server,
        tab(browser, server, size, scheme) as on,
    ):
        who = on.page.get_by_role("list", name="Executed by")
        await on.go("/flows/waits")
        await expect(on.page.get_by_text("Run with…")).to_be_visible()
        await expect(who).to_have_count(0)
        async with served(others, {"waits": WAITS}, store=url):
            process = os.getpid()  # both are this one here
            told = f"{os.uname().nodename} processes {process} (this page), {process}"
            await expect(who).to_have_text(told)
            run = (await server.post("flows/waits/triggers/go/fire"))["run"]
            await check(on.page, "/flows/waits")
            await on.go(f"/runs/{run}")
            await expect(who).to_have_text(told)
            await expect(on.page.get_by_text("1 running")).to_be_visible()  # there, not here
            await check(on.page, "/runs")
            await server.post(f"runs/{run}/cancel")
            await server.site.engine.wait(run)


MANY, AT_ONCE = 10_000, 500
WIDE_FLOW = (
    "\n  nodes:\n    go: {{component: common-module/signal}}\n{nodes}\n  edges:\n    - go -> n0\n{edges}\n"
)


def wide_flow(size: int) -> str:
    """A flow of nodes in ten chains."""
    nodes = "\n".join(f"    n{number}: {{component: common-module/modify}}" for number in range(size))
    edges = "\n".join(f"    - n{max(number - 10, 0)} -> n{number}" for number in range(1, size))
    return WIDE_FLOW.format(nodes=nodes, edges=edges)


async def fill(path: Path) -> None:
    """Ten thousand runs that have ended, a thousand of them with a dead letter; many at once share a commit."""
    store = await SqliteStore.open(path)
    await store.adopt(FLOW)

    async def end(number: int) -> None:
        fired = await store.fire(fire_request(f"r{number}", flow="test", fired_at_ns=10**18 + number))
        if number % 10:
            await store.cancel(f"r{number}", RunStatus.CANCELLED, None, frozenset(), 10**18 + number + 5)
        else:
            await store.bury(fired.task, 1, error(ErrorFate.DEAD), 10**18 + number + 5)

    for first in range(0, MANY, AT_ONCE):
        await asyncio.gather(*(end(number) for number in range(first, first + AT_ONCE)))
    await store.close()


def longest_task_ms(trace: bytes) -> float:
    """The longest task of the page's thread, in its own time: that of a core which does nothing else."""
    events = json.loads(trace)["traceEvents"]
    pages = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    own = [
        each["tdur"]
        for each in events
        if each["name"].endswith("RunTask") and (each["pid"], each["tid"]) in pages and "tdur" in each
    ]
    return max(own) / 1000


async def test_ten_thousand_runs_a_flow_of_200_nodes_and_1000_events_a_second_stay_smooth(tmp_path, browser):
    path = tmp_path / "store.db"
    await fill(path)
    flows = {"wide": wide_flow(200)}
    async with served(tmp_path, flows, store=f"sqlite:///{path}") as server, tab(browser, server) as on:
        for query in ("runs", "runs?status=failed", "runs?flow=test&limit=100", "dead-letters", "flows"):
            times = []
            for _ in range(5):
                begun = time.perf_counter()
                await server.get(query)
                times.append(time.perf_counter() - begun)
            assert sorted(times)[2] < 0.1, (query, times)

        pages = {
            "/runs": on.page.get_by_text("r9999"),
            "/flows/wide": on.page.locator("[data-id=e199]"),  # an edge: they are drawn last
            "/": on.page.get_by_text("wide"),
        }
        for page, wanted in pages.items():
            await browser.start_tracing(page=on.page, categories=["toplevel"])
            await on.go(page)
            # `expect` describes the page, which is a long task of its own.
            await wanted.first.wait_for(state="attached", timeout=20_000)
            begun = time.monotonic()
            told = 0
            while time.monotonic() - begun < 3:
                await server.post("flows/wide/triggers/go/fire", {}) if told % 500 == 0 else None
                for _ in range(100):
                    facts = {"flow": "wide", "trigger": "go", "reason": f"overlap {told}"}
                    server.site.feed.publish("firing_dropped", facts, flow="wide")
                    told += 1
                await on.page.wait_for_timeout(max(0, (begun + told / 1000 - time.monotonic()) * 1000))
            assert told >= 2000
            slowest = longest_task_ms(await browser.stop_tracing())
            assert 10 < slowest < 200, page
