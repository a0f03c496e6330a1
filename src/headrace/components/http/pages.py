"""http-module/pages."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable

from headrace.components.http.exchange import Exchange
from headrace.components.http.paging.ahead import Ahead
from headrace.components.http.paging.incremental import begin_at, highest, keep, kept
from headrace.components.http.paging.part import Part
from headrace.components.http.paging.position import first_position, request_at, resolve_next
from headrace.components.http.paging.reading import Page, read_page
from headrace.components.http.paging.route import after_page, expand, is_past_the_end, page_again
from headrace.components.http.paging.settings import LinkedPages, NextPages, PagesSettings
from headrace.components.http.paging.shape import done_shape, page_shape
from headrace.components.http.paging.shift import Totals
from headrace.components.http.request import ClientRequest, is_safe
from headrace.errors import ComponentError, ExpressionError
from headrace.sdk import (
    Component,
    Context,
    FanOut,
    Input,
    Json,
    Message,
    Output,
    Resources,
    Watermark,
    component,
    parse_message,
)
from headrace.values import members_of

__all__ = ["Pages"]

_MOST_SYNCS = 1000
"""Of which totals are remembered; of others each page whose total is smaller counts as moved."""


@component(
    "http-module/pages",
    summary="Fetches all pages of an endpoint, each as a task of its own.",
    settings=PagesSettings,
    inputs=(Input("request", "`{method, url, headers, queryParams, body, contentType}`", ClientRequest),),
    outputs=(
        Output(
            "page",
            "the base value plus `response`, `items` and `page {number, total, isLast, cursor}`",
            emits=page_shape,
        ),
        Output(
            "done",
            "the base value plus `{pages, items, total, repeated, failed, errors, watermark}`, once",
            detached=True,
            emits=done_shape,
        ),
        Output(
            "error",
            "the base value plus `error`, `errorDetail` and `page {number, cursor}`",
            error=True,
        ),
    ),
    chooses=False,
    samples="bodyJson",
    evaluates="page",
)
class Pages(Component):
    """Every page is a task: fetched, sent to `page`, and committed with what is written below it.

    Where the first page says how many there are, `concurrency` pages are worked on at once; else one after
    the other, while the next ones are fetched. A page that fails is tried again by itself, as the flow's
    `retry` says, and the others go on. Pages without records are not sent. `done` comes once, after all
    pages, also when the process died in between; `items` are the records that were read and worked on.
    """

    settings: PagesSettings

    def __init__(self, settings: PagesSettings) -> None:
        super().__init__(settings)
        self.lane_limit = self.concurrency = settings.concurrency

    async def open(self, resources: Resources) -> None:
        """Get the way to the API."""
        self._exchange = await Exchange.open(self.settings, resources)
        self._ahead = Ahead()
        self._totals: OrderedDict[str, Totals] = OrderedDict()

    async def close(self) -> None:
        """Stop what is being fetched ahead."""
        await self._ahead.close()

    def repeats(self, message: Message) -> bool:
        """Asking is not doing; what was answered is kept, and what was noticed of other pages stays true."""
        return is_safe(message)

    async def handle(self, message: Message, context: Context) -> None:
        """Begin, or go on with the part that this task is."""
        request = parse_message(ClientRequest, message)
        fan_out = context.gather()
        resume = context.resume
        if not isinstance(resume, dict):
            await self._begin(fan_out, context)
        elif isinstance(ended := resume.get("ended"), dict):
            await self._end(ended, fan_out, context)
        else:
            part = Part.parse(resume)
            if part.does == "expand":
                _add(fan_out, expand(self.settings, part))
            else:
                await self._page(part, request, fan_out, context)

    async def _begin(self, fan_out: FanOut, context: Context) -> None:
        incremental = self.settings.incremental
        since = None if incremental is None else begin_at(incremental, await kept(context))
        first = first_position(self.settings.pagination)
        _add(fan_out, [Part(1, first.at, "follow", since=since)])

    async def _page(self, part: Part, request: ClientRequest, fan_out: FanOut, context: Context) -> None:
        totals = self._opened(part, fan_out)
        try:
            key = _key(fan_out, part)
            response = await context.once(
                lambda: self._ahead.take(key, lambda: self._fetch(part, request, context))
            )
            context.count("requests")  # here, since one made ahead is made for a task that may have ended
            message, page, following = self._read(part, response, request, context)
            mark = highest(self.settings.incremental, page.items) if self.settings.incremental else None
        except (ComponentError, ExpressionError) as error:
            if isinstance(error, ComponentError) and is_past_the_end(self.settings, part, error):
                return
            facts: Json = {"number": part.number, "cursor": _shown(part.at, context)}
            await context.reject(error, {"page": facts}, key=part.number)
            return
        _add(fan_out, following)
        if totals is not None and page.total is not None:
            for number in totals.read(part.number, page.total):
                _add(fan_out, [page_again(self.settings, part, number, page.total)])
        self._look_ahead(following, self.settings.prefetch, request, fan_out, context)
        if page.items and not await self._send(part, page, message, following, fan_out, context):
            return
        fan_out.tally(_counts(part, page), mark)
        self._show(part, page, context)

    def _opened(self, part: Part, fan_out: FanOut) -> Totals | None:
        """What pages have stated, where this one counts."""
        plan = part.plan
        if plan is None or plan.total is None or part.repeats is not None or part.wants:
            return None
        totals = self._totals.get(fan_out.id)
        if totals is None:
            totals = self._totals[fan_out.id] = Totals(plan.total, plan.size)
            if len(self._totals) > _MOST_SYNCS:
                self._totals.popitem(last=False)
        totals.opened(part.number)
        return totals

    async def _fetch(self, part: Part, request: ClientRequest, context: Context) -> dict[str, Json]:
        asked = request_at(self.settings.pagination, request, part.position)
        incremental = self.settings.incremental
        is_link = isinstance(self.settings.pagination, NextPages | LinkedPages) and part.at is not None
        if incremental is not None and part.since is not None and not is_link:
            query = {**asked.query_params, incremental.param: part.since}
            asked = asked.model_copy(update={"query_params": query})
        return await self._exchange.fetch(asked, context)

    def _read(
        self, part: Part, response: dict[str, Json], request: ClientRequest, context: Context
    ) -> tuple[dict[str, Json], Page, list[Part]]:
        """The page as it is sent, what it says, and the parts that follow on it.

        Raises:
            ComponentError | ExpressionError: it cannot be read, or the source goes wrong.
        """
        message = _message(part, response, context)
        page = read_page(self.settings, message, part.wants, context)
        return message, page, after_page(self.settings, part, page, self._next(page, part, request))

    def _next(self, page: Page, part: Part, request: ClientRequest) -> str | int | None:
        """Where the next page is, as it is asked for."""
        if page.link is None or not isinstance(self.settings.pagination, NextPages | LinkedPages):
            return page.link
        asked = request_at(self.settings.pagination, request, part.position)
        may_leave = bool(self.settings.allowed_hosts)  # then these are checked
        return resolve_next(str(page.link), self.settings.base_url, asked, may_leave=may_leave)

    def _look_ahead(
        self,
        following: list[Part],
        depth: int,
        request: ClientRequest,
        fan_out: FanOut,
        context: Context,
    ) -> None:
        """Fetch the next page in the background, and from there on the ones after it."""
        if not depth or not following or following[0].does != "follow":
            return
        part = following[0]

        async def fetch() -> dict[str, Json]:
            response = await self._fetch(part, request, context)
            if depth > 1:
                self._look_further(part, response, depth - 1, request, fan_out, context)
            return response

        self._ahead.begin(_key(fan_out, part), fetch)

    def _look_further(
        self,
        part: Part,
        response: dict[str, Json],
        depth: int,
        request: ClientRequest,
        fan_out: FanOut,
        context: Context,
    ) -> None:
        try:
            _, _, following = self._read(part, response, request, context)
        except (ComponentError, ExpressionError):
            return  # the page's own task reports it
        self._look_ahead(following, depth, request, fan_out, context)

    async def _send(
        self,
        part: Part,
        page: Page,
        message: dict[str, Json],
        following: list[Part],
        fan_out: FanOut,
        context: Context,
    ) -> bool:
        """Send the page. If others follow, its failure keeps none of them: it is read again by itself."""
        place = message["page"]
        assert isinstance(place, dict), "made by `_message`"  # noqa: S101
        place["total"] = page.total
        place["isLast"] = not following if part.plan is None else part.number == part.plan.pages
        if part.does != "follow" or not following:
            await context.emit("page", message, part.number)
            return True
        emission = await context.attempt("page", message, part.number, survive=True, repeats=True)
        if emission.failure is not None:
            _add(fan_out, [Part(part.number, part.at, plan=part.plan, since=part.since, again=True)])
        return emission.failure is None

    def _show(self, part: Part, page: Page, context: Context) -> None:
        """Count for the run's record, and for people who watch."""
        if page.items:
            context.count("pages")
            context.count("items", len(page.items))
        context.progress(len(page.items), page.total or 0 if part.number == 1 else 0)
        if page.total is not None:
            context.expect(page.total)

    async def _end(self, ended: dict[str, Json], fan_out: FanOut, context: Context) -> None:
        """All pages are done: keep how far they came, and tell it."""
        self._totals.pop(fan_out.id, None)
        incremental, mark = self.settings.incremental, Watermark.read(ended.get("watermark"))
        if incremental is None or (ended.get("hasGap") and not incremental.ascending):
            mark = None
        if mark is not None:
            await keep(mark, context)
        tally = ended.get("tally")
        counts = tally if isinstance(tally, dict) else {}
        done: dict[str, Json] = {
            "pages": counts.get("pages", 0),
            "items": counts.get("items", 0),
            "total": counts.get("total"),
            "repeated": counts.get("repeated", 0),
            "failed": ended.get("failed", 0),
            "errors": [_listed(error) for error in _list(ended.get("errors"))],
            "watermark": None if mark is None else mark.value,
        }
        await context.emit("done", {**members_of(context.base), **done})


