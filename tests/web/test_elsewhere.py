"""A server without any file, on a store of flows that a worker executes: real processes, real NATS."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.cli.cluster import flow_file, store_url

from headrace.sdk import Registry
from headrace.store import RunFilter
from headrace.web import lookout
from web.served import served
from web.test_cluster import CROSSED, ITEMS, RECEIVED
from web.test_events import watching
from web.workers import working

WORK = """
  description: Halves numbers.
  secrets: [API_KEY]
  vars: {by: 2}
  retry: {maxAttempts: 1}
  nodes:
    clock: {component: common-module/ticker, settings: {interval: 1h, emitOnStart: false, payload: {num: 4}}}
    go: {component: common-module/signal, settings: {payload: {num: 8}}}
    wait: {component: common-module/delay, settings: {duration: "{{$.secrets.API_KEY}}"}}
    halve: {component: common-module/modify}
    end: {component: common-module/modify}
  edges:
    - clock -> halve
    - go -> halve
    - {from: halve, to: end, data: {half: "{{$.payload.num / $vars.by}}", over: "{{100 / $.payload.num}}"}}
    - end -> wait
"""
SLOW = """
  nodes:
    go: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: 60s}}
  edges: [go -> wait]
"""


@asynccontextmanager
async def elsewhere(tmp_path, url, flows, **environment):
    """A worker with a folder of its own."""
    folder = tmp_path / "elsewhere"
    for name, spec in flows.items():
        flow_file(folder, name, spec)
    async with working(folder, url, **environment) as process:
        yield process


async def ended(server, run):
    """A run, once it has ended."""
    async with asyncio.timeout(20):
        while (found := await server.get(f"runs/{run}"))["status"] == "running":
            await asyncio.sleep(0.05)
    return found


@pytest.mark.timeout(60)
async def test_a_flow_without_a_file_is_shown_with_counts_that_are_exact_in_the_end(tmp_path):
    url, flows = store_url(), {"items": ITEMS.replace("50ms", "150ms")}
    async with served(tmp_path, {}, store=url) as server:
        assert await server.get("flows") == {"flows": []}
        async with watching(server) as stream, elsewhere(tmp_path, url, flows) as worker:
            assert await stream.next("flow_changed") == ("flow_changed", {"flow": "items"})
            (flow,) = (await server.get("flows"))["flows"]
            assert (flow["name"], flow["state"], flow["problem"]) == ("items", "elsewhere", None)
            assert flow["takesActions"]
            detail = await server.get("flows/items")
            assert "common-module/iterator" in detail["text"]
            assert [node["name"] for node in detail["graph"]["nodes"]] == ["go", "each", "rest", "last"]
            assert [each["process"] for each in detail["executors"]] == [worker.pid]
            for _ in range(2):
                run = await fires_and_watches(server, stream)
                assert (await server.get(f"runs/{run}"))["isCurrentVersion"]
        assert await server.site.store.executors("items") == ()
        assert (await server.get("flows/items"))["problem"] == "no process executes it now"
        refused = await server.ask("POST", "flows/items/triggers/go/fire", {})
        assert (refused.status, refused.code) == (409, "refused")
        assert "no process executes flow `items`" in refused.value["error"]["message"]
        assert len(await server.site.store.runs(RunFilter(flow="items"))) == 2


async def fires_and_watches(server, stream):
    """Fire, and see the run begin, go on and end; gives its id."""
    run = (await server.post("flows/items/triggers/go/fire"))["run"]
    assert (await stream.next("run_started"))[1]["id"] == run
    told = []
    while not told or not told[-1]["runs"]:
        told.append((await stream.next("progress"))[1])
    shown = await server.get(f"runs/{run}")
    while shown["status"] == "running" and (shown["profile"] or {"nodes": {}})["nodes"] == {}:
        shown = await server.get(f"runs/{run}")
    assert shown["status"] == "running"  # so others have told how it goes
    while told[-1]["runs"] or told[-1]["nodes"]["last"]["received"] < 60:
        told.append((await stream.next("progress"))[1])
    under_way = [live for live in told if live["runs"] and live["nodes"]["rest"]["received"]]
    assert any(0 < live["nodes"]["last"]["received"] < 60 for live in under_way)
    assert any(live["nodes"]["rest"]["rate"] > 0 for live in under_way)
    for live in (told[-1], (await server.get("flows/items"))["live"]):
        assert {name: node["received"] for name, node in live["nodes"].items()} == RECEIVED
        assert {name: edge["crossed"] for name, edge in live["edges"].items()} == CROSSED
    assert (await ended(server, run))["status"] == "succeeded"
    return run


@pytest.mark.timeout(60)
async def test_who_looks_afterwards_sees_the_counts_of_the_last_run(tmp_path):
    url = store_url()
    flows = {"items": ITEMS.replace("50ms", "1ms")}
    async with served(tmp_path, {}, store=url) as server, elsewhere(tmp_path, url, flows):
        await ended(server, (await server.post("flows/items/triggers/go/fire"))["run"])
        live = (await server.get("flows/items/live"))["live"]
        assert {name: node["received"] for name, node in live["nodes"].items()} == RECEIVED
        assert live["runs"] == []


@pytest.mark.timeout(60)
async def test_what_people_do_is_done_by_who_executes_the_flow(tmp_path):
    url = store_url()
    flows = {"halves": WORK, "slow": SLOW}
    async with served(tmp_path, {}, store=url) as server:
        async with elsewhere(tmp_path, url, flows, HEADRACE_SECRET_API_KEY="1ms"):
            fire = "flows/halves/triggers/go/fire"
            run = await ended(server, (await server.post(fire))["run"])
            assert run["status"] == "succeeded"
            unknown = await server.ask("POST", "flows/halves/triggers/stop/fire", {})
            assert (unknown.status, unknown.code) == (404, "not_found")
            await cancels(server)
            await retries(server, fire)
            await pauses(server)
            await looks_at_nodes(server)
        assert (await server.get("flows/halves/triggers/clock/firings"))["firings"] == []
        paused = await server.post("flows/halves/triggers/clock/pause")  # for who executes it next
        assert paused["isPaused"]


async def looks_at_nodes(server):
    assert len((await server.get("flows/halves/triggers/clock/firings"))["firings"]) == 10
    node = await server.get("flows/halves/nodes/halve")
    assert (node["templates"], node["samples"]) == ([], [])
    given = {"text": "{{$vars.by}}", "flow": "halves"}
    assert (await server.post("evaluate", given))["text"] == "2"


async def cancels(server):
    run = (await server.post("flows/slow/triggers/go/fire"))["run"]
    assert (await server.get("flows/slow"))["live"]["runs"] == [run]
    await server.post(f"runs/{run}/cancel")
    assert (await ended(server, run))["status"] == "cancelled"
    again = await server.ask("POST", f"runs/{run}/cancel")
    assert (again.status, again.code) == (409, "refused")


async def retries(server, fire):
    async with watching(server, "?flow=halves") as stream:
        run = (await server.post(fire, {"payload": {"num": 0}}))["run"]
        assert (await ended(server, run))["status"] == "failed"
        (letter,) = (await server.get("dead-letters?flow=halves"))["letters"]
        _, error = await stream.next("error")
        assert (error["run"], error["flow"], error["fate"]) == (run, "halves", "dead")
        assert (await stream.next("run_ended"))[1]["status"] == "failed"
        while (await stream.next("letters_changed"))[1]["deadLetters"] != 1:
            pass
        await server.post(f"dead-letters/{run}/{letter['task']}/retry", {"message": {"payload": {"num": 5}}})
        while (await stream.next("letters_changed"))[1]["deadLetters"] != 0:
            pass
    async with asyncio.timeout(20):
        while (await server.get(f"runs/{run}"))["status"] != "succeeded":
            await asyncio.sleep(0.05)


async def pauses(server):
    def clock(flow):
        return next(each for each in flow["triggers"] if each["node"] == "clock")

    assert clock(await server.get("flows/halves"))["nextFiring"] is not None
    paused = await server.post("flows/halves/triggers/clock/pause")
    assert (paused["isPaused"], paused["nextFiring"]) == (True, None)
    async with asyncio.timeout(20):  # until the worker has heard of it
        while (await server.site.store.trigger("halves", "clock")).is_active:
            await asyncio.sleep(0.05)
    assert clock(await server.get("flows/halves"))["isPaused"]
    resumed = await server.post("flows/halves/triggers/clock/resume")
    assert (resumed["isPaused"], resumed["kind"], resumed["payload"]) == (False, "schedule", {"num": 4})
    async with asyncio.timeout(20):
        while not (await server.site.store.trigger("halves", "clock")).is_active:
            await asyncio.sleep(0.05)


@pytest.mark.timeout(60)
async def test_a_flow_that_gets_a_file_is_here_and_elsewhere_once_it_is_gone(tmp_path):
    url = store_url()
    async with served(tmp_path, {}, store=url) as server, elsewhere(tmp_path, url, {"slow": SLOW}):
        run = (await server.post("flows/slow/triggers/go/fire"))["run"]
        assert (await server.get("flows/slow"))["live"]["runs"] == [run]
        path = server.write("slow", SLOW)
        await server.site.folder.scan()
        flow = await server.get("flows/slow")
        assert (flow["state"], flow["path"], flow["live"]["runs"]) == ("running", str(path), [run])
        assert len((await server.get("flows"))["flows"]) == 1
        await server.post(f"runs/{run}/cancel")
        await ended(server, run)
        path.unlink()
        await server.site.folder.scan()
        flow = await server.get("flows/slow")
        assert flow["state"] == "elsewhere"
        assert flow["recent"][0]["status"] == "cancelled"
        async with asyncio.timeout(20):
            while (await server.get("flows/slow"))["live"]["runs"]:
                await asyncio.sleep(0.05)


@pytest.mark.timeout(60)
async def test_a_text_that_does_not_load_here_is_shown_with_what_is_wrong(tmp_path):
    url = store_url()
    async with served(tmp_path, {}, store=url) as server, elsewhere(tmp_path, url, {"items": ITEMS}):
        server.site.elsewhere._registry = Registry([])
        flow = await server.get("flows/items")
        assert (flow["state"], flow["graph"], flow["triggers"], flow["live"]) == ("elsewhere", None, [], None)
        assert "it does not load here" in flow["problem"]
        assert any("common-module/delay" in finding["message"] for finding in flow["findings"])
        assert "component: common-module/delay" in flow["text"]
        run = await ended(server, (await server.post("flows/items/triggers/go/fire"))["run"])
        assert (run["status"], run["isCurrentVersion"]) == ("succeeded", True)
        refused = await server.ask("POST", "flows/items/triggers/go/pause")
        assert (refused.status, refused.code) == (409, "not_running")


@pytest.mark.timeout(60)
async def test_a_version_is_loaded_once_and_the_next_one_when_it_fires(tmp_path):
    url = store_url()
    async with served(tmp_path, {}, store=url) as server, elsewhere(tmp_path, url, {"slow": SLOW}):
        first, _ = await server.site.elsewhere.find("slow")
        run = (await server.post("flows/slow/triggers/go/fire"))["run"]
        assert (await server.site.elsewhere.find("slow"))[0] is first
        async with watching(server) as stream:
            flow_file(tmp_path / "elsewhere", "slow", "\n  description: Anew." + SLOW)
            async with asyncio.timeout(20):
                while (await server.get("flows/slow"))["description"] != "Anew.":
                    await stream.next("flow_changed")
        shown = await server.get(f"runs/{run}")
        assert (shown["isCurrentVersion"], shown["status"]) == (False, "running")


@pytest.mark.timeout(60)
async def test_nothing_is_looked_at_where_nobody_watches(tmp_path, monkeypatch):
    monkeypatch.setattr(lookout, "_PERIOD_S", 0.01)
    url = store_url()
    async with served(tmp_path, {}, store=url) as server, elsewhere(tmp_path, url, {"slow": SLOW}):
        await asyncio.sleep(0.3)
        assert server.site.lookout._seen == {}
        async with watching(server):
            assert server.site.lookout._seen.keys() == {"slow"}


@pytest.mark.timeout(60)
async def test_a_flow_that_nobody_executes_is_listed_until_its_runs_are_forgotten(tmp_path):
    url = store_url()
    async with served(tmp_path, {}, store=url) as server:
        async with elsewhere(tmp_path, url, {"items": ITEMS.replace("50ms", "1ms")}):
            run = await ended(server, (await server.post("flows/items/triggers/go/fire"))["run"])
        store = server.site.store
        await store.hold("items")  # buries who was killed
        await store.release("items")
        (flow,) = (await server.get("flows"))["flows"]
        assert (flow["problem"], flow["version"]) == ("no process executes it now", run["version"])
        assert await store.prune(None, 0, 0) == 1
        assert await server.get("flows") == {"flows": []}
        assert (await server.ask("GET", "flows/items")).status == 404


@pytest.mark.timeout(60)
async def test_a_file_that_cannot_be_executed_here_is_no_hindrance_where_others_do(tmp_path):
    """As where a server lacks a secret that the workers have."""
    url = store_url()
    async with served(tmp_path, {"halves": WORK}, store=url) as server:
        alone = await server.get("flows/halves")
        assert (alone["state"], alone["takesActions"]) == ("invalid", False)
        assert "API_KEY" in alone["problem"]
        async with elsewhere(tmp_path, url, {"halves": WORK}, HEADRACE_SECRET_API_KEY="1ms"):
            (shown,) = (await server.get("flows"))["flows"]
            assert (shown["state"], shown["takesActions"]) == ("elsewhere", True)
            assert "API_KEY" in shown["problem"]
            run = (await server.post("flows/halves/triggers/go/fire"))["run"]
            assert (await ended(server, run))["status"] == "succeeded"
