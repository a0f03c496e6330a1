"""The pool of connections, with connections that are only counted."""

import asyncio

import pytest

from headrace.connections.pool import Pool
from headrace.errors import InfrastructureError


class Line:
    def __init__(self) -> None:
        self.is_reusable = True
        self.is_whole = True
        self.is_closed = False

    def check(self) -> bool:
        return self.is_whole

    def close(self) -> None:
        self.is_closed = True


class Exchange:
    def __init__(self) -> None:
        self.opened: list[Line] = []
        self.fails = False

    async def connect(self) -> Line:
        await asyncio.sleep(0)
        if self.fails:
            raise InfrastructureError("nobody answers")
        self.opened.append(Line())
        return self.opened[-1]


async def test_a_connection_is_opened_when_needed_and_used_again():
    exchange = Exchange()
    pool = Pool("lines", exchange.connect, 2)
    assert exchange.opened == []
    line = await pool.acquire()
    pool.release(line)
    assert await pool.acquire() is line


async def test_who_asks_first_is_served_first():
    pool = Pool("lines", Exchange().connect, 1)
    line = await pool.acquire()
    order: list[int] = []

    async def use(number: int) -> None:
        taken = await pool.acquire()
        order.append(number)
        pool.release(taken)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(use(number))
            await asyncio.sleep(0)
        pool.release(line)
    assert order == [0, 1, 2, 3, 4]


async def test_no_more_than_max_size_are_open_at_once():
    exchange = Exchange()
    pool = Pool("lines", exchange.connect, 3)

    async def use() -> None:
        line = await pool.acquire()
        await asyncio.sleep(0)
        pool.release(line)

    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(use())
    assert len(exchange.opened) == 3


async def test_waiting_ends_with_an_error_that_names_the_pool():
    pool = Pool("lines", Exchange().connect, 1, wait_s=0.01)
    line = await pool.acquire()
    with pytest.raises(InfrastructureError) as caught:
        await pool.acquire()
    assert str(caught.value) == (
        "no connection to lines came free within 0.01 s; all 1 are in use (maxOpenConns)"
    )
    pool.release(line)
    assert await pool.acquire() is line


async def test_growing_lets_those_in_who_wait():
    exchange = Exchange()
    pool = Pool("lines", exchange.connect, 1)
    await pool.acquire()
    waiting = asyncio.ensure_future(pool.acquire())
    await asyncio.sleep(0)
    pool.grow(2)
    assert await waiting is exchange.opened[1]
    pool.grow(1)
    assert pool.max_size == 2


async def test_a_connection_that_cannot_be_used_again_is_replaced():
    exchange = Exchange()
    pool = Pool("lines", exchange.connect, 1)
    line = await pool.acquire()
    waiting = asyncio.ensure_future(pool.acquire())
    await asyncio.sleep(0)
    line.is_reusable = False
    pool.release(line)
    assert await waiting is exchange.opened[1]
    assert line.is_closed


async def test_an_idle_connection_that_was_lost_is_replaced():
    exchange = Exchange()
    pool = Pool("lines", exchange.connect, 1)
    line = await pool.acquire()
    pool.release(line)
    line.is_whole = False
    assert await pool.acquire() is exchange.opened[1]
    assert line.is_closed


async def test_a_failed_connection_leaves_its_place_to_the_next():
    exchange = Exchange()
    pool = Pool("lines", exchange.connect, 1)
    exchange.fails = True
    with pytest.raises(InfrastructureError, match="nobody answers"):
        await pool.acquire()
    exchange.fails = False
    assert await pool.acquire() is exchange.opened[0]


async def test_a_waiter_that_is_cancelled_takes_nothing_with_it():
    pool = Pool("lines", Exchange().connect, 1)
    line = await pool.acquire()
    waiting = asyncio.ensure_future(pool.acquire())
    await asyncio.sleep(0)
    pool.release(line)  # it is the waiter's now, who does not know yet
    waiting.cancel()
    await asyncio.wait([waiting])
    assert await pool.acquire() is line


async def test_closing_closes_what_is_idle_now_and_the_rest_later():
    exchange = Exchange()
    pool = Pool("lines", exchange.connect, 2)
    idle, used = await pool.acquire(), await pool.acquire()
    pool.release(idle)
    await pool.close()
    await pool.close()
    assert (idle.is_closed, used.is_closed) == (True, False)
    pool.release(used)
    assert used.is_closed
    with pytest.raises(InfrastructureError, match="the pool of lines is closed"):
        await pool.acquire()
