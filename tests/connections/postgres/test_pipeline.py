"""How often the server is asked, and what happens when the line breaks: seen by a proxy in between."""

import asyncio

import pytest

from headrace.connections.postgres import PostgresPool
from headrace.errors import InfrastructureError, PermanentError
from headrace.sdk.transaction import Statement, TaskRow
from support.proxy import proxied


@pytest.fixture
async def proxy(postgres_url):
    async with proxied(postgres_url) as proxy:
        yield proxy


@pytest.fixture
async def pool(proxy):
    pool = PostgresPool(proxy.target, max_size=1)
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

    await prepare(pool)
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


async def test_rule_11_the_row_of_a_task_travels_with_the_commit_and_its_marks(pool, proxy):
    await prepare(pool)
    for number in (1, 2):  # the first row of a connection costs no more
        transaction = await pool.begin()
        transaction.mark("a")
        await transaction.execute(Statement(INSERT, [number]))
        transaction.release("a")
        assert await proxy.count(transaction.commit(TaskRow(f"run.{number}", b"{}"))) == 1


async def test_the_table_of_tasks_is_looked_for_once_a_pool(pool, proxy):
    async def begin():
        await (await pool.begin()).rollback()

    assert await proxy.count(begin()) == 2  # looked for, made
    assert await proxy.count(begin()) == 0


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
