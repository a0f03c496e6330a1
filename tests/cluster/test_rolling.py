"""What a rolling update does to runs: a new pod comes, an old one goes, and nothing is lost or done twice.

The pods are engines here, on a real store on NATS: one of the old version, which stops as a worker does on SIGTERM, and
one of the new.
"""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from headrace.store import RunStatus
from headrace.store.jetstream import JetStreamStore, Place
from support.flows import Seen, bench
from support.nats_server import shared_server

PAGES = 60
OLD = f"""
nodes:
  start: {{component: common-module/signal}}
  page: {{component: test-module/probe}}
  more: {{component: common-module/router, settings: {{rules: [{{name: r, when: "{{{{$.page < {PAGES}}}}}", outputPort: again}}]}}}}
  end: {{component: test-module/probe}}
edges:
  - {{from: start:out, to: page:in, data: {{page: 1}}}}
  - page -> more
  - {{from: more:again, to: page:in, data: {{page: "{{{{$.page + 1}}}}"}}}}
  - more:default -> end
"""
NEW = f"timeout: 5m\n{OLD}"


@pytest.mark.timeout(60)
async def test_a_run_goes_on_while_the_pods_are_replaced():
    place = Place((shared_server().url,), f"test-{uuid4().hex[:12]}")
    before, after = Seen(), Seen()
    async with AsyncExitStack() as first, AsyncExitStack() as second:

        async def pod(stack, spec, seen):
            store = await JetStreamStore.open(place, patience_s=10)
            stack.push_async_callback(store.close)
            return await stack.enter_async_context(bench(spec, store=store, seen=seen))

        old = await pod(first, OLD, before)
        run = await old.engine.fire(old.program, "start")
        while len(before["page"]) < 5:
            await asyncio.sleep(0.01)
        new = await pod(second, NEW, after)
        assert new.program.flow.version != old.program.flow.version
        await new.engine.resume(new.program)
        await old.engine.drain(10)
        await first.aclose()
        ended = await new.engine.wait(run.id)
    pages = [message["page"] for message in (*before["page"], *after["page"])]
    assert (ended.status, ended.version) == (RunStatus.SUCCEEDED, old.program.flow.version)
    assert sorted(pages) == list(range(1, PAGES + 1))
    assert len(before["end"]) + len(after["end"]) == 1
    assert len(before["page"]) < PAGES, "the old pod was gone before the run ended"
