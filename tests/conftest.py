"""Real servers for tests."""

import shutil
from collections.abc import Iterator
from itertools import count

import psycopg
import pytest

from headrace.connections.embedded import EmbeddedPostgres, EmbeddedServer

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A PostgreSQL server of the test session's own; fast, since nothing on it has to outlive a crash."""
    options = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50")
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), options)
    yield embedded.start()
    embedded.leave()
    shutil.rmtree(embedded.state)


@pytest.fixture
def postgres_url(postgres_server: EmbeddedServer) -> Iterator[str]:
    """The URL of an empty database of the test's own."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY wal_log")
        yield postgres_server.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
