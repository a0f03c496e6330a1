"""`onRowError: isolate`: of a batch the good rows are written, and each bad one goes to `error` with its cause."""

import asyncio
import math

import pytest

from headrace.connections.postgres.transaction import PostgresTransaction
from headrace.store import ErrorFate, RunStatus
from support.crossing import crossings_watched
from support.flows import Seen, bench
from support.target import Target, table_in

TABLE = "CREATE TABLE t (id bigint PRIMARY KEY, name varchar(5) NOT NULL, n int)"
UPSERT = '{operation: upsert, table: t, key: id, rows: "{{$.payload}}", onRowError: isolate}'
MANY = (
    '{operation: executeMany, query: "INSERT INTO t VALUES ($1, $2, $3)", rows: "{{$.payload}}",'
    " onRowError: isolate}"
)


@pytest.fixture(params=["postgres", "sqlite"])
def target(request, tmp_path):
    if request.param == "postgres":
        return table_in(request.getfixturevalue("postgres_url"), TABLE)
    return table_in(f"sqlite:///{tmp_path}/t.db", TABLE)


@pytest.fixture
def postgres(postgres_url):
    return table_in(postgres_url, TABLE)


@pytest.fixture(autouse=True)
def messages_are_like_their_shapes(monkeypatch):
    with crossings_watched(monkeypatch):
        yield


def spec(target, request=UPSERT, more_nodes="", more_edges="", settings=""):
    return f"""
defaults:
  database-module/connector: {{url: "{target.url}"{settings}}}
retry: {{maxAttempts: 2, initialDelay: 1ms}}
nodes:
  start: {{component: common-module/signal}}
  write: {{component: database-module/connector, input: {request}}}
  bad: {{component: test-module/probe}}
  end: {{component: test-module/probe}}
{more_nodes}
edges:
  - start -> write
  - write:result -> end
  - write:error -> bad
{more_edges}
"""


def user(number, name="ok", **more):
    return {"id": number, "name": name, "n": 0, **more}


def refused(flow):
    return [(message["index"], message["row"]) for message in flow.seen["bad"]]


@pytest.mark.parametrize("transaction", ["task", "statement"])
async def test_good_rows_are_written_and_each_bad_row_goes_to_error_with_its_cause(target, transaction):
    rows = [user(n) for n in range(20)]
    rows[3], rows[17] = user(3, None), user(17, "too long")
    text = spec(target, settings=f", transaction: {transaction}")
    async with bench(text) as flow:
        run = await flow.run(rows)
    assert run.status is RunStatus.SUCCEEDED
    assert target.rows() == [(n, "ok") for n in range(20) if n not in (3, 17)]
    assert refused(flow) == [(3, rows[3]), (17, rows[17])]
    first, second = flow.seen["bad"]
    assert first["payload"] == rows, "the base value is there, too"
    assert (first["errorDetail"]["node"], first["errorDetail"]["retryable"]) == ("write", False)
    assert first["errorDetail"]["place"].startswith("flow.yaml:")
    if target.is_sqlite:
        assert first["errorDetail"]["code"] == "SQLITE_CONSTRAINT_NOTNULL"
        assert second["errorDetail"]["code"] == "SQLITE_CONSTRAINT_CHECK"
    else:
        assert (
            first["errorDetail"].items() >= {"code": "23502", "sqlstate": "23502", "column": "name"}.items()
        )
        assert second["errorDetail"]["code"] == "22001"
    (end,) = flow.seen["end"]
    assert end["result"] == {
        "rows": [],
        "rowCount": 18,
        "command": "INSERT",
        "inserted": 18,
        "updated": 0,
        "unchanged": 0,
        "failed": 2,
    }
    assert [(error.fate, error.node, error.context["index"]) for error in run.errors] == [
        (ErrorFate.HANDLED, "write", 3),
        (ErrorFate.HANDLED, "write", 17),
    ]
    assert run.counters["write.rows_written"] == 18


