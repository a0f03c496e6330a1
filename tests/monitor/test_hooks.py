"""Hooks over real HTTP and real stores: told once for each time, and not forgotten by a process that ends."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from headrace.app.session import open_engine
from headrace.components import MODULES
from headrace.errors import FlowError, PermanentError
from headrace.flow.loader import load_flow, require
from headrace.monitor import hooks as module
from headrace.sdk import Registry
from headrace.source import Source
from headrace.store import MemoryStore, NoticeKind, RunFilter, RunStatus
from support.clock import JumpingClock
from support.flows import Seen, probes
from support.ports import free_port
from support.receiver import receiving
from support.stores import KINDS, opened

WORK = """apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: work}
spec:
  secrets: [hook]
  retry: {maxAttempts: 1}
  hooks: HOOKS
  nodes:
    start: {component: common-module/signal}
    do: {component: test-module/probe}
  edges: [start -> do]
"""
ALERTS = """apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: alerts}
spec:
  nodes:
    take: {component: common-module/signal}
    alert: {component: test-module/probe}
  edges: [take -> alert]
"""
POSTS = """{onFailure: {after: 3, webhook: {url: "{{$.secrets.hook}}", headers: {X-Team: "a {{'b'}}"}}},
    onRecovery: {webhook: {url: "{{$.secrets.hook}}"}}}"""
FIRES = "{onFailure: {flow: alerts}, onRecovery: {flow: alerts, trigger: take}}"


class Working:
    """An engine with a flow whose runs end as is said."""

    def __init__(self, engine, seen, registry):
        self.engine = engine
        self.seen = seen
        self.registry = registry

    async def load(self, text, url=""):
        flow = require(load_flow(Source("flow.yaml", text), self.registry))
        return await self.engine.load(flow, {"hook": url})

    async def end(self, program, ends):
        """Run it, once for each letter: `F` fails, `S` succeeds."""
        for end in ends:
            self.seen.errors["do"] = [PermanentError("it broke", code="T1")] if end == "F" else []
            run = await self.engine.fire(program, "start")
            ended = await self.engine.wait(run.id)
            assert ended.status is (RunStatus.FAILED if end == "F" else RunStatus.SUCCEEDED)
        return ended


@asynccontextmanager
async def working(store, tmp_path, clock=None):
    """An engine as `open_engine` makes it; the store is left open."""
    seen = Seen()
    closing, store.close = store.close, nothing
    try:
        async with open_engine(tmp_path, store=store, clock=clock) as engine:
            yield Working(engine, seen, Registry((*MODULES, probes(seen))))
    finally:
        store.close = closing


async def nothing():
    """Close nothing."""


async def until(condition):
    """Wait for what comes by itself."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture(params=sorted(KINDS))
def place(request, tmp_path):
    return KINDS[request.param](tmp_path)


async def test_a_webhook_is_told_of_failures_in_a_row_once_and_of_the_recovery(place, tmp_path):
    with receiving() as receiver:
        async with opened(place) as store, working(store, tmp_path) as work:
            program = await work.load(WORK.replace("HOOKS", POSTS), receiver.url)
            await work.end(program, "FFSFF")
            third = await work.end(program, "F")
            await work.end(program, "F")
            await until(lambda: receiver.posted)
            well = await work.end(program, "SS")
            await until(lambda: len(receiver.posted) == 2)
        failure, recovery = receiver.posted
    assert (failure["event"], failure["flow"], failure["run"], failure["failures"]) == (
        "failure", "work", third.id, 3,
    )  # fmt: skip
    assert failure["error"] == {"code": "T1", "message": "it broke", "node": "do", "place": "flow.yaml:11:5"}
    assert failure["startedAt"] < failure["endedAt"]
    assert (recovery["event"], recovery["error"], recovery["failures"]) == ("recovery", None, 4)
    assert recovery["run"] != well.id  # the first that succeeded, not the last
    first, second = receiver.headers
    assert (first["x-team"], first["content-type"]) == ("a b", "application/json")
    assert first["idempotency-key"] != second["idempotency-key"]


