"""http-module/client."""

import base64
import random
import re
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema, field_validator

from headrace.components.http.limit import Limiter, parse_rate
from headrace.components.http.request import ClientRequest, encode_body, full_url, text_headers
from headrace.components.http.response import (
    RETRIED_STATUSES,
    is_success,
    read_response,
    stated_total,
    status_error,
)
from headrace.connections.http import HttpResponse, HttpTransport, TemporaryHttpError, retry_after_s
from headrace.sdk import (
    Arrival,
    Component,
    Context,
    Duration,
    Input,
    Json,
    Message,
    Output,
    PermanentError,
    Resources,
    Settings,
    Size,
    TemporaryError,
    component,
    parse_message,
)
from headrace.sdk.shape import ANY, Shape, object_of, of

__all__ = ["Client"]

_LONGEST_PAUSE_S = 60.0
"""A longer Retry-After is not waited for within the task: the task is tried again at that time."""

_MAX_CONNECTIONS = 1000
"""Of one transport: a bound for all nodes that share it; `maxConcurrency` is each node's own."""

Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*[0-9]*[1-9][0-9]*\s*/\s*(s|m|h)\s*$",
            "examples": ["10/s", "100/m", "5000/h"],
        }
    ),
]


class BearerAuth(Settings):
    """`Authorization: Bearer …`."""

    type: Literal["bearer"]
    """Sends a token."""
    token: SecretStr
    """The token."""


class BasicAuth(Settings):
    """`Authorization: Basic …`."""

    type: Literal["basic"]
    """Sends a user name and a password."""
    username: str
    """The user name."""
    password: SecretStr
    """The password."""


class ClientSettings(Settings):
    """Settings of the HTTP client."""

    base_url: str = Field("", json_schema_extra={"pattern": "^(https?://.+)?$"})
    """The address that relative URLs are put below."""
    default_headers: dict[str, str] = Field(default_factory=dict)
    """Sent with every request; the request's own headers win."""
    timeout: Duration = Field(30.0, gt=0)
    """Bound of one request, from connecting to the last byte."""
    retry_count: int = Field(0, ge=0)
    """How often a request is repeated after network errors, broken JSON, 408, 425, 429 and 5xx."""
    retry_delay: Duration = Field(1.0, ge=0)
    """Before the first repetition; a server's Retry-After is obeyed if it is longer."""
    retry_backoff: float = Field(2.0, ge=1)
    """By how much the delay grows each time."""
    retry_unsafe: bool = False
    """Whether POST and PATCH are repeated, too, when the server may have acted on them already."""
    rate_limit: Rate | None = None
    """No more requests than this, evenly spaced: `10/s`, `100/m`, `5000/h`."""
    max_concurrency: int = Field(64, ge=1)
    """Requests of this node that are open at once."""
    max_response_bytes: Size = Field(64 * 2**20, gt=0)
    """A larger body (decompressed) is an error."""
    allowed_hosts: list[str] = Field(default_factory=list)
    """The only hosts that may be asked, also by redirects: `api.example.com`, `*.example.com`."""
    auth: Annotated[BearerAuth | BasicAuth, Field(discriminator="type")] | None = None
    """How requests are authenticated."""

    @field_validator("base_url")
    @classmethod
    def _is_base(cls, url: str) -> str:
        if url and not re.match(r"https?://.", url):
            raise ValueError("must begin with https:// or http://")
        return url

    def headers(self) -> dict[str, str]:
        """The default headers, with authentication."""
        match self.auth:
            case BearerAuth(token=token):
                return {**self.default_headers, "Authorization": f"Bearer {token.get_secret_value()}"}
            case BasicAuth(username=username, password=password):
                pair = f"{username}:{password.get_secret_value()}".encode()
                return {**self.default_headers, "Authorization": f"Basic {base64.b64encode(pair).decode()}"}
            case None:
                return self.default_headers


def _response_shape(arrival: Arrival) -> Shape:
    body = ANY if arrival.sample is None else arrival.sample.or_null()
    return arrival.object(
        {
            "statusCode": of("number"),
            "headers": object_of(rest=of("text")),
            "body": of("text"),
            "bodyJson": body,
            "url": of("text"),
            "elapsedMs": of("number"),
        }
    )


