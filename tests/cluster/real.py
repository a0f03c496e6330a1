"""A real API server, named by KUBECONFIG: what its administrator does in tests."""

import asyncio
import json
import os

import aiohttp
import kopf

from headrace.cluster.api import path_of

_APPLY = "application/apply-patch+yaml"


class Refused(Exception):
    """The server answered by an error; `status` is HTTP's."""

    def __init__(self, status, answer):
        super().__init__(f"{status}: {answer.get('message')}")
        self.status = status
        self.answer = answer


def from_kubeconfig():
    """Where the server is, and who asks; None if nobody says."""
    if not os.environ.get("KUBECONFIG"):
        return None
    return kopf.login_with_kubeconfig(settings=kopf.OperatorSettings())


class Server:
    """Asks as one user."""

    def __init__(self, login, session):
        self.login = login
        self._session = session
        self._tls = login.as_ssl_context() if login.server.startswith("https:") else True

    async def ask(
        self, method, path, body=None, *, kind="application/json", accept="application/json", **query
    ):
        headers = {**self.login.as_http_headers(), "Content-Type": kind, "Accept": accept}
        url = self.login.server.rstrip("/") + path
        data = None if body is None else json.dumps(body)
        async with self._session.request(
            method, url, data=data, headers=headers, params=query, ssl=self._tls
        ) as response:
            text = await response.text()
        try:
            answer = json.loads(text)
        except ValueError:
            answer = {"message": text[:300]}
        if response.status >= 400:
            raise Refused(response.status, answer)
        return answer

    async def apply(self, manifest, path=None):
        """`kubectl apply --server-side`."""
        path = path or f"{root_of(manifest)}/{manifest['metadata']['name']}"
        return await self.ask("PATCH", path, manifest, kind=_APPLY, fieldManager="e2e", force="true")

    async def create(self, manifest, **query):
        return await self.ask("POST", root_of(manifest), manifest, **query)

    async def merge(self, path, patch):
        return await self.ask("PATCH", path, patch, kind="application/merge-patch+json")

    async def find(self, version, kind, namespace, name):
        try:
            return await self.ask("GET", path_of(version, kind, namespace, name))
        except Refused as error:
            if error.status == 404:
                return None
            raise

    async def may(self, user, verb, group, resource, namespace):
        """Whether a user has a right."""
        group_, _, part = resource.partition("/")
        attributes = {"verb": verb, "group": group, "resource": group_, "namespace": namespace}
        review = {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": attributes | ({"subresource": part} if part else {})},
        }  # fmt: skip
        answer = await self.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return answer["status"]["allowed"]


PLURALS = {
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "CustomResourceDefinition": "customresourcedefinitions",
    "Flow": "flows",
    "Namespace": "namespaces",
    "Pod": "pods",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "ServiceAccount": "serviceaccounts",
    "Signal": "signals",
}


def root_of(manifest):
    version, namespace = manifest["apiVersion"], manifest["metadata"].get("namespace")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return root + (f"/namespaces/{namespace}" if namespace else "") + f"/{PLURALS[manifest['kind']]}"


async def until(told, seconds=30, why=""):
    """Wait for what is told to become true."""
    last = None
    try:
        async with asyncio.timeout(seconds):
            while not (last := await told()):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {why or told}; last: {last!r}") from None
    return last


async def session():
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
