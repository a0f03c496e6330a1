"""A server that ends connections: at any moment, on either event loop, with or without a word.

The line is a socket between libpq and the real server, held by a thread, so that it can be cut at an exact byte.
"""

import asyncio
import contextlib
import select
import shutil
import socket
import struct
import tempfile
import threading
from pathlib import Path

import pytest
import uvloop

from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.errors import InfrastructureError
from headrace.sdk.transaction import Statement

INSERT = "insert into t values ($1)"


def farewell() -> bytes:
    fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
    return b"E" + struct.pack("!I", len(fields) + 4) + fields


class Line:
    """Passes bytes on until it is told how to end.

    Attributes:
        after: the server's answer is cut behind these bytes, and the farewell follows.
        unread: the next thing that the client says is not even read: the farewell, then the end.
    """

    def __init__(self, server: Path) -> None:
        self._server = server
        self._folder = tempfile.mkdtemp()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self._folder}/.s.PGSQL.5432")
        self._listener.listen()
        self.after: bytes | None = None
        self.unread = False
        threading.Thread(target=self._accept, daemon=True).start()

    def target(self, database: str) -> PostgresTarget:
        return PostgresTarget(self._folder, 5432, database)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        shutil.rmtree(self._folder)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._server))
            while True:
                ready, _, _ = select.select([client, server], [], [])
                if self.unread and client in ready:
                    client.sendall(farewell())
                    return
                for end in ready:
                    data = end.recv(65536)
                    if not data:
                        return
                    if end is server and self.after is not None and self.after in data:
                        client.sendall(data[: data.index(self.after) + len(self.after)] + farewell())
                        return
                    (server if end is client else client).sendall(data)


@pytest.fixture
def line(postgres_url):
    target = PostgresTarget.parse(postgres_url)
    line = Line(Path(target.host) / f".s.PGSQL.{target.port}")
    yield line
    line.close()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request, line, postgres_url):
    """Run work with a pool over the line, on each event loop; a hang fails."""

    def run_work(work):
        async def main():
            pool = PostgresPool(line.target(PostgresTarget.parse(postgres_url).database), max_size=1)
            await pool.execute(Statement("create table t (id int primary key)"))
            try:
                async with asyncio.timeout(5):
                    return await work(pool)
            finally:
                await pool.close()

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(main())

    return run_work


def test_a_farewell_after_the_result_of_commit_takes_nothing_back(run, line):
    async def work(pool):
        transaction = await pool.begin()
        await transaction.execute(Statement(INSERT, [1]))
        line.after = b"COMMIT\0"
        await transaction.commit()
        line.after = None
        return (await pool.execute(Statement("select id from t"))).rows

    assert run(work) == [{"id": 1}]


@pytest.mark.parametrize("tag", [b"SAVEPOINT\0", b"INSERT 0 1\0"])
def test_a_farewell_before_the_result_of_commit_is_infrastructure(run, line, tag):
    async def work(pool):
        transaction = await pool.begin()
        transaction.mark("a")
        line.after = tag

        async def insert_and_commit():
            await transaction.execute(Statement(INSERT, [1]))
            transaction.release("a")
            await transaction.commit()

        with pytest.raises(InfrastructureError):
            await insert_and_commit()
        await transaction.rollback()
        line.after = None
        return (await pool.execute(Statement("select id from t"))).rows

    assert run(work) == []


def test_a_statement_that_commits_by_itself_has_not_before_the_server_says_so(run, line):
    """Its own result comes before that: what ends the connection there may have prevented the commit."""

    async def work(pool):
        await pool.execute(Statement(INSERT, [1]))
        line.after = b"INSERT 0 1\0"
        with pytest.raises(InfrastructureError):
            await pool.execute(Statement(INSERT, [2]))
        line.after = None
        return len((await pool.execute(Statement("select id from t"))).rows)

    assert run(work) in (1, 2)


def test_a_server_that_leaves_without_reading_is_noticed(run, line):
    async def work(pool):
        transaction = await pool.begin()
        await transaction.execute(Statement(INSERT, [1]))
        line.unread = True
        with pytest.raises(InfrastructureError, match="terminating connection"):
            await transaction.execute(Statement(INSERT, [2]))
        await transaction.rollback()
        line.unread = False
        return (await pool.execute(Statement("select id from t"))).rows

    assert run(work) == []


def test_a_connection_that_ends_between_two_steps_of_a_statement_is_infrastructure(run, line):
    async def work(pool):
        # The farewell comes with the description of the statement, so that the execution finds it closed.
        line.after = b"RELEASE\0"
        transaction = await pool.begin()
        with pytest.raises(InfrastructureError):
            await transaction.execute(Statement(INSERT, [1]))
        await transaction.rollback()
        line.after = None
        return (await pool.execute(Statement("select id from t"))).rows

    assert run(work) == []
