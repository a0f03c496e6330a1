"""The nodes 7 to 12 of the reference page, each with the page's own settings and expressions.

Each stands alone here, as in `test_nodes.py`.
"""

import textwrap

from headrace.store import RunStatus
from support.api import TOKEN, serve_users
from support.clock import START_NS
from support.flows import Seen, bench
from support.shape import shaped
from support.sync import CREATE_SYNC_LOGS, CREATE_USERS, START, START_TEXT

PAGE_URL = "https://api.external-system.com/v1"
CONNECTOR = """\
driver: "postgres"
host: "{{$.secrets.dbHost}}"
port: 5432
database: "myapp"
username: "{{$.secrets.dbUser}}"
password: "{{$.secrets.dbPassword}}"
sslMode: "require"
maxOpenConns: 10
"""


def connector(data: str, settings: str = CONNECTOR) -> str:
    """The page's connector, its query on the edge into it."""
    return f"""
secrets: [dbHost, dbUser, dbPassword]
nodes:
  start: {{component: common-module/signal}}
  bring: {{component: common-module/modify}}
  connector:
    component: database-module/connector
    settings:
{textwrap.indent(settings, "      ")}
  end: {{component: test-module/probe}}
edges:
  - {{from: start, to: bring, data: "{{{{$.payload}}}}"}}
  - from: bring
    to: connector
    data:
{textwrap.indent(textwrap.dedent(data), "      ")}
  - connector -> end
"""


async def test_7_database_upsert(target):
    target.execute(
        CREATE_USERS, "INSERT INTO users VALUES ('u1', 'old@x', 'Old', 'inactive', NULL, '2020-01-01T00:00Z')"
    )
    data = """
    query: |
      INSERT INTO users (external_id, email, name, status, metadata, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (external_id)
      DO UPDATE SET
        email = EXCLUDED.email,
        name = EXCLUDED.name,
        status = EXCLUDED.status,
        metadata = EXCLUDED.metadata,
        updated_at = EXCLUDED.updated_at
    # Note: In practice, you'd use batch insert for efficiency
    parameters: "{{$.users[0] ? [$.users[0].external_id, $.users[0].email, $.users[0].name, $.users[0].status, $.users[0].metadata, $.users[0].updated_at] : []}}"
    operation: "execute"
    """
    user = {
        "external_id": "u1",
        "email": "ada@x.org",
        "name": "Ada Lovelace",
        "status": "active",
        "metadata": '{"original_id": 1}',
        "updated_at": START_TEXT,
    }
    seen = Seen()
    async with bench(connector(data), seen=seen, secrets=target.secrets) as flow:
        run = await flow.run({"users": [user]})
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert seen["end"] == [
        {"users": [user], "result": {"rows": [], "rowCount": 1, "command": "INSERT"}},
    ]
    assert target.rows("SELECT * FROM users") == [
        ("u1", "ada@x.org", "Ada Lovelace", "active", {"original_id": 1}, START)
    ]


async def test_8_pagination_router():
    seen = Seen()
    spec = """
    nodes:
      start: {component: common-module/signal}
      router:
        component: common-module/router
        settings:
          rules:
            - name: "has_more_pages"
              field: "hasMore"
              operator: "equals"
              value: "true"
              outputPort: "route_a"
          defaultPort: "default"
      more: {component: test-module/probe}
      last: {component: test-module/probe}
    edges:
      - {from: start, to: router, data: "{{$.payload}}"}
      - router:route_a -> more
      - router:default -> last
    """
    messages = [{"hasMore": value} for value in (True, "true", False, "false", None)] + [{}]
    async with bench(spec, seen=seen) as flow:
        for message in messages:
            await flow.run(message)
    assert seen["more"] == messages[:2]
    assert seen["last"] == messages[2:]


async def test_9_next_page_trigger():
    seen = Seen()
    spec = """
    secrets: [apiToken]
    nodes:
      start: {component: common-module/signal}
      has-more:
        component: common-module/router
        settings:
          rules: [{when: "{{$.context.page < 3}}", outputPort: route_a}]
      api-client:
        component: http-module/client
        settings:
          baseUrl: "https://api.external-system.com/v1"
          defaultHeaders: {Authorization: "Bearer {{$.secrets.apiToken}}"}
        input: {url: "/users", queryParams: {page: "{{$.page}}", limit: "{{$.pageSize}}"}}
      state: {component: test-module/probe}
    edges:
      - {from: start, to: state, data: {context: "{{$.payload}}"}}
      - state -> has-more
      - from: has-more:route_a
        # as on the page
        target:
          node: api-client
          port: request
        data:
          syncId: "{{$.context.syncId}}"
          page: "{{$.context.page + 1}}"
          pageSize: 100
          totalProcessed: "{{$.context.totalProcessed}}"
          totalPages: "{{$.context.totalPages}}"
          startTime: "{{$.context.startTime}}"
          errors: "{{$.context.errors}}"
      - {from: api-client, to: state, data: {context: "{{omit($, ['response'])}}"}}
    """
    carried = {"syncId": 7, "totalProcessed": 100, "totalPages": 3, "startTime": START_TEXT, "errors": []}
    async with serve_users(300) as api:
        spec = spec.replace(PAGE_URL, api.url)
        async with bench(spec, seen=seen, secrets={"apiToken": TOKEN}) as flow:
            run = await flow.run({**carried, "page": 1})
    assert (run.status, run.tasks_done) == (RunStatus.SUCCEEDED, 4)  # the firing, the first, two pages
    assert api.requests == [{"page": "2", "limit": "100"}, {"page": "3", "limit": "100"}]
    assert [message["context"] for message in seen["state"]] == [
        {**carried, "page": 1},
        {**carried, "page": 2, "pageSize": 100},
        {**carried, "page": 3, "pageSize": 100},
    ]


