"""PostgreSQL over libpq: an own thin asyncio connection with pipelines, a pool, and transactions.

    target -> wire -> session -> task -> transaction, pool
              failure, sqltype, binding, array, column below them

Why not a ready driver: round trips are what costs, and Python's time on lists. Here `BEGIN`, savepoints
and the statement travel in one round trip, and so do `RELEASE`s and `COMMIT`; values travel as text, each
array as one literal. Measured with `bench/drivers.py` (PostgreSQL 18 on the same machine, 2 busy cores,
Python 3.11): transactions of ten upserts by `unnest`, each below a savepoint of its own.

    rows a statement        100                               10
    asyncpg                 14.8 ms, Python 5.4 us a row      4.5 ms, Python 21 us a row
    psycopg AsyncConnection 49.5 ms, Python 25 us a row       9.7 ms, Python 58 us a row
    this                    10.9 ms, Python 2.0 us a row      3.7 ms, Python 13 us a row
"""

from headrace.connections.postgres.pool import PostgresPool
from headrace.connections.postgres.target import PostgresTarget
from headrace.connections.postgres.transaction import PostgresTransaction

__all__ = ["PostgresPool", "PostgresTarget", "PostgresTransaction"]
