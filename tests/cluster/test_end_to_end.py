"""The operator on a real API server, which KUBECONFIG names, with the rights of the chart's own service account.

Nothing here needs kubelets or controllers: pods are never waited for. Where what is promised is a controller's work
(the garbage collector's), the test says so where there is none.
"""

import asyncio
import copy
import logging
import os
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import aiohttp
import kopf
import pytest
from tests.cluster.flows import REGISTRY, SIGNAL, WEBHOOK, resource, signal
from tests.cluster.go_template import Chart
from tests.cluster.real import Refused, Server, from_kubeconfig, session, until
from tests.cluster.test_chart import FOLDER
from tests.cluster.test_crd import FLOWS
from tests.cluster.test_reconciler import BROKEN
from tests.cluster.test_signals import RealStores, worker

from headrace.cluster.api import path_of
from headrace.cluster.crd import custom_resources
from headrace.cluster.desired import Installation
from headrace.cluster.operator import Duty, operate
from support.nats_server import shared_server

FLOW = "headrace.dev/v1"

pytestmark = [
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no API server"),
    pytest.mark.timeout(180),
]


@pytest.fixture
async def admin():
    """Who may do everything; the custom resources are there."""
    opened = await session()
    async with opened:
        made = Server(from_kubeconfig(), opened)
        try:
            await made.ask("GET", "/version")
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            pytest.skip(f"the API server of KUBECONFIG does not answer: {error!r}")
        for definition in custom_resources(REGISTRY):
            await made.apply(definition)
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{definition['metadata']['name']}"
            await until(lambda path=path: established(made, path), why="the custom resource is established")
        yield made


async def established(admin, path):
    conditions = (await admin.ask("GET", path)).get("status", {}).get("conditions") or []  # null at first
    wrong = [
        each["message"]
        for each in conditions
        if each["type"] == "NonStructuralSchema" and each["status"] == "True"
    ]
    assert wrong == []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


@pytest.fixture
async def namespace(admin):
    name = f"headrace-e2e-{uuid4().hex[:8]}"
    await admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    for kind in ("Flow", "Signal"):
        for item in (await admin.ask("GET", path_of(FLOW, kind, name)))["items"]:
            path = path_of(FLOW, kind, name, item["metadata"]["name"])
            with suppress(Refused):  # it may have waited for this alone
                await admin.merge(path, {"metadata": {"finalizers": []}})
                await admin.ask("DELETE", path)
    await admin.ask("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
async def account(admin, namespace):
    """Logs in as the chart's own service account, which has the rights of the chart and no others."""
    chart = Chart(
        FOLDER, {"store": "nats://nats", "operator": {"namespaces": [namespace]}}, namespace=namespace
    )
    for manifest in chart.manifests:
        if manifest["kind"] in ("ServiceAccount", "Role", "RoleBinding"):
            await admin.apply(manifest)
    name = chart.find("ServiceAccount")["metadata"]["name"]
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 3600},
    }
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    token = (await admin.ask("POST", path, request))["status"]["token"]
    login = admin.login
    return kopf.ConnectionInfo(
        server=login.server,
        ca_path=login.ca_path,
        ca_data=login.ca_data,
        insecure=login.insecure,
        token=token,
    )


@pytest.fixture
def store():
    return f"{shared_server().url}/test-{uuid4().hex[:12]}"


@pytest.fixture
def operator(namespace, account, store, tmp_path):
    """Runs the operator; what a test starts besides has to end before it."""

    @asynccontextmanager
    async def running():
        stop = asyncio.Event()
        duty = Duty(
            REGISTRY, Installation("headrace:1", store), tmp_path, (namespace,), None, lambda: account, 1.0
        )
        task = asyncio.create_task(operate(duty, stop, RealStores(tmp_path)))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 30)

    return running


@pytest.fixture(autouse=True)
def _nothing_is_refused(caplog):
    """Neither what the operator asks for, nor what kopf asks for beside it."""
    yield
    told = [each for each in caplog.get_records("call") if each.name.startswith(("kopf", "headrace"))]
    wrong = [each.getMessage() for each in told if each.levelno >= logging.ERROR]
    assert (
        wrong + [text for text in map(logging.LogRecord.getMessage, told) if "forbidden" in text.lower()]
        == []
    )


