"""NATS that is set back: its machine had no power before all was on disk, or a backup was restored."""

import asyncio
import shutil
from contextlib import asynccontextmanager

import pytest

from headrace.errors import StoreError
from headrace.store import RunStatus
from headrace.store.jetstream import JetStreamStore, Place, journal
from support.made import FLOW, commit, fire_request
from support.nats_server import NatsServer

pytestmark = pytest.mark.timeout(60)


class Machine:
    """A server whose disk can be set back to what it was."""

    def __init__(self, folder):
        self.server = NatsServer(folder / "nats")
        self._data, self._kept = folder / "nats" / "data", folder / "kept"

    def keep(self):
        """Note what is on disk now; the server is started anew for that."""
        self.server.kill()
        shutil.copytree(self._data, self._kept)
        self.server.start()

    def set_back(self, only=""):
        """Bring it back; of what has `only` in its path alone."""
        self.server.kill()
        for path in [path for path in self._kept.rglob("streams/*") if only in path.name]:
            here = self._data / path.relative_to(self._kept)
            shutil.rmtree(here, ignore_errors=True)
            shutil.copytree(path, here)
        self.server.start()

    @asynccontextmanager
    async def store(self):
        found = await JetStreamStore.open(Place.read(f"{self.server.url}/shop"), patience_s=10)
        try:
            yield found
        finally:
            await found.close()


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    made.server.start()
    yield made
    made.server.kill()


async def run_of(store, name):
    """A run that ends."""
    fired = await store.fire(fire_request(name))
    await commit(store, fired.task)


async def ends(store, *runs):
    return [(await store.run(name)).status for name in runs] == [RunStatus.SUCCEEDED] * len(runs)


async def test_who_has_read_more_than_nats_has_left_ends_and_says_why(machine):
    async with machine.store() as store:
        await store.adopt(FLOW)
        await run_of(store, "before")
        machine.keep()
        await run_of(store, "forgotten")
        machine.set_back()
        with pytest.raises(StoreError, match="NATS has lost what this process had read already") as raised:
            async with asyncio.timeout(30):
                await run_of(store, "unsure")
        assert raised.value.code == "HR409"
    async with machine.store() as store:
        await store.adopt(FLOW)
        await run_of(store, "after")
        assert await ends(store, "before", "after")
        assert await store.run("forgotten") is None


async def test_who_comes_back_once_others_have_written_as_much_again_notices(machine):
    """The places in the journal are the same by then, and what is there is not."""
    async with machine.store() as old, machine.store() as reader:
        await old.adopt(FLOW)
        await run_of(old, "before")
        machine.keep()
        for number in range(3):
            await run_of(old, f"forgotten{number}")
        assert await ends(reader, "forgotten2")
        follower = old._journals["test"]._reading
        held = follower._subscribe
        follower._subscribe = lambda: asyncio.sleep(3600)  # its line stays cut
        machine.set_back()
        async with machine.store() as new:
            await new.adopt(FLOW)
            for number in range(30):
                await run_of(new, f"after{number}")
        follower._subscribe = held
        follower._broken.set()
        with pytest.raises(StoreError, match="NATS has lost"):
            async with asyncio.timeout(30):
                await old._journals["test"].running


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(journal, "_LONG", 20)
    monkeypatch.setattr("headrace.store.jetstream.care._PERIOD_S", 0.02)


async def snapshot_of(store, at_least):
    """Have a snapshot taken of what there is."""
    async with asyncio.timeout(10):
        while store._journals["test"].replica.compacted < at_least:
            await store.switch("test", "nobody's", None)
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("short")
async def test_a_snapshot_that_has_more_than_the_journal_is_gone_on_with(machine, caplog):
    """As in a backup of streams one after the other."""
    async with machine.store() as store:
        await store.adopt(FLOW)
        await run_of(store, "before")
        machine.keep()
        await run_of(store, "between")
        await snapshot_of(store, store._journals["test"].replica.sequence)
    machine.set_back(only="shop-test")
    async with machine.store() as store:
        await store.adopt(FLOW)
        assert "NATS has lost the end of the journal of flow test; its snapshot has it" in caplog.messages
        await run_of(store, "after")
        assert await ends(store, "before", "between", "after")
        async with machine.store() as other:
            assert await ends(other, "before", "between", "after")


@pytest.mark.usefixtures("short")
async def test_a_journal_goes_on_from_the_last_snapshot_but_one(machine):
    async with machine.store() as store:
        await store.adopt(FLOW)
        await run_of(store, "before")
        await snapshot_of(store, 1)
        machine.keep()
        await run_of(store, "after")
        await snapshot_of(store, store._journals["test"].replica.sequence)
    machine.set_back(only="KV_shop-snapshots")
    async with machine.store() as store:
        await store.adopt(FLOW)
        assert await ends(store, "before", "after")


async def test_a_journal_of_which_a_part_is_gone_is_told_and_left(machine):
    async with machine.store() as store:
        await store.adopt(FLOW)
        await run_of(store, "before")
        await store._connection.jetstream.purge_stream("shop-test", seq=4)
        before = await store._connection.extent("test")
    async with machine.store() as store:
        with pytest.raises(
            StoreError, match="lost a part of the journal of flow `test`, from 1 up to 3"
        ) as raised:
            await store.adopt(FLOW)
        assert raised.value.code == "HR404"
        assert (await store._connection.extent("test"))[0] == before[0]
