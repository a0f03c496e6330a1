"""One request of a node: sent within its limits, repeated where that may help, judged by its status."""

import asyncio
import random
import re
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema, field_validator

from headrace.components.http.rate import parse_rate
from headrace.components.http.request import ClientRequest, encode_body, full_url, text_headers
from headrace.components.http.response import (
    RETRIED_STATUSES,
    is_success,
    read_response,
    status_error,
)
from headrace.connections.budget import LONGEST_PAUSE_S, Budgets, NodeBudgets, Verdict, read_verdict
from headrace.connections.http import HttpResponse, HttpTransport, TemporaryHttpError, basic_credentials
from headrace.sdk import (
    Context,
    Duration,
    Json,
    PermanentError,
    Resources,
    Settings,
    Size,
    TemporaryError,
)

__all__ = ["Exchange", "ExchangeSettings"]

_MAX_CONNECTIONS = 1000
"""Of one transport: a bound for all nodes that share it."""

_CREDENTIALS = ("authorization", "x-api-key", "api-key", "apikey")
"""Headers by which APIs commonly know who asks."""

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


class ExchangeSettings(Settings):
    """How a node asks an API."""

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
    """No more requests than this to an API, evenly spaced: `10/s`, `100/m`, `5000/h`; nodes share it."""
    max_concurrency: int = Field(64, ge=1)
    """Requests of this node that are open at once; fewer where the API cannot take them."""
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
                credentials = basic_credentials(username, password.get_secret_value())
                return {**self.default_headers, "Authorization": credentials}
            case None:
                return self.default_headers

    def credential(self) -> str:
        """What tells who asks: nodes with the same one share the budget of an API."""
        names = {name.lower(): value for name, value in self.headers().items()}
        return "\n".join(names.get(name, "") for name in _CREDENTIALS)


class Exchange:
    """The way from a node to an API."""

    def __init__(self, settings: ExchangeSettings, transport: HttpTransport, budgets: Budgets) -> None:
        self._settings = settings
        self._transport = transport
        self._headers = settings.headers()
        self._open = asyncio.Semaphore(settings.max_concurrency)
        self._budgets = NodeBudgets(
            budgets, settings.credential(), settings.rate_limit, settings.max_concurrency
        )
        if settings.base_url:
            self._budgets.of(settings.base_url)  # what this node asks for counts before its first request

    @classmethod
    async def open(cls, settings: ExchangeSettings, resources: Resources) -> "Exchange":
        """Get the transport that nodes with the same `allowedHosts` share, and the budgets that all share."""
        hosts = tuple(settings.allowed_hosts)
        clock = resources.clock

        async def connect() -> HttpTransport:
            return HttpTransport(allowed_hosts=hosts, max_connections=_MAX_CONNECTIONS)

        async def budget() -> Budgets:
            return Budgets(clock)

        transport = await resources.acquire(("http", hosts), connect)
        return cls(settings, transport, await resources.acquire(("http budgets",), budget))

    async def fetch(self, request: ClientRequest, context: Context) -> dict[str, Json]:
        """Send the request, and repeat it where that may help.

        Returns:
            `{statusCode, headers, body, bodyJson, url, elapsedMs}`.

        Raises:
            TemporaryError | PermanentError: no answer, or one that is an error.
        """
        for repetition in range(self._settings.retry_count + 1):
            try:
                return await self._send(request, context)
            except TemporaryError as error:
                pause_s = self._settings.retry_delay * self._settings.retry_backoff**repetition
                pause_s *= random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
                pause_s = max(pause_s, error.retry_after_s or 0.0)
                is_last = repetition == self._settings.retry_count
                if is_last or pause_s > max(LONGEST_PAUSE_S, self._settings.retry_delay * 10):
                    raise
                context.count("repeated")
                await context.clock.sleep(pause_s)
        raise AssertionError("the loop returns or raises")

    @cached_property
    def _plain_headers(self) -> dict[str, str]:
        """Those of a request that has none of its own."""
        return text_headers({}, self._headers)

    async def _send(self, request: ClientRequest, context: Context) -> dict[str, Json]:
        url = full_url(self._settings.base_url, request)
        body, content_type = encode_body(request)
        implied = {}
        if content_type is not None and body is not None:
            implied["Content-Type"] = content_type
        if request.method not in ("GET", "HEAD"):
            implied["Idempotency-Key"] = context.idempotency_key
        headers = self._plain_headers
        traced = context.trace_headers()
        if request.headers or implied or traced:
            headers = text_headers(request.headers, traced, implied, headers)
        may_repeat = request.method not in ("POST", "PATCH") or self._settings.retry_unsafe
        budget = self._budgets.of(url)
        async with self._open, self._budgets.place(url):
            sent = await budget.enter(self._settings.rate_limit)
            try:
                response = await self._transport.request(
                    request.method,
                    url,
                    headers=headers,
                    body=body,
                    timeout_s=self._settings.timeout,
                    max_response_bytes=self._settings.max_response_bytes,
                )
                verdict = read_verdict(response.status, response.headers, context.clock.now_ns())
                budget.answered(sent, verdict)
            except TemporaryHttpError as error:
                if may_repeat or error.unsent:
                    raise
                raise _unrepeatable(request, error) from error
            finally:
                budget.leave(sent)
        return self._judge(request, response, verdict, context, may_repeat=may_repeat)

    def _judge(
        self,
        request: ClientRequest,
        response: HttpResponse,
        verdict: Verdict,
        context: Context,
        *,
        may_repeat: bool,
    ) -> dict[str, Json]:
        if is_success(response.status):
            try:
                return read_response(response, context.mask(response.url))
            except TemporaryError as error:
                if may_repeat:
                    raise
                raise _unrepeatable(request, error) from error
        is_temporary = verdict.is_refused or (response.status in RETRIED_STATUSES and may_repeat)
        raise status_error(request.method, response, verdict.wait_s, is_temporary=is_temporary)


def _unrepeatable(request: ClientRequest, error: TemporaryError) -> PermanentError:
    return PermanentError(
        f"{error.message}; {request.method} is not repeated, since the server may have acted on it "
        "(`retryUnsafe: true` repeats it)",
        code=error.code,
        detail=error.detail,
    )
