"""Traces, as a collector gets them over HTTP."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager

import pytest

from headrace.app.session import open_engine
from headrace.app.tracing import traces
from headrace.errors import PermanentError, TemporaryError, UsageError
from headrace.monitor.traces import Traces, trace_id_of
from headrace.store import MemoryStore, RunStatus
from support.api import TOKEN, serve_users
from support.collector import collecting, facts
from support.flows import Seen, bench
from support.stores import KINDS, opened

CHAIN = """
retry: {maxAttempts: 2, initialDelay: 1ms}
nodes:
  start: {component: common-module/signal}
  first: {component: test-module/probe}
  second: {component: test-module/probe}
edges:
  - start -> first -> second
"""
FETCH = """
nodes:
  start: {{component: common-module/signal}}
  fetch:
    component: http-module/client
    settings: {{baseUrl: "{url}", auth: {{type: bearer, token: {token}}}}}
    input: {{url: /users, queryParams: {{page: 1}}}}
edges:
  - start -> fetch
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def collector(monkeypatch):
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        yield collector


async def test_a_run_its_tasks_and_their_nodes_are_spans_of_one_trace(collector):
    async with Traces() as traced, bench(CHAIN, observers=(traced,)) as flow:
        run = await flow.run({"page": 3})
    whole, task = collector.one("run test"), collector.one("task first")
    first, second = collector.one("node first"), collector.one("node second")
    assert {span.trace_id for span in collector.spans} == {trace_id_of(run.id).to_bytes(16)}
    assert whole.parent_span_id == b""
    assert (task.parent_span_id, first.parent_span_id) == (whole.span_id, task.span_id)
    assert second.parent_span_id == first.span_id
    for inner, outer in ((second, first), (first, task), (task, whole)):
        assert outer.start_time_unix_nano <= inner.start_time_unix_nano
        assert inner.end_time_unix_nano <= outer.end_time_unix_nano
    assert facts(whole)["headrace.status"] == "succeeded"
    assert facts(whole)["headrace.run"] == run.id
    assert (facts(task)["headrace.result"], facts(task)["headrace.attempt"]) == ("done", 1)
    assert collector.resource["service.name"] == "headrace"
    assert collector.resource["telemetry.sdk.language"] == "python"


async def test_errors_are_recorded_where_they_were_raised_and_where_they_ended_a_task(collector):
    seen = Seen()
    seen.errors["second"] = [TemporaryError("busy", code="T1"), PermanentError("broken", code="T2")]
    async with Traces() as traced, bench(CHAIN, seen=seen, observers=(traced,)) as flow:
        assert (await flow.run()).status is RunStatus.FAILED
    retried, dead = collector.named("task first")
    assert [facts(span)["headrace.result"] for span in (retried, dead)] == ["retried", "dead"]
    assert [facts(span)["headrace.attempt"] for span in (retried, dead)] == [1, 2]
    failing = collector.named("node second")[-1]
    for span, code, message in ((retried, "T1", "busy"), (dead, "T2", "broken"), (failing, "T2", "broken")):
        (event,) = span.events
        assert facts(event)["exception.type"] == code
        assert facts(event)["exception.message"] == span.status.message == message
        assert span.status.code == 2
    assert collector.one("run test").status.code == 2
    assert collector.named("node first")[-1].status.code == 0


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_run_that_goes_on_after_a_restart_keeps_its_trace(collector, kind, tmp_path):
    place, seen, began = KINDS[kind](tmp_path), Seen(), asyncio.Event()

    async def wait(message, context):
        began.set()
        await asyncio.Event().wait()

    seen.before["second"] = wait
    async with (
        opened(place) as store,
        Traces() as traced,
        bench(CHAIN, seen=seen, store=store, observers=(traced,)) as flow,
    ):
        run = await flow.engine.fire(flow.program, "start")
        await began.wait()
    async with (
        opened(place) as store,
        Traces() as traced,
        bench(CHAIN, store=store, observers=(traced,)) as flow,
    ):
        await flow.engine.resume(flow.program)
        await flow.engine.wait(run.id)
    assert {span.trace_id for span in collector.spans} == {trace_id_of(run.id).to_bytes(16)}
    left, ended = collector.named("run test")
    assert (facts(left)["headrace.resumed"], facts(ended)["headrace.resumed"]) == (False, True)
    assert [facts(span)["headrace.result"] for span in collector.named("task first")] == ["dropped", "done"]


async def test_two_runs_are_two_traces(collector):
    async with Traces() as traced, bench(CHAIN, observers=(traced,)) as flow:
        runs = [await flow.run() for _ in range(2)]
    assert {span.trace_id for span in collector.spans} == {trace_id_of(run.id).to_bytes(16) for run in runs}


@asynccontextmanager
async def fetching(spec, *observers):
    """An API, and a flow that asks it, run once."""
    async with serve_users(5) as api:
        async with bench(spec.format(url=api.url, token=TOKEN), observers=observers) as flow:
            record = await flow.run()
        assert record.status is RunStatus.SUCCEEDED, record.errors
        yield api


