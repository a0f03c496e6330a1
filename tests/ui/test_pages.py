"""Every page: in both widths and colour schemes, for those who see badly, and at size."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from headrace.store import ErrorFate, RunStatus
from headrace.store.sqlite import SqliteStore
from support.made import FLOW, error, fire_request
from ui.browsed import NARROW, WIDE, tab
from web.served import HEAD, SYNC, served

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "headrace" / "web" / "static"


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
            "/": "Overview",
            "/flows/sync": "sync",
            "/flows/sync?node=halve": "sync",
            "/flows/broken": "broken",
            "/flows/nowhere": None,
            "/runs": "Runs",
            f"/runs/{run}": "sync",
            "/runs/nowhere": None,
            "/dead-letters": "Dead letters",
            f"/dead-letters?open={run}%2F{letter['task']}": "Dead letters",
            "/nowhere": None,
        }
        for path, heading in pages.items():
            await on.go(path)
            if heading is not None:
                await expect(on.page.get_by_role("heading", level=1, name=heading)).to_be_visible()
            found = await Axe().run(on.page)
            serious = [each for each in found.response["violations"] if each["impact"] in ("serious", "critical")]
            assert not serious, (path, json.dumps(serious, indent=1)[:3000])
            assert await on.page.evaluate(TOO_WIDE) == [], path
            if heading is None:
                on.told.clear()  # the browser tells of the 404
