"""The routes, the errors and the page, joined."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from headrace import __version__
from headrace.errors import HeadraceError, StoreError
from headrace.web.api import events, flows, letters, nodes, runs, system, triggers
from headrace.web.page import add_page
from headrace.web.problem import ApiError, problem
from headrace.web.site import Site

__all__ = ["PREFIX", "make_app"]

PREFIX = "/api/v1"

_CODES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.REQUEST_TIMEOUT: "timeout",
}
_LONGEST_PLACE = 100
_DESCRIPTION = "Flows, runs and dead letters. Errors are `{error: {code, message, place}}`."


def make_app(site: Site) -> FastAPI:
    """The application about a site; without the guard."""
    app = FastAPI(
        title="headrace",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.site = site
    for each in (flows, triggers, nodes, runs, letters, system, events):
        app.include_router(each.router, prefix=PREFIX)
    app.exception_handler(ApiError)(_api_error)
    app.exception_handler(HeadraceError)(_headrace_error)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(Exception)(_bug)
    add_page(app)
    return app


async def _api_error(_: Request, error: ApiError) -> Response:
    return problem(error.status, error.code, error.message, error.place)


async def _headrace_error(request: Request, error: HeadraceError) -> Response:
    """What the engine or the store refuses, and no route has made anything of."""
    message = request.app.state.site.mask(error.message)
    status = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, StoreError) else HTTPStatus.CONFLICT
    return problem(status, error.code, message)


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    """What was sent is not what the API takes: says where, and never what was sent."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        message = f"the body: {first['ctx']['error']}"
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, "the body")
    if first["type"] == "model_attributes_type" and first["loc"] == ("body",):
        message = "the body is a JSON object, with the header `Content-Type: application/json`"
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, "the body")
    where = ".".join(str(part) for part in first["loc"] if part != "body")[:_LONGEST_PLACE] or "the body"
    message = f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, where)


async def _http_error(_: Request, error: HTTPException) -> Response:
    code = _CODES.get(HTTPStatus(error.status_code), "bad_request")
    return problem(error.status_code, code, str(error.detail).lower(), headers=dict(error.headers or {}))


async def _bug(_: Request, error: Exception) -> Response:
    """A bug: the log has it; who asked is told no more than that."""
    message = "this is a bug of headrace; its log says more"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message)
