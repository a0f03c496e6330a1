"""One Flow or Signal, from whatever there is to what should be: nothing is remembered in between."""

import asyncio
from collections import defaultdict
from typing import Any

import msgspec

from headrace.cluster.api import Api, ApiError, path_of
from headrace.cluster.converge import NotOurs, converge, is_owned
from headrace.cluster.desired import Installation, Owner, desired, flow_text
from headrace.cluster.drain import drain, is_overdue
from headrace.cluster.manifest import Manifest
from headrace.cluster.name import API_VERSION, child_name
from headrace.cluster.patch import merge_patch
from headrace.cluster.signals import PENDING, fire, signal_status
from headrace.cluster.status import Seen, flow_status
from headrace.cluster.stores import Facts, Stores
from headrace.errors import HeadraceError, NoStoreError, StoreError
from headrace.flow.deploy import Deploy
from headrace.flow.loader import Loaded, load_object
from headrace.flow.model import Flow
from headrace.sdk import Json, Registry

__all__ = ["Event", "Reconciler", "Report"]

_AT_ONCE = 16
"""Flows that are looked at together: an operator that starts anew finds all of them."""


class Event(msgspec.Struct, frozen=True):
    """What people see in `kubectl describe`."""

    reason: str
    message: str
    is_warning: bool = False


class Report(msgspec.Struct, frozen=True):
    """What was done about a resource.

    Attributes:
        resource: as it was found.
        is_done: nothing is left to be done, until something changes.
    """

    resource: Manifest
    events: tuple[Event, ...] = ()
    is_done: bool = True


