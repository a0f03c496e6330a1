"""The reference work as a DBOS program; its system tables are in the same database.

`steps` is one workflow with a step for each page. `queue` puts a workflow for each page into a queue, of
which 8 run at once, as its documentation does parallel work.
"""

import os
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec
import urllib3
from dbos import DBOS
from psycopg_pool import ConnectionPool

API, DATABASE = os.environ["BENCH_API"], os.environ["BENCH_DATABASE"]
POLLING_S = 0.01
"""How often the queue looks for more; at its default, a second, 8 pages a second is all that it does."""
TABLE = """
    CREATE TABLE IF NOT EXISTS users (
        external_id TEXT PRIMARY KEY,
        email TEXT,
        name TEXT,
        status VARCHAR(20) NOT NULL,
        metadata JSONB,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL
    )"""
UPSERT = """
    INSERT INTO users (external_id, email, name, status, metadata, updated_at)
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS row (
        external_id text, email text, name text, status text, metadata jsonb, updated_at timestamptz
    )
    ON CONFLICT (external_id) DO UPDATE SET
        email = EXCLUDED.email, name = EXCLUDED.name, status = EXCLUDED.status,
        metadata = EXCLUDED.metadata, updated_at = EXCLUDED.updated_at
    WHERE (users.email, users.name, users.status)
        IS DISTINCT FROM (EXCLUDED.email, EXCLUDED.name, EXCLUDED.status)"""

DBOS(config={"name": "bench", "system_database_url": DATABASE, "log_level": "WARNING"})
pool = ConnectionPool(DATABASE, min_size=8, max_size=8, open=False)
http = urllib3.PoolManager(maxsize=8, headers={"Authorization": f"Bearer {os.environ['BENCH_TOKEN']}"})


def row(user: dict[str, Any], now: str) -> dict[str, Any]:
    return {
        "external_id": user["id"],
        "email": user["email"].lower(),
        "name": f"{user['first_name']} {user['last_name']}",
        "status": "active" if user["active"] else "inactive",
        "metadata": {"source": "external-system", "original_id": user["id"], "synced_at": now},
        "updated_at": now,
    }


@DBOS.step()
def sync_page(page: int) -> int:
    """Fetch a page and upsert it in a transaction; returns the total of users."""
    answer = http.request("GET", f"{API}/users?page={page}&limit=100")
    body = msgspec.json.decode(answer.data)
    now = datetime.now(UTC).isoformat()
    rows = msgspec.json.encode([row(user, now) for user in body["data"]]).decode()
    with pool.connection() as connection:
        connection.execute(UPSERT, [rows])
    return body["total"]


@DBOS.workflow()
def page_by_page() -> None:
    total = sync_page(1)
    for page in range(2, -(-total // 100) + 1):
        sync_page(page)


@DBOS.workflow()
def one_page(page: int) -> None:
    sync_page(page)


@DBOS.workflow()
def queued() -> None:
    total = sync_page(1)
    pages = range(2, -(-total // 100) + 1)
    handles = [DBOS.enqueue_workflow("pages", one_page, page) for page in pages]
    for handle in handles:
        handle.get_result()


def main() -> None:
    DBOS.launch()
    if sys.argv[1] == "queue":
        DBOS.register_queue("pages", worker_concurrency=8, polling_interval_sec=POLLING_S)
    with pool:
        with pool.connection() as connection:
            connection.execute(TABLE)
        DBOS.start_workflow(queued if sys.argv[1] == "queue" else page_by_page).get_result()
    DBOS.destroy()


if __name__ == "__main__":
    main()
