"""One connection to PostgreSQL, spoken to in pipelines of commands with one round trip each.

libpq does protocol, TLS and authentication; the event loop tells when its socket is ready. Results are
read in order up to the synchronisation point. The loop watches the socket while the connection is idle,
too, so a server that goes away is noticed before the next use.
"""

import asyncio
import logging
import os
import select
import socket
from collections.abc import Callable, Sequence

import psycopg
from psycopg import pq
from psycopg.pq.abc import PGcancelConn, PGconn, PGresult

from headrace.connections.postgres.failure import failure_of
from headrace.connections.postgres.target import PostgresTarget
from headrace.errors import InfrastructureError, PermanentError

__all__ = ["Wire"]

_CANCEL_TIMEOUT_S = 5.0
_logger = logging.getLogger(__name__)
_ERROR = pq.ExecStatus.FATAL_ERROR
_TEXT, _BYTEA, _BINARY = 25, 17, 1  # object ids of two types, the code of a format
_SYNC = pq.ExecStatus.PIPELINE_SYNC
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
_COPIES = (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH)


class Wire:
    """A connection in pipeline mode. Used by one task at a time.

    `send_…` queue commands; `sync` sends them all and reads one result for each.

    Attributes:
        broken: it is lost or closed, and cannot be used again.
        farewell: why the server ended it while nothing ran (a limit, a shutdown), if it said so.
    """

    def __init__(self, conn: PGconn, target: PostgresTarget) -> None:
        self._conn = conn
        self._target = target
        self._loop = asyncio.get_running_loop()
        self._fd = conn.socket
        self._results: list[PGresult] = []
        self._awaited = 0  # results of what was queued since the last synchronisation point
        self._done: asyncio.Future[None] | None = None
        self._is_synced = False
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self.broken = False
        self.farewell: Exception | None = None
        conn.notice_handler = self._on_notice
        self._loop.add_reader(self._fd, self._on_readable)

    @classmethod
    async def connect(cls, target: PostgresTarget) -> "Wire":
        """Connect and log in.

        Raises:
            InfrastructureError: nobody answers, or not in time, or the server is starting or stopping.
            PermanentError: the server refuses this user, password, database or TLS mode.
        """
        conn: PGconn | None = None
        try:
            async with asyncio.timeout(target.connect_timeout_s):
                addresses = await _resolve(target)
                conn = pq.PGconn.connect_start(target.conninfo(addresses))
                await _log_in(conn, target)
        except TimeoutError as error:
            if conn is not None:
                conn.finish()
            raise InfrastructureError(
                f"PostgreSQL at {target.address} did not answer within {target.connect_timeout_s:g} s; "
                "check host, port and firewalls"
            ) from error
        except BaseException:
            if conn is not None:
                conn.finish()
            raise
        conn.nonblocking = 1
        conn.enter_pipeline_mode()
        return cls(conn, target)

    @property
    def server_version(self) -> int:
        """As libpq has it: 180003 is 18.3."""
        return self._conn.server_version

    @property
    def is_idle(self) -> bool:
        """Whether no transaction is open on it."""
        return self._conn.transaction_status == pq.TransactionStatus.IDLE

    def check(self) -> bool:
        """Whether it is still whole: reads what the server said meanwhile, without a round trip."""
        while not self.broken and self._poll.poll(0):
            self._on_readable()  # a farewell first, then the end
        return not self.broken

    def send_command(self, sql: bytes, values: Sequence[bytes | None] = ()) -> None:
        """Queue a statement that is not prepared."""
        self._queue(self._conn.send_query_params, sql, values or None)

    def send_binary(self, sql: bytes, values: Sequence[str | bytes]) -> None:
        """Queue a statement that is not prepared: values are text or bytea, results come in binary form."""
        types = [_TEXT if isinstance(value, str) else _BYTEA for value in values]
        data = [value.encode() if isinstance(value, str) else value for value in values]
        self._queue(self._conn.send_query_params, sql, data, types, [_BINARY] * len(data), _BINARY)

    def send_prepare(self, name: bytes, sql: bytes, types: Sequence[int] = ()) -> None:
        """Queue the preparation and the description of a statement: two results."""
        self._queue(self._conn.send_prepare, name, sql, types or None)
        self._queue(self._conn.send_describe_prepared, name)

    def send_execute(self, name: bytes, values: Sequence[bytes | None]) -> None:
        """Queue the execution of a prepared statement."""
        self._queue(self._conn.send_query_prepared, name, values or None)

    def _queue(self, send: Callable[..., None], *arguments: object) -> None:
        """Queue one command, which will have one result.

        Raises:
            InfrastructureError: the connection was lost since the last results came.
        """
        try:
            send(*arguments)
        except psycopg.Error as error:
            raise self._lost(error) from error
        self._awaited += 1

    def send_queued(self) -> None:
        """Send what is queued, so that the server begins; `sync` gives the results.

        Raises:
            InfrastructureError: the connection was lost since the last results came.
        """
        try:
            self._flush()
        except psycopg.Error as error:
            raise self._lost(error) from error

    async def sync(self, *, commits: bool = False) -> list[PGresult]:
        """Send what is queued and read its results, in order; failed ones are results, too.

        Outside of a transaction block the server commits when all has run. A failure of that commit, such as
        a deferred constraint, is one more result at the end.

        A server that is told to stop while it commits says so after the result of COMMIT: that has come to a
        good end, and the loss of the connection is the next user's concern.

        Cancellation: what runs is cancelled on the server, and the connection is closed.

        Args:
            commits: a COMMIT comes last. Cancelled, it may still come to it; then the results are returned.

        Raises:
            InfrastructureError: the connection is lost; it is unknown what the server did.
            PermanentError: the statement is a COPY that wants to stream.
        """
        self._results = []
        self._is_synced = False
        self._done = self._loop.create_future()
        try:
            self._conn.pipeline_sync()
            self._flush()
            await self._done
        except psycopg.Error as error:
            if not self._has_committed():
                raise self._lost(error) from error
            del self._results[self._awaited :]  # the farewell
            self.close()
        except asyncio.CancelledError:
            try:
                await self._cancel()
                has_committed = commits and await self._comes_to_commit()
            finally:
                self.close()
            if not has_committed:
                raise
            _withdraw_cancellation()
        finally:
            self._done = None
            self._awaited = 0
        results, self._results = self._results, []
        return results

    async def _comes_to_commit(self) -> bool:
        """Wait for the end of what was to be cancelled; tells whether it has committed."""
        try:
            async with asyncio.timeout(_CANCEL_TIMEOUT_S):
                if not self._is_synced:
                    self._done = self._loop.create_future()
                    await self._done
        except (psycopg.Error, TimeoutError) as error:
            _logger.debug("it is not known whether a transaction that was cancelled has committed: %s", error)
        return self._has_committed()

    def _has_committed(self) -> bool:
        """Whether all that was queued has its result, that of a COMMIT at the end."""
        results = self._results[: self._awaited]
        return 0 < self._awaited == len(results) and results[-1].command_status == b"COMMIT"

    async def abort(self) -> None:
        """Cancel on the server what runs, and close the connection."""
        try:
            await self._cancel()
        finally:
            self.close()

    def close(self) -> None:
        """Close it at once; safe to call twice."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._fd = -1
            self._conn.notice_handler = None  # it holds this object
            self._conn.finish()
        self.broken = True

    def _flush(self) -> None:
        if self._conn.flush():
            self._loop.add_writer(self._fd, self._on_writable)

    def _on_writable(self) -> None:
        try:
            if not self._conn.flush():
                self._loop.remove_writer(self._fd)
        except psycopg.Error as error:
            self._fail(error)

    def _on_readable(self) -> None:
        try:
            while not self.broken:
                self._conn.consume_input()
                if self._done is not None:
                    self._collect()
                while self._conn.notifies():
                    pass  # nobody listens; they would pile up
                if not self._is_gone():
                    break
        except psycopg.Error as error:
            if self._done is not None:
                self._collect_last()
            self._fail(error)

    def _on_notice(self, notice: PGresult) -> None:
        """Keep a farewell; libpq takes an error that comes while nothing runs for a notice."""
        if notice.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) in (b"FATAL", b"PANIC"):
            self.farewell = failure_of(notice, lost=True)

    def _is_gone(self) -> bool:
        """Whether the server has closed the connection, so that all there is must be read at once.

        libuv tells of a failed socket a single time and stops watching it; the first read may have got no
        further than the server's farewell.
        """
        return not self.broken and any(event & _GONE for _, event in self._poll.poll(0))

    def _collect(self) -> None:
        """Take the results that have arrived; the one after the last command is the sync."""
        conn, results = self._conn, self._results
        while not conn.is_busy():
            result = conn.get_result()
            if result is None:  # separates the commands of a pipeline
                if conn.status != pq.ConnStatus.OK:
                    raise psycopg.OperationalError("the server closed the connection")
                continue
            status = result.status
            if status == _SYNC:
                self._is_synced = True
                if self._done is not None and not self._done.done():
                    self._done.set_result(None)
                return
            if status in _COPIES:
                self._fail(
                    PermanentError("COPY from or to the client does not run here; use `upsert` or `unnest`")
                )
                return
            results.append(result)

    def _collect_last(self) -> None:
        """Take the error with which the server ended the connection, if there is one."""
        if not self._conn.is_busy():
            result = self._conn.get_result()
            if result is not None:
                self._results.append(result)

    def _fail(self, error: Exception) -> None:
        """The connection cannot go on: wake who waits, stop watching."""
        done = self._done
        self.close()
        if done is not None and not done.done():
            done.set_exception(error)

    def _lost(self, error: psycopg.Error) -> Exception:
        self.close()
        for result in self._results:
            if result.status == _ERROR and result.error_field(pq.DiagnosticField.SQLSTATE):
                return failure_of(result, lost=True)
        reason = str(error).strip().partition("\n")[0].removeprefix("consuming input failed: ")
        where = f"PostgreSQL at {self._target.address}"
        return InfrastructureError(f"the connection to {where} was lost: {reason}")

    async def _cancel(self) -> None:
        """Ask the server to stop what it is doing, by a connection of its own (libpq does that).

        Where that is impossible the statement runs to its end there; closing the connection rolls it back
        if it is part of a transaction. `get_cancel`, the older way, would block the whole process.
        """
        if self.broken:
            return
        try:
            async with asyncio.timeout(_CANCEL_TIMEOUT_S):
                cancel = self._conn.cancel_conn()
                try:
                    cancel.start()
                    await _until_connected(cancel, cancel.poll)
                finally:
                    cancel.finish()
        except (psycopg.Error, TimeoutError) as error:
            _logger.debug("a statement could not be cancelled on the server: %s", error)


def _withdraw_cancellation() -> None:
    """The running task goes on: what it was cancelled in had come to its end before."""
    task = asyncio.current_task()
    assert task is not None, "a coroutine runs in one"  # noqa: S101
    task.uncancel()


async def _resolve(target: PostgresTarget) -> tuple[str, ...]:
    """The addresses of the host; none where libpq needs none (sockets, lists, given addresses)."""
    host = target.host
    if host.startswith(("/", "@")) or "," in host or dict(target.options).get("hostaddr"):
        return ()
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise InfrastructureError(f"the database host `{host}` cannot be found: {error.strerror}") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _until_connected(conn: PGconn | PGcancelConn, poll: Callable[[], int]) -> bool:
    """Go through libpq's steps of connecting; gives whether it came to that."""
    while True:
        match poll():
            case pq.PollingStatus.OK:
                return True
            case pq.PollingStatus.FAILED:
                return False
            case status:
                await _ready(conn.socket, write=status == pq.PollingStatus.WRITING)


