"""What people do with the web page, in a real browser, on a real server, database and API."""

import asyncio
import json
import re

import pytest
from playwright.async_api import Route, expect
from tests.cli.cluster import store_url

from support.api import serve_users
from ui.browsed import tab, users, write_sync
from web.served import SYNC, served

pytestmark = pytest.mark.asyncio(loop_scope="session")  # that of the browser

FLOW = "scheduled-data-sync"


async def test_a_sync_is_run_and_watched_its_failed_batch_is_edited_and_tried_again(
    tmp_path, browser, target, monkeypatch
):
    async with serve_users(users(600, broken=234)) as api:
        api.latency_s = 0.8
        write_sync(tmp_path / "flows", api, target, monkeypatch)
        async with served(tmp_path, {}) as server, tab(browser, server) as on:
            page = on.page
            await on.go(f"/flows/{FLOW}")
            await page.get_by_role("button", name="Run now").click()

            # It moves, and says how far it is.
            progress = page.get_by_role("progressbar", name="Progress", exact=True)
            await expect(progress).to_be_visible()
            seen: list[float] = []
            while len(set(seen)) < 4:
                seen.append(float(await progress.get_attribute("value") or 0))
                await page.wait_for_timeout(50)
            assert seen == sorted(seen)
            await expect(page.get_by_text("failed").first).to_be_visible(timeout=20_000)

            # What failed is told with its place, and opened.
            await page.get_by_role("link", name="1 dead letter").click()
            await page.get_by_role("button", name=re.compile("holds a NUL character")).click()
            await expect(page.get_by_text("u234")).to_be_visible()
            await page.get_by_role("button", name="Edit and retry").click()
            editor = page.get_by_role("textbox", name="Message")
            text = await editor.input_value()
            assert "Bad\\u0000name" in text
            await editor.fill(text.replace("Bad\\u0000name", "Good"))
            await page.get_by_role("button", name="Retry with this").click()

            # It goes well, and so does the run.
            tried = page.get_by_role("region", name="Tried again")
            await expect(tried.get_by_role("status")).to_have_text("1 succeeded", timeout=20_000)
            await expect(page.get_by_role("heading", name="No dead letter is like that")).to_be_visible()
            on.told.clear()  # the browser tells of the 404 where the letter was read anew meanwhile
            await on.go("/runs")
            await expect(page.get_by_role("row", name=re.compile("succeeded"))).to_be_visible()
    assert target.rows("SELECT count(*), count(*) FILTER (WHERE name = 'Zoë Good') FROM users") == [(600, 1)]


