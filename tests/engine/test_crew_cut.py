"""A process that NATS does not hear of is taken for dead; what it did is done by another, once."""

import asyncio
import itertools
import sqlite3
from uuid import uuid4

import pytest

from headrace.errors import StoreError
from headrace.store import RunStatus
from headrace.store.jetstream import JetStreamStore, Place, presence
from support.cut import line_to
from support.flows import Seen, bench
from support.nats_server import shared_server

SPEC = """
nodes:
  start: {{component: common-module/signal}}
  gate: {{component: test-module/probe}}
  write:
    component: database-module/connector
    settings: {{driver: sqlite, database: "{path}", setup: ["CREATE TABLE IF NOT EXISTS t (who text)"]}}
    input: {{query: "INSERT INTO t VALUES ($1)", parameters: ["{who}"]}}
  end: {{component: test-module/probe}}
edges:
  - start -> gate -> write
  - write:result -> end
"""


@pytest.fixture
def far_apart(monkeypatch):
    """Each store is on a host of its own; who is silent for a second is dead."""
    hosts = itertools.count()
    monkeypatch.setattr(presence, "here", lambda: f"host{next(hosts)}")
    monkeypatch.setattr("headrace.store.jetstream.store.here", lambda: f"host{next(hosts)}")
    monkeypatch.setattr("headrace.store.jetstream.care.here", lambda: f"host{next(hosts)}")
    monkeypatch.setattr(presence, "GONE_AFTER_S", 1.0)
    monkeypatch.setattr(presence, "_PERIOD_S", 0.2)
    monkeypatch.setattr("headrace.store.jetstream.care._PERIOD_S", 0.1)


@pytest.mark.timeout(60)
async def test_rule_12_who_was_cut_off_commits_nothing_that_another_has_done(tmp_path, far_apart):
    path, name = tmp_path / "target.db", f"test-{uuid4().hex[:12]}"
    server = shared_server()
    opened, entered = asyncio.Event(), asyncio.Event()

    async def wait(message, context):
        entered.set()
        await opened.wait()

    async def cut_off(line):
        """The process that is cut off, to its end."""
        store = await JetStreamStore.open(Place((f"nats://127.0.0.1:{line.port}",), name), patience_s=30)
        seen = Seen()
        seen.before["gate"] = wait
        try:
            async with bench(SPEC.format(path=path, who="first"), store=store, seen=seen) as flow:
                run = await flow.engine.fire(flow.program, "start")
                started.set_result(run.id)
                await asyncio.Event().wait()
        finally:
            await store.close()

    started = asyncio.get_running_loop().create_future()
    async with line_to(server.port) as line:
        first = asyncio.create_task(cut_off(line))
        run_id = await started
        await entered.wait()
        store = await JetStreamStore.open(Place((server.url,), name), patience_s=10)
        async with bench(SPEC.format(path=path, who="second"), store=store) as flow:
            line.cut()
            while (run := await store.run(run_id)).status is RunStatus.RUNNING:
                await asyncio.sleep(0.05)
            assert (run.status, run.tasks_done) == (RunStatus.SUCCEEDED, 2)
            assert flow.seen["end"]
            opened.set()  # the first writes now, and finds the other's row
            line.mend()
            with pytest.raises(StoreError) as taken_over:
                await first
            assert taken_over.value.code == "HR409"
        await store.close()
    connection = sqlite3.connect(path)
    # The version that the run began with was the first's; it was executed by the other process.
    assert connection.execute("SELECT who FROM t").fetchall() == [("first",)]
    connection.close()
