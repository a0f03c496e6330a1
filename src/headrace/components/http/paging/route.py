"""Which pages follow on a page that was read, and what tells that a source goes wrong. Pure."""

from collections.abc import Iterator
from http import HTTPStatus

from msgspec.structs import replace

from headrace.components.http.paging.part import Part, Plan
from headrace.components.http.paging.position import Position
from headrace.components.http.paging.reading import Page
from headrace.components.http.paging.settings import NumberedPages, OffsetPages, PagesSettings
from headrace.components.http.paging.trail import Trail, content_of
from headrace.errors import ComponentError
from headrace.sdk import PermanentError, TemporaryError

__all__ = ["after_page", "expand", "is_past_the_end", "page_again"]

_CHUNK = 200
"""Pages whose tasks one task makes: few enough that a million pages take no memory."""


def after_page(settings: PagesSettings, part: Part, page: Page, link: str | int | None) -> list[Part]:
    """The parts that follow on a page.

    Args:
        settings: of the node.
        part: the page, followed or read by a plan.
        page: what it says.
        link: where the next page is, as it is asked for; None where pages are counted, and on the last.

    Raises:
        PermanentError: the source goes round in circles, or gives more than it promised.
        TemporaryError: the page is empty, and should not be.
    """
    if part.does == "follow":
        return _followed(settings, part, page, link)
    if part.plan is None or part.repeats is not None or part.again:
        return []
    return list(_planned(settings, part, part.plan, page))


def expand(settings: PagesSettings, part: Part) -> Iterator[Part]:
    """The pages of a plan from one on: some, and then a part that makes the others."""
    plan = part.plan
    assert plan is not None, "there is no other plan to make"  # noqa: S101
    end = min(part.number + _CHUNK, plan.pages + 1)
    for number in range(part.number, end):
        yield Part(number, _place(settings, plan, number), plan=plan, since=part.since)
    if end <= plan.pages:
        yield Part(end, does="expand", plan=plan, since=part.since)


def page_again(settings: PagesSettings, part: Part, number: int, total: int) -> Part:
    """A page that is to be read again, since rows have moved to it."""
    assert part.plan is not None, "only totals tell that rows have moved"  # noqa: S101
    return Part(number, _place(settings, part.plan, number), plan=part.plan, since=part.since, repeats=total)


def is_past_the_end(settings: PagesSettings, part: Part, error: ComponentError) -> bool:
    """Whether an error says that there is no such page, where that is no surprise."""
    status = error.detail.get("statusCode")
    if part.beyond:
        is_refused = isinstance(status, int) and 400 <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        return is_refused or error.code == "HR335"  # some give the last page once more
    is_counted = isinstance(settings.pagination, NumberedPages | OffsetPages)
    return is_counted and part.does == "follow" and part.number > 1 and status == HTTPStatus.NOT_FOUND


def _followed(settings: PagesSettings, part: Part, page: Page, link: str | int | None) -> list[Part]:
    trail = (part.trail or Trail()).past(part.position, page.items)
    if page.is_enough or page.has_more is False:
        return []
    if isinstance(settings.pagination, NumberedPages | OffsetPages):
        plan = _plan(part, page, trail)
        if plan is not None and settings.pagination.until is None:
            return list(_by_plan(settings, part, plan, page))
        if not _goes_on(settings.pagination, page, trail):
            return []
        step = 1 if isinstance(settings.pagination, NumberedPages) else len(page.items) or trail.largest
        assert isinstance(part.at, int), "pages are counted"  # noqa: S101
        following = Position(part.number + 1, part.at + step)
    else:
        if link is None:
            return []
        following = Position(part.number + 1, link)
        trail = trail.towards(following)
    if page.is_promised and page.total is not None and trail.items > page.total + 2 * trail.largest:
        raise PermanentError(
            f"{trail.items} records were read of the {page.total} that `total` promises, and the API says "
            "that there are more",
            code="HR335",
        )
    _check_most(settings, following.number)
    return [replace(part, number=following.number, at=following.at, trail=trail)]


