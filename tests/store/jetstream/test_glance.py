"""How it stands with a flow, as a process sees it that does not execute it."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

from headrace.store import Glance, RunStatus, VersionRecord
from headrace.store.jetstream import JetStreamStore, Place
from support.made import commit, error, fire_request
from support.nats_server import shared_server


def version(name):
    return VersionRecord("test", name, "/flows/test.yaml", "test.yaml", "spec: {}")


async def seen(store, is_there):
    """The glance at which something is there."""
    async with asyncio.timeout(10):
        while not is_there(glance := await store.sharing.glance("test")):
            await asyncio.sleep(0.01)
    return glance


async def test_who_executes_nothing_sees_how_it_stands_with_a_flow():
    place = Place((shared_server().url,), f"test-{uuid4().hex[:12]}")
    async with AsyncExitStack() as closing:
        working, looking = [await JetStreamStore.open(place, patience_s=10) for _ in range(2)]
        for store in (looking, working):
            closing.push_async_callback(store.close)
        assert await looking.sharing.glance("test") == Glance(None, frozenset(), {}, {}, 0, {})
        await working.adopt(version("new"))
        await working.adopt(version("old"))
        me = working.sharing.me
        assert (await seen(looking, lambda glance: glance.members)).members == {me}
        assert looking.sharing.members() == {looking.sharing.me}
        assert looking.sharing.members("test") == {looking.sharing.me, me}

        first = (await working.fire(fire_request("r0"))).task
        second = (await working.fire(fire_request("r1", fired_at_ns=2))).task
        await commit(working, first)
        await working.bury(second, 1, error(), 300)
        await working.switch("test", "go", False)
        glance = await seen(looking, lambda glance: glance.switches)
        assert (glance.version, glance.active, glance.letters) == ("old", {}, 1)
        assert list(glance.ended) == ["r1", "r0"]
        assert glance.switches == {"go": False}
        assert (await looking.run("r1")).status is RunStatus.FAILED

        await working.sharing.follow("test", "new", 1)
        assert (await seen(looking, lambda glance: glance.version == "new")).version == "new"
        await working.release("test")
        glance = await seen(looking, lambda glance: not glance.members)
        assert (glance.version, glance.is_past) == ("old", False)
        await working.adopt(version("new"))
        await working.release("test")
        assert (await seen(looking, lambda glance: glance.version == "new")).members == set()
