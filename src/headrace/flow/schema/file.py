"""JSON Schema of the flow file: the resource and its `spec`."""

import re

from headrace.flow.model import DEFAULT_CONCURRENCY, DEFAULT_MAX_QUEUED, Retry
from headrace.flow.node import NODE_NAME
from headrace.flow.resource import API_VERSION, FLOW_NAME, KUBERNETES, SECRET_NAME
from headrace.flow.schema.deploy import deploy_schema
from headrace.flow.schema.edge import edge_schema, end_schema
from headrace.flow.schema.key import exclusive, noted, optional, reference
from headrace.flow.schema.model import TEMPLATE, Schema, duration_schema
from headrace.flow.schema.node import definitions_of, node_schema, requirements, settings_of, shape_schema
from headrace.flow.schema.written import DURATION
from headrace.sdk import Registry, duration_text

__all__ = ["flow_schema"]

_RETRY = Retry()


def flow_schema(registry: Registry) -> Schema:
    """The schema of flow files, draft-07, for the components of a registry."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "headrace flow",
        "description": "A graph of nodes; messages move along its edges, expressions shape them.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": "Flow"},
            "metadata": _metadata(),
            "spec": {"$ref": "#/definitions/spec"},
            "status": noted({}, "Written by Kubernetes; ignored in files."),
        },
        "definitions": {
            "spec": _spec(registry),
            "node": node_schema(registry),
            "edge": edge_schema(),
            "end": end_schema(),
            "constant": _constant(),
            "shape": shape_schema(),
            **{name: made for spec in registry for name, made in definitions_of(spec).items()},
        },
    }


def _metadata() -> Schema:
    texts = {"type": "string"}
    return {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": noted(
                {"type": "string", "pattern": _whole(FLOW_NAME)},
                "The flow's name: up to 63 lower-case letters, digits and `-`.",
            ),
            "annotations": optional("object", "Texts by name, for other tools.", additionalProperties=texts),
            "labels": noted({}, "For Kubernetes."),
            "namespace": noted({}, "For Kubernetes."),
            **{name: noted({}, "Written by Kubernetes.") for name in KUBERNETES},
        },
    }


def _spec(registry: Registry) -> Schema:
    return {
        "type": "object",
        "required": ["nodes"],
        "additionalProperties": False,
        "properties": {
            "description": optional("string", "For people."),
            "secrets": optional(
                "array",
                "Names of the secrets that settings may read as `$.secrets.name`; values come from outside.",
                items={"type": "string", "pattern": _whole(SECRET_NAME)},
                uniqueItems=True,
            ),
            "vars": optional(
                "object",
                "Constants, `$vars.name` in expressions; `--set vars.name=value` replaces one.",
                additionalProperties=reference("constant"),
            ),
            "timeout": _duration("How long one run may take."),
            "concurrency": optional(
                "integer",
                "How many tasks of one run execute at once; more if a node asks for it, unless set.",
                minimum=1,
                default=DEFAULT_CONCURRENCY,
            ),
            "maxQueued": optional(
                "integer",
                "Above this many open tasks of a run, loops wait with their next round.",
                minimum=1,
                default=DEFAULT_MAX_QUEUED,
            ),
            "retry": _retry(),
            "hooks": _hooks(),
            "defaults": optional(
                "object",
                "Settings by component, for all its nodes; the node's own win.",
                properties={spec.name: settings_of(spec) for spec in registry},
                additionalProperties=False,
            ),
            "nodes": noted(
                {
                    "type": "object",
                    "propertyNames": {"pattern": _whole(NODE_NAME)},
                    "additionalProperties": reference("node"),
                },
                "The nodes, by name.",
            ),
            "edges": optional(
                "array", "What connects the nodes, in order.", items=reference("edge")
            ),
            "deploy": deploy_schema(),
        },
        "allOf": requirements(registry),
    }  # fmt: skip


def _duration(description: str, default_s: float | None = None) -> Schema:
    """A duration that is no expression."""
    shown = {} if default_s is None else {"default": duration_text(default_s)}
    choices = [*duration_schema(DURATION)["anyOf"], {"type": "null"}]
    return noted({"anyOf": choices, **shown}, description)


def _retry() -> Schema:
    return optional(
        "object",
        "How often and when a failed task is tried again.",
        additionalProperties=False,
        properties={
            "maxAttempts": optional(
                "integer", "How often a task is tried in all.", minimum=1, default=_RETRY.max_attempts
            ),
            "initialDelay": _duration("Before the second attempt.", _RETRY.initial_delay_s),
            "backoff": optional(
                "number", "By how much the delay grows each time.", minimum=1, default=_RETRY.backoff
            ),
            "maxDelay": _duration("The longest delay.", _RETRY.max_delay_s),
        },
    )  # fmt: skip


def _hooks() -> Schema:
    after = optional("integer", "How many failed runs in a row.", minimum=1, default=1)
    return optional(
        "object",
        "Who is told that runs fail, and that they go well again.",
        additionalProperties=False,
        properties={
            "onFailure": _hook("Once as many runs in a row have failed.", after=after),
            "onRecovery": _hook("Once a run has succeeded after that."),
        },
    )


def _hook(description: str, **more: Schema) -> Schema:
    """A flow's trigger that is fired, or a webhook."""
    templates = {"type": "object", "additionalProperties": {"type": "string"}}
    return optional(
        "object",
        description,
        additionalProperties=False,
        properties={
            **more,
            "flow": optional("string", "Whose trigger is fired.", pattern=_whole(FLOW_NAME)),
            "trigger": optional("string", "Which; else the flow's only signal."),
            "webhook": optional(
                "object",
                "Where it is posted to.",
                additionalProperties=False,
                required=["url"],
                properties={
                    "url": noted({"type": "string"}, "With secrets: `{{$.secrets.name}}`."),
                    "headers": noted({**templates, "type": ["object", "null"]}, "Of the request."),
                },
            ),
        },
        allOf=[exclusive("flow", "webhook"), exclusive("trigger", "webhook")],
        anyOf=[{"required": ["flow"]}, {"required": ["webhook"]}],
    )


def _constant() -> Schema:
    """A value without expressions, at any depth."""
    return {
        "not": {"type": "string", "pattern": TEMPLATE},
        "items": reference("constant"),
        "additionalProperties": reference("constant"),
    }


def _whole(name: re.Pattern[str]) -> str:
    """A name's pattern, which has no alternatives, for all of a text."""
    return f"^{name.pattern}$"
