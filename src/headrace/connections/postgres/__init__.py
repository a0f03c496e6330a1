"""PostgreSQL over libpq: an own thin asyncio connection with pipelines, a pool, and transactions.

    target -> wire -> session -> transaction, pool
              failure, sqltype, binding, array, column below them

Why not a ready driver: what costs is round trips (see `bench/drivers.py`). Here `BEGIN`, savepoints and
the statement travel in one, and so do `RELEASE`s and `COMMIT`; values travel as text, each array as one
literal, which takes Python a fraction of what drivers spend on dumping lists.
"""

from headrace.connections.postgres.pool import PostgresPool
from headrace.connections.postgres.target import PostgresTarget
from headrace.connections.postgres.transaction import PostgresTransaction

__all__ = ["PostgresPool", "PostgresTarget", "PostgresTransaction"]
