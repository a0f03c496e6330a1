"""Keys that other tools have, and where that belongs here.

People bring them from Kubernetes, GitHub Actions, Airflow, n8n, Node-RED and Docker Compose.
"""

from collections.abc import Mapping

__all__ = ["EDGE", "FLOW", "MESSAGE", "NODE", "SPEC"]

_SETTINGS = "write `settings`"
_INPUT = "write `input`"
_ORDER = "the order is told by `edges`: `- a -> b`"
_ROUTER = "put a `common-module/router` before it"
_RETRY = "retries are set for the whole flow, `spec.retry`, or by the component's settings"
_TRIGGER = "a trigger is a node, such as `common-module/cron`"
_NAME_IS_KEY = "a node's name is its key under `nodes`"

FLOW: Mapping[str, str] = {
    **dict.fromkeys(
        ("nodes", "edges", "secrets", "vars", "defaults", "retry", "timeout", "concurrency", "description"),
        "it belongs under `spec`",
    ),
    **dict.fromkeys(("name", "labels", "annotations", "namespace"), "it belongs under `metadata`"),
    "version": "write `apiVersion`; the flow's own version is the hash of its content",
}
"""By key at the top of a file: the end of a sentence."""

SPEC: Mapping[str, str] = {
    **dict.fromkeys(("env", "variables", "environment", "params", "parameters", "constants"), "write `vars`"),
    **dict.fromkeys(("schedule", "triggers", "trigger", "cron", "on"), _TRIGGER),
    **dict.fromkeys(("steps", "tasks", "jobs", "components"), "write `nodes`"),
    **dict.fromkeys(("connections", "links", "wires", "flow"), "write `edges`"),
    **dict.fromkeys(("retries", "maxAttempts", "backoff"), "write `retry: {maxAttempts: …}`"),
    "settings": "settings belong to a node, or to `defaults` for all nodes of a component",
    "name": "it belongs under `metadata`",
    "parallelism": "write `concurrency`",
    **dict.fromkeys(
        ("replicas", "image", "resources", "nodeSelector", "tolerations"), "it belongs under `deploy`"
    ),
    **dict.fromkeys(
        ("notify", "alerts", "onFailure", "onRecovery", "notifications"), "write `hooks: {onFailure: …}`"
    ),
}

NODE: Mapping[str, str] = {
    **dict.fromkeys(("type", "uses", "kind", "image", "operator"), "write `component`"),
    **dict.fromkeys(("with", "config", "configuration", "options", "parameters", "params"), _SETTINGS),
    **dict.fromkeys(("message", "body", "request"), _INPUT),
    **dict.fromkeys(("needs", "depends_on", "dependsOn", "next", "wires", "after", "then"), _ORDER),
    **dict.fromkeys(("if", "when", "condition"), _ROUTER),
    **dict.fromkeys(("retry", "retries", "timeout"), _RETRY),
    **dict.fromkeys(("name", "id"), _NAME_IS_KEY),
    **dict.fromkeys(("schedule", "cron", "interval"), "it belongs under `settings`"),
    "data": "`data` belongs to an edge; a node has `input`",
    "add": "`add` belongs to an edge",
    "output": "what a node sends is shaped by `data` of the edge that leaves it",
    "secrets": "secrets are listed under `spec`",
    "vars": "vars stand under `spec`",
    "env": "write `spec.vars` or `spec.secrets`",
}

EDGE: Mapping[str, str] = {
    **dict.fromkeys(("source", "src"), "write `from`"),
    **dict.fromkeys(("destination", "dest"), "write `to`"),
    **dict.fromkeys(("if", "when", "condition", "filter"), _ROUTER),
    **dict.fromkeys(("input", "message", "map", "mapping", "transform"), "write `data`"),
    **dict.fromkeys(("port", "fromPort", "toPort"), "a port follows its node: `from: node:port`"),
    "settings": "settings belong to a node",
    "name": "write `description`",
    "on": "an `error` port, or the port of a router, is written `from: node:port`",
}

_QUERY_PARAMS = ("queryParams", "parameters")

MESSAGE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("params", "queryParameters", "query_params"), _QUERY_PARAMS),
    **dict.fromkeys(("query", "qs", "searchParams"), ("queryParams",)),
    **dict.fromkeys(("json", "payload", "form"), ("body",)),
    **dict.fromkeys(("path", "endpoint", "uri", "href"), ("url",)),
    "verb": ("method",),
    **dict.fromkeys(("sql", "statement"), ("query",)),
    **dict.fromkeys(("args", "arguments", "bindings", "binds"), ("parameters",)),
    **dict.fromkeys(("values", "records"), ("rows", "array", "parameters")),
    **dict.fromkeys(("items", "list"), ("array", "rows")),
    "data": ("body", "rows", "array"),
    **dict.fromkeys(("keys", "primaryKey", "onConflict", "conflictColumns"), ("key",)),
}
"""By member of a message: what a component may call it, the likeliest first."""
