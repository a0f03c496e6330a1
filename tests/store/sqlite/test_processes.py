"""Several processes on one file: flows run side by side, a flow is executed by one (rule 20)."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from msgspec.structs import replace

from headrace.errors import StoreError
from headrace.store import Executor, VersionRecord
from headrace.store.sqlite import SqliteStore
from headrace.store.sqlite.lock import FlowLock, lock_path, locking_process
from support.chains import CHAINS
from support.child import child, said
from support.made import FLOW, commit, fire_request, task
from support.stores import opened_file

HOLD = """
import asyncio, sys
from pathlib import Path
from headrace.store.sqlite import SqliteStore
from support.made import FLOW

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    await store.adopt(FLOW)
    print("adopted", flush=True)
    sys.stdin.readline()
    await store.close()

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
def holder(path):
    """A process that executes the flow."""
    process = child(HOLD, path)
    assert process.stdout.readline() == "adopted\n"
    yield process
    process.kill()
    process.communicate()


async def adopt(path, flow=FLOW):
    async with opened_file(path) as store:
        return await store.adopt(flow)


@pytest.mark.timeout(180)
async def test_two_flows_in_two_processes_work_side_by_side(path):
    """At full speed, on a file that both make at once; each counts exactly."""
    both = [child(CHAINS, path, flow, 8, 250) for flow in ("one", "other")]
    texts = [said(process, 150) for process in both]
    for status, text in texts:
        assert (status, text.splitlines()[-1]) == (0, "ended succeeded 2000 2009"), text[-2000:]
    async with opened_file(path) as store:
        assert {run.flow: run.tasks_done for run in await store.runs()} == {"one": 2009, "other": 2009}


def test_many_processes_may_make_the_file_at_once(path):
    processes = [child(CHAINS, path, f"flow{number}", 1, 3) for number in range(6)]
    assert [(status, text.splitlines()[-1]) for status, text in map(said, processes)] == [
        (0, "ended succeeded 3 5")
    ] * 6


async def test_rule_20_a_second_process_for_the_same_flow_is_told_by_whom_it_is_executed(path, holder):
    with pytest.raises(StoreError, match=f"being executed by process {holder.pid};") as refused:
        await adopt(path)
    assert refused.value.code == "HR406"
    status, text = said(child(CHAINS, path, "test", 1, 1))
    assert (status, text.split()[0]) == (1, "HR406")
    async with opened_file(path) as store:
        assert await store.executors("test") == (Executor(holder.pid),)
        assert await store.executors("other") == ()
        assert await store.runs() == []
        assert (await store.version("test", "v1")) == FLOW
        await store.adopt(replace(FLOW, flow="other"))


async def test_rule_20_looking_who_executes_a_flow_keeps_nobody_out(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        await store.release("test")
        looking = asyncio.create_task(asyncio.to_thread(look_often, path))
        for _ in range(20):
            await store.adopt(FLOW)
            await store.release("test")
        await looking


def look_often(path):
    for _ in range(2000):
        locking_process(path, "test")


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
async def test_rule_20_the_lock_dies_with_its_process(path, holder, ending):
    holder.send_signal(ending)
    holder.wait()
    async with opened_file(path) as store:
        assert await store.executors("test") == ()
        await store.adopt(FLOW)
        assert await store.executors("test") == (Executor(os.getpid(), is_self=True),)


async def test_rule_20_children_do_not_inherit_the_lock(path):
    """Such as the embedded PostgreSQL, which outlives a process that is killed."""
    store = await SqliteStore.open(path)
    await store.adopt(FLOW)
    heir = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=subprocess.PIPE, close_fds=False
    )
    await store.close()
    try:
        await adopt(path)
    finally:
        await heir.communicate(b"\n")


async def test_rule_20_a_released_flow_is_anothers(path):
    async with opened_file(path) as one, opened_file(path) as other:
        await one.adopt(FLOW)
        fired = await one.fire(fire_request())
        await one.release("test")
        await one.release("test")
        (run,) = (await other.adopt(FLOW)).runs
        assert [t for t, _ in run.tasks] == [fired.task]
        assert [attempt.interruptions for _, attempt in run.tasks] == [0]


async def test_rule_20_the_name_of_a_flow_with_an_unfinished_run_is_not_given_to_another_file(path):
    moved = replace(FLOW, path="/elsewhere/test.yaml")
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        await store.release("test")
        with pytest.raises(StoreError, match=r"of `/flows/test.yaml` has 1 unfinished run") as refused:
            await store.adopt(moved)
        assert refused.value.code == "HR407"
        assert await store.executors("test") == ()  # who was refused holds no lock
        assert (await store.adopt(FLOW)).moved_from == ""
        await commit(store, fired.task)
        await store.release("test")
        assert (await store.adopt(moved)).moved_from == "/flows/test.yaml"
        await store.release("test")
        assert (await store.adopt(moved)).moved_from == ""


async def test_rule_20_tasks_that_were_executing_are_counted_as_interrupted(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        await commit(store, fired.task, tasks=[task("r1", "a"), task("r1", "b")])
    process = child(
        """
import asyncio, os, sys
from pathlib import Path
from headrace.store.sqlite import SqliteStore
from support.made import FLOW, task

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    await store.adopt(FLOW)
    await store.begin(task("r1", "a"), durably=True)
    os.kill(os.getpid(), 9)

asyncio.run(main())
""",
        path,
    )
    assert said(process)[0] == -signal.SIGKILL
    (run,) = (await adopt(path)).runs
    assert {t.id: attempt.interruptions for t, attempt in run.tasks} == {"r1.a": 1, "r1.b": 0}
    (run,) = (await adopt(path)).runs  # that process ended as it should
    assert {t.id: attempt.interruptions for t, attempt in run.tasks} == {"r1.a": 1, "r1.b": 0}


def test_a_lock_whose_note_cannot_be_read_is_held_all_the_same(path):
    lock = FlowLock(path, "test")
    lock_path(path, "test").write_bytes(b"\xff nothing")
    assert locking_process(path, "test") == 0
    with pytest.raises(StoreError, match="being executed by another process"):
        FlowLock(path, "test")
    lock.release()
    assert locking_process(path, "test") is None
    FlowLock(path, "test").release()


def test_flows_of_any_name_have_locks_of_their_own(path):
    locks = [FlowLock(path, name) for name in ("a", "A", "a/b", "../a", "ü" * 300, "\ud800")]
    for lock in locks:
        lock.release()


async def test_a_version_may_be_adopted_anew_while_its_runs_go_on(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        newer = VersionRecord("test", "v2", FLOW.path, FLOW.name, "text: new")
        assert (await store.adopt(newer)).runs == ()
        assert (await store.version("test", "v1"), await store.version("test", "v2")) == (FLOW, newer)
        assert (await commit(store, fired.task)).ended is not None
