"""How headrace speaks to the outside: HTTP, databases and their pools, the embedded PostgreSQL.

Each library is owned by one place here (psycopg by `postgres`, httptools by `http`, sqlite3 by `sqlite`),
which maps its errors to `headrace.errors`. Nothing here knows flows, tasks or stores; components call
it, and the engine sees it through the protocols of `headrace.sdk.transaction`.
"""
