"""Runs as sets of tasks: loops, async, limits, ids, cancel, timeout, stopping."""

import asyncio
import tracemalloc

import pytest

from headrace.errors import PermanentError, StoreError, TemporaryError
from headrace.store import Attempt, ErrorFate, FireRequest, MemoryStore, RunStatus
from support.flows import Recorder, Seen, bench, run_flow

LOOP = """
nodes:
  start: {component: common-module/signal}
  count: {component: common-module/modify}
  more:
    component: common-module/router
    settings:
      rules: [{when: "{{$.page < $.until}}", outputPort: again}]
  end: {component: test-module/probe}
edges:
  - from: start:out
    to: count:in
    data: {page: 1, until: "{{$.payload}}"}
  - count -> more
  - from: more:again
    to: count:in
    data: {page: "{{$.page + 1}}", until: "{{$.until}}"}
  - more:default -> end
"""


async def test_a_loop_is_a_chain_of_tasks():
    run, seen = await run_flow(LOOP, 5)
    assert seen["end"] == [{"page": 5, "until": 5}]
    assert run.tasks_done == 1 + 5


async def test_a_loop_of_many_thousand_rounds_runs_in_flat_memory():
    """The million of the promise is in `make soak`; what grows would grow here as well."""
    async with bench(LOOP) as flow:
        await flow.run(1_000)
        tracemalloc.start()
        try:
            await flow.run(1_000)
            small, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            run = await flow.run(7_000)
            after, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert run.status is RunStatus.SUCCEEDED
    assert after - small < 70_000
    assert peak - small < 350_000


class _Noting(MemoryStore):
    """Notes the ids of the tasks that are created, with what they carry."""

    def __init__(self):
        super().__init__()
        self.created = {}

    async def commit(self, task, outcome, now_ns, **options):
        for new in outcome.outcome.tasks:
            self.created[new.id.replace(task.run_id, "RUN")] = new.message
        return await super().commit(task, outcome, now_ns, **options)


async def test_rule_3_ids_of_tasks_do_not_depend_on_order_or_time():
    spec = """
    nodes:
      start: {component: common-module/signal}
      iterate:
        component: common-module/iterator
        settings: {concurrency: 4}
        input: {array: "{{$.payload}}"}
      slow: {component: test-module/probe}
      detach: {component: common-module/async}
      end: {component: test-module/probe}
    edges:
      - start -> iterate
      - iterate:item -> slow -> detach -> end
    """
    stores = []
    for turns in (lambda item: item, lambda item: 10 - item):
        seen, store = Seen(), _Noting()

        async def shuffle(message, context, turns=turns):
            for _ in range(turns(message["item"])):
                await asyncio.sleep(0)

        seen.before["slow"] = shuffle
        async with bench(spec, seen=seen, store=store) as flow:
            fired = await flow.store.fire(await _same_run(flow))
            flow.engine._working.begin(flow.program, fired.run, [(fired.task, Attempt())])
            await flow.engine.wait(fired.run.id)
        stores.append({id_: m["item"] for id_, m in store.created.items() if "item" in m})
    assert len(stores[0]) == 8
    assert stores[0] == stores[1]


async def _same_run(flow):
    return FireRequest(
        flow="test",
        version="v",
        trigger="start",
        port="out",
        run_id="same",
        scheduled_at_ns=1,
        fired_at_ns=1,
        vars={},
        message=lambda tick: {"payload": list(range(8))},
        on_request=True,
    )


