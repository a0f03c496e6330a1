"""A cluster to talk to."""

import kmock
import kopf
import pytest
from tests.cluster.server import Cluster

from headrace.cluster.api import Api


@pytest.fixture
async def cluster():
    async with Cluster() as made, kmock.Server(made):
        made.declare()
        yield made


@pytest.fixture
def log_in(cluster):
    return lambda: kopf.ConnectionInfo(server=str(cluster.url).rstrip("/"))


@pytest.fixture
async def api(log_in):
    async with Api(log_in) as made:
        yield made
