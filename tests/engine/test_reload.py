"""A flow's version is replaced while its runs go on; a flow is given up; a trigger is switched by a person."""

import asyncio
import gc
import weakref

import pytest

from components.hooks import ACCEPT, REPLY, code, hooks
from headrace.engine import Engine
from headrace.errors import StoreError, TemporaryError, UsageError
from headrace.flow.loader import load_flow, require
from headrace.source import Source
from headrace.store import MemoryStore, RunFilter, RunStatus
from headrace.store.sqlite import SqliteStore
from support.flows import HEAD, Seen, bench
from support.made import FLOW
from support.stores import opened_file

SPEC = """
nodes:
  start: {{component: common-module/signal}}
  {node}: {{component: test-module/probe}}
edges:
  - start -> {node}
"""
TICKER = """
nodes:
  start: {component: common-module/ticker, settings: {interval: 1h, emitOnStart: true}}
  end: {component: test-module/probe}
edges:
  - start -> end
"""


def version(flow, spec, name="test"):
    text = HEAD.replace("name: test", f"name: {name}") + spec.replace("\n", "\n  ")
    return require(load_flow(Source(f"{name}.yaml", text), flow.registry))


class Held:
    """A probe that holds messages until they are let go."""

    def __init__(self) -> None:
        self.came, self.goes = asyncio.Event(), asyncio.Event()

    async def __call__(self, message, context):
        self.came.set()
        await self.goes.wait()


async def test_a_run_goes_on_with_its_version_and_the_next_one_is_of_the_new():
    seen, held = Seen(), Held()
    seen.before["old"] = held
    async with bench(SPEC.format(node="old"), seen=seen) as flow:
        first = await flow.engine.fire(flow.program, "start", {"a": 1})
        await held.came.wait()
        program = await flow.engine.reload(version(flow, SPEC.format(node="new")), {})
        second = await flow.engine.fire(program, "start", {"a": 2})
        assert (await flow.engine.wait(second.id)).status is RunStatus.SUCCEEDED
        held.goes.set()
        ended = await flow.engine.wait(first.id)
        assert ended.status is RunStatus.SUCCEEDED
        assert first.version != second.version
    assert (len(seen["old"]), len(seen["new"])) == (1, 1)


async def test_an_earlier_version_is_closed_once_its_last_run_has_ended():
    seen, held, closed = Seen(), Held(), []
    seen.before["old"] = held
    async with bench(SPEC.format(node="old"), seen=seen) as flow:
        component = flow.program.units["old"].component

        async def close():
            closed.append(True)

        first = await flow.engine.fire(flow.program, "start")
        await held.came.wait()
        component.close = close
        flow.engine._programs._opened[flow.program].push_async_callback(close)
        await flow.engine.reload(version(flow, SPEC.format(node="new")), {})
        assert closed == []
        held.goes.set()
        await flow.engine.wait(first.id)
        async with asyncio.timeout(5):
            while not closed:
                await asyncio.sleep(0.005)


async def test_versions_that_nothing_is_of_any_more_at_once_are_all_closed():
    seen, held, closed, may_close = Seen(), Held(), [], asyncio.Event()
    async with bench(SPEC.format(node="n0"), seen=seen) as flow:

        async def close(node):
            await may_close.wait()
            closed.append(node)

        program, runs = flow.program, []
        for number in range(3):
            seen.before[f"n{number}"] = held
            flow.engine._programs._opened[program].push_async_callback(close, number)
            held.came.clear()
            runs.append(await flow.engine.fire(program, "start"))
            await held.came.wait()
            program = await flow.engine.reload(version(flow, SPEC.format(node=f"n{number + 1}")), {})
        held.goes.set()
        for run in runs:
            assert (await flow.engine.wait(run.id)).status is RunStatus.SUCCEEDED
        may_close.set()
        async with asyncio.timeout(5):
            while len(closed) < 3:
                await asyncio.sleep(0.005)
        assert sorted(closed) == [0, 1, 2]


async def test_a_version_with_which_a_firing_begins_is_not_closed_meanwhile():
    seen, closed, came, goes = Seen(), [], asyncio.Event(), asyncio.Event()

    class Slow(MemoryStore):
        async def fire(self, request):
            came.set()
            await goes.wait()
            return await super().fire(request)

    async def look(message, context):
        assert closed == []

    seen.before["old"] = look
    async with bench(SPEC.format(node="old"), seen=seen, store=Slow()) as flow:

        async def close():
            closed.append(True)

        flow.engine._programs._opened[flow.program].push_async_callback(close)
        firing = asyncio.create_task(flow.engine.fire(flow.program, "start"))
        await came.wait()
        await flow.engine.reload(version(flow, SPEC.format(node="new")), {})
        goes.set()
        run = await flow.engine.wait((await firing).id)
        assert (run.status, len(seen["old"])) == (RunStatus.SUCCEEDED, 1)
        async with asyncio.timeout(5):
            while not closed:
                await asyncio.sleep(0.005)