async def test_a_webhook_that_refuses_is_told_again_with_the_same_key(tmp_path, caplog):
    store, clock = MemoryStore(), JumpingClock()
    with receiving() as receiver:
        receiver.statuses = [500, 404]
        async with working(store, tmp_path, clock) as work:
            program = await work.load(WORK.replace("HOOKS", POSTS), receiver.url)
            await work.end(program, "FFF")
            await until(lambda: len(receiver.posted) == 3)
        assert receiver.posted[0] == receiver.posted[2]
        assert len({headers["idempotency-key"] for headers in receiver.headers}) == 1
    assert "the webhook answered 500; tried again in 1 s" in caplog.text
    assert await store.notices("work") == []


async def test_what_a_process_could_not_send_the_next_one_sends(place, tmp_path, caplog):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with opened(place) as store, working(store, tmp_path) as work:
        program = await work.load(WORK.replace("HOOKS", POSTS), url)
        await work.end(program, "FFF")
        await until(lambda: "tried again in 1 s" in caplog.text)
        left_s = time.monotonic()
    assert time.monotonic() - left_s < 2  # what waits to be sent again is not waited for
    with receiving(port) as receiver:
        async with opened(place) as store, working(store, tmp_path) as work:
            await work.load(WORK.replace("HOOKS", POSTS), url)
            await until(lambda: receiver.posted)
            assert [posted["event"] for posted in receiver.posted] == ["failure"]
    with receiving(port) as receiver:
        async with opened(place) as store, working(store, tmp_path) as work:
            program = await work.load(WORK.replace("HOOKS", POSTS), url)
            await work.end(program, "F")
        assert receiver.posted == []


async def test_what_a_process_that_died_had_not_announced_the_next_one_announces(place, tmp_path):
    """The runs are in the store; nobody looked at how they ended."""
    async with opened(place) as store, working(store, tmp_path) as work:
        program = await work.load(WORK.replace("  hooks: HOOKS\n", ""))
        await work.end(program, "SFFF")
    with receiving() as receiver:
        async with opened(place) as store, working(store, tmp_path) as work:
            await work.load(WORK.replace("HOOKS", POSTS), receiver.url)
            await until(lambda: receiver.posted)
        assert receiver.posted[0]["failures"] == 3


async def test_a_streak_longer_than_what_is_looked_at_mostly_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LATEST", 2)
    with receiving() as receiver:
        async with working(MemoryStore(), tmp_path) as work:
            program = await work.load(WORK.replace("HOOKS", POSTS), receiver.url)
            await work.end(program, "FFF")
            await until(lambda: receiver.posted)
        assert receiver.posted[0]["failures"] == 3


async def test_runs_that_end_while_it_is_looked_are_one_further_look(tmp_path):
    looks, goes = [], asyncio.Event()

    class Slow(MemoryStore):
        async def last_notice(self, flow):
            looks.append(flow)
            await goes.wait()
            return await super().last_notice(flow)

    async with working(Slow(), tmp_path) as work:
        program = await work.load(WORK.replace("HOOKS", POSTS), "http://127.0.0.1:1")
        await until(lambda: looks)
        await work.end(program, "S" * 20)
        goes.set()
    assert looks == ["work"] * 2


async def test_a_notice_whose_sending_ends_while_notices_are_read_is_not_sent_again(tmp_path):
    class Slow(MemoryStore):
        was_announced, was_read, is_sent = False, asyncio.Event(), asyncio.Event()

        async def notices(self, flow):
            found = await super().notices(flow)
            if self.was_announced:
                self.was_read.set()
                await self.is_sent.wait()
            self.was_announced = bool(found)
            return found

        async def sent(self, notice):
            await self.was_read.wait()
            await super().sent(notice)
            self.is_sent.set()

    store = Slow()
    with receiving() as receiver:
        async with working(store, tmp_path) as work:
            program = await work.load(WORK.replace("HOOKS", POSTS), receiver.url)
            await work.end(program, "FFF")
            await until(lambda: receiver.posted)
            await work.end(program, "F")
            await store.is_sent.wait()
        assert len(receiver.posted) == 1


