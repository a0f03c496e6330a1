"""Examples of components: the `nodes` and `edges` of a small flow each. A test loads them all."""

from headrace.sdk import Spec

__all__ = ["SNIPPETS", "snippet_of"]


def snippet_of(spec: Spec) -> str:
    """An example of a component: ours, or for a component of others one made from its declaration."""
    return SNIPPETS.get(spec.name) or _made(spec)


def _made(spec: Spec) -> str:
    """A node with the settings that are required, as a place to begin."""
    name = spec.name.partition("/")[2]
    lines = ["nodes:", f"  {name}:", f"    component: {spec.name}"]
    schema = spec.settings.model_json_schema(by_alias=True)
    if required := schema.get("required"):
        lines.append("    settings:")
        lines += [f"      {key}: …" for key in required]
    return "\n".join(lines) + "\n"


SNIPPETS = {
    "common-module/ticker": """\
nodes:
  hourly:
    component: common-module/ticker
    settings: {interval: 1h, emitOnStart: false}
  log: {component: common-module/debug}
edges:
  - hourly -> log
""",
    "common-module/cron": """\
nodes:
  nightly:
    component: common-module/cron
    settings: {schedule: "30 2 * * *", timezone: Europe/Oslo}
  log: {component: common-module/debug}
edges:
  - nightly -> log
""",
    "common-module/signal": """\
nodes:
  request: {component: common-module/signal}
  log: {component: common-module/debug}
edges:
  - request -> log
""",
    "common-module/modify": """\
nodes:
  request: {component: common-module/signal}
  shape:
    component: common-module/modify
    input:
      id: "{{$.payload.id}}"
      name: "{{trim($.payload.first + ' ' + $.payload.last)}}"
  log: {component: common-module/debug}
edges:
  - request -> shape -> log
""",
    "common-module/iterator": """\
nodes:
  request: {component: common-module/signal}
  iterate:
    component: common-module/iterator
    settings: {batchSize: 100}
    input: {array: "{{$.payload.users}}", context: {source: crm}}
  log-batch: {component: common-module/debug}
  log-done: {component: common-module/debug}
edges:
  - iterate:batch -> log-batch
  - iterate:done -> log-done
  - request -> iterate
""",
    "common-module/router": """\
nodes:
  request: {component: common-module/signal}
  route:
    component: common-module/router
    settings:
      rules:
        - {name: large, when: "{{$.payload.amount > 1000}}", outputPort: review}
        - {name: refund, field: payload.kind, operator: equals, value: refund, outputPort: refund}
  log-review: {component: common-module/debug}
  log-refund: {component: common-module/debug}
  log-other: {component: common-module/debug}
edges:
  - request -> route
  - route:review -> log-review
  - route:refund -> log-refund
  - route:default -> log-other
""",
    "common-module/async": """\
nodes:
  request: {component: common-module/signal}
  iterate:
    component: common-module/iterator
    input: {array: "{{$.payload.pages}}"}
  apart: {component: common-module/async, settings: {maxConcurrency: 4}}
  log: {component: common-module/debug}
edges:
  - request -> iterate
  - iterate:item -> apart -> log
""",
    "common-module/delay": """\
nodes:
  request: {component: common-module/signal}
  pause: {component: common-module/delay, settings: {duration: 2s}}
  log: {component: common-module/debug}
edges:
  - request -> pause -> log
""",
    "common-module/debug": """\
nodes:
  request: {component: common-module/signal}
  log: {component: common-module/debug, settings: {level: warning}}
edges:
  - request -> log
""",
    "http-module/client": """\
nodes:
  request: {component: common-module/signal}
  api:
    component: http-module/client
    settings:
      baseUrl: https://api.example.com/v1
      auth: {type: bearer, token: "{{$.secrets.apiToken}}"}
      retryCount: 3
    input: {method: GET, url: /users, queryParams: {page: 1}}
  log: {component: common-module/debug}
edges:
  - request -> api -> log
""",
    "database-module/connector": """\
nodes:
  request: {component: common-module/signal}
  save:
    component: database-module/connector
    settings: {driver: postgres, host: embedded, database: myapp}
    input:
      operation: upsert
      table: users
      key: id
      rows: "{{$.payload.users}}"
  log: {component: common-module/debug}
edges:
  - request -> save -> log
""",
}
