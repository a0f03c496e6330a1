"""Flows, their triggers and nodes."""

import time
from http import HTTPStatus
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from headrace.app.folder import FlowFile
from headrace.app.schedule import firings_of
from headrace.engine import Program
from headrace.errors import HeadraceError, UsageError
from headrace.expr.suggestion import did_you_mean
from headrace.expr.time import time_text
from headrace.flow.loader import load_flow
from headrace.sdk import Firing as FiringOf
from headrace.source import Source
from headrace.store import LetterFilter, RunFilter, RunStatus
from headrace.values import Json
from headrace.web.api.base import ExactRoute, TheSite
from headrace.web.masking import masked_json
from headrace.web.problem import ApiError
from headrace.web.resources.base import AnyJson, Given, Resource
from headrace.web.resources.executor import executor_facts
from headrace.web.resources.flow import (
    FindingFacts,
    Firing,
    Firings,
    FlowDetail,
    Flows,
    FlowSummary,
    Trigger,
    finding_facts,
    graph_of,
)
from headrace.web.resources.live import Live
from headrace.web.resources.run import summary
from headrace.web.site import Site

__all__ = ["router"]

router = APIRouter(prefix="/flows", tags=["flows"], route_class=ExactRoute)

_RECENT = 20


class Text(Given):
    """A flow file."""

    text: Annotated[str, Field(max_length=4 * 2**20)]
    name: Annotated[str, Field(max_length=500)] = "flow.yaml"


class FlowLive(Resource):
    """The counts of a flow, and no more of it."""

    live: Live | None


class Findings(Resource):
    """What was found in a flow file; without an error among them it loads."""

    findings: list[FindingFacts]


class Fire(Given):
    """What a firing hands on; null for the trigger's own payload."""

    payload: AnyJson = None


class Fired(Resource):
    """The run that a firing made."""

    run: str


@router.get("")
async def list_flows(site: TheSite) -> Flows:
    """All flows of the folder."""
    names = sorted({file.name for file in site.folder.files.values()})
    return Flows(flows=[await _summary(site, site.flow(name)) for name in names])


@router.post("/validate")
async def validate(site: TheSite, given: Text) -> Findings:
    """Check a flow file without taking it over."""
    loaded = await site.bench.work(lambda: load_flow(Source(given.name, given.text), site.registry))
    return Findings(findings=[finding_facts(finding, site.mask) for finding in loaded.findings])


@router.get("/{flow}")
async def read_flow(site: TheSite, flow: str) -> FlowDetail:
    """A flow with its text, its graph, and its counts as they are now."""
    file = site.flow(flow)
    flow_now = file.flow if file.program is None else file.program.flow
    return FlowDetail(
        **dict(await _summary(site, file)),
        text=site.mask(file.text),
        graph=None if flow_now is None else graph_of(flow_now),
        live=await site.watcher.live(file.name),
        executors=[executor_facts(each) for each in await site.store.executors(file.name)],
    )


@router.get("/{flow}/live")
async def read_live(site: TheSite, flow: str) -> FlowLive:
    """The counts of a flow as they are now, for who asks often; null where it is not executed here."""
    return FlowLive(live=await site.watcher.live(site.flow(flow).name))


@router.post("/{flow}/triggers/{node}/fire", status_code=HTTPStatus.ACCEPTED)
async def fire(site: TheSite, flow: str, node: str, given: Fire) -> Fired:
    """Fire a trigger now, whatever its schedule; the run is kept on return."""
    program = site.program(flow)
    _check_trigger(program, node)
    try:
        run = await site.engine.fire(program, node, given.payload)
    except UsageError as error:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, site.mask(error.message)) from error
    return Fired(run=run.id)


@router.post("/{flow}/triggers/{node}/pause")
async def pause(site: TheSite, flow: str, node: str) -> Trigger:
    """Have a trigger fire no more by itself, until it is resumed; also after a restart."""
    return await _switch(site, flow, node, is_on=False)


