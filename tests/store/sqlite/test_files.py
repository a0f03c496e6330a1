"""Whatever lies where the store's file should be: a working store, or an error that names it, and nothing lost."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from headrace.errors import PermanentError, StoreError
from headrace.store import Outcome, RunStatus
from headrace.store.sqlite import SqliteStore, migration
from headrace.store.sqlite.connection import open_file
from headrace.store.sqlite.lock import lock_path
from support.child import child, said
from support.made import FLOW, commit, error, fire_request, task
from support.stores import opened_file

OPEN_AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
from headrace.errors import StoreError
from headrace.store.sqlite import SqliteStore
from support.made import FLOW, fire_request

async def work(path):
    store = await SqliteStore.open(path)
    try:
        await store.adopt(FLOW)
        await store.fire(fire_request())
    finally:
        await store.close()

asyncio.run(work(Path(sys.argv[1])))  # as root, so that all is imported that nobody may not read
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    asyncio.run(work(Path(sys.argv[2])))
except StoreError as error:
    print(error.code, error.message)
    sys.exit(1)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


async def refusal(path, patience_s=0.2):
    with pytest.raises(StoreError) as refused:
        async with opened_file(path, patience_s):
            pass
    assert str(path) in refused.value.message
    return refused.value


async def fill(path, runs=1):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        for number in range(runs):
            fired = await store.fire(fire_request(f"r{number}"))
            await commit(store, fired.task, tasks=[task(f"r{number}", "a")])


async def left(path):
    async with opened_file(path) as store:
        return {run.run.id: [t.id for t, _ in run.tasks] for run in (await store.adopt(FLOW)).runs}


async def test_a_new_file_is_made(path):
    await fill(path)
    assert await left(path) == {"r0": ["r0.a"]}


async def test_an_empty_file_is_filled(path):
    path.touch()
    await fill(path)
    assert await left(path) == {"r0": ["r0.a"]}


async def test_a_folder_that_is_missing_is_named(tmp_path):
    path = tmp_path / "missing" / "store.db"
    with pytest.raises(StoreError, match=r"missing` of the store is not there; make it first") as refused:
        await SqliteStore.open(path)
    assert refused.value.code == "HR403"


async def test_a_folder_in_its_place_is_refused(path):
    path.mkdir()
    assert (await refusal(path)).code == "HR404"


@pytest.mark.parametrize(
    "setup", ["CREATE TABLE theirs (a)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"]
)
async def test_a_database_of_something_else_is_refused_and_left_as_it_was(path, setup):
    other = sqlite3.connect(path)
    other.execute("PRAGMA auto_vacuum = FULL")
    other.execute(setup)
    other.commit()
    other.close()
    before = path.read_bytes()
    refused = await refusal(path)
    assert (refused.code, "something else" in refused.message) == ("HR404", True)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


@pytest.mark.parametrize("content", [b"kept: notes\n" * 400, b"\0" * 8192, b"SQLite format 3\0", b"xy"])
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(path, content):
    path.write_bytes(content)
    refused = await refusal(path)
    assert refused.code in ("HR403", "HR404")
    assert path.read_bytes() == content


async def test_a_file_of_a_newer_headrace_is_refused_and_left_as_it_was(path):
    await fill(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1000000")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = path.read_bytes()
    refused = await refusal(path)
    assert (refused.code, "newer headrace" in refused.message) == ("HR404", True)
    assert path.read_bytes() == before


async def test_a_log_that_was_left_without_its_file_is_not_thrown_away(path):
    await fill(path)
    log = path.with_name("store.db-wal")
    log.write_bytes(b"x" * 5000)
    path.write_bytes(b"")
    refused = await refusal(path)
    assert ("is empty, but its log" in refused.message, refused.code) == (True, "HR403")
    path.unlink()
    assert "is not there, but its log" in (await refusal(path)).message
    assert log.read_bytes() == b"x" * 5000


async def test_a_file_with_a_second_name_is_refused(path):
    await fill(path)
    os.link(path, path.with_name("second.db"))
    assert "hard link" in (await refusal(path)).message


async def test_rule_20_a_link_to_the_file_leads_to_the_same_locks(tmp_path, path):
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    async with opened_file(path) as one, opened_file(link) as other:
        await one.adopt(FLOW)
        with pytest.raises(StoreError, match=f"process {os.getpid()}"):
            await other.adopt(FLOW)


@pytest.mark.parametrize("name", ["a\0b.db", "x" * 300, "loop"])
async def test_a_path_that_cannot_be_is_refused(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(StoreError, match=r"cannot be reached|failed") as refused:
        await SqliteStore.open(tmp_path / name / "store.db" if name == "loop" else tmp_path / name)
    assert refused.value.code == "HR403"


# ---- damage


def killed_copy(path: Path, to: Path) -> Path:
    """The files as a process that is killed leaves them: with their log."""
    for file in path.parent.glob("store.db*"):
        if file.is_file():
            shutil.copy(file, to / file.name)
    return to / "store.db"


async def living(path, to):
    """What lies on the disk of a store with two runs whose process has not ended it."""
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        for number in range(2):
            fired = await store.fire(fire_request(f"r{number}"))
            await commit(store, fired.task, tasks=[task(f"r{number}", "a")])
        return killed_copy(path, to)


async def works(path) -> set[str]:
    """The runs that a damaged file still has, or nothing where it says that it is damaged; both without harm."""
    try:
        async with opened_file(path, 0.2) as store:
            runs = (await store.adopt(FLOW)).runs
            await store.fire(fire_request("new"))
            return {run.run.id for run in runs}
    except StoreError as refused:
        if refused.code not in ("HR403", "HR404", "HR407"):
            raise
        return set()


@pytest.mark.parametrize("log", [None, b"", b"\0" * 40, b"garbage" * 1000])
async def test_a_log_that_is_gone_or_garbage_leaves_what_the_file_has(tmp_path, path, log):
    (to := tmp_path / "copy").mkdir()
    copy = await living(path, to)
    wal = copy.with_name("store.db-wal")
    wal.unlink() if log is None else wal.write_bytes(log)
    assert await works(copy) <= {"r0", "r1"}


@pytest.mark.parametrize("shared", [None, b"", b"\xff" * 32768])
async def test_the_shared_memory_is_made_anew(tmp_path, path, shared):
    (to := tmp_path / "copy").mkdir()
    copy = await living(path, to)
    memory = copy.with_name("store.db-shm")
    memory.unlink() if shared is None else memory.write_bytes(shared)
    assert await works(copy) == {"r0", "r1"}


@pytest.mark.parametrize("place", [0, 16, 18, 24, 28, 44, 56, 68, 96, 100, 4096, 8192, 20480, 40960])
async def test_flipped_bytes_are_told_or_harmless(path, place):
    await fill(path, 2)
    data = bytearray(path.read_bytes())
    for number in range(place, min(place + 8, len(data))):
        data[number] ^= 0xFF
    path.write_bytes(data)
    assert await works(path) <= {"r0", "r1"}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
async def test_a_truncated_file_is_told(path, share):
    await fill(path, 40)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert len(await works(path)) < 40


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE tasks SET task = '{'", "an open task cannot be read"),
        ("UPDATE tasks SET task = X'ff'", "an open task cannot be read"),
        ("UPDATE tasks SET task = CAST('{\"id\": 1}' AS BLOB)", "an open task cannot be read"),
        ("UPDATE tasks SET attempt = 'x'", "an open task cannot be read"),
        ("DELETE FROM tasks", "nothing of it is open"),
        ("UPDATE tasks SET task = CAST(replace(task, '\"run\":\"r0\"', '\"run\":\"rx\"') AS BLOB)", "rx"),
        ("UPDATE runs SET vars = X'5b5d'", "a run cannot be read"),
        ("UPDATE runs SET ends_as = 'sleeping'", "a run cannot be read"),
        ("UPDATE runs SET version = CAST(X'ff' AS TEXT)", "UTF-8"),
        ("INSERT INTO run_errors VALUES ('r0', 0, X'7b7d')", "a run cannot be read"),
        ("INSERT INTO task_groups VALUES ('g', 'r0', X'7b7d')", "an unfinished run cannot be read"),
        ("INSERT INTO triggers VALUES ('test', 't', X'7b7d', 1)", "a trigger cannot be read"),
        ("DROP TABLE tasks", "no such table"),
    ],
)  # fmt: skip
async def test_a_row_that_something_else_changed_is_told(path, sql, says):
    await fill(path)
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()
    async with opened_file(path) as store:
        with pytest.raises(StoreError, match=says) as refused:
            await store.adopt(FLOW)
    assert refused.value.code == "HR403"
    assert str(path) in refused.value.message


async def test_a_schema_that_is_damaged_is_told_in_one_line(path):
    """SQLite's own message quotes what is there, which may be no text at all, or long."""
    await fill(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA writable_schema = ON")
    for sql in ("'CREATE TABLE runs (a,' || char(10) || ' b' || X'ff' || ')('", "X'ff'"):
        connection.execute(f"UPDATE sqlite_master SET sql = CAST({sql} AS TEXT) WHERE name = 'runs'")
        connection.commit()
        refused = await refusal(path)
        assert (refused.code, "\n" in refused.message) == ("HR403", False)
        assert "the file is damaged" in refused.message
    connection.close()


# ---- permissions and locks


@pytest.fixture
def shared(tmp_path):
    """A folder that another user may reach, if its own bits let that user."""
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.getuid() and above != Path(above.anchor):
            above.chmod(above.stat().st_mode | 0o011)
    (folder := tmp_path / "shared").mkdir()
    yield folder / "store.db"
    folder.chmod(0o755)


def refused_to_nobody(tmp_path, path):
    status, text = said(child(OPEN_AS_NOBODY, tmp_path / "first.db", path))
    assert (status, text.split()[0]) == (1, "HR403"), text
    assert str(path.parent) in text
    return text


async def test_a_file_that_may_not_be_written_is_told(tmp_path, shared):
    await fill(shared)
    shutil.rmtree(lock_path(shared, "test").parent)
    shared.chmod(0o444)
    shared.parent.chmod(0o777)
    assert "may not be written" in refused_to_nobody(tmp_path, shared)
    shared.chmod(0o644)
    assert await left(shared) == {"r0": ["r0.a"]}


async def test_a_file_that_may_not_be_read_is_told(tmp_path, shared):
    await fill(shared)
    shared.chmod(0o200)
    shared.parent.chmod(0o777)
    assert "read and written" in refused_to_nobody(tmp_path, shared)
    shared.chmod(0o644)
    assert await left(shared) == {"r0": ["r0.a"]}


def test_a_folder_that_may_not_be_written_is_told(tmp_path, shared):
    shared.parent.chmod(0o555)
    assert "read and written" in refused_to_nobody(tmp_path, shared)


async def test_an_existing_file_in_a_folder_that_may_not_be_written_is_told(tmp_path, shared):
    await fill(shared)
    shared.chmod(0o666)
    shared.parent.chmod(0o555)
    refused_to_nobody(tmp_path, shared)
    assert await left(shared) == {"r0": ["r0.a"]}


def test_a_folder_that_may_not_be_entered_is_told(tmp_path, shared):
    shared.parent.chmod(0o700)
    assert "Permission denied" in refused_to_nobody(tmp_path, shared)


async def test_a_lock_held_for_long_is_told_and_one_held_briefly_is_waited_for(path):
    await fill(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with opened_file(path, 0.3) as store:
        with pytest.raises(StoreError, match="another process holds its lock"):
            await store.adopt(FLOW)
    async with opened_file(path, 20) as store:
        waiting = asyncio.create_task(store.adopt(FLOW))
        await asyncio.wait([waiting], timeout=0.3)
        assert not waiting.done()
        other.execute("COMMIT")
        assert len((await waiting).runs) == 1
    other.close()


async def test_a_lock_that_outlasts_the_patience_fails_the_store_and_loses_nothing(path):
    other = sqlite3.connect(path, isolation_level=None)
    async with opened_file(path, 0.3) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process holds its lock") as failed:
            await commit(store, fired.task, tasks=[task("r1", "a")])
        assert (failed.value.code, str(path) in failed.value.message) == ("HR403", True)
        with pytest.raises(StoreError):
            await store.watch()
        with pytest.raises(StoreError):
            await store.cancel("r1", RunStatus.CANCELLED, None, frozenset(), 1)
        other.execute("COMMIT")
        other.close()
        with pytest.raises(StoreError):
            await store.close()
    assert await left(path) == {"r1": ["r1.0"]}


# ---- what cannot be kept


async def test_an_error_whose_text_is_no_unicode_leaves_the_store_whole(path):
    """What cannot be encoded is refused before anything of it is in a batch; the engine makes texts well-formed."""
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        with pytest.raises(UnicodeEncodeError):
            await commit(store, fired.task, tasks=[task("r1", "a")], errors=[error(message="\ud800")])
        with pytest.raises(StoreError, match="cannot take a change"):
            await store.watch()
        with pytest.raises(StoreError):
            await store.close()
    assert await left(path) == {"r1": ["r1.0"]}


async def test_a_number_beyond_sqlite_fails_the_store_and_nobody_waits_for_ever(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        with pytest.raises(StoreError, match="cannot take a change"):
            await store.fire(fire_request(scheduled_at_ns=2**63))
        with pytest.raises(StoreError):
            await store.close()
    assert await left(path) == {}


async def test_a_firing_whose_message_cannot_be_kept_decides_nothing(path):
    async with opened_file(path) as store:
        await store.adopt(FLOW)
        await store.activate("test", "start", "every day", 1)
        before = await store.trigger("test", "start")
        with pytest.raises(PermanentError, match="cannot be kept"):
            await store.fire(fire_request(on_request=False, scheduled_at_ns=200, message=lambda _: "\ud800"))
        assert await store.trigger("test", "start") == before
        assert await store.open_runs("test") == []
        assert (await store.fire(fire_request(on_request=False, scheduled_at_ns=200))).run is not None


async def test_what_was_gathered_and_cannot_be_written_is_told_to_who_watches(path):
    async with opened_file(path, 0.2) as store:
        await store.adopt(FLOW)
        fired = await store.fire(fire_request())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await store.commit(fired.task, store.encode(Outcome(tasks=[task("r1", "a")])), 1, is_recorded=True)
        with pytest.raises(StoreError, match="another process holds its lock"):
            await store.watch()
        other.close()
        with pytest.raises(StoreError):
            await store.close()


def test_a_file_that_another_process_is_making_is_not_taken_for_something_else(path, monkeypatch):
    version, others = migration._version, iter([path])

    def meddled(connection):
        for file in others:  # between what is read of it and what is read next
            with contextlib.suppress(sqlite3.OperationalError):
                open_file(file, patience_s=0.05).close()
        return version(connection)

    monkeypatch.setattr(migration, "_version", meddled)
    open_file(path, patience_s=5).close()
    assert next(others, None) is None
