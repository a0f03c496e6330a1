"""One connection to MySQL and the thread it lives in."""

import asyncio
import contextlib
import logging
import select
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pymysql
from pymysql.connections import Connection

from headrace.connections.mysql.failure import failure_of, is_lost
from headrace.connections.mysql.table import Table
from headrace.connections.mysql.target import MysqlTarget
from headrace.errors import InfrastructureError, PermanentError

__all__ = ["MysqlConnection", "Session"]

_logger = logging.getLogger(__name__)
_CANCEL_TIMEOUT_S = 5.0
_SETUP = (
    "SET time_zone = '+00:00', innodb_lock_wait_timeout = 30, sql_mode = "
    "'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
)
"""UTC, a lock timeout of 30 s, and that what a column cannot hold is refused, as MySQL does by itself since
5.7; without modes that change how texts and names are written."""

Value = TypeVar("Value")


class Session(Connection):  # type: ignore[misc]  # PyMySQL ships no types
    """PyMySQL's connection, with what it does not show. Used in one thread.

    Attributes:
        tables: what is known of tables, by name.
    """

    tables: dict[str, Table]

    @property
    def info(self) -> str:
        """What the server said of the last statement: `Records: 3  Duplicates: 1 …`, or nothing."""
        message = getattr(self._result, "message", None) or b""
        return message.decode(errors="replace")

    @property
    def is_quiet(self) -> bool:
        """Whether the server said nothing by itself, which would be that it has closed the connection."""
        if self._sock is None:
            return False
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    def cut(self) -> None:
        """Cut the line under what the thread waits for."""
        if self._sock is not None:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)


class MysqlConnection:
    """A connection; used by one task at a time."""

    def __init__(self, target: MysqlTarget, session: Session, thread: ThreadPoolExecutor) -> None:
        self._target = target
        self._session = session
        self._thread = thread
        self.broken = False

    @classmethod
    async def open(cls, target: MysqlTarget) -> "MysqlConnection":
        """Connect and set what headrace relies on.

        Raises:
            InfrastructureError: nobody answers, or not in time.
            PermanentError: the server refuses this user, password, database or TLS mode.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="headrace-mysql")
        loop = asyncio.get_running_loop()
        try:
            session = await loop.run_in_executor(thread, _connect, target)
        except pymysql.Error as error:
            thread.shutdown(wait=False)
            failure = failure_of(error)
            where = f"MySQL at {target.address}"
            raise type(failure)(f"{where}: {failure.message}", code=failure.code) from error
        except (OSError, RuntimeError) as error:  # a file of TLS; a package that logging in needs
            thread.shutdown(wait=False)
            raise PermanentError(f"MySQL at {target.address}: {error}", code="HR321") from error
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(target, session, thread)

    @property
    def is_reusable(self) -> bool:
        """Whether it may serve another task."""
        return not self.broken

    def check(self) -> bool:
        """Whether it is still whole after lying idle."""
        return not self.broken and self._session.is_quiet

    def close(self) -> None:
        """Close it, after what its thread still does; safe to call twice."""
        if not self.broken:
            self.broken = True
            self._thread.submit(_close, self._session)
            self._thread.shutdown(wait=False)

    async def run(self, work: Callable[[Session], Value]) -> Value:
        """Do some work in the connection's thread.

        Cancellation: the server is asked to stop what it does; the connection is closed, which rolls back.

        Raises:
            PermanentError | InfrastructureError: what failed.
        """
        if self.broken:
            raise InfrastructureError("the connection to MySQL is closed")
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, self._session)
        try:
            return await asyncio.shield(future)
        except pymysql.Error as error:
            if is_lost(error):
                self.close()
            raise failure_of(error) from error
        except asyncio.CancelledError:
            await self._stop(future)
            raise

    async def _stop(self, future: "asyncio.Future[Value]") -> None:
        """End what runs: by a connection of its own, and if that is of no use, by cutting the line."""
        killing = asyncio.ensure_future(asyncio.to_thread(_kill, self._target, self._session.thread_id()))
        await asyncio.wait([killing])
        await asyncio.wait([future], timeout=_CANCEL_TIMEOUT_S)
        self._session.cut()
        await asyncio.wait([future])
        if not future.cancelled():
            future.exception()  # taken, so that the loop does not report it as forgotten
        self.close()


def _connect(target: MysqlTarget) -> Session:
    session = Session(
        **target.arguments(),
        charset="utf8mb4",
        autocommit=True,
        conv={},
        init_command=_SETUP,
        program_name="headrace",
    )
    session.tables = {}
    return session


def _close(session: Session) -> None:
    with contextlib.suppress(pymysql.Error):  # it is closed already
        session.close()


def _kill(target: MysqlTarget, number: int) -> None:
    try:
        session = Connection(**target.arguments(), read_timeout=_CANCEL_TIMEOUT_S)
        with session, session.cursor() as cursor:
            cursor.execute(f"KILL QUERY {int(number)}")
    except (pymysql.Error, OSError) as error:
        _logger.debug("a statement could not be cancelled on the server: %s", error)
