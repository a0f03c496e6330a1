"""Runs, their errors, and how they went."""

import time
from typing import Literal

from headrace.app import facts
from headrace.expr.time import time_text
from headrace.store import Attempt, ErrorFate, ErrorRecord, RunRecord, RunStatus, TaskRecord
from headrace.web.resources.base import AnyJson, Resource, Time, moment
from headrace.web.resources.executor import ExecutorFacts
from headrace.web.resources.live import Live

__all__ = [
    "RunDetail",
    "RunError",
    "RunErrorOf",
    "RunErrors",
    "RunProfile",
    "RunSummary",
    "Runs",
    "TaskFacts",
    "run_error",
    "summary",
    "task_facts",
]


class RunSummary(Resource):
    """A run at a glance."""

    id: str
    flow: str
    trigger: str
    version: str
    status: RunStatus
    started_at: Time
    ended_at: Time | None
    seconds: float
    tasks: int
    errors: int
    retries: int
    dead_letters: int


class RunError(Resource):
    """An error of a run; the excerpt is the line of the flow file with carets below."""

    at: Time
    code: str
    message: str
    node: str
    place: str
    excerpt: str
    attempt: int
    fate: ErrorFate
    retryable: bool
    context: dict[str, AnyJson]


class RunErrorOf(RunError):
    """An error, with the run that it is of."""

    run: str
    flow: str


class RunErrors(Resource):
    """Errors of several runs, the latest first."""

    errors: list[RunErrorOf]


class TaskFacts(Resource):
    """A task that is open."""

    task: str
    node: str
    port: str
    attempt: int
    database_failures: int
    interruptions: int
    due_at: Time | None


class TaskSpan(Resource):
    """One attempt of a task; times are seconds since the run began."""

    task: str
    node: str
    port: str
    attempt: int
    began_seconds: float
    seconds: float
    result: Literal["running", "done", "retried", "dead", "dropped"]
    context: dict[str, AnyJson]


class NodeProfile(Resource):
    """What a node did in a run; `seconds` is its own time for the `timed` messages."""

    received: int
    failed: int
    timed: int
    seconds: float


class Steps(Resource):
    """Tasks that were done, in equal steps of time."""

    seconds: float
    tasks: list[int]


class RunProfile(Resource):
    """How a run went: the latest tasks, the slowest, what each node did."""

    tasks: list[TaskSpan]
    earlier: int
    slowest: list[TaskSpan]
    nodes: dict[str, NodeProfile]
    steps: Steps


class RunDetail(RunSummary):
    """A run with all that is known of it; `process` is the first of `executors`."""

    scheduled_at: Time
    process: int | None
    executors: list[ExecutorFacts]
    counters: dict[str, int]
    error_list: list[RunError]
    open_tasks: list[TaskFacts]
    vars: dict[str, AnyJson]
    profile: RunProfile | None
    live: Live | None
    previous: RunSummary | None
    is_current_version: bool


class Runs(Resource):
    """A page of runs, the latest first; `next` is the `before` of the following page."""

    runs: list[RunSummary]
    next: str | None


def summary(run: RunRecord, now_ns: int | None = None) -> RunSummary:
    """A run at a glance."""
    until_ns = run.ended_at_ns or now_ns or time.time_ns()
    return RunSummary(
        id=run.id,
        flow=run.flow,
        trigger=run.trigger,
        version=run.version,
        status=run.status,
        started_at=time_text(run.started_at_ns),
        ended_at=moment(run.ended_at_ns),
        seconds=round(max(until_ns - run.started_at_ns, 0) / 1e9, 3),
        tasks=run.tasks_done,
        errors=run.error_count,
        retries=run.retries,
        dead_letters=run.dead_letters,
    )


def run_error(error: ErrorRecord) -> RunError:
    """An error of a run."""
    return RunError.model_validate(facts.recorded_error(error))


def task_facts(task: TaskRecord, attempt: Attempt) -> TaskFacts:
    """A task that is open."""
    return TaskFacts.model_validate(facts.task_facts(task, attempt))
