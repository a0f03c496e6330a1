"""Records of the store for tests: requests to fire, tasks, errors, as short as they can be."""

from headrace.store import (
    ErrorFate,
    ErrorRecord,
    FireRequest,
    Outcome,
    TaskRecord,
    VersionRecord,
)

FLOW = VersionRecord("test", "v1", "/flows/test.yaml", "test.yaml", "text: ü", {"vars.a": [1, "x"]})


def fire_request(run_id="r1", **options):
    given = {
        "flow": "test",
        "version": "v1",
        "trigger": "start",
        "port": "out",
        "run_id": run_id,
        "scheduled_at_ns": 100,
        "fired_at_ns": 101,
        "vars": {"a": 1},
        "message": lambda tick: {"tick": tick},
        "on_request": True,
    }
    return FireRequest(**{**given, **options})


def task(run_id, name, message=None, **options):
    return TaskRecord(f"{run_id}.{name}", run_id, "node", "in", message, message, **options)


def error(fate=ErrorFate.HANDLED, message="it broke"):
    return ErrorRecord(5, "T1", message, "node", "test.yaml:1:1", "", 1, fate, context={"page": 3})


async def commit(store, done, *, is_recorded=False, **parts):
    return await store.commit(done, store.encode(Outcome(**parts)), 200, is_recorded=is_recorded)
