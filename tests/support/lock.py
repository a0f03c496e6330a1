"""Sessions of a PostgreSQL database that wait for a lock."""

import asyncio

import psycopg

__all__ = ["until_a_lock_is_waited_for"]

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


async def until_a_lock_is_waited_for(url: str, *, is_waited_for: bool = True) -> None:
    """Wait until a session does, or none; in less time than a lock is waited for at most.

    Raises:
        TimeoutError: that does not come.
    """

    def is_so(connection: psycopg.Connection[tuple[int]]) -> bool:
        return any(count for (count,) in connection.execute(_WAITING)) is is_waited_for

    with psycopg.connect(url, autocommit=True) as connection:
        async with asyncio.timeout(10):
            while not await asyncio.to_thread(is_so, connection):
                pass
