"""One flow, from whatever there is to what should be, against an API server (kmock's)."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cluster.flows import INSTALLATION, REGISTRY, SECRETS, SIGNAL, WEBHOOK, resource

from headrace.cluster.api import ApiError
from headrace.cluster.reconciler import Reconciler
from headrace.cluster.stores import Facts, Stores
from headrace.errors import StoreError
from headrace.store import RunRecord, RunStatus

BROKEN = {**SIGNAL, "edges": ["start -> shw"]}


class Known(Stores):
    """Stores that know one thing of all flows."""

    def __init__(self, tmp_path, facts=None):
        super().__init__(tmp_path)
        self.known = facts or Facts()
        self.urls = []

    async def facts(self, url, name, flow):
        self.urls.append(url)
        if isinstance(self.known, Exception):
            raise self.known
        return self.known


@pytest.fixture
def stores(tmp_path):
    return Known(tmp_path)


@pytest.fixture
def reconciler(api, stores):
    return Reconciler(api, REGISTRY, INSTALLATION, stores)


def conditions(cluster, name="orders"):
    status = cluster.find("Flow", name)["status"]
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


async def test_a_flow_is_deployed_once(cluster, reconciler):
    await cluster.put(resource(WEBHOOK))
    report = await reconciler.flow("default", "orders")
    assert [event.reason for event in report.events] == ["Applied"]
    for kind in ("ConfigMap", "Service", "Deployment", "PodDisruptionBudget"):
        made = cluster.find(kind, "flow-orders")
        assert (
            made["metadata"]["ownerReferences"][0]["uid"] == cluster.find("Flow", "orders")["metadata"]["uid"]
        )
    cluster.log.clear()
    again = await reconciler.flow("default", "orders")
    assert (again.events, cluster.log) == ((), [])


async def test_phases_follow_the_workers(cluster, reconciler):
    await cluster.put(resource(deploy={"replicas": 2}))
    await reconciler.flow("default", "orders")
    assert cluster.find("Flow", "orders")["status"]["phase"] == "Deploying"
    await cluster.roll_out("flow-orders", ready=1)
    await reconciler.flow("default", "orders")
    assert cluster.find("Flow", "orders")["status"]["phase"] == "Deploying"
    await cluster.roll_out("flow-orders")
    report = await reconciler.flow("default", "orders")
    status = cluster.find("Flow", "orders")["status"]
    assert (status["phase"], status["readyReplicas"], status["replicas"]) == ("Running", 2, 2)
    assert conditions(cluster) == {
        "Valid": ("True", "Valid"), "Ready": ("True", "Running"), "StoreReachable": ("True", "Reachable"),
    }  # fmt: skip
    assert [(event.reason, event.is_warning) for event in report.events] == [("Running", False)]
    assert status["selector"] == "app.kubernetes.io/name=headrace-worker,headrace.dev/flow=orders"


async def test_a_change_is_rolled_out_and_the_status_says_which_version(cluster, reconciler):
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    first = cluster.find("Flow", "orders")["status"]
    await cluster.put(resource({**SIGNAL, "timeout": "5m"}))
    await reconciler.flow("default", "orders")
    second = cluster.find("Flow", "orders")["status"]
    assert (first["observedGeneration"], second["observedGeneration"]) == (1, 2)
    assert first["observedVersion"] != second["observedVersion"]
    text = cluster.find("ConfigMap", "flow-orders")["data"]["orders.yaml"]
    assert 'timeout: "5m"' in text
    assert cluster.find("Deployment", "flow-orders")["metadata"]["generation"] == 2


async def test_a_flow_that_does_not_validate_is_told_with_places_and_what_ran_goes_on(cluster, reconciler):
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    before = cluster.find("Deployment", "flow-orders"), cluster.find("ConfigMap", "flow-orders")
    version = cluster.find("Flow", "orders")["status"]["observedVersion"]
    await cluster.put(resource(BROKEN))
    report = await reconciler.flow("default", "orders")
    assert (cluster.find("Deployment", "flow-orders"), cluster.find("ConfigMap", "flow-orders")) == before
    status = cluster.find("Flow", "orders")["status"]
    assert (status["phase"], status["observedVersion"], status["observedGeneration"]) == (
        "Invalid",
        version,
        2,
    )
    found = {each["code"]: each for each in status["findings"]}["HR112"]
    assert (found["path"], found["line"], found["column"], found["severity"]) == (
        "spec.edges[0]",
        1,
        10,
        "error",
    )
    assert "did you mean `show`" in found["message"]
    assert conditions(cluster)["Valid"] == ("False", "Invalid")
    assert conditions(cluster)["Ready"] == ("False", "Invalid")
    assert {event.reason for event in report.events} == {"Invalid"}
    assert all(event.is_warning for event in report.events)


async def test_nothing_is_deployed_of_a_flow_that_never_was_valid(cluster, reconciler):
    await cluster.put(resource(BROKEN))
    await reconciler.flow("default", "orders")
    assert cluster.names("Deployment") == cluster.names("ConfigMap") == []
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    status = cluster.find("Flow", "orders")["status"]
    assert (status["findings"], conditions(cluster)["Valid"]) == ([], ("True", "Valid"))


async def test_what_a_flow_needs_no_more_is_deleted(cluster, reconciler):
    await cluster.put(resource(WEBHOOK))
    await reconciler.flow("default", "orders")
    await cluster.put(resource(SIGNAL))
    await reconciler.flow("default", "orders")
    assert cluster.names("Service") == []
    assert cluster.names("Deployment") == ["flow-orders"]


@pytest.mark.parametrize("kind", ["ConfigMap", "Deployment", "PodDisruptionBudget"])
async def test_what_somebody_deletes_is_made_again(cluster, reconciler, kind):
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    await cluster.remove(kind, "flow-orders")
    report = await reconciler.flow("default", "orders")
    assert cluster.find(kind, "flow-orders") is not None
    assert [event.message.partition(":")[0] for event in report.events] == [f"{kind} flow-orders"]


async def test_what_somebody_changes_is_changed_back_and_what_they_add_stays(cluster, reconciler):
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    deployment = cluster.find("Deployment", "flow-orders")
    deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] = 1
    deployment["spec"]["replicas"] = 7
    deployment["metadata"]["labels"]["team"] = "data"
    await cluster.put(deployment)
    await reconciler.flow("default", "orders")
    after = cluster.find("Deployment", "flow-orders")
    assert after["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert (after["spec"]["replicas"], after["metadata"]["labels"]["team"]) == (7, "data")


async def test_an_object_that_is_not_the_flow_s_is_left_alone(cluster, reconciler):
    mine = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "flow-orders"},
        "data": {"mine": "x"},
    }
    await cluster.put(mine)
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    assert cluster.find("ConfigMap", "flow-orders")["data"] == {"mine": "x"}
    assert cluster.names("Deployment") == []
    status = cluster.find("Flow", "orders")["status"]
    (ready,) = [each for each in status["conditions"] if each["type"] == "Ready"]
    assert status["phase"] == "Failed"
    assert ready["message"] == "ConfigMap `flow-orders` exists and is not this flow's; delete or rename it"


async def test_what_is_left_of_an_earlier_flow_of_the_name_is_not_taken_over(cluster, reconciler):
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    old = cluster.find("Deployment", "flow-orders")
    old["metadata"]["ownerReferences"][0]["uid"] = "another"
    await cluster.put(old)
    await reconciler.flow("default", "orders")
    assert cluster.find("Flow", "orders")["status"]["phase"] == "Failed"


async def test_a_conflict_is_tried_again(cluster, reconciler):
    await cluster.put(resource())
    cluster.refusals = {("PATCH", "Deployment"): [409, 409], ("PATCH", "Flow"): [409]}
    await reconciler.flow("default", "orders")
    assert cluster.find("Deployment", "flow-orders") is not None
    assert cluster.find("Flow", "orders")["status"]["phase"] == "Deploying"


@pytest.mark.parametrize("status", [403, 422])
async def test_what_the_server_refuses_is_in_the_status(cluster, reconciler, status):
    """A quota that is used up, an admission policy."""
    await cluster.put(resource())
    cluster.refusals = {("PATCH", "Deployment"): [status]}
    report = await reconciler.flow("default", "orders")
    assert conditions(cluster)["Ready"] == ("False", "Failed")
    assert [(event.reason, event.message) for event in report.events] == [
        ("Failed", "Kubernetes: it was planned")
    ]
    await reconciler.flow("default", "orders")
    assert conditions(cluster)["Ready"] == ("False", "Deploying")


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_server_that_fails_is_left_to_the_next_time(cluster, reconciler, status):
    await cluster.put(resource())
    cluster.refusals = {("PATCH", "Deployment"): [status]}
    with pytest.raises(ApiError, match="it was planned"):
        await reconciler.flow("default", "orders")
    await reconciler.flow("default", "orders")
    assert cluster.find("Deployment", "flow-orders") is not None


async def test_what_is_known_of_runs_is_in_the_status(cluster, reconciler, stores):
    run = RunRecord(
        "abc", "orders", "v", "start", 0, 1_000_000_000, {}, RunStatus.SUCCEEDED, 3_500_000_000, {}, tasks_done=7,
    )  # fmt: skip
    stores.known = Facts(run, open_runs=2, dead_letters=3, next_firing_ns=60_000_000_000)
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    status = cluster.find("Flow", "orders")["status"]
    assert status["lastRun"] == {
        "id": "abc", "status": "succeeded", "trigger": "start",
        "startedAt": "1970-01-01T00:00:01Z", "endedAt": "1970-01-01T00:00:03.5Z",
    }  # fmt: skip
    assert status["nextFiring"] == "1970-01-01T00:01:00Z"
    assert status["counters"] == {"openRuns": 2, "deadLetters": 3, "tasks": 7, "errors": 0, "retries": 0}
    stores.known = Facts(RunRecord("def", "orders", "v", "start", 0, 1_000_000_000, {}))
    await reconciler.flow("default", "orders")
    status = cluster.find("Flow", "orders")["status"]
    assert (status["lastRun"]["id"], "endedAt" in status["lastRun"], "nextFiring" in status) == (
        "def",
        False,
        False,
    )


async def test_a_store_that_cannot_be_reached_stops_no_deployment_and_what_was_known_stays(
    cluster, reconciler, stores
):
    stores.known = Facts(dead_letters=3)
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    stores.known = StoreError("nobody answers at nats:4222")
    await cluster.put(resource({**SIGNAL, "timeout": "5m"}))
    await reconciler.flow("default", "orders")
    assert conditions(cluster)["StoreReachable"] == ("False", "Unreachable")
    assert cluster.find("Deployment", "flow-orders")["metadata"]["generation"] == 2
    assert cluster.find("Flow", "orders")["status"]["counters"]["deadLetters"] == 3


async def test_flows_of_one_name_in_two_namespaces_keep_their_runs_apart(cluster, reconciler, stores):
    for namespace in ("one", "two"):
        await cluster.put(resource(), namespace)
        await reconciler.flow(namespace, "orders")
    assert stores.urls == ["nats://nats:4222/one?replicas=3", "nats://nats:4222/two?replicas=3"]
    arguments = [
        cluster.find("Deployment", "flow-orders", namespace)["spec"]["template"]["spec"]["containers"][0][
            "args"
        ]
        for namespace in ("one", "two")
    ]
    assert [each[3] for each in arguments] == stores.urls


async def test_a_flow_that_is_gone_or_going_is_left_alone(cluster, reconciler):
    assert await reconciler.flow("default", "orders") is None
    await cluster.put(resource(finalizers=["headrace.dev/drain"]))
    await cluster.remove("Flow", "orders")
    assert await reconciler.flow("default", "orders") is None
    assert cluster.names("Deployment") == []


async def test_conditions_keep_the_time_of_their_last_change(cluster, reconciler):
    await cluster.put(resource())
    await reconciler.flow("default", "orders")
    flow = cluster.find("Flow", "orders")
    for condition in flow["status"]["conditions"]:
        condition["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    await cluster.put(flow)
    await cluster.roll_out("flow-orders")
    await reconciler.flow("default", "orders")
    times = {
        each["type"]: each["lastTransitionTime"]
        for each in cluster.find("Flow", "orders")["status"]["conditions"]
    }
    assert times["Valid"] == "2026-01-01T00:00:00Z" != times["Ready"]


# ---- the end


def pod(name):
    labels = {"app.kubernetes.io/name": "headrace-worker", "headrace.dev/flow": "orders"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}}


async def ending(cluster, reconciler, spec=SECRETS, deploy=None):
    await cluster.put(resource(spec, deploy=deploy, finalizers=["headrace.dev/drain"]))
    await reconciler.flow("default", "orders")
    await cluster.put(pod("a"))
    await cluster.put(pod("b"))
    await cluster.remove("Flow", "orders")
    return cluster.find("Flow", "orders")


async def test_the_end_of_a_flow_waits_for_its_workers(cluster, reconciler):
    flow = await ending(cluster, reconciler)
    assert (await reconciler.end(flow)).is_done is False
    assert cluster.find("Deployment", "flow-orders")["spec"]["replicas"] == 0
    assert cluster.find("Flow", "orders")["status"]["phase"] == "Draining"
    await cluster.remove("Pod", "a")
    assert (await reconciler.end(flow)).is_done is False
    await cluster.remove("Pod", "b")
    report = await reconciler.end(flow)
    assert (report.is_done, [event.reason for event in report.events]) == (True, ["Drained"])


async def test_the_end_of_a_flow_does_not_wait_for_ever(cluster, reconciler):
    flow = await ending(cluster, reconciler, deploy={"grace": "1m"})

    def ended_before(seconds):
        at = datetime.now(UTC) - timedelta(seconds=seconds)
        return {
            **flow,
            "metadata": {**flow["metadata"], "deletionTimestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")},
        }

    assert (await reconciler.end(ended_before(170))).is_done is False
    report = await reconciler.end(ended_before(190))
    assert (report.is_done, [event.reason for event in report.events]) == (True, ["DrainTimedOut"])


async def test_the_end_of_a_flow_that_never_ran_waits_for_nothing(cluster, reconciler):
    await cluster.put(resource(BROKEN, finalizers=["headrace.dev/drain"]))
    await cluster.remove("Flow", "orders")
    assert (await reconciler.end(cluster.find("Flow", "orders"))).is_done is True


async def test_the_end_of_a_flow_that_does_not_validate_waits_as_well(cluster, reconciler):
    await cluster.put(resource(finalizers=["headrace.dev/drain"]))
    await reconciler.flow("default", "orders")
    await cluster.put(pod("a"))
    await cluster.put(resource(BROKEN, deploy={"grace": "never"}, finalizers=["headrace.dev/drain"]))
    await cluster.remove("Flow", "orders")
    assert (await reconciler.end(cluster.find("Flow", "orders"))).is_done is False
