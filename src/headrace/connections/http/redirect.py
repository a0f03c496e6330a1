"""What follows a redirect: where to, by which method, with which body and headers."""

from yarl import URL

from headrace.connections.http.failure import PermanentHttpError, shown

__all__ = ["REDIRECTS", "follow", "parse_location"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_OF_BODY = frozenset({"content-type", "content-length", "content-encoding", "content-language"})
_KEPT_ELSEWHERE = _OF_BODY | {
    "accept",
    "accept-encoding",
    "accept-language",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "prefer",
    "range",
    "user-agent",
}
"""What another host may know. Any other header may hold a credential: `Authorization`, `X-Api-Key`."""


def follow(
    status: int, method: str, body: bytes | None, headers: dict[str, str], old: URL, new: URL
) -> tuple[str, bytes | None, dict[str, str]]:
    """The method, body and headers of the request that follows a redirect."""
    names = set(map(str.lower, headers))
    if (next_method := _next_method(status, method)) != method:
        method, body = next_method, None
        names -= _OF_BODY | {"idempotency-key"}
    if old.origin() != new.origin():
        names &= _KEPT_ELSEWHERE
    return method, body, {name: value for name, value in headers.items() if name.lower() in names}


def _next_method(status: int, method: str) -> str:
    """What browsers do (fetch standard, HTTP-redirect fetch): 303, and POST on 301 and 302, become GET."""
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        return "GET"
    return method


def parse_location(base: URL, location: str) -> URL:
    """Where a redirect leads.

    Raises:
        PermanentHttpError: to no http or https URL.
    """
    try:
        url = base.join(URL(location))
        if url.scheme in ("http", "https") and url.host and url.port is not None:
            return url
    except ValueError as error:
        raise PermanentHttpError(f"{shown(base)} redirects to what is no URL") from error
    raise PermanentHttpError(f"{shown(base)} redirects to what is no http or https URL")
