"""A task is tried as if nothing could fail, and ends as if it had gone step by step; what is done is done once."""

import asyncio

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.connections.postgres.transaction import PostgresTransaction
from headrace.connections.postgres.wire import Wire
from headrace.engine.speculation import Caution
from headrace.errors import InfrastructureError
from headrace.store import RunStatus, decode_outcome
from support.flows import bench
from support.lock import until_a_lock_is_waited_for
from support.misbehaving import answer, misbehaving
from support.target import table_in

TABLE = "CREATE TABLE t (id int PRIMARY KEY, name varchar(5) NOT NULL)"
WRITE = '{operation: upsert, table: t, key: id, rows: "{{$.items}}"}'


@pytest.fixture(params=["postgres", "sqlite"])
def target(request, tmp_path):
    if request.param == "postgres":
        return table_in(request.getfixturevalue("postgres_url"), TABLE)
    return table_in(f"sqlite:///{tmp_path}/t.db", TABLE)


@pytest.fixture
def postgres(postgres_url):
    return table_in(postgres_url, TABLE)


def spec(target, *, write=WRITE, survives=True, size=2, more="", edges=""):
    return f"""
defaults:
  database-module/connector: {{url: "{target.url}"}}
retry: {{maxAttempts: 2, initialDelay: 1ms}}
nodes:
  start: {{component: common-module/signal}}
  each:
    component: common-module/iterator
    settings: {{batchSize: {size}, continueOnError: {str(survives).lower()}}}
    input: {{array: "{{{{$.payload}}}}"}}
  write: {{component: database-module/connector, input: {write}}}
{more}
edges:
  - start -> each
  - each:batch -> write
{edges}
"""


def user(number, name="ok"):
    return {"id": number, "name": name}


async def run(target, rows, **options):
    """A run; gives its record, the errors that were told meanwhile, and what was counted for display."""
    async with bench(spec(target, **options)) as flow:
        record = await flow.run(rows)
        stats = {name: msgspec.structs.astuple(unit.stats) for name, unit in flow.program.units.items()}
        targets = [
            target
            for unit in flow.program.units.values()
            for each in unit.targets.values()
            for target in each
        ]
        stats["edges"] = tuple(target.crossed for target in targets)
        return record, flow.observer.errors, stats


def counted(monkeypatch, owner, name, calls):
    original = getattr(owner, name)

    def call(self, *arguments, **options):
        calls.append(arguments)
        return original(self, *arguments, **options)

    monkeypatch.setattr(owner, name, call)


@pytest.mark.parametrize("survives", [True, False])
async def test_all_batches_of_a_task_are_waited_for_once(postgres, survives, monkeypatch):
    async with bench(spec(postgres, survives=survives)) as flow:
        await flow.run([user(n) for n in range(10)])  # prepares what is prepared
        trips, commands = [], []
        counted(monkeypatch, Wire, "sync", trips)
        counted(monkeypatch, Wire, "send_command", commands)
        record = await flow.run([user(n, "new") for n in range(10)])
    assert record.status is RunStatus.SUCCEEDED
    assert len(trips) == 1  # with the row of the task and the commit
    assert [sql for sql, *_ in commands] == [b"BEGIN"]
    assert record.counters["write.rows_written"] == record.counters["write.rows_updated"] == 10
    assert postgres.rows() == [(n, "new") for n in range(10)]


async def test_what_comes_with_the_commit_is_told_by_the_row_of_the_task_as_well(postgres):
    """Each batch of two counts one row of each kind; who finds the row counts as who wrote it."""
    async with bench(spec(postgres)) as flow:
        await flow.run([user(n) for n in (7, 8, 9)])  # prepares what is prepared
        postgres.execute("INSERT INTO t VALUES (1, 'ok'), (3, 'old'), (5, 'ok')")
        record = await flow.run([user(n) for n in range(7)])
        found = postgres.execute(f"SELECT outcome FROM headrace_tasks WHERE task_id LIKE '{record.id}.%'")
    ((row,),) = found
    assert b'"written":" ' in row
    outcome = decode_outcome(row).outcome
    counted = {name: n for name, n in record.counters.items() if name.startswith("write.")}
    assert counted == {
        "write.rows_written": 5,
        "write.rows_inserted": 4,
        "write.rows_updated": 1,
        "write.rows_unchanged": 2,
    }
    assert {name: n for name, n in outcome.counters.items() if name.startswith("write.")} == counted


