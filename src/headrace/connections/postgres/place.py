"""Where the table of committed tasks is in a PostgreSQL database, and what makes it usable."""

import msgspec
from msgspec.structs import replace
from psycopg import pq
from psycopg.pq.abc import PGresult

from headrace.connections.postgres.failure import failure_of
from headrace.connections.postgres.session import FAILED, PostgresSession
from headrace.connections.task import TABLE, unfit_table
from headrace.errors import PermanentError

__all__ = ["COLUMNS", "Place", "look_up", "make"]

COLUMNS = (
    '(task_id text COLLATE "C" PRIMARY KEY, outcome bytea NOT NULL, at timestamptz NOT NULL DEFAULT now())'
)

# A table that can be used stays in use when a schema is put before its own. Names come quoted.
_LOOK_UP = b"""
    with found as (
        select pg_catalog.quote_ident(n.nspname) || '.headrace_tasks' as name, s.place,
            pg_catalog.has_table_privilege(c.oid, 'SELECT')
                and pg_catalog.has_table_privilege(c.oid, 'INSERT') as is_open,
            c.relkind = 'r' and exists (
                select from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attname = 'outcome' and a.atttypid = 17  -- bytea
            ) and exists (
                select from pg_catalog.pg_index i
                join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
                where i.indrelid = c.oid and i.indisprimary and i.indimmediate and i.indnkeyatts = 1
                    and a.attname = 'task_id'
            ) as is_fit
        from pg_catalog.unnest(pg_catalog.current_schemas(false)) with ordinality as s (name, place)
        join pg_catalog.pg_namespace n on n.nspname = s.name
        join pg_catalog.pg_class c on c.relnamespace = n.oid
        where c.relname = 'headrace_tasks'
    )
    select pg_catalog.quote_ident(pg_catalog.current_schema()), pg_catalog.quote_ident(current_user),
        name, is_open, is_fit
    from (values (1)) as one left join found on true
    order by (is_open and is_fit) desc, place
    limit 1"""

# Not allowed; or another process makes it at the same time, or something else has its name.
_IN_THE_WAY = ("42501", "42P07", "42710", "23505")


class Place(msgspec.Struct, frozen=True):
    """What is there along the search_path. Names are quoted, and bytes: a SQL_ASCII database has any.

    Attributes:
        schema: where a table would be made; None where the search_path names none that is there.
        table: the first table that can be used, else the first, with its schema; None where there is none.
        is_open: the user may read and write it.
        is_fit: it has the columns and the primary key that it must have.
    """

    schema: bytes | None
    user: bytes
    table: bytes | None
    is_open: bool
    is_fit: bool

    @property
    def usable(self) -> bytes | None:
        """The table, if it can be used."""
        return self.table if self.is_open and self.is_fit else None

    def not_open(self) -> PermanentError:
        """The user has not the rights on the table."""
        table, user = _text(self.table), _text(self.user)
        return unfit_table(
            f"but `{user}`, or the role that the task has set, may not use {table}; have its owner run",
            _grant(table, user),
        )

    def refusal(self, reason: str) -> PermanentError:
        """Why no table can be used.

        Args:
            reason: why none can be made in the schema.
        """
        if self.table is not None and not self.is_open:
            return self.not_open()
        user = _text(self.user)
        if self.table is not None:
            table = _text(self.table)
            return unfit_table(
                f"but {table} is something else: `task_id` must be its primary key, `outcome` bytea; "
                "have someone run",
                f"ALTER TABLE {table} RENAME TO {TABLE}_old",
                f"CREATE TABLE {table} {COLUMNS}",
                _grant(table, user),
            )
        if self.schema is None:
            return unfit_table(
                f"which is not there, and the search_path of `{user}` has no schema to make it in; "
                "have someone run",
                f"CREATE SCHEMA IF NOT EXISTS {user} AUTHORIZATION {user}",
                f"ALTER ROLE {user} SET search_path = {user}",
            )
        table = f"{_text(self.schema)}.{TABLE}"
        return unfit_table(
            f"which is not there, and `{user}` cannot make it ({reason}); have someone run",
            f"CREATE TABLE {table} {COLUMNS}",
            _grant(table, user),
        )


async def look_up(session: PostgresSession) -> Place:
    """Look for the table.

    Raises:
        InfrastructureError: as `PostgresSession.ask`.
    """
    (result,) = await session.ask((_LOOK_UP, ()))
    if result.status in FAILED:
        raise failure_of(result)
    schema, user, table, is_open, is_fit = (result.get_value(0, number) for number in range(5))
    return Place(schema, user or b"", table, is_open == b"\1", is_fit == b"\1")


async def make(session: PostgresSession, place: Place) -> Place:
    """Make the table where `look_up` found none that can be used; another process may do the same.

    Raises:
        PermanentError: it cannot be made; says what to run.
        InfrastructureError: as `PostgresSession.ask`.
    """
    if place.schema is None:
        raise place.refusal("")
    table = place.schema + f".{TABLE}".encode()
    (result,) = await session.ask((b"create table %b %b" % (table, COLUMNS.encode()), ()))
    if result.status not in FAILED:
        return replace(place, table=table, is_open=True, is_fit=True)
    if _field(result, pq.DiagnosticField.SQLSTATE) not in _IN_THE_WAY:
        raise failure_of(result)
    found = await look_up(session)
    if found.usable is None:
        raise found.refusal(_field(result, pq.DiagnosticField.MESSAGE_PRIMARY))
    return found


def _grant(table: str, user: str) -> str:
    return f"GRANT SELECT, INSERT, DELETE ON {table} TO {user}"


def _text(name: bytes | None) -> str:
    return (name or b"").decode(errors="replace")


def _field(result: PGresult, field: pq.DiagnosticField) -> str:
    return _text(result.error_field(field))
