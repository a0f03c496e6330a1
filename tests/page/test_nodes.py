"""The nodes 1 to 6 of the reference page, each with the page's own settings and expressions.

Each stands alone here, between a signal that brings the message and a probe that notes what comes out.
Together they are tested with `examples/scheduled-data-sync`.
"""

from headrace.store import RunStatus
from support.api import TOKEN, serve_users
from support.clock import START_NS
from support.flows import Seen, bench
from support.shape import shaped
from support.sync import START_TEXT

PAGE_URL = "https://api.external-system.com/v1"


async def test_1_periodic_emitter(clock):
    seen = Seen()
    spec = """
    nodes:
      scheduler:
        component: common-module/ticker
        settings:
          interval: "1h"
          emitOnStart: false
          maxEmissions: 0
          payload:
            syncType: "full"
            startTime: null
        control:
          # Start the scheduler
          start: true
      end: {component: test-module/probe}
    edges:
      - scheduler -> end
    """
    async with bench(spec, seen=seen, clock=clock) as flow:
        await flow.engine.follow(flow.program)
        await clock.sleep(2.5 * 3600)
    assert seen["end"] == [
        {
            "timestamp": START_NS + hour * 3600 * 10**9,
            "formatted": f"2023-11-{day}:13:20Z",
            "tickNumber": hour,
            "scheduledAt": f"2023-11-{day}:13:20Z",
            "payload": {"syncType": "full", "startTime": None},
        }
        for hour, day in [(1, "14T23"), (2, "15T00")]
    ]


async def test_2_initialize_sync_state(clock):
    data = """
    syncId: "{{now()}}"
    syncType: "{{$.payload.syncType}}"
    page: 1
    pageSize: 100
    totalProcessed: 0
    totalPages: null
    startTime: "{{RFC3339(now())}}"
    errors: []
    """
    assert await shaped(data, {"payload": {"syncType": "full"}}, clock) == {
        "syncId": START_NS,
        "syncType": "full",
        "page": 1,
        "pageSize": 100,
        "totalProcessed": 0,
        "totalPages": None,
        "startTime": START_TEXT,
        "errors": [],
    }


async def test_3_api_client():
    seen = Seen()
    spec = """
    secrets: [apiToken]
    nodes:
      start: {component: common-module/signal}
      api-client:
        component: http-module/client
        settings:
          baseUrl: "https://api.external-system.com/v1"
          defaultHeaders:
            Authorization: "Bearer {{$.secrets.apiToken}}"
            Accept: "application/json"
          timeout: "60s"
          retryCount: 3
          retryDelay: "5s"
        input:
          method: "GET"
          url: "/users"
          queryParams:
            page: "{{string($.page)}}"
            limit: "{{string($.pageSize)}}"
            updated_since: "{{$.lastSyncTime || ''}}"
      end: {component: test-module/probe}
    edges:
      - {from: start, to: api-client, data: "{{$.payload}}"}
      - api-client -> end
    """
    async with serve_users(3) as api:
        spec = spec.replace(PAGE_URL, api.url)
        async with bench(spec, seen=seen, secrets={"apiToken": TOKEN}) as flow:
            run = await flow.run({"page": 1, "pageSize": 2})
    assert run.status is RunStatus.SUCCEEDED
    assert api.requests == [{"page": "1", "limit": "2", "updated_since": ""}]
    assert api.headers[0]["accept"] == "application/json"
    (message,) = seen["end"]
    response = message["response"]
    assert message == {"page": 1, "pageSize": 2, "response": response}
    assert set(response) == {"statusCode", "headers", "body", "bodyJson", "url", "elapsedMs"}
    assert response["statusCode"] == 200
    assert response["url"] == f"{api.url}/users?page=1&limit=2&updated_since="
    assert response["bodyJson"] == {"data": api.users[:2], "total": 3}


