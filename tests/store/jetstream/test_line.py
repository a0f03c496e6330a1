"""What happens between a process and NATS: nothing is lost, nothing counts twice, and order is kept."""

import asyncio
from uuid import uuid4

import pytest

from headrace.errors import PermanentError, StoreError
from headrace.store.jetstream import JetStreamStore, Place, connection, follower, presence
from headrace.store.jetstream.sayings import Sayings
from support.cut import line_to
from support.made import FLOW, commit, fire_request, task
from support.nats_server import NatsServer, shared_server
from support.ports import free_port


@pytest.fixture
async def server(tmp_path):
    """A server of our own, which may be killed."""
    made = NatsServer(tmp_path / "nats")
    await asyncio.to_thread(made.start)
    yield made
    made.kill()


def place_at(url):
    return Place((url,), f"test-{uuid4().hex[:12]}")


async def chain(store, run_id, length, pause_s=0.0):
    """A run whose tasks follow each other, each counted."""
    at = (await store.fire(fire_request(run_id))).task
    for number in range(length):
        following = task(run_id, f"t{number}")
        committed = await commit(store, at, tasks=[following], counters={"node.n": 1})
        assert [new.id for new in committed.tasks] == [following.id]
        at = following
        await asyncio.sleep(pause_s)
    return (await commit(store, at)).ended


@pytest.mark.timeout(60)
async def test_a_server_that_is_killed_and_comes_back_is_gone_on_with(server):
    store = await JetStreamStore.open(place_at(server.url), patience_s=30)
    await store.adopt(FLOW)
    chains = [asyncio.create_task(chain(store, f"r{number}", 60, 0.01)) for number in range(3)]
    for _ in range(2):
        await asyncio.sleep(0.3)
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(0.2)
        await asyncio.to_thread(server.start)
    for ended in await asyncio.gather(*chains):
        assert (ended.counters, ended.tasks_done) == ({"node.n": 60}, 61)
    await store.close()


@pytest.mark.timeout(60)
async def test_what_is_written_while_the_line_is_cut_counts_once(monkeypatch):
    monkeypatch.setattr("headrace.store.jetstream.writer._AGAIN_S", 0.1)
    server = shared_server()
    async with line_to(server.port) as line:
        store = await JetStreamStore.open(place_at(f"nats://127.0.0.1:{line.port}"), patience_s=30)
        await store.adopt(FLOW)
        working = asyncio.create_task(chain(store, "r1", 40, 0.01))
        for _ in range(3):
            await asyncio.sleep(0.1)
            line.cut()
            await asyncio.sleep(0.5)  # it is written again and again meanwhile
            line.mend()
        ended = await working
        assert (ended.counters, ended.tasks_done) == ({"node.n": 40}, 41)
        await store.close()


@pytest.mark.timeout(60)
async def test_a_consumer_that_is_gone_is_made_anew(monkeypatch):
    monkeypatch.setattr(follower, "_SILENT_S", 1.5)
    store = await JetStreamStore.open(place_at(shared_server().url), patience_s=30)
    await store.adopt(FLOW)
    await chain(store, "r1", 3)
    jetstream = store._connection.jetstream
    stream = f"{store._connection.place.name}-test"
    for consumer in await jetstream.consumers_info(stream):
        await jetstream.delete_consumer(stream, consumer.name)
    ended = await chain(store, "r2", 3)
    assert ended.counters == {"node.n": 3}
    await store.close()


async def test_who_waits_for_a_server_that_stays_away_is_told(server, monkeypatch):
    monkeypatch.setattr(connection, "CONNECT_S", 0.5)
    store = await JetStreamStore.open(place_at(server.url), patience_s=1.0)
    await store.adopt(FLOW)
    await asyncio.to_thread(server.kill)
    with pytest.raises(StoreError, match="has taken nothing for 1 s"):
        await store.fire(fire_request("r1"))
    with pytest.raises(StoreError, match="has taken nothing for 1 s"):
        await store.watch()
    await store.close()


