"""The API server: the few requests that the operator makes.

kopf asks it by aiohttp and says how to log in; so does this. A client library would bring a class for each of
the hundreds of kinds, for five verbs on seven of them.
"""

import json
import ssl
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp

from headrace.cluster.manifest import Manifest
from headrace.errors import HeadraceError

__all__ = ["Api", "ApiError", "Login", "path_of"]

_PLURALS = {
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "Flow": "flows",
    "Pod": "pods",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Service": "services",
    "Signal": "signals",
}
_MANAGER = "headrace-operator"
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_TRIES = 5
"""Of a request that met another one (409): the server asks to try again."""


class Login(Protocol):
    """Where the API server is, and who asks; kopf's `ConnectionInfo` is one."""

    @property
    def server(self) -> str:
        """The server's URL."""
        ...

    def as_ssl_context(self) -> ssl.SSLContext:
        """Whom to trust, and the client's certificate."""
        ...

    def as_http_headers(self) -> dict[str, str]:
        """The token."""
        ...


class ApiError(HeadraceError):
    """The API server refused a request.

    Attributes:
        status: the HTTP status; 0 if there was no answer.
        reason: a word of Kubernetes': `Forbidden`, `Invalid`, `Conflict`.
    """

    def __init__(self, message: str, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


def path_of(version: str, kind: str, namespace: str, name: str = "", part: str = "") -> str:
    """The path of an object, of its part (`status`), or of all objects of a kind."""
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    where = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{where}/{_PLURALS[kind]}" + (f"/{name}" if name else "") + (f"/{part}" if part else "")


class Api:
    """A client; to be entered before it is asked."""

    def __init__(self, log_in: Callable[[], Login]) -> None:
        """Set up.

        Args:
            log_in: reads the credentials; called again where the server takes them no more, as tokens of pods
                expire within hours.
        """
        self._log_in = log_in
        self._login = log_in()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str) -> Manifest | None:
        """An object; None if there is none."""
        try:
            return await self._ask("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def items(
        self, version: str, kind: str, namespace: str, labels: Mapping[str, str]
    ) -> list[Manifest]:
        """All objects of a kind with these labels."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        found = await self._ask("GET", path_of(version, kind, namespace), query={"labelSelector": selector})
        return [{"apiVersion": version, "kind": kind, **item} for item in found["items"]]

    async def apply(self, manifest: Manifest) -> Manifest:
        """Make an object as a manifest says, whether it is there or not; what others have set stays."""
        metadata = manifest["metadata"]
        path = path_of(manifest["apiVersion"], manifest["kind"], metadata["namespace"], metadata["name"])
        query = {"fieldManager": _MANAGER, "force": "true"}
        return await self._ask("PATCH", path, manifest, query=query, kind="application/apply-patch+yaml")

    async def merge(self, path: str, patch: Manifest) -> Manifest | None:
        """Change members of an object; None if there is none."""
        try:
            return await self._ask("PATCH", path, patch, kind="application/merge-patch+json")
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def delete(self, path: str, uid: str) -> None:
        """Delete an object, unless it is another one by now, or gone."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}}
        try:
            await self._ask("DELETE", path, {**body, "propagationPolicy": "Background"})
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    async def _ask(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        *,
        query: Mapping[str, str] | None = None,
        kind: str = "application/json",
    ) -> Manifest:
        status = 0
        answer: Manifest = {}
        for _ in range(_TRIES):
            status, answer = await self._send(method, path, body, query or {}, kind)
            if status == 401:
                self._login = self._log_in()
            elif status != 409 or method == "DELETE":
                break
        if status >= 400:
            told = answer.get("message") or f"{method} {path} was answered by {status}"
            raise ApiError(f"Kubernetes: {told}", status, str(answer.get("reason") or ""))
        return answer

    async def _send(
        self, method: str, path: str, body: Manifest | None, query: Mapping[str, str], kind: str
    ) -> tuple[int, Manifest]:
        if self._session is None:
            raise ApiError("the client is not open")
        login = self._login
        headers = {**login.as_http_headers(), "Content-Type": kind, "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        url = login.server.rstrip("/") + path
        try:
            tls: ssl.SSLContext | bool = login.as_ssl_context() if login.server.startswith("https:") else True
            async with self._session.request(
                method, url, data=data, params=query, headers=headers, ssl=tls
            ) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(f"the API server at {login.server} does not answer: {_reason(error)}") from error
        return response.status, _object(text)


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__


def _object(text: str) -> Manifest:
    try:
        value: Any = json.loads(text)
    except ValueError:
        return {"message": text[:500]}
    return value if isinstance(value, dict) else {"message": text[:500]}
