"""What the pages node sends, before it does."""

from headrace.components.http.response import response_shape
from headrace.sdk import Arrival, with_member
from headrace.sdk.shape import ANY, Shape, array_of, join, of

__all__ = ["done_shape", "page_shape"]


def page_shape(arrival: Arrival) -> Shape:
    """A page."""
    place = {
        "number": of("number"),
        "total": of("number").or_null(),
        "isLast": of("boolean"),
        "cursor": join(of("text"), of("number")).or_null(),
    }
    shape = with_member(arrival.base, "response", response_shape(arrival))
    shape = with_member(shape, "items", array_of(ANY))
    return with_member(shape, "page", arrival.object(place))


def done_shape(arrival: Arrival) -> Shape:
    """The end."""
    error = {"error": of("text"), "page": of("number"), "handled": of("boolean")}
    members: dict[str, Shape] = {
        "pages": of("number"),
        "items": of("number"),
        "total": of("number").or_null(),
        "repeated": of("number"),
        "failed": of("number"),
        "errors": array_of(arrival.object(error)),
        "watermark": join(of("text"), of("number")).or_null(),
    }
    shape = arrival.base
    for name, member in members.items():
        shape = with_member(shape, name, member)
    return shape
