"""Examples of components: the `nodes` and `edges` of a small flow each. A test loads them all."""

from pydantic import BaseModel

from headrace.expr.text import stringify
from headrace.flow.schema import Schema, model_schema
from headrace.sdk import Spec
from headrace.values import Json

__all__ = ["SNIPPETS", "snippet_of"]


def snippet_of(spec: Spec) -> str:
    """An example of a component: ours, or for a component of others one made from its declaration."""
    return SNIPPETS.get(spec.name) or _made(spec)


def _made(spec: Spec) -> str:
    """A small flow with a node of it, with what is required, as a place to begin."""
    name = spec.name.partition("/")[2]
    node = {"component": spec.name}
    if settings := _needed(spec.settings):
        node["settings"] = stringify(settings)
    if spec.inputs and spec.inputs[0].message and (message := _needed(spec.inputs[0].message)):
        node["input"] = stringify(message)
    around = {"request": "{component: common-module/signal}", "log": "{component: common-module/debug}"}
    lines = ["nodes:", f"  {name}:", *(f"    {key}: {value}" for key, value in node.items())]
    outputs = [port.name for port in spec.outputs_for({}) if not port.error]
    edges = []
    if spec.inputs:
        edges.append(f"  - {_free('request', name)} -> {name}:{spec.inputs[0].name}")
        lines.append(f"  {_free('request', name)}: {around['request']}")
    if outputs:
        edges.append(f"  - {name}:{outputs[0]} -> {_free('log', name)}")
        lines.append(f"  {_free('log', name)}: {around['log']}")
    return "\n".join([*lines, *(["edges:", *edges] if edges else [])]) + "\n"


def _free(name: str, taken: str) -> str:
    """A name for a node beside the one that the example is about."""
    return f"{name}-2" if name == taken else name


def _needed(model: type[BaseModel]) -> dict[str, Json]:
    """What a model requires, with values to begin with."""
    schema = model_schema(model)
    return {key: _value(schema["properties"][key]) for key in schema.get("required", ())}


def _value(field: Schema) -> Json:
    """A value that a field takes: its example or default, else the plainest one of its type."""
    for key in ("examples", "enum"):
        if field.get(key):
            first: Json = field[key][0]
            return first
    if "default" in field:
        default: Json = field["default"]
        return default
    if "anyOf" in field:
        return _value(field["anyOf"][0])
    kind = field.get("type")
    match kind[0] if isinstance(kind, list) else kind:
        case "integer" | "number":
            least: Json = field.get("minimum", 1)
            return least
        case "boolean":
            return True
        case "array":
            return [_value(field.get("items", {}))] * field.get("minItems", 1)
        case "object":
            return {key: _value(field["properties"][key]) for key in field.get("required", ())}
        case _:
            return "…"


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
    "common-module/state": """\
nodes:
  hourly: {component: common-module/cron, settings: {schedule: "@hourly"}}
  since: {component: common-module/state, settings: {key: since}, as: since}
  work: {component: common-module/debug}
  keep:
    component: common-module/state
    settings: {key: since, operation: set}
    input: {value: "{{$.scheduledAt}}"}
edges:
  - hourly -> since:in
  - since:out -> work -> keep:in
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
    "http-module/pages": """\
nodes:
  request: {component: common-module/signal}
  users:
    component: http-module/pages
    settings:
      baseUrl: https://api.example.com/v1
      auth: {type: bearer, token: "{{$.secrets.apiToken}}"}
      pagination: {type: page, size: 100}
      concurrency: 8
    input: {url: /users}
  save:
    component: database-module/connector
    settings: {driver: postgres, host: embedded, database: myapp}
    input: {operation: upsert, table: users, key: id, rows: "{{$.items}}"}
  log: {component: common-module/debug}
edges:
  - request -> users
  - users:page -> save
  - users:done -> log
""",
    "http-module/server": """\
nodes:
  hook:
    component: http-module/server
    settings:
      path: /hooks/orders
      auth: {type: bearer, token: "{{$.secrets.apiToken}}"}
      dedupeKey: "{{$.request.headers['x-request-id']}}"
  save:
    component: database-module/connector
    settings: {driver: postgres, host: embedded, database: myapp}
    input:
      operation: upsert
      table: orders
      key: id
      rows: "{{[$.request.bodyJson]}}"
edges:
  - hook -> save
  - from: save:result
    to: hook:response
    data: {statusCode: 201, body: {id: "{{$.request.bodyJson.id}}"}}
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
