"""Flows, as their files have them or those who execute them."""

import time
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from headrace.app.elsewhere import FlowElsewhere
from headrace.app.folder import FlowFile
from headrace.expr.time import time_text
from headrace.flow.loader import load_flow
from headrace.source import Source
from headrace.store import LetterFilter, RunFilter, RunStatus
from headrace.web.api.base import ExactRoute, TheSite
from headrace.web.resources.base import Given, Resource
from headrace.web.resources.executor import executor_facts
from headrace.web.resources.flow import (
    FindingFacts,
    FlowDetail,
    Flows,
    FlowSummary,
    finding_facts,
    graph_of,
)
from headrace.web.resources.live import Live
from headrace.web.resources.run import summary
from headrace.web.site import Site, executed_of
from headrace.web.triggers import Triggers, triggers_of

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


@router.get("")
async def list_flows(site: TheSite) -> Flows:
    """All flows of the folder, and those that others execute on the same store."""
    elsewhere = {found[0].name: found for found in await site.elsewhere.flows()}
    names = elsewhere.keys() | {file.name for file in site.folder.files.values()}
    known = [site.chosen(site.folder.find(name), elsewhere.get(name)) for name in sorted(names)]
    return Flows(flows=[await _summary(site, flow) for flow in known if flow is not None])


@router.post("/validate")
async def validate(site: TheSite, given: Text) -> Findings:
    """Check a flow file without taking it over."""
    loaded = await site.bench.work(lambda: load_flow(Source(given.name, given.text), site.registry))
    return Findings(findings=[finding_facts(finding, site.mask) for finding in loaded.findings])


@router.get("/{flow}")
async def read_flow(site: TheSite, flow: str) -> FlowDetail:
    """A flow with its text, its graph, and its counts as they are now."""
    known = await site.flow(flow)
    shown = executed_of(known) or known.flow
    return FlowDetail(
        **dict(await _summary(site, known)),
        text=site.mask(known.text),
        graph=None if shown is None else graph_of(shown),
        live=await site.live(flow),
        executors=[executor_facts(each) for each in await site.store.executors(flow)],
    )


@router.get("/{flow}/live")
async def read_live(site: TheSite, flow: str) -> FlowLive:
    """The counts of a flow as they are now, for who asks often; null where nothing executes it."""
    return FlowLive(live=await site.live((await site.flow(flow)).name))


async def _summary(site: Site, flow: FlowFile | FlowElsewhere) -> FlowSummary:
    name, now_ns = flow.name, time.time_ns()
    recent = await site.store.runs(RunFilter(flow=name, limit=_RECENT))
    well = [run for run in recent if run.status is RunStatus.SUCCEEDED] or await site.store.runs(
        RunFilter(flow=name, statuses=frozenset({RunStatus.SUCCEEDED}), limit=1)
    )
    ended_ns = max((run.ended_at_ns or 0 for run in well), default=0)
    running = RunFilter(flow=name, statuses=frozenset({RunStatus.RUNNING}), limit=1000)
    letters = await site.store.letters(LetterFilter(flow=name, limit=0))
    triggers, executed = await triggers_of(site, flow), executed_of(flow)
    return FlowSummary(
        name=name,
        description="" if flow.flow is None else site.mask(flow.flow.description),
        path=str(flow.path),
        version=None if executed is None else executed.version,
        state=_state(flow),
        takes_actions=triggers is not None,
        problem=await _problem(site, flow, triggers),
        findings=[finding_facts(finding, site.mask) for finding in flow.findings],
        triggers=[] if triggers is None else [await triggers.facts(site, each) for each in triggers.are_on],
        recent=[summary(run, now_ns) for run in recent],
        open_runs=len(await site.store.runs(running)),
        dead_letters=letters.total,
        last_success=time_text(ended_ns) if ended_ns else None,
        fresh_seconds=round((now_ns - ended_ns) / 1e9, 1) if ended_ns else None,
    )


def _state(flow: FlowFile | FlowElsewhere) -> Literal["running", "invalid", "elsewhere"]:
    if isinstance(flow, FlowElsewhere):
        return "elsewhere"
    return "running" if flow.program is not None else "elsewhere" if flow.is_elsewhere else "invalid"


async def _problem(site: Site, flow: FlowFile | FlowElsewhere, triggers: Triggers | None) -> str | None:
    """Why a flow is not executed, or not as it is shown."""
    if isinstance(flow, FlowElsewhere):
        is_executed = await site.store.executors(flow.name) if triggers is None else triggers.is_executed
        if not is_executed:
            return "no process executes it now" + (f"; {flow.problem}" if flow.problem else "")
    return flow.problem or None
