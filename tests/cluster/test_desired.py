"""What a flow needs on Kubernetes, without a cluster."""

import copy
import re
import subprocess
import sys
import time

import kubernetes_validate
import pytest
from tests.cluster.flows import INSTALLATION, REGISTRY, SECRETS, SIGNAL, WEBHOOK, flow, resource
from tests.flow.test_deploy import ALL

from headrace.cli import main
from headrace.cluster.crd import custom_resources
from headrace.cluster.desired import Owner, desired, flow_text
from headrace.cluster.name import child_name
from headrace.flow.loader import load_flow
from headrace.source import Source

VERSIONS = ("1.34", "1.37")
OWNER = Owner("orders", "11111111-2222-3333-4444-555555555555")
CASES = {
    "signal": (SIGNAL, None),
    "secrets": (SECRETS, {"replicas": 3}),
    "webhook": (WEBHOOK, {"replicas": 0}),
    "all": (SECRETS, ALL),
}


def made(spec=SIGNAL, deploy=None, name="orders", owner=OWNER):
    loaded = flow(spec, name, deploy)
    manifests = desired(loaded, flow_text(resource(spec, name, deploy)), INSTALLATION, "sync", owner)
    return {manifest["kind"]: manifest for manifest in manifests}


def pod(manifests):
    return manifests["Deployment"]["spec"]["template"]["spec"]


