"""Runs, tasks and dead letters as JSON."""

from headrace.app.executing import Executing, executing_facts
from headrace.expr.time import time_text
from headrace.sdk.budget import BudgetState
from headrace.store import Attempt, DeadLetter, ErrorRecord, RunRecord, TaskRecord
from headrace.values import Json

__all__ = [
    "budget_facts",
    "error_facts",
    "letter_facts",
    "letter_name",
    "recorded_error",
    "run_facts",
    "task_facts",
]


def run_facts(run: RunRecord, executing: Executing, now_ns: int) -> dict[str, Json]:
    """A run without what is open of it.

    Args:
        run: as it is now.
        executing: who executes its flow.
        now_ns: Unix nanoseconds.
    """
    is_open = run.ended_at_ns is None
    counters: dict[str, Json] = dict(run.counters)
    return {
        "run": run.id,
        "flow": run.flow,
        "status": run.status.value,
        "trigger": run.trigger,
        "version": run.version,
        "scheduledAt": time_text(run.scheduled_at_ns),
        "startedAt": time_text(run.started_at_ns),
        "endedAt": None if run.ended_at_ns is None else time_text(run.ended_at_ns),
        "seconds": round(((run.ended_at_ns or now_ns) - run.started_at_ns) / 1e9, 3),
        **executing_facts(executing if is_open else Executing()),
        "tasks": run.tasks_done,
        "errors": run.error_count,
        "retries": run.retries,
        "deadLetters": run.dead_letters,
        "counters": counters,
    }


def task_facts(task: TaskRecord, attempt: Attempt) -> dict[str, Json]:
    """An open task, without its message."""
    return {
        "task": task.id,
        "node": task.node,
        "port": task.port,
        "attempt": attempt.number,
        "databaseFailures": attempt.infrastructure,
        "interruptions": attempt.interruptions,
        "dueAt": time_text(attempt.due_at_ns) if attempt.due_at_ns else None,
    }


def letter_name(letter: DeadLetter) -> dict[str, Json]:
    """Which dead letter it is."""
    task = letter.task
    return {"run": task.run_id, "task": task.id, "flow": letter.flow, "node": task.node, "port": task.port}


def letter_facts(letter: DeadLetter) -> dict[str, Json]:
    """A dead letter with all there is."""
    return {
        **letter_name(letter),
        "attempts": letter.attempts,
        "error": recorded_error(letter.error),
        "message": letter.task.message,
    }


def recorded_error(error: ErrorRecord) -> dict[str, Json]:
    """An error of a run's record."""
    return {"at": time_text(error.at_ns), **error_facts(error)}


def error_facts(error: ErrorRecord) -> dict[str, Json]:
    """An error as JSON."""
    return {
        "code": error.code,
        "message": error.message,
        "node": error.node,
        "place": error.place,
        "excerpt": error.excerpt,
        "attempt": error.attempt,
        "fate": error.fate.value,
        "retryable": error.retryable,
        "context": error.context,
    }


def budget_facts(state: BudgetState) -> dict[str, Json]:
    """A budget as JSON."""
    return {
        "api": state.api,
        "inFlight": state.in_flight,
        "most": state.most,
        "waiting": state.waiting,
        "ratePerSecond": state.rate_per_s,
        "left": state.left,
        "resetsAt": _time(state.resets_at_ns),
        "heldUntil": _time(state.held_until_ns),
        "reason": state.reason or None,
    }


def _time(at_ns: int | None) -> str | None:
    return None if at_ns is None else time_text(at_ns)