async def test_a_request_that_came_to_an_earlier_version_fires_the_current_one():
    async with hooks(ACCEPT) as site:
        host, port = site.base.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
        component = site.flow.program.units["hook"].component
        async with asyncio.timeout(5):
            while not component._open:
                await asyncio.sleep(0.005)
        changed = version(site.flow, ACCEPT.replace("nodes:", "vars: {a: 1}\nnodes:"))
        program = await site.flow.engine.reload(changed, {})
        writer.write(b"}")
        assert b" 202 " in await reader.readline()
        writer.close()
        run = await site.only_run()
        assert (run.version, (await site.ended(run.id)).status) == (program.flow.version, RunStatus.SUCCEEDED)


async def test_a_request_that_came_to_a_flow_that_is_given_up_is_refused():
    async with hooks(ACCEPT) as site:
        receiver = site.flow.program.units["hook"].component._receiver
        await site.flow.engine.dismiss("test")
        with pytest.raises(TemporaryError, match="not executed here any more"):
            await receiver.fire({})


async def test_a_version_that_is_closed_takes_no_memory():
    async with bench(SPEC.format(node="old")) as flow:
        earlier = []
        for number in range(3):
            program = await flow.engine.reload(version(flow, SPEC.format(node=f"n{number}")), {})
            earlier.append(weakref.ref(program))
        del program
        gc.collect()
        assert [program() is None for program in earlier] == [True, True, False]


async def test_a_flow_that_does_not_open_is_left_to_others_and_its_runs_go_on_once_it_does(
    tmp_path, monkeypatch
):
    path, seen, held = tmp_path / "store.db", Seen(), Held()
    seen.before["old"] = held
    async with opened_file(path) as store, bench(SPEC.format(node="old"), seen=seen, store=store) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await held.came.wait()
    held.goes.set()

    async def fail(self, resources):
        raise TemporaryError("it is away")

    loaded = flow.program.flow
    async with opened_file(path) as store, opened_file(path) as other, Engine(store, tmp_path) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(loaded.nodes["old"].spec.factory, "open", fail)
            with pytest.raises(TemporaryError):
                await engine.load(loaded, {})
        assert await other.executors("test") == ()
        (left,) = await engine.resume(await engine.load(loaded, {}))
        assert left.id == run.id
        assert (await engine.wait(run.id)).status is RunStatus.SUCCEEDED


async def test_a_version_that_does_not_open_changes_nothing():
    async with hooks(ACCEPT) as site:
        other = version(site.flow, ACCEPT.replace("/hook", "/taken"), name="other")
        program = await site.flow.engine.load(other, {})
        await site.flow.engine.listen(program)
        changed = version(site.flow, ACCEPT.replace("/hook", "/taken"))
        with pytest.raises(UsageError, match="which `hook` of `other` takes"):
            await site.flow.engine.reload(changed, {})
        assert (await site.ask("/hook")).status == 202
        (run,) = await site.flow.store.runs(RunFilter(flow="test"))
        assert run.version == site.flow.program.flow.version


async def test_no_request_finds_nobody_while_versions_are_replaced():
    statuses = set()
    async with hooks(ACCEPT) as site:

        async def ask():
            while True:
                statuses.add((await site.ask("/hook")).status)

        asking = asyncio.create_task(ask())
        for number in range(20):
            spec = ACCEPT.replace("nodes:", f"vars: {{number: {number}}}\nnodes:")
            await site.flow.engine.reload(version(site.flow, spec), {})
            await asyncio.sleep(0.01)
        asking.cancel()
        versions = {run.version for run in await site.flow.store.runs(RunFilter(limit=1000))}
    assert statuses == {202}
    assert len(versions) > 5


async def test_who_waits_for_an_answer_of_the_earlier_version_gets_it():
    seen, held = Seen(), Held()
    seen.before["work"] = held
    async with hooks(REPLY, seen=seen) as site:
        asking = asyncio.create_task(site.ask(body={"a": 1}))
        await held.came.wait()
        await site.flow.engine.reload(version(site.flow, ACCEPT), {})
        held.goes.set()
        assert (await asking).status == 201


async def test_a_flow_that_is_given_up_may_be_executed_by_another_once_its_runs_have_ended(tmp_path):
    seen, held = Seen(), Held()
    seen.before["old"] = held
    path = tmp_path / "store.db"
    async with (
        bench(SPEC.format(node="old"), seen=seen, store=await SqliteStore.open(path)) as flow,
        opened_file(path) as other,
    ):
        first = await flow.engine.fire(flow.program, "start")
        await held.came.wait()
        await flow.engine.dismiss("test")
        with pytest.raises(StoreError):
            await other.adopt(FLOW)
        held.goes.set()
        await flow.engine.wait(first.id)
        async with asyncio.timeout(5):
            while await other.executors("test"):
                await asyncio.sleep(0.005)
        assert (await other.adopt(FLOW)).runs == ()