async def test_async_makes_each_message_a_task_of_its_own():
    seen = Seen()
    seen.fail("end", PermanentError("the first fails alone"))
    run, _ = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          iterate: {component: common-module/iterator, input: {array: "{{$.payload}}"}}
          detach: {component: common-module/async}
          end: {component: test-module/probe}
        edges:
          - start -> iterate
          - iterate:item -> detach -> end
        """,
        [1, 2, 3],
        seen=seen,
    )
    assert len(seen["end"]) == 3
    assert (run.dead_letters, run.tasks_done) == (1, 2 + 2)


@pytest.mark.parametrize(
    ("concurrency", "lane", "expected"), [(8, 3, 3), (2, 100, 2)], ids=["async's", "the flow's"]
)
async def test_limits_of_tasks_at_once(concurrency, lane, expected):
    seen = Seen()
    active, most = 0, 0

    async def watch(message, context):
        nonlocal active, most
        active += 1
        most = max(most, active)
        for _ in range(20):
            await asyncio.sleep(0)
        active -= 1

    seen.before["end"] = watch
    await run_flow(
        f"""
        concurrency: {concurrency}
        nodes:
          start: {{component: common-module/signal}}
          iterate: {{component: common-module/iterator, input: {{array: "{{{{$.payload}}}}"}}}}
          detach: {{component: common-module/async, settings: {{maxConcurrency: {lane}}}}}
          end: {{component: test-module/probe}}
        edges:
          - start -> iterate
          - iterate:item -> detach -> end
        """,
        list(range(20)),
        seen=seen,
    )
    assert most == expected
    assert len(seen["end"]) == 20


async def test_rule_7_loop_closing_tasks_wait_while_too_many_tasks_are_open():
    seen = Seen()
    open_most = 0
    async with bench(
        """
        maxQueued: 10
        concurrency: 1
        nodes:
          start: {component: common-module/signal}
          page: {component: common-module/modify}
          spread: {component: common-module/iterator, input: {array: [1, 2, 3, 4], context: "{{$}}"}}
          detach: {component: common-module/async}
          work: {component: test-module/probe}
          more:
            component: common-module/router
            settings: {rules: [{when: "{{$.context.page < 50}}", outputPort: again}]}
        edges:
          - from: start:out
            to: page:in
            data: {page: 1}
          - page -> spread
          - spread:item -> detach -> work
          - spread:done -> more
          - from: more:again
            to: page:in
            data: {page: "{{$.context.page + 1}}"}
        """,
        seen=seen,
    ) as flow:

        async def watch(message, context):
            nonlocal open_most
            (run,) = await flow.store.open_runs("test")
            open_most = max(open_most, len(run.tasks))

        seen.before["work"] = watch
        run = await flow.run()
    assert run.status is RunStatus.SUCCEEDED
    assert len(seen["work"]) == 200
    assert open_most <= 10 + 4 + 1 + 1


async def test_cancel_drops_what_is_open_and_cuts_off_what_executes():
    seen = Seen()
    started = asyncio.Event()

    async def hang(message, context):
        started.set()
        await asyncio.Event().wait()

    seen.before["end"] = hang
    async with bench(
        """
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
        edges:
          - start -> end
        """,
        seen=seen,
    ) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await started.wait()
        await flow.engine.cancel(run.id)
        ended = await flow.engine.wait(run.id)
    assert ended.status is RunStatus.CANCELLED
    assert ended.ended_at_ns is not None


async def test_a_run_that_is_cancelled_before_its_first_task_began_ends():
    async with bench(LOOP) as flow:
        run = await flow.engine.fire(flow.program, "start", 5)
        await flow.engine.cancel(run.id)
        ended = await asyncio.wait_for(flow.engine.wait(run.id), 5)
    assert ended.status is RunStatus.CANCELLED
    assert flow.seen["end"] == []


async def test_a_task_that_fails_while_its_run_is_cancelled_is_not_tried_again():
    seen, release = Seen(), asyncio.Event()

    class Slow(MemoryStore):
        async def retry(self, *arguments):
            await release.wait()
            return await super().retry(*arguments)

    seen.fail("end", TemporaryError("busy"))
    spec = """
    nodes:
      start: {component: common-module/signal}
      end: {component: test-module/probe}
    edges: [start -> end]
    """
    async with bench(spec, seen=seen, store=Slow()) as flow:
        run = await flow.engine.fire(flow.program, "start")
        while not seen["end"]:
            await asyncio.sleep(0)
        await flow.engine.cancel(run.id)
        release.set()
        ended = await asyncio.wait_for(flow.engine.wait(run.id), 5)
    assert ended.status is RunStatus.CANCELLED
    assert len(seen["end"]) == 1


async def test_rule_8_a_cancel_lets_a_committing_task_finish_and_drops_what_it_would_create():
    committing, release = asyncio.Event(), asyncio.Event()

    class Slow(MemoryStore):
        async def commit(self, task, outcome, now_ns, **options):
            if task.node == "first":
                committing.set()
                await release.wait()
            return await super().commit(task, outcome, now_ns, **options)

    spec = """
    nodes:
      start: {component: common-module/signal}
      first: {component: test-module/probe}
      detach: {component: common-module/async}
      second: {component: test-module/probe}
    edges: [start -> first -> detach -> second]
    """
    async with bench(spec, store=Slow()) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await committing.wait()
        await flow.engine.cancel(run.id)
        release.set()
        ended = await asyncio.wait_for(flow.engine.wait(run.id), 5)
    assert (ended.status, ended.tasks_done) == (RunStatus.CANCELLED, 2)
    assert flow.seen["second"] == []


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("x" * (65 * 2**20), "has 65.0 MiB, and the store takes 64 MiB at most"),
        (object(), "cannot be kept"),
        ("\ud800", "cannot be kept"),
    ],
    ids=["too large", "no JSON", "a lone surrogate"],
)
async def test_rule_4_a_message_that_cannot_be_kept_fails_its_task_before_anything_commits(made, said):
    seen = Seen()
    seen.before["first"] = lambda message, context: context.emit("out", made)
    run, _ = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          first: {component: test-module/probe}
          detach: {component: common-module/async}
          second: {component: test-module/probe}
        edges: [start -> first -> detach -> second]
        """,
        seen=seen,
    )
    assert run.status is RunStatus.FAILED
    assert "the message for `second:in`" in run.errors[0].message
    assert said in run.errors[0].message
    assert seen["second"] == []


