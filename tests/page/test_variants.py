"""The variants of the reference page, with the page's own text; as whole flows they are in `examples/`.

Incremental sync · flow monitoring · error recovery · batch inserts · parallel pages.
"""

from headrace.store import RunStatus
from support.api import TOKEN, serve_users
from support.clock import START_NS
from support.flows import Seen, bench
from support.sync import CREATE_SYNC_LOGS, CREATE_USERS, START, START_TEXT

HEAD = """
secrets: [apiToken, dbHost, dbUser, dbPassword]
defaults:
  database-module/connector:
    driver: "postgres"
    host: "{{$.secrets.dbHost}}"
    port: 5432
    database: "myapp"
    username: "{{$.secrets.dbUser}}"
    password: "{{$.secrets.dbPassword}}"
    sslMode: "require"
  http-module/client:
    baseUrl: "https://api.external-system.com/v1"
    defaultHeaders: {Authorization: "Bearer {{$.secrets.apiToken}}"}
"""
NODES = """
nodes:
  start: {component: common-module/signal}
  bring: {component: common-module/modify, input: "{{$.payload}}"}
"""


async def run(spec, payload, target, clock, api=None):
    """Run a flow with the head above; gives what the probes saw."""
    seen = Seen()
    text = HEAD + spec
    if api is not None:
        text = text.replace("https://api.external-system.com/v1", api.url)
    async with bench(text, seen=seen, clock=clock, secrets=target.secrets) as flow:
        record = await flow.run(payload)
    assert (record.status, record.errors) == (RunStatus.SUCCEEDED, [])
    return seen


async def test_incremental_sync_modified_initialize_node(target, clock):
    spec = f"""{NODES}
  init: {{component: common-module/modify}}
  end: {{component: test-module/probe}}
edges:
  - start -> bring
  - from: bring
    to: init
    data:
      syncId: "{{{{now()}}}}"
      syncType: "incremental"
      page: 1
      pageSize: 100
      # Get last sync time from database or use default
      lastSyncTime: "{{{{$.lastSyncTime || '2024-01-01T00:00:00Z'}}}}"
  - init -> end
"""
    state = {"syncId": START_NS, "syncType": "incremental", "page": 1, "pageSize": 100}
    for message, since in [
        ({}, "2024-01-01T00:00:00Z"),
        ({"lastSyncTime": None}, "2024-01-01T00:00:00Z"),
        ({"lastSyncTime": "2025-06-01T12:00:00Z"}, "2025-06-01T12:00:00Z"),
    ]:
        seen = await run(spec, message, target, clock)
        assert seen["end"] == [{**state, "lastSyncTime": since}]


async def test_incremental_sync_store_last_sync_time(target, clock):
    target.execute("CREATE TABLE sync_metadata (key TEXT PRIMARY KEY, value TEXT, updated_at TIMESTAMPTZ)")
    spec = f"""{NODES}
  store: {{component: database-module/connector}}
edges:
  - start -> bring
  - from: bring
    to: store
    data:
      query: |
        INSERT INTO sync_metadata (key, value, updated_at)
        VALUES ('last_user_sync', $1, $2)
        ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at
      parameters:
        - "{{{{$.completedAt}}}}"
        - "{{{{$.completedAt}}}}"
"""
    for completed in ("2023-11-14T00:00:00.123456789Z", START_TEXT):
        await run(spec, {"completedAt": completed}, target, clock)
    assert target.rows("SELECT * FROM sync_metadata") == [("last_user_sync", START_TEXT, START)]


async def test_flow_monitoring_progress_tracking(target, clock):
    spec = f"""{NODES}
  iterate: {{component: common-module/iterator, settings: {{batchSize: 10}}}}
  end: {{component: test-module/probe}}
edges:
  - start -> bring -> iterate
  - iterate:batch -> end
"""
    seen = await run(spec, {"array": list(range(200)), "context": {}}, target, clock)
    names = ("batchNum", "totalBatches", "progress", "isLastBatch")
    told = [{name: message[name] for name in names} for message in seen["end"]]
    assert told == [
        {"batchNum": number, "totalBatches": 20, "progress": number * 5, "isLastBatch": number == 20}
        for number in range(1, 21)
    ]
    assert told[4] == {"batchNum": 5, "totalBatches": 20, "progress": 25, "isLastBatch": False}  # the page's


