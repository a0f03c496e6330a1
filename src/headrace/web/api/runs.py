"""Runs and their errors."""

import time
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from msgspec import to_builtins

from headrace.app.elsewhere import FlowElsewhere
from headrace.app.folder import FlowFile
from headrace.expr.time import time_text
from headrace.store import LetterFilter, RunFilter, RunRecord, RunStatus
from headrace.web.api.base import ExactRoute, Limit, TheSite, cursor, no_cursor
from headrace.web.api.letters import retry_all
from headrace.web.masking import masked_json
from headrace.web.problem import ApiError
from headrace.web.resources.base import Resource
from headrace.web.resources.executor import executor_facts
from headrace.web.resources.letter import Bulk
from headrace.web.resources.run import (
    RunDetail,
    RunErrorOf,
    RunErrors,
    RunProfile,
    Runs,
    run_error,
    summary,
    task_facts,
)
from headrace.web.site import Site, executed_of

__all__ = ["router"]

router = APIRouter(tags=["runs"], route_class=ExactRoute)

_ERRORS_FROM = 20
"""Runs whose errors are looked through."""


class Done(Resource):
    """It was done."""


@router.get("/runs")
async def list_runs(
    site: TheSite,
    flow: str | None = None,
    trigger: str | None = None,
    status: Annotated[list[RunStatus] | None, Query()] = None,
    before: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Limit = 50,
) -> Runs:
    """Runs, the latest first."""
    statuses = frozenset(status) if status else frozenset(RunStatus)
    wanted = RunFilter(flow=flow, trigger=trigger, statuses=statuses, before=_before(before), limit=limit + 1)
    found, now_ns = await site.store.runs(wanted), time.time_ns()
    shown = found[:limit]
    following = f"{shown[-1].started_at_ns}.{shown[-1].id}" if len(found) > limit else None
    return Runs(runs=[summary(run, now_ns) for run in shown], next=following)


def _before(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    started, _, run_id = text.partition(".")
    started_ns = cursor(started)
    if started_ns is None or not run_id:
        raise no_cursor()
    return started_ns, run_id


@router.get("/runs/{run}")
async def read_run(site: TheSite, run: str) -> RunDetail:
    """A run with its errors, what is open of it, and how it went."""
    record, store = await site.run(run), site.store
    is_open = record.status is RunStatus.RUNNING
    profile = await site.profile(record)
    open_tasks = await store.open_tasks(record.id) if is_open else []
    before = RunFilter(
        flow=record.flow, trigger=record.trigger, before=(record.started_at_ns, record.id), limit=1
    )
    previous = [summary(each) for each in await store.runs(before)]
    known = await site.known(record.flow)
    executors = await store.executors(record.flow) if is_open else ()
    return RunDetail(
        **dict(summary(record)),
        scheduled_at=time_text(record.scheduled_at_ns),
        process=executors[0].process if executors else None,
        executors=[executor_facts(each) for each in executors],
        counters=record.counters,
        error_list=[run_error(error) for error in record.errors],
        open_tasks=[task_facts(task, attempt) for task, attempt in open_tasks],
        vars={name: masked_json(value, site.mask) for name, value in record.vars.items()},
        profile=None if profile is None else RunProfile.model_validate(to_builtins(profile)),
        live=await site.live(record.flow) if is_open else None,
        previous=previous[0] if previous else None,
        is_current_version=_is_current(known, record),
    )


def _is_current(known: FlowFile | FlowElsewhere | None, run: RunRecord) -> bool:
    """Whether a run is of the version that is executed now, as far as that is known."""
    if known is None:
        return True
    if isinstance(known, FlowElsewhere):
        return run.version == known.version
    current = executed_of(known) or known.flow
    return current is None or current.version == run.version


@router.post("/runs/{run}/cancel", status_code=HTTPStatus.ACCEPTED)
async def cancel(site: TheSite, run: str) -> Done:
    """Cancel a run: what is executing is cut off and rolled back, what is open is dropped."""
    refused = await site.actions.cancel(await site.run(run))
    if refused:
        raise ApiError(HTTPStatus.CONFLICT, "refused", site.mask(refused))
    return Done()


@router.post("/runs/{run}/retry")
async def retry(site: TheSite, run: str) -> Bulk:
    """Try the dead letters of a run again."""
    record = await site.run(run)
    return await retry_all(site, LetterFilter(run_id=record.id))


@router.get("/errors")
async def list_errors(site: TheSite, flow: str | None = None, limit: Limit = 50) -> RunErrors:
    """The latest errors of the latest runs that have any."""
    errors: list[RunErrorOf] = []
    for run in await _runs_with_errors(site, flow):
        record = await site.store.run(run.id)
        raised = [] if record is None else record.errors
        errors += [RunErrorOf(**dict(run_error(error)), run=run.id, flow=run.flow) for error in raised]
    errors.sort(key=lambda error: error.at, reverse=True)
    return RunErrors(errors=errors[:limit])


async def _runs_with_errors(site: Site, flow: str | None) -> list[RunRecord]:
    found = await site.store.runs(RunFilter(flow=flow, limit=500))
    return [run for run in found if run.error_count or run.retries][:_ERRORS_FROM]