def worker(manifests):
    (container,) = pod(manifests)["containers"]
    return container


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES)
def test_kubernetes_takes_every_manifest(case, version):
    for manifest in made(*CASES[case]).values():
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_the_custom_resources(version):
    for manifest in custom_resources(REGISTRY):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_flow_gets_its_file_its_workers_and_a_budget_for_their_disruption():
    manifests = made()
    assert list(manifests) == ["ConfigMap", "Deployment", "PodDisruptionBudget"]
    assert {each["metadata"]["name"] for each in manifests.values()} == {"flow-orders"}
    assert {each["metadata"]["namespace"] for each in manifests.values()} == {"sync"}
    for each in manifests.values():
        (owner,) = each["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["uid"]) == ("Flow", "orders", OWNER.uid)
        assert owner["controller"] is owner["blockOwnerDeletion"] is True


def test_the_workers_are_started_as_the_command_line_has_it():
    assert worker(made(deploy={"grace": "90s"}))["args"] == [
        "worker", "/etc/headrace/flow", "--store", "nats://nats:4222/sync?replicas=3",
        "--address", "0.0.0.0:8081", "--listen", "0.0.0.0:8090", "--grace", "90s", "--log-format", "json",
    ]  # fmt: skip


def test_the_workers_command_takes_these_arguments():
    assert main([*worker(made(deploy={"grace": "90s"}))["args"], "--help"]) == 0


def test_the_file_reads_as_the_same_flow():
    loaded = load_flow(Source("orders.yaml", made(SECRETS)["ConfigMap"]["data"]["orders.yaml"]), REGISTRY)
    assert [str(finding) for finding in loaded.findings] == []
    assert loaded.flow.version == flow(SECRETS).version


def test_pods_have_no_rights_and_a_root_that_they_cannot_write():
    for spec in (SIGNAL, SECRETS, WEBHOOK):
        manifests = made(spec)
        assert pod(manifests)["securityContext"]["runAsNonRoot"] is True
        assert pod(manifests)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod(manifests)["automountServiceAccountToken"] is False
        assert worker(manifests)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def restricted(template):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted: what is against it."""
    spec = template["spec"]
    context = spec.get("securityContext", {})
    wrong = [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    kinds = {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
    wrong += [volume["name"] for volume in spec.get("volumes", ()) if not (volume.keys() - {"name"}) <= kinds]
    for container in (*spec["containers"], *spec.get("initContainers", ())):
        own = {**context, **container.get("securityContext", {})}
        wrong += ["root"] * (own.get("runAsNonRoot") is not True or own.get("runAsUser") == 0)
        wrong += ["seccomp"] * (
            own.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost")
        )
        wrong += ["escalation"] * (own.get("allowPrivilegeEscalation") is not False)
        wrong += ["capabilities"] * (own.get("capabilities") != {"drop": ["ALL"]})
        wrong += ["host port"] * any("hostPort" in port for port in container.get("ports", ()))
    return wrong


@pytest.mark.parametrize("case", CASES)
def test_pods_fit_the_level_restricted(case):
    assert restricted(made(*CASES[case])["Deployment"]["spec"]["template"]) == []


def test_what_is_written_goes_to_volumes_that_end_with_the_pod():
    manifests = made()
    volumes = {each["name"]: each for each in pod(manifests)["volumes"]}
    mounts = {each["mountPath"]: each["name"] for each in worker(manifests)["volumeMounts"]}
    environment = {each["name"]: each["value"] for each in worker(manifests)["env"]}
    assert "emptyDir" in volumes[mounts[environment["HEADRACE_HOME"]]]
    assert "emptyDir" in volumes[mounts["/tmp"]]
    assert "secrets" not in volumes


def test_secrets_are_files_that_the_flow_names():
    manifests = made(SECRETS)
    (volume,) = [each for each in pod(manifests)["volumes"] if each["name"] == "secrets"]
    assert volume["secret"] == {
        "secretName": "orders",
        "defaultMode": 0o440,
        "items": [{"key": "apiToken", "path": "apiToken"}, {"key": "dbUrl", "path": "dbUrl"}],
    }
    environment = {each["name"]: each["value"] for each in worker(manifests)["env"]}
    (mount,) = [each for each in worker(manifests)["volumeMounts"] if each["name"] == "secrets"]
    assert (mount["mountPath"], mount["readOnly"]) == (environment["HEADRACE_SECRETS_DIR"], True)
    (volume,) = [
        each for each in pod(made(SECRETS, {"secretName": "db"}))["volumes"] if each["name"] == "secrets"
    ]
    assert volume["secret"]["secretName"] == "db"


def test_a_webhook_gets_a_service():
    manifests = made(WEBHOOK)
    service = manifests["Service"]["spec"]
    template = manifests["Deployment"]["spec"]["template"]
    assert service["ports"] == [{"name": "http", "port": 80, "targetPort": "hooks", "protocol": "TCP"}]
    assert service["selector"].items() <= template["metadata"]["labels"].items()
    assert {port["name"]: port["containerPort"] for port in worker(manifests)["ports"]} == {
        "hooks": 8090,
        "health": 8081,
    }


def test_a_change_of_the_flow_replaces_pods_one_by_one_each_once_its_successor_is_ready():
    before, same, after = made(), made(copy.deepcopy(SIGNAL)), made({**SIGNAL, "timeout": "5m"})
    content = [
        each["Deployment"]["spec"]["template"]["metadata"]["annotations"]["headrace.dev/content"]
        for each in (before, same, after)
    ]
    assert content[0] == content[1] != content[2]
    assert before["Deployment"]["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    assert worker(before)["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "health"}
    assert worker(before)["livenessProbe"]["httpGet"] == {"path": "/live", "port": "health"}


def test_to_scale_replaces_no_pods():
    templates = [made(deploy={"replicas": n})["Deployment"]["spec"]["template"] for n in (1, 5)]
    assert templates[0] == templates[1]


def test_replicas_that_are_not_given_are_somebody_else_s():
    assert "replicas" not in made()["Deployment"]["spec"]
    assert made(deploy={"replicas": 0})["Deployment"]["spec"]["replicas"] == 0


def test_a_worker_is_killed_only_after_its_grace():
    assert pod(made(deploy={"grace": "2m"}))["terminationGracePeriodSeconds"] == 135


def test_a_pod_with_a_webhook_takes_requests_until_no_service_sends_any():
    assert "lifecycle" not in worker(made(SECRETS))
    manifests = made(WEBHOOK, deploy={"grace": "2m"})
    (python, _, code) = worker(manifests)["lifecycle"]["preStop"]["exec"]["command"]
    begun_s = time.monotonic()
    subprocess.run([sys.executable, "-c", code.replace("(5)", "(0.2)")], check=True)
    assert (time.monotonic() - begun_s > 0.2, python) == (True, "/usr/bin/python3")
    assert pod(manifests)["terminationGracePeriodSeconds"] == 140


def test_all_of_deploy_reaches_the_pods():
    manifests = made(SECRETS, ALL)
    spec, container = pod(manifests), worker(manifests)
    assert manifests["Deployment"]["spec"]["replicas"] == 3
    assert (container["image"], container["resources"]) == (ALL["image"], ALL["resources"])
    assert container["args"][3] == ALL["store"]
    assert container["env"][2:] == ALL["env"]
    assert spec["nodeSelector"] == ALL["nodeSelector"]
    assert spec["tolerations"] == ALL["tolerations"]
    assert spec["affinity"] == ALL["affinity"]
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert (spec["priorityClassName"], spec["serviceAccountName"]) == ("high", "sync")
    assert spec["terminationGracePeriodSeconds"] == 135
    metadata = manifests["Deployment"]["spec"]["template"]["metadata"]
    assert ALL["podAnnotations"].items() <= metadata["annotations"].items()
    assert ALL["podLabels"].items() <= metadata["labels"].items()


def test_labels_of_the_user_do_not_take_pods_from_their_deployment():
    manifests = made(deploy={"podLabels": {"headrace.dev/flow": "another"}})["Deployment"]["spec"]
    assert manifests["selector"]["matchLabels"].items() <= manifests["template"]["metadata"]["labels"].items()


def test_a_variable_of_ours_is_given_once_where_the_user_gives_it():
    names = [
        each["name"]
        for each in worker(made(deploy={"env": [{"name": "HEADRACE_HOME", "value": "/x"}]}))["env"]
    ]
    assert names == ["HEADRACE_SECRETS_DIR", "HEADRACE_HOME"]


@pytest.mark.parametrize("name", ["a", "1st", "a" * 58, "a" * 59, "b" * 63, "a" * 53 + "-bcdefghij"])
def test_names_are_those_of_services(name):

    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", child_name(name))


def test_long_names_differ():
    assert child_name("a" * 63) != child_name("a" * 62)