async def test_a_batch_without_bad_rows_is_one_statement_with_none_failed(target):
    async with bench(spec(target)) as flow:
        await flow.run([user(1), user(2)])
        await flow.run([])
    assert [message["result"]["failed"] for message in flow.seen["end"]] == [0, 0]
    assert [message["result"]["rowCount"] for message in flow.seen["end"]] == [2, 0]
    assert flow.seen["bad"] == []


@pytest.mark.parametrize("transaction", ["task", "statement"])
async def test_rows_of_parameters_are_isolated_too(target, transaction):
    rows = [[1, "ok", 0], [2, "too long", 0], [3, "ok"], "none", [4, "ok", 0], [1, "again", 0]]
    async with bench(spec(target, MANY, settings=f", transaction: {transaction}")) as flow:
        await flow.run(rows)
    assert target.rows() == [(1, "ok"), (4, "ok")]
    assert refused(flow) == [(index, rows[index]) for index in (1, 2, 3, 5)]
    texts = [message["error"] for message in flow.seen["bad"]]
    assert "takes 3 parameters, but `parameters` has 2" in texts[1]
    assert "row 3 is none" in texts[2]
    assert flow.seen["end"][0]["result"]["rowCount"] == 2


async def test_rows_that_are_no_rows_are_told_before_the_database_is_asked(target):
    rows = [
        {"id": 1, "other": "x"},
        user(2),
        user(3, more=1),
        "text",
        {"id": None, "name": "x", "n": 0},
        user(5),
    ]
    async with bench(spec(target)) as flow:
        await flow.run(rows)
    assert target.rows() == [(2, "ok"), (5, "ok")], "the columns are those that most rows have"
    assert refused(flow) == [(index, rows[index]) for index in (0, 2, 3, 4)]
    assert [message["error"] for message in flow.seen["bad"]] == [
        "row 0 of `upsert` has not the same columns as row 1 (id, name, n); `columns` would say which to write",
        "row 2 of `upsert` has not the same columns as row 1 (id, name, n); `columns` would say which to write",
        "`rows` of `upsert` must be objects, a member for each column; row 3 is not",
        "row 4 of `upsert` has no `id`",
    ]


async def test_values_that_cannot_be_bound_are_bad_rows(postgres):
    rows = [user(1), user(2, "a\0b"), user("three"), user(4, n=2**40)]
    async with bench(spec(postgres)) as flow:
        await flow.run(rows)
    assert postgres.rows() == [(1, "ok")]
    codes = [message["errorDetail"]["code"] for message in flow.seen["bad"]]
    assert codes == ["HR323", "22P02", "22003"]


async def test_a_trigger_that_raises_refuses_its_rows_alone(target):
    if target.is_sqlite:
        target.execute(
            "CREATE TRIGGER no BEFORE INSERT ON t WHEN new.n = 13 BEGIN SELECT RAISE(ABORT, 'no 13'); END"
        )
    else:
        target.execute(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF new.n = 13 THEN RAISE 'no 13'; END IF; RETURN new; END $$",
            "CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()",
        )
    async with bench(spec(target)) as flow:
        await flow.run([user(n, n=13 if n == 2 else 0) for n in range(5)])
    assert [row[0] for row in target.rows()] == [0, 1, 3, 4]
    (bad,) = flow.seen["bad"]
    assert "no 13" in bad["error"]


async def test_a_bad_row_gives_way_to_the_row_with_the_same_key_that_it_was_to_replace(target):
    rows = [user(1, "first"), user(1, "last"), user(2, "first"), user(2, "too long"), user(2, None)]
    async with bench(spec(target)) as flow:
        await flow.run(rows)
    assert target.rows() == [(1, "last"), (2, "first")]
    assert refused(flow) == [(3, rows[3]), (4, rows[4])]