async def test_a_run_is_cancelled_at_once_while_its_commit_waits_for_what_was_posted(postgres):
    async with bench(spec(postgres)) as flow:
        await flow.run([user(1)])
        with psycopg.connect(postgres.url) as other:
            other.execute("LOCK TABLE t IN EXCLUSIVE MODE")
            run = await flow.engine.fire(flow.program, "start", [user(2)])
            await until_a_lock_is_waited_for(postgres.url)
            async with asyncio.timeout(20):  # less than the lock timeout
                await flow.engine.cancel(run.id)
                ended = await flow.engine.wait(run.id)
        assert ended.status is RunStatus.CANCELLED
        assert (await flow.run([user(3)])).status is RunStatus.SUCCEEDED
    assert postgres.rows() == [(1, "ok"), (3, "ok")]


async def test_more_statements_than_libpq_should_keep_results_of_are_written_all_the_same(postgres):
    record, *_ = await run(postgres, [user(n) for n in range(1001)], size=1)
    assert (record.status, record.counters["write.rows_written"]) == (RunStatus.SUCCEEDED, 1001)
    assert len(postgres.rows()) == 1001


NAMES = st.sampled_from(["ok", "good", "ok", None, "too long", "nul\0", "𝒳", 7])


@pytest.mark.usefixtures("engine_recursion")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9), NAMES), max_size=12), st.booleans(), st.integers(1, 3))
def test_it_ends_as_it_does_step_by_step(target, given_rows, survives, size):
    rows = [user(number, name) for number, name in given_rows]

    async def outcome(lets_speculate):
        target.execute("DELETE FROM t")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Caution, "lets_speculate", lambda _: lets_speculate)
            record, told, stats = await run(target, rows, survives=survives, size=size)
        errors = [(error.code, error.message, error.place, error.fate) for error in record.errors]
        shown = [(error.code, error.message, error.fate) for error in told]
        return record.status, record.counters, errors, shown, stats, record.retries, target.rows()

    async def both():
        assert await outcome(True) == await outcome(False)

    asyncio.run(both())


async def test_what_is_put_off_to_the_commit_fails_the_batch_that_did_it(postgres):
    postgres.execute(
        "CREATE TABLE owners (id int PRIMARY KEY)",
        "INSERT INTO owners VALUES (1)",
        "ALTER TABLE t ADD CONSTRAINT owner FOREIGN KEY (id) REFERENCES owners DEFERRABLE INITIALLY DEFERRED",
    )
    record, *_ = await run(postgres, [user(1), user(2)], size=1)
    assert record.status is RunStatus.SUCCEEDED
    assert [error.code for error in record.errors] == ["23503"]
    assert postgres.rows() == [(1, "ok")]


@pytest.mark.parametrize("position", ["before", "behind"])
async def test_a_request_that_changes_something_is_made_once(postgres, position):
    """It is in the batch of the write, whose failure is noticed before the request or undone after it."""
    asked = []

    async def script(wire):
        asked.append(wire.request.body)
        await wire.send(answer())

    async with misbehaving(script) as server:
        more = f"""  tell:
    component: http-module/client
    settings: {{baseUrl: "{server.url}"}}
    input: {{method: POST, body: "{{{{$.items[0].id}}}}"}}"""
        edges = "  - each:batch -> tell"
        options = {"more": more, "edges": edges, "size": 1}
        text = spec(postgres, **options)
        if position == "before":
            text = text.replace("  - each:batch -> write\n", "").replace(
                edges, edges + "\n  - each:batch -> write"
            )
        async with bench(text) as flow:
            record = await flow.run([user(1), user(2, None), user(3)])
    assert record.status is RunStatus.SUCCEEDED
    assert [error.code for error in record.errors] == ["23502"]
    assert [row[0] for row in postgres.rows()] == [1, 3]
    assert asked == ([b"1", b"2", b"3"] if position == "before" else [b"1", b"3"])


