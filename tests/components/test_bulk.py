"""`operation: upsert`, `insert` and `copy`: rows by column, without SQL, with counts of what became of them."""

import pytest

from headrace.store import RunStatus
from support.crossing import crossings_watched
from support.flows import bench
from support.target import Target
from support.writing import writing

TABLE = "CREATE TABLE t (id bigint PRIMARY KEY, name text, n int DEFAULT 7)"


@pytest.fixture(params=["postgres", "sqlite"])
def target(request, tmp_path):
    url = (
        request.getfixturevalue("postgres_url")
        if request.param == "postgres"
        else f"sqlite:///{tmp_path}/t.db"
    )
    made = Target(url)
    made.execute(TABLE)
    return made


@pytest.fixture(autouse=True)
def messages_are_like_their_shapes(monkeypatch):
    with crossings_watched(monkeypatch):
        yield


def spec(target, request, settings=""):
    return writing(target.url, f'{{table: t, rows: "{{{{$.payload}}}}", {request}}}', settings)


UPSERT = "operation: upsert, key: id"
ALL = "SELECT id, name, n FROM t ORDER BY id"


def user(number, name="ok", **more):
    return {"id": number, "name": name, **more}


def written(inserted=0, updated=0, unchanged=0, **more):
    counts = {"inserted": inserted, "updated": updated, "unchanged": unchanged}
    return {"rows": [], "rowCount": inserted + updated, "command": "INSERT", **counts, **more}


@pytest.mark.parametrize("transaction", ["task", "statement"])
async def test_upsert_tells_what_became_of_the_rows(target, transaction):
    async with bench(spec(target, UPSERT, f", transaction: {transaction}")) as flow:
        first = await flow.run([user(1), user(2), user(2, "last"), user(3, None)])
        second = await flow.run([user(1), user(2, "new"), user(3, None), user(4)])
        third = await flow.run([user(1), user(2, "new")])
        await flow.run([])
    assert flow.seen["end"] == [written(3), written(1, 1, 2), written(0, 0, 2), written()]
    assert first.counters == {"write.rows_written": 3, "write.rows_inserted": 3}
    assert second.counters == {
        "write.rows_written": 2,
        "write.rows_inserted": 1,
        "write.rows_updated": 1,
        "write.rows_unchanged": 2,
    }
    assert third.counters == {"write.rows_written": 0, "write.rows_unchanged": 2}


async def test_counts_are_of_what_was_kept_where_bad_rows_are_left_out(target):
    target.execute(
        "DROP TABLE t",
        "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)",
        "INSERT INTO t VALUES (1, 'ok'), (2, 'old')",
    )
    async with bench(spec(target, f"{UPSERT}, onRowError: isolate")) as flow:
        run = await flow.run([*(user(n) for n in range(20)), user(30, None), user(31, None)])
    assert flow.seen["end"] == [written(18, 1, 1, failed=2)]
    assert run.counters["write.rows_inserted"] == 18


async def test_batches_beyond_one_statement_are_counted_together(target):
    target.execute(*(f"ALTER TABLE t ADD COLUMN c{n} int" for n in range(30)))
    rows = [user(n, **{f"c{c}": c for c in range(30)}) for n in range(2500)]
    async with bench(spec(target, UPSERT)) as flow:
        await flow.run(rows[:2000])
        await flow.run(rows)
    assert flow.seen["end"] == [written(2000), written(500, 0, 2000)]


@pytest.mark.parametrize("operation", ["insert", "copy"])
async def test_insert_adds_every_row_in_the_order_given(target, operation):
    number = "INTEGER PRIMARY KEY AUTOINCREMENT" if target.is_sqlite else "serial PRIMARY KEY"
    target.execute("DROP TABLE t", f"CREATE TABLE t (at {number}, id int, name text)")
    async with bench(spec(target, f"operation: {operation}")) as flow:
        run = await flow.run([user(2), user(1), user(2, "ü'\"; --")])
        await flow.run([])
    assert target.rows("SELECT id, name FROM t ORDER BY at") == [(2, "ok"), (1, "ok"), (2, "ü'\"; --")]
    assert flow.seen["end"] == [
        {"rows": [], "rowCount": 3, "command": "INSERT"},
        {"rows": [], "rowCount": 0, "command": "INSERT"},
    ]
    assert run.counters == {"write.rows_written": 3}