@router.post("/{flow}/triggers/{node}/resume")
async def resume(site: TheSite, flow: str, node: str) -> Trigger:
    """Have a trigger fire by itself; what it has missed meanwhile is not made up for."""
    return await _switch(site, flow, node, is_on=True)


async def _switch(site: Site, flow: str, node: str, *, is_on: bool) -> Trigger:
    program = site.program(flow)
    _check_trigger(program, node)
    try:
        await site.engine.switch(program, node, is_on=is_on)
    except HeadraceError as error:
        raise ApiError(HTTPStatus.CONFLICT, error.code, site.mask(error.message)) from error
    site.watcher.flow_changed(flow)
    return await _trigger(site, program, node)


@router.get("/{flow}/triggers/{node}/firings")
async def list_firings(
    site: TheSite, flow: str, node: str, count: Annotated[int, Query(ge=1, le=100)] = 10
) -> Firings:
    """The next firings of a trigger; none where it is paused, or fires on request alone."""
    program = site.program(flow)
    _check_trigger(program, node)
    return Firings(firings=await _firings(site, program, node, count))


def _check_trigger(program: Program, node: str) -> None:
    if node not in program.triggers:
        hint = did_you_mean(node, program.triggers) or ""
        message = f"flow `{program.flow.name}` has no trigger `{node}`{hint}"
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", message)


async def _firings(site: Site, program: Program, node: str, count: int) -> list[Firing]:
    trigger = program.triggers[node]
    if trigger.schedule is None or not site.engine.is_on(program, node):
        return []
    record = await site.store.trigger(program.flow.name, node)
    due = firings_of(node, trigger.schedule, trigger.policy, record, time.time_ns())
    return [Firing(at=each.text, local=each.local) for each in islice(due, count)]


async def _trigger(site: Site, program: Program, name: str) -> Trigger:
    trigger, node = program.triggers[name], program.units[name].node
    where = site.watcher.where.get((program.flow.name, name))
    schedule = trigger.schedule
    following = await _firings(site, program, name, 1)
    return Trigger(
        node=name,
        component=node.spec.name,
        kind="listens" if node.spec.listens else "signal" if schedule is None else "schedule",
        when=where if schedule is None else schedule.text,
        is_started=node.starts,
        is_paused=not site.engine.is_on(program, name),
        next_firing=following[0].at if following else None,
        payload=masked_json(_payload(program, name), site.mask),
    )


def _payload(program: Program, name: str) -> Json:
    """What a firing without a payload hands on."""
    now_ns = time.time_ns()
    message = program.triggers[name].message(FiringOf(now_ns, now_ns, 0))
    if not isinstance(message, dict):
        return None
    return message.get("payload", message.get("request"))


async def _summary(site: Site, file: FlowFile) -> FlowSummary:
    name, program, now_ns = file.name, file.program, time.time_ns()
    recent = await site.store.runs(RunFilter(flow=name, limit=_RECENT))
    well = [run for run in recent if run.status is RunStatus.SUCCEEDED] or await site.store.runs(
        RunFilter(flow=name, statuses=frozenset({RunStatus.SUCCEEDED}), limit=1)
    )
    ended_ns = max((run.ended_at_ns or 0 for run in well), default=0)
    running = RunFilter(flow=name, statuses=frozenset({RunStatus.RUNNING}), limit=1000)
    letters = await site.store.letters(LetterFilter(flow=name, limit=0))
    triggers = [] if program is None else [await _trigger(site, program, each) for each in program.triggers]
    return FlowSummary(
        name=name,
        description="" if file.flow is None else site.mask(file.flow.description),
        path=str(file.path),
        version=None if program is None else program.flow.version,
        state="running" if program is not None else "elsewhere" if file.is_elsewhere else "invalid",
        problem=file.problem or None,
        findings=[finding_facts(finding, site.mask) for finding in file.findings],
        triggers=triggers,
        recent=[summary(run, now_ns) for run in recent],
        open_runs=len(await site.store.runs(running)),
        dead_letters=letters.total,
        last_success=time_text(ended_ns) if ended_ns else None,
        fresh_seconds=round((now_ns - ended_ns) / 1e9, 1) if ended_ns else None,
    )
