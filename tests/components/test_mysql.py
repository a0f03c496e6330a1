"""The connector with `driver: mysql`: each statement commits by itself, at least once."""

import asyncio

import pytest

from headrace.errors import FlowError
from headrace.store import ErrorFate, RunStatus
from support.crossing import crossings_watched
from support.flows import bench
from support.writing import writing


@pytest.fixture
def target(mariadb_server):
    with mariadb_server.fresh_database() as name:
        yield Target(mariadb_server, name)


class Target:
    """A database, looked at from outside headrace."""

    def __init__(self, server, name):
        self.server, self.name, self.url = server, name, server.url(name)

    def rows(self, *statements):
        with self.server.connect(self.name) as connection, connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
            return list(cursor.fetchall())


@pytest.fixture(autouse=True)
def messages_are_like_their_shapes(monkeypatch):
    with crossings_watched(monkeypatch):
        yield


def spec(url, request, settings=", transaction: statement"):
    return writing(url, request, settings)


TABLE = "CREATE TABLE t (id int PRIMARY KEY, name varchar(5) NOT NULL)"
UPSERT = '{operation: upsert, table: t, key: id, rows: "{{$.payload}}"}'


@pytest.mark.parametrize("settings", ["", ", transaction: task"])
async def test_a_transaction_of_tasks_is_refused_with_the_place(settings):
    with pytest.raises(FlowError, match="HR116") as raised:
        async with bench(spec("mysql://root@h/d", UPSERT, settings)):
            raise AssertionError("not reached")
    (finding,) = raised.value.findings
    assert finding.message.startswith("`transaction: statement` is required for MySQL")
    assert finding.span.line > 1


async def test_rows_are_upserted_and_counted(target):
    target.rows(TABLE, "INSERT INTO t VALUES (1, 'old'), (2, 'b')")
    async with bench(spec(target.url, UPSERT)) as flow:
        run = await flow.run([{"id": 3, "name": "c"}, {"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    assert flow.seen["end"] == [
        {"rows": [], "rowCount": 2, "command": "INSERT", "inserted": 1, "updated": 1, "unchanged": 1}
    ]
    assert run.counters["write.rows_unchanged"] == 1
    assert target.rows("SELECT * FROM t") == [(1, "a"), (2, "b"), (3, "c")]


async def test_bad_rows_are_isolated(target):
    target.rows(TABLE)
    rows = [{"id": n, "name": {3: None, 17: "too long"}.get(n, "ok")} for n in range(20)]
    async with bench(spec(target.url, UPSERT.replace('}}"}', '}}", onRowError: isolate}'))) as flow:
        run = await flow.run(rows)
    assert [(message["index"], message["errorDetail"]["code"]) for message in flow.seen["bad"]] == [
        (3, "1048"),
        (17, "1406"),
    ]
    assert flow.seen["end"][0]["inserted"] == 18
    assert {error.fate for error in run.errors} == {ErrorFate.HANDLED}


async def test_rows_that_refer_to_each_other_are_not_taken_for_bad_ones(target):
    target.rows(
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(5), up int, FOREIGN KEY (up) REFERENCES t (id))"
    )
    rows = [{"id": n, "name": "x", "up": n + 1 if n < 9 else None} for n in range(10)]
    lost = {"id": 20, "name": "x", "up": 99}
    async with bench(spec(target.url, UPSERT.replace('}}"}', '}}", onRowError: isolate}'))) as flow:
        await flow.run([*rows, lost])
    assert [message["row"] for message in flow.seen["bad"]] == [lost]
    assert len(target.rows("SELECT * FROM t")) == 10


async def test_queries_and_many_executions_take_parameters(target):
    target.rows(TABLE)
    many = '{operation: executeMany, query: "INSERT INTO t VALUES ($1, $2)", rows: "{{$.payload}}"}'
    async with bench(spec(target.url, many)) as flow:
        await flow.run([[1, "it's"], [2, "b"]])
        assert flow.seen["end"] == [{"rows": [], "rowCount": 2, "command": "INSERT"}]
    query = '{query: "SELECT id FROM t WHERE name = $1", parameters: ["{{$.payload}}"]}'
    async with bench(spec(target.url, query)) as flow:
        await flow.run("it's")
    assert flow.seen["end"] == [{"rows": [{"id": 1}], "rowCount": 1, "command": "SELECT"}]


async def test_a_lost_connection_is_never_data_the_task_is_repeated(target):
    target.rows(TABLE)
    slow = '{query: "INSERT INTO t SELECT 1, if(sleep($1), 0, 1)", parameters: ["{{$.payload}}"]}'
    text = spec(target.url, slow).replace("maxAttempts: 1", "maxAttempts: 3")
    running = "SELECT id FROM information_schema.processlist WHERE info LIKE 'INSERT INTO t%'"
    async with bench(text) as flow:
        run = await flow.engine.fire(flow.program, "start", 0.5)
        while not (found := target.rows(running)):
            await asyncio.sleep(0.02)
        target.rows(f"KILL {found[0][0]}")
        ended = await flow.engine.wait(run.id)
    assert (ended.status, ended.retries) == (RunStatus.SUCCEEDED, 1)
    assert flow.seen["bad"] == []
    assert target.rows("SELECT * FROM t") == [(1, "1")]
