"""The reference work with dlt.

`plain` is the REST API source as its tutorial has it. `tuned` follows "Optimizing dlt": pages are fetched by
a parallelized transformer and yielded many at once, as Arrow tables, which need no normalizing; several files
are loaded by several workers with COPY; the merge strategy is `upsert`.
"""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DESTINATION__POSTGRES__CREDENTIALS__HOST": quote(os.environ["BENCH_SOCKET_FOLDER"], safe=""),
    "DESTINATION__POSTGRES__CREDENTIALS__DATABASE": urlsplit(os.environ["BENCH_DATABASE"]).path[1:],
    "DESTINATION__POSTGRES__CREDENTIALS__USERNAME": "postgres",
    "DESTINATION__POSTGRES__CREDENTIALS__PASSWORD": "not-asked-for",
}

import dlt
import orjson
import pyarrow as pa
import urllib3
from dlt.sources.rest_api import rest_api_source

API, TOKEN = os.environ["BENCH_API"], os.environ["BENCH_TOKEN"]
COLUMNS: Any = {
    "status": {"data_type": "text", "nullable": False},
    "metadata": {"data_type": "json"},
    "updated_at": {"data_type": "timestamp", "nullable": False},
}
CHUNK = 25
"""Pages of an Arrow table: each item that is yielded goes through the whole of dlt's pipe once."""
SCHEMA = pa.schema(
    [
        pa.field("external_id", pa.string(), nullable=False),
        pa.field("email", pa.string()),
        pa.field("name", pa.string()),
        pa.field("status", pa.string(), nullable=False),
        pa.field("metadata", pa.string()),
        pa.field("updated_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)


def shape(user: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "external_id": user["id"],
        "email": user["email"].lower(),
        "name": f"{user['first_name']} {user['last_name']}",
        "status": "active" if user["active"] else "inactive",
        "metadata": {
            "source": "external-system",
            "original_id": user["id"],
            "synced_at": now.isoformat(),
        },
        "updated_at": now,
    }


def plain() -> Any:
    return rest_api_source(
        {
            "client": {
                "base_url": f"{API}/",
                "auth": {"type": "bearer", "token": TOKEN},
                "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
            },
            "resources": [
                {
                    "name": "users",
                    "primary_key": "external_id",
                    "write_disposition": "merge",
                    "columns": COLUMNS,
                    "endpoint": {"path": "users", "params": {"limit": 100}, "data_selector": "data"},
                    "processing_steps": [{"map": shape}],
                }
            ],
        }
    )


def tuned() -> Any:
    os.environ |= {
        "EXTRACT__WORKERS": "2",
        "EXTRACT__MAX_PARALLEL_ITEMS": "16",
        "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "25000",
        "NORMALIZE__WORKERS": "1",
        "LOAD__WORKERS": "8",
    }
    client = urllib3.PoolManager(maxsize=8, headers={"Authorization": f"Bearer {TOKEN}"})

    def page(number: int) -> dict[str, Any]:
        return orjson.loads(client.request("GET", f"{API}/users?page={number}&limit=100").data)

    @dlt.resource
    def numbers() -> Iterator[range]:
        pages = -(-page(1)["total"] // 100)
        for first in range(1, pages + 1, CHUNK):
            yield range(first, min(first + CHUNK, pages + 1))

    @dlt.transformer(
        name="users",
        primary_key="external_id",
        write_disposition={"disposition": "merge", "strategy": "upsert"},
        columns=COLUMNS,
        parallelized=True,
    )
    def users(numbers: range) -> Any:
        rows = [shape(user) for number in numbers for user in page(number)["data"]]
        for row in rows:
            row["metadata"] = orjson.dumps(row["metadata"]).decode()
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    return numbers | users


def main() -> None:
    form = sys.argv[1]
    data = plain() if form == "plain" else tuned()
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=os.environ["BENCH_FOLDER"],
        destination="postgres",
        dataset_name="public",
    )
    pipeline.run(data, **({} if form == "plain" else {"loader_file_format": "csv"}))


if __name__ == "__main__":
    main()