async def test_a_flows_signal_is_fired_once_with_what_is_told(place, tmp_path):
    async with opened(place) as store:
        async with working(store, tmp_path) as work:
            await work.load(ALERTS)
            program = await work.load(WORK.replace("HOOKS", FIRES))
            failed = await work.end(program, "F")
            await work.end(program, "FS")
            await until(lambda: len(work.seen.messages.get("alert", ())) == 2)
            told = [message["payload"] for message in work.seen.messages["alert"]]
        assert [message["event"] for message in told] == ["failure", "recovery"]
        assert told[0]["run"] == failed.id
    async with opened(place) as store:
        async with working(store, tmp_path) as work:
            await work.load(ALERTS)
            await work.load(WORK.replace("HOOKS", FIRES))
        assert len(await store.runs(RunFilter(flow="alerts"))) == 2


async def test_a_firing_whose_notice_was_not_known_to_be_sent_is_not_repeated(tmp_path):
    """The process died after the firing, and before it noted that."""
    store = MemoryStore()
    async with working(store, tmp_path) as work:
        await work.load(ALERTS)
        program = await work.load(WORK.replace("HOOKS", FIRES))
        await work.end(program, "F")
        await until(lambda: work.seen.messages.get("alert"))
    notice = await store.last_notice("work")
    store._notices[notice.id] = notice
    async with working(store, tmp_path) as work:
        await work.load(ALERTS)
        await work.load(WORK.replace("HOOKS", FIRES))
    assert await store.notices("work") == []
    assert len(await store.runs(RunFilter(flow="alerts"))) == 1


async def test_a_flow_that_another_process_executes_is_asked_for(tmp_path):
    async with opened(KINDS["sqlite"](tmp_path)) as store:
        async with working(store, tmp_path) as work:
            program = await work.load(WORK.replace("HOOKS", "{onFailure: {flow: alerts, trigger: take}}"))
            await work.end(program, "F")
        (request,) = await store.requests("alerts")
        assert (request.trigger, request.data["event"]) == ("take", "failure")
        assert await store.notices("work") == []


async def test_a_signal_that_cannot_be_told_is_a_warning_until_it_can(tmp_path, caplog):
    store, clock = MemoryStore(), JumpingClock()
    async with working(store, tmp_path, clock) as work:
        program = await work.load(WORK.replace("HOOKS", "{onFailure: {flow: alerts}}"))
        await work.end(program, "F")
        await until(lambda: "`trigger` has to name what is fired" in caplog.text)
        await work.load(ALERTS)
        await until(lambda: work.seen.messages.get("alert"))


async def test_recovery_alone_may_be_told(tmp_path):
    with receiving() as receiver:
        async with working(MemoryStore(), tmp_path) as work:
            only = '{onRecovery: {webhook: {url: "{{$.secrets.hook}}"}}}'
            program = await work.load(WORK.replace("HOOKS", only), receiver.url)
            await work.end(program, "FFS")
            await until(lambda: receiver.posted)
        assert [posted["event"] for posted in receiver.posted] == ["recovery"]


async def test_what_nobody_takes_for_a_day_is_given_up(tmp_path, caplog):
    store, clock = MemoryStore(), JumpingClock()
    with receiving() as receiver:
        receiver.statuses = [503] * 10_000
        async with working(store, tmp_path, clock) as work:
            program = await work.load(WORK.replace("HOOKS", POSTS), receiver.url)
            await work.end(program, "FFF")
            await until(lambda: "given up" in caplog.text)
            async with asyncio.timeout(10):
                while await store.notices("work"):
                    await asyncio.sleep(0.01)
        assert (await store.last_notice("work")).kind is NoticeKind.FAILURE
        assert 24 * 3600 <= clock.slept_s < 25 * 3600


async def test_an_address_that_is_none_is_found_when_the_flow_starts_and_not_told(tmp_path):
    async with working(MemoryStore(), tmp_path) as work:
        with pytest.raises(FlowError) as caught:
            await work.load(WORK.replace("HOOKS", POSTS), "hunter2")
    assert "must begin with https://" in str(caught.value.findings[0].message)
    assert "hunter2" not in str(caught.value.findings)
