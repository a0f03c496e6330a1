"""Connections to one MySQL database, and what runs on them."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from headrace.connections.mysql.connection import MysqlConnection, Session
from headrace.connections.mysql.insert import insert_rows
from headrace.connections.mysql.statement import with_literals
from headrace.connections.mysql.target import MysqlTarget
from headrace.connections.mysql.value import decode
from headrace.connections.pool import WAIT_S, Pool
from headrace.connections.result import refuse_twins
from headrace.connections.sql import leading_word
from headrace.errors import InternalError
from headrace.sdk.transaction import Insert, Result, Statement, Transaction
from headrace.values import Json

__all__ = ["MysqlDatabase"]

Value = TypeVar("Value")

_ALTERING = frozenset({"SET", "USE", "LOCK", "PREPARE", "HANDLER", "XA"})
"""What leaves a connection other than the pool hands it out; `sql_mode` and `autocommit` are the worst."""


class MysqlDatabase:
    """A `Database` without transactions over several statements: each commits by itself, at least once."""

    def __init__(self, target: MysqlTarget, max_size: int = 10, wait_s: float = WAIT_S) -> None:
        """Make it; nothing is connected yet.

        Args:
            max_size: connections at most.
            wait_s: how long to wait for a free one, in seconds.
        """
        self._target = target
        name = f"MySQL `{target.database}` at {target.address}"
        self._pool = Pool(name, lambda: MysqlConnection.open(target), max_size, wait_s)

    @property
    def key(self) -> Hashable:
        """What it connects to, without the password."""
        return self._target.key

    @property
    def max_size(self) -> int:
        """Connections at most."""
        return self._pool.max_size

    def grow(self, max_size: int) -> None:
        """Allow more connections."""
        self._pool.grow(max_size)

    async def begin(self) -> Transaction:
        """There is none; the settings of the connector refuse `transaction: task`."""
        raise InternalError("MySQL has no transactions of tasks")

    async def execute(self, statement: Statement | Insert) -> Result:
        """Run a statement and commit it; with several rows, all of them commit together or none.

        See `sdk.transaction.Database.execute`.
        """
        if isinstance(statement, Insert):
            return await self._run(
                lambda session: _together(session, lambda: insert_rows(session, statement))
            )
        if statement.rows is None:
            text = with_literals(statement.sql, statement.parameters)
            return await self._run(
                lambda session: _execute(session, statement.sql, [text]),
                alters=leading_word(statement.sql) in _ALTERING,
            )
        texts = [with_literals(statement.sql, row) for row in statement.rows]
        if not texts:
            return Result()
        return await self._run(
            lambda session: _together(session, lambda: _execute(session, statement.sql, texts))
        )

    async def find_task(self, task_id: str) -> bytes | None:
        """None: a statement that commits by itself notes no task."""
        return None

    async def forget_tasks(self, run_ids: Sequence[str]) -> int:
        """None are there."""
        return 0

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    async def _run(self, work: Callable[[Session], Value], *, alters: bool = False) -> Value:
        connection = await self._pool.acquire()
        try:
            return await connection.run(work)
        finally:
            if alters:
                connection.close()
            self._pool.release(connection)


def _together(session: Session, work: Callable[[], Value]) -> Value:
    """Do what takes several statements, all or none."""
    session.begin()
    try:
        value = work()
        session.commit()
    except BaseException:
        if session.open:
            session.rollback()
        raise
    return value


def _execute(session: Session, sql: str, texts: Sequence[str]) -> Result:
    """Run a statement, once for each text with other literals."""
    rows: list[dict[str, Json]] = []
    count = 0
    with session.cursor() as cursor:
        for text in texts:
            count += cursor.execute(text)
            if cursor.description is None:
                continue
            names = [str(column[0]) for column in cursor.description]
            kinds = [int(column[1]) for column in cursor.description]
            refuse_twins(names)
            rows += [dict(zip(names, map(decode, row, kinds), strict=True)) for row in cursor]
    return Result(rows, count, leading_word(sql))
