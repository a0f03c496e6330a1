"""Fixtures of the examples' tests."""

import shutil
from collections.abc import Iterator

import pytest

from headrace.connections.embedded import EmbeddedPostgres, EmbeddedServer
from support.clock import JumpingClock
from support.sync import Target, fresh_target


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A PostgreSQL server; fast, since nothing on it has to outlive a crash."""
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), ("fsync=off",))
    yield embedded.start()
    embedded.leave()
    shutil.rmtree(embedded.state)


@pytest.fixture
def target(server: EmbeddedServer) -> Iterator[Target]:
    """An empty database `myapp`, which the examples' settings name."""
    with fresh_target(server) as made:
        yield made


@pytest.fixture
def clock() -> JumpingClock:
    """A clock that shows the same time until someone sleeps."""
    return JumpingClock()
