"""Rule 16: batches lock in the order of their key; deferred constraints fail their branch, not the commit;
transaction control is headrace's."""

import asyncio
import sqlite3

import pytest

from headrace.connections.postgres.session import PostgresSession
from headrace.errors import PermanentError
from headrace.store import RunStatus
from support.flows import bench
from support.target import Target


@pytest.fixture
def target(postgres_url):
    return Target(postgres_url)


def spec(url, body, more_nodes="", edges="  - start -> write\n"):
    return f"""
defaults:
  database-module/connector: {{url: "{url}"}}
retry: {{maxAttempts: 2, initialDelay: 1ms}}
nodes:
  start: {{component: common-module/signal}}
  write: {{component: database-module/connector, input: {body}}}
{more_nodes}
edges:
{edges}
"""


# ---- locks

SLOW = (
    "CREATE TABLE t (id int PRIMARY KEY, name text)",
    "INSERT INTO t SELECT n, 'old' FROM generate_series(1, 40) AS n",
    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN PERFORM pg_sleep(0.005); RETURN new; END $$",
    "CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION slow()",
)
UPSERT = '{operation: upsert, table: t, key: id, rows: "{{$.payload}}"}'
ISOLATE = '{operation: upsert, table: t, key: id, rows: "{{$.payload}}", onRowError: isolate}'
MANY = (
    '{operation: executeMany, query: "UPDATE t SET name = $2 WHERE id = $1", rows: "{{$.payload}}", key: $1}'
)


@pytest.mark.parametrize("body", [UPSERT, ISOLATE, MANY])
async def test_rule_16_parallel_batches_in_opposite_order_do_not_deadlock(target, body):
    """Each row takes a while, so that two batches that do not lock in one order are sure to meet."""
    target.execute(*SLOW)
    rows = [{"id": n, "name": "new"} for n in range(1, 41)]
    if body is MANY:
        rows = [list(row.values()) for row in rows]
    edges = "  - start -> write\n"
    if body is ISOLATE:
        edges += "  - write:error -> log\n"
    async with bench(spec(target.url, body, "  log: {component: common-module/debug}", edges)) as flow:
        runs = await asyncio.gather(*(flow.run(order) for order in (rows, rows[::-1], rows, rows[::-1])))
    assert [(run.status, run.retries) for run in runs] == [(RunStatus.SUCCEEDED, 0)] * 4
    assert target.execute("SELECT count(*) FROM t WHERE name = 'new'") == [(40,)]


async def test_execute_many_keeps_the_order_given_unless_it_has_a_key(target):
    target.execute("CREATE TABLE t (at serial, id text)")
    body = '{operation: executeMany, query: "INSERT INTO t (id) VALUES ($1)", rows: "{{$.payload}}"}'
    async with bench(spec(target.url, body)) as flow:
        await flow.run([["b"], ["a"], ["c"]])
    async with bench(spec(target.url, body.replace("}}", '}}", key: "$1'))) as flow:
        await flow.run([["b"], ["a"], ["c"]])
    assert [name for (name,) in target.execute("SELECT id FROM t ORDER BY at")] == list("bacabc")


@pytest.mark.parametrize(
    ("key", "rows", "said"),
    [
        ("id", [[1]], "names parameters, such as `$1`, by which rows are sorted; not `id`"),
        ("$2", [[1]], "row 0 of `executeMany` has 1 parameters, but `key` names `$2`"),
    ],
)
async def test_a_key_of_execute_many_that_names_no_parameter_is_said(target, key, rows, said):
    target.execute("CREATE TABLE t (id int)")
    body = f'{{operation: executeMany, query: "INSERT INTO t VALUES ($1)", rows: "{{{{$.payload}}}}", key: {key}}}'
    async with bench(spec(target.url, body)) as flow:
        run = await flow.run(rows)
    assert said in run.errors[0].message


# ---- deferred constraints

ITERATE = """
  iterate: {component: common-module/iterator, input: {array: "{{$.payload}}"}}
  done: {component: test-module/probe}
  second:
    component: database-module/connector
    input: {query: "INSERT INTO p VALUES ($1)", parameters: ["{{$.makes}}"]}
"""
EDGES = """
  - start -> iterate
  - from: iterate:item
    to: write:query
    add: {makes: "{{$.item.makes}}", parent: "{{$.item.parent}}", id: "{{$.item.id}}"}
  - write:result -> second
  - iterate:done -> done
"""
CHILD = '{query: "INSERT INTO t VALUES ($1, $2)", parameters: ["{{$.id}}", "{{$.parent}}"]}'
TABLES = (
    "CREATE TABLE p (id int PRIMARY KEY)",
    "CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
)


async def test_rule_16_a_deferred_constraint_fails_the_branch_that_breaks_it_and_not_the_commit(target):
    """A child goes before its parent within a branch: that is what the constraint is deferred for."""
    target.execute(*TABLES)
    items = [{"id": n, "parent": n, "makes": 100 + n if n == 3 else n} for n in range(1, 6)]
    async with bench(spec(target.url, CHILD, ITERATE, EDGES)) as flow:
        run = await flow.run(items)
    assert run.status is RunStatus.SUCCEEDED
    (done,) = flow.seen["done"]
    assert (done["processed"], done["failed"]) == (4, 1)
    assert (run.errors[0].code, run.errors[0].node) == ("23503", "iterate")
    assert target.execute("SELECT id FROM t ORDER BY id") == [(1,), (2,), (4,), (5,)]
    assert target.execute("SELECT id FROM p ORDER BY id") == [(1,), (2,), (4,), (5,)]