async def test_rows_that_refer_to_each_other_are_not_taken_for_bad_ones(target):
    """Halves are written one after the other: parents may come later, at several depths."""
    target.execute("DROP TABLE t", "CREATE TABLE t (id int PRIMARY KEY, name text, parent int REFERENCES t)")
    ups = [{"id": n, "name": "up", "parent": n + 1 if n < 60 else None} for n in range(61)]
    poison = {"id": 70, "name": "bad", "parent": 99}
    lost = {"id": 71, "name": "bad", "parent": 70}
    async with bench(spec(target)) as flow:
        await flow.run([*ups, poison, lost])
    assert refused(flow) == [(61, poison), (62, lost)]
    assert len(target.rows()) == 61


async def test_deferred_constraints_find_the_bad_row_within_the_batch(target):
    target.execute(
        "CREATE TABLE p (id int PRIMARY KEY)",
        "INSERT INTO p VALUES (1)",
        "DROP TABLE t",
        "CREATE TABLE t (id int PRIMARY KEY, name text, n int REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
    )
    async with bench(spec(target)) as flow:
        run = await flow.run([user(1, n=1), user(2, n=7), user(3, n=1)])
    assert run.status is RunStatus.SUCCEEDED
    assert [row[0] for row in target.rows()] == [1, 3]
    (bad,) = flow.seen["bad"]
    assert (bad["index"], bad["errorDetail"]["code"]) == (
        1,
        "SQLITE_CONSTRAINT_FOREIGNKEY" if target.is_sqlite else "23503",
    )


@pytest.mark.parametrize("request_", [UPSERT, MANY])
async def test_a_thousand_bad_rows_of_a_thousand_take_at_most_two_statements_each(
    postgres, request_, monkeypatch
):
    statements = _counted(monkeypatch)
    rows = [user(n, None) for n in range(1000)]
    if request_ is MANY:
        rows = [list(row.values()) for row in rows]
    async with bench(spec(postgres, request_)) as flow:
        run = await flow.run(rows)
    assert len(statements) <= 2000
    assert len(flow.seen["bad"]) == 1000
    assert (run.status, run.error_count, len(run.errors)) == (RunStatus.SUCCEEDED, 1000, 1000)
    assert flow.seen["end"][0]["result"]["failed"] == 1000


async def test_few_bad_rows_take_few_statements(postgres, monkeypatch):
    statements = _counted(monkeypatch)
    rows = [user(n, None if n in (17, 500, 999) else "ok") for n in range(1000)]
    async with bench(spec(postgres)) as flow:
        await flow.run(rows)
    assert [message["index"] for message in flow.seen["bad"]] == [17, 500, 999]
    assert len(statements) <= 3 * 2 * math.ceil(math.log2(1000)) + 1


def _counted(monkeypatch):
    statements = []
    execute = PostgresTransaction.execute

    async def counted(self, statement):
        statements.append(statement)
        return await execute(self, statement)

    monkeypatch.setattr(PostgresTransaction, "execute", counted)
    return statements


@pytest.mark.parametrize(
    "request_",
    [
        UPSERT.replace("table: t", "table: missing"),
        UPSERT.replace("key: id", "key: name"),
        MANY.replace("INSERT", "INSRT"),
        MANY.replace("INTO t", "INTO missing"),
    ],
)
async def test_a_statement_that_is_wrong_fails_the_message_and_not_each_row(target, request_):
    rows = [user(n) for n in range(10)]
    if "executeMany" in request_:
        rows = [list(row.values()) for row in rows]
    async with bench(spec(target, request_)) as flow:
        await flow.run(rows)
    (only,) = flow.seen["bad"]
    assert "row" not in only
    assert flow.seen["end"] == []