async def test_what_was_written_before_a_request_that_changes_something_is_written_once(postgres):
    """A sequence tells: it does not go back when a transaction does."""
    postgres.execute("CREATE TABLE log (id serial, n int)")

    async def script(wire):
        await wire.send(answer())

    write = '{query: "INSERT INTO log (n) VALUES ($1)", parameters: ["{{$.items[0].id}}"]}'
    async with misbehaving(script) as server:
        more = f"""  tell: {{component: http-module/client, settings: {{baseUrl: "{server.url}"}}, input: {{method: POST}}}}"""
        async with bench(
            spec(postgres, write=write, more=more, edges="  - each:done -> tell", size=1)
        ) as flow:
            for _ in range(2):
                record = await flow.run([user(n) for n in range(3)])
                assert (record.status, record.errors) == (RunStatus.SUCCEEDED, [])
    assert postgres.rows("SELECT id, n FROM log") == [(n + 1, n % 3) for n in range(6)]


async def test_a_page_is_asked_for_once_also_where_writing_it_fails(postgres):
    asked = 0

    async def script(wire):
        nonlocal asked
        asked += 1
        rows = b'[{"id": 1, "name": null}, {"id": 2, "name": "ok"}]'
        await wire.send(answer(body=rows, Content_Type="application/json"))

    async with misbehaving(script) as server:
        text = spec(
            postgres,
            size=1,
            more=f'  get: {{component: http-module/client, settings: {{baseUrl: "{server.url}"}}, input: {{}}}}',
        )
        text = text.replace("start -> each", "start -> get\n  - get -> each").replace(
            "$.payload", "$.response.bodyJson"
        )
        async with bench(text) as flow:
            for _ in range(3):
                record = await flow.run()
                assert [error.code for error in record.errors] == ["23502"]
    assert asked == 3
    assert postgres.rows() == [(2, "ok")]


async def test_a_database_that_is_lost_is_the_failure_of_the_node_that_writes(postgres, monkeypatch):
    calls = 0
    original = PostgresTransaction.settle

    async def settle(self):
        nonlocal calls
        calls += 1
        if calls == 1:
            raise InfrastructureError("lost")
        return await original(self)

    monkeypatch.setattr(PostgresTransaction, "settle", settle)
    record, told, _ = await run(postgres, [user(1)])
    assert (record.status, record.retries) == (RunStatus.SUCCEEDED, 1)
    assert [(error.node, error.message) for error in told] == [("write", "lost")]
    assert postgres.rows() == [(1, "ok")]


async def test_a_connection_serves_on_after_a_speculation_that_failed(postgres):
    async with bench(spec(postgres, size=1)) as flow:
        for number in range(12):
            record = await flow.run([user(number), user(99, None), user(100 + number)])
            assert record.counters["write.rows_written"] == 2
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    assert postgres.execute(sessions) == [(0,)]
    assert len(postgres.rows()) == 24


def test_caution_grows_where_it_goes_wrong_and_shrinks_where_it_goes_well():
    caution = Caution()

    def refused():
        count = 0
        while not caution.lets_speculate():
            count += 1
        return count

    assert refused() == 0
    caution.failed()
    assert refused() == 8
    caution.failed()
    assert refused() == 32
    for _ in range(9):
        caution.failed()
    assert refused() == 1024
    for _ in range(20):
        caution.succeeded()
    caution.failed()
    assert refused() == 8


async def test_each_page_of_many_is_asked_for_once_also_where_writing_it_fails(postgres):
    """Whether the failure is told by the upsert itself or, once that is prepared, with the commit."""
    asked = []

    async def script(wire):
        number = int(wire.request.target.partition("page=")[2].partition("&")[0])
        asked.append(number)
        rows = [user(2 * number), user(2 * number + 1, None if number == 2 else "ok")]
        body = msgspec.json.encode({"total": 6, "items": rows})
        await wire.send(answer(body=body, Content_Type="application/json"))

    async with misbehaving(script) as server:
        text = f"""
defaults:
  database-module/connector: {{url: "{postgres.url}", maxOpenConns: 1}}
retry: {{maxAttempts: 1}}
nodes:
  start: {{component: common-module/signal}}
  pages:
    component: http-module/pages
    settings:
      baseUrl: "{server.url}"
      pagination: {{type: page, param: page, size: 2, total: "{{{{$.response.bodyJson.total}}}}"}}
      concurrency: 2
  write: {{component: database-module/connector, input: {WRITE}}}
edges:
  - start -> pages
  - pages:page -> write
"""
        async with bench(text) as flow:
            for _ in range(2):
                asked.clear()
                record = await flow.run({"url": "/"})
                assert [(error.code, error.node) for error in record.errors] == [("23502", "write")]
                assert sorted(asked) == [1, 2, 3]
    assert [row[0] for row in postgres.rows()] == [2, 3, 6, 7]
