"""Deferred constraints: checked before a branch ends, so that they fail the branch and not the commit."""

from headrace.connections.postgres.session import PostgresSession
from headrace.errors import InfrastructureError, PermanentError
from headrace.sdk.transaction import Statement

__all__ = ["check_deferred"]

# Constraint triggers are here, too. `SET CONSTRAINTS` looks a schema up with the user's rights.
_DEFERRABLE = Statement("""
    SELECT coalesce(string_agg(format('%I.%I', nspname, conname), ', ') FILTER (WHERE NOT condeferred), '')
               AS immediate
    FROM pg_catalog.pg_constraint JOIN pg_catalog.pg_namespace AS n ON n.oid = connamespace
    WHERE condeferrable AND has_schema_privilege(n.oid, 'USAGE') AND NOT pg_is_other_temp_schema(n.oid)
    HAVING count(*) > 0
""")

_GONE = ("42704", "3F000", "42501")
"""A constraint or its schema was dropped, or its schema closed, since the connection asked for them."""


async def check_deferred(session: PostgresSession, pending: list[str]) -> None:
    """Check what was put off, then let the constraints be deferred as they are declared.

    One round trip; none in a database without deferrable constraints, which a connection asks for once.

    Args:
        pending: commands that wait for the next statement; sent and emptied if anything is.

    Raises:
        PermanentError | InfrastructureError: as `sdk.transaction.Transaction.check_deferred`.
    """
    if session.deferral is None:
        found = (await session.execute(_DEFERRABLE, pending)).rows
        session.deferral = _commands(str(found[0]["immediate"])) if found else ()
    if session.deferral:
        commands = [*pending, *session.deferral]
        pending.clear()
        try:
            await session.command(commands)
        except PermanentError as error:
            if error.code not in _GONE:
                raise
            session.deferral = None
            raise InfrastructureError(
                f"{error.message}; the transaction is repeated", code=error.code
            ) from error


def _commands(immediate: str) -> tuple[str, ...]:
    """Check all, defer all, take back what is declared `INITIALLY IMMEDIATE`.

    In this order, since to name a constraint as DEFERRED fails where a table has one of the same name that
    is not deferrable.
    """
    restored = (f"SET CONSTRAINTS {immediate} IMMEDIATE",) if immediate else ()
    return ("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED", *restored)