async def test_a_retry_that_ends_before_its_request_is_answered_is_told(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        run = await server.fire({"num": 0})
        page = on.page
        (letter,) = (await server.get("dead-letters"))["letters"]
        await on.go(f"/dead-letters?ofRun={run}&task={letter['task']}")
        ended = page.get_by_role("heading", name="No dead letters")

        async def answer_late(route: Route) -> None:
            answer = await route.fetch()
            await server.site.engine.wait(run)
            await expect(ended).to_be_visible()
            await route.fulfill(response=answer)

        await page.route("**/retry", answer_late)
        await page.get_by_role("button", name="Edit and retry").click()
        editor = page.get_by_role("textbox", name="Message")
        await editor.fill((await editor.input_value()).replace('"num": 0', '"num": 4'))
        await page.get_by_role("button", name="Retry with this").click()
        tried = page.get_by_role("region", name="Tried again")
        await expect(tried.get_by_role("status")).to_have_text("1 succeeded")
        on.told.clear()  # the browser tells of the 404 where the letter was read anew meanwhile


async def test_a_question_about_chosen_letters_is_about_them_to_the_end(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        for _ in range(3):
            await server.fire({"num": 0})
        page = on.page
        await on.go("/dead-letters")
        await page.get_by_role("checkbox").first.check()
        await page.get_by_role("button", name="Discard 1").click()
        dialog = page.get_by_role("dialog")
        newest = (await server.get("dead-letters"))["letters"][0]
        await server.ask("DELETE", f"dead-letters/{newest['run']}/{newest['task']}")
        await expect(page.get_by_text("2 dead letters", exact=True)).to_be_visible()
        await dialog.get_by_role("button", name="Discard 1").click()
        await expect(page.get_by_text("1 refused")).to_be_visible()
        assert len((await server.get("dead-letters"))["letters"]) == 2


async def test_text_that_is_marked_beyond_a_dialog_does_not_close_it(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        page = on.page
        await on.go("/flows/sync")
        await page.get_by_role("button", name="Run with…").last.click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("textbox").hover()
        await page.mouse.down()
        await page.mouse.move(2, 2)
        await page.mouse.up()
        await expect(dialog).to_be_visible()
        await page.mouse.click(2, 2)
        await expect(dialog).to_be_hidden()


async def test_what_is_typed_stays_where_the_server_goes(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        page = on.page
        await on.go("/flows/sync")
        await page.get_by_role("button", name="Run with…").last.click()
        await page.get_by_role("textbox").fill('{"num": 6}')
        asked = 0
        refused = asyncio.Event()

        async def refuse(route: Route) -> None:
            nonlocal asked
            asked += "/session" in route.request.url
            await route.abort()
            if asked == 3:  # it is not tried again
                refused.set()

        await page.route("**/api/**", refuse)
        server.site.feed.publish("reset", {})
        await asyncio.wait_for(refused.wait(), 30)
        await page.evaluate("new Promise(requestAnimationFrame)")
        await expect(page.get_by_role("textbox")).to_have_value('{"num": 6}')
        on.told.clear()  # the browser tells of what was refused


async def test_what_cannot_be_copied_is_told(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        await on.page.add_init_script("delete Navigator.prototype.clipboard")  # as over plain HTTP
        await on.go(f"/runs/{await server.fire({'num': 4})}")
        await on.page.get_by_role("button", name="Copy the id of the run").click()
        await expect(on.page.get_by_text("does not let the id of the run onto the clipboard")).to_be_visible()


async def test_a_signal_is_fired_with_a_payload_of_ones_own(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        page = on.page
        await on.go("/flows/sync")
        await page.get_by_role("button", name="Run with…").last.click()
        dialog = page.get_by_role("dialog")
        editor = dialog.get_by_role("textbox")
        assert json.loads(await editor.input_value()) == {"num": 8}
        await editor.fill('{"num": ')
        await expect(dialog.get_by_role("button", name=re.compile("Run|Fire"))).to_be_disabled()
        await editor.fill('{"num": 12345678901234567890123}')
        await dialog.get_by_role("button", name=re.compile("Run|Fire")).click()
        await expect(dialog).to_be_hidden()
        await expect(page.get_by_text("succeeded").first).to_be_visible()
        (run,) = await server.site.store.runs()
        assert run.trigger == "go"
        samples = server.site.recorder.samples("sync", "halve")
        assert samples[-1].message["payload"] == {"num": 12345678901234567890123}


async def test_a_trigger_is_paused_and_resumed(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        await on.go("/flows/sync")
        await on.page.get_by_role("button", name="Pause").first.click()
        await expect(on.page.get_by_role("button", name="Resume")).to_be_visible()
        assert await server.site.store.switches("sync") == {"tick": False}
        await on.page.get_by_role("button", name="Resume").click()
        await expect(on.page.get_by_role("button", name="Resume")).to_be_hidden()
        assert await server.site.store.switches("sync") == {}


async def test_an_expression_is_tried_on_a_real_message_while_it_is_typed(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        await server.fire({"num": 4})
        page = on.page
        await on.go("/flows/sync?node=end")
        field = page.get_by_role("textbox", name=re.compile("xpression"))
        await field.fill("$.half * 100 + $.over")
        await expect(page.get_by_text("225")).to_be_visible()
        await field.fill("$.half.")
        await expect(page.get_by_text(re.compile(r"\^")).first).to_be_visible()
        await field.fill("$.missing + 1")
        await expect(page.get_by_text("is missing")).to_be_visible()


async def test_a_node_shows_its_lines_and_a_line_its_node(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        page = on.page
        await on.go("/flows/sync")
        await page.get_by_role("button", name=re.compile(r"^halve\b")).first.click()
        await expect(page).to_have_url(re.compile("node=halve"))
        marked = page.get_by_role("option", selected=True).first
        await expect(marked).to_contain_text("halve:")
        await page.keyboard.press("Escape")
        await expect(page).not_to_have_url(re.compile("node="))


async def test_a_file_that_is_broken_while_one_looks_is_told_at_once_with_its_line(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        await on.go("/")
        await expect(on.page.get_by_text("sync").first).to_be_visible()
        server.write(
            "sync", SYNC.replace("halve: {component: common-module/modify}", "halve: {component: x/y}")
        )
        await expect(on.page.get_by_text("unknown component")).to_be_visible(timeout=10_000)
        await expect(on.page.get_by_text(re.compile(r"\^\^\^")).first).to_be_visible()


async def test_without_a_token_one_is_asked_for_and_a_wrong_one_is_refused(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        page = on.page
        await page.goto(on.base)
        field = page.get_by_label(re.compile("oken"))
        await field.fill("wrong-token")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text(re.compile("refused|wrong|not", re.IGNORECASE)).first).to_be_visible()
        on.told.clear()  # the browser tells of the 401
        await on.go("/")
        await expect(page.get_by_text("Halves numbers.")).to_be_visible()
        assert "token" not in page.url


async def test_who_may_only_look_has_no_buttons_that_act(tmp_path, browser):
    async with served(tmp_path) as server, tab(browser, server) as on:
        await server.fire({"num": 0})
        page = on.page
        await page.goto(f"{on.base}/flows/sync#token=read-token-of-this-test")
        await expect(page.get_by_role("button", name="Next firings")).to_be_visible()
        for name in ("Run now", "Run with…", "Pause"):
            await expect(page.get_by_role("button", name=name)).to_have_count(0)
        await page.goto(f"{on.base}/dead-letters")
        await expect(page.get_by_text("1 dead letter")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("^(Retry|Discard)"))).to_have_count(0)


async def test_a_message_that_is_large_or_holds_secrets_is_not_edited_on_the_page(
    tmp_path, browser, monkeypatch
):
    monkeypatch.setenv("HEADRACE_SECRET_KEY", "hunter2-hunter2")
    spec = SYNC.replace("  vars:", "  secrets: [key]\n  vars:")
    async with served(tmp_path, {"sync": spec}) as server, tab(browser, server) as on:
        large, secret = {"num": 0, "text": "x" * 1_100_000}, {"num": 0, "text": "hunter2-hunter2"}
        for payload, why in ((large, "too large"), (secret, "holds secrets")):
            run = await server.fire(payload)
            (letter,) = (await server.get(f"dead-letters?run={run}"))["letters"]
            await on.go(f"/dead-letters?ofRun={run}&task={letter['task']}")
            await expect(on.page.get_by_text(why)).to_be_visible()
            await expect(on.page.get_by_role("button", name="Edit and retry")).to_be_disabled()
            await expect(on.page.get_by_text("hunter2")).to_have_count(0)


async def test_a_flow_that_others_execute_is_fired_and_paused_from_a_server_without_files(tmp_path, browser):
    url = store_url()
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    async with (
        served(tmp_path / "there", store=url) as other,
        served(tmp_path / "here", {}, store=url) as server,
        tab(browser, server) as on,
    ):
        page = on.page
        await on.go("/")
        await expect(page.get_by_role("row", name=re.compile("in other processes"))).to_be_visible()
        await page.get_by_role("link", name="sync").click()
        await expect(page.get_by_role("button", name=re.compile(r"^halve\b")).first).to_be_visible()
        await expect(page.get_by_role("list", name="Executed by")).to_be_visible()
        await expect(page.get_by_role("region", name="Problems")).to_have_count(0)
        await page.get_by_role("button", name="Run now").first.click()
        await page.get_by_role("link", name=re.compile("^run ")).first.click()
        await expect(page.get_by_text("succeeded").first).to_be_visible()
        await expect(page.get_by_text("an earlier version of the flow")).to_have_count(0)
        await on.go("/flows/sync")
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_role("button", name="Resume")).to_be_visible()
        program = other.site.engine.program("sync")
        async with asyncio.timeout(10):
            while other.site.engine.is_on(program, "tick"):
                await asyncio.sleep(0.05)
