"""What every request meets first: whether it may come at all, and what every answer carries."""

import asyncio
import math
from collections.abc import Container
from http import HTTPStatus

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.store.limit import MAX_MESSAGE_BYTES
from headrace.web.access import Access, Tokens
from headrace.web.audit import Audit
from headrace.web.problem import problem
from headrace.web.rate import Buckets

__all__ = ["MOST_BYTES", "Guard"]

MOST_BYTES = MAX_MESSAGE_BYTES
"""Of a request's body: as much as a message may have."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TOO_LARGE = f"the body has more than {MOST_BYTES // 2**20} MiB"
_BODY_S = 60.0
"""For a body to come."""
_TOO_SLOW = f"the body has not come within {_BODY_S:g} s"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""What is answered before its body may be streamed for ever."""
_LONGEST_ADDRESS = 50
"""What a proxy has forwarded may be any text."""
_HARMLESS = frozenset({"/api/v1/evaluate", "/api/v1/flows/validate"})
"""What a POST asks for that changes nothing."""


class Guard:
    """An ASGI middleware: refuses what may not come, notes each action, and adds headers to every answer.

    In this order, a request is refused that comes too often from its address; that names another host than
    this server's, as the page of a foreign site does whose name was made to lead here (DNS rebinding); that
    has no token where one is needed (`/api`, `/metrics`), or one for looking where something is to be done;
    whose body is too large, or too slow. What is refused for coming too often is not noted: it would fill
    the disk.

    No cookie is read or set, so a foreign page cannot act in a visitor's name.
    """

    def __init__(
        self, app: ASGIApp, tokens: Tokens, hosts: Container[str], audit: Audit, *, per_s: float = 200.0
    ) -> None:
        """Set up.

        Args:
            app: what is guarded.
            tokens: what opens it.
            hosts: names and addresses that it is asked by: lower-cased, without ports, IPv6 in brackets.
            audit: told of each action.
            per_s: requests a second that one address may make, in the long run.
        """
        self._app = app
        self._tokens = tokens
        self._hosts = hosts
        self._audit = audit
        self._requests = Buckets(2 * per_s, per_s)
        self._wrong = Buckets(10, 10 / 60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        address = scope["client"][0][:_LONGEST_ADDRESS] if scope.get("client") else ""
        access = self._tokens.access(headers.get("authorization", ""))
        acts = _acts(scope["method"], scope["path"])
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                added = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    added[name] = value
                if scope["path"].startswith(("/api", "/metrics")):
                    added["Cache-Control"] = "no-store"
            await send(message)

        try:
            refusal = self._refuse(scope, headers, address, access)
            if refusal is not None:
                await refusal(scope, receive, answer)
                return
            scope.setdefault("state", {})["access"] = access
            await self._pass(scope, receive, answer)
        finally:
            if acts and status != HTTPStatus.TOO_MANY_REQUESTS:
                self._audit.note(
                    address=address,
                    access=access.value if access is not None else "none",
                    method=scope["method"],
                    path=scope["path"][:500],
                    status=status,
                )

    def _refuse(self, scope: Scope, headers: Headers, address: str, access: Access | None) -> ASGIApp | None:
        """The answer to a request that may not come; None: it may."""
        if wait_s := self._requests.take(address):
            return _too_many("too many requests", wait_s)
        refusal = self._forbid(scope, headers, access)
        is_attempt = access is None and ("authorization" in headers or _acts(scope["method"], scope["path"]))
        if refusal is not None and is_attempt and (wait_s := self._wrong.take(address)):
            return _too_many("too many wrong tokens", wait_s)
        return refusal

    def _forbid(self, scope: Scope, headers: Headers, access: Access | None) -> ASGIApp | None:
        """The answer to a request that may never come so; None: it may."""
        host = _host_of(headers.get("host", ""))
        if host not in self._hosts:
            message = f"this server is not asked by the name `{host[:100]}`; --host-name allows one"
            return problem(HTTPStatus.MISDIRECTED_REQUEST, "host_not_allowed", message)
        path = scope["path"]
        if not path.startswith(("/api/", "/metrics")):
            return None
        if access is None:
            message = "a token is needed: `Authorization: Bearer …`, as in the link that the server printed"
            challenge = {"WWW-Authenticate": 'Bearer realm="headrace"'}
            return problem(HTTPStatus.UNAUTHORIZED, "unauthorized", message, headers=challenge)
        if access is Access.READ and _acts(scope["method"], path):
            return problem(HTTPStatus.FORBIDDEN, "read_only", "this token is for looking alone")
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, as far as its body is neither too large nor too slow."""
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > MOST_BYTES:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", _TOO_LARGE)(scope, receive, send)
            return
        came = 0
        until_s = asyncio.get_running_loop().time() + _BODY_S if scope["method"] in _WITH_BODY else None

        async def limited() -> Message:
            nonlocal came, until_s
            try:
                async with asyncio.timeout_at(until_s):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW) from error
            if not message.get("more_body"):
                until_s = None
            came += len(message.get("body", b""))
            if came > MOST_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
            return message

        await self._app(scope, limited, send)


def _acts(method: str, path: str) -> bool:
    """Whether a request is for something to be done."""
    return method not in ("GET", "HEAD", "OPTIONS") and path not in _HARMLESS


def _host_of(value: str) -> str:
    """`localhost:8080` without its port, lower-cased; `[::1]:8080` keeps its brackets."""
    host = value.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _too_many(what: str, wait_s: float) -> ASGIApp:
    wait = str(math.ceil(wait_s))
    message = f"{what} from this address; come again in {wait} s"
    return problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", message, headers={"Retry-After": wait})