def _goes_on(pagination: NumberedPages | OffsetPages, page: Page, trail: Trail) -> bool:
    """Whether to ask for a further page where only their records tell."""
    if page.has_more is not None:
        return page.has_more
    if page.total is not None and page.is_promised:
        return trail.items < page.total
    if not page.items:
        return False
    asked = pagination.size
    # Where no page had as many as were asked for, the server has a limit of its own.
    is_short = asked is not None and len(page.items) < asked <= trail.largest
    return not is_short


def _plan(part: Part, page: Page, trail: Trail) -> Plan | None:
    """All pages, if the first one says how many there are."""
    size, total = len(page.items), page.total
    if part.number != 1 or (page.pages is None and total is None):
        return None
    if not size:
        if total or page.pages:
            raise _missing(part, total or 0)
        return None
    pages = page.pages if page.pages is not None else -(-(total or 0) // size)
    return Plan(max(pages, 1), size, total, page.is_promised, trail.content)


def _by_plan(settings: PagesSettings, part: Part, plan: Plan, page: Page) -> Iterator[Part]:
    _check_most(settings, plan.pages)
    if plan.pages == 1:
        return _beyond(settings, part, plan, page)
    return expand(settings, Part(2, does="expand", plan=plan, since=part.since))


def _planned(settings: PagesSettings, part: Part, plan: Plan, page: Page) -> Iterator[Part]:
    """What a page of a plan makes necessary: the rest of it, or more pages than were planned."""
    count, wanted = len(page.items), part.wants or plan.expected(part.number, page.total)
    if not count and wanted and not page.has_more and part.number <= plan.pages:
        raise _missing(part, plan.total if page.total is None else page.total)
    if count and part.number > 1 and content_of(page.items) == plan.first:
        raise PermanentError(
            f"page {part.number} has the same records as page 1; does the API know the parameters of "
            "`pagination`?",
            code="HR335",
        )
    if isinstance(settings.pagination, OffsetPages) and 0 < count < wanted and isinstance(part.at, int):
        yield replace(part, at=part.at + count, wants=wanted - count)
        return
    if part.number >= plan.pages:
        yield from _beyond(settings, part, plan, page)


def _beyond(settings: PagesSettings, part: Part, plan: Plan, page: Page) -> Iterator[Part]:
    """What comes after the last page of a plan: pages that came since, or those that nobody promised."""
    number = plan.pages + 1
    pages = page.pages if page.pages is not None else -(-(page.total or 0) // plan.size)
    if pages > plan.pages:
        grown = replace(plan, pages=pages, total=page.total)
        _check_most(settings, grown.pages)
        yield from expand(settings, Part(number, does="expand", plan=grown, since=part.since))
        return
    is_full = len(page.items) >= plan.size and not plan.is_promised and not _is_all(settings, plan, page)
    if page.has_more or (page.has_more is None and is_full):
        _check_most(settings, number)
        content = content_of(page.items) if page.items else ""
        trail = Trail(content=content, items=plan.total or 0, largest=plan.size, first=plan.first)
        at = _place(settings, plan, number)
        yield Part(number, at, "follow", trail=trail, since=part.since, beyond=True)


def _is_all(settings: PagesSettings, plan: Plan, page: Page) -> bool:
    """Whether the only page has fewer records than were asked for, and as many as it says there are."""
    pagination, count = settings.pagination, len(page.items)
    assert isinstance(pagination, NumberedPages | OffsetPages), "a plan is of counted pages"  # noqa: S101
    return plan.pages == 1 and count == page.total and count < (pagination.size or 0)


def _place(settings: PagesSettings, plan: Plan, number: int) -> int:
    pagination = settings.pagination
    assert isinstance(pagination, NumberedPages | OffsetPages), "a plan is of counted pages"  # noqa: S101
    step = plan.size if isinstance(pagination, OffsetPages) else 1
    return pagination.start + (number - 1) * step


def _check_most(settings: PagesSettings, pages: int) -> None:
    if settings.max_pages and pages > settings.max_pages:
        raise PermanentError(f"there are more than {settings.max_pages} pages (`maxPages`)", code="HR335")


def _missing(part: Part, total: int | None) -> TemporaryError:
    said = "" if total is None else f" of {total} in all"
    return TemporaryError(
        f"page {part.number} has no records, though the API says that there are some{said}", code="HR336"
    )
