"""Rule 18: what was said to be durable is, after the death of the process; after a power failure the file is a prefix."""

import asyncio
import random
import shutil
import signal
import sqlite3
import time

import pytest

from headrace.errors import StoreError
from headrace.sdk.schedule import Overlap
from headrace.store import RunStatus, VersionRecord
from headrace.store.sqlite import SqliteStore
from support.chains import CHAINS
from support.child import child, said
from support.made import commit, fire_request, task
from support.stores import opened_file

LANES = 6
FRAMES = 130  # so many pages, at least, were written when a log is cut
FRAME_BYTES = 24 + 4096  # sqlite.org/fileformat2.html#the_write_ahead_log
FLOW = VersionRecord("test", "v1", "/flows/test.yaml", "test.yaml", "")


def killed(path, after_s, *how):
    """The last task of each lane that a process said is committed, which was killed some time after its start."""
    process = child(CHAINS, path, "test", LANES, 10_000, *how)
    assert process.stdout.readline().startswith("adopted")
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    status, text = said(process)
    assert status == -signal.SIGKILL, text
    told = dict.fromkeys(range(LANES), -1)
    for line in text.splitlines():
        lane, number = line.split()
        told[int(lane)] = max(told[int(lane)], int(number))
    return told


async def found(path):
    """The open task of each lane; what is counted agrees with it."""
    async with opened_file(path) as store:
        adoption = await store.adopt(FLOW)
    if not adoption.runs:
        return None
    (run,) = adoption.runs
    assert run.run.status is RunStatus.RUNNING
    if run.tasks[0][0].message == {"tick": 0}:
        assert (len(run.tasks), run.run.tasks_done) == (1, 0)
        return dict.fromkeys(range(LANES), 0)
    at = {t.message["lane"]: t.message["number"] for t, _ in run.tasks}
    assert len(at) == len(run.tasks) == LANES
    assert run.run.tasks_done == sum(at.values()) + 1
    assert run.run.counters.get("done", 0) == sum(at.values())
    assert {lane: run.run.counters.get(f"lane{lane}", 0) for lane in at} == at
    return at


@pytest.mark.timeout(120)
async def test_rule_18_what_is_durable_outlives_the_process_and_each_task_is_open_or_decided(tmp_path):
    path, chance = tmp_path / "store.db", random.Random(18)
    before = dict.fromkeys(range(LANES), 0)
    for number in range(8):
        how = ("recorded",) if number % 3 == 2 else ()
        told = killed(path, chance.uniform(0, 0.5), *how)
        at = await found(path)
        assert all(at[lane] > told[lane] for lane in at), (told, at)
        assert all(at[lane] >= before[lane] for lane in at), (before, at)
        before = at
    assert sum(before.values()) > 100


def page_states(path, folder):
    """What a power failure may leave: the log ends at any frame, or within one."""
    log = path.with_name("store.db-wal").read_bytes()
    frames = (len(log) - 32) // FRAME_BYTES
    chance = random.Random(frames)
    for number in range(frames + 1):
        for end in (32 + number * FRAME_BYTES, 32 + number * FRAME_BYTES + chance.randrange(1, FRAME_BYTES)):
            copy = folder / "store.db"
            for file in folder.glob("store.db*"):
                if file.is_file():
                    file.unlink()
            shutil.copy(path, copy)
            copy.with_name("store.db-wal").write_bytes(log[:end])
            yield copy


def counted(path):
    """Decided tasks, and the numbers of the open ones, as rows have them; None before there is a run."""
    connection = sqlite3.connect(path)
    try:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return None
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        done = connection.execute("SELECT tasks_done FROM runs").fetchone()
        numbers = connection.execute(
            "SELECT sum(task ->> '$.message.number'), count(*) FROM tasks"
        ).fetchone()
    finally:
        connection.close()
    return None if done is None else (done[0], *numbers)


