"""The embedded server for flows: one use of it, with the databases and users that they name."""

import asyncio
from pathlib import Path

from headrace.connections.embedded.folder import PORT
from headrace.connections.embedded.server import EmbeddedPostgres, EmbeddedServer
from headrace.connections.name import quoted
from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.errors import PermanentError, UsageError
from headrace.sdk.transaction import Statement

__all__ = ["SharedServer"]

_LONGEST_NAME = 63
"""Bytes of a name in PostgreSQL (NAMEDATALEN - 1); longer ones would be cut."""

_EXISTS = {"42P04", "42710", "23505"}
"""duplicate_database, duplicate_object, and what a creation at the same moment gives."""


class SharedServer:
    """The embedded server in use by this process, until `close`."""

    def __init__(self, embedded: EmbeddedPostgres, server: EmbeddedServer) -> None:
        self._embedded = embedded
        self._administration = PostgresPool(PostgresTarget(server.socket_folder, PORT), max_size=1)
        self._ensured: set[tuple[str, str]] = set()
        self.socket_folder = server.socket_folder
        self.port = PORT

    @classmethod
    async def start(cls, home: Path) -> "SharedServer":
        """Start the server of a home folder, or find it running.

        Raises:
            PermanentError: it cannot be started; with the cure and its log.
        """
        embedded = EmbeddedPostgres(home)
        starting = asyncio.get_running_loop().run_in_executor(None, embedded.start)
        try:
            return cls(embedded, await asyncio.shield(starting))
        except asyncio.CancelledError:
            await asyncio.wait([starting])
            await asyncio.to_thread(embedded.leave)
            raise

    async def ensure(self, database: str, user: str) -> None:
        """Create the user and the database that it owns, where they are not there yet.

        A user here is a name, no barrier: whoever may enter the socket's folder needs no password. So that
        several users of one database do not stand in each other's way, they have all rights.

        Raises:
            UsageError: a name is empty or too long.
            InfrastructureError: the server failed.
        """
        if (database, user) in self._ensured:
            return
        await self.ensure_user(user)
        await self.ensure_database(database, owner=user)
        self._ensured.add((database, user))

    async def ensure_user(self, name: str) -> None:
        """Create a user with all rights, if there is none of that name."""
        found = await self._administration.execute(
            Statement("select 1 from pg_catalog.pg_roles where rolname = $1", [name])
        )
        if not found.rows:
            await self._create(f"CREATE ROLE {_quoted(name)} LOGIN SUPERUSER")

    async def ensure_database(self, name: str, owner: str = "postgres") -> None:
        """Create a database, if there is none of that name."""
        found = await self._administration.execute(
            Statement("select 1 from pg_catalog.pg_database where datname = $1", [name])
        )
        if not found.rows:
            # template0: a connection to template1 would be in the way.
            await self._create(f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(owner)} TEMPLATE template0")

    async def close(self) -> None:
        """Use the server no longer; it stops if nobody else does and it is not kept."""
        await self._administration.close()
        await asyncio.to_thread(self._embedded.leave)

    async def _create(self, sql: str) -> None:
        try:
            await self._administration.execute(Statement(sql))
        except PermanentError as error:
            if error.code not in _EXISTS:
                raise


def _quoted(name: str) -> str:
    if not name or "\0" in name or len(name.encode()) > _LONGEST_NAME:
        raise UsageError(f"`{name}` cannot name a database or user; a name has 1 to {_LONGEST_NAME} bytes")
    return quoted(name)