async def test_4_extract_page_data():
    data = """
    # Preserve sync state
    syncId: "{{$.syncId}}"
    page: "{{$.page}}"
    pageSize: "{{$.pageSize}}"
    startTime: "{{$.startTime}}"
    errors: "{{$.errors}}"

    # Extract response data
    items: "{{$.response.bodyJson.data}}"
    totalItems: "{{$.response.bodyJson.total}}"
    totalPages: "{{ceil($.response.bodyJson.total / $.pageSize)}}"
    hasMore: "{{$.page < ceil($.response.bodyJson.total / $.pageSize)}}"

    # Track progress
    totalProcessed: "{{$.totalProcessed + len($.response.bodyJson.data)}}"
    """
    state = {"syncId": 7, "page": 2, "pageSize": 100, "startTime": START_TEXT, "errors": []}
    message = {
        **state,
        "totalProcessed": 100,
        "response": {"bodyJson": {"data": [{"id": 1}, {"id": 2}], "total": 201}},
    }
    assert await shaped(data, message) == {
        **state,
        "items": [{"id": 1}, {"id": 2}],
        "totalItems": 201,
        "totalPages": 3,
        "hasMore": True,
        "totalProcessed": 102,
    }


async def test_5_array_iterator():
    seen = Seen()
    spec = """
    nodes:
      start: {component: common-module/signal}
      iterate:
        component: common-module/iterator
        settings:
          batchSize: 10
          emitIndex: true
          emitProgress: true
          continueOnError: true
      batches: {component: test-module/probe}
      end: {component: test-module/probe}
    edges:
      - from: start
        to: iterate
        data:
          array: "{{$.payload.items}}"
          context:
            syncId: "{{$.payload.syncId}}"
            page: "{{$.payload.page}}"
            totalPages: "{{$.payload.totalPages}}"
            hasMore: "{{$.payload.hasMore}}"
            startTime: "{{$.payload.startTime}}"
            errors: "{{$.payload.errors}}"
      - iterate:batch -> batches
      - iterate:done -> end
    """
    context = {
        "syncId": 7,
        "page": 1,
        "totalPages": 3,
        "hasMore": True,
        "startTime": START_TEXT,
        "errors": [],
    }
    items = list(range(25))
    async with bench(spec, seen=seen) as flow:
        await flow.run({"items": items, **context})
    assert seen["batches"] == [
        {
            "items": items[start : start + 10],
            "batchNum": number,
            "totalBatches": 3,
            "startIndex": start,
            "total": 25,
            "progress": progress,
            "isLastBatch": number == 3,
            "context": context,
        }
        for number, start, progress in [(1, 0, 33), (2, 10, 66), (3, 20, 100)]
    ]
    assert seen["end"] == [
        {"context": context, "total": 25, "processed": 25, "failed": 0, "totalBatches": 3, "errors": []}
    ]


async def test_6_transform_user_data(clock):
    data = """
    users: |
      {{$.items.map(item => ({
        external_id: item.id,
        email: lower(item.email),
        name: item.first_name + ' ' + item.last_name,
        status: item.active ? 'active' : 'inactive',
        metadata: JSON.stringify({
          source: 'external-system',
          original_id: item.id,
          synced_at: RFC3339(now())
        }),
        updated_at: RFC3339(now())
      }))}}
    context: "{{$.context}}"
    batchNum: "{{$.batchNum}}"
    """
    items = [
        {"id": "u1", "email": "Ada@X.ORG", "first_name": "Ada", "last_name": "Lovelace", "active": True},
        {"id": 2, "email": "É@X.ORG", "first_name": "Zoë", "last_name": "O'Neil", "active": False},
    ]
    message = {"items": items, "context": {"page": 1}, "batchNum": 4}
    times = {"updated_at": START_TEXT}
    assert await shaped(data, message, clock) == {
        "users": [
            {
                "external_id": "u1",
                "email": "ada@x.org",
                "name": "Ada Lovelace",
                "status": "active",
                "metadata": f'{{"source":"external-system","original_id":"u1","synced_at":"{START_TEXT}"}}',
                **times,
            },
            {
                "external_id": 2,
                "email": "é@x.org",
                "name": "Zoë O'Neil",
                "status": "inactive",
                "metadata": f'{{"source":"external-system","original_id":2,"synced_at":"{START_TEXT}"}}',
                **times,
            },
        ],
        "context": {"page": 1},
        "batchNum": 4,
    }
