"""A process that commits tasks to a store as fast as it can, and says what it was told is durable.

`python -c CHAINS store.db flow lanes last`: a run of `lanes` chains, task `n` of each makes task `n + 1`, up to
`last`, each counted once. A line `lane n` says that the commit of task `n` has returned. A process that
finds its run goes on with it.
"""

CHAINS = """
import asyncio, sys
from pathlib import Path
from headrace.errors import StoreError
from headrace.store import Attempt, ErrorFate, ErrorRecord, Outcome, TaskRecord, VersionRecord
from headrace.store.sqlite import SqliteStore
from support.made import fire_request

path, flow, lanes, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
is_recorded = sys.argv[5:] == ["recorded"]

def task(run, lane, number):
    return TaskRecord(f"{run}.{lane}.{number}", run, "node", "in", {"lane": lane, "number": number}, None)

async def chain(store, task_, attempt):
    lane, number, run = task_.message["lane"], task_.message["number"], task_.run_id
    while number < last:
        await store.begin(task_, durably=not attempt.first)
        if number % 7 == 3:
            failed = ErrorRecord(1, "T1", "again", "node", "x:1:1", "", 1, ErrorFate.RETRIED)
            await store.retry(task_, Attempt(number=2, first=False), failed, 1)
            await store.begin(task_, durably=True)
        following = [task(run, lane, number + 1)]
        outcome = Outcome(tasks=following, counters={"done": 1, f"lane{lane}": 1})
        await store.commit(task_, store.encode(outcome), 1, is_recorded=is_recorded)
        if not is_recorded:
            print(lane, number, flush=True)
        task_, attempt, number = following[0], Attempt(), number + 1
    committed = await store.commit(task_, store.encode(Outcome()), 1, is_recorded=False)
    return committed.ended

async def main():
    store = await SqliteStore.open(path)
    try:
        found = await store.adopt(VersionRecord(flow, "v1", f"/flows/{flow}.yaml", f"{flow}.yaml", ""))
        print("adopted", len(found.runs), flush=True)
        tasks = [entry for run in found.runs for entry in run.tasks]
        first = next((task_ for task_, _ in tasks if task_.message == {"tick": 0}), None)
        if not tasks:
            first = (await store.fire(fire_request(f"{flow}-run", flow=flow))).task
        if first is not None:
            lanes_ = [task(first.run_id, lane, 0) for lane in range(lanes)]
            await store.commit(first, store.encode(Outcome(tasks=lanes_)), 1, is_recorded=False)
            tasks = [(task_, Attempt()) for task_ in lanes_]
        ended = [run for run in await asyncio.gather(*(chain(store, *each) for each in tasks)) if run]
        print("ended", ended[0].status.value, ended[0].counters["done"], ended[0].tasks_done, flush=True)
    finally:
        await store.close()

try:
    asyncio.run(main())
except StoreError as error:
    print(error.code, error.message)
    sys.exit(1)
"""