@component(
    "http-module/client",
    summary="Sends a request for each message and adds the response to it.",
    settings=ClientSettings,
    inputs=(Input("request", "`{method, url, headers, queryParams, body, contentType}`", ClientRequest),),
    outputs=(
        Output(
            "response",
            "the base value plus `response {statusCode, headers, body, bodyJson, url, elapsedMs}`",
            adds="response",
            emits=_response_shape,
        ),
        Output("error", "the base value plus `error` and `errorDetail`", error=True),
    ),
    chooses=False,
    samples="bodyJson",
)
class Client(Component):
    """A status of 400 and above is an error, after `retryCount` repetitions where one can help.

    `bodyJson` is the parsed body of a JSON content type, null for others; `headers` are lower-cased.
    Requests other than GET and HEAD carry an `Idempotency-Key`, the same when they are repeated, also with
    their task; a header of that name takes its place, and null takes it away.
    """

    settings: ClientSettings

    async def open(self, resources: Resources) -> None:
        """Get the transport that clients with the same `allowedHosts` share."""
        hosts = tuple(self.settings.allowed_hosts)

        async def connect() -> HttpTransport:
            return HttpTransport(allowed_hosts=hosts, max_connections=_MAX_CONNECTIONS)

        self._transport = await resources.acquire(("http", hosts), connect)
        self._headers = self.settings.headers()
        self._limiter = Limiter(resources.clock, self.settings.rate_limit, self.settings.max_concurrency)

    async def handle(self, message: Message, context: Context) -> None:
        """Send the request, repeat it where that may help, and pass the response on."""
        request = parse_message(ClientRequest, message)
        response = await self._fetch(request, context)
        total = stated_total(response)
        if total is not None:
            context.expect(total)
        context.count("requests")
        await context.add_result("response", response)

    async def _fetch(self, request: ClientRequest, context: Context) -> dict[str, Json]:
        for repetition in range(self.settings.retry_count + 1):
            try:
                return await self._send(request, context)
            except TemporaryError as error:
                pause_s = self.settings.retry_delay * self.settings.retry_backoff**repetition
                pause_s *= random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
                pause_s = max(pause_s, error.retry_after_s or 0.0)
                is_last = repetition == self.settings.retry_count
                if is_last or pause_s > max(_LONGEST_PAUSE_S, self.settings.retry_delay * 10):
                    raise
                context.count("repeated")
                await context.clock.sleep(pause_s)
        raise AssertionError("the loop returns or raises")

    async def _send(self, request: ClientRequest, context: Context) -> dict[str, Json]:
        url = full_url(self.settings.base_url, request)
        body, content_type = encode_body(request)
        implied = {}
        if content_type is not None and body is not None:
            implied["Content-Type"] = content_type
        if request.method not in ("GET", "HEAD"):
            implied["Idempotency-Key"] = context.idempotency_key
        headers = text_headers(request.headers, implied, self._headers)
        may_repeat = request.method not in ("POST", "PATCH") or self.settings.retry_unsafe
        try:
            async with self._limiter:
                response = await self._transport.request(
                    request.method,
                    url,
                    headers=headers,
                    body=body,
                    timeout_s=self.settings.timeout,
                    max_response_bytes=self.settings.max_response_bytes,
                )
        except TemporaryHttpError as error:
            if may_repeat or error.unsent:
                raise
            raise _unrepeatable(request, error) from error
        return self._judge(request, response, context, may_repeat=may_repeat)

    def _judge(
        self, request: ClientRequest, response: HttpResponse, context: Context, *, may_repeat: bool
    ) -> dict[str, Json]:
        if is_success(response.status):
            try:
                return read_response(response, context.mask(response.url))
            except TemporaryError as error:
                if may_repeat:
                    raise
                raise _unrepeatable(request, error) from error
        wait_s = retry_after_s(response.headers, context.clock.now_ns())
        if wait_s is not None and response.status in (429, 503):
            self._limiter.pause(min(wait_s, _LONGEST_PAUSE_S))
        says_when = response.status == HTTPStatus.TOO_MANY_REQUESTS or (
            response.status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is not None
        )
        is_temporary = response.status in RETRIED_STATUSES and (may_repeat or says_when)
        raise status_error(request.method, response, wait_s, is_temporary=is_temporary)


def _unrepeatable(request: ClientRequest, error: TemporaryError) -> PermanentError:
    return PermanentError(
        f"{error.message}; {request.method} is not repeated, since the server may have acted on it "
        "(`retryUnsafe: true` repeats it)",
        code=error.code,
        detail=error.detail,
    )