def at(namespace, *arguments, **more):
    flow = resource(*arguments, **more)
    flow["metadata"]["namespace"] = namespace
    return flow


async def status(admin, namespace, name="orders"):
    return ((await admin.find(FLOW, "Flow", namespace, name)) or {}).get("status") or {}


def phase(admin, namespace, wanted, kind="Flow", name="orders"):
    async def told():
        found = (await admin.find(FLOW, kind, namespace, name) or {}).get("status") or {}
        return found if found.get("phase") == wanted else None

    return until(told, why=f"{kind} {name} is {wanted}")


@asynccontextmanager
async def applied(admin, namespace, flow):
    await admin.apply(flow)
    yield await phase(admin, namespace, "Deploying")


# ---- the schemas


async def test_the_server_refuses_what_is_plainly_wrong(admin, namespace):
    with pytest.raises(Refused) as refused:
        await admin.create(at(namespace, {**SIGNAL, "timeOut": "5m"}), fieldValidation="Strict")
    assert 'unknown field "spec.timeOut"' in str(refused.value)
    with pytest.raises(Refused) as refused:
        await admin.create(at(namespace, {**SIGNAL, "concurrency": 0}))
    assert (refused.value.status, "spec.concurrency" in str(refused.value)) == (422, True)
    with pytest.raises(Refused) as refused:
        await admin.create(at(namespace, name="Orders"))
    assert refused.value.status == 422


async def test_the_server_keeps_all_of_a_flow(admin, namespace):
    for name, value in FLOWS.items():
        flow = copy.deepcopy(value)
        flow["metadata"] = {"name": f"f-{name.replace(' ', '-').replace('_', '-')}", "namespace": namespace}
        made = await admin.create(flow, fieldValidation="Strict")
        assert made["spec"] == flow["spec"], name


async def test_no_number_of_replicas_is_what_a_null_is(admin, namespace):
    made = await admin.create(
        at(namespace, deploy={"replicas": None, "grace": None}), fieldValidation="Strict"
    )
    assert made["spec"]["deploy"] == {"grace": None}


async def test_a_signal_does_not_change(admin, namespace):
    made = signal()
    made["metadata"]["namespace"] = namespace
    await admin.create(made)
    with pytest.raises(Refused, match="a signal is fired once"):
        await admin.merge(path_of(FLOW, "Signal", namespace, "go"), {"spec": {"flow": "other"}})


# ---- the life of a flow


async def test_a_flow_is_deployed_and_changed(admin, namespace, operator):
    async with operator(), applied(admin, namespace, at(namespace, WEBHOOK, deploy={"replicas": 2})) as first:
        uid = (await admin.find(FLOW, "Flow", namespace, "orders"))["metadata"]["uid"]
        for version, kind in (
            ("v1", "ConfigMap"),
            ("v1", "Service"),
            ("apps/v1", "Deployment"),
            ("policy/v1", "PodDisruptionBudget"),
        ):
            made = await admin.find(version, kind, namespace, "flow-orders")
            (owner,) = made["metadata"]["ownerReferences"]
            assert (owner["uid"], owner["controller"], owner["blockOwnerDeletion"]) == (uid, True, True)
        assert (first["observedGeneration"], first["selector"]) == (
            1, "app.kubernetes.io/name=headrace-worker,headrace.dev/flow=orders",
        )  # fmt: skip
        await admin.apply(at(namespace, {**SIGNAL, "timeout": "5m"}, deploy={"replicas": 2}))

        async def changed():
            return (await status(admin, namespace)).get("observedVersion") != first["observedVersion"]

        await until(changed)
        config = await admin.find("v1", "ConfigMap", namespace, "flow-orders")
        assert 'timeout: "5m"' in config["data"]["orders.yaml"]
        assert await admin.find("v1", "Service", namespace, "flow-orders") is None
        deployment = await admin.find("apps/v1", "Deployment", namespace, "flow-orders")
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


