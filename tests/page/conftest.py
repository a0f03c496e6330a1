"""The database and the clock of the tests of the reference page."""

from collections.abc import Iterator

import pytest

from support.clock import JumpingClock
from support.crossing import crossings_watched
from support.postgres import Databases
from support.sync import Target, fresh_target


@pytest.fixture
def target(postgres_databases: Databases) -> Iterator[Target]:
    """An empty database `myapp`, which the page's settings name."""
    with fresh_target(postgres_databases) as made:
        yield made


@pytest.fixture
def clock() -> JumpingClock:
    """A clock that shows the same time until someone sleeps."""
    return JumpingClock()


@pytest.fixture(autouse=True)
def messages_are_like_their_shapes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every message of every flow that runs here is one of those that were expected."""
    with crossings_watched(monkeypatch):
        yield