async def _log_in(conn: PGconn, target: PostgresTarget) -> None:
    try:
        if await _until_connected(conn, conn.connect_poll):
            return
    except psycopg.Error as error:
        raise _refusal(conn, target) from error
    raise _refusal(conn, target)


async def _ready(fd: int, *, write: bool) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    add(fd, wake)
    try:
        await ready
    finally:
        remove(fd)


def _refusal(conn: PGconn, target: PostgresTarget) -> Exception:
    """Why a connection did not come about. libpq gives text only here, no SQLSTATE."""
    text = " ".join(conn.get_error_message("utf-8").split()) or os.strerror(0)
    reason = text.partition("failed: ")[2] or text
    where = f"PostgreSQL at {target.address}"
    if "Connection refused" in text or "No such file or directory" in text:
        cure = "is it running, and is that its port?"
        if target.address.startswith("/"):  # a socket: perhaps that of the embedded server
            cure = "is it running? `headrace postgres start` starts the embedded one"
        return InfrastructureError(f"{where} refuses connections; {cure}")
    permanent = (
        "authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied",
        "does not support SSL", "certificate", "SSL error", "permission denied", "not permitted to log in",
        "invalid", "unrecognized",
    )  # fmt: skip
    if any(word in text for word in permanent):
        return PermanentError(f"{where} does not let `{target.user}` in: {reason}", code="HR321")
    return InfrastructureError(f"cannot connect to {where}: {reason}")
