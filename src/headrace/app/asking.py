"""Asks the process that executes a flow, and waits for its answers; takes its place where there is none."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from headrace.errors import StoreError
from headrace.store import Executor, Request, Store

__all__ = ["EXECUTED_ELSEWHERE", "ask", "settle", "withdraw"]

EXECUTED_ELSEWHERE = "HR406"
"""The code of the error of who does not get a flow's lock."""

PATIENCE_S = 10.0
"""How long a process may be silent: it looks for requests four times a second."""
_PERIOD_S = 0.05
_AT_ONCE = 200
"""Requests that wait at once; a store remembers the last 1,000 answers."""


async def ask(store: Store, requests: Sequence[Request]) -> dict[str, str | None]:
    """Have the process that executes a flow carry out requests.

    Args:
        store: where both look.
        requests: about one flow.

    Returns:
        By the ids of the requests why each was refused, empty if it was carried out; None where it was not
        answered, since nobody executes the flow any more. Those that are missing were not asked for then.

    Raises:
        StoreError: the process is silent. What was asked stays, until it or another process answers.
    """
    answers: dict[str, str | None] = {}
    for first in range(0, len(requests), _AT_ONCE):
        some = requests[first : first + _AT_ONCE]
        await asyncio.gather(*(store.ask(request) for request in some))
        answers |= {request.id: await _answer(store, request) for request in some}
        if None in answers.values():
            break
    return answers


async def _answer(store: Store, request: Request) -> str | None:
    """Wait for one answer; None if nobody is there who might give it."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        executors = await store.executors(request.flow)
        refusal = await store.answered(request.id)  # after it: who has answered may end at once
        if refusal is not None or not executors:
            return refusal
        if time.monotonic() > deadline_s:
            raise _silent(request.flow, executors)
        await asyncio.sleep(_PERIOD_S)


def _silent(flow: str, executors: tuple[Executor, ...]) -> StoreError:
    alone = f"{executors[0]}, which executes flow `{flow}`, has not answered"
    many = f"none of the {len(executors)} processes that execute flow `{flow}` has answered"
    return StoreError(
        f"{alone if len(executors) == 1 else many} for {PATIENCE_S:g} s; what was asked stays, and is "
        "carried out when it or the next one answers",
        code=EXECUTED_ELSEWHERE,
    )


async def withdraw(store: Store, request_id: str) -> str | None:
    """Take back what nobody has answered; to be called by the process that executes the flow.

    Returns:
        The answer, as of `Store.answered`, where there is one after all; else None.
    """
    refusal = await store.answered(request_id)
    if refusal is None:
        await store.answer(request_id, "who asked has taken it back")
    return refusal


async def settle(
    store: Store, requests: Sequence[Request], here: Callable[[Request], Awaitable[str]]
) -> dict[str, str]:
    """Have requests about one flow carried out: by the process that executes it, else here.

    Args:
        store: where they are carried out.
        requests: about one flow.
        here: carries one out, with the flow's lock; gives why it is refused, empty if it is not.

    Returns:
        By the ids of the requests why each was refused, empty if it was carried out.
    """
    flow = requests[0].flow
    answers: dict[str, str] = {}
    asked: set[str] = set()
    while left := [request for request in requests if request.id not in answers]:
        if await store.executors(flow):
            found = await ask(store, left)
            asked |= found.keys()
            answers |= {id_: refusal for id_, refusal in found.items() if refusal is not None}
            continue
        try:
            await store.hold(flow)
        except StoreError as error:
            if error.code == EXECUTED_ELSEWHERE:
                continue
            raise
        try:
            for request in left:
                refusal = await withdraw(store, request.id) if request.id in asked else None
                answers[request.id] = await here(request) if refusal is None else refusal
        finally:
            await store.release(flow)
    return answers
