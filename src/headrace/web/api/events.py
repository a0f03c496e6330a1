"""The stream of what happens."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import StreamingResponse

from headrace.web.api.base import TheSite
from headrace.web.problem import ApiError

__all__ = ["router"]

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "events, for ever"}},
)
async def events(
    site: TheSite,
    flow: str = "",
    run: str = "",
    last_event_id: Annotated[str, Header(description="of the last event that was seen")] = "",
) -> StreamingResponse:
    """What happens, as server-sent events whose data is JSON; `reset` says that some were missed."""
    if site.feed.is_full:
        raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", "too many watch the events already")
    await site.lookout.look()  # what others do is told by how it differs from now on
    stream = site.feed.stream(last_event_id, flow, run)
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
