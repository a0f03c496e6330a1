"""The HTTP server of a process: one socket, and the routes of all who listen, by aiohttp.

What goes wrong before a request comes to its route (no such path, a method that is not taken, no HTTP at
all) is answered here; everything else is the route's.
"""

import errno
import logging
from http import HTTPStatus
from typing import Any

from aiohttp import web

from headrace.connections.http.server.incoming import IncomingRequest
from headrace.connections.http.server.reply import Refusal, Reply, error_reply
from headrace.connections.http.server.route import Found, Handler, Route, Routes
from headrace.errors import UsageError
from headrace.sdk import Address

__all__ = ["HttpListener"]

_log = logging.getLogger(__name__)

_IDLE_S = 75.0
"""A connection on which nothing is asked for is closed: longer than proxies keep theirs (60 s mostly)."""

_FAREWELL_S = 2.0
"""For answers that are being sent when the listener closes."""

_BACKLOG = 512
"""Connections that the operating system holds until they are taken."""


class HttpListener:
    """Listens on an address once it is started; routes may be added before and after."""

    def __init__(self, address: Address) -> None:
        """Set up; nothing is bound yet."""
        self._asked = address
        self._routes = Routes()
        self._runner: web.ServerRunner | None = None
        self._bound: Address | None = None

    @property
    def url(self) -> str:
        """Where it listens: scheme, host and the real port, where port 0 was asked for."""
        return f"http://{self._bound or self._asked}"

    def add(self, route: Route) -> None:
        """Take further requests.

        Raises:
            UsageError: somebody takes its method and path already.
        """
        self._routes.add(route)

    def remove(self, handle: Handler) -> None:
        """Take no further requests for a handler."""
        self._routes.remove(handle)

    async def start(self) -> None:
        """Bind and listen; does nothing if it does so already.

        Raises:
            UsageError: the address cannot be had.
        """
        if self._runner is not None:
            return
        server = _Server(
            self._serve,
            handler_cancellation=True,  # a caller who hangs up is not worked for any more
            access_log=None,
            keepalive_timeout=_IDLE_S,
            lingering_time=1.0,
        )
        runner = self._runner = web.ServerRunner(server, shutdown_timeout=_FAREWELL_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._asked.host, self._asked.port, backlog=_BACKLOG).start()
        except (OSError, OverflowError) as error:
            self._runner = None
            await runner.cleanup()
            raise UsageError(f"cannot listen on {self._asked}: {_reason(error)}") from error
        self._bound = Address(self._asked.host, runner.addresses[0][1])

    async def close(self) -> None:
        """Take nothing more and close all connections; answers in progress have 2 s. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            reply = await self._answer(request)
        except Refusal as refusal:
            reply = refusal.reply
        except Exception:  # noqa: BLE001 - a bug of a route is no reason to let its caller wait
            _log.exception("%s %s could not be answered", request.method, request.rel_url.raw_path)
            message = "the request could not be answered; this is a bug of headrace"
            reply = error_reply(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message, closes=True)
        return _response(reply)

    async def _answer(self, request: web.BaseRequest) -> Reply:
        found = self._routes.find(request.rel_url.raw_path)
        if found is None:
            message = f"nothing is here: {request.rel_url.path[:200]}"
            raise Refusal(HTTPStatus.NOT_FOUND, "not_found", message)
        route = found.routes.get(request.method)
        if route is None:
            return _without_route(request.method, found)
        return await route.handle(IncomingRequest(request, found.params(route)))


def _without_route(method: str, found: Found) -> Reply:
    """The answer to a method that no route takes; none of these starts a run."""
    allowed = ("Allow", ", ".join((*found.allowed, "OPTIONS")))
    if method == "OPTIONS":
        return Reply(HTTPStatus.NO_CONTENT, (allowed,))
    if method in found.allowed:  # HEAD, where GET is taken
        return Reply(HTTPStatus.OK)
    message = f"{method[:20]} is not taken here, only {', '.join(found.allowed)}"
    raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", message, headers=(allowed,))


def _response(reply: Reply) -> web.Response:
    response = web.Response(status=reply.status, body=reply.body)
    response.headers.pop("Content-Type", None)
    for name, value in reply.headers:
        response.headers.add(name, value)
    response.headers["Server"] = "headrace"
    if reply.closes:
        response.force_close()
    return response


class _Protocol(web.RequestHandler):
    """Answers what is no HTTP in the shape of all errors; aiohttp would print a traceback."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """See `web.RequestHandler`; called for what cannot be parsed, since `_serve` raises nothing."""
        _log.debug("a request could not be read", exc_info=exc)
        said = " ".join((message or HTTPStatus(status).phrase).split())[:200]
        reply = error_reply(status, "bad_request", f"the request cannot be read: {said}", closes=True)
        return _response(reply)


class _Server(web.Server):
    def __init__(self, handler: Any, **options: Any) -> None:  # noqa: ANN401 - aiohttp's own types are private
        super().__init__(handler, **options)
        self._options = {name: value for name, value in options.items() if name != "handler_cancellation"}

    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=self._loop, **self._options)


def _reason(error: OSError | OverflowError) -> str:
    """Why an address cannot be had, and what helps."""
    if isinstance(error, OverflowError):
        return "a port is a number from 0 to 65535"
    return _REASONS.get(error.errno or 0) or str(error.strerror or error).lower()


_REASONS = {
    errno.EADDRINUSE: "another program listens there; choose another port, or port 0 for any that is free",
    errno.EACCES: "ports below 1024 need a right that this user does not have; choose one above",
    errno.EADDRNOTAVAIL: "this machine has no such address; 0.0.0.0 stands for all that it has",
}
