"""http-module/server: how much it takes, from whom, beside whom, and until when. Real sockets."""

import asyncio
import base64
import json

import pytest
from tests.components.hooks import ACCEPT, REPLY, Gate, code, hooks, value

from headrace.app.secrets import Secrets
from headrace.errors import StoreError, UsageError
from headrace.flow.loader import load_flow, require
from headrace.sdk import Registry
from headrace.source import Source
from headrace.store import Caller, RunStatus
from support.crossing import crossings_watched
from support.flows import HEAD, Seen, bench
from support.stores import KINDS, opened


@pytest.fixture(autouse=True)
def messages_are_like_their_shapes(monkeypatch):
    with crossings_watched(monkeypatch):
        yield


@pytest.fixture(params=sorted(KINDS))
async def store(request, tmp_path):
    async with opened(KINDS[request.param](tmp_path)) as store:
        yield store


# ---- bounds, and the end


@pytest.mark.parametrize("bound", ["maxConcurrency: 1", "maxOpenRuns: 1"])
async def test_more_requests_than_there_is_room_for_get_503(bound):
    seen = Seen()
    gate = Gate(seen)
    async with hooks(REPLY.replace("path: /hook", f"path: /hook, {bound}"), seen=seen) as site:
        asked = asyncio.create_task(site.ask(body=[1]))
        await gate.entered.wait()
        busy = await site.ask(body=[2])
        assert (busy.status, code(busy), busy.headers["retry-after"]) == (503, "busy", "1")
        gate.opened.set()
        assert (await asked).status == 201
        assert (await site.ask(body=[3])).status == 201
        assert len(await site.flow.store.runs()) == 2


async def test_a_process_that_stops_answers_what_it_can_and_sends_the_rest_away(store):
    seen = Seen()
    gate = Gate(seen)
    async with hooks(REPLY, seen=seen, store=store) as site:
        asked = asyncio.create_task(site.ask(body=[1]))
        await gate.entered.wait()
        draining = asyncio.create_task(site.flow.engine.drain(5.0))
        await asyncio.sleep(0)
        late = await site.ask(body=[2])
        assert (late.status, code(late), late.headers["retry-after"]) == (503, "stopping", "5")
        assert "run" not in value(late)
        gate.opened.set()
        await draining
        assert (await asked).status == 201
        assert len(await store.runs()) == 1


async def test_rule_23_a_caller_whose_run_is_left_unfinished_is_told_so_and_recorded(store):
    seen = Seen()
    gate = Gate(seen)
    async with hooks(REPLY, seen=seen, store=store) as site:
        asked = asyncio.create_task(site.ask())
        await gate.entered.wait()
        run = await site.only_run()
        assert await site.flow.engine.drain(0.0) == [run.id]
        answer = await asked
        assert (answer.status, code(answer), value(answer)["run"]) == (503, "stopping", run.id)
        assert (await store.run(run.id)).caller is Caller.LOST


async def test_callers_are_answered_when_the_engine_is_left_without_a_drain():
    seen = Seen()
    gate = Gate(seen)
    async with hooks(REPLY, seen=seen) as site:
        reader, writer = await site.connect()
        await gate.entered.wait()
    said = await reader.read()
    writer.close()
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b'"stopping"' in said


async def test_a_store_that_fails_answers_503_and_ends_the_process(monkeypatch):
    async def fail(*_, **__):
        raise StoreError("the disk of hunter2 is full")

    connections = []

    async def lose():
        async with hooks(ACCEPT) as site:
            monkeypatch.setattr(site.flow.store, "fire", fail)
            connections.append(await site.connect())
            await site.flow.engine.followed()  # which the end of the engine cuts off

    with pytest.raises(StoreError):
        await lose()
    ((reader, writer),) = connections
    said = await reader.read()
    writer.close()
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"hunter2" not in said


# ---- several servers


