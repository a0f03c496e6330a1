"""Real servers for the tests and those of the examples."""

import gc
import os
import sys
from collections.abc import Generator, Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, settings

from headrace.connections.embedded import EmbeddedServer
from headrace.engine.engine import RECURSION_LIMIT
from support.mariadb import MariaDb, missing, running_mariadb
from support.postgres import Databases, fast_server

# Tests start hundreds of processes; where bytecode is not kept, each of them compiles headrace again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes depends on what else the machine does; what hangs meets the limit of its test.
settings.register_profile("headrace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("headrace")

_numbers = count(1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Search for no garbage while nearly all that is made stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Keep ten thousand tests out of every later search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder of the test's own, made if it is used: whoever runs the tests has one as well."""
    home = tmp_path_factory.getbasetemp() / f"home-{next(_numbers)}"
    monkeypatch.setenv("HEADRACE_HOME", str(home))


@pytest.fixture
def engine_recursion() -> None:
    """The recursion limit that an engine sets: Hypothesis minds when it changes during an example."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A PostgreSQL server of the test session's own."""
    with fast_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: EmbeddedServer) -> Databases:
    """Empty databases of that server."""
    return Databases(postgres_server)


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The URL of an empty database, which is the test's own."""
    with postgres_databases.empty() as name:
        yield postgres_databases.server.url(name)


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """A MariaDB server of the test session's own; tests of it are skipped where it is not installed."""
    if reason := missing():
        pytest.skip(reason)
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server
