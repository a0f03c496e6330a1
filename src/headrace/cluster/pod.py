"""The pod of a flow's worker: no rights, no writable root, the flow and its secrets as files."""

import math

from pydantic import BaseModel

from headrace.cluster.manifest import Manifest
from headrace.cluster.name import HEALTH_PORT, HOOKS_PORT, child_name, labels_of, selector_of
from headrace.flow.deploy import Deploy
from headrace.flow.model import Flow
from headrace.sdk import duration_text

__all__ = ["FLOW_FOLDER", "SECRETS_FOLDER", "hardened", "listens", "pod_labels", "pod_spec", "secured"]

FLOW_FOLDER = "/etc/headrace/flow"
SECRETS_FOLDER = "/etc/headrace/secrets"
_HOME = "/var/lib/headrace"
_USER = 65532
"""`nonroot` of the images without a distribution."""
_MARGIN_S = 15
"""For a worker to end after its grace, before it is killed."""
_LEAVING_S = 5
"""Until a Service sends no more requests to a pod that is to stop; it takes them meanwhile."""
_REQUESTS = {"cpu": "100m", "memory": "128Mi"}
_PATIENT = {"failureThreshold": 6}
"""A worker is busy at times; who is started anew loses more than a late answer costs."""
_WEBHOOK = "http-module/server"


def listens(flow: Flow) -> bool:
    """Whether a flow has a webhook."""
    return any(node.spec.name == _WEBHOOK for node in flow.nodes.values())


def secured() -> Manifest:
    """The security context of a pod: not root, the system calls that the runtime allows by default."""
    return {
        "runAsNonRoot": True,
        "runAsUser": _USER,
        "runAsGroup": _USER,
        "fsGroup": _USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def hardened() -> Manifest:
    """The security context of a container: no capabilities, nothing to write but volumes."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def pod_spec(flow: Flow, image: str, store: str) -> Manifest:
    """What runs one worker of a flow."""
    deploy = flow.deploy
    made: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": secured(),
        "terminationGracePeriodSeconds": math.ceil(deploy.grace) + _MARGIN_S + _LEAVING_S * listens(flow),
        "containers": [_container(flow, image, store)],
        "volumes": _volumes(flow),
        **_scheduling(flow),
    }
    if deploy.image_pull_secrets:
        made["imagePullSecrets"] = [{"name": name} for name in deploy.image_pull_secrets]
    if deploy.service_account_name:
        made["serviceAccountName"] = deploy.service_account_name
    return made


def _scheduling(flow: Flow) -> Manifest:
    deploy = flow.deploy
    made: Manifest = {}
    if deploy.node_selector:
        made["nodeSelector"] = dict(deploy.node_selector)
    if deploy.tolerations:
        made["tolerations"] = [_dumped(each) for each in deploy.tolerations]
    if deploy.priority_class_name:
        made["priorityClassName"] = deploy.priority_class_name
    if deploy.affinity is not None:
        return {**made, "affinity": deploy.affinity}
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector_of(flow.name)},
    }
    return {**made, "topologySpreadConstraints": [spread]}


def _container(flow: Flow, image: str, store: str) -> Manifest:
    deploy = flow.deploy
    ports = [{"name": "health", "containerPort": HEALTH_PORT, "protocol": "TCP"}]
    if listens(flow):
        ports.append({"name": "hooks", "containerPort": HOOKS_PORT, "protocol": "TCP"})
    made: Manifest = {
        "name": "worker",
        "image": image,
        "args": [
            "worker", FLOW_FOLDER, "--store", store,
            "--address", f"0.0.0.0:{HEALTH_PORT}", "--listen", f"0.0.0.0:{HOOKS_PORT}",
            "--grace", duration_text(deploy.grace), "--log-format", "json",
        ],
        "env": _environment(deploy),
        "ports": ports,
        "resources": {"requests": _REQUESTS} if deploy.resources is None else _dumped(deploy.resources),
        "securityContext": hardened(),
        "startupProbe": {"httpGet": _probe("/live"), "periodSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {"httpGet": _probe("/live"), "periodSeconds": 10, "timeoutSeconds": 5, **_PATIENT},
        "readinessProbe": {"httpGet": _probe("/ready"), "periodSeconds": 5, "timeoutSeconds": 5},
        "volumeMounts": _mounts(flow),
    }  # fmt: skip
    if listens(flow):
        # The image has no `sleep`, and the kubelet's own is of Kubernetes 1.30.
        wait = ["/usr/bin/python3", "-c", f"import time; time.sleep({_LEAVING_S})"]
        made["lifecycle"] = {"preStop": {"exec": {"command": wait}}}
    return made


def _probe(path: str) -> Manifest:
    return {"path": path, "port": "health"}


def _environment(deploy: Deploy) -> list[Manifest]:
    """Ours, unless the flow gives the same name: a pod may have each once."""
    ours = {"HEADRACE_HOME": _HOME, "HEADRACE_SECRETS_DIR": SECRETS_FOLDER}
    given = [_dumped(each) for each in deploy.env]
    names = {each["name"] for each in given}
    return [{"name": name, "value": value} for name, value in ours.items() if name not in names] + given


def _mounts(flow: Flow) -> list[Manifest]:
    mounts: list[Manifest] = [
        {"name": "flow", "mountPath": FLOW_FOLDER, "readOnly": True},
        {"name": "home", "mountPath": _HOME},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - of the container
    ]
    if flow.secrets:
        mounts.append({"name": "secrets", "mountPath": SECRETS_FOLDER, "readOnly": True})
    return mounts


def _volumes(flow: Flow) -> list[Manifest]:
    volumes: list[Manifest] = [
        {"name": "flow", "configMap": {"name": child_name(flow.name)}},
        {"name": "home", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
    ]
    if flow.secrets:
        secret = {
            "secretName": flow.deploy.secret_name or flow.name,
            "defaultMode": 0o440,
            "items": [{"key": name, "path": name} for name in flow.secrets],
        }
        volumes.append({"name": "secrets", "secret": secret})
    return volumes


def pod_labels(flow: Flow) -> dict[str, str]:
    """The flow's own labels, and ours, which win: the selector needs them."""
    return {**flow.deploy.pod_labels, **labels_of(flow.name)}


def _dumped(part: BaseModel) -> Manifest:
    """A part of `deploy` as Kubernetes writes it."""
    return part.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
