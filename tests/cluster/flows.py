"""Flow resources."""

import copy

from headrace.app import builtin_registry
from headrace.cluster.desired import Installation
from headrace.flow.loader import load_object, require

REGISTRY = builtin_registry()
INSTALLATION = Installation("headrace:1", "nats://nats:4222/{namespace}?replicas=3")
SIGNAL = {
    "nodes": {"start": {"component": "common-module/signal"}, "show": {"component": "common-module/debug"}},
    "edges": ["start -> show"],
}
SECRETS = {
    "secrets": ["apiToken", "dbUrl"],
    "nodes": {
        "hourly": {"component": "common-module/ticker", "settings": {"interval": "1h", "emitOnStart": False}},
        "fetch": {
            "component": "http-module/client",
            "settings": {
                "baseUrl": "https://api.example.com",
                "auth": {"type": "bearer", "token": "{{$.secrets.apiToken}}"},
            },
            "input": {"url": "/users"},
        },
        "write": {
            "component": "database-module/connector",
            "settings": {"url": "{{$.secrets.dbUrl}}"},
            "input": {
                "operation": "upsert",
                "table": "users",
                "key": "id",
                "rows": "{{$.response.bodyJson.users}}",
            },
        },
    },
    "edges": ["hourly -> fetch -> write"],
}
WEBHOOK = {
    "nodes": {
        "hook": {"component": "http-module/server", "settings": {"path": "/orders"}},
        "show": {"component": "common-module/debug"},
    },
    "edges": ["hook -> show"],
}


def resource(spec=SIGNAL, name="orders", deploy=None, **metadata):
    """A Flow as `kubectl apply` sends it."""
    spec = copy.deepcopy(spec) | ({} if deploy is None else {"deploy": deploy})
    return {
        "apiVersion": "headrace.dev/v1",
        "kind": "Flow",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def flow(spec=SIGNAL, name="orders", deploy=None):
    return require(load_object(resource(spec, name, deploy), REGISTRY))


def signal(name="go", flow="orders", node="start", **more):
    spec = {"flow": flow, "node": node, **more}
    return {"apiVersion": "headrace.dev/v1", "kind": "Signal", "metadata": {"name": name}, "spec": spec}
