"""http-module/server on several machines: a caller is one process's, the run is everybody's (rule 23)."""

import asyncio
import os
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from tests.components.hooks import ACCEPT, KEYED, KEYED_ACCEPT, REPLY, Gate, Hooks, code, hooks, value

from headrace.connections.http import HttpTransport
from headrace.errors import InfrastructureError, TemporaryError
from headrace.store import Caller, RunStatus
from headrace.store.jetstream import JetStreamStore, Place
from support.flows import HEAD, Seen
from support.nats_server import shared_server
from support.ports import free_port

# Who took the request goes on with the first task that it leads to; the second is anybody's.
APART = REPLY.replace(
    "nodes:", "nodes:\n  own: {component: common-module/async}\n  apart: {component: common-module/async}"
).replace("- hook -> work", "- hook -> own\n  - hook -> apart -> work")

pytestmark = pytest.mark.timeout(60)


@dataclass
class Sites:
    """Engines that listen, each at an address of its own."""

    sites: list[Hooks] = field(default_factory=list)
    stacks: list[AsyncExitStack] = field(default_factory=list)

    async def leave(self, number):
        """Have one stop, as on SIGTERM without grace."""
        await self.sites[number].flow.engine.drain(0.0)
        await self.stacks[number].aclose()

    async def settled(self, run_id, fate, viewer=-1):
        await self.sites[viewer].settled(run_id, fate)


@asynccontextmanager
async def cluster(spec, seens=(None, None, None)):
    """One engine for each `Seen`."""
    place = Place((shared_server().url,), f"test-{uuid4().hex[:12]}")
    async with AsyncExitStack() as all_of_them:
        found = Sites()
        for seen in seens:
            stack = await all_of_them.enter_async_context(AsyncExitStack())
            store = await JetStreamStore.open(place, patience_s=10)
            stack.push_async_callback(store.close)
            found.sites.append(await stack.enter_async_context(hooks(spec, store=store, seen=seen or Seen())))
            found.stacks.append(stack)
        yield found


def counted(sites, node="work"):
    return [len(site.flow.seen[node]) for site in sites]


async def test_rule_23_a_caller_is_answered_by_who_holds_the_connection_whoever_did_the_work():
    failed = []

    async def fail(message, context):
        (number,) = message["request"]["bodyJson"]
        if number not in failed:  # else it may wait longer each time, and its caller with it
            failed.append(number)
            raise InfrastructureError("the first engine cannot do it")

    seens = [Seen(before={"work": fail}), Seen(), Seen()]
    async with cluster(APART, seens) as found:
        first = found.sites[0]
        answers = await asyncio.gather(*(first.ask(body=[n]) for n in range(40)))
        assert [value(answer) for answer in answers] == [{"got": [n]} for n in range(40)]
        assert {answer.status for answer in answers} == {201}
        elsewhere = counted(found.sites[1:])
        assert sum(elsewhere) > 5, elsewhere
        for run in await first.flow.store.runs():
            await found.settled(run.id, Caller.ANSWERED)


async def test_rule_23_repeats_at_several_engines_at_once_become_one_run_and_get_one_answer():
    seens = [Seen() for _ in range(3)]
    gates = [Gate(seen) for seen in seens]
    async with cluster(KEYED, seens) as found:
        asked = [
            asyncio.create_task(site.ask(body=[number], X_Id="7"))
            for number, site in enumerate(found.sites * 3)
        ]
        await asyncio.wait(
            [asyncio.create_task(gate.entered.wait()) for gate in gates], return_when=asyncio.FIRST_COMPLETED
        )
        await asyncio.sleep(0.1)
        for gate in gates:
            gate.opened.set()
        answers = [await each for each in asked]
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == 1
        assert sum(counted(found.sites)) == 1
        run = await found.sites[1].only_run()
        await found.settled(run.id, Caller.ANSWERED)
        later = [await site.ask(body=["later"], X_Id="7") for site in found.sites]
        assert {answer.body for answer in later} == {answers[0].body}
        assert sum(counted(found.sites)) == 1


async def test_rule_23_many_keys_at_several_engines_at_once_make_a_run_each():
    async with cluster(KEYED) as found:
        asked = [(key, site) for key in range(20) for site in found.sites]
        answers = await asyncio.gather(*(site.ask(body=[key], X_Id=str(key)) for key, site in asked))
        assert {answer.status for answer in answers} == {201}
        assert [value(answer) for answer in answers] == [{"got": [key]} for key, _ in asked]
        assert sum(counted(found.sites)) == 20
        assert len(await found.sites[0].flow.store.runs()) == 20


async def test_rule_23_a_request_that_was_accepted_is_worked_on_though_who_took_it_has_gone():
    seens = [Seen(), Seen()]
    gate = Gate(seens[0])
    async with cluster(ACCEPT, seens) as found:
        answer = await found.sites[0].ask(body=[1])
        assert answer.status == 202
        run_id = value(answer)["run"]
        await gate.entered.wait()
        await found.leave(0)
        run = await found.sites[1].ended(run_id)
        assert (run.status, run.caller) == (RunStatus.SUCCEEDED, Caller.NONE)
        assert len(seens[1]["work"]) == 1


