"""What a page says: its records, how many there are in all, and whether and where it goes on."""

import re

import msgspec

from headrace.components.http.paging.settings import (
    CursorPages,
    LinkedPages,
    NextPages,
    NumberedPages,
    OffsetPages,
    PagesSettings,
)
from headrace.components.http.response import stated_total
from headrace.expr import Template
from headrace.expr.text import truthy
from headrace.sdk import Context, Json, PermanentError
from headrace.values import described

__all__ = ["Page", "read_page"]

_USUAL = ("data", "items", "results", "records")
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]+))?)*)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next(?![^\s;,]))", re.IGNORECASE)


class Page(msgspec.Struct, frozen=True):
    """What a page says.

    Attributes:
        total: records in all, as this page says; None if it does not.
        is_promised: whether the settings say where `total` stands; else it was found where it mostly is.
        pages: pages in all, where `totalPages` says so.
        link: the token or address of the next page, as it stands there; None if there is none.
        has_more: what `hasMore` says; None without.
        is_enough: what `until` says.
    """

    items: list[Json]
    total: int | None
    is_promised: bool
    pages: int | None
    link: str | int | None
    has_more: bool | None
    is_enough: bool


def read_page(settings: PagesSettings, message: dict[str, Json], wants: int, context: Context) -> Page:
    """Read a page.

    Args:
        settings: of the node.
        message: the base value with `response` and `page`; gets `items`.
        wants: how many of its records are wanted; 0 for all.
        context: evaluates what the settings say.

    Raises:
        PermanentError: the settings do not fit the response.
        ExpressionError: an expression of the settings has no value for it.
    """
    pagination = settings.pagination
    response = message["response"]
    assert isinstance(response, dict), "made by the exchange"  # noqa: S101
    found = _items(settings.items, message, response["bodyJson"], context)
    if wants:
        found = found[:wants]
    message["items"] = found
    total, is_promised = _count("total", pagination.total, message, context), pagination.total is not None
    if total is None and not is_promised:
        total = stated_total(response)
    pages = None
    if isinstance(pagination, NumberedPages):
        pages = _count("totalPages", pagination.total_pages, message, context)
    link: str | int | None = None
    match pagination:
        case CursorPages() | NextPages():
            link = _token(context.evaluate(pagination.next, message), pagination.type)
        case LinkedPages():
            link = _linked(response["headers"])
        case NumberedPages() | OffsetPages():
            pass
    return Page(
        items=found,
        total=total,
        is_promised=is_promised or pages is not None,
        pages=pages,
        link=link,
        has_more=_flag(pagination.has_more, message, context),
        is_enough=bool(_flag(pagination.until, message, context)),
    )


def _items(template: Template | None, message: dict[str, Json], body: Json, context: Context) -> list[Json]:
    if template is not None:
        found = context.evaluate(template, message)
        if found is None:  # what many servers write for an empty list
            return []
        if not isinstance(found, list):
            raise PermanentError(f"`items` must be an array, but it is {described(found)}", code="HR334")
        return found
    if isinstance(body, list):
        return body
    if isinstance(body, dict):
        for name in _USUAL:
            if isinstance(value := body.get(name), list):
                return value
        arrays = [value for value in body.values() if isinstance(value, list)]
        if len(arrays) == 1:
            return arrays[0]
    raise PermanentError(
        "the records of the page were not found; say where they are: "
        '`items: "{{$.response.bodyJson.users}}"`',
        code="HR334",
    )


def _count(name: str, template: Template | None, message: dict[str, Json], context: Context) -> int | None:
    value = None if template is None else context.evaluate(template, message)
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return int(value)
    raise PermanentError(f"`{name}` must be a number, but it is {described(value)}", code="HR334")


def _flag(template: Template | None, message: dict[str, Json], context: Context) -> bool | None:
    return None if template is None else truthy(context.evaluate(template, message))


def _token(value: Json, kind: str) -> str | int | None:
    if value is None or value is False or value == "":
        return None
    if isinstance(value, str) or (isinstance(value, int) and value is not True and kind == "cursor"):
        return value
    wanted = "a text or a number" if kind == "cursor" else "a URL"
    raise PermanentError(f"`next` must be {wanted}, or null, but it is {described(value)}", code="HR334")


def _linked(headers: Json) -> str | None:
    """The target of `rel="next"` (RFC 8288, section 3)."""
    header = headers.get("link") if isinstance(headers, dict) else None
    if not isinstance(header, str):
        return None
    return next((match[1] for match in _LINK.finditer(header) if _NEXT.search(match[2])), None)
