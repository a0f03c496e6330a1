"""Signals, and what is known of runs: a real store on NATS, real workers, an API server (kmock's)."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from tests.cluster.flows import REGISTRY, SIGNAL, flow, resource, signal
from tests.cluster.test_operator import operating, until

from headrace.app.session import open_engine
from headrace.cluster.desired import Installation
from headrace.cluster.reconciler import Reconciler
from headrace.cluster.signals import request_of
from headrace.cluster.stores import Stores
from headrace.errors import StoreError
from headrace.store import RunFilter, RunStatus
from headrace.store.jetstream import JetStreamStore, Place
from support.nats_server import shared_server

SCHEDULED = {
    **SIGNAL,
    "nodes": {
        **SIGNAL["nodes"],
        "yearly": {"component": "common-module/cron", "settings": {"schedule": "0 0 1 1 *"}},
    },
    "edges": ["start -> show", "yearly -> show"],
}


class RealStores(Stores):
    opened = 0

    async def _opened(self, url):
        self.opened += 1
        return await JetStreamStore.open(Place.read(url), patience_s=10)


@pytest.fixture
def url():
    return f"{shared_server().url}/test-{uuid4().hex[:12]}"


@pytest.fixture
async def stores(tmp_path):
    made = RealStores(tmp_path)
    yield made
    await made.close()


@pytest.fixture
def reconciler(api, stores, url):
    return Reconciler(api, REGISTRY, Installation("headrace:1", url), stores)


@asynccontextmanager
async def worker(url, tmp_path, spec=SIGNAL):
    """What a pod does."""
    store = await JetStreamStore.open(Place.read(url), patience_s=10)
    async with open_engine(tmp_path, store=store) as engine:
        program = await engine.load(flow(spec), {})
        engine.attend(program)
        yield store, engine


async def test_a_signal_is_fired_once_and_says_which_run(cluster, reconciler, tmp_path, url):
    await cluster.put(resource())
    await cluster.put(signal(payload={"n": 1}))
    async with worker(url, tmp_path) as (store, engine):
        report = await reconciler.signal("default", "go")
        status = cluster.find("Signal", "go")["status"]
        assert status == {"phase": "Fired", "run": status["run"], "observedGeneration": 1}
        assert [(event.reason, event.message) for event in report.events] == [
            ("Fired", f"run {status['run']}")
        ]
        assert (await engine.wait(status["run"])).status is RunStatus.SUCCEEDED
        assert await reconciler.signal("default", "go") is None
        await cluster.set_status("Signal", "go", {})  # its note was lost
        await reconciler.signal("default", "go")
        assert cluster.find("Signal", "go")["status"]["run"] == status["run"]
        assert [run.id for run in await store.runs(RunFilter(flow="orders"))] == [status["run"]]


async def test_a_signal_that_is_refused_says_why(cluster, reconciler, tmp_path, url):
    await cluster.put(resource())
    await cluster.put(signal(node="strat"))
    async with worker(url, tmp_path):
        report = await reconciler.signal("default", "go")
    status = cluster.find("Signal", "go")["status"]
    assert (status["phase"], status["message"]) == (
        "Refused",
        "orders has no trigger `strat`; there is `start`",
    )
    assert [(event.reason, event.is_warning) for event in report.events] == [("Refused", True)]


async def test_a_signal_waits_for_workers_and_is_fired_once_by_them(cluster, reconciler, tmp_path, url):
    await cluster.put(resource())
    await cluster.put(signal())
    for _ in range(2):
        report = await reconciler.signal("default", "go")
        assert (report.is_done, report.events) == (False, ())
    status = cluster.find("Signal", "go")["status"]
    assert (status["phase"], status["message"]) == ("Pending", "no worker of flow `orders` has answered yet")
    request = request_of(cluster.find("Signal", "go"))
    assert status["request"] == request.id
    async with worker(url, tmp_path) as (store, engine):
        async with asyncio.timeout(20):
            while await store.answered(request.id) is None:
                await asyncio.sleep(0.05)
        assert (await reconciler.signal("default", "go")).is_done is True
        assert cluster.find("Signal", "go")["status"]["run"] == request.id
        await engine.wait(request.id)
        assert len(await store.runs(RunFilter(flow="orders"))) == 1


async def test_a_signal_for_no_flow_waits_for_one(cluster, reconciler):
    await cluster.put(signal())
    assert (await reconciler.signal("default", "go")).is_done is False
    status = cluster.find("Signal", "go")["status"]
    assert (status["phase"], status["message"]) == ("Pending", "there is no flow `orders` in default")
    assert "request" not in status


async def test_two_signals_of_one_name_are_two_runs(cluster, reconciler, tmp_path, url):
    await cluster.put(resource())
    runs = set()
    async with worker(url, tmp_path):
        for _ in range(2):
            await cluster.put(signal())
            await reconciler.signal("default", "go")
            runs.add(cluster.find("Signal", "go")["status"]["run"])
            await cluster.remove("Signal", "go")
    assert len(runs) == 2


async def test_the_status_of_a_flow_tells_of_its_runs(cluster, reconciler, tmp_path, url):
    await cluster.put(resource(SCHEDULED))
    async with worker(url, tmp_path, SCHEDULED) as (_, engine):
        await cluster.put(signal())
        await reconciler.signal("default", "go")
        run = cluster.find("Signal", "go")["status"]["run"]
        await engine.wait(run)
        await reconciler.flow("default", "orders")
    status = cluster.find("Flow", "orders")["status"]
    assert (status["lastRun"]["id"], status["lastRun"]["status"]) == (run, "succeeded")
    assert status["nextFiring"].endswith("-01-01T00:00:00Z")
    assert status["counters"] == {"openRuns": 0, "deadLetters": 0, "tasks": 2, "errors": 0, "retries": 0}


async def test_the_operator_fires_signals(cluster, log_in, tmp_path, url):
    stores = RealStores(tmp_path)
    await cluster.put(resource(deploy={"store": url}))
    async with worker(url, tmp_path), operating(log_in, tmp_path, stores=stores, period_s=600):
        await cluster.put(signal())
        await until(lambda: (cluster.find("Signal", "go").get("status") or {}).get("phase") == "Fired")
        await until(lambda: "Fired" in [event["reason"] for event in cluster.events])
    assert "finalizers" not in cluster.find("Signal", "go")["metadata"], "to delete one needs no operator"


@pytest.mark.parametrize("url", ["sqlite:////etc/passwd", "memory", "nats://$(USER):$(PASSWORD)@nats:4222/x"])
async def test_whoever_writes_flows_makes_the_operator_open_nothing_but_nats(tmp_path, url):
    stores = Stores(tmp_path)
    with pytest.raises(StoreError):
        await stores.get(url)


async def test_a_store_that_is_not_there_is_told_and_found_later(tmp_path, url):
    stores = RealStores(tmp_path, patience_s=1)
    for _ in range(100):  # each flow of the store asks, and none waits for what another has found
        with pytest.raises(StoreError, match="has not answered for 1 s"):
            await stores.facts("nats://127.0.0.1:9/x", "orders", None)
    assert stores.opened == 1
    assert (await stores.facts(url, "orders", None)).last_run is None
    await stores.close()


async def test_a_store_that_no_worker_has_made_yet_holds_no_runs(api, cluster, tmp_path, url):
    """A new flow in a new namespace: nothing is wrong, and nobody is told that something is."""
    stores = Stores(tmp_path)
    reconciler = Reconciler(api, REGISTRY, Installation("headrace:1", url), stores)
    await cluster.put(resource())
    report = await reconciler.flow("default", "orders")
    assert [event.reason for event in report.events] == ["Applied"]
    await cluster.put(signal())
    assert not (await reconciler.signal("default", "go")).is_done
    status = cluster.find("Signal", "go")["status"]
    assert (status["phase"], "who executes flows makes it" in status["message"]) == ("Pending", True)
    async with worker(url, tmp_path / "worker") as (_, engine):
        assert (await reconciler.signal("default", "go")).is_done
        await engine.wait(cluster.find("Signal", "go")["status"]["run"])
        await reconciler.flow("default", "orders")
    assert cluster.find("Flow", "orders")["status"]["counters"]["openRuns"] == 0
    await stores.close()
