"""What a request becomes in a message: `{method, path, params, query, headers, body, bodyJson}`."""

from collections.abc import Set
from http import HTTPStatus

from pydantic import Field

from headrace.connections.http import charset_of, is_json_type
from headrace.connections.http.server import IncomingRequest, Refusal
from headrace.errors import UsageError
from headrace.sdk import Arrival, Json, JsonValue, Message, MessageModel, PermanentError, parse_message
from headrace.sdk.shape import ANY, Shape, object_of, of
from headrace.values import JsonError, decode_json, encode_json

__all__ = ["request_message", "request_shape", "whole_request"]


class ReceivedRequest(MessageModel, extra="forbid"):
    """A request of which parts may be left out, as somebody gives it who fires by hand."""

    method: str = "POST"
    path: str = "/"
    params: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str | list[str]] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    body_json: JsonValue = None


def whole_request(payload: Message) -> dict[str, Json]:
    """A request with all its members; `bodyJson` alone has the text that it would have come in.

    Raises:
        UsageError: the payload is no request.
    """
    try:
        request = parse_message(ReceivedRequest, {} if payload is None else payload)
    except PermanentError as error:
        raise UsageError(f"the payload is a request, such as `{{bodyJson: …}}`: {error.message}") from error
    body = request.body
    if request.body_json is not None and not body:
        body = encode_json(request.body_json).decode()
    return {
        "method": request.method,
        "path": request.path,
        "params": dict(request.params),
        "query": {
            name: list(value) if isinstance(value, list) else value for name, value in request.query.items()
        },
        "headers": dict(request.headers),
        "body": body,
        "bodyJson": request.body_json,
    }


def request_message(request: IncomingRequest, path: str, body: bytes, hidden: Set[str]) -> dict[str, Json]:
    """A request with its body, without the headers that hold secrets.

    Args:
        request: its head.
        path: as messages may have it, without secrets.
        body: decompressed.
        hidden: headers, by lower-cased name.

    Raises:
        Refusal: the body is no text in its charset, or no JSON though its content type says so.
    """
    content_type = request.headers.get("content-type", "")
    text = _text(body, content_type)
    return {
        "method": request.method,
        "path": path,
        "params": dict(request.params),
        "query": dict(request.query),
        "headers": {name: value for name, value in request.headers.items() if name not in hidden},
        "body": text,
        "bodyJson": _parsed(text) if is_json_type(content_type) and text.strip() else None,
    }


def request_shape(arrival: Arrival) -> Shape:
    """The shape of a trigger's message; `sample` and `schema` of the node describe `bodyJson`."""
    text = of("text")
    body = ANY if arrival.sample is None else arrival.sample.or_null()
    request = arrival.object(
        {
            "method": text,
            "path": text,
            "params": object_of(rest=text),
            "query": object_of(rest=of("text", "array")),
            "headers": object_of(rest=text),
            "body": text,
            "bodyJson": body,
        }
    )
    return arrival.object({"request": request})


def _text(body: bytes, content_type: str) -> str:
    charset = charset_of(content_type)
    try:
        text = body.decode(charset)
        text.encode()  # some charsets can make half of a character, which JSON has no form for
    except LookupError as error:
        message = f"there is no charset `{charset[:50]}`"
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unknown_charset", message) from error
    except ValueError as error:
        if is_json_type(content_type):
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad_json", f"the body is not {charset}") from error
        message = f"the body is no text in {charset}; other bodies are not taken"
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_text", message) from error
    return text


def _parsed(text: str) -> Json:
    try:
        return decode_json(text)
    except JsonError as error:
        message = f"the content type says JSON, but the body is none: {str(error)[:200]}"
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_json", message) from error
