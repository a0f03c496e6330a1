"""A request that comes in: its head at once, its body when it is asked for."""

import asyncio
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from headrace.connections.http.server.reply import Refusal
from headrace.values import Json

__all__ = ["IncomingRequest"]

_BODY_TIMEOUT_S = 30.0
"""For the whole body: who sends slower holds one of the places of those who do not."""

_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
"""Of bodies, that aiohttp takes off by itself with what it depends on."""


class IncomingRequest:
    """A request.

    Attributes:
        path: decoded.
        params: the values of the path's parameters.
        query: a text for each name; an array of texts where the name repeats.
        headers: by lower-cased name; repeated ones are joined by `, ` (cookies by `; `).
    """

    def __init__(self, request: web.BaseRequest, params: dict[str, str]) -> None:
        self._request = request
        self.method = request.method
        self.path = _text(request.rel_url.path)
        self.params = params
        self.query = _query(request)
        self.headers = _headers(request)

    async def read(self, max_bytes: int) -> bytes:
        """The body, decompressed; to be called once.

        Raises:
            Refusal: it is larger than `max_bytes`, comes too slowly, is cut off, or is compressed in an
                unknown way.
        """
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise Refusal(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                f"the content encoding `{encoding[:50]}` is not supported; send gzip, deflate or none",
                headers=(("Accept-Encoding", "gzip, deflate"),),
                closes=True,
            )
        if (self._request.content_length or 0) > max_bytes:
            raise _too_large(max_bytes)
        await self._encourage()
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(_BODY_TIMEOUT_S):
                async for chunk in self._request.content.iter_any():
                    size += len(chunk)
                    if size > max_bytes:
                        raise _too_large(max_bytes)
                    chunks.append(chunk)
        except TimeoutError as error:
            message = f"the body did not come within {_BODY_TIMEOUT_S:g} s"
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "too_slow", message, closes=True) from error
        except (HttpProcessingError, web.RequestPayloadError) as error:
            message = "the body is not complete, or not compressed as its header says"
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad_body", message, closes=True) from error
        return b"".join(chunks)

    async def _encourage(self) -> None:
        """Ask for the body, where the caller waits for that (RFC 9110, section 10.1.1)."""
        if self.headers.get("expect", "").lower() == "100-continue" and self._request.version >= (1, 1):
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._request.writer.output_size = 0  # nothing of the answer itself is sent yet


def _too_large(max_bytes: int) -> Refusal:
    message = f"the body is larger than {max_bytes} bytes"
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", message, closes=True)


def _text(value: str) -> str:
    """Text without what cannot be written as JSON: bytes that were not UTF-8 become U+FFFD."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _query(request: web.BaseRequest) -> dict[str, Json]:
    query: dict[str, Json] = {}
    for raw_name, raw_value in request.rel_url.query.items():
        name, value = _text(raw_name), _text(raw_value)
        match query.get(name):
            case None:
                query[name] = value
            case list() as values:
                values.append(value)
            case first:
                query[name] = [first, value]
    return query


def _headers(request: web.BaseRequest) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers.items():
        name, value = _text(raw_name).lower(), _text(raw_value)
        joint = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    return headers
