"""What all routes share."""

import json
import sys
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from headrace.values import JsonError, decode_json
from headrace.web.problem import ApiError
from headrace.web.site import Site

__all__ = ["ExactRoute", "Limit", "TheSite", "cursor", "no_cursor", "not_found"]


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


TheSite = Annotated[Site, Depends(_site)]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]


class _ExactRequest(Request):
    """A request whose JSON keeps every digit of its numbers, and nothing that is no JSON."""

    async def json(self) -> Any:  # noqa: ANN401 - any JSON
        body = await self.body()
        try:
            return decode_json(body)
        except JsonError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


class ExactRoute(APIRoute):
    """A route whose requests are read so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See `APIRoute`."""
        handle = super().get_route_handler()

        async def exact(request: Request) -> Response:
            return await handle(_ExactRequest(request.scope, request.receive))

        return exact


def not_found(message: str) -> ApiError:
    """There is no such thing."""
    return ApiError(HTTPStatus.NOT_FOUND, "not_found", message)


def no_cursor() -> ApiError:
    """What says where a page begins is of no page."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "`before` is the `next` of the page before")


_DIGITS = 19
"""Of a number that a store takes."""


def cursor(text: str | None) -> int | None:
    """The place where a page begins.

    Raises:
        ApiError: it is none that a page before gave.
    """
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS:
        raise no_cursor()
    return min(int(text), sys.maxsize)
