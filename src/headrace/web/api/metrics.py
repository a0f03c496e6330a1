"""`GET /metrics`: what Prometheus scrapes."""

from fastapi import APIRouter, Request, Response

from headrace.monitor.metrics import CONTENT_TYPE
from headrace.web.site import Site

__all__ = ["router"]

router = APIRouter()


@router.get("/metrics", response_class=Response, include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Counts since the process began, and how things stand now, in Prometheus' text format."""
    site: Site = request.app.state.site
    return Response(await site.metrics.render(site.engine), media_type=CONTENT_TYPE)
