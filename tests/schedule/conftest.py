"""Fixtures of the tests of schedules: each runs against every store."""

from collections.abc import Iterator

import pytest

from support.clock import JumpingClock
from support.stores import KINDS, Reopened, quick_folder


# Of the store on NATS `store/test_firing.py` and `engine/test_crew.py` have what these show, in less time.
@pytest.fixture(params=sorted(KINDS.keys() - {"jetstream"}))
def place(request: pytest.FixtureRequest) -> Iterator[Reopened]:
    """Of one store, which is opened again and again."""
    with quick_folder() as folder:
        yield KINDS[request.param](folder)


@pytest.fixture
def clock() -> JumpingClock:
    """Jumps to the next sleeper's time when nothing else is left to do; begins at 2023-11-14 22:13:20."""
    return JumpingClock()
