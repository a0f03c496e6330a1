"""A flow's workers end before the flow does: each finishes its tasks, or gives them back to the store."""

from datetime import UTC, datetime

from headrace.cluster.api import Api, path_of
from headrace.cluster.converge import is_owned
from headrace.cluster.desired import Owner
from headrace.cluster.manifest import Manifest
from headrace.cluster.name import child_name, selector_of

__all__ = ["LONGEST_S", "drain", "is_overdue"]

LONGEST_S = 120.0
"""How long a deletion waits for workers, beyond their own time to end: nodes may be gone with their pods."""


async def drain(api: Api, namespace: str, owner: Owner) -> int:
    """Stop a flow's workers; safe to call again.

    Returns:
        How many pods there still are.

    Raises:
        ApiError: the API server refused something.
    """
    path = path_of("apps/v1", "Deployment", namespace, child_name(owner.name))
    deployment = await api.get(path)
    if deployment is None or not is_owned(deployment, owner):
        return 0
    if deployment["spec"].get("replicas", 1) != 0:
        await api.merge(path, {"spec": {"replicas": 0}})
    return len(await api.items("v1", "Pod", namespace, selector_of(owner.name)))


def is_overdue(resource: Manifest, grace_s: float, now: datetime | None = None) -> bool:
    """Whether a deletion has waited for long enough."""
    begun = datetime.fromisoformat(resource["metadata"]["deletionTimestamp"])
    return ((now or datetime.now(UTC)) - begun).total_seconds() > grace_s + LONGEST_S
