"""Fixtures of the tests of schedules: each runs against every store."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.clock import JumpingClock
from support.stores import KINDS, Reopened

_IN_MEMORY = Path("/dev/shm")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Iterator[Reopened]:
    """Of one store, which is opened again and again.

    No power fails here: its file is in memory where that can be, which saves waiting for the disk.
    """
    with TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as folder:
        yield KINDS[request.param](Path(folder))


@pytest.fixture
def clock() -> JumpingClock:
    """Jumps to the next sleeper's time when nothing else is left to do; begins at 2023-11-14 22:13:20."""
    return JumpingClock()
