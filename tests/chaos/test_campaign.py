"""A short campaign; the long one is `make chaos`."""

from pathlib import Path

import pytest

from chaos.campaign import campaign


@pytest.mark.timeout(300)
async def test_six_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    report = await campaign(tmp_path, kills=6, users=400)
    assert report.kills.total() == 6
    assert report.runs >= 1
    # A kill repeats the page that was in flight, and no other.
    assert report.fetched_again <= report.kills.total()
