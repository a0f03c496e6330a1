"""Fixtures of the tests of schedules: each runs against every store."""

from pathlib import Path

import pytest

from support.clock import JumpingClock
from support.stores import KINDS, Reopened


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Reopened:
    """Of one store, which is opened again and again."""
    return KINDS[request.param](tmp_path)


@pytest.fixture
def clock() -> JumpingClock:
    """Jumps to the next sleeper's time when nothing else is left to do; begins at 2023-11-14 22:13:20."""
    return JumpingClock()
