"""What all resources are made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from headrace.expr.time import time_text
from headrace.values import encode_json

__all__ = ["AnyJson", "Given", "Resource", "Time", "moment", "with_message"]

AnyJson = Annotated[Any, Field(description="any JSON value")]
Time = Annotated[str, Field(description="RFC 3339, in UTC", examples=["2026-01-02T03:04:05Z"])]


class Resource(BaseModel):
    """Something that the API sends; names are camelCase outside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)


class Given(Resource):
    """Something that is sent to the API; an unknown member is a mistake."""

    model_config = ConfigDict(extra="forbid")


def with_message(resource: Resource, name: str) -> Response:
    """A resource whose member of this name may be nested more deeply than pydantic writes."""
    members = resource.model_dump(mode="json", exclude={name})
    return Response(encode_json({**members, name: getattr(resource, name)}), media_type="application/json")


def moment(at_ns: int | None) -> str | None:
    """A time as text."""
    return None if at_ns is None else time_text(at_ns)
