"""`spec.deploy`: checked with places, in the schema, and no part of what a flow is."""

import jsonschema
import pytest
from tests.flow.stand_in import registry

from headrace.app import builtin_registry
from headrace.flow.deploy import Deploy
from headrace.flow.loader import load_flow, load_object
from headrace.flow.schema import flow_schema
from headrace.source import Source

HEAD = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: sync}
spec:
  nodes: {start: {component: common-module/signal}, show: {component: common-module/debug}}
  edges: [start -> show]
"""
ALL = {
    "replicas": 3,
    "image": "headrace:1",
    "imagePullSecrets": ["registry"],
    "store": "nats://nats:4222/sync?replicas=3",
    "secretName": "sync",
    "env": [
        {"name": "A", "value": "b"},
        {"name": "P", "valueFrom": {"secretKeyRef": {"name": "nats", "key": "password"}}},
    ],
    "grace": "2m",
    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi", "cpu": 2}},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}],
    "affinity": {"podAntiAffinity": {}},
    "priorityClassName": "high",
    "serviceAccountName": "sync",
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "data"},
}
CHECK = jsonschema.Draft7Validator(flow_schema(builtin_registry()))


def load(deploy):
    return load_flow(Source("f.yaml", f"{HEAD}  deploy:\n{deploy}"), builtin_registry())


def an_object(deploy):
    nodes = {"start": {"component": "common-module/signal"}, "show": {"component": "common-module/debug"}}
    spec = {"nodes": nodes, "edges": ["start -> show"], "deploy": deploy}
    return {"apiVersion": "headrace.dev/v1", "kind": "Flow", "metadata": {"name": "sync"}, "spec": spec}


def test_every_field_is_read():
    loaded = load_object(an_object(ALL), builtin_registry())
    assert loaded.findings == ()
    assert set(ALL) == {field.alias for field in Deploy.model_fields.values()}
    assert loaded.flow.deploy == Deploy.model_validate(ALL)
    assert loaded.flow.deploy.grace == 120


def test_where_nothing_is_given_it_has_its_defaults():
    assert load_flow(Source("f.yaml", HEAD), builtin_registry()).flow.deploy == Deploy()
    assert load_object(an_object(None), builtin_registry()).flow.deploy == Deploy()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("    imag: x\n", "8:5: HR110 unknown key `imag` in `deploy`; did you mean `image`?"),
        ('    replicas: "3"\n', "8:15: HR115 `replicas` must be a whole number"),
        ("    replicas: -1\n", "8:15: HR115 `replicas` must be 0 or more"),
        (
            "    resources: {limits: {memory: 3x}}\n",
            "8:34: HR115 `resources.limits.memory` must be an amount such as `500m`, `256Mi` or `2`",
        ),
        (
            "    store: postgres://db\n",
            "8:12: HR115 `store` must be the URL of a NATS server, `nats://host:4222/name?replicas=3`",
        ),
        ("    grace: 30\n", "8:12: HR118 `30` has no unit; write `30s`"),
        ("    env: [{value: a}]\n", "8:12: HR116 `name` is required by `env[0]`"),
        (
            '    image: "{{$vars.image}}"\n',
            "8:12: HR127 Kubernetes reads `deploy`; `{{` is not evaluated here",
        ),
        (
            "    secretName: My_Secret\n",
            "8:17: HR115 `secretName` must be the name of a Kubernetes object: lower-case letters, digits, `-`"
            " and `.`",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(written, told):
    loaded = load(written)
    assert [str(finding) for finding in loaded.findings] == [f"f.yaml:{told}"]
    assert loaded.flow is None


def test_what_belongs_there_is_told_where_it_is_expected_elsewhere():
    loaded = load_flow(Source("f.yaml", f"{HEAD}  replicas: 2\n"), builtin_registry())
    assert [str(finding) for finding in loaded.findings] == [
        "f.yaml:7:3: HR110 unknown key `replicas` in `spec`; it belongs under `deploy`"
    ]


def test_it_is_no_part_of_the_flow_s_version():
    """To scale a flow is not to change it: runs that have begun go on as they are."""
    versions = {load_object(an_object(deploy), builtin_registry()).flow.version for deploy in ({}, ALL)}
    assert len(versions) == 1


@pytest.mark.parametrize("deploy", [ALL, {}, None, dict.fromkeys(ALL)])
def test_the_schema_takes_what_is_taken(deploy):
    assert load_object(an_object(deploy), builtin_registry()).findings == ()
    assert [error.message for error in CHECK.iter_errors(an_object(deploy))] == []


@pytest.mark.parametrize(
    "deploy",
    [
        {"imag": "x"},
        {"replicas": "3"},
        {"resources": {"limits": {"memory": "3x"}}},
        {"store": "postgres://db"},
        {"env": [{"value": "a"}]},
        {"tolerations": [{"effect": "Never"}]},
        {"grace": "30"},
    ],
)
def test_the_schema_refuses_what_is_refused(deploy):
    assert load_object(an_object(deploy), builtin_registry()).flow is None
    assert list(CHECK.iter_errors(an_object(deploy))) != []


def test_other_registries_have_it_too():
    assert "deploy" in flow_schema(registry)["definitions"]["spec"]["properties"]
