"""Files of every earlier version are brought to the newest schema, or left as they were; what is in them goes on."""

import re
import shutil
import sqlite3
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from headrace.errors import InternalError, StoreError
from headrace.store import Caller, RunStatus
from headrace.store.sqlite.migration import migrate, steps
from support.child import child, said
from support.made import FLOW, commit, fire_request
from support.stores import opened_file

FROZEN = Path(__file__).parent / "schema"
VERSIONS = sorted(int(path.stem) for path in FROZEN.glob("*.sql"))

INJECTED = [
    "CREATE TABLE kept (a TEXT); -- one; with a semicolon\nINSERT INTO kept VALUES ('one;\n1');",
    "ALTER TABLE kept ADD COLUMN b TEXT;\nUPDATE kept SET b = a || '2';\nINSERT INTO kept VALUES ('two', 'new');",
    "CREATE TRIGGER counted AFTER INSERT ON kept BEGIN\n  UPDATE kept SET b = 'seen';\n  SELECT 1;\nEND;\n"
    "INSERT INTO kept VALUES ('three', NULL);\n",
]


def frozen():
    """The module of freeze.py."""
    spec = spec_from_file_location("freeze", Path(__file__).with_name("freeze.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def connection(tmp_path):
    made = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    made.execute("PRAGMA journal_mode = WAL")
    yield made
    made.close()


def content(connection):
    """All of a database, its header's numbers included."""
    numbers = [
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
    ]
    return numbers, list(connection.iterdump())


@pytest.mark.parametrize("version", range(len(INJECTED) + 1))
def test_every_earlier_version_comes_to_the_same_schema_with_its_rows(connection, version):
    migrate(connection, INJECTED[:version])
    migrate(connection, INJECTED)
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    assert connection.execute("SELECT * FROM kept").fetchall() == [
        ("one;\n1", "seen"), ("two", "seen"), ("three", "seen"),
    ]  # fmt: skip
    before = content(connection)
    migrate(connection, INJECTED)
    assert content(connection) == before


@pytest.mark.parametrize("version", range(len(INJECTED)))
@pytest.mark.parametrize(
    "wrong", ["INSERT INTO missing VALUES (1);", "CREATE TABLE kept (twice);", "nonsense;"]
)
def test_a_step_that_fails_leaves_the_file_as_it_was(connection, version, wrong):
    migrate(connection, INJECTED[:version])
    before = content(connection)
    with pytest.raises(sqlite3.Error):
        migrate(connection, [*INJECTED, wrong])
    assert content(connection) == before
    assert not connection.in_transaction
    migrate(connection, INJECTED)


def test_a_step_that_ends_within_a_statement_is_refused(connection):
    before = content(connection)
    with pytest.raises(InternalError, match="ends within a statement"):
        migrate(connection, [*INJECTED, "CREATE TABLE more (a);\nCREATE TABLE lost (b)"])
    assert content(connection) == before


def test_a_file_of_a_newer_version_is_left_as_it_was(connection):
    migrate(connection, INJECTED)
    before = content(connection)
    with pytest.raises(StoreError, match=r"newer headrace \(schema 3; this one knows 2\)"):
        migrate(connection, INJECTED[:2])
    assert content(connection) == before


TOGETHER = """
import sqlite3, sys
from headrace.store.sqlite.migration import migrate
steps = ["CREATE TABLE kept (a);", *[f"INSERT INTO kept VALUES ({n});" for n in range(200)]]
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
print("ready", flush=True)
sys.stdin.readline()
migrate(connection, steps)
"""


def test_processes_that_migrate_at_once_take_turns(connection, tmp_path):
    migrate(connection, ["CREATE TABLE kept (a);"])
    processes = [child(TOGETHER, tmp_path / "store.db") for _ in range(2)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 2
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [said(process) for process in processes] == [(0, "")] * 2
    assert connection.execute("SELECT a FROM kept").fetchall() == [(n,) for n in range(200)]


# ---- the schema of headrace


def test_each_version_is_frozen():
    assert list(range(1, len(steps()) + 1)) == VERSIONS, (
        "a new step of the schema: once it is final, freeze it with tests/store/sqlite/freeze.py"
    )
    assert [(FROZEN / f"{version}.db").exists() for version in VERSIONS] == [True] * len(VERSIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_released_steps_stay_as_they_were(connection, version):
    migrate(connection, steps()[:version])
    text = (FROZEN / f"{version}.sql").read_text(encoding="utf-8")
    assert spaced(frozen().schema_of(connection)) == spaced(text), (
        f"step {version} was changed after its release: write a new step; "
        "if it is not released yet, run tests/store/sqlite/freeze.py"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_schema_that_was_dumped_then_comes_to_the_newest(tmp_path, version):
    dumped = sqlite3.connect(tmp_path / "dumped.db", isolation_level=None)
    dumped.executescript((FROZEN / f"{version}.sql").read_text(encoding="utf-8"))
    dumped.execute(f"PRAGMA user_version = {version}")
    dumped.execute("PRAGMA application_id = 0x48445243")
    migrate(dumped, steps())
    fresh = sqlite3.connect(tmp_path / "fresh.db", isolation_level=None)
    migrate(fresh, steps())
    assert spaced(frozen().schema_of(dumped)) == spaced(frozen().schema_of(fresh))
    dumped.close()
    fresh.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_file_of_each_version_is_opened_and_gone_on_with(tmp_path, version):
    path = shutil.copy(FROZEN / f"{version}.db", tmp_path / "store.db")
    async with opened_file(Path(path)) as store:
        adoption = await store.adopt(FLOW)
        left = {run.run.id: run for run in adoption.runs}
        assert left.keys() == {"ticked", "open", "cancelled"}
        assert {t.id: (a.number, a.infrastructure, a.interruptions) for t, a in left["open"].tasks} == {
            "open.m1": (2, 1, 0),
            "open.m2": (1, 0, 1),
        }
        assert left["open"].tasks[0][0].message == {"n": 1, "text": "ü😀"}
        await commit(store, left["open"].tasks[0][0])
        (done,) = (await commit(store, left["open"].tasks[1][0])).tasks
        assert (done.message["processed"], done.message["failed"]) == (20, 1)
        assert (await commit(store, done)).ended.status is RunStatus.SUCCEEDED
        assert (await store.drop(left["cancelled"].tasks[0][0], 600)).ended.status is RunStatus.CANCELLED
        assert (await store.run("ended")).counters == {"rows": 3}
        assert len((await store.run("ended")).errors) == 1
        assert await store.state("test", "cursor") == {"at": 7}
        assert await store.recorded_runs("test", 10**18, 10) == ["recorded"]
        (letter,) = await store.dead_letters("failed")
        assert (letter.task.id, letter.attempts) == ("failed.0", 3)
        trigger = await store.trigger("test", "ticker")
        assert (trigger.firings, trigger.anchor_ns, trigger.owes_start) == (1, 1000, False)
        assert [each.id for each in await store.requests("test")] == ["asked"]
        assert await store.version("test", "v1") == FLOW
        assert {run.run.caller for run in adoption.runs} == {Caller.NONE}
        new = await store.fire(fire_request("new", has_caller=True, dedupe_key="k"))
        assert new.run.caller is Caller.WAITS


def spaced(sql):
    return re.sub(r"\s+", " ", sql)
