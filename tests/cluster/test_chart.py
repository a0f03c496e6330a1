"""The chart: rendered, held against the schemas of Kubernetes, and against what the operator does.

Rendered by `go_template.py`; by Helm too where that is installed.
"""

import json
import runpy
import shutil
import subprocess
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml
from tests.cluster.go_template import Chart, laid
from tests.cluster.test_desired import restricted

from headrace import __version__
from headrace.cli import main
from headrace.cluster.api import _PLURALS
from headrace.cluster.desired import KINDS
from support.helm import program as helm_program

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "helm" / "headrace"
STORE = "nats://nats:4222/{namespace}?replicas=3"
CASES = {
    "plain": {"store": STORE},
    "nats": {"nats": {"enabled": True}},
    "namespaces": {"store": STORE, "operator": {"namespaces": ["sync", "web"]}},
    "headless": {"store": STORE, "serve": {"enabled": False}},
    "all": {
        "store": STORE,
        "image": {"tag": "9", "pullSecrets": ["registry"], "pullPolicy": "Always"},
        "operator": {
            "nodeSelector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}], "podAnnotations": {"a": "b"},
        },
        "serve": {
            "hostNames": ["flows.example.com"], "flows": ["flow-orders", "flow-users"], "tokenSecret": "mine",
            "nodeSelector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}], "podAnnotations": {"a": "b"},
        },
    },
}  # fmt: skip
SCHEMA = json.loads((FOLDER / "values.schema.json").read_text())
CHECK = jsonschema.Draft7Validator(SCHEMA)


def wrong(values):
    chart = yaml.safe_load((FOLDER / "values.yaml").read_text())
    return [error.message for error in CHECK.iter_errors(laid(chart, values))]


def containers(chart):
    return [
        (manifest, container)
        for manifest in chart.manifests
        if manifest["kind"] == "Deployment"
        for container in manifest["spec"]["template"]["spec"]["containers"]
    ]


@pytest.mark.parametrize("version", ["1.29", "1.34", "1.37"])
@pytest.mark.parametrize("case", CASES)
def test_kubernetes_takes_what_it_renders(case, version):
    assert wrong(CASES[case]) == []
    manifests = Chart(FOLDER, CASES[case]).manifests
    assert len(manifests) >= 4
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_the_custom_resources_are_those_of_the_program():
    made = runpy.run_path(str(ROOT / "deploy" / "crds.py"))["files"]()
    assert {path.name: path.read_text() for path in (FOLDER / "crds").iterdir()} == made, "run `make docs`"


def test_its_version_is_the_program_s():
    about = Chart(FOLDER, CASES["plain"]).about
    assert about["appVersion"] == about["version"] == __version__


