"""An API server: kmock's, with what it lacks and the operator relies on.

Objects get a uid, a resourceVersion and a generation; `status` is a part of its own; a request that meets another one
is answered by 409; who watches from a version on misses nothing; label selectors, server-side apply, preconditions and
the deletion of what is owned work as far as they are used here.
"""

import asyncio
import copy
import json
import re
from datetime import UTC, datetime

import aiohttp.web
import attrs
import jsonpatch
import kmock

RESOURCES = {
    "v1/configmaps": "ConfigMap",
    "v1/services": "Service",
    "v1/pods": "Pod",
    "v1/events": "Event",
    "v1/namespaces": "Namespace",
    "apps/v1/deployments": "Deployment",
    "policy/v1/poddisruptionbudgets": "PodDisruptionBudget",
    "headrace.dev/v1/flows": "Flow",
    "headrace.dev/v1/signals": "Signal",
}
_SPLIT = {"Flow", "Signal", "Deployment"}
"""Kinds whose status is a part of its own."""


@attrs.define(kw_only=True)
class Cluster(kmock.KubernetesEmulator):
    """See the module.

    Attributes:
        refusals: by method and kind: the statuses with which the next requests are answered.
        log: what was written: method, kind, name, part.
        events: that were posted.
    """

    refusals: dict = attrs.field(factory=dict)
    log: list = attrs.field(factory=list)
    events: list = attrs.field(factory=list)
    _latest: int = 1000
    _history: list = attrs.field(factory=list)
    _changed: asyncio.Condition = attrs.field(factory=asyncio.Condition)
    _applied: dict = attrs.field(factory=dict)

    def declare(self):
        for resource, kind in RESOURCES.items():
            info = self.resources[resource]
            info.kind, info.namespaced, info.singular = kind, kind != "Namespace", kind.lower()
            info.verbs = {"get", "list", "watch", "create", "patch", "update", "delete"}
            if kind in _SPLIT:
                info.subresources = {"status"}

    # ---- for tests

    def find(self, kind, name, namespace="default"):
        """An object, as the server has it; None if there is none."""
        key = self._key(kind, namespace, name)
        if key not in self._objects or self._objects[key].deleted:
            return None
        return plain(self._objects[key].raw)

    def names(self, kind):
        return sorted(
            key[2]
            for key, item in self._objects.items()
            if key[0] == self._resource(kind) and not item.deleted
        )

    async def put(self, obj, namespace="default"):
        """Make an object, or replace it, as `kubectl` would."""
        obj = copy.deepcopy(obj)
        key = self._key(obj["kind"], namespace, obj["metadata"]["name"])
        obj["metadata"]["namespace"] = namespace
        before = self.find(key_kind(key), key[2], namespace)
        if before is not None:
            obj["metadata"] = {**before["metadata"], **obj["metadata"]}
            obj.setdefault("status", before.get("status", {}))
        await self._write(key, obj, before)

    async def set_status(self, kind, name, status, namespace="default"):
        """What controllers of Kubernetes would write."""
        before = self.find(kind, name, namespace)
        await self._write(
            self._key(kind, namespace, name), {**copy.deepcopy(before), "status": status}, before
        )

    async def roll_out(self, name, namespace="default", *, ready=None):
        """What the Deployment's controller and its pods would do."""
        deployment = self.find("Deployment", name, namespace)
        wanted = deployment["spec"].get("replicas", 1)
        ready = wanted if ready is None else ready
        await self.set_status("Deployment", name, {
            "observedGeneration": deployment["metadata"]["generation"], "replicas": wanted,
            "updatedReplicas": wanted, "readyReplicas": ready, "availableReplicas": ready,
        }, namespace)  # fmt: skip

    async def remove(self, kind, name, namespace="default"):
        """`kubectl delete`."""
        await self._delete(self._key(kind, namespace, name))

    # ---- requests

    async def _handle(self, request):
        if request.resource is None or request.resource.plural is None:
            return await super()._handle(request)
        kind = RESOURCES.get(
            f"{request.resource.group}/{request.resource.version}/{request.resource.plural}".lstrip("/")
        )
        method = request.method.value.upper()
        if planned := self.refusals.get((method, kind)):
            return refusal(planned.pop(0), "it was planned")
        if method == "GET":
            return await self._read(request, kind)
        self.log.append(
            (method, kind, request.name or request.data["metadata"].get("name", ""), request.subresource)
        )
        data = json.loads(request.body) if request.body else None
        namespace = request.namespace or (data or {}).get("metadata", {}).get("namespace") or "default"
        if kind == "Event":
            self.events.append(data)
            return aiohttp.web.json_response(data, status=201)
        if method == "POST":
            return await self._create(
                self._key(kind, namespace, data["metadata"].get("name") or "made"), data
            )
        key = self._key(kind, namespace, request.name)
        if method == "DELETE":
            found = self.find(kind, request.name, namespace)
            if found is None:
                return refusal(404, f"{kind} not found")
            if (data or {}).get("preconditions", {}).get("uid", found["metadata"]["uid"]) != found[
                "metadata"
            ]["uid"]:
                return refusal(409, "the uid is another one")
            await self._delete(key)
            return aiohttp.web.json_response({"kind": "Status", "status": "Success"})
        return await self._patch(key, data, request)

    async def _watch(self, request, kind):
        """What has happened since a version, and what happens."""
        response = aiohttp.web.StreamResponse()
        await response.prepare(request._raw_request)
        since, index = int(request.params.get("resourceVersion") or 0), 0
        while True:
            for number, key, event in self._history[index:]:
                index += 1
                if number > since and key[0] == self._resource(kind) and request.namespace in (None, key[1]):
                    await response.write(json.dumps(event).encode() + b"\n")
            async with self._changed:
                await self._changed.wait_for(lambda: index < len(self._history))  # noqa: B023 - it is waited for here

    async def _happened(self, kind, key, obj):
        self._history.append(
            (int(obj["metadata"]["resourceVersion"]), key, {"type": kind, "object": plain(obj)})
        )
        async with self._changed:
            self._changed.notify_all()

    async def _read(self, request, kind):
        if request.params.get("watch"):
            return await self._watch(request, kind)
        if request.name is not None:
            found = self.find(kind, request.name, request.namespace or "default")
            return refusal(404, f"{kind} not found") if found is None else aiohttp.web.json_response(found)
        wanted = dict(
            part.split("=") for part in request.params.get("labelSelector", "").split(",") if "=" in part
        )
        items = [
            plain(item.raw)
            for (resource, namespace, _), item in self._objects.items()
            if resource == self._resource(kind)
            and not item.deleted
            and request.namespace in (None, namespace)
            and wanted.items() <= (plain(item.raw)["metadata"].get("labels") or {}).items()
        ]
        body = {
            "kind": f"{kind}List",
            "apiVersion": "v1",
            "metadata": {"resourceVersion": str(self._latest)},
            "items": items,
        }
        return aiohttp.web.json_response(body)

    async def _create(self, key, obj):
        if self.find(key_kind(key), key[2], key[1]) is not None:
            return refusal(409, "it exists")
        return aiohttp.web.json_response(await self._write(key, obj, None), status=201)

    async def _patch(self, key, data, request):
        kind, before = key_kind(key), self.find(key_kind(key), key[2], key[1])
        if "apply-patch" in request.headers.get("Content-Type", ""):
            assert request.params["fieldManager"]
            after = applied(before or {}, self._applied.get(key, {}), data)
            self._applied[key] = data
            if before is not None and after == before:
                return aiohttp.web.json_response(before)
            return aiohttp.web.json_response(await self._write(key, after, before))
        if before is None:
            return refusal(404, f"{kind} not found")
        if isinstance(data, list):
            try:
                data = jsonpatch.apply_patch(before, data)
            except jsonpatch.JsonPatchTestFailed as error:
                return refusal(422, str(error))
            after = {**data, "status": before["status"]} if kind in _SPLIT and "status" in before else data
            return aiohttp.web.json_response(await self._write(key, after, before))
        version = (data.get("metadata") or {}).get("resourceVersion")
        if version not in (None, before["metadata"]["resourceVersion"]):
            return refusal(409, "the object has been modified")
        for name in (data.get("metadata") or {}).get("annotations") or {}:
            if not re.fullmatch(r"([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", name):
                return refusal(422, f"metadata.annotations: Invalid value: {name}")
        if kind in _SPLIT and request.subresource == "status":
            data = {"status": data.get("status")}
        elif kind in _SPLIT:
            data = {key: value for key, value in data.items() if key != "status"}
        return aiohttp.web.json_response(await self._write(key, merged(before, data), before))

    # ---- what is kept

    def _resource(self, kind):
        return next(kmock.resource(name) for name, known in RESOURCES.items() if known == kind)

    def _key(self, kind, namespace, name):
        return self._resource(kind), None if kind == "Namespace" else namespace, name

    async def _write(self, key, obj, before):
        obj = {**copy.deepcopy(obj), "kind": key_kind(key)}
        group, version = key[0].group, key[0].version
        obj["apiVersion"] = f"{group}/{version}" if group else version
        meta = obj["metadata"]
        self._latest += 1
        meta["resourceVersion"] = str(self._latest)
        meta.setdefault("namespace", key[1])
        meta.setdefault("name", key[2])
        if before is None:
            meta |= {"uid": f"uid-{self._latest}", "generation": 1, "creationTimestamp": now()}
        else:
            meta["uid"] = before["metadata"]["uid"]
            changed = before.get("spec") != obj.get("spec")
            meta["generation"] = before["metadata"]["generation"] + changed
        self._objects[key] = obj
        await self._happened("ADDED" if before is None else "MODIFIED", key, obj)
        if meta.get("deletionTimestamp") and not meta.get("finalizers"):
            await self._forget(key)
        return obj

    async def _delete(self, key):
        before = self.find(key_kind(key), key[2], key[1])
        if before["metadata"].get("finalizers"):
            marked = copy.deepcopy(before)
            marked["metadata"].setdefault("deletionTimestamp", now())
            await self._write(key, marked, before)
        else:
            await self._forget(key)

    async def _forget(self, key):
        gone = plain(self._objects[key].raw)
        del self._objects[key]
        self._applied.pop(key, None)
        self._latest += 1
        gone["metadata"]["resourceVersion"] = str(self._latest)
        await self._happened("DELETED", key, gone)
        uid = gone["metadata"]["uid"]
        for other, item in list(self._objects.items()):
            owners = plain(item.raw)["metadata"].get("ownerReferences") or []
            if not item.deleted and any(owner["uid"] == uid for owner in owners):
                await self._delete(other)


def key_kind(key):
    group, version, plural = key[0].group, key[0].version, key[0].plural
    return RESOURCES[f"{group}/{version}/{plural}".lstrip("/")]


def now():
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value):
    return json.loads(json.dumps(value, default=dict))


def refusal(status, message):
    reason = {403: "Forbidden", 404: "NotFound", 409: "Conflict", 422: "Invalid"}.get(status, "Failed")
    body = {"kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": message}
    return aiohttp.web.json_response(body, status=status)


def merged(before, patch):
    """JSON Merge Patch."""
    if not isinstance(patch, dict):
        return patch
    made = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def applied(before, last, wanted):
    """Server-side apply by one manager: what it has set and sets no more is taken away."""
    made = dict(before)
    for key in last.keys() - wanted.keys():
        made.pop(key, None)
    for key, value in wanted.items():
        old, older = made.get(key), last.get(key)
        if isinstance(value, dict):
            inner = old if isinstance(old, dict) else {}
            made[key] = applied(inner, older if isinstance(older, dict) else {}, value)
        else:
            made[key] = value
    return made