async def test_flow_monitoring_query_recent_syncs(target, clock):
    insert = "INSERT INTO sync_logs (sync_id, status, records_processed, pages, duration_seconds, errors, completed_at)"
    target.execute(
        CREATE_SYNC_LOGS,
        *(
            f"""{insert} VALUES ({n}, 'completed', {n * 100}, {n}, {n}.25, '[{"1, " * n}1]',
                timestamptz '2024-01-01T00:00Z' + interval '{n} hours')"""
            for n in range(1, 13)
        ),
    )
    spec = f"""{NODES}
  query:
    component: database-module/connector
    input:
      query: |
        SELECT
            sync_id,
            status,
            records_processed,
            pages,
            duration_seconds,
            jsonb_array_length(errors) as error_count,
            completed_at
        FROM sync_logs
        ORDER BY completed_at DESC
        LIMIT 10;
  end: {{component: test-module/probe}}
edges:
  - start -> bring -> query -> end
"""
    seen = await run(spec, {"asked": "by test"}, target, clock)
    rows = [
        {
            "sync_id": n,
            "status": "completed",
            "records_processed": n * 100,
            "pages": n,
            "duration_seconds": n + 0.25,
            "error_count": n + 1,
            "completed_at": f"2024-01-01T{n:02d}:00:00Z",
        }
        for n in range(12, 2, -1)
    ]
    assert seen["end"] == [
        {"asked": "by test", "result": {"rows": rows, "rowCount": 10, "command": "SELECT"}}
    ]


async def test_error_recovery_retry_failed_batches(target, clock):
    target.execute(
        "CREATE TABLE numbers (n INT PRIMARY KEY)",
        """CREATE TABLE sync_retry_queue (id SERIAL, sync_id BIGINT, page INT, batch_num INT, error TEXT,
           status TEXT DEFAULT 'pending', created_at TIMESTAMPTZ)""",
    )
    spec = f"""{NODES}
  iterate: {{component: common-module/iterator, settings: {{batchSize: 2}}}}
  write:
    component: database-module/connector
    input: {{query: "INSERT INTO numbers SELECT * FROM unnest($1::int[])", parameters: ["{{{{$.items}}}}"]}}
  enqueue: {{component: database-module/connector}}
edges:
  - start -> bring -> iterate
  - iterate:batch -> write
  - from: iterate:error
    to: enqueue
    data:
      query: |
        INSERT INTO sync_retry_queue (sync_id, page, batch_num, error, created_at)
        VALUES ($1, $2, $3, $4, NOW())
      parameters:
        - "{{{{$.context.syncId}}}}"
        - "{{{{$.context.page}}}}"
        - "{{{{$.batchNum}}}}"
        - "{{{{$.error}}}}"
"""
    seen = Seen()
    message = {"array": [1, 2, 3, 3, 5], "context": {"syncId": START_NS, "page": 4}}
    async with bench(HEAD + spec, seen=seen, clock=clock, secrets=target.secrets) as flow:
        record = await flow.run(message)
    assert record.status is RunStatus.SUCCEEDED
    assert target.rows("SELECT n FROM numbers ORDER BY n") == [(1,), (2,), (5,)]
    ((*entry, error, status),) = target.rows(
        "SELECT id, sync_id, page, batch_num, error, status FROM sync_retry_queue"
    )
    assert (entry, status) == ([1, START_NS, 4, 2], "pending")
    assert error.startswith('duplicate key value violates unique constraint "numbers_pkey"')


