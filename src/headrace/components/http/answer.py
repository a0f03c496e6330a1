"""What reaches a server's `response`, and what its caller gets of it."""

from http import HTTPStatus

from pydantic import Field

from headrace.components.http.request import text_headers
from headrace.connections.http.server import Reply
from headrace.expr.text import to_text
from headrace.sdk import Json, JsonValue, MessageModel
from headrace.values import encode_json

__all__ = ["ServerResponse", "reply_of", "response_of"]

_OWN = frozenset(
    {
        "connection", "content-encoding", "content-length", "date", "keep-alive", "server", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Headers that speak of one connection, or of a body as it was sent there (RFC 9110, section 7.6.1)."""

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.NOT_MODIFIED})


class ServerResponse(MessageModel):
    """An answer to a caller."""

    status_code: int = Field(200, ge=200, le=599)
    """The HTTP status."""
    headers: dict[str, JsonValue] = Field(default_factory=dict)
    """Those of another answer may be passed on: what belongs to a connection or a length is left out."""
    body: JsonValue = None
    """Text is sent as it is; other values as JSON; null: no body."""


def response_of(answer: ServerResponse) -> dict[str, Json]:
    """An answer as it is kept until it is sent.

    Raises:
        PermanentError: a header is no text, or has a line break.
    """
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN}
    named: dict[str, Json] = dict(text_headers(headers, {}))
    content_type, body = None, ""
    if isinstance(answer.body, str):
        content_type, body = "text/plain; charset=utf-8", answer.body
    elif answer.body is not None:
        content_type, body = "application/json", encode_json(answer.body).decode()
    if content_type is not None and not any(name.lower() == "content-type" for name in named):
        named["Content-Type"] = content_type
    return {"statusCode": answer.status_code, "headers": named, "body": body}


def reply_of(response: Json) -> Reply:
    """The reply that an answer was kept for."""
    assert isinstance(response, dict)  # noqa: S101 - `response_of` made it
    status, headers, body = response["statusCode"], response["headers"], response["body"]
    assert isinstance(status, int)  # noqa: S101 - likewise
    assert isinstance(headers, dict)  # noqa: S101 - likewise
    sent = b"" if status in _BODILESS else to_text(body).encode()
    return Reply(status, tuple((name, to_text(value)) for name, value in headers.items()), sent)
