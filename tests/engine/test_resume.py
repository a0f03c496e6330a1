"""Runs that an engine leaves and the next one goes on with: time, cancellation, rows that were found."""

import asyncio

import pytest

from headrace.sdk import Result, Settings
from headrace.sdk.component import Component, Input, Output, component
from headrace.sdk.module import Module
from headrace.store import RunStatus
from support.clock import JumpingClock
from support.flows import Seen, bench
from support.stores import KINDS, opened


@pytest.fixture(params=sorted(KINDS))
def place(request, tmp_path):
    return KINDS[request.param](tmp_path)


TIMED = """
timeout: 10s
nodes:
  start: {component: common-module/signal}
  first: {component: common-module/delay, settings: {duration: 6s}}
  later: {component: common-module/async}
  second: {component: common-module/delay, settings: {duration: 1h}}
  end: {component: test-module/probe}
edges:
  - start -> first -> later -> second -> end
"""


async def test_rule_8_a_timeout_counts_only_time_in_which_a_worker_was_alive(tmp_path):
    place, clock = KINDS["memory"](tmp_path), JumpingClock()
    async with opened(place) as store:
        async with bench(TIMED, store=store, clock=clock) as flow:
            run = await flow.engine.fire(flow.program, "start")
            while (await store.run(run.id)).tasks_done < 2:
                await asyncio.sleep(0)
            await flow.engine.drain(0.0)
        assert (await store.run(run.id)).worked_ns == 6 * 10**9
        clock._now_ns += 3600 * 10**9  # nobody is there
        began_ns = clock.now_ns()
        async with bench(TIMED, store=store, clock=clock) as flow:
            await flow.engine.resume(flow.program)
            ended = await flow.engine.wait(run.id)
    assert (ended.status, ended.errors[-1].code) == (RunStatus.FAILED, "HR315")
    assert (ended.ended_at_ns - began_ns) / 1e9 == pytest.approx(4.0)


class _Rows:
    """A database as the engine sees it, which holds rows of tasks and keeps what is written."""

    key = ("rows",)

    def __init__(self):
        self.rows = {}
        self.written = []

    async def begin(self):
        return _Transaction(self)

    async def find_task(self, task_id):
        return self.rows.get(task_id)

    async def forget_tasks(self, run_ids):
        gone = [id_ for id_ in self.rows if id_.partition(".")[0] in run_ids]
        for id_ in gone:
            del self.rows[id_]
        return len(gone)


class _Transaction:
    def __init__(self, database):
        self._database = database
        self._pending = []

    def mark(self, name):
        pass

    release = undo = mark

    async def execute(self, statement):
        self._pending.append(statement)
        return Result()

    async def commit(self, row=None):
        self._database.written += self._pending
        self._database.rows[row.task_id] = row.outcome
        return True

    async def rollback(self, *, at_once=False):
        self._pending.clear()


def _writing(database):
    class NoSettings(Settings):
        """None."""

    @component(
        "rows-module/write",
        summary="Writes its message.",
        settings=NoSettings,
        inputs=(Input("in"),),
        outputs=(Output("out"),),
    )
    class Write(Component):
        async def open(self, resources):
            self.database = database

        async def handle(self, message, context):
            async with context.transaction(database) as transaction:
                await transaction.execute(message)
            await context.emit("out", message)

    return Module("rows-module", "Writes.", (Write,))


WRITING = """
nodes:
  start: {component: common-module/signal}
  later: {component: common-module/async}
  write: {component: rows-module/write}
  probe: {component: test-module/probe}
  then: {component: common-module/async}
  end: {component: test-module/probe}
edges:
  - start -> later -> write:in
  - write:out -> probe -> then -> end
"""


async def _left_while_writing(place, database, seen, *, is_committed):
    """A run whose writing task was executing when its engine was torn down, or had committed just then."""
    async with opened(place) as store:
        run_id = await (_die if is_committed else _stop)(store, database, seen)
    seen.before.clear()
    return run_id


async def _stop(store, database, seen):
    arrived = asyncio.Event()

    async def hang(message, context):
        arrived.set()
        await asyncio.Event().wait()

    seen.before["probe"] = hang
    async with bench(WRITING, store=store, seen=seen, modules=(_writing(database),)) as flow:
        run = await flow.engine.fire(flow.program, "start", "x")
        await arrived.wait()
        await flow.engine.drain(0.0)
        return run.id


async def _die(store, database, seen):
    decide = store.commit

    async def die(task, *arguments, **options):
        if task.node == "write":
            raise RuntimeError("died")
        return await decide(task, *arguments, **options)

    async def run():
        async with bench(WRITING, store=store, seen=seen, modules=(_writing(database),)) as flow:
            await flow.run("x")

    store.commit = die
    with pytest.raises(RuntimeError, match="died"):
        await run()
    store.commit = decide
    (left,) = await store.runs()
    return left.id


async def _finish(place, database, seen, run_id):
    async with (
        opened(place) as store,
        bench(WRITING, store=store, seen=seen, modules=(_writing(database),)) as flow,
    ):
        await flow.engine.resume(flow.program)
        return await flow.engine.wait(run_id)


async def test_rule_11_a_redelivered_task_whose_row_is_there_executes_nothing_and_publishes_its_outcome(
    place,
):
    database, seen = _Rows(), Seen()
    run_id = await _left_while_writing(place, database, seen, is_committed=True)
    assert len(database.rows) == 1
    assert len(seen["probe"]) == 1
    ended = await _finish(place, database, seen, run_id)
    assert ended.status is RunStatus.SUCCEEDED
    assert (len(database.written), len(seen["probe"]), len(seen["end"])) == (1, 1, 1)


async def test_a_redelivered_task_without_a_row_is_executed_again(place):
    database, seen = _Rows(), Seen()
    run_id = await _left_while_writing(place, database, seen, is_committed=False)
    assert database.rows == {}
    ended = await _finish(place, database, seen, run_id)
    assert ended.status is RunStatus.SUCCEEDED
    assert (len(database.written), len(seen["probe"]), len(seen["end"])) == (1, 2, 1)


@pytest.mark.parametrize("is_committed", [True, False])
async def test_rule_8_a_run_that_was_cancelled_before_its_process_died_executes_nothing_more(
    place, is_committed
):
    database, seen = _Rows(), Seen()
    run_id = await _left_while_writing(place, database, seen, is_committed=is_committed)
    async with opened(place) as store, bench(WRITING, store=store, modules=(_writing(database),)):
        (left,) = await store.open_runs("test")
        keep = frozenset(task.id for task, _ in left.tasks)
        await store.cancel(run_id, RunStatus.CANCELLED, None, keep, 1)
    ended = await _finish(place, database, seen, run_id)
    assert ended.status is RunStatus.CANCELLED
    assert (len(database.written), len(seen["probe"]), seen["end"]) == (int(is_committed), 1, [])


async def test_rule_12_rows_are_removed_a_day_after_their_run_has_ended_and_not_before(place):
    database, clock = _Rows(), JumpingClock()
    async with opened(place) as store:
        for age_h, left in ((0, 1), (23, 2), (2, 2)):
            clock._now_ns += age_h * 3600 * 10**9
            async with bench(WRITING, store=store, clock=clock, modules=(_writing(database),)) as flow:
                await flow.run("x")
                engine = flow.engine
                while set(engine._group._tasks) - {engine._watching, engine._conversing}:
                    await asyncio.sleep(0)
            assert len(database.rows) == left, age_h
