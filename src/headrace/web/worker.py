"""What is asked of a process that executes flows and shows nothing: whether it lives, and how it fares."""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from headrace.app.secrets import Secrets
from headrace.monitor.metrics import CONTENT_TYPE
from headrace.web.server import Left, Listener, Stop, Work, execute, listening_for
from headrace.web.site import Site

__all__ = ["work"]


async def work(work: Work, stop: Stop, listener: Listener, secrets: Secrets) -> Left:
    """Execute the flows of a folder until told to stop, then let running tasks end.

    `/live` answers while the process works, `/ready` once all flows are executed and until it is to stop;
    `/metrics` is Prometheus'. They tell nothing of data, so nobody needs a token.

    Args:
        work: what is to be executed.
        stop: ends it.
        listener: told when it begins, and when it is to end.
        secrets: masks those of all flows.

    Returns:
        What this process leaves open in the store.

    Raises:
        UsageError: the address cannot be had, or there is no such folder or store.
        StoreError: the store failed.
    """
    with listening_for(work) as listening:
        return await execute(work, listening, stop, listener, secrets, lambda site: _app(site, stop))


def _app(site: Site, stop: Stop) -> ASGIApp:
    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        if stop.asked.is_set():
            return JSONResponse({"status": "stopping"}, HTTPStatus.SERVICE_UNAVAILABLE)
        idle = sorted(file.name for file in site.folder.files.values() if file.program is None)
        if idle or not site.folder.files:
            return JSONResponse({"status": "not ready", "flows": idle}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"status": "ready"})

    async def metrics(_: Request) -> Response:
        return Response(await site.metrics.render(site.engine), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/live", live), Route("/ready", ready), Route("/metrics", metrics)])
