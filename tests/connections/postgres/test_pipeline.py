"""How often the server is asked, and what happens when the line breaks: seen by a proxy in between."""

import asyncio

import msgspec
import psycopg
import pytest

from headrace.connections.postgres import PostgresPool
from headrace.connections.postgres.insert import MOST_NOTED
from headrace.errors import InfrastructureError, PermanentError
from headrace.sdk.transaction import Insert, Statement, TaskRow, Upserted
from support.lock import until_a_lock_is_waited_for
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


@pytest.mark.parametrize("steps", [1, 2, 5, 20])
async def test_a_commit_that_is_cancelled_says_what_came_of_it(pool, steps):
    await prepare(pool)
    transaction = await pool.begin()
    await transaction.execute(Statement(INSERT, [1]))
    committing = asyncio.ensure_future(transaction.commit())
    for _ in range(steps):
        await asyncio.sleep(0)
    committing.cancel()
    try:
        has_committed = await committing
        assert committing.cancelling() == 0
    except asyncio.CancelledError:
        has_committed = False
    found = (await pool.execute(Statement("select id from t"))).rows
    assert found == ([{"id": 1}] if has_committed else [])


async def upserting(pool, number):
    """A transaction that has posted an upsert of two rows; what it asked before is known by then."""
    for _ in range(2):
        transaction = await pool.begin()
        await transaction.post(Insert("t", ("id",), [[number], [number + 1]], ("id",)))
        if transaction.may_settle_late:
            return transaction
        await transaction.settle()
        await transaction.check_deferred()
        await transaction.rollback()
    raise AssertionError("its results cannot come late")


async def test_what_was_posted_and_its_results_travel_with_the_commit(pool, proxy, postgres_url):
    transaction = await upserting(pool, 1)
    await transaction.post(Insert("t", ("id",), [[2], [3], [4]], ("id",)))
    assert await proxy.count(transaction.commit(TaskRow("run.1", b'{"a":1}'))) == 1
    assert [result.upserted for result in await transaction.settle()] == [
        Upserted(2, 0, 0),
        Upserted(2, 0, 1),
    ]
    found = await pool.find_task("run.1")
    assert msgspec.json.decode(found) == {"a": 1, "written": " 2/2 2/2"}


async def test_a_failure_of_what_was_posted_is_told_by_the_commit_and_the_connection_serves_on(pool, proxy):
    transaction = await upserting(pool, 1)
    await transaction.post(Insert("t", ("id",), [[5], [None]], ("id",)))
    with pytest.raises(PermanentError) as caught:
        await transaction.commit(TaskRow("run.1", b"{}"))
    assert caught.value.code == "23502"
    await transaction.rollback()
    assert (
        await proxy.count(pool.execute(Statement("select id from t"))) == 2
    )  # prepares it, on the one that was
    assert await pool.find_task("run.1") is None
    assert (await pool.execute(Statement("select id from t"))).rows == []


async def test_a_note_of_more_inserts_than_it_holds_is_not_relied_on(pool):
    transaction = await upserting(pool, 1)
    for number in range(MOST_NOTED - 1):
        await transaction.post(Insert("t", ("id",), [[number], [number + 1]], ("id",)))
    assert transaction.may_settle_late
    await transaction.post(Insert("t", ("id",), [[1], [2]], ("id",)))
    assert not transaction.may_settle_late
    await transaction.commit(TaskRow("run.1", b"{}"))
    assert await pool.find_task("run.1") == b"{}"
    assert len(await transaction.settle()) == MOST_NOTED + 1


async def test_the_note_of_a_full_transaction_has_all_of_them(pool):
    """The numbers before it are cut off, not those that count."""
    sizes = [(number % 7 + 1) * 11 for number in range(MOST_NOTED)]
    transaction = await upserting(pool, 1)
    await transaction.settle()
    for _ in range(2 * MOST_NOTED):
        await transaction.execute(Insert("t", ("id",), [[1], [2]], ("id",)))
    first = 10
    for size in sizes:
        await transaction.post(Insert("t", ("id",), [[first + n] for n in range(size)], ("id",)))
        first += size
    assert transaction.may_settle_late
    await transaction.commit(TaskRow("run.1", b"{}"))
    note = msgspec.json.decode(await pool.find_task("run.1"))["written"]
    assert note.split(" ")[-len(sizes) :] == [f"{size}/{size}" for size in sizes]


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_what_was_posted_and_waits_for_a_lock_is_cancelled_on_the_server(pool, postgres_url, end):
    await pool.execute(Statement(INSERT, [1]))
    transaction = await upserting(pool, 1)
    await transaction.rollback()
    with psycopg.connect(postgres_url) as other:
        other.execute("lock table t in exclusive mode")
        transaction = await upserting(pool, 1)
        if end == "commit":
            committing = asyncio.ensure_future(transaction.commit(TaskRow("run.1", b"{}")))
            await until_a_lock_is_waited_for(postgres_url)
            committing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await committing
        else:
            await until_a_lock_is_waited_for(postgres_url)
            await transaction.rollback(at_once=True)
        await until_a_lock_is_waited_for(postgres_url, is_waited_for=False)
    assert (await pool.execute(Statement("select id from t"))).rows == [{"id": 1}]