async def test_error_recovery_manual_retry_trigger(target, clock):
    target.execute(
        "CREATE TABLE sync_retry_queue (id SERIAL, page INT, status TEXT)",
        "INSERT INTO sync_retry_queue (page, status) SELECT n, 'done' FROM generate_series(1, 3) n",
        "INSERT INTO sync_retry_queue (page, status) SELECT n, 'pending' FROM generate_series(4, 20) n",
    )
    spec = f"""{NODES}
  fetch:
    component: database-module/connector
    input:
      # Fetch items from retry queue
      query: "SELECT * FROM sync_retry_queue WHERE status = 'pending' LIMIT 10"
  each:
    component: common-module/iterator
    input: {{array: "{{{{$.result.rows}}}}"}}
  end: {{component: test-module/probe}}
edges:
  - start -> bring -> fetch -> each
  - each:item -> end
"""
    seen = await run(spec, {}, target, clock)
    assert [message["item"] for message in seen["end"]] == [
        {"id": n, "page": n, "status": "pending"} for n in range(4, 14)
    ]


async def test_performance_batch_database_inserts(target, clock):
    target.execute(CREATE_USERS, "INSERT INTO users VALUES ('u1', 'old', 'Old', 'gone', NULL, '2020-01-01')")
    spec = f"""{NODES}
  insert:
    component: database-module/connector
    input:
      query: |
        INSERT INTO users (external_id, email, name, status, metadata, updated_at)
        SELECT * FROM unnest(
            $1::text[],
            $2::text[],
            $3::text[],
            $4::text[],
            $5::jsonb[],
            $6::timestamptz[]
        )
        ON CONFLICT (external_id) DO UPDATE SET
            email = EXCLUDED.email, name = EXCLUDED.name, status = EXCLUDED.status,
            metadata = EXCLUDED.metadata, updated_at = EXCLUDED.updated_at
      parameters:
        - "{{{{$.users.map(user => user.external_id)}}}}"
        - "{{{{$.users.map(user => user.email)}}}}"
        - "{{{{$.users.map(user => user.name)}}}}"
        - "{{{{$.users.map(user => user.status)}}}}"
        - "{{{{$.users.map(user => JSON.stringify(user.metadata))}}}}"
        - "{{{{$.users.map(user => user.updated_at)}}}}"
edges:
  - start -> bring -> insert
"""
    values = [
        ("u1", "a@x", 'He said "hi" \\ {a,b}', "active", {"k": ["'", '"', "\\", None]}),
        ("u2", None, "NULL", "inactive", {}),
        ("u3", "", "Ünïcødé 😀", "active", {"big": 2**70}),
    ]
    names = ("external_id", "email", "name", "status", "metadata")
    users = [{**dict(zip(names, row, strict=True)), "updated_at": START_TEXT} for row in values]
    await run(spec, {"users": users}, target, clock)
    assert target.rows("SELECT * FROM users ORDER BY 1") == [(*row, START) for row in values]


async def test_performance_parallel_page_processing(target, clock):
    target.execute("CREATE TABLE fetched (page INT, users INT)")
    spec = f"""{NODES}
  window: {{component: common-module/modify}}
  each: {{component: common-module/iterator}}
  parallel: {{component: common-module/async, settings: {{maxConcurrency: 3}}}}
  api-client:
    component: http-module/client
    input: {{url: "/users", queryParams: {{page: "{{{{$.item}}}}", limit: 10}}}}
  store:
    component: database-module/connector
    input:
      query: "INSERT INTO fetched VALUES ($1, $2)"
      parameters: ["{{{{$.item}}}}", "{{{{len($.response.bodyJson.data)}}}}"]
edges:
  - start -> bring
  - from: bring
    to: window
    data:
      # Use async component to fetch multiple pages
      pages:
        - "{{{{$.currentPage}}}}"
        - "{{{{$.currentPage + 1}}}}"
        - "{{{{$.currentPage + 2}}}}"
  - from: window
    to: each
    data: {{array: "{{{{$.pages}}}}"}}
  - each:item -> parallel -> api-client -> store
"""
    async with serve_users(35) as api:
        api.together = 3  # answers none before all three were asked for
        await run(spec, {"currentPage": 2}, target, clock, api)
    assert sorted(api.pages) == [2, 3, 4]
    assert target.rows("SELECT * FROM fetched ORDER BY page") == [(2, 10), (3, 10), (4, 5)]
    assert {headers["authorization"] for headers in api.headers} == {f"Bearer {TOKEN}"}
