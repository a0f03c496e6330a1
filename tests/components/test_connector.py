"""database-module/connector against a real PostgreSQL and real SQLite files: transactions, marks, values."""

import asyncio

import pytest

from headrace.errors import FlowError, PermanentError
from headrace.store import RunStatus
from support.flows import Seen, bench
from support.target import table_in

TABLE = "CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL)"


@pytest.fixture
def database(postgres_url):
    return table_in(postgres_url, TABLE)


def spec(nodes, edges, url, settings=""):
    """A flow of a signal, and a connector `write` with `input` to insert `$.id`, `$.name`."""
    return f"""
defaults:
  database-module/connector: {{url: "{url}"{settings}}}
retry: {{maxAttempts: 2, initialDelay: 1ms}}
nodes:
  start: {{component: common-module/signal}}
  write:
    component: database-module/connector
    input:
      query: INSERT INTO t (id, name) VALUES ($1, $2)
      parameters: ["{{{{$.id}}}}", "{{{{$.name}}}}"]
{nodes}
edges:
{edges}
"""


async def test_writes_of_one_task_commit_together(database):
    """The first insert is undone when the second statement of the same task fails."""
    nodes = """
  again:
    component: database-module/connector
    input: {query: "INSERT INTO t VALUES (2, null)"}
"""
    edges = """
  - from: start:out
    to: write:query
    data: {id: 1, name: a}
  - write:result -> again
"""
    async with bench(spec(nodes, edges, database.url)) as flow:
        run = await flow.run()
    assert run.status is RunStatus.FAILED
    assert 'null value in column "name"' in run.errors[0].message
    assert run.errors[0].code == "23502"
    assert database.rows() == []


ITERATE = """
  iterate:
    component: common-module/iterator
    settings: {settings}
    input: {{array: "{{{{$.payload}}}}"}}
  done: {{component: test-module/probe}}
"""
ITERATE_EDGES = """
  - start -> iterate
  - from: iterate:item
    to: write:query
    data: "{{$.item}}"
  - iterate:done -> done
"""


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_rule_5_a_failure_that_is_collected_undoes_its_branch_alone(database, concurrency):
    nodes = ITERATE.format(settings=f"{{concurrency: {concurrency}}}")
    rows = [{"id": n, "name": None if n % 3 == 0 else f"n{n}"} for n in range(1, 11)]
    async with bench(spec(nodes, ITERATE_EDGES, database.url)) as flow:
        run = await flow.run(rows)
    assert run.status is RunStatus.SUCCEEDED
    (done,) = flow.seen["done"]
    assert (done["processed"], done["failed"]) == (7, 3)
    assert database.rows() == [(n, f"n{n}") for n in range(1, 11) if n % 3]


async def test_rule_5_parallel_branches_do_not_interleave_in_the_transaction(database):
    """Each branch writes twice with work between; the odd ones then fail. Interleaved marks would mix them."""
    nodes = (
        ITERATE.format(settings="{concurrency: 5}")
        + """
  pause: {component: test-module/probe}
  second:
    component: database-module/connector
    input:
      query: INSERT INTO t (id, name) VALUES ($1, $2)
      parameters: ["{{$.id + 100}}", "{{$.second}}"]
"""
    )
    edges = ITERATE_EDGES + "  - write:result -> pause -> second\n"
    seen = Seen()

    async def pause(message, context):
        for _ in range(5):
            await asyncio.sleep(0)

    seen.before["pause"] = pause
    rows = [{"id": n, "name": "first", "second": "second" if n % 2 else None} for n in range(1, 21)]
    text = spec(nodes, edges, database.url).replace(
        'data: "{{$.item}}"',
        'add: {id: "{{$.item.id}}", name: "{{$.item.name}}", second: "{{$.item.second}}"}',
    )
    async with bench(text, seen=seen) as flow:
        await flow.run(rows)
    assert database.rows() == [
        (n + plus, name) for plus, name in ((0, "first"), (100, "second")) for n in range(1, 21) if n % 2
    ]


async def test_rule_5_a_failure_handled_at_an_error_port_undoes_the_failing_statement_only(database):
    nodes = """
  first: {component: database-module/connector, input: {query: "INSERT INTO t VALUES (1, 'kept')"}}
  caught:
    component: database-module/connector
    input: {query: "INSERT INTO t VALUES (3, $1)", parameters: ["{{$.error}}"]}
"""
    edges = """
  - start -> first
  - from: first:result
    to: write:query
    data: {id: 1, name: again}
  - write:error -> caught
"""
    async with bench(spec(nodes, edges, database.url)) as flow:
        run = await flow.run()
    assert run.status is RunStatus.SUCCEEDED
    (kept, error) = database.rows()
    assert kept == (1, "kept")
    assert error[0] == 3
    assert "duplicate key" in error[1]


