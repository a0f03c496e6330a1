"""What the HTTP client takes, and how it becomes a request."""

import re
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit, urlunsplit

from pydantic import Field

from headrace.connections.http import is_token
from headrace.expr.text import to_text
from headrace.sdk import Json, JsonValue, Message, MessageModel, PermanentError
from headrace.values import described, encode_json

__all__ = ["ClientRequest", "check_header_name", "encode_body", "full_url", "is_safe", "text_headers"]

_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")
"""RFC 3986, section 2.3: what no encoding changes."""


def check_header_name(name: str) -> str:
    """The name of a header, for a setting.

    Raises:
        ValueError: it is none.
    """
    if not is_token(name):
        raise ValueError(f"`{name}` is no name of a header; write it like `X-Signature`")
    return name


class ClientRequest(MessageModel):
    """A request."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    """The HTTP method."""
    url: str = ""
    """A path below `baseUrl`, or a whole URL."""
    headers: dict[str, JsonValue] = Field(default_factory=dict)
    """Over the `defaultHeaders`; null takes a default away."""
    query_params: dict[str, JsonValue] = Field(default_factory=dict)
    """Added to the URL's own; null and empty text are sent as empty, arrays repeat the name."""
    body: JsonValue = None
    """Text is sent as it is; other values as JSON, or as a form with that `contentType`; null: no body."""
    content_type: str | None = None
    """Of the body; `application/json` for values, `text/plain` for text if not given."""


def is_safe(message: Message) -> bool:
    """Whether the request that a message asks for changes nothing (RFC 9110, section 9.2.1)."""
    return not isinstance(message, dict) or message.get("method", "GET") in ("GET", "HEAD")


def full_url(base_url: str, request: ClientRequest) -> str:
    """The URL to ask for.

    Raises:
        PermanentError: there is neither a base nor a whole URL.
    """
    whole, begin, query, fragment = _address(base_url, request.url)
    if not request.query_params:
        return whole
    pairs = [query] if query else []
    for name, value in request.query_params.items():
        values = value if isinstance(value, list) else [value]
        pairs += [f"{_encoded(name)}={_encoded(to_text(item))}" for item in values]
    query = "&".join(pairs)
    return f"{begin}?{query}{fragment}" if query else f"{begin}{fragment}"


@lru_cache(maxsize=256)
def _address(base_url: str, url: str) -> tuple[str, str, str, str]:
    """A URL without further parameters; what of it is before its query, its query, and its fragment."""
    if not urlsplit(url).scheme:
        if not base_url:
            raise PermanentError(f"`{url}` is no whole URL, and the node has no `baseUrl`", code="HR330")
        url = f"{base_url.rstrip('/')}/{url.lstrip('/')}" if url else base_url
    parts = urlsplit(url)
    begin = urlunsplit(parts._replace(query="", fragment=""))
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True))
    return url, begin, query, f"#{parts.fragment}" if parts.fragment else ""


def _encoded(text: str) -> str:
    """A name or value of a parameter, as forms have it."""
    return text if _UNRESERVED.fullmatch(text) else quote_plus(text)


def text_headers(headers: dict[str, Json], *defaults: dict[str, str]) -> dict[str, str]:
    """The headers to send: the request's over the defaults, of which later ones win. Names have no case.

    Raises:
        PermanentError: a name is none, a value is no text, or has a line break (which could smuggle in
            further headers).
    """
    merged = {name.lower(): (name, value) for default in defaults for name, value in default.items()}
    for name, value in headers.items():
        if value is None:
            merged.pop(name.lower(), None)
            continue
        if not is_token(name):
            raise PermanentError(f"`{name}` is no name of a header", code="HR331")
        if isinstance(value, list | dict):
            raise PermanentError(f"header `{name}` must be text, but it is {described(value)}", code="HR331")
        merged[name.lower()] = (name, to_text(value))
    for name, value in merged.values():
        if any(char in "\r\n\0" for char in name + value):
            raise PermanentError(f"header `{name}` has a line break in it", code="HR331")
    return dict(merged.values())


def encode_body(request: ClientRequest) -> tuple[bytes | None, str | None]:
    """The body's bytes and its content type; both None without a body."""
    body, content_type = request.body, request.content_type
    if body is None:
        return None, content_type
    if isinstance(body, str):
        return body.encode(), content_type or "text/plain; charset=utf-8"
    if content_type == "application/x-www-form-urlencoded" and isinstance(body, dict):
        pairs = [(name, to_text(value)) for name, value in body.items()]
        return urlencode(pairs).encode(), content_type
    return encode_json(body), content_type or "application/json"
