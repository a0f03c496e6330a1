"""A PostgreSQL server for tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.connections.embedded import EmbeddedPostgres, EmbeddedServer


@contextmanager
def fast_server(home: Path) -> Iterator[EmbeddedServer]:
    """A server of one's own; fast, since nothing on it has to outlive a crash."""
    options = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50")
    embedded = EmbeddedPostgres(home, options)
    yield embedded.start()
    embedded.leave()
    shutil.rmtree(embedded.state)