async def test_a_run_that_takes_longer_than_its_timeout_fails(jumping_clock):
    seen = Seen()

    async def sleep(message, context):
        await context.clock.sleep(3600)

    seen.before["end"] = sleep
    run, _ = await run_flow(
        """
        timeout: 30m
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
        edges:
          - start -> end
        """,
        seen=seen,
        clock=jumping_clock,
    )
    assert run.status is RunStatus.FAILED
    assert run.errors[0].message == "the run took longer than its timeout of 1800 s"
    assert run.errors[0].fate is ErrorFate.ENDED


async def test_stopping_lets_executing_tasks_finish_and_leaves_the_rest_open():
    seen = Seen()
    started, release = asyncio.Event(), asyncio.Event()

    async def wait(message, context):
        started.set()
        await release.wait()

    seen.before["first"] = wait
    async with bench(
        """
        nodes:
          start: {component: common-module/signal}
          first: {component: test-module/probe}
          detach: {component: common-module/async}
          second: {component: test-module/probe}
        edges:
          - start -> first -> detach -> second
        """,
        seen=seen,
    ) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await started.wait()
        draining = asyncio.create_task(flow.engine.drain(grace_s=30))
        await asyncio.sleep(0)
        release.set()
        assert await draining == [run.id]
        (left,) = await flow.store.open_runs("test")
    assert [task.node for task, _ in left.tasks] == ["second"]
    assert seen["second"] == []


async def test_what_outlives_the_grace_is_cut_off_and_stays_open():
    seen = Seen()
    started = asyncio.Event()

    async def hang(message, context):
        started.set()
        await asyncio.Event().wait()

    seen.before["end"] = hang
    async with bench(
        """
        nodes:
          start: {component: common-module/signal}
          end: {component: test-module/probe}
        edges:
          - start -> end
        """,
        seen=seen,
    ) as flow:
        await flow.engine.fire(flow.program, "start")
        await started.wait()
        await flow.engine.drain(grace_s=0.01)
        (left,) = await flow.store.open_runs("test")
    assert [task.node for task, _ in left.tasks] == ["end"]


async def test_a_long_chain_of_nodes_runs():
    names = [f"n{i}" for i in range(1500)]
    nodes = "\n".join(f"  {name}: {{component: common-module/modify}}" for name in names)
    chain = " -> ".join(["start", *names, "end"])
    run, seen = await run_flow(
        f"nodes:\n  start: {{component: common-module/signal}}\n{nodes}\n"
        f"  end: {{component: test-module/probe}}\nedges:\n  - {chain}\n",
        1,
    )
    assert run.status is RunStatus.SUCCEEDED
    assert len(seen["end"]) == 1


def test_observers_need_nothing_but_what_they_want():
    assert Recorder().errors == []


