"""Rule 21: which version of a flow its runs go on with."""

import asyncio

import pytest

from headrace.components import MODULES
from headrace.engine.version import version_record
from headrace.errors import PermanentError, StoreError
from headrace.flow.loader import load_flow, require
from headrace.sdk import Registry
from headrace.source import Source
from headrace.store import RunStatus
from support.flows import HEAD, Seen, bench, probes
from support.stores import KINDS, opened

FLOW = """
vars: {size: 1}
nodes:
  start: {component: common-module/signal}
  later: {component: common-module/async}
  work: {component: test-module/probe, input: {says: "old", size: "{{$vars.size}}"}}
edges:
  - start -> later -> work:in
"""
NEW = FLOW.replace("old", "new").replace("size: 1", "size: 2")
WITHOUT = FLOW.replace("work", "other")


@pytest.fixture(params=sorted(KINDS))
def place(request, tmp_path):
    return KINDS[request.param](tmp_path)


async def _leave(store, spec=FLOW):
    seen, arrived = Seen(), asyncio.Event()

    async def hang(message, context):
        arrived.set()
        await asyncio.Event().wait()

    seen.before["work"] = hang
    async with bench(spec, store=store, seen=seen) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await arrived.wait()
        await flow.engine.drain(0.0)
        return run


async def _bury(store, spec=FLOW):
    seen = Seen()
    seen.fail("work", PermanentError("no"))
    async with bench(spec, store=store, seen=seen) as flow:
        run = await flow.run()
        assert run.status is RunStatus.FAILED
        return run


async def test_rule_21_a_run_finishes_on_the_version_that_it_began_with(place):
    async with opened(place) as store:
        run = await _leave(store)
    async with opened(place) as store, bench(NEW, store=store) as flow:
        (resumed,) = await flow.engine.resume(flow.program)
        assert resumed.id == run.id
        ended = await flow.engine.wait(run.id)
        assert (ended.status, ended.version) == (RunStatus.SUCCEEDED, run.version)
        new = await flow.run()
        assert new.version != run.version
        assert flow.seen["work"] == [{"says": "old", "size": 1}, {"says": "new", "size": 2}]


async def test_a_version_that_does_not_load_any_more_leaves_its_run_as_it_is(place):
    async with opened(place) as store:
        await _leave(store)
    async with opened(place) as store, bench(NEW, store=store) as flow:
        flow.engine._programs._read_version = lambda version: (_ for _ in ()).throw(StoreError("gone"))
        assert await flow.engine.resume(flow.program) == []
        ((stuck, error),) = flow.observer.stuck
        assert error.message == "gone"
        assert (await flow.store.run(stuck)).status is RunStatus.RUNNING
        await flow.engine.cancel(stuck)
        assert (await flow.store.run(stuck)).status is RunStatus.CANCELLED


async def test_rule_21_a_dead_letter_is_retried_on_the_current_version_and_keeps_its_id(place):
    async with opened(place) as store:
        run = await _bury(store)
    async with opened(place) as store, bench(NEW, store=store) as flow:
        (letter,) = await flow.store.dead_letters(run.id)
        await flow.engine.retry(flow.program, letter)
        ended = await flow.engine.wait(run.id)
        assert (ended.status, ended.version) == (RunStatus.SUCCEEDED, flow.program.flow.version)
        assert flow.seen["work"] == [{"says": "new", "size": 2}]
        assert await flow.store.dead_letters(run.id) == []


async def test_rule_21_a_port_that_no_longer_exists_is_refused_and_the_letter_stays(place):
    async with opened(place) as store:
        run = await _bury(store)
    async with opened(place) as store, bench(WITHOUT, store=store) as flow:
        (letter,) = await flow.store.dead_letters(run.id)
        with pytest.raises(StoreError, match="no `work:in` any more") as refused:
            await flow.engine.retry(flow.program, letter)
        assert refused.value.code == "HR408"
        assert len(await flow.store.dead_letters(run.id)) == 1


async def test_a_dead_letter_of_a_run_that_goes_on_with_another_version_waits_for_its_end(place):
    spec = FLOW.replace(
        "- start -> later -> work:in", "- start -> later -> work:in\n  - later -> slow"
    ).replace("edges:", "  slow: {component: test-module/probe}\nedges:")
    seen = Seen()
    async with opened(place) as store:
        seen.fail("work", PermanentError("no"))

        async def hang(message, context):
            await asyncio.Event().wait()

        seen.before["slow"] = hang
        async with bench(spec, store=store, seen=seen) as flow:
            run = await flow.engine.fire(flow.program, "start")
            while not await flow.store.dead_letters(run.id):
                await asyncio.sleep(0.01)
            await flow.engine.drain(0.0)
    new = spec.replace("old", "new")
    async with opened(place) as store, bench(new, store=store, seen=seen) as flow:
        await flow.engine.resume(flow.program)
        (letter,) = await flow.store.dead_letters(run.id)
        with pytest.raises(StoreError, match="still going on with version"):
            await flow.engine.retry(flow.program, letter)
        await flow.engine.drain(0.0)


def test_overrides_belong_to_the_version():
    """`--set` is laid over the file again when the run goes on."""
    registry = Registry((*MODULES, probes(Seen())))
    source = Source("flow.yaml", HEAD + "".join(f"  {line}\n" for line in FLOW.splitlines()))
    plain = require(load_flow(source, registry))
    changed = require(load_flow(source, registry, overrides={"vars.size": 9}))
    assert plain.version != changed.version
    record = version_record(changed)
    again = require(load_flow(Source(record.name, record.text), registry, overrides=record.overrides))
    assert (again.version, again.vars) == (changed.version, {"size": 9})
