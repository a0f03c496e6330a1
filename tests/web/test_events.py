"""The stream of events: real connections."""

import asyncio
import json
from contextlib import asynccontextmanager

from headrace.web import feed
from headrace.web.feed import Feed
from web.served import FULL, served


class Stream:
    """One who watches."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.last_id = ""
        self._rest = b""

    async def next(self, *wanted):
        """The next event, of the wanted ones: its name and its data."""
        async with asyncio.timeout(10):
            while True:
                while b"\n\n" not in self._rest:
                    size = int((await self.reader.readline()).strip() or b"0", 16)
                    assert size, "the stream has ended"
                    self._rest += await self.reader.readexactly(size)
                    await self.reader.readline()
                block, _, self._rest = self._rest.partition(b"\n\n")
                fields = dict(line.split(": ", 1) for line in block.decode().splitlines() if line[0] != ":")
                self.last_id = fields.get("id", self.last_id)
                if "event" in fields and (not wanted or fields["event"] in wanted):
                    return fields["event"], json.loads(fields["data"])


@asynccontextmanager
async def watching(server, query="", last_id=""):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.address.port)
    lines = [
        f"GET /api/v1/events{query} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {FULL}",
        f"Last-Event-ID: {last_id}",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head
    assert b"text/event-stream" in head
    try:
        yield Stream(reader, writer)
    finally:
        writer.close()


async def until(stream, event, run):
    """All events up to one of a run."""
    seen = []
    while True:
        name, data = await stream.next()
        seen.append((name, data))
        if name == event and data.get("id") == run:
            return seen


async def test_who_watches_sees_a_run_begin_fail_and_end(tmp_path):
    async with served(tmp_path) as server, watching(server) as stream:
        run = await server.fire({"num": 0})
        seen = await until(stream, "run_ended", run)
        names = [name for name, _ in seen]
        assert names[0] == "run_started"
        assert "progress" in names
        (error,) = [data for name, data in seen if name == "error"]
        assert (error["run"], error["flow"], error["fate"]) == (run, "sync", "dead")
        assert seen[-1][1]["status"] == "failed"
        _, tasks = await stream.next("tasks")
        assert (tasks["run"], tasks["flow"], len(tasks["spans"])) == (run, "sync", 2)
        assert await stream.next("letters_changed") == ("letters_changed", {"flow": "sync", "deadLetters": 1})
        await server.post(f"runs/{run}/retry")
        assert (await stream.next("run_resumed"))[1]["id"] == run


async def test_who_comes_back_misses_nothing(tmp_path):
    async with served(tmp_path) as server:
        async with watching(server) as stream:
            first = await server.fire({"num": 1})
            await until(stream, "run_ended", first)
        second = await server.fire({"num": 2})
        async with watching(server, last_id=stream.last_id) as again:
            name, data = await again.next("run_started", "reset")
            assert (name, data["id"]) == ("run_started", second)


async def test_who_was_away_for_too_long_or_knows_another_process_is_told_so(tmp_path):
    async with served(tmp_path) as server:
        async with watching(server) as stream:
            run = await server.fire({"num": 1})
            await until(stream, "run_ended", run)
        for _ in range(6000):
            server.site.feed.publish("notice", {"text": "x"})
        too_long = f"{stream.last_id.partition('-')[0]}-{'9' * 5000}"
        for last_id in (stream.last_id, "00000000-5", "nonsense", "-", too_long):
            async with watching(server, last_id=last_id) as again:
                assert await again.next() == ("reset", {})


async def test_who_is_too_slow_is_told_and_holds_up_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(feed, "_KEPT", 500)

    async def read_all(stream):
        names, text = set(), ""
        while not text.startswith("1199 "):
            name, data = await stream.next()
            names.add(name)
            text = data.get("text", "")
        return names

    async with served(tmp_path) as server, watching(server) as slow, watching(server) as quick:
        reading = asyncio.create_task(read_all(quick))
        for number in range(1200):
            server.site.feed.publish("notice", {"text": f"{number} {'x' * 30_000}"})
            if number % 25 == 0:
                await asyncio.sleep(0.02)
        assert await reading == {"notice"}
        while (await slow.next())[0] != "reset":
            pass


async def test_events_of_one_flow_or_run_alone(tmp_path):
    async with served(tmp_path) as server, watching(server, "?flow=other") as stream:
        run = await server.fire({"num": 1})
        server.site.feed.publish("notice", {"text": "of another"}, flow="other")
        assert await stream.next() == ("notice", {"text": "of another"})
        async with watching(server, f"?run={run}") as own:
            server.site.feed.publish("notice", {"text": "of the run"}, flow="sync", run=run)
            assert (await own.next())[1] == {"text": "of the run"}


async def test_a_switched_trigger_and_a_changed_file_are_told(tmp_path):
    async with served(tmp_path) as server, watching(server) as stream:
        await server.post("flows/sync/triggers/tick/pause")
        assert await stream.next() == ("flow_changed", {"flow": "sync"})
        server.write("new")
        assert await stream.next("flow_changed") == ("flow_changed", {"flow": "new"})


async def test_streams_end_with_the_server(tmp_path):
    async with served(tmp_path) as server, watching(server) as stream:
        await stream.reader.readline()
        server.site.feed.close()
        async with asyncio.timeout(5):
            await stream.reader.readuntil(b"\r\n0\r\n\r\n")


async def test_who_has_missed_much_gets_it_in_pieces():
    events = Feed()
    stream = events.stream("", "", "")
    await anext(stream)
    for number in range(1000):
        events.publish("notice", {"text": f"{number} {'x' * 3000}"})
    pieces = []
    while not pieces or b'"999 ' not in pieces[-1]:
        pieces.append(await anext(stream))
    await stream.aclose()
    assert max(map(len, pieces)) < 80_000
    assert b"".join(pieces).count(b"event: notice") == 1000
    assert not events.is_watched


async def test_those_who_watch_have_a_number(tmp_path, monkeypatch):
    monkeypatch.setattr(feed, "_MOST_WATCHERS", 2)
    async with served(tmp_path) as server:
        async with watching(server), watching(server):
            reply = await server.ask("GET", "events")
            assert (reply.status, reply.code) == (429, "too_many_requests")
        async with asyncio.timeout(5):
            while server.site.feed.is_full:
                await asyncio.sleep(0.01)
        async with watching(server):
            assert server.site.feed.is_watched


async def test_of_a_flow_that_is_gone_nothing_is_remembered(tmp_path):
    async with served(tmp_path) as server:
        await server.fire({"num": 1})
        assert await server.site.watcher.live("sync") is not None
        (server.folder / "sync.yaml").unlink()
        await server.site.folder.scan()
        assert server.site.watcher._meters == {}
