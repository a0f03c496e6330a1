"""http-module/server."""

import asyncio
import math
import re
from http import HTTPStatus
from typing import Literal, TypeAlias

from pydantic import Field, field_validator

from headrace.components.http.admission import Admission, admit_body, admit_head, credentials
from headrace.components.http.answer import ServerResponse, reply_of, response_of
from headrace.components.http.received import request_message, request_shape, whole_request
from headrace.connections.http.server import (
    HttpListener,
    IncomingRequest,
    Refusal,
    Reply,
    Route,
    error_reply,
    json_reply,
)
from headrace.errors import ExpressionError, StoreError
from headrace.expr.text import to_text
from headrace.sdk import (
    Answer,
    Call,
    Component,
    Context,
    Duration,
    Firing,
    Input,
    Json,
    Message,
    MessageTemplate,
    Output,
    Overlap,
    Paused,
    PermanentError,
    Receiver,
    Resources,
    SchedulePolicy,
    Settings,
    Size,
    TemporaryError,
    component,
    parse_message,
)

__all__ = ["Server"]

Method: TypeAlias = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

_SEGMENT = re.compile(r"[^{}?#\s]*|\{[A-Za-z_]\w*\}")

_BUSY_S = 1.0
"""When to come again, for callers whom a node has no place for."""


class ServerSettings(Settings):
    """Settings of the server."""

    path: str = Field(json_schema_extra={"pattern": "^/"})
    """Where requests go: `/hooks/orders`; `{id}` for a segment is any, and goes into `request.params.id`."""
    methods: list[Method] = Field(["POST"], min_length=1)
    """The methods that start a run."""
    mode: Literal["accept", "reply"] | None = None
    """`accept` answers 202 as soon as the run is kept; `reply` waits for what reaches `response`, and is the
    default where that is wired."""
    timeout: Duration = Field(30.0, gt=0)
    """How long a caller waits for a reply, who then gets 504; the run goes on."""
    auth: Admission | None = None
    """Who may call; everybody, if not given."""
    dedupe_key: MessageTemplate = None
    """Tells repeats of a request, `{{$.request.headers['x-request-id']}}`: they get the run of the first one.
    Null or empty: a request of its own."""
    max_body_bytes: Size = Field(2**20, gt=0)
    """A larger body (decompressed) is refused."""
    max_concurrency: int = Field(100, ge=1)
    """Requests of this node that are open at once in a process; further ones get 503."""
    max_open_runs: int = Field(1000, ge=1)
    """Runs of this node that are open at once; requests that would begin a further one get 503."""

    @field_validator("path")
    @classmethod
    def _is_path(cls, path: str) -> str:
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError("must begin with one `/`, as `/hooks/orders` does")
        segments = path.split("/")
        wrong = next((segment for segment in segments if not _SEGMENT.fullmatch(segment)), None)
        if wrong is not None:
            raise ValueError(f"has the segment `{wrong}`; write text, or a parameter such as `{{id}}`")
        names = [segment for segment in segments if segment.startswith("{")]
        if len(set(names)) < len(names):
            raise ValueError("has one parameter twice")
        return path


