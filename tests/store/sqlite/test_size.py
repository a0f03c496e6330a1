"""Much of everything: what is left open is found quickly, files shrink again, messages may be large."""

import sqlite3
import time

import pytest

from headrace.store import ErrorFate, GroupMember, NewGroup, Outcome, TaskRecord
from headrace.store.encoding import encode_note
from headrace.store.limit import MAX_MESSAGE_BYTES
from support.made import FLOW, commit, error, fire_request, task
from support.stores import opened_file, quick_folder

OPEN = 10_000
FAILURES = 100_000


@pytest.fixture
def path():
    with quick_folder() as folder:
        yield folder / "store.db"


async def test_ten_thousand_open_tasks_are_found_in_order_in_little_time(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        for run in range(2):
            fired = await store.fire(fire_request(f"r{run}", fired_at_ns=run))
            tasks = [task(f"r{run}", f"t{n}", {"n": n, "text": "x" * 100}) for n in range(OPEN)]
            await commit(store, fired.task, tasks=tasks)
    async with opened_file(path) as store:
        began = time.process_time()
        one, other = (await store.adopt(FLOW)).runs
        took_s = time.process_time() - began
    assert [t.message["n"] for t, _ in one.tasks] == list(range(OPEN))
    assert len(other.tasks) == OPEN
    assert took_s < 3, "about a quarter of a second on an idle machine"


async def test_a_group_with_a_hundred_thousand_failures_goes_on(path):
    """Its notes are rows: no decision writes those of earlier ones again."""
    done = TaskRecord("r1.done", "r1", "node", "done", {}, {}, is_output=True)
    last = task("r1", "last", group=GroupMember("r1.g", FAILURES, "batch", FAILURES, 1))
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        await commit(store, fired.task, tasks=[last], groups=[NewGroup("r1.g", done, FAILURES + 1)])
        state = store._ledger.runs["r1"].groups["r1.g"]
        failed = Outcome(errors=[error()])
        for first in range(0, FAILURES, 20_000):
            notes = []
            for number in range(first, first + 20_000):
                member = GroupMember("r1.g", number, "batch", number, 1)
                notes.append((number + 1, state.note(task("r1", "x", group=member), failed)))
            await store._writer.commit(lambda batch, notes=notes: add_notes(batch, notes))
    async with opened_file(path) as store:
        began = time.process_time()
        await store.adopt(FLOW)
        assert time.process_time() - began < 6, "about half a second on an idle machine"
        (announced,) = (await commit(store, last)).tasks
    assert announced.message["failed"] == FAILURES
    assert announced.message["processed"] == 1
    assert len(announced.message["errors"]) == 1000


def add_notes(batch, notes):
    for number, note in notes:
        batch.execute("INSERT INTO group_notes VALUES (?, ?, ?)", "r1.g", number, encode_note(note))


async def test_messages_of_nearly_64_mib_go_through(path):
    text = "x" * (MAX_MESSAGE_BYTES - 200)
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request(message=lambda _: text))
        await commit(store, fired.task, tasks=[task("r1", "a", text)])
    async with opened_file(path) as store:
        (run,) = (await store.adopt(FLOW)).runs
        assert run.tasks[0][0].message == text
        letter = await store.bury(run.tasks[0][0], 1, error(ErrorFate.DEAD), 1)
        assert letter.ended is not None
        (found,) = await store.dead_letters()
        assert found.task.message == text
        await store.discard("r1", "r1.a")
        assert await store.prune(None, 0, 10**18) == 1
        await store.prune(None, 0, 10**18)
    log = path.with_name("store.db-wal")
    assert not log.exists() or log.stat().st_size <= 64 * 2**20 + 4096 * 1000


async def test_what_is_pruned_makes_the_file_smaller(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        for number in range(700):
            fired = await store.fire(fire_request(f"r{number}", vars={"text": "x" * 3000}))
            await commit(store, fired.task, errors=[error(message="y" * 2000)])
        largest = await size(store)
        pruned = [await store.prune(None, 10, 10**18) for _ in range(3)]
        assert pruned == [500, 190, 0]
        assert len(await store.runs()) == 10
        assert await size(store) < largest / 4
    assert path.stat().st_size < largest / 4


async def size(store):
    """Of the file once the log is written back."""
    return await store._reader.ask(
        lambda c: c.execute("PRAGMA page_count").fetchone()[0] * c.execute("PRAGMA page_size").fetchone()[0]
    )


async def test_runs_with_dead_letters_are_kept_until_those_are_gone(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        for run_id in ("r1", "r2"):
            fired = await store.fire(fire_request(run_id))
            await store.bury(fired.task, 1, error(ErrorFate.DEAD), 200)
        await store.discard("r1", "r1.0")
        assert await store.prune(0, 0, 10**18) == 1
        assert [run.id for run in await store.runs()] == ["r2"]


async def test_runs_whose_rows_may_lie_in_a_target_are_kept_for_a_day(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        await commit(store, fired.task, is_recorded=True)
        assert await store.prune(0, 0, 86_400 * 10**9) == 0
        assert await store.prune(0, 0, 86_400 * 10**9 + 201) == 1


async def test_the_log_grows_while_somebody_reads_and_shrinks_when_that_ends(path):
    """Another process that looks for long keeps the log from being reset; nothing fails, and it ends."""
    log = path.with_name("store.db-wal")
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        reader = sqlite3.connect(path)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM runs").fetchall()
        last, text = fired.task, "x" * 2**20
        for number in range(80):
            following = task("r1", f"t{number}", text)
            await commit(store, last, tasks=[following])
            last = following
        assert log.stat().st_size > 75 * 2**20
        reader.close()
        for number in range(3):
            following = task("r1", f"u{number}", "small")
            await commit(store, last, tasks=[following])
            last = following
        assert log.stat().st_size <= 64 * 2**20


async def test_the_log_of_small_commits_stays_small(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        last = (await store.fire(fire_request())).task
        for number in range(1500):
            following = task("r1", f"t{number}")
            await commit(store, last, tasks=[following], is_recorded=number % 2 == 0)
            last = following
        assert path.with_name("store.db-wal").stat().st_size < 16 * 2**20


async def test_how_a_run_went_is_forgotten_with_it_and_takes_little_room(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        await commit(store, fired.task)
        await store.keep_profile("r1", b'{"node":"fetch","port":"in"}' * 10_000)
        assert len((await store.profiles("r1"))[""]) == 280_000
        assert await size(store) < 280_000
        assert await store.prune(0, 0, 10**18) == 1
        await store.keep_profile("r1", b"too late")
        assert await store.profiles("r1") == {}
