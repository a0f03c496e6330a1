"""The custom resources: `Flow`, which is the flow file, and `Signal`, which fires a trigger of one once."""

from typing import Any

from headrace.cluster.manifest import Manifest
from headrace.cluster.name import GROUP, VERSION
from headrace.cluster.structural import OPEN, structural
from headrace.flow.resource import FLOW_NAME
from headrace.flow.schema import Schema, flow_schema
from headrace.sdk import Registry

__all__ = ["custom_resources"]

_LONGEST_NAME = 63
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer", "format": "int64"}
_TIME: Schema = {"type": "string", "format": "date-time"}


def custom_resources(registry: Registry) -> list[Manifest]:
    """Both definitions."""
    return [_flow(registry), _signal()]


def _flow(registry: Registry) -> Manifest:
    columns = [
        _column("Phase", ".status.phase"),
        _column("Ready", ".status.readyReplicas", "integer"),
        _column("Last Run", ".status.lastRun.status"),
        _column("Ended", ".status.lastRun.endedAt", "date"),
        _column("Next", ".status.nextFiring"),
        _column("Dead", ".status.counters.deadLetters", "integer", "Dead letters, which want a look."),
        _column("Version", ".status.observedVersion", priority=1),
        _column("Message", '.status.conditions[?(@.type=="Ready")].message', priority=1),
        _column("Age", ".metadata.creationTimestamp", "date"),
    ]
    scale = {
        "specReplicasPath": ".spec.deploy.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    schema = {
        "description": "A flow: a graph of nodes that keeps systems in sync. It is the flow file itself.",
        "type": "object",
        "required": ["spec"],
        "properties": {
            "metadata": {
                "type": "object",
                "properties": {"name": {"type": "string", "pattern": f"^{FLOW_NAME.pattern}$"}},
            },
            "spec": _spec(registry),
            "status": _flow_status(),
        },
    }
    return _definition("Flow", "flows", schema, columns, {"status": {}, "scale": scale})


def _spec(registry: Registry) -> Schema:
    """`spec`, for any components: images may have modules that this program does not know."""
    whole = flow_schema(registry)
    definitions = whole["definitions"]
    component = {"type": "string", "description": "What the node is made of: `module/name`."}
    definitions["node"]["properties"]["component"] = component
    definitions["spec"]["properties"]["defaults"] = {
        "type": ["object", "null"],
        "description": "Settings by component, for all its nodes; the node's own win.",
        "additionalProperties": {},
    }
    made = structural(whole["properties"]["spec"], definitions)
    # `kubectl scale` reads it, and the API server refuses a null there; where null is not allowed it drops it
    del made["properties"]["deploy"]["properties"]["replicas"]["nullable"]
    return made


def _flow_status() -> Schema:
    run = {"id": _TEXT, "status": _TEXT, "trigger": _TEXT, "startedAt": _TIME, "endedAt": _TIME}
    counters = dict.fromkeys(("openRuns", "tasks", "errors", "retries", "deadLetters"), _WHOLE)
    finding = {
        **dict.fromkeys(("code", "severity", "message", "path", "cure"), _TEXT),
        "line": _WHOLE,
        "column": _WHOLE,
    }
    return _about(
        "What the operator sees.",
        phase=_TEXT,
        observedGeneration=_about("Of the resource that this is about.", _WHOLE),
        observedVersion=_about("The version of the flow that is deployed.", _TEXT),
        replicas=_WHOLE,
        readyReplicas=_WHOLE,
        selector=_about("Of the workers' pods, as text.", _TEXT),
        lastRun=_about("The run that began last.", **run),
        nextFiring=_about("When a trigger fires next by itself.", _TIME),
        counters=_about("Open runs, what the last run counted, and dead letters of all runs.", **counters),
        conditions=_conditions(),
        findings=_about("What is wrong with the flow, each with its place.", {
            "type": "array", "items": {"type": "object", "properties": finding},
        }),
    )  # fmt: skip


def _conditions() -> Schema:
    properties: dict[str, Any] = {
        "type": _TEXT,
        "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
        "reason": _TEXT,
        "message": _TEXT,
        "lastTransitionTime": _TIME,
        "observedGeneration": _WHOLE,
    }
    return {
        "type": "array",
        "items": {"type": "object", "required": ["type", "status"], "properties": properties},
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    }


def _signal() -> Manifest:
    columns = [
        _column("Flow", ".spec.flow"),
        _column("Node", ".spec.node"),
        _column("Phase", ".status.phase"),
        _column("Run", ".status.run"),
        _column("Message", ".status.message", priority=1),
        _column("Age", ".metadata.creationTimestamp", "date"),
    ]
    fixed = [{"rule": "self == oldSelf", "message": "a signal is fired once; make another one"}]
    spec = {
        "type": "object",
        "required": ["flow", "node"],
        "properties": {
            "flow": {
                "description": "Name of the flow, in the same namespace.",
                "type": "string",
                "maxLength": _LONGEST_NAME,
                "x-kubernetes-validations": fixed,
            },
            "node": {
                "description": "The trigger to fire.",
                "type": "string",
                "maxLength": 253,
                "x-kubernetes-validations": fixed,
            },
            # any JSON, which no structural schema can say
            "payload": {"description": "Of the firing; the trigger's own, if not given.", **OPEN},
        },
    }
    status = _about(
        "What became of it.",
        phase=_about("Pending, Fired or Refused.", _TEXT),
        run=_about("The id of the run that it began.", _TEXT),
        request=_about("The id of what lies in the store, while it is pending.", _TEXT),
        message=_about("Why it was refused, or is pending.", _TEXT),
        observedGeneration=_WHOLE,
    )
    schema = {
        "description": "Fires a trigger of a flow, once.",
        "type": "object",
        "required": ["spec"],
        "properties": {"spec": spec, "status": status},
    }
    return _definition("Signal", "signals", schema, columns, {"status": {}})


def _definition(
    kind: str, plural: str, schema: Schema, columns: list[Schema], subresources: Schema
) -> Manifest:
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": columns,
        "subresources": subresources,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "categories": ["headrace"],
            },
            "versions": [version],
        },
    }


def _column(
    name: str, path: str, kind: str = "string", description: str = "", *, priority: int = 0
) -> Schema:
    more: Schema = {"description": description} if description else {}
    more |= {"priority": priority} if priority else {}
    return {"name": name, "type": kind, "jsonPath": path, **more}


def _about(description: str, schema: Schema | None = None, **properties: Schema) -> Schema:
    made = schema if schema is not None else {"type": "object", "properties": properties}
    return {"description": description, **made}
