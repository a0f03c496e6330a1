"""A disk that is full while flows run: a clear error or a wait, and nothing lost or doubled.

The process's own limit on the size of files stands for the disk (SQLite tells it as an error of writing);
where this user may mount, a file system that is really full does, too.
"""

import asyncio
import os
import resource
import subprocess
import sys
import textwrap
from contextlib import contextmanager

import pytest

from headrace.errors import StoreError
from headrace.store import Outcome
from support.child import child, said
from support.made import FLOW, commit, fire_request, task
from support.stores import opened_file

FULL = 320_000
"""Bytes that a file of the process may have: a dozen commits."""


@contextmanager
def limit_of(size):
    """What this process may write to one file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def chain(store, last, first=0):
    """Commit one task after the other, each making the next; gives the number of those that are durable."""
    for number in range(first, last):
        done = task("r1", f"t{number}", "x" * 4000) if number else task("r1", "0")
        await commit(store, done, tasks=[task("r1", f"t{number + 1}", "x" * 4000)], counters={"done": 1})
        yield number + 1


async def test_a_disk_that_is_full_fails_the_store_and_the_next_start_goes_on(tmp_path):
    path, durable = tmp_path / "store.db", 0

    async def work():
        nonlocal durable
        async with opened_file(path, 0.3) as store:
            await store.adopt(FLOW)
            await store.fire(fire_request())
            async for number in chain(store, 1000):
                durable = number

    with limit_of(FULL), pytest.raises(StoreError, match="look into that, then start again") as failed:
        await work()
    assert (failed.value.code, str(path) in failed.value.message) == ("HR403", True)
    assert durable > 3
    async with opened_file(path) as store:
        (run,) = (await store.adopt(FLOW)).runs
        ((found, _),) = run.tasks
        # The task whose commit failed may be decided or not: nobody was told that it is.
        assert run.run.counters["done"] in (durable, durable + 1)
        assert found.id == f"r1.t{run.run.counters['done']}"
        async for number in chain(store, durable + 5, run.run.counters["done"]):
            assert (await store.run("r1")).counters == {"done": number}


async def test_a_disk_that_has_space_again_in_time_is_waited_for(tmp_path):
    async with opened_file(tmp_path / "store.db", 20) as store:
        await store.adopt(FLOW)
        await store.fire(fire_request())
        with limit_of(FULL):
            durable = 0

            async def work():
                nonlocal durable
                async for number in chain(store, 200):
                    durable = number

            working = asyncio.create_task(work())
            before = -1
            while before != durable or durable < 3:
                before = durable
                await asyncio.wait([working], timeout=0.5)
            assert not working.done()
        await working
        assert durable == 200
    async with opened_file(tmp_path / "store.db") as store:
        (run,) = (await store.adopt(FLOW)).runs
        assert (run.run.counters, run.run.tasks_done) == ({"done": 200}, 200)


async def test_what_was_gathered_when_the_disk_was_full_is_told_though_the_process_idles(tmp_path):
    async with opened_file(tmp_path / "store.db", 0.2) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        big = store.encode(Outcome(tasks=[task("r1", "a", "x" * FULL)]))
        with limit_of(FULL):
            await store.commit(fired.task, big, 1, is_recorded=True)
            with pytest.raises(StoreError, match="look into that"):
                await store.watch()
        with pytest.raises(StoreError):
            await store.close()


LOOP = """
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: loop}
spec:
  nodes:
    start: {component: common-module/signal}
    first: {component: common-module/modify, input: {count: 0, text: "{{'x'.repeat(4000)}}"}}
    turn: {component: common-module/modify, input: {count: "{{$.count + 1}}", text: "{{$.text}}"}}
    choose:
      component: common-module/router
      settings: {rules: [{when: "{{$.count < 60}}", outputPort: again}], defaultPort: ended}
    again: {component: common-module/async}
    show: {component: common-module/debug}
  edges:
    - start -> first -> turn -> choose
    - choose:again -> again -> turn
    - choose:ended -> show
"""

RUN = """
import sys
import headrace.app.session, headrace.store.sqlite.store as kept
kept._PATIENCE_S = 0.3
async def short(cls, path, opened=kept.SqliteStore.open.__func__):
    return await opened(cls, path, 0.3)
kept.SqliteStore.open = classmethod(short)
from headrace.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(tmp_path, **options):
    flow = tmp_path / "loop.yaml"
    flow.write_text(LOOP, encoding="utf-8")
    return said(child(RUN, "run", flow, "--once", "--store", f"sqlite:///{tmp_path}/store.db", **options), 60)


def test_a_process_whose_disk_is_full_ends_with_a_clear_error_and_the_next_one_goes_on(tmp_path):
    status, text = run(tmp_path, most_bytes=FULL)
    assert (status, "Traceback" in text) == (1, False), text
    assert f"HR403 the store `{tmp_path}/store.db` failed" in text
    assert "look into that, then start again" in text
    status, text = run(tmp_path)
    assert (status, "finishing 1 run" in text) == (0, True), text
    status, text = run(tmp_path)
    assert (status, "finishing" in text) == (0, False), text


def test_a_file_system_that_is_really_full_says_so(tmp_path):
    """As for the limit, with the error that SQLite has for it, and `-shm` on the same disk."""
    script = textwrap.dedent(
        """
        set -e
        mkdir -p "$1/disk"; mount -t tmpfs -o size=600k none "$1/disk"; shift_to="$1"; shift
        "$@" || echo "status $?"
        mount -o remount,size=20m none "$shift_to/disk"
        "$@" || echo "status $?"
        """
    )
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount: `unshare -rm` is refused")
    flow = tmp_path / "loop.yaml"
    flow.write_text(LOOP, encoding="utf-8")
    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(tmp_path), sys.executable, "-c", RUN]
    given = ["run", str(flow), "--once", "--store", f"sqlite:///{tmp_path}/disk/store.db"]
    ended = subprocess.run(
        [*command, *given],
        capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "HEADRACE_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    text = ended.stdout + ended.stderr
    assert "the disk is full; free some space, then start again" in text
    assert text.count("status 1") == 1, text
    assert ("Traceback" in text, "finishing 1 run" in text) == (False, True), text
