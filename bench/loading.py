"""Times how long a large flow takes to load and check: 500 nodes, 2,000 expressions.

Prints one JSON line: seconds of CPU, the fastest of some rounds (the target is below 1 s), and how long
PyYAML alone takes to read the same text.
"""

import argparse
import json
import time
from collections.abc import Callable

import yaml

from headrace.app import builtin_registry
from headrace.flow import loader
from headrace.source import Source

STAGES = 100
"""Each has 5 nodes and 20 expressions; a flow of that many fetches and writes, one after the other."""
ROUNDS = 5

HEAD = """apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: large}
spec:
  secrets: [apiToken, dbUrl]
  vars: {pageSize: 100, source: external-system}
  defaults:
    http-module/client:
      baseUrl: https://api.example.com
      auth: {type: bearer, token: "{{$.secrets.apiToken}}"}
    database-module/connector: {url: "{{$.secrets.dbUrl}}"}
  nodes:
    start: {component: common-module/cron, settings: {schedule: "@hourly"}}
"""
NODES = """    state-%(n)d: {component: common-module/modify}
    fetch-%(n)d: {component: http-module/client}
    split-%(n)d:
      component: common-module/iterator
      settings: {batchSize: 100}
      input:
        array: "{{$.response.bodyJson.data.filter(u => u.active && u.id > %(n)d)}}"
        context: {startedAt: "{{$.startedAt}}", total: "{{$.response.bodyJson.total ?? 0}}"}
    write-%(n)d:
      component: database-module/connector
      input:
        operation: upsert
        table: "table_%(n)d"
        key: external_id
        rows: |-
          {{$.items.map(u => ({
            external_id: u.id,
            email: lower(u.email),
            name: u.first_name + ' ' + u.last_name,
            metadata: JSON.stringify({source: $vars.source, stage: %(n)d, synced_at: RFC3339(now())}),
          }))}}
    failed-%(n)d: {component: common-module/debug}
"""
EDGES = """    - from: %(from)s
      to: state-%(n)d
      data:
        startedAt: "{{now()}}"
        page: "{{ceil((get($, 'context.total', %(n)d) + 1) / $vars.pageSize)}}"
        label: "stage %(n)d of {{$run.flow}}, run {{$run.id}}"
        previous: "{{has($, 'failed') ? {failed: $.failed, errors: $.errors.map(e => e.error)} : {}}}"
    - from: state-%(n)d
      to: fetch-%(n)d
      data:
        method: GET
        url: "/stage/%(n)d/{{encodeURIComponent($.label.toLowerCase())}}"
        queryParams: {page: "{{$.page}}", limit: "{{$vars.pageSize}}", since: "{{RFC3339($.startedAt)}}"}
        headers: {X-Request: "{{sha256(`${$.label}:${$.page}`).slice(0, 16)}}", X-Attempt: "{{$run.attempt}}"}
    - fetch-%(n)d -> split-%(n)d
    - split-%(n)d:batch -> write-%(n)d
    - from: write-%(n)d:error
      to: failed-%(n)d
      data:
        error: "{{$.error}}"
        detail: "{{$.errorDetail.code == '23505' ? 'given twice' : $.errorDetail.code}}"
        retry: "{{$.errorDetail.retryable && $.errorDetail.attempt < 3}}"
"""


def large_flow() -> str:
    """The text of the flow."""
    nodes = "".join(NODES % {"n": number} for number in range(STAGES))
    sources = ["start", *(f"split-{number}:done" for number in range(STAGES - 1))]
    edges = "".join(EDGES % {"n": number, "from": source} for number, source in enumerate(sources))
    return f"{HEAD}{nodes}  edges:\n{edges}"


def fastest(run: Callable[[], object], rounds: int) -> float:
    """Seconds of CPU."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"({ROUNDS})")
    rounds = parser.parse_args().rounds
    text, registry = large_flow(), builtin_registry()
    loaded = loader.load_flow(Source("large.yaml", text), registry)
    if loaded.flow is None or loaded.findings:
        raise SystemExit("\n".join(map(str, loaded.findings)))
    nodes = loaded.flow.nodes.values()
    templates = [edge.data for edge in loaded.flow.edges]
    templates += [template for node in nodes for template in (node.input, node.settings)]
    result = {
        "bench": "loading",
        "nodes": len(nodes),
        "expressions": sum(len(template.expressions) for template in templates if template),
        "load_s": round(fastest(lambda: loader.load_flow(Source("large.yaml", text), registry), rounds), 3),
        "yaml_s": round(fastest(lambda: yaml.load(text, yaml.CSafeLoader), rounds), 3),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