async def test_rule_23_repeats_of_an_accepted_request_get_its_run_at_every_engine():
    async with cluster(KEYED_ACCEPT) as found:
        answers = await asyncio.gather(*(site.ask(X_Id="7") for site in found.sites * 3))
        assert {answer.status for answer in answers} == {202}
        assert len({answer.body for answer in answers}) == 1
        await found.sites[2].ended(value(answers[0])["run"])
        assert sum(counted(found.sites)) == 1


async def test_rule_23_a_holder_that_stops_is_recorded_and_a_repeat_elsewhere_gets_the_answer():
    seens = [Seen(), Seen()]
    gate = Gate(seens[0])
    async with cluster(KEYED, seens) as found:
        first = asyncio.create_task(found.sites[0].ask(body=[1], X_Id="7"))
        await gate.entered.wait()
        run = await found.sites[1].only_run()
        elsewhere = Gate(seens[1])
        again = asyncio.create_task(found.sites[1].ask(body=[1], X_Id="7"))
        await asyncio.sleep(0.1)
        await found.leave(0)
        refused = await first
        assert (refused.status, code(refused)) == (503, "stopping")
        assert value(refused)["run"] == run.id
        await elsewhere.entered.wait()
        await found.settled(run.id, Caller.LOST)
        elsewhere.opened.set()
        answer = await again
        assert (answer.status, value(answer)) == (201, {"got": [1]})
        await found.settled(run.id, Caller.ANSWERED)


async def test_a_trigger_that_is_paused_at_one_engine_asks_callers_of_all_to_come_again():
    async with cluster(REPLY) as found:
        first = found.sites[0].flow
        await first.engine.switch(first.program, "hook", is_on=False)
        async with asyncio.timeout(5):
            while {(await site.ask(body=[1])).status for site in found.sites} != {503}:
                await asyncio.sleep(0.02)
        await found.sites[2].flow.engine.switch(found.sites[2].flow.program, "hook", is_on=True)
        async with asyncio.timeout(5):
            while {(await site.ask(body=[1])).status for site in found.sites} != {201}:
                await asyncio.sleep(0.02)


# ---- processes that are killed

SLOW = """
nodes:
  hook: {component: http-module/server, settings: {path: /hook, dedupeKey: "{{$.request.headers['x-id']}}"}}
  pause: {component: common-module/delay, settings: {duration: 2s}}
edges:
  - hook -> pause
  - {from: pause, to: hook:response, data: {statusCode: 201, body: {got: "{{$.request.bodyJson}}"}}}
"""


@asynccontextmanager
async def workers(folder, place, count):
    """Worker processes, and where their hooks are."""
    (folder / "flows").mkdir()
    (folder / "flows" / "flow.yaml").write_text(HEAD + "".join(f"  {line}\n" for line in SLOW.split("\n")))
    started, ports = [], [free_port() for _ in range(count)]
    for number, port in enumerate(ports):
        started.append(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "headrace", "worker", "flows", "--store", f"{place.servers[0]}/{place.name}",
                "--address", "127.0.0.1:0", "--listen", f"127.0.0.1:{port}",
                cwd=folder, env={**os.environ, "HEADRACE_HOME": str(folder / f"home{number}")},
                stdout=asyncio.subprocess.DEVNULL,
            )
        )  # fmt: skip
    try:
        for port in ports:
            await listens(port)
        yield started, ports
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def listens(port):
    deadline_s = time.monotonic() + 30
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            assert time.monotonic() < deadline_s
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def test_rule_23_a_holder_that_is_killed_is_recorded_and_a_repeat_elsewhere_gets_the_answer(tmp_path):
    place = Place((shared_server().url,), f"test-{uuid4().hex[:12]}")
    transport = HttpTransport(max_redirects=0)

    async def ask(port, key):
        headers = {"Content-Type": "application/json", "X-Id": key}
        url = f"http://127.0.0.1:{port}/hook"
        return await transport.request("POST", url, headers=headers, body=b"[1]", timeout_s=30)

    async with workers(tmp_path, place, 2) as (processes, ports):
        store = await JetStreamStore.open(place, patience_s=10)
        try:
            held = [asyncio.create_task(ask(ports[0], key)) for key in "ab"]
            while len(runs := await store.runs()) < 2:
                await asyncio.sleep(0.02)
            again = asyncio.create_task(ask(ports[1], "a"))
            await asyncio.sleep(0.2)
            processes[0].kill()
            lost = await asyncio.gather(*held, return_exceptions=True)
            assert all(isinstance(each, TemporaryError) for each in lost), lost
            answer = await again
            assert (answer.status, value(answer)) == (201, {"got": [1]})
            async with asyncio.timeout(20):
                while any(run.status is RunStatus.RUNNING for run in runs):
                    runs = [await store.run(run.id) for run in runs]
                    await asyncio.sleep(0.02)
            assert [run.status for run in runs] == [RunStatus.SUCCEEDED] * 2
            fates = {run.caller for run in [await store.run(run.id) for run in runs]}
            assert fates == {Caller.ANSWERED, Caller.LOST}
        finally:
            await store.close()
            await transport.close()
