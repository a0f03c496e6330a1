"""What Prometheus is told, read by its own parser."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from headrace.errors import PermanentError, TemporaryError
from headrace.flow.loader import load_flow, require
from headrace.monitor.metrics import CONTENT_TYPE, Metrics
from headrace.sdk.budget import BudgetState
from headrace.source import Source
from headrace.store import ErrorFate, ErrorRecord, MemoryStore, RunStatus
from support.clock import START_NS, JumpingClock
from support.flows import Seen, bench
from support.stores import KINDS, opened

FLOW = """
retry: {maxAttempts: 2, initialDelay: 1ms}
nodes:
  start: {component: common-module/signal}
  each: {component: common-module/iterator, settings: {batchSize: 2}, input: {array: "{{$.payload}}"}}
  write: {component: test-module/probe}
edges:
  - start -> each
  - each:batch -> write
"""


async def scraped(metrics, engine):
    """Values by name and labels, which come in the order of their names."""
    text = (await metrics.render(engine)).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_runs_tasks_hops_and_records_are_counted():
    store = MemoryStore()
    metrics = Metrics(store)
    async with bench(FLOW, store=store, observers=(metrics,)) as flow:
        before = await scraped(metrics, flow.engine)
        assert before["headrace_runs_total", "test", "succeeded"] == 0
        assert before["headrace_tasks_total", "test", "dead"] == 0
        assert ("headrace_data_age_seconds", "test") not in before
        for _ in range(2):
            await flow.run([1, 2, 3])
        after = await scraped(metrics, flow.engine)
    assert after["headrace_runs_total", "test", "succeeded"] == 2
    assert after["headrace_tasks_total", "test", "done"] == 4
    assert after["headrace_hops_total", "test"] == 2 * (1 + 2)
    assert after["headrace_node_messages_total", "test", "write"] == 4
    assert after["headrace_node_records_total", "test", "each"] == 6
    assert after["headrace_task_duration_seconds_count", "test"] == 4
    assert after["headrace_task_duration_seconds_bucket", "test", "+Inf"] == 4
    assert 0 < after["headrace_task_duration_seconds_sum", "test"] < 5
    assert after["headrace_runs_running", "test"] == after["headrace_tasks_open", "test"] == 0
    assert 0 <= after["headrace_data_age_seconds", "test"] < 60
    assert after["process_start_time_seconds",] > 0
    assert not any("_created" in name for name, *_ in after)
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


async def test_errors_retries_and_dead_letters_are_counted():
    store, seen = MemoryStore(), Seen()
    seen.errors["write"] = [TemporaryError("later", code="T1"), PermanentError("never", code="T2")]
    metrics = Metrics(store)
    async with bench(
        FLOW.replace("batchSize: 2", "batchSize: 2, continueOnError: false"),
        seen=seen,
        store=store,
        observers=(metrics,),
    ) as flow:
        assert (await flow.run([1])).status is RunStatus.FAILED
        found = await scraped(metrics, flow.engine)
    assert found["headrace_runs_total", "test", "failed"] == 1
    assert found["headrace_errors_total", "T1", "retried", "test"] == 1
    assert found["headrace_errors_total", "T2", "dead", "test"] == 1
    assert found["headrace_task_retries_total", "test"] == 1
    assert found["headrace_dead_letters_total", "test"] == 1
    assert found["headrace_node_failures_total", "test", "write"] == 2


async def test_what_is_open_and_running_is_told_while_it_is():
    store, seen, began, go_on = MemoryStore(), Seen(), asyncio.Event(), asyncio.Event()

    async def wait(message, context):
        began.set()
        await go_on.wait()

    seen.before["write"] = wait
    metrics = Metrics(store)
    async with bench(FLOW, seen=seen, store=store, observers=(metrics,)) as flow:
        run = await flow.engine.fire(flow.program, "start", [1])
        await began.wait()
        found = await scraped(metrics, flow.engine)
        assert found["headrace_runs_running", "test"] == found["headrace_tasks_open", "test"] == 1
        go_on.set()
        await flow.engine.wait(run.id)
        found = await scraped(metrics, flow.engine)
        assert found["headrace_runs_running", "test"] == found["headrace_tasks_open", "test"] == 0


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_how_old_the_data_are_survives_a_restart_and_failed_runs(kind, tmp_path):
    place, clock, seen = KINDS[kind](tmp_path), JumpingClock(), Seen()
    strict = FLOW.replace("batchSize: 2", "continueOnError: false")
    async with opened(place) as store, bench(strict, store=store, clock=clock) as flow:
        await flow.run([1])
    clock.set(START_NS + 60 * 10**9)
    async with opened(place) as store:
        metrics = Metrics(store, clock)
        seen.errors["write"] = [PermanentError("no")]
        async with bench(strict, seen=seen, store=store, clock=clock, observers=(metrics,)) as flow:
            found = await scraped(metrics, flow.engine)
            assert found["headrace_data_age_seconds", "test"] == pytest.approx(60, abs=1)
            assert found["headrace_last_success_timestamp_seconds", "test"] == pytest.approx(
                START_NS / 1e9, abs=1
            )
            assert (await flow.run([1])).status is RunStatus.FAILED
            found = await scraped(metrics, flow.engine)
            assert found["headrace_data_age_seconds", "test"] == pytest.approx(60, abs=1)
            assert (await flow.run([1])).status is RunStatus.SUCCEEDED
            found = await scraped(metrics, flow.engine)
            assert found["headrace_data_age_seconds", "test"] == pytest.approx(0, abs=1)


async def test_a_flow_and_a_run_that_come_while_the_store_is_asked_are_told():
    came, goes = asyncio.Event(), asyncio.Event()

    class Slow(MemoryStore):
        async def runs(self, found):
            runs = await super().runs(found)
            came.set()
            await goes.wait()
            return runs

    store = Slow()
    metrics = Metrics(store)
    async with bench(FLOW, store=store, observers=(metrics,)) as flow:
        scraping = asyncio.create_task(scraped(metrics, flow.engine))
        await came.wait()
        await flow.run([1])
        other = load_flow(
            Source("other.yaml", flow.program.flow.source.text.replace("test}", "other}")), flow.registry
        )
        await flow.engine.load(require(other), {})
        goes.set()
        await scraping
        found = await scraped(metrics, flow.engine)
    assert 0 <= found["headrace_data_age_seconds", "test"] < 60
    assert found["headrace_tasks_open", "other"] == 0


class Asking:
    """An engine that asks an API with two credentials."""

    flows = ()

    def open_tasks(self):
        return {}

    def budgets(self):
        return [
            BudgetState("api.test", 3, 8, 2),
            BudgetState("api.test", 1, 8, 0),
            BudgetState("b.test", 0, 4, 1),
        ]


async def test_how_apis_are_asked_is_told():
    found = await scraped(Metrics(MemoryStore()), Asking())
    assert found["headrace_api_requests_in_flight", "api.test"] == 4
    assert found["headrace_api_requests_waiting", "b.test"] == 1
    assert found["headrace_api_requests_allowed", "api.test"] == 16


async def test_codes_are_bounded():
    metrics = Metrics(MemoryStore())
    for number in range(1000):
        error = ErrorRecord(0, f"X{number}", "no", "a", "f:1:1", "", 1, ErrorFate.HANDLED)
        metrics.error_raised("r1", error)
    found = await scraped(metrics, Asking())
    codes = [key for key in found if key[0] == "headrace_errors_total"]
    assert len(codes) == 201
    assert found["headrace_errors_total", "other", "handled", ""] == 800
