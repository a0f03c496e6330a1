"""What can be done about runs of a flow that no process executes; to be called with the flow's lock."""

import time

from headrace.store import Request, RunStatus, Store

__all__ = ["cancel_unattended", "discard_unattended"]


async def cancel_unattended(store: Store, request: Request) -> str:
    """Cancel a run; gives why it is refused, empty if it is not."""
    run = await store.run(request.run_id)
    if run is None or run.status is not RunStatus.RUNNING:
        return f"run `{request.run_id}` has ended already{f': {run.status.value}' if run else ''}"
    await store.cancel(run.id, RunStatus.CANCELLED, None, frozenset(), time.time_ns())
    # It may have been cancelled before by a process that died while it still executed some of its tasks.
    for task, _ in await store.open_tasks(run.id):
        await store.drop(task, time.time_ns())
    return ""


async def discard_unattended(store: Store, request: Request) -> str:
    """Remove a dead letter for good; gives why it is refused, empty if it is not."""
    if await store.discard(request.run_id, request.task_id):
        return ""
    return f"run `{request.run_id}` has no dead letter `{request.task_id}`"