async def test_nothing_is_written_while_nothing_changes(admin, namespace, operator):
    """What the server adds to objects is no difference."""
    everything = {
        "replicas": 1, "resources": {"requests": {"cpu": "0.5", "memory": "1024Ki"}, "limits": {"cpu": 2}},
        "env": [{"name": "A", "value": "b"}], "tolerations": [{"key": "spot", "operator": "Exists"}], "grace": "90s",
    }  # fmt: skip
    async with operator(), applied(admin, namespace, at(namespace, WEBHOOK, deploy=everything)):
        kinds = (
            ("v1", "ConfigMap"),
            ("v1", "Service"),
            ("apps/v1", "Deployment"),
            ("policy/v1", "PodDisruptionBudget"),
        )

        async def versions():
            found = [await admin.find(version, kind, namespace, "flow-orders") for version, kind in kinds]
            return [
                each["metadata"].get("generation") or each["metadata"]["resourceVersion"] for each in found
            ]

        before = await versions()
        await asyncio.sleep(4)
        assert await versions() == before


async def test_a_flow_that_does_not_validate_says_why_and_what_ran_goes_on(admin, namespace, operator):
    async with operator(), applied(admin, namespace, at(namespace)):
        before = await admin.find("apps/v1", "Deployment", namespace, "flow-orders")
        await admin.apply(at(namespace, BROKEN))
        told = await phase(admin, namespace, "Invalid")
        (finding,) = [each for each in told["findings"] if each["code"] == "HR112"]
        assert (finding["path"], finding["line"], finding["column"]) == ("spec.edges[0]", 1, 10)
        after = await admin.find("apps/v1", "Deployment", namespace, "flow-orders")
        assert after["metadata"]["generation"] == before["metadata"]["generation"]
        await until(lambda: event(admin, namespace, "Invalid"), why="an event on the resource")


async def event(admin, namespace, reason):
    found = (await admin.ask("GET", f"/api/v1/namespaces/{namespace}/events"))["items"]
    return [each for each in found if each["reason"] == reason and each["involvedObject"]["kind"] == "Flow"]


async def test_columns_and_scale(admin, namespace, operator):
    async with operator(), applied(admin, namespace, at(namespace, deploy={"replicas": 1})):
        table = await admin.ask(
            "GET", path_of(FLOW, "Flow", namespace), accept="application/json;as=Table;v=v1;g=meta.k8s.io"
        )
        names = [each["name"] for each in table["columnDefinitions"]]
        (row,) = table["rows"]
        assert dict(zip(names, row["cells"], strict=True))["Phase"] == "Deploying"
        await admin.merge(path_of(FLOW, "Flow", namespace, "orders", "scale"), {"spec": {"replicas": 3}})

        async def scaled():
            found = await admin.find("apps/v1", "Deployment", namespace, "flow-orders")
            return found["spec"]["replicas"] == 3

        await until(scaled)


async def test_what_somebody_deletes_comes_back(admin, namespace, operator):
    async with operator(), applied(admin, namespace, at(namespace)):
        before = await admin.find("apps/v1", "Deployment", namespace, "flow-orders")
        await admin.ask("DELETE", path_of("apps/v1", "Deployment", namespace, "flow-orders"))

        async def again():
            found = await admin.find("apps/v1", "Deployment", namespace, "flow-orders")
            return found is not None and found["metadata"]["uid"] != before["metadata"]["uid"]

        await until(again)


async def deleted(admin, namespace):
    await admin.ask("DELETE", path_of(FLOW, "Flow", namespace, "orders"))

    async def gone():
        return await admin.find(FLOW, "Flow", namespace, "orders") is None

    await until(gone, 60)


async def test_a_flow_is_deleted_once_its_workers_have_ended(admin, namespace, operator):
    async with operator(), applied(admin, namespace, at(namespace)):
        flow = await admin.find(FLOW, "Flow", namespace, "orders")
        assert flow["metadata"]["finalizers"] == ["headrace.dev/drain"]
        await deleted(admin, namespace)
    left = await admin.find("apps/v1", "Deployment", namespace, "flow-orders")
    assert left is None or left["spec"]["replicas"] == 0