@component(
    "http-module/server",
    summary="Starts a run for each HTTP request, and answers it.",
    settings=ServerSettings,
    inputs=(
        Input(
            "response",
            "`{statusCode, headers, body}`, for the caller; the first one of a run counts",
            ServerResponse,
            reaches=(),
        ),
    ),
    outputs=(
        Output(
            "request",
            "`{request}`, which is `{method, path, params, query, headers, body, bodyJson}`",
            emits=request_shape,
        ),
    ),
    trigger=True,
    listens=True,
    samples="bodyJson",
)
class Server(Component):
    """A caller gets 202 with the run's id as soon as the run is kept, or waits for what reaches `response`.

    That is sent once its task has committed. A run that fails is answered by 500, one that ends without a
    response by 202, one that takes too long by 504, each with its id: `{error: {code, message}, run}`.

    `bodyJson` is the parsed body of a JSON content type, null for others; `headers` are lower-cased; a name
    that repeats in the query has an array.
    """

    schedule = None
    settings: ServerSettings

    def __init__(self, settings: ServerSettings) -> None:
        super().__init__(settings)
        self._hidden = credentials(settings.auth)
        self._open = 0

    @property
    def policy(self) -> SchedulePolicy:
        """See `Trigger`."""
        return SchedulePolicy(overlap=Overlap.ALLOW)

    def message(self, firing: Firing) -> Message:
        """See `Trigger`."""
        return {"request": whole_request(firing.payload)}

    async def open(self, resources: Resources) -> None:
        """Get the listener that all servers of this process share."""

        async def make() -> HttpListener:
            return HttpListener(resources.address)

        self._clock = resources.clock
        self._listener = await resources.acquire(("http-listener", resources.address), make)

    async def listen(self, receiver: Receiver) -> str:
        """See `Listening`."""
        settings = self.settings
        self._receiver = receiver
        self._replies = receiver.is_wired("response") if settings.mode is None else settings.mode == "reply"
        methods = tuple(dict.fromkeys(settings.methods))
        self._listener.add(Route(methods, settings.path, self._take, receiver.node))
        await self._listener.start()
        return f"{', '.join(methods)} {self._listener.url}{settings.path}"

    def leave(self) -> None:
        """See `Listening`."""
        self._listener.remove(self._take)

    async def handle(self, message: Message, context: Context) -> None:
        """Answer the caller of this run; there is none where another trigger started it."""
        if context.run.trigger != context.node or self.settings.mode == "accept":
            return
        answer = parse_message(ServerResponse, message)
        context.respond(response_of(answer))

    async def _take(self, request: IncomingRequest) -> Reply:
        settings = self.settings
        if self._open >= settings.max_concurrency or self._receiver.open_runs >= settings.max_open_runs:
            return _unavailable("busy", "too much is being worked on; come again", _BUSY_S)
        self._open += 1
        try:
            payload = await self._admit(request)
            key = self._dedupe_key(payload)
            if not self._replies:
                return json_reply(HTTPStatus.ACCEPTED, {"run": await self._receiver.fire(payload, key)})
            async with self._receiver.call(payload, key) as call:
                return await self._reply(call)
        except Paused as error:
            return _unavailable("paused", error.message, error.retry_after_s)
        except TemporaryError as error:
            return _unavailable("stopping", self._receiver.mask(error.message), error.retry_after_s)
        except StoreError:
            return _unavailable("unavailable", "the request could not be kept; come again", None)
        except PermanentError as error:
            message = self._receiver.mask(error.message)
            return error_reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", message)
        finally:
            self._open -= 1

    async def _admit(self, request: IncomingRequest) -> dict[str, Json]:
        auth = self.settings.auth
        admit_head(auth, request.headers)
        body = await request.read(self.settings.max_body_bytes)
        admit_body(auth, request.headers, body, self._clock.now_ns())
        return request_message(request, self._receiver.mask(request.path), body, self._hidden)

    def _dedupe_key(self, payload: dict[str, Json]) -> str | None:
        template = self.settings.dedupe_key
        if template is None:
            return None
        try:
            key = self._receiver.evaluate(template, {"request": payload})
        except ExpressionError as error:
            message = f"the request has no dedupe key: {self._receiver.mask(error.message)}"
            raise Refusal(HTTPStatus.BAD_REQUEST, "no_dedupe_key", message) from error
        return to_text(key) or None

    async def _reply(self, call: Call) -> Reply:
        try:
            async with asyncio.timeout(self.settings.timeout):
                answer = await call.answer()
        except TimeoutError:
            message = f"the run has given no answer within {self.settings.timeout:g} s; it goes on"
            return error_reply(HTTPStatus.GATEWAY_TIMEOUT, "timeout", message, run=call.run)
        except TemporaryError as error:
            return _unavailable("stopping", error.message, error.retry_after_s, run=call.run)
        return _answered(answer, call.run)


def _answered(answer: Answer, run: str) -> Reply:
    match answer.ended:
        case None:
            return reply_of(answer.response)
        case "succeeded":
            return json_reply(HTTPStatus.ACCEPTED, {"run": run})
        case "failed":
            return error_reply(HTTPStatus.INTERNAL_SERVER_ERROR, "run_failed", "the run failed", run=run)
        case "cancelled":
            message = "the run was cancelled"
            return error_reply(HTTPStatus.INTERNAL_SERVER_ERROR, "run_cancelled", message, run=run)


def _unavailable(code: str, message: str, wait_s: float | None, *, run: str | None = None) -> Reply:
    wait = str(math.ceil(wait_s or _BUSY_S))
    return error_reply(
        HTTPStatus.SERVICE_UNAVAILABLE, code, message, run=run, headers=(("Retry-After", wait),)
    )
