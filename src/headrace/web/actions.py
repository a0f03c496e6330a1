"""What people do about runs and dead letters: here, or in the process that executes the flow."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import groupby
from typing import TypeAlias
from uuid import uuid4

import msgspec

from headrace.app.asking import settle
from headrace.app.unattended import cancel_unattended, discard_unattended
from headrace.engine import Engine
from headrace.errors import HeadraceError
from headrace.store import DeadLetter, Request, RequestKind, RunRecord, RunStatus, Store
from headrace.values import Json

__all__ = ["Actions", "Edited"]

Unattended: TypeAlias = Callable[[Request], Awaitable[str]]


class Edited(msgspec.Struct, frozen=True):
    """A message that takes the place of a dead letter's own."""

    message: Json


class Actions:
    """Each action tells why it was refused, empty if it was not; what was done is durable on return."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store

    async def cancel(self, run: RunRecord) -> str:
        """Cancel a run."""
        if run.status is not RunStatus.RUNNING:
            return f"run `{run.id}` has ended already: {run.status.value}"
        if self._engine.program(run.flow) is not None:
            return await _told(self._engine.cancel(run.id))
        request = Request(uuid4().hex, run.flow, RequestKind.CANCEL, run_id=run.id)
        return (await self._elsewhere([request], partial(cancel_unattended, self._store)))[request.id]

    async def fire(self, flow: str, trigger: str, payload: Json) -> tuple[str, str]:
        """Have a trigger fired of a flow that others execute; gives the run's id as well.

        Args:
            payload: None for the trigger's own.
        """
        request = Request.firing(flow, trigger, payload)

        async def unattended(request: Request) -> str:
            """Nobody executes the flow; but who did may have fired before it said so."""
            if await self._store.run(request.id) is None:
                return f"no process executes flow `{flow}`, so nothing was fired; `headrace worker` does it"
            return ""

        return request.id, (await self._elsewhere([request], unattended))[request.id]

    async def retry(self, letters: Sequence[DeadLetter], edited: Edited | None = None) -> list[str]:
        """Try dead letters again, in their order."""

        async def here(letter: DeadLetter) -> str:
            program = self._engine.program(letter.flow)
            if program is None:
                return f"flow `{letter.flow}` is not executed here any more"
            message = None if edited is None else edited.message
            retrial = self._engine.retry(program, letter, message, is_edited=edited is not None)
            return await _told(retrial)

        async def unattended(request: Request) -> str:
            return f"no process executes flow `{request.flow}`; `headrace runs retry` does it with its file"

        return await self._each(letters, RequestKind.RETRY, here, unattended, edited)

    async def discard(self, letters: Sequence[DeadLetter]) -> list[str]:
        """Remove dead letters for good."""

        async def here(letter: DeadLetter) -> str:
            task = letter.task
            if await self._store.discard(task.run_id, task.id):
                return ""
            return f"run `{task.run_id}` has no dead letter `{task.id}`"

        unattended = partial(discard_unattended, self._store)
        return await self._each(letters, RequestKind.DISCARD, here, unattended, None)

    async def _each(
        self,
        letters: Sequence[DeadLetter],
        kind: RequestKind,
        here: Callable[[DeadLetter], Awaitable[str]],
        unattended: Unattended,
        edited: Edited | None,
    ) -> list[str]:
        """Do something with each letter, flow by flow; the answers are in the order of the letters."""
        answers: dict[tuple[str, str], str] = {}
        for flow, some in groupby(sorted(letters, key=_flow), _flow):
            if self._engine.program(flow) is not None:
                ours = list(some)
                told = await asyncio.gather(*map(here, ours))
                answers |= {_key(letter): answer for letter, answer in zip(ours, told, strict=True)}
                continue
            asked = {uuid4().hex: letter for letter in some}
            requests = [
                Request(
                    id_,
                    flow,
                    kind,
                    run_id=letter.task.run_id,
                    task_id=letter.task.id,
                    has_data=edited is not None,
                    data=None if edited is None else edited.message,
                )
                for id_, letter in asked.items()
            ]
            answered = await self._elsewhere(requests, unattended)
            answers |= {_key(letter): answered[id_] for id_, letter in asked.items()}
        return [answers[_key(letter)] for letter in letters]

    async def _elsewhere(self, requests: list[Request], unattended: Unattended) -> dict[str, str]:
        try:
            return await settle(self._store, requests, unattended)
        except HeadraceError as error:  # the process is silent
            return {request.id: error.message for request in requests}


async def _told(work: Awaitable[object]) -> str:
    """Why something was refused, empty if it was not."""
    try:
        await work
    except HeadraceError as error:
        return error.message
    return ""


def _flow(letter: DeadLetter) -> str:
    return letter.flow


def _key(letter: DeadLetter) -> tuple[str, str]:
    return letter.task.run_id, letter.task.id
