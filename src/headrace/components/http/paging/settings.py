"""Settings of `http-module/pages`."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from headrace.components.http.exchange import ExchangeSettings
from headrace.sdk import Duration, MessageTemplate, Settings

__all__ = [
    "CursorPages",
    "Incremental",
    "LinkedPages",
    "NextPages",
    "NumberedPages",
    "OffsetPages",
    "PagesSettings",
    "Pagination",
]


class _Pages(Settings):
    """What every kind of pagination may say."""

    total: MessageTemplate = None
    """How many records there are in all; without, the usual members and headers are looked at."""
    has_more: MessageTemplate = None
    """Whether there is a further page."""
    until: MessageTemplate = None
    """Whether this page is the last one that is wanted; pages are then fetched one after the other."""


class _Asked(_Pages):
    """Pages that are asked for by a parameter."""

    size: int | None = Field(None, ge=1)
    """How many records a page is to have; the server may give fewer."""
    size_param: str = Field("limit", min_length=1)
    """The parameter that `size` is sent in."""
    send_in: Literal["query", "body"] = "query"
    """Whether parameters go into the query or into a body of JSON."""


class NumberedPages(_Asked):
    """By the number of the page."""

    type: Literal["page"]
    """Pages are numbered."""
    param: str = Field("page", min_length=1)
    """The parameter of the number."""
    start: int = Field(1, ge=0)
    """The number of the first page."""
    total_pages: MessageTemplate = None
    """How many pages there are in all."""


class OffsetPages(_Asked):
    """By the number of records before the page."""

    type: Literal["offset"]
    """Pages begin at a record."""
    param: str = Field("offset", min_length=1)
    """The parameter of the offset."""
    start: int = Field(0, ge=0)
    """The offset of the first record."""


class CursorPages(_Asked):
    """By a token that the page before holds."""

    type: Literal["cursor"]
    """Each page holds a token for the next one."""
    param: str = Field("cursor", min_length=1)
    """The parameter of the token; the first page is asked for without."""
    next: MessageTemplate
    """The token of the next page: `{{$.response.bodyJson.nextCursor}}`; null, false or empty on the last."""


class NextPages(_Pages):
    """By the address of the next page, in the body."""

    type: Literal["next"]
    """Each page holds the URL of the next one."""
    next: MessageTemplate
    """The URL of the next page: `{{$.response.bodyJson.links.next}}`; null or empty on the last."""


class LinkedPages(_Pages):
    """By the address of the next page, in the `Link` header."""

    type: Literal["link"]
    """Each page has a `Link: <…>; rel="next"` (RFC 8288)."""


Pagination: TypeAlias = Annotated[
    NumberedPages | OffsetPages | CursorPages | NextPages | LinkedPages, Field(discriminator="type")
]


class Incremental(Settings):
    """Asking only for what has changed."""

    field: str = Field(min_length=1)
    """The member of each record that says when it changed, or its growing number: `updatedAt`, `meta.seq`."""
    param: str = Field(min_length=1)
    """The query parameter that it is sent in: `updated_since`."""
    lookback: Duration = Field(0.0, ge=0)
    """How far before the highest time seen the next run begins, for what became visible late."""
    start: str | int | float | None = None
    """Where the first run begins; without, it asks for everything."""
    ascending: bool = False
    """Whether the API gives records in the order of `field`: pages before a failed one then count as done."""


class PagesSettings(ExchangeSettings):
    """Settings of the pages node: those of the HTTP client, and how pages follow one another."""

    pagination: Pagination
    """How a page is asked for, and where it ends."""
    items: MessageTemplate = None
    """The records of a page: `{{$.response.bodyJson.users}}`. Without: the body if it is an array, or its
    member `data`, `items`, `results` or `records`, or its only array."""
    concurrency: int = Field(4, ge=1)
    """Pages at once where their number is known."""
    prefetch: int = Field(1, ge=0)
    """Pages that are fetched ahead, while one is worked on, where their number is not known."""
    max_pages: int = Field(0, ge=0)
    """More pages than this are an error; 0 for no limit."""
    incremental: Incremental | None = None
    """Ask only for what has changed since the last run."""