async def test_10_sync_complete_handler(clock):
    data = """
    syncId: "{{$.context.syncId}}"
    status: "completed"
    totalProcessed: "{{$.context.totalProcessed}}"
    totalPages: "{{$.context.totalPages}}"
    duration: "{{(now() - int($.context.startTime)) / 1000000000}}"
    errors: "{{$.context.errors}}"
    completedAt: "{{RFC3339(now())}}"
    """
    context = {
        "syncId": 7,
        "totalProcessed": 250,
        "totalPages": 3,
        "startTime": "2023-11-14T22:13:07.5Z",
        "errors": [{"page": 2, "error": "it broke"}],
    }
    assert await shaped(data, {"context": context}, clock) == {
        "syncId": 7,
        "status": "completed",
        "totalProcessed": 250,
        "totalPages": 3,
        "duration": 12.5,
        "errors": [{"page": 2, "error": "it broke"}],
        "completedAt": START_TEXT,
    }


async def test_11_log_sync_result(target):
    target.execute(CREATE_SYNC_LOGS)
    data = """
    query: |
      INSERT INTO sync_logs (sync_id, status, records_processed, pages, duration_seconds, errors, completed_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
    parameters:
      - "{{$.syncId}}"
      - "{{$.status}}"
      - "{{$.totalProcessed}}"
      - "{{$.totalPages}}"
      - "{{$.duration}}"
      - "{{JSON.stringify($.errors)}}"
      - "{{$.completedAt}}"
    """
    message = {
        "syncId": START_NS,
        "status": "completed",
        "totalProcessed": 250,
        "totalPages": 3,
        "duration": 12.5,
        "errors": [{"page": 2, "error": 'it\'s broken: "é"'}],
        "completedAt": START_TEXT,
    }
    async with bench(connector(data), secrets=target.secrets) as flow:
        run = await flow.run(message)
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    columns = "id, sync_id, status, records_processed, pages, duration_seconds::text, errors, completed_at"
    assert target.rows(f"SELECT {columns} FROM sync_logs") == [
        (1, START_NS, "completed", 250, 3, "12.50", message["errors"], START)
    ]


async def test_12_error_handler(clock):
    """On the iterator's error port: the batch that failed goes there, and the next batch goes on."""
    seen = Seen()
    spec = """
    nodes:
      start: {component: common-module/signal}
      iterate: {component: common-module/iterator, settings: {batchSize: 2, continueOnError: true}}
      write: {component: test-module/fail, settings: {when: bad}}
      handler: {component: common-module/modify}
      end: {component: test-module/probe}
      done: {component: test-module/probe}
    edges:
      - {from: start, to: iterate, data: "{{$.payload}}"}
      - iterate:batch -> write
      - from: iterate:error
        to: handler
        data:
          # Add error to list and continue
          context:
            syncId: "{{$.context.syncId}}"
            errors: "{{[...$.context.errors, {page: $.context.page, error: $.error, timestamp: RFC3339(now())}]}}"
      - handler -> end
      - iterate:done -> done
    """
    context = {"syncId": 7, "page": 3, "errors": [{"page": 1, "error": "earlier"}]}
    async with bench(spec, seen=seen, clock=clock) as flow:
        run = await flow.run({"array": ["good", "bad", "fine"], "context": context})
    assert run.status is RunStatus.SUCCEEDED
    assert [message["items"] for message in seen["write"]] == [["good", "bad"], ["fine"]]
    assert seen["end"] == [
        {
            "context": {
                "syncId": 7,
                "errors": [
                    {"page": 1, "error": "earlier"},
                    {"page": 3, "error": "it broke", "timestamp": START_TEXT},
                ],
            }
        }
    ]
    assert seen["done"] == [
        {
            "context": context,
            "total": 3,
            "processed": 1,
            "failed": 1,
            "totalBatches": 2,
            "errors": [{"error": "it broke", "batchNum": 1, "handled": True}],
        }
    ]