async def test_a_flow_that_is_given_up_may_be_taken_back():
    async with bench(SPEC.format(node="old")) as flow:
        held = Held()
        flow.seen.before["old"] = held
        first = await flow.engine.fire(flow.program, "start")
        await held.came.wait()
        await flow.engine.dismiss("test")
        program = await flow.engine.reload(version(flow, SPEC.format(node="new")), {})
        held.goes.set()
        await flow.engine.wait(first.id)
        second = await flow.engine.fire(program, "start")
        assert (await flow.engine.wait(second.id)).status is RunStatus.SUCCEEDED


async def test_a_schedule_that_is_stopped_fires_no_more_and_begins_anew_where_it_is_started(jumping_clock):
    seen = Seen()
    async with bench(TICKER, seen=seen, clock=jumping_clock) as flow:
        await flow.engine.follow(flow.program)
        await jumping_clock.sleep(2.5 * 3600)
        assert len(seen["end"]) == 3
        await flow.engine.switch(flow.program, "start", is_on=False)
        assert not flow.engine.is_on(flow.program, "start")
        await jumping_clock.sleep(10 * 3600)
        assert len(seen["end"]) == 3
        await flow.engine.switch(flow.program, "start", is_on=True)
        await jumping_clock.sleep(0.5 * 3600)
        assert len(seen["end"]) == 3  # nothing is made up for, and it does not emit at once
        await jumping_clock.sleep(1.0 * 3600)
        assert len(seen["end"]) == 4


async def test_what_a_person_has_stopped_is_so_after_a_restart_and_in_the_next_version(jumping_clock):
    store, seen = MemoryStore(), Seen()
    async with bench(TICKER, seen=seen, clock=jumping_clock, store=store) as flow:
        await flow.engine.switch(flow.program, "start", is_on=False)
    async with bench(TICKER, seen=seen, clock=jumping_clock, store=store) as flow:
        await flow.engine.follow(flow.program)
        program = await flow.engine.reload(version(flow, TICKER.replace("1h", "2h")), {})
        await jumping_clock.sleep(10 * 3600)
        assert seen["end"] == []
        await flow.engine.switch(program, "start", is_on=True)
        assert await flow.store.switches("test") == {}  # as its file has it
        await jumping_clock.sleep(3 * 3600)
        assert len(seen["end"]) == 1


async def test_several_who_switch_a_schedule_at_once_leave_one_that_follows_it(jumping_clock):
    seen = Seen()
    async with bench(TICKER, seen=seen, clock=jumping_clock) as flow:
        await flow.engine.follow(flow.program)
        await jumping_clock.sleep(1800)
        for is_on in (False, True):
            switches = [flow.engine.switch(flow.program, "start", is_on=is_on) for _ in range(3)]
            await asyncio.gather(*switches)
        following = [task for task in asyncio.all_tasks() if "Timetable.follow" in repr(task)]
        assert len(following) == 1
        await jumping_clock.sleep(2.5 * 3600)
        assert len(seen["end"]) == 3


async def test_who_switches_a_trigger_while_its_version_is_replaced_switches_that_of_the_next(jumping_clock):
    seen = Seen()
    async with bench(TICKER, seen=seen, clock=jumping_clock) as flow:
        await flow.engine.follow(flow.program)
        await jumping_clock.sleep(1800)
        changed = version(flow, TICKER.replace("1h", "2h"))
        await flow.engine.reload(changed, {})
        await flow.engine.switch(
            flow.program, "start", is_on=False
        )  # by the version that was there when asked
        await jumping_clock.sleep(10 * 3600)
        fired = len(seen["end"])
        await jumping_clock.sleep(10 * 3600)
        assert len(seen["end"]) == fired
        assert not [task for task in asyncio.all_tasks() if "Timetable.follow" in repr(task)]


async def test_a_webhook_that_its_file_starts_again_takes_what_comes():
    stopped = ACCEPT.replace("settings", "control: {start: false}, settings")
    async with hooks(ACCEPT) as site:
        await site.flow.engine.reload(version(site.flow, stopped), {})
        await site.flow.engine.reload(version(site.flow, ACCEPT), {})
        assert (await site.ask()).status == 202


async def test_a_webhook_that_is_paused_asks_to_come_again():
    async with hooks(ACCEPT) as site:
        await site.flow.engine.switch(site.flow.program, "hook", is_on=False)
        refused = await site.ask()
        assert (refused.status, code(refused), refused.headers["retry-after"]) == (503, "paused", "60")
        await site.flow.engine.switch(site.flow.program, "hook", is_on=True)
        assert (await site.ask()).status == 202
        assert len(await site.flow.store.runs()) == 1
