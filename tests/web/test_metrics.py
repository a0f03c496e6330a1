"""`/metrics` and the log of `headrace serve`: what those get who operate it."""

import asyncio
import logging

from web.served import READ, served

FAILS = {"num": 0}


async def test_prometheus_scrapes_with_a_token_for_looking(tmp_path):
    async with served(tmp_path) as server:
        await server.fire()
        await server.fire(FAILS)
        assert (await server.ask("GET", "/metrics", token="")).status == 401
        reply = await server.ask("GET", "/metrics", token=READ)
    assert reply.status == 200
    assert reply.headers["cache-control"] == "no-store"
    assert {name.lower(): value for name, value in reply.headers.items()}["content-type"].startswith(
        "text/plain; version=0.0.4"
    )
    lines = reply.body.decode().splitlines()
    assert 'headrace_runs_total{flow="sync",status="succeeded"} 1.0' in lines
    assert 'headrace_runs_total{flow="sync",status="failed"} 1.0' in lines
    assert 'headrace_dead_letters_total{flow="sync"} 1.0' in lines


async def test_how_runs_begin_and_end_is_logged_with_their_errors(tmp_path, caplog):
    caplog.set_level(logging.INFO, "headrace.runs")
    async with served(tmp_path) as server:
        run = await server.fire(FAILS)
    told = [record for record in caplog.records if record.name == "headrace.runs"]
    assert [(record.levelname, record.run, record.flow) for record in told] == [
        ("INFO", run, "sync"),
        ("WARNING", run, "sync"),
        ("WARNING", run, "sync"),
    ]
    started, error, ended = (record.getMessage() for record in told)
    assert started == f"run {run} of sync started by go"
    assert "(dead)" in error
    assert ended == f"run {run} of sync failed"
    assert (told[1].node, told[1].facts["fate"]) == ("halve", "dead")
    assert told[2].facts["deadLetters"] == 1


async def test_a_profile_of_a_run_that_is_left_open_at_a_stop_is_kept(tmp_path):
    slow = """
  nodes:
    go: {component: common-module/signal}
    wait: {component: common-module/delay, settings: {duration: 1h}}
  edges: [go -> wait]
"""
    url = f"sqlite:///{tmp_path}/store.db"
    async with served(tmp_path, {"slow": slow}, store=url, grace_s=0.1) as server:
        fired = await server.post("flows/slow/triggers/go/fire", {})
        while not any(span["node"] == "wait" for span in await spans(server, fired["run"])):
            await asyncio.sleep(0.01)
    async with served(tmp_path, {}, store=url, grace_s=0.1) as server:  # which goes on with the run
        found = [span["result"] for span in await spans(server, fired["run"])]
    assert found[:2] == ["done", "dropped"]


async def spans(server, run):
    """The tasks of a run, as far as they are told."""
    profile = (await server.get(f"runs/{run}"))["profile"]
    return [] if profile is None else profile["tasks"]