async def test_a_flow_waits_for_workers_that_have_not_ended(admin, namespace, operator):
    """What kopf notes meanwhile, to look again, the server has to take."""
    labels = {"app.kubernetes.io/name": "headrace-worker", "headrace.dev/flow": "orders"}
    busy = {"name": "busy", "namespace": namespace, "labels": labels, "finalizers": ["headrace.dev/e2e"]}
    container = {"name": "a", "image": "none.invalid/a"}
    async with operator(), applied(admin, namespace, at(namespace)):
        await admin.create(
            {"apiVersion": "v1", "kind": "Pod", "metadata": busy, "spec": {"containers": [container]}}
        )
        await admin.ask("DELETE", path_of(FLOW, "Flow", namespace, "orders"))
        await phase(admin, namespace, "Draining")
        flow = await admin.find(FLOW, "Flow", namespace, "orders")
        assert flow["metadata"]["finalizers"] == ["headrace.dev/drain"]
        pod = path_of("v1", "Pod", namespace, "busy")
        await admin.merge(pod, {"metadata": {"finalizers": []}})
        await admin.ask("DELETE", pod)

        async def gone():
            return await admin.find(FLOW, "Flow", namespace, "orders") is None

        await until(gone, 60)


async def test_what_was_made_for_a_flow_goes_with_it(admin, namespace, operator):
    async with operator(), applied(admin, namespace, at(namespace)):
        await deleted(admin, namespace)

    async def gone():
        found = [
            await admin.find(version, kind, namespace, "flow-orders")
            for version, kind in (
                ("v1", "ConfigMap"),
                ("apps/v1", "Deployment"),
                ("policy/v1", "PodDisruptionBudget"),
            )
        ]
        return found == [None, None, None]

    leases = await admin.ask("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases")
    if "kube-controller-manager" not in [each["metadata"]["name"] for each in leases["items"]]:
        pytest.skip("no garbage collector runs on this server; the owner references are tested above")
    await until(gone, 90)


# ---- signals


async def test_a_signal_is_fired_once(admin, namespace, operator, store, tmp_path):
    async with (
        operator(),
        applied(admin, namespace, at(namespace)),
        worker(store, tmp_path / "worker") as (_, engine),
    ):
        made = signal(payload={"n": [1, None, "x"]})
        made["metadata"]["namespace"] = namespace
        await admin.create(made)
        told = await phase(admin, namespace, "Fired", "Signal", "go")
        await engine.wait(told["run"])

        async def known():
            return (await status(admin, namespace)).get("lastRun", {}).get("id") == told["run"]

        await until(known)


async def test_a_signal_that_is_refused_says_why(admin, namespace, operator, store, tmp_path):
    async with operator(), applied(admin, namespace, at(namespace)), worker(store, tmp_path / "worker"):
        made = signal(node="strat")
        made["metadata"]["namespace"] = namespace
        await admin.create(made)
        told = await phase(admin, namespace, "Refused", "Signal", "go")
        assert "has no trigger `strat`" in told["message"]


# ---- rights


async def test_the_service_account_may_do_no_more_than_it_needs(admin, namespace, account):
    if await admin.may("nobody-at-all", "get", "", "secrets", namespace):
        pytest.skip("this server lets everybody do everything")
    user = f"system:serviceaccount:{namespace}:demo-headrace-operator"
    for verb, group, what in (
        ("list", "headrace.dev", "flows"), ("patch", "headrace.dev", "flows/status"), ("patch", "apps", "deployments"),
        ("create", "", "events"), ("list", "", "pods"),
    ):  # fmt: skip
        assert await admin.may(user, verb, group, what, namespace), what
        assert not await admin.may(user, verb, group, what, "default"), what
    for verb, group, what in (
        ("get", "", "secrets"), ("list", "", "secrets"), ("delete", "headrace.dev", "flows"), ("create", "", "pods"),
        ("create", "", "pods/exec"), ("get", "", "nodes"), ("create", "rbac.authorization.k8s.io", "rolebindings"),
    ):  # fmt: skip
        assert not await admin.may(user, verb, group, what, namespace), what
