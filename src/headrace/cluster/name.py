"""Names, labels and paths that others see."""

import hashlib

__all__ = [
    "API_VERSION",
    "CONTENT",
    "FLOW_LABEL",
    "GROUP",
    "HEALTH_PORT",
    "HOOKS_PORT",
    "VERSION",
    "child_name",
    "labels_of",
    "selector_of",
]

GROUP = "headrace.dev"
VERSION = "v1"
API_VERSION = f"{GROUP}/{VERSION}"
FLOW_LABEL = f"{GROUP}/flow"
"""The label with the flow's name, of all that is made for it."""
CONTENT = f"{GROUP}/content"
"""The annotation with the hash of the flow's text; where it changes, pods are replaced."""
HEALTH_PORT = 8081
HOOKS_PORT = 8090

_LONGEST = 63
"""Of the name of a Service, and of a label's value."""


def child_name(flow: str) -> str:
    """The name of all that is made for a flow; begins with a letter, as that of a Service must."""
    name = f"flow-{flow}"
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(flow.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST - 9].rstrip('-')}-{digest}"


def selector_of(flow: str) -> dict[str, str]:
    """The labels that tell a flow's workers from all other pods."""
    return {"app.kubernetes.io/name": "headrace-worker", FLOW_LABEL: flow}


def labels_of(flow: str) -> dict[str, str]:
    """The labels of what is made for a flow."""
    return {**selector_of(flow), "app.kubernetes.io/managed-by": "headrace"}
