"""A Signal resource is fired once, through the store, by the process that executes the flow."""

import hashlib

from headrace.app.asking import ask
from headrace.cluster.manifest import Manifest
from headrace.store import Request, Store
from headrace.values import Json

__all__ = ["fire", "request_of", "signal_status"]

FIRED, PENDING, REFUSED = "Fired", "Pending", "Refused"


def request_of(resource: Manifest) -> Request:
    """The request of a signal.

    Its id, which will be the run's, follows from the resource's: it is one run however often it is asked for.
    """
    spec = resource["spec"]
    run_id = hashlib.sha256(resource["metadata"]["uid"].encode()).hexdigest()[:16]
    return Request.firing(spec["flow"], spec["node"], spec.get("payload"), run_id)


async def fire(store: Store, resource: Manifest) -> dict[str, Json]:
    """Have a signal fired; the resource's status.

    It stays pending until a worker answers; the request lies in the store then.

    Raises:
        StoreError: the store failed, or the workers are silent.
    """
    request = request_of(resource)
    refusal = await store.answered(request.id)
    if refusal == "" and not await _was_asked(store, request, resource):
        refusal = (await ask(store, [request]))[request.id]
    if refusal is None:
        told = f"no worker of flow `{request.flow}` has answered yet"
        return signal_status(resource, PENDING, request=request.id, message=told)
    if refusal:
        return signal_status(resource, REFUSED, message=refusal)
    return signal_status(resource, FIRED, run=request.id)


async def _was_asked(store: Store, request: Request, resource: Manifest) -> bool:
    """Whether no answer means that it was carried out: a store remembers the last answers alone."""
    is_noted = (resource.get("status") or {}).get("request") == request.id
    return is_noted or await store.run(request.id) is not None


def signal_status(
    resource: Manifest, phase: str, *, run: str = "", request: str = "", message: str = ""
) -> dict[str, Json]:
    """The status of a signal.

    Args:
        request: the id of what lies in the store; empty if nothing was asked for.
    """
    told = {"run": run, "request": request, "message": message}
    generation = resource["metadata"].get("generation")
    return {
        "phase": phase,
        **{key: value for key, value in told.items() if value},
        **({} if generation is None else {"observedGeneration": generation}),
    }
