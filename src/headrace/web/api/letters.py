"""Dead letters: looked at, edited, tried again, removed; one or many."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Query
from msgspec.structs import replace
from starlette.responses import Response

from headrace.store import DeadLetter, LetterFilter
from headrace.values import encode_json
from headrace.web.actions import Edited
from headrace.web.api.base import ExactRoute, Limit, TheSite, cursor
from headrace.web.masking import masked_json
from headrace.web.problem import ApiError
from headrace.web.resources.base import AnyJson, Given, Resource, with_message
from headrace.web.resources.letter import (
    Accepted,
    Bulk,
    LetterDetail,
    LetterRef,
    Letters,
    Refused,
    Which,
    letter_of,
)
from headrace.web.site import Site

__all__ = ["retry_all", "router"]

router = APIRouter(prefix="/dead-letters", tags=["dead letters"], route_class=ExactRoute)

_AT_ONCE = 100
"""Dead letters that are in memory at once."""

_Chosen: TypeAlias = tuple[list[DeadLetter], list[Refused]]
"""Dead letters, and those that are not there."""
_Do: TypeAlias = Callable[[Sequence[DeadLetter]], Awaitable[list[str]]]


class Retry(Given):
    """How a dead letter is tried again: a message that is given takes the place of its own."""

    message: AnyJson = None


class Done(Resource):
    """It was done."""


@router.get("")
async def list_letters(
    site: TheSite,
    flow: str | None = None,
    run: str | None = None,
    node: str | None = None,
    code: str | None = None,
    text: Annotated[str, Query(max_length=1000, description="is in the error's message")] = "",
    before: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Limit = 50,
) -> Letters:
    """Dead letters, the newest first, without their messages."""
    wanted = LetterFilter(flow, run, node, code, text, cursor(before), limit)
    page = await site.store.letters(wanted)
    following = None if page.next is None else str(page.next)
    return Letters(letters=[letter_of(each) for each in page.letters], next=following, total=page.total)


@router.post("/retry")
async def retry_many(site: TheSite, which: Which) -> Bulk:
    """Try dead letters again: those that are named, or all that fit."""
    return await _each(site, _chosen(site, which), site.actions.retry)


@router.post("/discard")
async def discard_many(site: TheSite, which: Which) -> Bulk:
    """Remove dead letters for good: those that are named, or all that fit."""
    return await _each(site, _chosen(site, which), site.actions.discard)


@router.get("/{run}/{task}", response_model=LetterDetail)
async def read_letter(site: TheSite, run: str, task: str) -> Response:
    """A dead letter with its message."""
    letter = await _letter(site, run, task)
    message = letter.task.message
    masked = masked_json(message, site.mask)
    detail = LetterDetail(
        **dict(letter_of(letter)),
        message=masked,
        message_text=encode_json(masked).decode(),
        is_masked=masked is not message,
    )
    return with_message(detail, "message")


@router.post("/{run}/{task}/retry", status_code=HTTPStatus.ACCEPTED)
async def retry(site: TheSite, run: str, task: str, given: Retry) -> Done:
    """Try a dead letter again, with its own message or an edited one."""
    letter = await _letter(site, run, task)
    edited = Edited(given.message) if "message" in given.model_fields_set else None
    (refused,) = await site.actions.retry([letter], edited)
    site.watcher.letters_changed(letter.flow)
    if refused:
        raise ApiError(HTTPStatus.CONFLICT, "refused", site.mask(refused))
    return Done()


@router.delete("/{run}/{task}")
async def discard(site: TheSite, run: str, task: str) -> Done:
    """Remove a dead letter for good."""
    letter = await _letter(site, run, task)
    (refused,) = await site.actions.discard([letter])
    site.watcher.letters_changed(letter.flow)
    if refused:
        raise ApiError(HTTPStatus.CONFLICT, "refused", site.mask(refused))
    return Done()


async def retry_all(site: Site, wanted: LetterFilter) -> Bulk:
    """Try all dead letters again that fit."""
    return await _each(site, _fitting(site, wanted), site.actions.retry)


async def _each(site: Site, chosen: AsyncIterator[_Chosen], do: _Do) -> Bulk:
    """Do something with dead letters, and tell what became of each."""
    bulk = Bulk(accepted=[], refused=[])
    async for letters, missing in chosen:
        bulk.refused += missing
        for letter, reason in zip(letters, await do(letters), strict=True):
            named = {"run": letter.task.run_id, "task": letter.task.id}
            if reason:
                bulk.refused.append(Refused(**named, reason=site.mask(reason)))
            else:
                bulk.accepted.append(Accepted(**named))
        for flow in {letter.flow for letter in letters}:
            site.watcher.letters_changed(flow)
    return bulk


def _chosen(site: Site, which: Which) -> AsyncIterator[_Chosen]:
    if which.letters is not None:
        return _named(site, which.letters)
    return _fitting(site, LetterFilter(which.flow, which.run, which.node, which.code, which.text))


async def _fitting(site: Site, wanted: LetterFilter) -> AsyncIterator[_Chosen]:
    """All that fit now, some at a time, since their messages may be large."""
    page = await site.store.letters(replace(wanted, limit=_AT_ONCE))
    while page.letters:
        yield list(reversed(page.letters)), []
        if page.next is None:
            return
        page = await site.store.letters(replace(wanted, limit=_AT_ONCE, before=page.next))


async def _named(site: Site, refs: list[LetterRef]) -> AsyncIterator[_Chosen]:
    """Those that are named, each once, and those of them that are not there."""
    keys = list(dict.fromkeys((ref.run, ref.task) for ref in refs))
    for first in range(0, len(keys), _AT_ONCE):
        found: list[DeadLetter] = []
        missing: list[Refused] = []
        for run, task in keys[first : first + _AT_ONCE]:
            letter = await site.store.dead_letter(run, task)
            if letter is None:
                missing.append(Refused(run=run, task=task, reason=_no_letter(run, task)))
            else:
                found.append(letter)
        yield found, missing


async def _letter(site: Site, run: str, task: str) -> DeadLetter:
    letter = await site.store.dead_letter(run, task)
    if letter is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", _no_letter(run, task))
    return letter


def _no_letter(run: str, task: str) -> str:
    return f"run `{run}` has no dead letter `{task}`"