def _add(fan_out: FanOut, parts: Iterable[Part]) -> None:
    for part in parts:
        fan_out.go_on(part.resume(), member=0 if part.does == "expand" else part.number)


def _key(fan_out: FanOut, part: Part) -> Hashable:
    return fan_out.id, part.number, part.at


def _message(part: Part, response: dict[str, Json], context: Context) -> dict[str, Json]:
    """What `page` sends, as far as it is known before the page is read."""
    place: Json = {"number": part.number, "total": None, "isLast": False, "cursor": _shown(part.at, context)}
    return {**members_of(context.base), "response": response, "items": None, "page": place}


def _shown(at: int | str | None, context: Context) -> Json:
    return context.mask(at) if isinstance(at, str) else at


def _counts(part: Part, page: Page) -> dict[str, int]:
    """What a page adds to the totals of `done`."""
    if part.repeats is not None:
        return {"repeated": 1}
    counts = {"pages": int(not part.wants), "items": len(page.items)} if page.items else {}
    if part.number == 1 and page.total is not None and not part.again:
        counts["total"] = page.total
    plan = part.plan
    if plan is not None and part.number == plan.pages and None not in (page.total, plan.total):
        counts["total"] = (page.total or 0) - (plan.total or 0)  # what came and went since the first page
    return counts


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _listed(error: Json) -> Json:
    """An error of `done`: by the number of its page."""
    if not isinstance(error, dict):
        return error
    return {"error": error.get("error"), "page": error.get("batchNum"), "handled": error.get("handled")}
