"""The operator as a whole: kopf watches an API server (kmock's), and what people do there has its effect."""

import asyncio
import json
import logging
import os
import sys
from contextlib import asynccontextmanager

import aiohttp
import kopf
import pytest
from tests.cluster.flows import INSTALLATION, REGISTRY, SECRETS, SIGNAL, resource
from tests.cluster.test_reconciler import BROKEN, Known, pod

from headrace.cluster.api import ApiError
from headrace.cluster.operator import Duty, operate
from headrace.errors import UsageError
from support.ports import free_port


@pytest.fixture(autouse=True)
def _quiet(caplog):
    """kopf sets up logging, and leaves it so; it tells there what its own requests were refused for."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before[0], before[1]
    assert [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.ERROR] == []


@asynccontextmanager
async def operating(log_in, tmp_path, *, period_s=0.5, stores=None):
    stop = asyncio.Event()
    duty = Duty(REGISTRY, INSTALLATION, tmp_path, namespaces=("default",), log_in=log_in, period_s=period_s)
    task = asyncio.create_task(operate(duty, stop, stores or Known(tmp_path)))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def until(told, seconds=20):
    """Wait for what is told to become true."""
    async with asyncio.timeout(seconds):
        while not (found := told()):
            await asyncio.sleep(0.02)
    return found


def status(cluster, name="orders"):
    return (cluster.find("Flow", name) or {}).get("status") or {}


async def test_a_flow_lives_and_ends(cluster, log_in, tmp_path):
    async with operating(log_in, tmp_path, period_s=600):
        await cluster.put(resource(SECRETS))
        await until(lambda: status(cluster).get("phase") == "Deploying")
        assert cluster.find("Flow", "orders")["metadata"]["finalizers"] == ["headrace.dev/drain"]
        await cluster.roll_out("flow-orders")
        await until(lambda: status(cluster).get("phase") == "Running")
        version = status(cluster)["observedVersion"]

        await cluster.put({**cluster.find("Flow", "orders"), "spec": {**SECRETS, "timeout": "5m"}})
        await until(lambda: status(cluster)["observedVersion"] != version)
        assert status(cluster)["phase"] == "Deploying"
        assert cluster.find("Deployment", "flow-orders")["metadata"]["generation"] == 2

        await cluster.put(pod("a"))
        await cluster.remove("Flow", "orders")
        await until(lambda: status(cluster)["phase"] == "Draining")
        assert cluster.find("Deployment", "flow-orders")["spec"]["replicas"] == 0
        await cluster.remove("Pod", "a")
        await until(lambda: cluster.find("Flow", "orders") is None)
        assert cluster.names("Deployment") == cluster.names("ConfigMap") == []


async def test_a_mistake_is_told_and_mended(cluster, log_in, tmp_path):
    async with operating(log_in, tmp_path):
        await cluster.put(resource(BROKEN))
        await until(lambda: status(cluster).get("phase") == "Invalid")
        assert cluster.names("Deployment") == []
        await cluster.put({**cluster.find("Flow", "orders"), "spec": SIGNAL})
        await until(lambda: status(cluster)["phase"] == "Deploying")
        await until(lambda: len(reasons(cluster)) >= 2)
    assert reasons(cluster)[0] == "Invalid"
    assert "Applied" in reasons(cluster)


def reasons(cluster):
    return [event["reason"] for event in cluster.events]


async def test_events_are_about_the_resource(cluster, log_in, tmp_path):
    async with operating(log_in, tmp_path, period_s=600):
        await cluster.put(resource(BROKEN))
        (event, *_) = await until(lambda: cluster.events)
    about = event["involvedObject"]
    assert (about["kind"], about["name"], about["uid"]) == (
        "Flow",
        "orders",
        cluster.find("Flow", "orders")["metadata"]["uid"],
    )
    assert (event["type"], event["reportingComponent"]) == ("Warning", "headrace-operator")


async def test_what_somebody_deletes_comes_back(cluster, log_in, tmp_path):
    async with operating(log_in, tmp_path):
        await cluster.put(resource())
        await until(lambda: "flow-orders" in cluster.names("PodDisruptionBudget"))
        await cluster.remove("Deployment", "flow-orders")
        await cluster.remove("ConfigMap", "flow-orders")
        await until(
            lambda: cluster.find("Deployment", "flow-orders") and cluster.find("ConfigMap", "flow-orders")
        )


async def test_an_operator_goes_on_with_what_it_finds(cluster, log_in, tmp_path):
    """It keeps nothing: what came about while none ran is seen by the next."""
    async with operating(log_in, tmp_path):
        await cluster.put(resource())
        await until(lambda: "flow-orders" in cluster.names("PodDisruptionBudget"))
    await cluster.put({**cluster.find("Flow", "orders"), "spec": {**SIGNAL, "timeout": "5m"}})
    await cluster.put(resource(name="other"))
    async with operating(log_in, tmp_path):
        await until(lambda: "5m" in cluster.find("ConfigMap", "flow-orders")["data"]["orders.yaml"])
        await until(lambda: "flow-other" in cluster.names("Deployment"))


async def test_a_server_that_fails_is_asked_again(cluster, log_in, tmp_path):
    cluster.refusals = {("PATCH", "Deployment"): [503], ("PATCH", "ConfigMap"): [500]}
    async with operating(log_in, tmp_path):
        await cluster.put(resource())
        await until(lambda: cluster.find("Deployment", "flow-orders"), 40)


async def test_annotations_stay_small_however_large_a_flow_is(cluster, log_in, tmp_path):
    """Kubernetes takes 256 KiB of annotations, and a flow may be larger."""
    async with operating(log_in, tmp_path):
        await cluster.put(resource({**SIGNAL, "vars": {"text": "x" * 300_000}}))
        await until(lambda: "flow-orders" in cluster.names("PodDisruptionBudget"))
        await until(lambda: cluster.find("Flow", "orders")["metadata"].get("annotations"))
    annotations = cluster.find("Flow", "orders")["metadata"]["annotations"]
    assert sum(map(len, annotations.values())) < 1_000


async def test_nothing_is_written_while_nothing_changes(cluster, log_in, tmp_path):
    async with operating(log_in, tmp_path, period_s=0.2) as task:
        await cluster.put(resource())
        await until(lambda: "flow-orders" in cluster.names("PodDisruptionBudget"))
        await cluster.roll_out("flow-orders")
        await until(lambda: status(cluster).get("phase") == "Running")
        await until(lambda: cluster.find("Flow", "orders")["metadata"].get("annotations"))
        await asyncio.sleep(0.5)
        cluster.log.clear()
        await asyncio.sleep(1.5)
        assert [each for each in cluster.log if each[1] != "Event"] == []
        assert not task.done()


async def test_the_command_ends_well_on_sigterm_and_says_that_it_lives(cluster, tmp_path):
    users = [{"name": "me", "user": {"token": "x"}}]
    clusters = [{"name": "it", "cluster": {"server": str(cluster.url).rstrip("/")}}]
    contexts = [{"name": "it", "context": {"cluster": "it", "user": "me"}}]
    config = {"current-context": "it", "contexts": contexts, "clusters": clusters, "users": users}
    (tmp_path / "config").write_text(json.dumps(config))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headrace", "operator", "--store", "nats://127.0.0.1:9/x", "--namespace", "default",
        "--address", f"127.0.0.1:{port}", "--log-format", "json",
        env={**os.environ, "KUBECONFIG": str(tmp_path / "config"), "HEADRACE_HOME": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told = asyncio.create_task(process.stderr.read())
    await cluster.put(resource())
    await until(lambda: status(cluster).get("phase") == "Deploying", 40)
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/live") as response:
        assert response.status == 200
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0
    lines = [json.loads(line) for line in (await told).decode().splitlines()]
    assert "flow default/orders: Applied:" in [line["message"].partition(" ConfigMap")[0] for line in lines]
    assert [line["message"] for line in lines if "Traceback" in str(line)] == []


async def test_a_cluster_without_the_custom_resources_is_told(cluster, log_in, tmp_path):
    for name in ("flows", "signals"):
        del cluster.resources[f"headrace.dev/v1/{name}"]
    with pytest.raises(UsageError, match="does not know flows yet: `headrace k8s render --crds"):
        await operate(Duty(REGISTRY, INSTALLATION, tmp_path, ("default",), log_in=log_in))


@pytest.mark.parametrize("text", [None, "current-context: [", "clusters: []", "current-context: it", "[]"])
async def test_a_kubeconfig_that_cannot_be_read_is_told(tmp_path, monkeypatch, text):
    if text is not None:
        (tmp_path / "config").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(UsageError, match="KUBECONFIG cannot be read"):
        await operate(Duty(REGISTRY, INSTALLATION, tmp_path))


@pytest.mark.parametrize(("host", "server"), [("10.96.0.1", "10.96.0.1"), ("fd00::1", r"\[fd00::1\]")])
async def test_a_pod_needs_no_dns_for_the_api_server(tmp_path, monkeypatch, host, server):
    pod = kopf.ConnectionInfo(server="https://kubernetes.default.svc", ca_path=str(tmp_path / "none"))
    monkeypatch.setattr(kopf, "login_with_service_account", lambda **_: pod)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "9")
    with pytest.raises(ApiError, match=f"the API server at https://{server}:9 does not answer"):
        await operate(Duty(REGISTRY, INSTALLATION, tmp_path))


async def test_it_needs_no_name_of_the_user_that_it_runs_as(cluster, log_in, tmp_path, monkeypatch):
    """Images without a distribution, and clusters that choose the number of the user, know none."""

    def nobody():
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    async with operating(log_in, tmp_path):
        await cluster.put(resource())
        await until(lambda: "flow-orders" in cluster.names("PodDisruptionBudget"))
