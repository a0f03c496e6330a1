"""What all resources are made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from headrace.expr.time import time_text

__all__ = ["AnyJson", "Given", "Resource", "Time", "moment"]

AnyJson = Annotated[Any, Field(description="any JSON value")]
Time = Annotated[str, Field(description="RFC 3339, in UTC", examples=["2026-01-02T03:04:05Z"])]


class Resource(BaseModel):
    """Something that the API sends; names are camelCase outside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)


class Given(Resource):
    """Something that is sent to the API; an unknown member is a mistake."""

    model_config = ConfigDict(extra="forbid")


def moment(at_ns: int | None) -> str | None:
    """A time as text."""
    return None if at_ns is None else time_text(at_ns)
