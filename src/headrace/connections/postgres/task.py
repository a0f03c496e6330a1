"""The rows of committed tasks in a PostgreSQL database: written within COMMIT, read, removed."""

import asyncio
from collections.abc import Sequence

from psycopg import pq
from psycopg.pq.abc import PGresult

from headrace.connections.postgres.failure import failure_of
from headrace.connections.postgres.insert import NOTED
from headrace.connections.postgres.place import Place, look_up, make
from headrace.connections.postgres.session import FAILED, PostgresSession
from headrace.connections.task import TABLE, committed_already, key_range
from headrace.errors import InfrastructureError
from headrace.sdk.transaction import Result, TaskRow

__all__ = ["TaskTable"]

_GONE = (b"42P01", b"3F000")  # the table, its schema
_NOT_ALLOWED = b"42501"


class TaskTable:
    """The table that the connections of one pool share; found once, whatever `search_path` then becomes."""

    def __init__(self) -> None:
        self._place: Place | None = None
        self._looking = asyncio.Lock()

    async def ensure(self, session: PostgresSession) -> None:
        """Have the table; asks the server at the first use alone. Not within a transaction.

        Raises:
            PermanentError: it is not there and cannot be made, or must not be used; says what to run.
            InfrastructureError: the connection is lost.
        """
        if self._place is not None:
            return
        async with self._looking:
            if self._place is None:
                place = await look_up(session)
                self._place = place if place.usable else await make(session, place)

    async def commit(
        self, session: PostgresSession, pending: Sequence[str], row: TaskRow
    ) -> tuple[list[Result], str]:
        """Send what waits, the row and COMMIT in one round trip.

        Returns:
            The results of what was posted, and the tag of the COMMIT.

        Raises:
            As `sdk.transaction.Transaction.commit`.
        """
        place = self._place
        if place is None or place.usable is None:
            raise _dropped()
        outcome, parts = b"$2", [row.outcome]
        if session.posted:
            outcome, parts = b"$2 || convert_to(%b, 'UTF8') || $3" % NOTED, _around_note(row.outcome)
        insert = b"insert into %b (task_id, outcome) values ($1, %b)" % (place.usable, outcome)
        settled, results = await session.conclude(pending, (insert, [row.task_id, *parts]))
        for number, result in enumerate(results):
            if result.status in FAILED:
                if number == len(pending):
                    return settled, self._refused(result, place, row)
                raise failure_of(result)
        return settled, (results[-1].command_status or b"").decode()

    async def find(self, session: PostgresSession, task_id: str) -> bytes | None:
        """The outcome in a task's row; see `sdk.transaction.Database.find_task`."""
        results = await self._ask(session, b"select outcome from %b where task_id = $1", [(task_id,)])
        return results[0].get_value(0, 0) if results and results[0].ntuples else None

    async def forget(self, session: PostgresSession, run_ids: Sequence[str]) -> int:
        """Remove the rows of runs; see `sdk.transaction.Database.forget_tasks`."""
        # The collation as well: a table that was made by hand may sort otherwise.
        delete = b'delete from %b where task_id collate "C" >= $1 and task_id collate "C" < $2'
        results = await self._ask(session, delete, [key_range(run_id) for run_id in sorted(run_ids)])
        return sum(result.command_tuples or 0 for result in results)

    async def _ask(
        self, session: PostgresSession, sql: bytes, parameters: Sequence[Sequence[str]]
    ) -> list[PGresult]:
        """Run a statement on the table, once for each of the parameters; nothing where there is no table."""
        if not parameters:
            return []
        place = self._place or await look_up(session)
        if place.table is None:
            return []
        if place.usable is None:
            raise place.refusal("")
        self._place = place
        results = await session.ask(*[(sql % place.table, values) for values in parameters])
        for result in results:
            if _sqlstate(result) in _GONE:
                self._place = None
                return await self._ask(session, sql, parameters)
            if _sqlstate(result) == _NOT_ALLOWED:
                raise place.not_open()
            if result.status in FAILED:
                raise failure_of(result)
        return results

    def _refused(self, result: PGresult, place: Place, row: TaskRow) -> str:
        """Tell why the row was not written; gives the tag of a COMMIT that could only roll back."""
        sqlstate = _sqlstate(result)
        if sqlstate == b"25P02":  # the transaction had failed before
            return "ROLLBACK"
        if sqlstate == b"23505":
            raise committed_already(row.task_id)
        if sqlstate in _GONE:
            self._place = None
            raise _dropped()
        if sqlstate == _NOT_ALLOWED:
            raise place.not_open()
        raise failure_of(result)


def _around_note(outcome: bytes) -> list[bytes]:
    """An outcome before and after the note of what was written, a text in its JSON (see `TaskRow`)."""
    members = outcome.removesuffix(b"}")
    return [b'%b%b"written":"' % (members, b"" if members == b"{" else b","), b'"}']


def _sqlstate(result: PGresult) -> bytes:
    return result.error_field(pq.DiagnosticField.SQLSTATE) or b""


def _dropped() -> InfrastructureError:
    return InfrastructureError(
        f"`{TABLE}` is gone; unless the task itself drops it, trying again makes it anew"
    )