async def test_a_lost_connection_is_never_a_bad_row(postgres, monkeypatch):
    """The server cuts the connection in the middle of the search; the task is repeated as a whole."""
    execute = PostgresTransaction.execute
    calls = []

    async def cut(self, statement):
        calls.append(statement)
        if len(calls) == 5:
            await asyncio.to_thread(
                postgres.execute,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'headrace'",
            )
        return await execute(self, statement)

    monkeypatch.setattr(PostgresTransaction, "execute", cut)
    rows = [user(n, None if n == 9 else "ok") for n in range(20)]
    async with bench(spec(postgres)) as flow:
        run = await flow.run(rows)
    assert (run.status, run.retries) == (RunStatus.SUCCEEDED, 1)
    assert [message["index"] for message in flow.seen["bad"]] == [9]
    assert len(postgres.rows()) == 19


async def test_a_transaction_that_a_row_rolled_back_fails_the_task(tmp_path):
    """`RAISE(ROLLBACK)` takes the good rows with it: they must not count as written."""
    target = Target(f"sqlite:///{tmp_path}/t.db")
    target.execute(
        TABLE,
        "CREATE TRIGGER no BEFORE INSERT ON t WHEN new.n = 13 BEGIN SELECT RAISE(ROLLBACK, 'all gone'); END",
    )
    async with bench(spec(target)) as flow:
        run = await flow.run([user(n, n=13 if n == 7 else 0) for n in range(8)])
    assert run.status is RunStatus.FAILED
    assert target.rows() == []
    assert flow.seen["end"] == []


async def test_a_failure_below_the_error_port_rises_and_undoes_the_good_rows(target):
    """The iterator collects it and goes on; the next batch is written in the same transaction."""
    nodes = """
  iterate:
    component: common-module/iterator
    settings: {batchSize: 3}
    input: {array: "{{$.payload}}"}
  done: {component: test-module/probe}
  note:
    component: database-module/connector
    input: {query: "INSERT INTO t VALUES ($1, $2, 0)", parameters: ["{{$.row.id + 100}}", "{{$.row.n}}"]}
"""
    edges = """
  - start -> iterate
  - iterate:batch -> write
  - iterate:done -> done
  - bad:out -> note
"""
    text = spec(target, UPSERT.replace("$.payload", "$.items"), nodes, edges).replace(
        "  - start -> write\n", ""
    )
    rows = [user(1), user(2, None, n="too long"), user(3), user(4), user(5, None, n=5), user(6)]
    async with bench(text) as flow:
        run = await flow.run(rows)
    assert run.status is RunStatus.SUCCEEDED
    assert target.rows() == [(4, "ok"), (6, "ok"), (105, "5")]
    (done,) = flow.seen["done"]
    assert (done["failed"], [e["handled"] for e in done["errors"]]) == (2, [False, True])


async def test_without_an_edge_at_error_a_bad_row_fails_the_batch(target):
    text = spec(target, UPSERT.replace("isolate}", "\"{{$.payload[0].mode ?? 'isolate'}}\"}"))
    async with bench(text.replace("  - write:error -> bad\n", "")) as flow:
        run = await flow.run([user(1), user(2, None)])
    assert run.status is RunStatus.FAILED
    assert target.rows() == []
    assert flow.seen["end"] == []


async def test_isolate_is_for_rows_alone(target):
    request = '{query: "SELECT 1", onRowError: "{{$.payload}}"}'
    async with bench(spec(target, request)) as flow:
        await flow.run("isolate")
    (only,) = flow.seen["bad"]
    assert only["errorDetail"]["code"] == "HR301"


async def test_a_repeated_run_rejects_the_same_rows_with_the_same_keys(target):
    """Work below the error port has the same idempotency key for a row, whatever the others do."""
    seen = Seen()
    keys = []

    async def note(message, context):
        keys.append((message["row"]["id"], context.path()))

    seen.before["bad"] = note
    async with bench(spec(target), seen=seen) as flow:
        await flow.run([user(1, None), user(2), user(3, None)])
        await flow.run([user(1), user(2), user(3, None)])
    assert keys[1] == keys[2]
    assert keys[0] != keys[1]
