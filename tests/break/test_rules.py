"""Rules of the durable runtime that no other test notices when they are taken out of the engine."""

import asyncio
import random

import pytest

from headrace.connections.postgres.failure import is_infrastructure
from headrace.connections.postgres.transaction import PostgresTransaction
from headrace.engine import retry
from headrace.engine.branch import Transactions
from headrace.errors import InfrastructureError, PermanentError, TemporaryError
from headrace.flow.model import Retry
from headrace.store import Attempt, ErrorFate, MemoryStore, RunStatus
from support.flows import Seen, bench, run_flow

LIST = """
nodes:
  start: {component: common-module/signal}
  split: {component: common-module/iterator, input: {array: "{{range(0, $.payload)}}"}, settings: SETTINGS}
  end: {component: test-module/fail, settings: {when: "WHEN"}}
  done: {component: test-module/probe}
edges: [start -> split, "split:item -> end", "split:done -> done"]
"""


# ---- rule 2: the first 1,000 errors whole, then a count


async def test_rule_2_a_thousand_errors_are_kept_and_all_are_counted():
    run, seen = await run_flow(LIST.replace("SETTINGS", "{}").replace("WHEN", ""), 1100)
    assert (len(run.errors), run.error_count) == (1000, 1100)
    assert (len(seen["done"][0]["errors"]), seen["done"][0]["failed"]) == (1000, 1100)


async def test_a_hundred_retries_are_kept_and_all_are_counted(monkeypatch):
    monkeypatch.setattr(retry, "INFRASTRUCTURE", Retry(1000, 0.0, 1.0, 0.0))
    seen = Seen()
    seen.fail("end", *[InfrastructureError("lost") for _ in range(150)])
    spec = "nodes: {start: {component: common-module/signal}, end: {component: test-module/probe}}\nedges: [start -> end]"
    run, _ = await run_flow(spec, seen=seen)
    assert (run.status, run.retries) == (RunStatus.SUCCEEDED, 150)
    assert [error.fate for error in run.errors] == [ErrorFate.RETRIED] * 100


# ---- rule 5: a branch that fails leaves its errors; one that ends well leaves its counters


async def test_an_error_handled_below_a_branch_that_fails_later_is_recorded():
    spec = """
    nodes:
      start: {component: common-module/signal}
      split: {component: common-module/iterator, input: {array: [1]}}
      first: {component: test-module/fail}
      second: {component: test-module/fail}
    edges: [start -> split, "split:item -> first", "first:error -> second"]
    """
    inner = """
    nodes:
      start: {component: common-module/signal}
      outer: {component: common-module/iterator, input: {array: [1]}}
      inner: {component: common-module/iterator, input: {array: [1]}}
      first: {component: test-module/fail}
      second: {component: test-module/fail}
    edges: [start -> outer, "outer:item -> inner", "inner:item -> first", "inner:done -> second"]
    """
    run, _ = await run_flow(spec)
    assert [(error.node, error.fate) for error in run.errors] == [("second", ErrorFate.COLLECTED)]
    run, _ = await run_flow(inner)
    assert [(error.node, error.fate) for error in run.errors] == [
        ("first", ErrorFate.COLLECTED),
        ("second", ErrorFate.COLLECTED),
    ]