async def test_rule_16_a_deferred_constraint_of_sqlite_fails_its_branch(tmp_path):
    setup = ", ".join(f'"{sql}"' for sql in (*TABLES, "CREATE TABLE IF NOT EXISTS other (x)"))
    text = spec(f"sqlite:///{tmp_path}/t.db", CHILD, ITERATE, EDGES)
    text = text.replace('t.db"', f't.db", setup: [{setup}]')
    items = [{"id": n, "parent": n, "makes": 100 + n if n == 3 else n} for n in range(1, 6)]
    async with bench(text) as flow:
        run = await flow.run(items)
    assert run.status is RunStatus.SUCCEEDED
    (done,) = flow.seen["done"]
    assert (done["processed"], done["failed"]) == (4, 1)
    assert run.errors[0].code == "SQLITE_CONSTRAINT_FOREIGNKEY"


async def test_constraints_are_again_as_declared_in_the_next_branch(target):
    """A unique constraint that is checked at once still is; a foreign key that is deferred still is."""
    target.execute(
        TABLES[0],
        "CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY IMMEDIATE,"
        " parent int REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
    )
    nodes = ITERATE + "  caught: {component: test-module/probe}\n"
    items = [{"id": n, "parent": n, "makes": n} for n in (1, 2)] + [{"id": 1, "parent": 3, "makes": 3}]
    text = spec(target.url, CHILD, nodes, EDGES + "  - write:error -> caught\n")
    async with bench(text) as flow:
        run = await flow.run(items)
    assert run.status is RunStatus.SUCCEEDED
    assert [message["errorDetail"]["code"] for message in flow.seen["caught"]] == ["23505"]
    assert target.execute("SELECT count(*) FROM t") == [(2,)]


async def test_a_constraint_that_is_dropped_meanwhile_is_no_branchs_failure(target):
    """The connection knows its name; the task is repeated with what there is now."""
    target.execute(TABLES[0], "CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY IMMEDIATE, parent int)")
    async with bench(spec(target.url, CHILD, ITERATE, EDGES)) as flow:
        await flow.run([{"id": 1, "parent": None, "makes": 1}])
        target.execute("ALTER TABLE t DROP CONSTRAINT t_id_key, ADD UNIQUE (parent) DEFERRABLE")
        run = await flow.run([{"id": 1, "parent": 2, "makes": 2}])
    assert (run.status, run.retries) == (RunStatus.SUCCEEDED, 1)
    assert run.error_count == 0
    assert target.execute("SELECT count(*) FROM t") == [(2,)]


async def test_what_was_broken_in_sqlite_before_does_not_fail_a_branch(tmp_path):
    with sqlite3.connect(tmp_path / "t.db") as connection:
        for sql in (*TABLES, "INSERT INTO t VALUES (9, 9)"):
            connection.execute(sql)
    connection.close()
    async with bench(spec(f"sqlite:///{tmp_path}/t.db", CHILD, ITERATE, EDGES)) as flow:
        run = await flow.run([{"id": 1, "parent": 1, "makes": 1}, {"id": 2, "parent": 2, "makes": 3}])
    (done,) = flow.seen["done"]
    assert (run.status, done["processed"], done["failed"]) == (RunStatus.SUCCEEDED, 1, 1)


async def test_without_deferrable_constraints_a_branch_ends_without_a_round_trip(target, monkeypatch):
    sent = []
    command = PostgresSession.command
    execute = PostgresSession.execute

    async def counted_command(self, commands):
        sent.extend(commands)
        return await command(self, commands)

    async def counted_execute(self, statement, *arguments):
        sent.append(statement.sql)
        return await execute(self, statement, *arguments)

    monkeypatch.setattr(PostgresSession, "command", counted_command)
    monkeypatch.setattr(PostgresSession, "execute", counted_execute)
    target.execute(TABLES[0], "CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES p)")
    async with bench(spec(target.url, CHILD, ITERATE, EDGES)) as flow:
        run = await flow.run([{"id": n, "parent": None, "makes": n} for n in range(20)])
    assert (run.status, run.error_count) == (RunStatus.SUCCEEDED, 0)
    assert sum("pg_constraint" in sql for sql in sent) == 1
    assert not any("SET CONSTRAINTS" in sql for sql in sent)


async def test_a_deferred_constraint_fails_a_statement_that_commits_by_itself(target):
    """The server tells of it after the statement's own good result."""
    target.execute(*TABLES)
    text = spec(target.url, CHILD.replace("$.id", "1").replace("$.parent", "7"))
    text = text.replace('"}\nretry', '", transaction: statement}\nretry')
    async with bench(text) as flow:
        run = await flow.run()
    assert run.status is RunStatus.FAILED
    assert run.errors[0].code == "23503"


# ---- transaction control


@pytest.mark.parametrize("sql", ["COMMIT", "  rollback", "SAVEPOINT x", "/* c */ BEGIN"])
@pytest.mark.parametrize("operation", ["query", "execute", "executeMany"])
async def test_rule_16_transaction_control_is_refused(target, sql, operation):
    body = f'{{operation: {operation}, query: "{sql}", rows: [[]]}}'
    async with bench(spec(target.url, body)) as flow:
        run = await flow.run()
    assert run.errors[0].code == "HR317"


async def test_rule_16_transaction_control_in_setup_is_refused(target):
    text = spec(target.url, '{query: "SELECT 1"}').replace('"}\nretry', '", setup: "BEGIN"}\nretry')
    with pytest.raises(PermanentError, match="BEGIN, COMMIT, SAVEPOINT"):
        async with bench(text):
            raise AssertionError("not reached")
