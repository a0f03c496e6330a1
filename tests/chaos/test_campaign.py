"""Short campaigns; the long ones are `make chaos`."""

from pathlib import Path

import pytest

from chaos.campaign import campaign
from chaos.play import PAGES, REFERENCE, Play


@pytest.mark.timeout(300)
@pytest.mark.parametrize("play", [REFERENCE, PAGES], ids=["reference", "pages"])
async def test_six_kills_lose_nothing_and_double_nothing(play: Play, tmp_path: Path) -> None:
    report = await campaign(tmp_path, kills=6, users=400, play=play)
    assert report.kills.total() == 6
    assert report.runs >= 1
    # A kill repeats the pages that were in flight, and no other.
    assert report.fetched_again <= report.kills.total() * play.in_flight