async def test_counters_of_a_branch_that_ends_well_are_the_runs(postgres_url):
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      split: {{component: common-module/iterator, input: {{array: [1, 2, 3]}}}}
      put:
        component: database-module/connector
        settings: {{driver: postgres, url: "{postgres_url}", setup: ["CREATE TABLE t (x int)"]}}
        input: {{query: "INSERT INTO t VALUES ($1)", parameters: ["{{{{$.item}}}}"]}}
    edges: [start -> split, "split:item -> put"]
    """
    run, _ = await run_flow(spec)
    assert run.counters["put.rows_written"] == 3


async def test_rule_5_a_branch_that_fails_undoes_what_ended_well_below_it(postgres_url):
    spec = f"""
    nodes:
      start: {{component: common-module/signal}}
      outer: {{component: common-module/iterator, input: {{array: [1, 2]}}}}
      inner: {{component: common-module/iterator, input: {{array: [1, 2], context: "{{{{$.item}}}}"}}}}
      put:
        component: database-module/connector
        settings: {{driver: postgres, url: "{postgres_url}", setup: ["CREATE TABLE t (x int)"]}}
        input: {{query: "INSERT INTO t VALUES ($1)", parameters: ["{{{{$.context}}}}"]}}
      fail: {{component: test-module/fail, settings: {{when: "'context': 1"}}}}
      read:
        component: database-module/connector
        settings: {{driver: postgres, url: "{postgres_url}"}}
        input: {{query: "SELECT x FROM t"}}
      end: {{component: test-module/probe}}
    edges:
      - start -> outer
      - outer:item -> inner
      - inner:item -> put
      - inner:done -> fail
      - outer:done -> read -> end
    """
    _, seen = await run_flow(spec)
    assert seen["end"][0]["result"]["rows"] == [{"x": 2}, {"x": 2}]


# ---- rule 6: which failures are the database's, and how repetitions are spread


@pytest.mark.parametrize(
    "state", ["08006", "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "25P03", "53300"]
)
def test_failures_of_the_database_itself(state):
    assert is_infrastructure(state)


@pytest.mark.parametrize("state", ["23505", "22012", "42P01", "42601", "25P02", "57014", ""])
def test_failures_of_a_statement(state):
    assert not is_infrastructure(state)


def test_tasks_that_failed_together_are_not_tried_again_together():
    random.seed(1)
    dues = {
        retry.next_attempt(
            Attempt(), Retry(), 0, is_infrastructure=True, retryable=True, retry_after_s=None
        ).due_at_ns
        for _ in range(50)
    }
    assert len(dues) > 40


# ---- rule 7: what belongs to a fan-out


async def test_tasks_that_members_make_belong_to_the_fan_out():
    seen, order = Seen(), []

    async def note(message, context):
        order.append(context.node)
        await asyncio.sleep(0.01)

    seen.before["leaf"] = seen.before["done"] = note
    spec = """
    concurrency: 1
    nodes:
      start: {component: common-module/signal}
      split: {component: common-module/iterator, input: {array: [1, 2]}, settings: {durable: true}}
      detach: {component: common-module/async}
      again: {component: common-module/async}
      leaf: {component: test-module/probe}
      done: {component: test-module/probe}
    edges: [start -> split, "split:item -> detach -> again -> leaf", "split:done -> done"]
    """
    await run_flow(spec, seen=seen)
    assert order == ["leaf", "leaf", "done"]


async def test_what_follows_an_inner_fan_outs_end_belongs_to_the_outer_one():
    seen, order = Seen(), []

    async def note(message, context):
        order.append(context.node)

    seen.before["late"] = seen.before["done"] = note
    spec = """
    concurrency: 1
    nodes:
      start: {component: common-module/signal}
      outer: {component: common-module/iterator, input: {array: [1]}, settings: {durable: true}}
      inner: {component: common-module/iterator, input: {array: [1]}, settings: {durable: true}}
      leaf: {component: test-module/probe}
      detach: {component: common-module/async}
      late: {component: test-module/probe}
      done: {component: test-module/probe}
    edges:
      - start -> outer
      - outer:item -> inner
      - inner:item -> leaf
      - inner:done -> detach -> late
      - outer:done -> done
    """
    await run_flow(spec, seen=seen)
    assert order == ["late", "done"]


async def test_rule_7_a_fan_out_that_is_still_expanding_is_not_finished():
    spec = "concurrency: 1\n" + LIST.replace("SETTINGS", "{durable: true}").replace("WHEN", "never")
    seen, ended = Seen(), []

    async def note(message, context):
        ended.append(len(seen["end"]))

    seen.before["done"] = note
    await run_flow(spec, 3500, seen=seen)
    assert ended == [3500]


# ---- rule 8: cancellation before and after the target's commit


WRITE = """
nodes:
  start: {{component: common-module/signal}}
  put:
    component: database-module/connector
    settings: {{driver: postgres, url: "{url}", maxOpenConns: 1, setup: ["CREATE TABLE IF NOT EXISTS t (x int)"]}}
    input: {{query: "INSERT INTO t VALUES (1) RETURNING (SELECT count(*) FROM t)::int AS before"}}
  end: {{component: test-module/probe}}
