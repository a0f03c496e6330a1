"""Fixtures of the examples' tests."""

from collections.abc import Iterator

import pytest

from headrace.connections.embedded import EmbeddedServer
from support.clock import JumpingClock
from support.crossing import crossings_watched
from support.postgres import fast_server
from support.sync import Target, fresh_target


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A PostgreSQL server of the test session's own."""
    with fast_server(tmp_path_factory.mktemp("postgres")) as made:
        yield made


@pytest.fixture
def target(server: EmbeddedServer) -> Iterator[Target]:
    """An empty database `myapp`, which the examples' settings name."""
    with fresh_target(server) as made:
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
