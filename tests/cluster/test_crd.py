"""The custom resources: schemas that the API server takes, which take every flow that loads, and drop nothing of it.

A real API server checks the same in `test_end_to_end.py`; this needs none.
"""

import json
import re

import jsonschema
import pytest
from tests.cluster.flows import REGISTRY, SECRETS, SIGNAL, WEBHOOK, resource, signal
from tests.flow.test_deploy import ALL
from tests.flow.test_schema import EXAMPLES

from headrace.cluster.crd import custom_resources
from headrace.cluster.patch import merge_patch
from headrace.flow.loader import load_object, read_flow
from headrace.flow.tree import to_json

FLOW, SIGNALS = custom_resources(REGISTRY)
OPEN = "x-kubernetes-preserve-unknown-fields"
EITHER = "x-kubernetes-int-or-string"


def schema_of(definition):
    (version,) = definition["spec"]["versions"]
    return version["schema"]["openAPIV3Schema"]


def parts(schema, path="$"):
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from parts(below, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from parts(schema[key], f"{path}.{key}")


PARTS = [
    (f"{each['spec']['names']['kind']} {path}", part)
    for each in (FLOW, SIGNALS)
    for path, part in parts(schema_of(each))
]


@pytest.mark.parametrize(("path", "part"), PARTS, ids=[path for path, _ in PARTS])
def test_every_part_is_structural(path, part):
    """https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/."""
    known = {
        "type", "description", "properties", "additionalProperties", "items", "required", "nullable", "enum", "format",
        "pattern", "minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "minItems", "maxItems", OPEN,
        EITHER, "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations",
    }  # fmt: skip
    assert set(part) <= known
    has_type = isinstance(part.get("type"), str)
    assert has_type != ((OPEN in part and part.get("type") is None) or EITHER in part)
    assert not ({"properties", "additionalProperties"} <= set(part))
    assert part.get("type") != "array" or "items" in part
    assert not isinstance(part.get("additionalProperties"), bool)
    assert set(part.get("required", ())) <= set(part.get("properties", ()))
    re.compile(part.get("pattern", ""))


def draft7(schema):
    """What a structural schema means, in draft-07."""
    if schema.get(EITHER):
        either = {"type": ["integer", "string", *["null"] * bool(schema.get("nullable"))]}
        return {**either, "pattern": schema["pattern"]} if "pattern" in schema else either
    if "type" not in schema:
        return {}
    made = {key: value for key, value in schema.items() if key in {
        "required", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
    }}  # fmt: skip
    made["type"] = [schema["type"], *["null"] * bool(schema.get("nullable"))]
    if "properties" in schema:
        made["properties"] = {name: draft7(below) for name, below in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            made[key] = draft7(schema[key])
    return made


def pruned(value, schema):
    """What the API server keeps of an object."""
    if isinstance(value, dict) and schema.get(OPEN) is None:
        if "additionalProperties" in schema:
            return {name: pruned(below, schema["additionalProperties"]) for name, below in value.items()}
        known = schema.get("properties", {})
        return {name: pruned(below, known[name]) for name, below in value.items() if name in known}
    if isinstance(value, list) and "items" in schema:
        return [pruned(item, schema["items"]) for item in value]
    return value


def flows():
    for path in EXAMPLES:
        yield path.stem, to_json(read_flow(path, REGISTRY).tree)
    for name, spec in (("signal", SIGNAL), ("secrets", SECRETS), ("webhook", WEBHOOK)):
        yield name, resource(spec)
    yield "deploy", resource(SECRETS, deploy=ALL)
    yield "empty", resource(SIGNAL, deploy=dict.fromkeys(ALL.keys() - {"replicas"}))
    hooks = {
        "onFailure": {"after": 3, "webhook": {"url": "https://x", "headers": {"a": "b"}}},
        "onRecovery": {"flow": "a"},
    }
    whole = {
        **SIGNAL, "timeout": 0, "retry": {"maxDelay": "5m", "backoff": 1.5}, "hooks": hooks, "maxQueued": 5,
        "vars": {"a": [1, {"b": None}]}, "defaults": {"http-module/client": {"timeout": "5s"}}, "concurrency": None,
    }  # fmt: skip
    yield "whole", resource(whole)
    yield (
        "third party",
        resource(
            {**SIGNAL, "nodes": {**SIGNAL["nodes"], "x": {"component": "acme/thing", "settings": {"a": 1}}}}
        ),
    )


FLOWS = dict(flows())


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_is_taken_and_nothing_of_it_dropped(name):
    schema, value = schema_of(FLOW), FLOWS[name]
    assert [error.message for error in jsonschema.Draft7Validator(draft7(schema)).iter_errors(value)] == []
    assert pruned(value["spec"], schema["properties"]["spec"]) == value["spec"]


def test_the_flows_above_load():
    wrong = {name for name, value in FLOWS.items() if load_object(value, REGISTRY).flow is None}
    assert wrong <= {"third party"}


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"nodes": {"a": {}}},
        {"nodes": {}, "concurrency": 0},
        {"nodes": {}, "concurrency": "8"},
        {"nodes": {}, "timeout": "30"},
        {"nodes": {}, "secrets": ["api-token"]},
        {"nodes": {}, "deploy": {"replicas": -1}},
        {"nodes": {}, "deploy": {"store": "postgres://db"}},
        {"nodes": {}, "retry": {"backoff": 0.5}},
    ],
)
def test_what_is_plainly_wrong_is_refused_by_the_api_server(spec):
    check = jsonschema.Draft7Validator(draft7(schema_of(FLOW)))
    assert list(check.iter_errors(resource(spec))) != []


def test_unknown_keys_are_known_to_be_unknown():
    """So `kubectl apply` refuses them; where everything is kept, nobody does."""
    spec = {**SIGNAL, "timeOut": "5m"}
    kept = pruned(spec, schema_of(FLOW)["properties"]["spec"])
    assert merge_patch(spec, kept) == {"timeOut": None}


def test_a_null_is_dropped_where_kubectl_scale_would_stumble_over_it():
    deploy = schema_of(FLOW)["properties"]["spec"]["properties"]["deploy"]["properties"]
    assert [name for name, part in deploy.items() if not part.get("nullable")] == ["replicas"]


def test_a_signal_names_its_trigger():
    check = jsonschema.Draft7Validator(draft7(schema_of(SIGNALS)))
    for payload in ({"a": 1}, [1], "x", 5, None, False):
        assert list(check.iter_errors(signal(payload=payload))) == []
    assert [error.message for error in check.iter_errors({"spec": {"flow": "a"}})] == [
        "'node' is a required property"
    ]


def test_columns_show_what_the_status_has():
    for definition in (FLOW, SIGNALS):
        (version,) = definition["spec"]["versions"]
        known = {path for path, _ in parts(schema_of(definition))}
        for column in version["additionalPrinterColumns"]:
            path = column["jsonPath"].partition("[")[0]
            assert path.startswith(".metadata.creation") or f"${path}" in known, path
        assert version["subresources"]["status"] == {}


def test_it_fits_into_an_annotation_of_kubectl():
    """`kubectl apply` without `--server-side` keeps what it applied in an annotation of 256 KiB at most."""
    assert len(json.dumps(FLOW)) < 64_000