edges: [start -> put -> end]
"""


async def test_a_cancel_waits_for_a_commit_on_its_way(postgres_url, monkeypatch):
    committing, release = asyncio.Event(), asyncio.Event()
    commit = PostgresTransaction.commit

    async def slow(self, row=None):
        committing.set()
        await release.wait()
        return await commit(self, row)

    monkeypatch.setattr(PostgresTransaction, "commit", slow)
    async with bench(WRITE.format(url=postgres_url)) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await committing.wait()
        await flow.engine.cancel(run.id)
        await asyncio.sleep(0)
        release.set()
        ended = await asyncio.wait_for(flow.engine.wait(run.id), 5)
        assert (ended.status, ended.tasks_done) == (RunStatus.CANCELLED, 2)
        await flow.run()
        assert flow.seen["end"][-1]["result"]["rows"] == [{"before": 1}]


async def test_a_cancelled_task_gives_its_connection_back(postgres_url):
    reached, seen = asyncio.Event(), Seen()

    async def stay(message, context):
        if not reached.is_set():
            reached.set()
            await asyncio.sleep(60)

    seen.before["end"] = stay
    async with bench(WRITE.format(url=postgres_url), seen=seen) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await reached.wait()
        await flow.engine.cancel(run.id)
        assert (await flow.engine.wait(run.id)).status is RunStatus.CANCELLED
        again = await asyncio.wait_for(flow.run(), 5)
    assert again.status is RunStatus.SUCCEEDED
    assert seen["end"][-1]["result"]["rows"] == [{"before": 0}]


async def test_a_task_that_waits_to_be_tried_again_can_be_cancelled_as_it_starts():
    seen = Seen()
    seen.fail("end", TemporaryError("busy"))
    spec = """
    retry: {maxAttempts: 3, initialDelay: 0s}
    nodes: {start: {component: common-module/signal}, end: {component: test-module/probe}}
    edges: [start -> end]
    """
    retried = asyncio.Event()

    class Noting(MemoryStore):
        async def retry(self, task, attempt, error, now_ns):
            retried.set()
            return await super().retry(task, attempt, error, now_ns)

    async with bench(spec, seen=seen, store=Noting()) as flow:
        run = await flow.engine.fire(flow.program, "start")
        await retried.wait()
        await flow.engine.cancel(run.id)
        ended = await asyncio.wait_for(flow.engine.wait(run.id), 5)
    assert ended.status in (RunStatus.CANCELLED, RunStatus.SUCCEEDED)


# ---- rule 10: the key of a request


async def test_a_key_is_the_same_when_a_task_is_repeated_and_differs_by_path():
    keys = []
    seen = Seen()

    async def note(message, context):
        keys.append(context.idempotency_key)

    seen.before["end"] = note
    seen.fail("last", TemporaryError("busy"))
    spec = """
    retry: {maxAttempts: 3, initialDelay: 0s}
    nodes:
      start: {component: common-module/signal}
      split: {component: common-module/iterator, input: {array: [1, 2]}, settings: {continueOnError: false}}
      end: {component: test-module/probe}
      last: {component: test-module/probe}
    edges: [start -> split, "split:item -> end", "split:done -> last"]
    """
    await run_flow(spec, seen=seen)
    assert len(keys) == 4
    assert keys[:2] == keys[2:]
    assert keys[0] != keys[1]


async def test_a_post_that_never_left_this_machine_is_repeated():
    spec = """
    nodes:
      start: {component: common-module/signal}
      call:
        component: http-module/client
        settings: {baseUrl: "http://127.0.0.1:1", retryCount: 2, retryDelay: 1ms}
        input: {method: POST, url: /, body: {}}
      end: {component: test-module/probe}
    edges: [start -> call, "call:error -> end"]
    """
    _, seen = await run_flow(spec)
    assert seen["end"][0]["errorDetail"]["retryable"] is True


# ---- rule 13: one transactional database per task, also where lint cannot tell


async def test_rule_13_a_task_begins_on_one_database_only():
    class Named:
        def __init__(self, key):
            self.key = key

        async def begin(self):
            return object()

    transactions = Transactions()
    first = await transactions.session(Named("a"))
    assert await transactions.session(Named("a")) is first
    with pytest.raises(PermanentError, match="one task commits to one"):
        await transactions.session(Named("b"))
