"""The four patterns of the reference page, each in a whole sync of three pages into a real table."""

from headrace.store import RunStatus
from support.api import make_user, serve_users
from support.clock import START_NS
from support.flows import Seen, bench

SYNC = """
secrets: [apiToken, dbHost, dbUser, dbPassword]
nodes:
  start: {component: common-module/signal}
  init:
    component: common-module/modify
    input: {syncId: "{{now()}}", page: 1, totalPages: 3, totalProcessed: 0, errors: []}
  api-client:
    component: http-module/client
    settings:
      baseUrl: "https://api.external-system.com/v1"
      defaultHeaders: {Authorization: "Bearer {{$.secrets.apiToken}}"}
    input: {url: "/users", queryParams: {page: "{{$.page}}", limit: 10}}
  iterate:
    component: common-module/iterator
    settings: {batchSize: 5}
    input:
      array: "{{$.response.bodyJson.data}}"
      # 1. State preservation through flow
      context:
        syncId: "{{$.syncId}}"
        page: "{{$.page}}"
        totalProcessed: "{{$.totalProcessed}}"
        errors: "{{$.errors}}"
        totalPages: "{{$.totalPages}}"
  write:
    component: database-module/connector
    settings:
      driver: "postgres"
      host: "{{$.secrets.dbHost}}"
      database: "myapp"
      username: "{{$.secrets.dbUser}}"
      password: "{{$.secrets.dbPassword}}"
    input: {operation: upsert, table: users, key: id, rows: "{{$.items.map(item => ({id: item.id}))}}"}
  detect:
    component: common-module/modify
    input:
      # 4. Completion detection
      hasMore: "{{$.page < $.totalPages}}"
      context: "{{$}}"
  has-more:
    component: common-module/router
    settings:
      rules: [{field: "hasMore", operator: "equals", value: "true", outputPort: "route_a"}]
  again: {component: test-module/probe}
  collected: {component: test-module/probe}
  complete: {component: test-module/probe}
edges:
  - start -> init -> api-client -> iterate
  - iterate:batch -> write
  - from: iterate:error
    to: collected
    data:
      # 3. Error collection without stopping
      errors: "{{[...$.context.errors, {error: $.error}]}}"
  - from: iterate:done
    to: detect
    data:
      syncId: "{{$.context.syncId}}"
      page: "{{$.context.page}}"
      totalPages: "{{$.context.totalPages}}"
      totalProcessed: "{{$.context.totalProcessed + $.processed}}"
      errors: "{{[...$.context.errors, ...$.errors.map(e => ({error: e.error}))]}}"
  - detect -> has-more
  - has-more:route_a -> again
  - from: again
    # 2. Loop via self-triggering
    target:
      node: api-client
      port: request
    data:
      page: "{{$.context.page + 1}}"
      syncId: "{{$.context.syncId}}"
      totalPages: "{{$.context.totalPages}}"
      totalProcessed: "{{$.context.totalProcessed}}"
      errors: "{{$.context.errors}}"
  - has-more:default -> complete
"""


async def sync(users, target, clock):
    """Run it; gives the run's record, what the probes saw, the pages asked for and the ids written."""
    target.execute("CREATE TABLE users (id TEXT PRIMARY KEY)")
    seen = Seen()
    async with serve_users(users) as api:
        spec = SYNC.replace("https://api.external-system.com/v1", api.url)
        async with bench(spec, seen=seen, clock=clock, secrets=target.secrets) as flow:
            run = await flow.run()
    assert run.status is RunStatus.SUCCEEDED
    written = [row for (row,) in target.rows("SELECT id FROM users ORDER BY id")]
    return run, seen, api.pages, written


def ids(numbers):
    return [f"usr_{number:04d}" for number in numbers]


async def test_pattern_1_state_preservation_through_flow(target, clock):
    _, seen, _, written = await sync(25, target, clock)
    assert written == ids(range(1, 26))
    context = {"syncId": START_NS, "totalPages": 3, "errors": []}
    assert [message["context"] for message in (*seen["again"], *seen["complete"])] == [
        {**context, "page": page, "totalProcessed": done} for page, done in [(1, 10), (2, 20), (3, 25)]
    ]


async def test_pattern_2_loop_via_self_triggering(target, clock):
    run, seen, pages, written = await sync(25, target, clock)
    assert pages == [1, 2, 3]
    assert len(seen["again"]) == 2
    assert run.tasks_done == 4  # the firing, and a task for each page
    assert written == ids(range(1, 26))


async def test_pattern_3_error_collection_without_stopping(target, clock):
    users = [make_user(number) for number in range(1, 26)]
    users[6]["id"] = users[22]["id"] = None  # page 1 batch 2, page 3 batch 1
    run, seen, pages, written = await sync(users, target, clock)
    assert pages == [1, 2, 3]
    assert written == ids([*range(1, 6), *range(11, 21)])
    first = {"error": "row 1 of `upsert` has no `id`"}
    second = {"error": "row 2 of `upsert` has no `id`"}
    assert seen["collected"] == [{"errors": [first]}, {"errors": [first, second]}]
    (message,) = seen["complete"]
    assert message["context"]["errors"] == [first, second]
    assert message["context"]["totalProcessed"] == 15
    assert run.error_count == 2


async def test_pattern_4_completion_detection(target, clock):
    _, seen, _, _ = await sync(25, target, clock)
    assert [message["hasMore"] for message in seen["again"]] == [True, True]
    assert [message["hasMore"] for message in seen["complete"]] == [False]