class Reconciler:
    """Makes flows and signals so; one at a time takes its turn for each flow."""

    def __init__(self, api: Api, registry: Registry, installation: Installation, stores: Stores) -> None:
        self._api = api
        self._registry = registry
        self._installation = installation
        self._stores = stores
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._loaded: dict[str, tuple[int, Loaded]] = {}
        """By the uid of a resource: its generation, and what came of it, which costs the most."""
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def flow(self, namespace: str, name: str) -> Report | None:
        """Make a flow's workers as the resource says now, and its status as they are.

        Returns:
            None if the flow is gone, or is going.

        Raises:
            ApiError: the API server does not answer, or refuses what the operator needs.
        """
        async with self._turns[namespace, name], self._at_once:
            resource = await self._api.get(path_of(API_VERSION, "Flow", namespace, name))
            if resource is None or resource["metadata"].get("deletionTimestamp"):
                return None
            loaded = await self._load(resource)
            problem, applied = "", list[Manifest]()
            if loaded.flow is not None:
                problem, applied = await self._deploy(loaded.flow, resource, namespace)
            facts, store_problem = await self._facts(namespace, name, loaded.flow)
            seen = Seen(
                version=loaded.flow.version if loaded.flow is not None else None,
                findings=loaded.findings,
                problem=problem,
                deployment=await self._workers(resource, namespace),
                facts=facts,
                store_problem=store_problem,
            )
            status = flow_status(resource, seen)
            await self._tell("Flow", resource, status)
        return Report(resource, tuple(_events(resource, status, applied)))

    async def _load(self, resource: Manifest) -> Loaded:
        """The flow of a resource."""
        uid, generation = resource["metadata"]["uid"], resource["metadata"]["generation"]
        known = self._loaded.get(uid)
        if known is None or known[0] != generation:
            known = generation, await asyncio.to_thread(self._read, resource)
            self._loaded[uid] = known
        return known[1]

    def _read(self, resource: Manifest) -> Loaded:
        """Load a flow; the resource's own metadata is Kubernetes' business."""
        name = resource["metadata"]["name"]
        plain: dict[str, Json] = {"apiVersion": API_VERSION, "kind": "Flow", "metadata": {"name": name}}
        return load_object({**plain, "spec": resource["spec"]}, self._registry, name=name)

    async def _deploy(self, flow: Flow, resource: Manifest, namespace: str) -> tuple[str, list[Manifest]]:
        """Apply what a flow needs; why that did not go, and what was applied."""
        owner = _owner(resource)
        manifests = desired(flow, flow_text(resource), self._installation, namespace, owner)
        try:
            return "", await converge(self._api, manifests, namespace, owner)
        except NotOurs as error:
            return error.message, []
        except ApiError as error:
            if error.status in (0, 401, 429) or error.status >= 500:
                raise
            return error.message, []

    async def _workers(self, resource: Manifest, namespace: str) -> Manifest | None:
        """The Deployment, if it is the flow's."""
        name = child_name(resource["metadata"]["name"])
        found = await self._api.get(path_of("apps/v1", "Deployment", namespace, name))
        return found if found is not None and is_owned(found, _owner(resource)) else None

    async def _facts(self, namespace: str, name: str, flow: Flow | None) -> tuple[Facts | None, str]:
        try:
            return await self._stores.facts(self._url(flow, namespace), name, flow), ""
        except HeadraceError as error:
            return None, error.message

    def _url(self, flow: Flow | None, namespace: str) -> str:
        if flow is not None and flow.deploy.store:
            return flow.deploy.store
        return self._installation.store.replace("{namespace}", namespace)

    async def _tell(self, kind: str, resource: Manifest, status: dict[str, Any]) -> None:
        metadata = resource["metadata"]
        if patch := merge_patch(resource.get("status") or {}, status):
            path = path_of(API_VERSION, kind, metadata["namespace"], metadata["name"], "status")
            await self._api.merge(path, {"status": patch})

    # ---- the end of a flow

    async def end(self, resource: Manifest) -> Report:
        """Stop the workers of a flow that is to go; done once they have ended, or it took too long."""
        metadata = resource["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        async with self._turns[namespace, name]:
            left = await drain(self._api, namespace, _owner(resource))
            self._loaded.pop(metadata["uid"], None)
            if left == 0:
                return Report(resource, (Event("Drained", "all workers have ended"),))
            if is_overdue(resource, _grace_s(resource)):
                message = f"{left} pods have not ended in time; they are deleted with the flow"
                return Report(resource, (Event("DrainTimedOut", message, is_warning=True),))
            await self._tell("Flow", resource, {**(resource.get("status") or {}), "phase": "Draining"})
        return Report(resource, is_done=False)

    # ---- signals

    async def signal(self, namespace: str, name: str) -> Report | None:
        """Have a signal fired that was not; None if it is gone, or was fired or refused before.

        Raises:
            ApiError: the API server does not answer.
        """
        resource = await self._api.get(path_of(API_VERSION, "Signal", namespace, name))
        if resource is None or (resource.get("status") or {}).get("phase", PENDING) != PENDING:
            return None
        try:
            status = await self._fire(resource, namespace)
        except (StoreError, NoStoreError) as error:
            status = signal_status(resource, PENDING, message=error.message)
        await self._tell("Signal", resource, status)
        phase = str(status["phase"])
        if phase == PENDING:
            return Report(resource, is_done=False)
        message = str(status.get("message") or f"run {status.get('run')}")
        return Report(resource, (Event(phase, message, is_warning="run" not in status),))

    async def _fire(self, resource: Manifest, namespace: str) -> dict[str, Any]:
        name = resource["spec"]["flow"]
        target = await self._api.get(path_of(API_VERSION, "Flow", namespace, name))
        if target is None:
            return signal_status(resource, PENDING, message=f"there is no flow `{name}` in {namespace}")
        flow = (await self._load(target)).flow
        if flow is None:
            return signal_status(resource, PENDING, message=f"flow `{name}` does not validate")
        return await fire(await self._stores.get(self._url(flow, namespace)), resource)


def _owner(resource: Manifest) -> Owner:
    return Owner(resource["metadata"]["name"], resource["metadata"]["uid"])


def _grace_s(resource: Manifest) -> float:
    """How long the workers have to end, of a flow that need not be valid."""
    grace = ((resource["spec"] or {}).get("deploy") or {}).get("grace")
    try:
        return Deploy.model_validate({} if grace is None else {"grace": grace}).grace
    except ValueError:
        return Deploy().grace


def _events(resource: Manifest, status: dict[str, Any], applied: list[Manifest]) -> list[Event]:
    """What is new: objects that were written, and conditions that have changed."""
    events = []
    if applied:
        written = ", ".join(f"{each['kind']} {each['metadata']['name']}" for each in applied)
        events.append(Event("Applied", f"{written}: version {status.get('observedVersion')}"))
    before = {each["type"]: each for each in (resource.get("status") or {}).get("conditions") or ()}
    for condition in status["conditions"]:
        old = before.get(condition["type"]) or {}
        told = (condition["status"], condition["reason"]), (old.get("status"), old.get("reason"))
        if told[0] != told[1] and condition["reason"] not in ("Deploying", "Valid", "Reachable"):
            is_warning = condition["reason"] not in ("Running", "Stopped")
            events.append(Event(condition["reason"], condition["message"], is_warning=is_warning))
    return events
