"""A Singer tap for the API's users; `post_process` shapes a record, as the SDK's guide has it."""

import os
from datetime import UTC, datetime
from typing import Any

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.pagination import BasePageNumberPaginator

PAGE_SIZE = 100


class Pages(BasePageNumberPaginator):
    def has_more(self, response: Any) -> bool:
        return self.current_value * PAGE_SIZE < response.json()["total"]


class Users(RESTStream):
    name = "users"
    path = "/users"
    url_base = os.environ["BENCH_API"]
    records_jsonpath = "$.data[*]"
    primary_keys = ("external_id",)
    schema = th.PropertiesList(
        th.Property("external_id", th.StringType, required=True),
        th.Property("email", th.StringType),
        th.Property("name", th.StringType),
        th.Property("status", th.StringType, required=True),
        th.Property(
            "metadata",
            th.ObjectType(
                th.Property("source", th.StringType),
                th.Property("original_id", th.StringType),
                th.Property("synced_at", th.DateTimeType),
            ),
        ),
        th.Property("updated_at", th.DateTimeType, required=True),
    ).to_dict()

    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        return BearerTokenAuthenticator(token=os.environ["BENCH_TOKEN"])

    def get_new_paginator(self) -> Pages:
        return Pages(1)

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:
        return {"page": next_page_token or 1, "limit": PAGE_SIZE}

    def post_process(self, row: dict[str, Any], context: Any = None) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        return {
            "external_id": row["id"],
            "email": row["email"].lower(),
            "name": f"{row['first_name']} {row['last_name']}",
            "status": "active" if row["active"] else "inactive",
            "metadata": {"source": "external-system", "original_id": row["id"], "synced_at": now},
            "updated_at": now,
        }


class TapUsers(Tap):
    name = "tap-users"
    config_jsonschema = th.PropertiesList().to_dict()
    message_writer_class = MsgSpecWriter

    def discover_streams(self) -> list[Users]:
        return [Users(self)]


if __name__ == "__main__":
    TapUsers.cli()
