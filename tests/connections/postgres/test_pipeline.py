"""How often the server is asked, and what happens when the line breaks: seen by a proxy in between."""

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest

from headrace.connections.postgres import PostgresPool, PostgresTarget
from headrace.errors import InfrastructureError, PermanentError
from headrace.sdk.transaction import Statement


class Proxy:
    """Passes bytes on; counts how often the client spoke and the server answered."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self._server = server
        self.round_trips = 0
        self.cut = False
        self._client_spoke = False
        self._served: list[asyncio.Task] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served.append(asyncio.current_task())
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(self._server)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass(reader, upstream_writer, client=True))
            group.create_task(self._pass(upstream_reader, writer, client=False))

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, client: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if self.cut and not client:
                    break
                if client and not self._client_spoke:
                    self.round_trips += 1
                self._client_spoke = client
                writer.write(data)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def close(self) -> None:
        if self._served:
            await asyncio.wait(self._served)

    async def count(self, work) -> int:
        before = self.round_trips
        await work
        return self.round_trips - before


@pytest.fixture
async def proxy(postgres_url):
    target = PostgresTarget.parse(postgres_url)
    folder = Path(tempfile.mkdtemp())
    proxy = Proxy(folder, Path(target.host) / f".s.PGSQL.{target.port}")
    server = await asyncio.start_unix_server(proxy.serve, folder / ".s.PGSQL.5432")
    yield proxy
    server.close()
    await proxy.close()
    shutil.rmtree(folder)


@pytest.fixture
async def pool(proxy, postgres_url):
    database = PostgresTarget.parse(postgres_url).database
    pool = PostgresPool(PostgresTarget(str(proxy.folder), 5432, database), max_size=1)
    await pool.execute(Statement("create table t (id int primary key)"))
    yield pool
    await pool.close()


INSERT = "insert into t values ($1)"


async def prepare(pool):
    transaction = await pool.begin()
    await transaction.execute(Statement(INSERT, [0]))
    await transaction.rollback()


async def test_a_statement_with_begin_and_mark_is_one_round_trip_and_the_commit_another(pool, proxy):
    await prepare(pool)
    transaction = await pool.begin()
    transaction.mark("outer")
    transaction.mark("inner")
    assert await proxy.count(transaction.execute(Statement(INSERT, [1]))) == 1
    transaction.release("inner")
    transaction.mark("inner")
    assert await proxy.count(transaction.execute(Statement(INSERT, [2]))) == 1
    transaction.release("inner")
    transaction.release("outer")
    assert await proxy.count(transaction.commit()) == 1


async def test_a_statement_outside_a_transaction_is_one_round_trip(pool, proxy):
    await pool.execute(Statement(INSERT, [1]))
    assert await proxy.count(pool.execute(Statement(INSERT, [2]))) == 1


async def test_many_rows_are_one_round_trip(pool, proxy):
    await pool.execute(Statement(INSERT, [1]))
    assert await proxy.count(pool.execute(Statement(INSERT, rows=[[n] for n in range(2, 60)]))) == 1


async def test_the_first_use_of_a_statement_costs_one_more(pool, proxy):
    assert await proxy.count(pool.execute(Statement(INSERT, [1]))) == 2


async def test_a_transaction_that_did_nothing_asks_nothing(pool, proxy):
    async def nothing():
        transaction = await pool.begin()
        transaction.mark("a")
        transaction.mark("b")
        transaction.undo("b")
        transaction.release("a")
        await transaction.commit()

    assert await proxy.count(nothing()) == 0


async def test_a_failure_that_is_undone_costs_no_round_trip_of_its_own(pool, proxy):
    await prepare(pool)
    transaction = await pool.begin()
    transaction.mark("a")
    await transaction.execute(Statement(INSERT, [1]))
    transaction.release("a")
    transaction.mark("b")
    with pytest.raises(PermanentError):
        await transaction.execute(Statement(INSERT, [1]))
    transaction.undo("b")
    transaction.mark("c")
    assert await proxy.count(transaction.execute(Statement(INSERT, [2]))) == 1
    transaction.release("c")
    await transaction.commit()
    assert (await pool.execute(Statement("select id from t order by id"))).rows == [{"id": 1}, {"id": 2}]


async def test_the_record_of_a_task_travels_with_the_commit(pool, proxy):
    await prepare(pool)
    transaction = await pool.begin()
    await transaction.execute(Statement(INSERT, [1]))
    assert await proxy.count(transaction.commit(Statement(INSERT, [2]))) == 1


async def test_a_line_that_breaks_before_the_answer_is_infrastructure(pool, proxy):
    await prepare(pool)
    transaction = await pool.begin()
    await transaction.execute(Statement(INSERT, [1]))
    proxy.cut = True
    with pytest.raises(InfrastructureError, match=r"the connection to PostgreSQL at .* was lost"):
        await transaction.commit()
    await transaction.rollback()
    proxy.cut = False
    # Whether it committed is unknown to the client; here the server did.
    assert (await pool.execute(Statement("select id from t"))).rows == [{"id": 1}]


async def test_cancelling_while_a_commit_is_on_its_way_loses_the_connection_only(pool):
    await prepare(pool)
    transaction = await pool.begin()
    await transaction.execute(Statement(INSERT, [1]))
    committing = asyncio.ensure_future(transaction.commit())
    await asyncio.sleep(0)
    committing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await committing
    assert (await pool.execute(Statement("select 1 as x"))).rows == [{"x": 1}]
