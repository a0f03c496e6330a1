"""The requests to the API server, and what becomes of its refusals."""

import kopf
import pytest
from tests.cluster.flows import resource

from headrace.cluster.api import Api, ApiError, path_of

FLOW = path_of("headrace.dev/v1", "Flow", "default", "orders")
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "default"},
    "data": {"k": "v"},
}


async def test_a_token_that_has_expired_is_read_anew(cluster):
    tokens = iter(["old", "new"])
    logins = []

    def log_in():
        logins.append(kopf.ConnectionInfo(server=str(cluster.url), token=next(tokens)))
        return logins[-1]

    await cluster.put(resource())
    cluster.refusals = {("GET", "Flow"): [401]}
    async with Api(log_in) as api:
        found = await api.get(FLOW)
    assert (found["metadata"]["name"], [each.token for each in logins]) == ("orders", ["old", "new"])


async def test_a_token_that_is_refused_again_and_again_is_told(cluster, api):
    cluster.refusals = {("GET", "Flow"): [401] * 20}
    with pytest.raises(ApiError) as told:
        await api.get(FLOW)
    assert (told.value.status, len(cluster.refusals["GET", "Flow"])) == (401, 15)


async def test_conflicts_are_tried_again_a_few_times(cluster, api):
    cluster.refusals = {("PATCH", "ConfigMap"): [409] * 4}
    await api.apply(CONFIG)
    assert cluster.find("ConfigMap", "a")["data"] == {"k": "v"}
    cluster.refusals = {("PATCH", "ConfigMap"): [409] * 5}
    with pytest.raises(ApiError) as told:
        await api.apply({**CONFIG, "data": {}})
    assert (told.value.status, told.value.reason) == (409, "Conflict")


async def test_to_apply_takes_away_what_was_applied_and_is_wanted_no_more(cluster, api):
    await api.apply({**CONFIG, "data": {"a": "1", "b": "2"}})
    await api.apply({**CONFIG, "data": {"b": "2"}})
    assert cluster.find("ConfigMap", "a")["data"] == {"b": "2"}


async def test_an_object_that_was_replaced_meanwhile_is_not_deleted(cluster, api):
    await cluster.put(CONFIG)
    path = path_of("v1", "ConfigMap", "default", "a")
    await api.delete(path, "uid-of-another")
    assert cluster.find("ConfigMap", "a") is not None
    await api.delete(path, cluster.find("ConfigMap", "a")["metadata"]["uid"])
    assert cluster.find("ConfigMap", "a") is None
    await api.delete(path, "gone")


async def test_what_is_not_there_is_none(cluster, api):
    assert await api.get(FLOW) is None
    assert await api.merge(FLOW, {"spec": {}}) is None


async def test_a_server_that_is_not_there_is_told():
    async with Api(lambda: kopf.ConnectionInfo(server="http://127.0.0.1:9")) as api:
        with pytest.raises(
            ApiError, match=r"the API server at http://127\.0\.0\.1:9 does not answer: Connect call failed"
        ):
            await api.get(FLOW)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("v1", "Pod", "ns"), "/api/v1/namespaces/ns/pods"),
        (("apps/v1", "Deployment", "ns", "a"), "/apis/apps/v1/namespaces/ns/deployments/a"),
        (
            ("headrace.dev/v1", "Flow", "ns", "a", "status"),
            "/apis/headrace.dev/v1/namespaces/ns/flows/a/status",
        ),
    ],
)
def test_paths(arguments, path):
    assert path_of(*arguments) == path
