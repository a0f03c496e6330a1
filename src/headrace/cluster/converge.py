"""The cluster is made as a flow's manifests say: what is missing or differs is applied, the rest goes.

What is as it should be is not written again. An object that has one of the names but is not the flow's own is
left alone, and told.
"""

from collections.abc import Sequence

from headrace.cluster.api import Api, path_of
from headrace.cluster.desired import KINDS, Owner
from headrace.cluster.manifest import Manifest
from headrace.cluster.name import FLOW_LABEL
from headrace.cluster.patch import covers
from headrace.errors import HeadraceError

__all__ = ["NotOurs", "converge", "is_owned"]


class NotOurs(HeadraceError):
    """There is an object of that name that is not the flow's."""


async def converge(api: Api, manifests: Sequence[Manifest], namespace: str, owner: Owner) -> list[Manifest]:
    """Make the objects of a flow as wanted.

    Returns:
        What has changed.

    Raises:
        NotOurs: a name is taken.
        ApiError: the API server refused something.
    """
    found = {
        (kind, item["metadata"]["name"]): item
        for version, kind in KINDS
        for item in await api.items(version, kind, namespace, {FLOW_LABEL: owner.name})
        if is_owned(item, owner)
    }
    applied = []
    for manifest in manifests:
        key = manifest["kind"], manifest["metadata"]["name"]
        existing = found.pop(key, None)
        if existing is None:
            await _see_that_it_is_free(api, manifest, namespace, owner)
        if existing is None or not covers(existing, manifest):
            made = await api.apply(manifest)
            if existing is None or _revision(made) != _revision(existing):
                applied.append(made)
    for (kind, name), item in found.items():
        await api.delete(path_of(item["apiVersion"], kind, namespace, name), item["metadata"]["uid"])
    return applied


def is_owned(item: Manifest, owner: Owner) -> bool:
    """Whether an object was made for this very Flow resource."""
    references = item["metadata"].get("ownerReferences") or ()
    return any(reference.get("uid") == owner.uid for reference in references)


def _revision(item: Manifest) -> str:
    """The same after an apply that changed nothing: the server writes `0.5` in a way of its own, `500m`."""
    revision: str = item["metadata"]["resourceVersion"]
    return revision


async def _see_that_it_is_free(api: Api, manifest: Manifest, namespace: str, owner: Owner) -> None:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    item = await api.get(path_of(manifest["apiVersion"], kind, namespace, name))
    if item is not None and not is_owned(item, owner):
        raise NotOurs(f"{kind} `{name}` exists and is not this flow's; delete or rename it")