async def test_servers_of_a_process_share_one_address_and_not_one_path():
    async with hooks(ACCEPT) as site:
        registry = Registry(site.flow.registry.modules)
        text = (HEAD + ACCEPT.replace("\n", "\n  ")).replace("name: test", "name: other")
        other = await site.flow.engine.load(require(load_flow(Source("other.yaml", text), registry)), {})
        with pytest.raises(
            UsageError, match=r"^`hook` of `other` cannot take POST /hook, which `hook` of `test` takes"
        ):
            await site.flow.engine.listen(other)


async def test_a_server_that_is_stopped_does_not_listen():
    spec = ACCEPT.replace("settings: {path: /hook}", "settings: {path: /hook}, control: {start: false}")
    async with bench(spec) as flow:
        await flow.engine.listen(flow.program)
        assert flow.observer.where == {}
        assert (await flow.run()).status is RunStatus.SUCCEEDED


async def test_following_never_ends_while_a_trigger_listens():
    async with hooks(ACCEPT) as site:
        followed = asyncio.create_task(site.flow.engine.followed())
        await asyncio.sleep(0.05)
        assert not followed.done()
        followed.cancel()


# ---- who may call


async def test_a_request_that_may_not_call_starts_nothing_and_credentials_are_in_no_message():
    spec = ACCEPT.replace("path: /hook", 'path: /hook, auth: {type: bearer, token: "{{$.secrets.token}}"}')
    spec = "secrets: [token]" + spec
    async with hooks(spec, secrets={"token": "hunter2-hunter2"}) as site:
        for headers in ({}, {"Authorization": "Bearer nope"}, {"Authorization": "Basic aHVudGVyMg=="}):
            refused = await site.ask(body=[1], **headers)
            assert (refused.status, code(refused)) == (401, "unauthorized")
            assert refused.headers["www-authenticate"].startswith('Bearer realm="headrace"')
        assert await site.flow.store.runs() == []
        answer = await site.ask(body=[1], Authorization="Bearer hunter2-hunter2")
        await site.ended(value(answer)["run"])
        assert "hunter2" not in json.dumps(site.flow.seen["work"])
        assert "authorization" not in site.flow.seen["work"][0]["request"]["headers"]


async def test_a_password_is_asked_for_and_hidden():
    spec = ACCEPT.replace(
        "path: /hook", "path: /hook, auth: {type: basic, username: Zoë, password: pässword}"
    )
    async with hooks(spec) as site:
        pair = base64.b64encode("Zoë:pässword".encode()).decode()
        refused = await site.ask(Authorization="Basic !!!")
        assert (refused.status, refused.headers["www-authenticate"]) == (
            401,
            'Basic realm="headrace", charset="UTF-8"',
        )
        answer = await site.ask(Authorization=f"Basic {pair}")
        await site.ended(value(answer)["run"])
        assert pair not in json.dumps(site.flow.seen["work"])


async def test_a_secret_in_the_path_is_shown_nowhere():
    spec = "secrets: [key]" + ACCEPT.replace("path: /hook", 'path: "/hook/{{$.secrets.key}}/{id}"')
    mask = Secrets({"key": "hunter2-hunter2"}).mask
    async with hooks(spec, secrets={"key": "hunter2-hunter2"}, mask=mask) as site:
        answer = await site.ask("/hook/hunter2-hunter2/7")
        await site.ended(value(answer)["run"])
        (message,) = site.flow.seen["work"]
        assert (message["request"]["path"], message["request"]["params"]) == ("/hook/•••/7", {"id": "7"})
        assert site.flow.observer.where["hook"].endswith("/hook/•••/{id}")


async def test_other_credentials_are_the_flows_business():
    async with hooks(ACCEPT) as site:
        answer = await site.ask(Authorization="Bearer of the flow")
        await site.ended(value(answer)["run"])
        assert site.flow.seen["work"][0]["request"]["headers"]["authorization"] == "Bearer of the flow"