@pytest.mark.timeout(120)
async def test_rule_18_after_a_power_failure_the_file_is_a_prefix_of_what_was_committed(tmp_path):
    """The log is cut at every frame and within frames, of a file that was never written back to."""
    path = tmp_path / "store.db"
    process = child(CHAINS, path, "test", LANES, 10_000)
    while not process.stdout.readline().startswith("3 8"):
        pass
    while path.with_name("store.db-wal").stat().st_size < FRAMES * FRAME_BYTES:
        process.stdout.readline()
    process.kill()
    process.communicate()
    (folder := tmp_path / "copy").mkdir()
    assert path.stat().st_size < 20_000, "the log has been written back"
    reached, cuts = -1, 0
    for copy in page_states(path, folder):
        cuts += 1
        if cuts % 20 == 0:  # a store works on it, the others are looked at
            await found(copy)
        elif (state := counted(copy)) is not None:
            done, numbers, count = state
            assert done >= reached
            assert (count, numbers) in ((1, None), (LANES, done - 1))
            reached = done
    assert (reached > 40, cuts >= 2 * FRAMES) == (True, True)
    assert counted(path)[0] == reached


async def test_a_firing_and_the_run_that_it_supersedes_are_one_commit(tmp_path):
    path = tmp_path / "store.db"
    (folder := tmp_path / "copy").mkdir()
    seen = set()
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        await store.activate("test", "start", "PT10S", 0)
        for number in range(1, 6):
            await store.fire(
                fire_request(
                    f"r{number}", scheduled_at_ns=number, on_request=False, overlap=Overlap.CANCEL_RUNNING
                )
            )
        for copy in page_states(path, folder):
            connection = sqlite3.connect(copy)
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                statuses = connection.execute("SELECT status FROM runs ORDER BY scheduled_at").fetchall()
                assert statuses == [*[("cancelled",)] * (len(statuses) - 1), ("running",)][: len(statuses)]
                seen.add(len(statuses))
            connection.close()
    assert seen == {0, 1, 2, 3, 4, 5}


@pytest.mark.timeout(120)
async def test_a_process_that_is_killed_while_another_works_harms_nobody(tmp_path):
    path = tmp_path / "store.db"
    other = child(CHAINS, path, "other", 4, 150)
    for _ in range(5):
        killed(path, 0.2)
    status, text = said(other, 100)
    assert (status, text.splitlines()[-1]) == (0, "ended succeeded 600 605"), text[-2000:]
    await found(path)


async def test_rule_18_waiting_for_a_commit_may_be_given_up_and_it_is_made_all_the_same(tmp_path):
    async with opened_file(tmp_path / "store.db") as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        waiting = asyncio.create_task(commit(store, fired.task, tasks=[task("r1", "a")]))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        last = asyncio.create_task(commit(store, task("r1", "a")))
        await asyncio.sleep(0)
        last.cancel()
        with pytest.raises(asyncio.CancelledError):
            await last
        assert await store.open_runs("test") == []
    async with opened_file(tmp_path / "store.db") as store:
        assert (await store.adopt(FLOW)).runs == ()
        assert (await store.run("r1")).status is RunStatus.SUCCEEDED


async def test_rule_18_closing_makes_durable_what_waits(tmp_path):
    store = await SqliteStore.open(tmp_path / "store.db")
    await store.adopt(FLOW)
    fired = await store.fire(fire_request())
    await commit(store, fired.task, tasks=[task("r1", f"t{n}") for n in range(50)])
    waiting = [asyncio.create_task(commit(store, task("r1", f"t{n}"))) for n in range(25)]
    await asyncio.sleep(0)
    for number in range(25, 49):
        await commit(store, task("r1", f"t{number}"), is_recorded=True)
    await store.close()
    assert [committed.ended for committed in await asyncio.gather(*waiting)] == [None] * 25
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await commit(store, task("r1", "t49"))
    with pytest.raises(StoreError, match="is closed"):
        await store.runs()
    async with opened_file(tmp_path / "store.db") as store:
        (run,) = (await store.adopt(FLOW)).runs
        assert [t.id for t, _ in run.tasks] == ["r1.t49"]
