"""A flow as the objects that run it: a pure function, so what is wanted can be told without a cluster."""

import hashlib
from collections.abc import Mapping

import msgspec

from headrace.cluster.manifest import Manifest, to_yaml
from headrace.cluster.name import API_VERSION, CONTENT, child_name, labels_of, selector_of
from headrace.cluster.pod import listens, pod_labels, pod_spec
from headrace.flow.model import Flow
from headrace.values import Json

__all__ = ["KINDS", "Installation", "Owner", "desired", "flow_text"]

KINDS = (
    ("v1", "ConfigMap"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("policy/v1", "PodDisruptionBudget"),
)
"""What is made for flows, in the order in which it is applied."""


class Installation(msgspec.Struct, frozen=True):
    """What flows get that say nothing else.

    Attributes:
        image: of workers.
        store: the URL; `{namespace}` in it stands for the flow's, since flows of one name must not meet.
    """

    image: str
    store: str

    def store_of(self, flow: Flow, namespace: str) -> str:
        """Where a flow's runs are kept."""
        return flow.deploy.store or self.store.replace("{namespace}", namespace)


class Owner(msgspec.Struct, frozen=True):
    """The Flow resource that owns what is made for it."""

    name: str
    uid: str

    @property
    def reference(self) -> Manifest:
        """As `metadata.ownerReferences` has it."""
        return {
            "apiVersion": API_VERSION,
            "kind": "Flow",
            "name": self.name,
            "uid": self.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }


def flow_text(resource: Mapping[str, Json]) -> str:
    """The flow file of a resource: its name and spec, without what only Kubernetes reads.

    So nothing is started anew where labels, the status or `deploy` change.
    """
    metadata, spec = resource.get("metadata"), resource.get("spec")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    kept = {key: value for key, value in spec.items() if key != "deploy"} if isinstance(spec, dict) else spec
    return to_yaml([{"apiVersion": API_VERSION, "kind": "Flow", "metadata": {"name": name}, "spec": kept}])


def desired(
    flow: Flow, text: str, installation: Installation, namespace: str = "", owner: Owner | None = None
) -> list[Manifest]:
    """All that runs a flow.

    Args:
        flow: the flow.
        text: its file, which the workers read.
        installation: what the flow does not say.
        namespace: where it runs; empty: wherever the manifests are applied.
        owner: whom the objects are deleted with.
    """
    config = _object("v1", "ConfigMap", flow, namespace, owner)
    config["data"] = {f"{flow.name}.yaml": text}
    budget = _object("policy/v1", "PodDisruptionBudget", flow, namespace, owner)
    budget["spec"] = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": selector_of(flow.name)},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    deployment = _deployment(flow, text, installation, namespace, owner)
    service = [_service(flow, namespace, owner)] if listens(flow) else []
    return [config, *service, deployment, budget]


def _object(version: str, kind: str, flow: Flow, namespace: str, owner: Owner | None) -> Manifest:
    metadata: Manifest = {"name": child_name(flow.name), "labels": labels_of(flow.name)}
    if namespace:
        metadata["namespace"] = namespace
    if owner is not None:
        metadata["ownerReferences"] = [owner.reference]
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _service(flow: Flow, namespace: str, owner: Owner | None) -> Manifest:
    service = _object("v1", "Service", flow, namespace, owner)
    port = {"name": "http", "port": 80, "targetPort": "hooks", "protocol": "TCP"}
    service["spec"] = {"type": "ClusterIP", "selector": selector_of(flow.name), "ports": [port]}
    return service


def _deployment(
    flow: Flow, text: str, installation: Installation, namespace: str, owner: Owner | None
) -> Manifest:
    """Pods are replaced one after the other, each only once its successor is ready."""
    deployment = _object("apps/v1", "Deployment", flow, namespace, owner)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    template = {
        "metadata": {
            "labels": pod_labels(flow),
            "annotations": {**flow.deploy.pod_annotations, CONTENT: digest},
        },
        "spec": pod_spec(
            flow, flow.deploy.image or installation.image, installation.store_of(flow, namespace)
        ),
    }
    spec: Manifest = {
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": selector_of(flow.name)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": template,
    }
    if flow.deploy.replicas is not None:  # else it is an autoscaler's, or `kubectl scale`'s
        spec["replicas"] = flow.deploy.replicas
    deployment["spec"] = spec
    return deployment