@pytest.mark.parametrize("case", CASES)
def test_pods_have_no_rights_and_a_root_that_they_cannot_write(case):
    for manifest, container in containers(Chart(FOLDER, CASES[case])):
        pod = manifest["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        written = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
        assert written == {"/var/lib/headrace", "/tmp"}


@pytest.mark.parametrize("case", CASES)
def test_pods_fit_the_level_restricted(case):
    found = [
        each["spec"]["template"]
        for each in Chart(FOLDER, CASES[case]).manifests
        if each["kind"] == "Deployment"
    ]
    assert found
    assert [wrong for template in found for wrong in restricted(template)] == []


@pytest.mark.parametrize("case", CASES)
def test_selectors_find_the_pods_of_their_own_deployment_alone(case):
    chart = Chart(FOLDER, CASES[case])
    deployments = [each for each in chart.manifests if each["kind"] == "Deployment"]
    for one in deployments:
        found = [
            other["metadata"]["name"]
            for other in deployments
            if one["spec"]["selector"]["matchLabels"].items()
            <= other["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert found == [one["metadata"]["name"]]


def test_the_operator_is_started_as_the_command_line_has_it(capsys):
    chart = Chart(FOLDER, CASES["namespaces"])
    (container,) = chart.find("Deployment", "-operator")["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [
        "operator", "--store", STORE, "--image", f"headrace:{__version__}", "--address", "0.0.0.0:8080",
        "--log-format", "json", "--namespace", "sync", "--namespace", "web",
    ]  # fmt: skip
    assert main([*container["args"], "--help"]) == 0


def test_the_web_page_is_started_as_the_command_line_has_it(capsys):
    chart = Chart(FOLDER, CASES["all"])
    (container,) = chart.find("Deployment", "-serve")["spec"]["template"]["spec"]["containers"]
    assert main([*container["args"], "--help"]) == 0
    assert container["args"][3] == "nats://nats:4222/apps?replicas=3", "a page is of one namespace"
    assert "flows.example.com" in container["args"]
    (token,) = [each for each in container["env"] if each["name"] == "HEADRACE_TOKEN"]
    assert token["valueFrom"]["secretKeyRef"] == {"name": "mine", "key": "HEADRACE_TOKEN"}
    volumes = {
        each["name"]: each
        for each in chart.find("Deployment", "-serve")["spec"]["template"]["spec"]["volumes"]
    }
    assert [each["configMap"]["name"] for each in volumes["flows"]["projected"]["sources"]] == [
        "flow-orders",
        "flow-users",
    ]


def test_probes_ask_by_a_name_that_the_web_page_knows():
    (container,) = Chart(FOLDER, CASES["plain"]).find("Deployment", "-serve")["spec"]["template"]["spec"][
        "containers"
    ]
    args = container["args"]
    names = [args[at + 1] for at, each in enumerate(args) if each == "--host-name"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        (header,) = container[probe]["httpGet"]["httpHeaders"]
        assert (header["name"], header["value"] in names) == ("Host", True)


def test_the_nats_of_the_chart_is_the_store():
    (container,) = Chart(FOLDER, CASES["nats"]).find("Deployment", "-operator")["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["args"][2] == "nats://demo-nats.apps:4222/{namespace}?replicas=3"
    one = Chart(FOLDER, {"nats": {"enabled": True, "config": {"cluster": {"enabled": False}}}})
    assert one.find("Deployment", "-operator")["spec"]["template"]["spec"]["containers"][0]["args"][
        2
    ].endswith("=1")
    (dependency,) = Chart(FOLDER, CASES["nats"]).about["dependencies"]
    assert (dependency["name"], dependency["condition"]) == ("nats", "nats.enabled")


# ---- rights


def rights(chart, kind="ClusterRole"):
    rules = next(each for each in chart.manifests if each["kind"] == kind)["rules"]
    return {
        (group, resource): set(rule["verbs"])
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_the_operator_may_do_what_it_does_and_nothing_else():
    granted = rights(Chart(FOLDER, CASES["plain"]))
    children = {
        (version.rpartition("/")[0], _PLURALS[kind]): {"get", "list", "create", "patch", "delete"}
        for version, kind in KINDS
    }
    children["apps", "deployments"].add("watch")
    assert granted == {
        **children,
        ("headrace.dev", "flows"): {"get", "list", "watch", "patch"},
        ("headrace.dev", "signals"): {"get", "list", "watch", "patch"},
        ("headrace.dev", "flows/status"): {"patch"},
        ("headrace.dev", "signals/status"): {"patch"},
        ("headrace.dev", "flows/finalizers"): {"update"},
        ("", "pods"): {"list"},
        ("", "events"): {"create"},
    }
    assert not any(resource in ("secrets", "*") or "*" in verbs for (_, resource), verbs in granted.items())


def test_where_namespaces_are_given_it_has_rights_in_these_alone():
    chart = Chart(FOLDER, CASES["namespaces"])
    kinds = [each["kind"] for each in chart.manifests]
    assert not {"ClusterRole", "ClusterRoleBinding"} & set(kinds)
    roles = {each["metadata"]["namespace"] for each in chart.manifests if each["kind"] == "Role"}
    assert roles == {"sync", "web"}
    for each in chart.manifests:
        if each["kind"] == "RoleBinding":
            assert each["subjects"] == [
                {"kind": "ServiceAccount", "name": "demo-headrace-operator", "namespace": "apps"}
            ]
    assert rights(chart, "Role") == rights(Chart(FOLDER, CASES["plain"]))


# ---- values


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"store": "postgres://db"},
        {"store": STORE, "operatr": {}},
        {"store": STORE, "image": {"tag": 9}},
        {"store": STORE, "image": {"pullPolicy": "Sometimes"}},
        {"store": STORE, "operator": {"namespaces": ["Sync"]}},
        {"store": STORE, "serve": {"tokenSecret": ""}},
        {"store": STORE, "serve": {"port": 0}},
    ],
)
def test_values_that_cannot_work_are_refused(values):
    assert wrong(values) != []


def test_every_value_is_in_the_schema():
    def compare(values, schema, path=""):
        schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        for key, value in values.items():
            assert key in schema.get("properties", {}) or path == "nats.", f"{path}{key}"
            if (
                isinstance(value, dict)
                and key != "nats"
                and schema["properties"][key].get("additionalProperties") is False
            ):
                compare(value, schema["properties"][key], f"{path}{key}.")

    compare(yaml.safe_load((FOLDER / "values.yaml").read_text()), SCHEMA)


def test_the_notes_say_how_to_go_on():
    notes = Chart(FOLDER, CASES["namespaces"]).texts["NOTES.txt"]
    assert "the namespaces sync, web" in notes
    assert "create secret generic headrace-token" in notes
    assert "token" not in Chart(FOLDER, CASES["headless"]).texts["NOTES.txt"].replace("apiToken", "")


# ---- Helm itself


@pytest.fixture
def helm(tmp_path):
    """Helm, and the chart without its dependency, which would have to be fetched."""
    if helm_program() is None:
        pytest.skip(
            "helm is not installed (PYTHONPATH=tests python -m support.helm); the chart was rendered by go_template.py alone"
        )
    folder = shutil.copytree(FOLDER, tmp_path / "headrace")
    about = yaml.safe_load((folder / "Chart.yaml").read_text())
    del about["dependencies"]
    (folder / "Chart.yaml").write_text(yaml.safe_dump(about))
    return folder


def by_helm(*arguments):
    return subprocess.run(
        [helm_program(), *map(str, arguments)], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("case", CASES)
def test_helm_lints_it_and_renders_the_same(helm, tmp_path, case):
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(CASES[case]))
    by_helm("lint", "--strict", helm, "--values", values)
    text = by_helm("template", "demo", helm, "--namespace", "apps", "--values", values)

    def key(each):
        return each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]

    found = sorted((each for each in yaml.safe_load_all(text) if each), key=key)
    assert found == sorted(Chart(FOLDER, CASES[case]).manifests, key=key)
