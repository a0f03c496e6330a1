"""The pictures of docs/: `make pictures` takes them anew."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from support.api import serve_users
from ui.browsed import tab, users, write_sync
from web.served import SYNC, served

IMAGES = Path(__file__).parents[2] / "docs" / "images"
FLOW = "scheduled-data-sync"

pytestmark = [pytest.mark.pictures, pytest.mark.asyncio(loop_scope="session")]  # that of the browser


async def test_pictures(tmp_path, browser, target, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with serve_users(users(2000, broken=1234)) as api:
        write_sync(tmp_path / "flows", api, target, monkeypatch)
        async with served(Path(), {"halves": SYNC}) as server, tab(browser, server) as on:
            for num in (4, 0, 8, 5, 3, 7, 2):
                await server.fire({"num": num}, flow="halves")
            for _ in range(3):
                await server.fire(None, flow=FLOW, trigger="scheduler")
            api.latency_s = 0.3
            run = (await server.post(f"flows/{FLOW}/triggers/scheduler/fire", {}))["run"]
            page = on.page
            await on.go(f"/flows/{FLOW}?node=upsert")
            await expect(page.get_by_role("button", name="upsert").first).to_be_visible()
            await page.wait_for_timeout(2500)
            await page.screenshot(path=IMAGES / "flow.png")
            await on.go("/")
            await page.wait_for_timeout(1000)
            await page.screenshot(path=IMAGES / "overview.png")
            await server.site.engine.wait(run)
            await on.go(f"/runs/{run}")
            await expect(page.get_by_text("Tasks over time")).to_be_visible()
            await page.wait_for_timeout(1000)
            await page.screenshot(path=IMAGES / "run.png")
            letter = (await server.get("dead-letters"))["letters"][0]
            await on.go(f"/dead-letters?ofRun={letter['run']}&task={letter['task']}")
            await expect(page.get_by_text("Edit and retry")).to_be_visible()
            await page.screenshot(path=IMAGES / "letters.png")
