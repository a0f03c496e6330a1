"""A server that executes nothing itself, on a store that workers share: real processes, real NATS."""

import asyncio
import os
from contextlib import AsyncExitStack

import pytest
from tests.cli.cluster import store_url

from headrace.store import RunStatus
from web.served import served
from web.test_events import watching
from web.workers import working

ITEMS = """
  concurrency: 4
  nodes:
    go: {component: common-module/signal}
    each: {component: common-module/iterator, settings: {durable: true, concurrency: 4, batchSize: 1}}
    rest: {component: common-module/delay, settings: {duration: 50ms}}
    last: {component: common-module/modify}
  edges:
    - {from: go:out, to: each:in, data: {array: "{{range(60)}}"}}
    - each:item -> rest -> last
"""
RECEIVED = {"each": 1, "rest": 60, "last": 60}
CROSSED = {"e0": 1, "e1": 60, "e2": 60}


@pytest.mark.timeout(60)
async def test_a_server_without_work_shows_all_that_a_worker_does(tmp_path):
    url = store_url()
    async with (
        served(tmp_path, {"items": ITEMS}, store=url, most_tasks=0) as server,
        AsyncExitStack() as closing,
    ):
        async with watching(server) as stream:  # who executes the flow is read anew
            worker = await closing.enter_async_context(working(server.folder, url))
            there = 0
            while there < 2:
                assert await stream.next("flow_changed") == ("flow_changed", {"flow": "items"})
                there = len((await server.get("flows/items"))["executors"])
        await watches_and_finds(server, worker.pid)


async def watches_and_finds(server, worker):
    host = os.uname().nodename
    executors = [
        {"host": host, "process": os.getpid(), "isSelf": True},
        {"host": host, "process": worker, "isSelf": False},
    ]
    for _ in range(2):
        told = []
        async with watching(server, "?flow=items") as stream:
            run = (await server.post("flows/items/triggers/go/fire"))["run"]
            while not told or told[-1]["runs"] or told[-1]["nodes"]["last"]["received"] < 60:
                told.append((await stream.next("progress"))[1])
        assert (await server.site.store.run(run)).status is RunStatus.SUCCEEDED
        under_way = [live for live in told if live["runs"] and live["nodes"]["rest"]["received"]]
        assert any(0 < live["nodes"]["last"]["received"] < 60 for live in under_way)
        assert any(live["nodes"]["rest"]["rate"] > 0 for live in under_way)
        assert any(live["nodes"]["rest"]["active"] > 0 for live in under_way)
        for node in RECEIVED:
            counts = [live["nodes"][node]["received"] for live in told]
            assert counts == sorted(counts)
        for live in (told[-1], (await server.get("flows/items"))["live"]):
            assert {name: node["received"] for name, node in live["nodes"].items()} == RECEIVED
            assert {name: edge["crossed"] for name, edge in live["edges"].items()} == CROSSED
    assert (await server.get("flows/items"))["executors"] == executors


@pytest.mark.timeout(60)
async def test_who_looks_only_afterwards_sees_all_that_was_done(tmp_path):
    url = store_url()
    flows = {"items": ITEMS.replace("50ms", "1ms")}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        served(tmp_path / "a", flows, store=url, most_tasks=0) as server,
        served(tmp_path / "b", flows, store=url),
    ):
        run = await server.fire(flow="items")
        live = (await server.get("flows/items/live"))["live"]
        assert {name: node["received"] for name, node in live["nodes"].items()} == RECEIVED
        assert {name: edge["crossed"] for name, edge in live["edges"].items()} == CROSSED
        async with asyncio.timeout(10):
            while (shown := await server.get(f"runs/{run}"))["profile"] is None:
                await asyncio.sleep(0.01)
        profile = shown["profile"]
        assert {name: node["received"] for name, node in profile["nodes"].items()} == RECEIVED
        assert len(profile["tasks"]) == sum(profile["steps"]["tasks"]) == shown["tasks"]