async def test_rule_6_a_lost_connection_is_never_data_the_whole_task_is_repeated(database):
    """The server cuts the task's connection after its first insert: no error port, no collected error."""
    nodes = (
        ITERATE.format(settings="{}")
        + """
  cut: {component: test-module/probe}
  caught: {component: test-module/probe}
"""
    )
    edges = ITERATE_EDGES + "  - write:error -> caught\n  - write:result -> cut\n"
    seen = Seen()
    cuts = []

    async def cut(message, context):
        if not cuts:
            cuts.append(1)
            await asyncio.to_thread(
                database.execute,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'headrace' AND state = 'idle in transaction'",
            )

    seen.before["cut"] = cut
    rows = [{"id": n, "name": "x"} for n in (1, 2, 3)]
    async with bench(spec(nodes, edges, database.url), seen=seen) as flow:
        run = await flow.run(rows)
    assert run.status is RunStatus.SUCCEEDED
    assert run.retries == 1
    assert (seen["caught"], run.error_count) == ([], 0)
    assert database.rows() == [(1, "x"), (2, "x"), (3, "x")]


async def test_a_cancelled_task_leaves_nothing_behind(database):
    started = asyncio.Event()
    seen = Seen()

    async def hang(message, context):
        started.set()
        await asyncio.Event().wait()

    seen.before["hang"] = hang
    edges = """
  - from: start:out
    to: write:query
    data: {id: 1, name: a}
  - write:result -> hang
"""
    text = spec("  hang: {component: test-module/probe}", edges, database.url)
    async with bench(text, seen=seen) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await started.wait()
        await flow.engine.cancel(run.id)
        ended = await flow.engine.wait(run.id)
    assert ended.status is RunStatus.CANCELLED
    assert database.rows() == []


async def test_rule_14_reads_after_the_first_write_see_it_and_those_before_take_no_transaction(database):
    nodes = """
  before: {component: database-module/connector, as: before, input: {query: "SELECT count(*) AS n FROM t"}}
  after: {component: database-module/connector, as: after, input: {query: "SELECT count(*) AS n FROM t"}}
  watch: {component: test-module/probe}
"""
    edges = """
  - start -> before -> watch
  - from: watch:out
    to: write:query
    add: {id: 1, name: a}
  - write:result -> after
  - from: after:result
    to: end:in
    data: ["{{$.before.rows[0].n}}", "{{$.after.rows[0].n}}"]
"""
    seen = Seen()
    open_transactions = []

    async def watch(message, context):
        rows = await asyncio.to_thread(
            database.execute,
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'",
        )
        open_transactions.append(rows[0][0])

    seen.before["watch"] = watch
    async with bench(
        spec(nodes + "  end: {component: test-module/probe}", edges, database.url), seen=seen
    ) as flow:
        run = await flow.run()
    assert run.errors == []
    assert seen["end"] == [[0, 1]]
    assert open_transactions == [0]


async def test_transaction_statement_commits_each_by_itself(database):
    nodes = (
        '  again: {component: database-module/connector, input: {query: "INSERT INTO t VALUES (2, null)"}}'
    )
    edges = """
  - from: start:out
    to: write:query
    data: {id: 1, name: a}
  - write:result -> again
"""
    async with bench(spec(nodes, edges, database.url, ", transaction: statement")) as flow:
        run = await flow.run()
    assert run.status is RunStatus.FAILED
    assert database.rows() == [(1, "a")]


async def test_rule_13_two_databases_in_one_task_are_refused_with_the_cure(database, tmp_path):
    nodes = f"""
  other:
    component: database-module/connector
    settings: {{driver: sqlite, url: "sqlite:///{tmp_path}/x.db", setup: "CREATE TABLE t (id int)"}}
    input: {{query: "INSERT INTO t VALUES (1)"}}
"""
    edges = """
  - from: start:out
    to: write:query
    data: {id: 1, name: a}
  - write:result -> other
"""
    with pytest.raises(FlowError, match="HR129") as raised:
        async with bench(spec(nodes, edges, database.url)):
            raise AssertionError("not reached")
    (finding,) = raised.value.findings
    assert finding.message == "`write` and `other` write to two databases in one task"
    assert "transaction: statement" in finding.cure


async def test_values_bind_as_on_the_reference_page(database):
    database.execute(
        "CREATE TABLE v (a timestamptz, b jsonb, c bigint, d decimal(10,2), e text[], f jsonb[], g timestamptz[], h boolean)"
    )
    nodes = """
  bind:
    component: database-module/connector
    input:
      query: INSERT INTO v VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *
      parameters:
        - "{{RFC3339(1767225600000000000)}}"
        - "{{JSON.stringify({q: 'ü', n: null})}}"
        - "{{9007199254740993}}"
        - "{{7 / 4}}"
        - ["ü", "a,b", '"', null]
        - ['{"a": 1}', "[1]"]
        - ["2026-01-01T00:00:00Z"]
        - true
  end: {component: test-module/probe}
"""
    edges = """
  - start -> bind
  - from: bind:result
    to: end:in
    data: "{{$.result}}"
"""
    async with bench(spec(nodes, edges, database.url)) as flow:
        run = await flow.run()
    assert run.errors == []
    row = {
        "a": "2026-01-01T00:00:00Z",
        "b": {"q": "ü", "n": None},
        "c": 9007199254740993,
        "d": 1.75,
        "e": ["ü", "a,b", '"', None],
        "f": [{"a": 1}, [1]],
        "g": ["2026-01-01T00:00:00Z"],
        "h": True,
    }
    assert flow.seen["end"] == [{"rows": [row], "rowCount": 1, "command": "INSERT"}]


