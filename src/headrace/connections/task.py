"""`headrace_tasks`, whose rows say which tasks took effect, as both drivers have it (rules 11 and 12)."""

from headrace.errors import PermanentError, TaskCommitted

__all__ = ["TABLE", "committed_already", "key_range", "unfit_table"]

TABLE = "headrace_tasks"


def key_range(run_id: str) -> tuple[str, str]:
    """The keys of a run's tasks: from the first on, before the second; `/` is the character after `.`."""
    return f"{run_id}.", f"{run_id}/"


def committed_already(task_id: str) -> TaskCommitted:
    """The row of a task is there."""
    return TaskCommitted(f"task {task_id} was committed by another delivery; nothing of this one was kept")


def unfit_table(why: str, *cure: str) -> PermanentError:
    """The table cannot be used.

    Args:
        why: ends a sentence about the table.
        cure: statements that make it usable, for someone with the rights.
    """
    statements = "".join(f"\n  {statement};" for statement in cure)
    return PermanentError(f"each commit is noted in `{TABLE}`, {why}:{statements}", code="HR326")
