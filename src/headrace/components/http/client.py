"""http-module/client."""

from headrace.components.http.exchange import Exchange, ExchangeSettings
from headrace.components.http.request import ClientRequest, is_safe
from headrace.components.http.response import record_count, response_shape, stated_total
from headrace.sdk import (
    Component,
    Context,
    Input,
    Message,
    Output,
    Resources,
    component,
    parse_message,
)

__all__ = ["Client"]


@component(
    "http-module/client",
    summary="Sends a request for each message and adds the response to it.",
    settings=ExchangeSettings,
    inputs=(Input("request", "`{method, url, headers, queryParams, body, contentType}`", ClientRequest),),
    outputs=(
        Output(
            "response",
            "the base value plus `response {statusCode, headers, body, bodyJson, url, elapsedMs}`",
            adds="response",
            emits=response_shape,
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

    settings: ExchangeSettings

    async def open(self, resources: Resources) -> None:
        """Get the way to the API."""
        self._exchange = await Exchange.open(self.settings, resources)

    def repeats(self, message: Message) -> bool:
        """Asking is not doing; what was answered is kept."""
        return is_safe(message)

    async def handle(self, message: Message, context: Context) -> None:
        """Send the request, repeat it where that may help, and pass the response on."""
        request = parse_message(ClientRequest, message)
        response = await context.once(lambda: self._exchange.fetch(request, context))
        total = stated_total(response)
        if total is not None:
            context.expect(total)
        context.count("requests")
        await context.add_result("response", response)
        if total is not None:
            context.progress(record_count(response))
