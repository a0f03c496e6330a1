"""A store with something of everything in it."""

from headrace.store import (
    Attempt,
    ErrorFate,
    GroupMember,
    NewGroup,
    Request,
    RequestKind,
    RunStatus,
    Store,
    TaskRecord,
)
from support.made import FLOW, commit, error, fire_request, task


async def fill(store: Store) -> None:
    """What `test_migration.py` looks for."""
    await store.adopt(FLOW)
    await store.activate("test", "ticker", "every minute", 1000, emit_on_start=True)
    ended = await store.fire(fire_request("ended"))
    await commit(store, ended.task, errors=[error()], counters={"rows": 3}, state={"cursor": {"at": 7}})
    recorded = await store.fire(fire_request("recorded"))
    await commit(store, recorded.task, is_recorded=True)
    failed = await store.fire(fire_request("failed"))
    await store.bury(failed.task, 3, error(ErrorFate.DEAD), 300)
    await store.fire(fire_request("ticked", trigger="ticker", scheduled_at_ns=1000, on_request=False))
    open_ = await store.fire(fire_request("open"))
    members = [GroupMember("open.g", number, "batch", number, 10) for number in range(3)]
    done = TaskRecord("open.done", "open", "node", "done", {"total": 30}, {"total": 30}, is_output=True)
    tasks = [
        task("open", f"m{number}", {"n": number, "text": "ü😀"}, group=member, lane="node", closes_loop=True)
        for number, member in enumerate(members)
    ]
    await commit(store, open_.task, tasks=tasks, groups=[NewGroup("open.g", done, 30)])
    await commit(store, tasks[0], errors=[error()])
    await store.retry(tasks[1], Attempt(number=2, infrastructure=1, due_at_ns=5, first=False), None, 400)
    await store.begin(tasks[2], durably=True)
    cancelled = await store.fire(fire_request("cancelled"))
    await store.cancel("cancelled", RunStatus.CANCELLED, None, frozenset({cancelled.task.id}), 500)
    await store.ask(Request("asked", "test", RequestKind.CANCEL, "open"))
