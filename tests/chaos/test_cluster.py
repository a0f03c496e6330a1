"""A small campaign of kills on a cluster; `make chaos-cluster` runs the long ones."""

import pytest

from chaos.cluster import cluster_campaign
from chaos.play import PAGES


@pytest.mark.timeout(240)
async def test_six_kills_of_workers_and_servers_lose_nothing_and_double_nothing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    folder.chmod(0o755)
    report = await cluster_campaign(folder, kills=6, users=2_000, seed=1, play=PAGES)
    assert report.kills.total() == 6
    assert report.kills["NATS servers"] > 0
    assert report.runs > 0