async def test_a_row_that_is_there_is_an_error_of_insert_and_nothing_is_written(target):
    target.execute("INSERT INTO t VALUES (2, 'old', 1)")
    async with bench(spec(target, "operation: insert")) as flow:
        await flow.run([user(1), user(2)])
    (bad,) = flow.seen["bad"]
    assert bad["errorDetail"]["code"] == ("SQLITE_CONSTRAINT_PRIMARYKEY" if target.is_sqlite else "23505")
    assert target.rows() == [(2, "old")]


async def test_insert_isolates_bad_rows(target):
    target.execute("INSERT INTO t VALUES (2, 'old', 1)")
    rows = [user(1), user(2), "none", {}, user(4, x=1), user(1, "again"), user(5)]
    async with bench(spec(target, "operation: insert, onRowError: isolate")) as flow:
        await flow.run(rows)
    assert [message["index"] for message in flow.seen["bad"]] == [1, 2, 3, 4, 5]
    assert flow.seen["bad"][2]["error"] == "row 3 of `insert` has no members"
    assert target.rows() == [(1, "ok"), (2, "old"), (5, "ok")]


@pytest.mark.parametrize("operation", ["insert", UPSERT.removeprefix("operation: ")])
async def test_columns_say_what_is_written(target, operation):
    """Other members are left out, a missing one is null, and a column that is not named has its default."""
    async with bench(spec(target, f"operation: {operation}, columns: [id, name]")) as flow:
        await flow.run([user(1, n=1, other={"deep": True}), {"id": 2, "n": 2}, {"name": "x", "id": 3}])
    assert target.rows(ALL) == [(1, "ok", 7), (2, None, 7), (3, "x", 7)]


async def test_the_key_is_written_with_the_columns(target):
    async with bench(spec(target, f"{UPSERT}, columns: [name]")) as flow:
        await flow.run([user(1, n=1), user(2)])
        await flow.run([{"name": "no key"}])
    assert target.rows(ALL) == [(1, "ok", 7), (2, "ok", 7)]
    assert flow.seen["bad"][0]["error"] == "row 0 of `upsert` has no `id`"


async def test_a_column_that_the_table_has_not_is_said(target):
    async with bench(spec(target, f"{UPSERT}, columns: [id, nmae], onRowError: isolate")) as flow:
        await flow.run([user(1), user(2)])
    (bad,) = flow.seen["bad"]
    assert "nmae" in bad["error"]
    assert "row" not in bad


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            "operation: \"{{'insert'}}\", key: id",
            "`insert` takes no `key`, it adds every row; `upsert` updates rows",
        ),
        ("operation: \"{{'copy'}}\", table: ''", "`copy` needs `table`"),
        ("operation: \"{{'upsert'}}\"", "`upsert` needs `table` and `key`"),
    ],
)
async def test_what_an_operation_lacks_is_said_in_the_run(target, request_, said):
    text = spec(target, request_)
    if "table: ''" in request_:
        text = text.replace("table: t, ", "")
    async with bench(text) as flow:
        run = await flow.run([user(1)])
    assert run.status is RunStatus.SUCCEEDED, "the error port took it"
    assert flow.seen["bad"][0]["error"] == said


async def test_execute_many_runs_in_the_order_given_or_sorted_by_its_key(target):
    number = "INTEGER PRIMARY KEY AUTOINCREMENT" if target.is_sqlite else "serial PRIMARY KEY"
    target.execute("DROP TABLE t", f"CREATE TABLE t (at {number}, id int, name text)")
    many = spec(target, 'operation: executeMany, query: "INSERT INTO t (name, id) VALUES ($1, $2)"')
    for text in (many, many.replace("executeMany", "executeMany, key: $2")):
        async with bench(text.replace("table: t, ", "")) as flow:
            await flow.run([["c", 3], ["a", 1], ["b", 2]])
    assert [name for (name,) in target.rows("SELECT name FROM t ORDER BY at")] == list("cababc")
    assert flow.seen["end"] == [{"rows": [], "rowCount": 3, "command": "INSERT"}]
