"""The databases that tests get: one that is emptied is like one that is new."""

import psycopg

from headrace.connections.embedded import EmbeddedServer
from support.postgres import Databases

FILL = """
CREATE SCHEMA other;
CREATE TYPE other.mood AS ENUM ('good');
CREATE TABLE other.t (id serial PRIMARY KEY, mood other.mood);
CREATE VIEW v AS SELECT * FROM other.t;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
REVOKE USAGE ON SCHEMA public FROM public;
"""
CONTENT = """
SELECT 'schema', nspname, nspowner::regrole::text, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
UNION ALL SELECT 'relation', relnamespace::regnamespace || '.' || relname, relkind::text, NULL FROM pg_class
WHERE relnamespace <> 'pg_toast'::regnamespace
UNION ALL SELECT 'type', typnamespace::regnamespace || '.' || typname, NULL, NULL FROM pg_type
UNION ALL SELECT 'function', pronamespace::regnamespace || '.' || proname, NULL, NULL FROM pg_proc
"""


def content(databases: Databases, name: str) -> list[tuple[str, ...]]:
    with psycopg.connect(databases.server.url(name)) as connection:
        return sorted(connection.execute(CONTENT).fetchall(), key=str)


def test_an_emptied_database_is_like_a_new_one(postgres_server: EmbeddedServer) -> None:
    databases = Databases(postgres_server)
    with databases.empty("emptied_one"):
        new = content(databases, "emptied_one")
        still_open = psycopg.connect(postgres_server.url("emptied_one"), autocommit=True)
        still_open.execute(FILL)
    with databases.empty("emptied_one"):
        assert content(databases, "emptied_one") == new
        still_open.close()
        with psycopg.connect(postgres_server.url("emptied_one"), autocommit=True) as connection:
            connection.execute("ALTER DATABASE emptied_one SET work_mem = '9MB'")
    with databases.empty("emptied_one"), psycopg.connect(postgres_server.url("emptied_one")) as connection:
        assert connection.execute("SHOW work_mem").fetchone() != ("9MB",)
    databases._execute("DROP DATABASE emptied_one")
