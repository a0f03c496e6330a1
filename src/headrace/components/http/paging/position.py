"""Which page: where it lies, and the request that asks for it."""

from urllib.parse import urljoin, urlsplit

import msgspec

from headrace.components.http.paging.settings import (
    LinkedPages,
    NextPages,
    NumberedPages,
    OffsetPages,
    Pagination,
)
from headrace.components.http.request import ClientRequest, full_url
from headrace.sdk import Json, PermanentError

__all__ = ["Position", "first_position", "request_at", "resolve_next"]


class Position(msgspec.Struct, frozen=True):
    """A page.

    Attributes:
        number: of the page in this sync, from 1.
        at: the page number or offset that is sent, the token, or the URL; None for the first page by a
            token or URL.
    """

    number: int
    at: int | str | None


def first_position(pagination: Pagination) -> Position:
    """Where pages begin."""
    if isinstance(pagination, NumberedPages | OffsetPages):
        return Position(1, pagination.start)
    return Position(1, None)


def request_at(pagination: Pagination, request: ClientRequest, position: Position) -> ClientRequest:
    """The request for a page.

    Raises:
        PermanentError: parameters are to go into a body that is no object.
    """
    if isinstance(pagination, NextPages | LinkedPages):
        if position.at is None:
            return request
        return request.model_copy(update={"url": position.at, "query_params": {}})
    parameters: dict[str, Json] = {}
    if position.at is not None:
        parameters[pagination.param] = position.at
    if pagination.size is not None:
        parameters[pagination.size_param] = pagination.size
    if pagination.send_in == "query":
        return request.model_copy(update={"query_params": {**request.query_params, **parameters}})
    if request.body is not None and not isinstance(request.body, dict):
        raise PermanentError("`sendIn: body` needs a `body` that is an object, or none", code="HR334")
    return request.model_copy(update={"body": {**(request.body or {}), **parameters}})


def resolve_next(link: str, base_url: str, request: ClientRequest, *, may_leave: bool) -> str:
    """The whole URL of the next page.

    Args:
        link: as the API gives it, perhaps relative.
        base_url: of the node.
        request: what was asked.
        may_leave: whether another host may be asked; the node's credentials would go there.

    Raises:
        PermanentError: it leads to another host, or is no address for HTTP.
    """
    asked = full_url(base_url, request)
    url = urljoin(asked, link)
    here, there = urlsplit(asked), urlsplit(url)
    if there.scheme not in ("http", "https") or not there.netloc:
        raise PermanentError(f"the next page is at `{link[:200]}`, which is no URL", code="HR334")
    if not may_leave and (there.scheme, there.netloc) != (here.scheme, here.netloc):
        raise PermanentError(
            f"the next page is at another host, `{there.scheme}://{there.netloc}`, and the request's "
            "credentials would go there; name it in `allowedHosts` if that is right",
            code="HR337",
        )
    return url