async def test_requests_carry_the_span_of_their_node(collector):
    async with Traces() as traced, fetching(FETCH, traced) as api:
        pass
    span = collector.one("node fetch")
    assert api.headers[0]["traceparent"] == f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01"


OWN = "00-11111111111111111111111111111111-2222222222222222-00"


@pytest.mark.parametrize(
    "spec",
    [
        FETCH.replace("page: 1}}", f"page: 1}}}}, headers: {{{{TraceParent: '{OWN}'}}}}"),
        FETCH.replace("auth:", f"defaultHeaders: {{{{Traceparent: '{OWN}'}}}}, auth:"),
    ],
    ids=["request", "default"],
)
async def test_a_header_of_the_users_own_stays(collector, spec):
    async with Traces() as traced, fetching(spec, traced) as api:
        assert api.headers[0]["traceparent"] == OWN


PAGES = """
nodes:
  start: {{component: common-module/signal}}
  pages:
    component: http-module/pages
    settings:
      baseUrl: "{url}"
      auth: {{type: bearer, token: {token}}}
      pagination: {{type: page, size: 2, sizeParam: limit}}
      items: "{{{{$.response.bodyJson.data}}}}"
    input: {{url: /users}}
edges:
  - start -> pages
"""


async def test_requests_of_pages_carry_it_too(collector):
    async with Traces() as traced, fetching(PAGES, traced) as api:
        assert len(api.headers) >= 3
    ids = {span.span_id.hex() for span in collector.named("node pages")}
    assert {headers["traceparent"].split("-")[2] for headers in api.headers} <= ids


async def test_without_a_trace_requests_carry_nothing():
    async with fetching(FETCH) as api:
        assert "traceparent" not in api.headers[0]


async def test_what_is_not_sampled_is_not_sent(collector, monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    async with Traces() as traced, fetching(FETCH, traced) as api:
        assert "traceparent" not in api.headers[0]
    assert collector.spans == []


async def test_the_standard_variables_say_name_and_headers(collector, monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "nightly")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=k")
    async with Traces() as traced, bench(CHAIN, observers=(traced,)) as flow:
        await flow.run()
    assert collector.resource["service.name"] == "nightly"
    assert collector.resource["deployment.environment"] == "test"
    assert collector.headers["x-api-key"] == "k"


async def test_secrets_are_masked(collector):
    seen = Seen()
    seen.errors["second"] = [PermanentError("no hunter2 here")]

    def mask(text):
        return text.replace("hunter2", "•••")

    spec = CHAIN.replace(
        "- start -> first", "- {from: start, to: first, data: {url: '/?key=hunter2'}}\n  - first"
    )
    async with Traces(mask) as traced, bench(spec, seen=seen, mask=mask, observers=(traced,)) as flow:
        await flow.run()
    assert facts(collector.named("task first")[0])["headrace.data.url"] == "/?key=•••"
    assert not any(b"hunter2" in body for body in collector.bodies)


async def test_of_very_many_messages_in_a_task_some_are_spans(collector):
    spec = """
    nodes:
      start: {component: common-module/signal}
      each: {component: common-module/iterator, input: {array: "{{range(0, 5000)}}"}}
      one: {component: common-module/modify}
    edges:
      - start -> each
      - each:item -> one
    """
    async with Traces() as traced, bench(spec, observers=(traced,)) as flow:
        await flow.run()
        assert flow.program.units["one"].stats.received == 5000
    assert len(collector.named("node one")) == 255
    assert facts(collector.one("task each"))["headrace.nodes_cut"] is True


async def test_an_engine_is_traced_where_the_environment_says_so(collector, tmp_path):
    store = MemoryStore()
    async with bench(CHAIN) as flow, open_engine(tmp_path, store=store) as engine:
        program = await engine.load(flow.program.flow, {})
        await engine.wait((await engine.fire(program, "start")).id)
    assert len(collector.named("run test")) == 1


def test_nothing_happens_without_an_endpoint_and_where_it_is_turned_off():
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    assert traces(str, {}) is None
    assert traces(str, {**endpoint, "OTEL_SDK_DISABLED": "true"}) is None
    assert traces(str, {**endpoint, "OTEL_TRACES_EXPORTER": "none"}) is None
    assert traces(str, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"}) is not None


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.exporter.otlp.proto.http"])
def test_who_asks_for_traces_without_the_package_is_told_what_to_install(monkeypatch, missing):
    monkeypatch.delitem(sys.modules, "headrace.monitor.traces")
    for name in [name for name in sys.modules if name.startswith(missing)]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=r"pip install 'headrace\[otel\]'"):
        traces(str, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})


async def test_a_collector_that_is_away_stops_no_run(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    async with Traces() as traced, bench(CHAIN, observers=(traced,)) as flow:
        assert (await flow.run()).status is RunStatus.SUCCEEDED
    assert "export" in caplog.text