RETRIED_AT_ONCE = """
retry: {maxAttempts: 3, initialDelay: 0, maxDelay: 0}
nodes:
  start: {component: common-module/signal}
  work: {component: test-module/probe}
edges:
  - start -> work
"""


async def test_a_task_that_is_to_be_tried_again_can_be_cancelled_before_it_begins():
    seen = Seen()
    seen.fail("work", TemporaryError("not now"))
    async with bench(RETRIED_AT_ONCE, seen=seen) as flow:
        failed = asyncio.Event()
        flow.observer.error_raised = lambda run_id, error: failed.set()
        run = await flow.engine.fire(flow.program, "start")

        async def cancel():
            await failed.wait()
            await flow.engine.cancel(run.id)

        cancelling = asyncio.create_task(cancel())
        async with asyncio.timeout(2):
            ended = await flow.engine.wait(run.id)
            await cancelling
        assert ended.status is RunStatus.CANCELLED


async def test_tasks_over_two_edges_of_one_port_are_two_tasks():
    run, seen = await run_flow(
        """
        nodes:
          start: {component: common-module/signal}
          detach: {component: common-module/async}
          one: {component: test-module/probe}
          two: {component: test-module/probe}
        edges: [start -> detach, "detach -> one", "detach -> two", "detach -> one"]
        """,
        1,
    )
    assert (len(seen["one"]), len(seen["two"])) == (2, 1)
    assert run.tasks_done == 1 + 1 + 3


async def test_rule_2_a_dead_letter_that_is_tried_again_opens_its_run_and_may_end_it_well():
    seen = Seen()
    seen.fail("end", PermanentError("no"), PermanentError("still no"))
    spec = """
    nodes:
      start: {component: common-module/signal}
      end: {component: test-module/probe}
    edges: [start -> end]
    """
    async with bench(spec, seen=seen) as flow:
        run = await flow.run()
        assert run.status is RunStatus.FAILED
        for expected in (RunStatus.FAILED, RunStatus.SUCCEEDED):
            (letter,) = await flow.store.dead_letters(run.id)
            await flow.engine.retry(flow.program, letter)
            assert run.status is RunStatus.RUNNING
            ended = await flow.engine.wait(run.id)
            assert ended.status is expected
        assert await flow.store.dead_letters(run.id) == []
        with pytest.raises(StoreError, match="has no dead letter"):
            await flow.engine.retry(flow.program, letter)
    assert (len(seen["end"]), run.error_count) == (3, 2)


async def test_rule_7_a_dead_letter_of_a_fan_out_that_is_tried_again_announces_no_second_end():
    seen = Seen()
    seen.fail("item", PermanentError("no"))
    spec = """
    nodes:
      start: {component: common-module/signal}
      iterate: {component: common-module/iterator, settings: {durable: true}, input: {array: [1, 2]}}
      item: {component: test-module/probe}
      done: {component: test-module/probe}
    edges: [start -> iterate, "iterate:item -> item", "iterate:done -> done"]
    """
    async with bench(spec, seen=seen) as flow:
        run = await flow.run()
        (letter,) = await flow.store.dead_letters(run.id)
        await flow.engine.retry(flow.program, letter)
        ended = await flow.engine.wait(run.id)
    assert ended.status is RunStatus.SUCCEEDED
    assert (len(seen["item"]), len(seen["done"])) == (3, 1)


async def test_no_more_tasks_execute_at_once_than_the_process_takes():
    spec = """
    nodes:
      start: {component: common-module/signal}
      each: {component: common-module/iterator, settings: {durable: true, concurrency: 8}}
      work: {component: test-module/probe}
    edges:
      - {from: start:out, to: each:in, data: {array: "{{$.payload}}"}}
      - each:item -> work
    """
    executing, most = 0, 0

    async def slowly(message, context):
        nonlocal executing, most
        executing += 1
        most = max(most, executing)
        await asyncio.sleep(0.001)
        executing -= 1

    seen = Seen()
    seen.before["work"] = slowly
    async with bench(spec, seen=seen, most_tasks=3) as flow:
        runs = [await flow.engine.fire(flow.program, "start", list(range(10))) for _ in range(4)]
        for run in runs:
            assert (await flow.engine.wait(run.id)).status is RunStatus.SUCCEEDED
    assert (len(seen["work"]), most) == (40, 3)