def operation(body):
    return f"  many: {{component: database-module/connector, input: {body}}}\n  end: {{component: test-module/probe}}"


MANY_EDGES = """
  - start -> many
  - from: many:result
    to: end:in
    data: "{{$.result}}"
"""


async def test_execute_many_runs_once_for_each_row(database):
    body = '{operation: executeMany, query: "INSERT INTO t VALUES ($1, $2)", rows: "{{$.payload}}"}'
    async with bench(spec(operation(body), MANY_EDGES, database.url)) as flow:
        await flow.run([[1, "a"], [2, "b"]])
        await flow.run([])
    assert database.rows() == [(1, "a"), (2, "b")]
    assert [m["rowCount"] for m in flow.seen["end"]] == [2, 0]


async def test_upsert_inserts_and_updates_and_the_last_of_equal_keys_wins(database):
    database.execute("INSERT INTO t VALUES (1, 'old')")
    body = '{operation: upsert, table: t, key: id, rows: "{{$.payload}}"}'
    rows = [{"id": 2, "name": "first"}, {"id": 1, "name": "new"}, {"id": 2, "name": "last"}]
    async with bench(spec(operation(body), MANY_EDGES, database.url)) as flow:
        run = await flow.run(rows)
        assert run.errors == []
    assert database.rows() == [(1, "new"), (2, "last")]
    assert flow.seen["end"][0]["rowCount"] == 2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": 1}, {"name": "x"}], "row 1 of `upsert` has not the same columns as row 0 (id)"),
        ([{"id": None, "name": "x"}], "row 0 of `upsert` has no `id`"),
        ([1], "`rows` of `upsert` must be objects"),
    ],
)
async def test_rows_that_cannot_be_upserted_are_said(database, rows, said):
    body = '{operation: upsert, table: t, key: id, rows: "{{$.payload}}"}'
    async with bench(spec(operation(body), MANY_EDGES, database.url)) as flow:
        run = await flow.run(rows)
    assert said in run.errors[0].message


async def test_names_in_upsert_are_quoted(database):
    database.execute('CREATE TABLE "we""ird" ("the key" int PRIMARY KEY, "select" text)')
    body = """{operation: upsert, table: 'we"ird', key: the key, rows: "{{$.payload}}"}"""
    async with bench(spec(operation(body), MANY_EDGES, database.url)) as flow:
        run = await flow.run([{"the key": 1, "select": "x'); DROP TABLE t; --"}])
    assert run.errors == []
    assert database.rows('SELECT * FROM "we""ird"') == [(1, "x'); DROP TABLE t; --")]


async def test_sqlite_keeps_the_same_promises(tmp_path):
    nodes = (
        ITERATE.format(settings="{concurrency: 3}")
        + """
  read: {component: database-module/connector, input: {query: "SELECT id, name FROM t ORDER BY id"}}
"""
    )
    edges = ITERATE_EDGES + "  - done -> read\n  - read:result -> end\n"
    settings = ', setup: "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL)"'
    text = spec(
        nodes + "  end: {component: test-module/probe}", edges, f"sqlite:///{tmp_path}/ä.db", settings
    )
    text = text.replace("connector: {url", "connector: {driver: sqlite, url")
    rows = [{"id": n, "name": None if n == 2 else f"n{n}"} for n in (1, 2, 3)]
    async with bench(text) as flow:
        run = await flow.run(rows)
    assert run.status is RunStatus.SUCCEEDED
    (end,) = flow.seen["end"]
    assert end["result"]["rows"] == [{"id": 1, "name": "n1"}, {"id": 3, "name": "n3"}]


async def test_a_server_that_is_not_there_is_tried_again_then_said():
    nodes = ""
    edges = """
  - from: start:out
    to: write:query
    data: {id: 1, name: a}
"""
    text = spec(nodes, edges, "").replace(
        '{url: ""}', "{host: 127.0.0.1, port: 1, username: u, password: hunter22}"
    )
    seen = Seen()
    async with bench(text, seen=seen) as flow:
        run = await flow.engine.fire(flow.program, "start")
        while not flow.observer.errors:
            await asyncio.sleep(0.01)
        await flow.engine.cancel(run.id)
    (error, *_) = flow.observer.errors
    assert "127.0.0.1:1" in error.message
    assert "refuses" in error.message
    assert "hunter22" not in error.message


async def test_settings_that_say_nowhere_to_connect_are_found_before_the_run():
    with pytest.raises(FlowError, match=r"HR116 `host` is required by database-module/connector"):
        async with bench(spec("", "  - start -> write\n", "")):
            raise AssertionError("not reached")


async def test_a_setup_that_fails_names_its_node(database):
    settings = ', setup: "CREATE TABLE t (x int)"'
    with pytest.raises(
        PermanentError, match=r"node `write` \(flow.yaml:\d+:\d+\): relation \"t\" already exists"
    ):
        async with bench(spec("", "  - start -> write\n", database.url, settings)):
            raise AssertionError("not reached")
