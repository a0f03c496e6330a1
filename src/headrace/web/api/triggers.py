"""What starts runs of a flow: fired, paused and resumed, here or in the process that executes it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from headrace.app.elsewhere import FlowElsewhere
from headrace.app.folder import FlowFile
from headrace.errors import HeadraceError, UsageError
from headrace.web.api.base import ExactRoute, TheSite
from headrace.web.problem import ApiError
from headrace.web.resources.base import AnyJson, Given, Resource
from headrace.web.resources.flow import Firings, Trigger
from headrace.web.site import Site, not_executed
from headrace.web.triggers import Triggers, triggers_of

__all__ = ["router"]

router = APIRouter(prefix="/flows/{flow}/triggers/{node}", tags=["flows"], route_class=ExactRoute)


class Fire(Given):
    """What a firing hands on; null for the trigger's own payload."""

    payload: AnyJson = None


class Fired(Resource):
    """The run that a firing made."""

    run: str


@router.post("/fire", status_code=HTTPStatus.ACCEPTED)
async def fire(site: TheSite, flow: str, node: str, given: Fire) -> Fired:
    """Fire a trigger now, whatever its schedule; the run is kept on return."""
    known = await site.flow(flow)
    if isinstance(known, FlowElsewhere):
        if known.flow is not None:
            (await _triggers(site, known)).node(node)
        run_id, refused = await site.actions.fire(flow, node, given.payload)
        if refused:
            raise ApiError(HTTPStatus.CONFLICT, "refused", site.mask(refused))
        return Fired(run=run_id)
    if known.program is None:
        raise not_executed(known)
    (await _triggers(site, known)).node(node)
    try:
        run = await site.engine.fire(known.program, node, given.payload)
    except UsageError as error:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, site.mask(error.message)) from error
    return Fired(run=run.id)


@router.post("/pause")
async def pause(site: TheSite, flow: str, node: str) -> Trigger:
    """Have a trigger fire no more by itself, until it is resumed; also after a restart."""
    return await _switch(site, flow, node, is_on=False)


@router.post("/resume")
async def resume(site: TheSite, flow: str, node: str) -> Trigger:
    """Have a trigger fire by itself; what it has missed meanwhile is not made up for."""
    return await _switch(site, flow, node, is_on=True)


async def _switch(site: Site, flow: str, node: str, *, is_on: bool) -> Trigger:
    known = await site.flow(flow)
    starts = (await _triggers(site, known)).node(node).starts
    try:
        if isinstance(known, FlowElsewhere):  # who executes it hears of that
            await site.store.switch(flow, node, None if is_on == starts else is_on)
        elif known.program is not None:
            await site.engine.switch(known.program, node, is_on=is_on)
    except HeadraceError as error:
        raise ApiError(HTTPStatus.CONFLICT, error.code, site.mask(error.message)) from error
    site.watcher.flow_changed(flow)
    return await (await _triggers(site, known)).facts(site, node)


@router.get("/firings")
async def list_firings(
    site: TheSite, flow: str, node: str, count: Annotated[int, Query(ge=1, le=100)] = 10
) -> Firings:
    """The next firings of a trigger; none where it is not followed, or fires on request alone."""
    triggers = await _triggers(site, await site.flow(flow))
    return Firings(firings=await triggers.firings(site, node, count))


async def _triggers(site: Site, flow: FlowFile | FlowElsewhere) -> Triggers:
    triggers = await triggers_of(site, flow)
    if triggers is None:
        raise not_executed(flow)
    return triggers