@pytest.mark.timeout(60)
async def test_who_finds_nobody_ends_also_at_the_very_moment_at_which_the_client_tries_again():
    """Tries come each second; one that fails while it is cancelled swallows that."""
    place = place_at(f"nats://127.0.0.1:{free_port()}")

    async def refused(connect_s):
        with pytest.raises(StoreError, match="does not answer"):
            await connection.Connection.open(place, 1.0, connect_s)

    async with asyncio.timeout(30):
        await asyncio.gather(*(refused(1.0 + number * 0.0005) for number in range(400)))


@pytest.fixture
async def full(monkeypatch):
    """A connection over a line that is cut and takes nothing more."""
    monkeypatch.setattr(connection, "_CLOSE_S", 0.5)
    async with line_to(shared_server().port) as line:
        opened = await connection.Connection.open(place_at(f"nats://127.0.0.1:{line.port}"), 1.0)
        line.cut()
        for _ in range(20):
            async with asyncio.timeout(0.1):  # the client swallows that, and keeps what is to be sent
                await opened.client.publish("test.full", b"x" * 500_000)
        yield opened
        await opened.close()


@pytest.mark.timeout(60)
async def test_a_connection_is_closed_though_the_line_is_cut_and_full(full):
    async with asyncio.timeout(20):
        await full.close()


@pytest.mark.timeout(60)
def test_a_store_is_closed_while_nats_is_away_and_something_is_to_be_sent_whatever_the_event_loop(
    tmp_path, monkeypatch
):
    uvloop = pytest.importorskip("uvloop", reason="needs the extra [fast]")
    monkeypatch.setattr(presence, "_PERIOD_S", 0.2)
    server = NatsServer(tmp_path / "nats")
    server.start()

    async def close_late():
        store = await JetStreamStore.open(place_at(server.url), patience_s=1.0)
        await store.adopt(FLOW)
        await asyncio.to_thread(server.kill)
        client = store._connection.client
        while client.is_connected:
            await asyncio.sleep(0.01)
        await client.publish("test", b"x")
        with pytest.raises(StoreError, match="has taken nothing for 1 s"):
            await store.fire(fire_request("r1"))
        await store.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(close_late())


@pytest.mark.timeout(60)
async def test_who_says_something_over_a_line_that_is_full_can_be_cancelled(full):
    saying = asyncio.create_task(Sayings(full, "me").say("test", b"x"))
    await asyncio.sleep(0.1)
    assert not saying.done()
    saying.cancel()
    await asyncio.wait([saying], timeout=20)
    assert saying.cancelled()


async def test_a_server_that_is_too_old_is_refused(server, monkeypatch):
    monkeypatch.setattr(connection, "LEAST_VERSION", (99, 1))
    with pytest.raises(StoreError, match=r"headrace needs 99\.1 or newer"):
        await JetStreamStore.open(place_at(server.url))


async def test_a_journal_that_a_newer_headrace_has_written_is_refused_and_left():
    place = place_at(shared_server().url)
    store = await JetStreamStore.open(place, patience_s=5)
    await store.adopt(FLOW)
    body = b'{"author":"later","number":1,"settled":0,"events":[{"type":"Invented"}]}'
    await store._connection.jetstream.publish(f"{place.name}.journal.test", body)
    with pytest.raises(StoreError, match="by a newer headrace"):
        await store.watch()
    await store.close()
    again = await JetStreamStore.open(place, patience_s=5)
    with pytest.raises(StoreError, match="by a newer headrace"):
        await again.adopt(FLOW)
    await again.close()


async def test_what_has_no_form_in_json_is_refused_alone():
    store = await JetStreamStore.open(place_at(shared_server().url), patience_s=5)
    await store.adopt(FLOW)
    odd = store.switch("test", "lone \ud800", True)
    good = store.switch("test", "start", True)
    refused, done = await asyncio.gather(odd, good, return_exceptions=True)
    assert (type(refused), done) == (PermanentError, None)
    assert await store.switches("test") == {"start": True}
    await store.close()


async def test_a_cancellation_that_the_client_swallows_is_heeded():
    store = await JetStreamStore.open(place_at(shared_server().url), patience_s=5)

    async def swallow():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "an answer"  # as `wait_for` of Python 3.11 may

    asking = asyncio.create_task(store._connection.patiently(swallow))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    await store.close()
