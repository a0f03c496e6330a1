"""A PostgreSQL server for tests, and empty databases on it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from headrace.connections.embedded import EmbeddedPostgres, EmbeddedServer

_LEAVE = """
SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
END
$$;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO public;
"""
_IS_LIKE_NEW = """
SELECT datacl IS NULL
    AND NOT EXISTS (SELECT 1 FROM pg_db_role_setting WHERE setdatabase = pg_database.oid)
    AND NOT EXISTS (SELECT 1 FROM pg_extension WHERE extname <> 'plpgsql')
    AND NOT EXISTS (SELECT 1 FROM pg_event_trigger)
    AND NOT EXISTS (SELECT 1 FROM pg_publication)
    AND NOT EXISTS (SELECT 1 FROM pg_largeobject_metadata)
FROM pg_database WHERE datname = current_database()
"""


@contextmanager
def fast_server(home: Path) -> Iterator[EmbeddedServer]:
    """A server of one's own; fast, since nothing on it has to outlive a crash."""
    options = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50")
    embedded = EmbeddedPostgres(home, options)
    yield embedded.start()
    embedded.leave()
    shutil.rmtree(embedded.state)


class Databases:
    """Empty databases of a server. One is emptied for the next test, which takes a tenth of making it."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.server = server
        self._free: set[str] = set()
        self._numbers = count(1)

    @contextmanager
    def empty(self, name: str | None = None) -> Iterator[str]:
        """An empty database for the time of the block; gives its name, or that of any if None."""
        name = name or next((free for free in self._free if free.startswith("test_")), None)
        name = name or f"test_{next(self._numbers)}"
        if name in self._free:
            self._free.remove(name)
        else:
            self._execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY wal_log")
        try:
            yield name
        finally:
            if self._has_emptied(name):
                self._free.add(name)
            else:
                self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _has_emptied(self, name: str) -> bool:
        """Remove what is in its schemas; tells whether nothing else in it was changed."""
        with psycopg.connect(self.server.url(name), autocommit=True) as connection:
            row = connection.execute(_LEAVE).execute(_IS_LIKE_NEW).fetchone()
            if row != (True,):
                return False
            connection.execute(_EMPTY)
            return True

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(statement)
