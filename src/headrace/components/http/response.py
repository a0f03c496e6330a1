"""What a response becomes: a value for the message, or an error."""

from codecs import BOM_UTF8
from http import HTTPStatus

from headrace.connections.http import HttpResponse, is_json_type, media_type
from headrace.errors import ComponentError
from headrace.sdk import Arrival, Json, PermanentError, TemporaryError
from headrace.sdk.shape import ANY, Shape, object_of, of
from headrace.values import JsonError, decode_json

__all__ = [
    "RETRIED_STATUSES",
    "is_success",
    "read_response",
    "record_count",
    "response_shape",
    "stated_total",
    "status_error",
]

RETRIED_STATUSES = frozenset({408, 425, 429, *range(500, 600)})
"""Statuses after which repeating the request may help (RFC 9110, RFC 8470, RFC 6585)."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXCERPT = 500
_LONGEST_TOTAL = 18
"""Digits of a number of records that is worth believing."""


def is_success(status: int) -> bool:
    """Whether the request was done; a redirect that is still one here names no place to go to."""
    return status < HTTPStatus.BAD_REQUEST and status not in _REDIRECTS


def read_response(response: HttpResponse, url: str) -> dict[str, Json]:
    """`{statusCode, headers, body, bodyJson, url, elapsedMs}`.

    Args:
        response: the whole answer.
        url: its URL as messages may have it, without secrets.

    Raises:
        TemporaryError: the content type says JSON, but the body does not parse; often a body cut short.
    """
    return {
        "statusCode": response.status,
        "headers": dict(response.headers),
        "body": response.text(),
        "bodyJson": _parse(response),
        "url": url,
        "elapsedMs": response.elapsed_ms,
    }


def response_shape(arrival: Arrival) -> Shape:
    """What `read_response` gives, before it does."""
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


def stated_total(response: dict[str, Json]) -> int | None:
    """How many records the API says it has in all, where it says so in one of the usual ways."""
    headers, body = response["headers"], response["bodyJson"]
    if isinstance(body, dict):
        for members in (body, body.get("meta"), body.get("pagination"), body.get("paging")):
            if isinstance(members, dict):
                for name in ("total", "total_count", "totalCount"):
                    if type(number := members.get(name)) is int:
                        return number
    header = headers.get("x-total-count") if isinstance(headers, dict) else None
    is_number = isinstance(header, str) and header.isdecimal() and len(header) <= _LONGEST_TOTAL
    return int(header) if is_number and isinstance(header, str) else None


def record_count(response: dict[str, Json]) -> int:
    """How many records are in an answer that states a total: the items of its longest array."""
    body = response["bodyJson"]
    arrays = body.values() if isinstance(body, dict) else (body,)
    return max((len(array) for array in arrays if isinstance(array, list)), default=0)


def _parse(response: HttpResponse) -> Json:
    content_type = response.headers.get("content-type", "")
    body = response.body.removeprefix(BOM_UTF8)  # which may be ignored (RFC 8259, section 8.1)
    if not is_json_type(content_type) or not body.strip():
        return None
    try:
        return decode_json(body)
    except JsonError as error:
        raise TemporaryError(
            f"{response.status} from {response.url} says it is {_one_line(media_type(content_type))}, "
            f"but the body is no JSON: {error}",
            code="HR332",
            detail={"statusCode": response.status, "url": response.url, "body": _excerpt(response)},
        ) from error


def status_error(
    method: str, response: HttpResponse, wait_s: float | None, *, is_temporary: bool
) -> ComponentError:
    """The error for a status that is none of success, with the beginning of what the server says."""
    try:
        phrase = f" {HTTPStatus(response.status).phrase}"
    except ValueError:
        phrase = ""
    said = _one_line(_excerpt(response))
    text = f"{method} {response.url} answered {response.status}{phrase}"
    text += f": {said[:200]}" if said else ""
    if response.status in _REDIRECTS:
        text += " (a redirect without `Location`)"
    if response.status == HTTPStatus.UNAUTHORIZED:
        text += " (is the token or password right?)"
    detail: dict[str, object] = {
        "statusCode": response.status,
        "url": response.url,
        "body": _excerpt(response),
    }
    if wait_s is not None:
        detail["retryAfterS"] = wait_s
    make = TemporaryError if is_temporary else PermanentError
    return make(text, code=f"HTTP {response.status}", retry_after_s=wait_s, detail=detail)


def _excerpt(response: HttpResponse) -> str:
    return response.text()[:_EXCERPT]


def _one_line(text: str) -> str:
    """What a server says, for messages: terminals obey control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
