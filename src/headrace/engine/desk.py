"""Carries out what other processes ask of the one that executes a flow."""

import asyncio
from typing import Protocol

from headrace.engine.program import Program
from headrace.engine.undivided import undivided
from headrace.errors import HeadraceError, StoreError
from headrace.expr.suggestion import listed
from headrace.store import DeadLetter, Request, RequestKind, RunRecord, RunStatus, Store
from headrace.values import Json

__all__ = ["Actions", "Desk"]

_PERIOD_S = 0.25
"""How often is looked for requests; that costs a question to the store's file."""


class Actions(Protocol):
    """What may be asked for: see `Engine`."""

    async def fire(
        self, program: Program, trigger: str, payload: Json = None, *, run_id: str | None = None
    ) -> RunRecord:
        """Fire a trigger."""
        ...

    async def retry(
        self,
        program: Program,
        letter: DeadLetter,
        message: Json = None,
        *,
        is_edited: bool = False,
        answers: str | None = None,
    ) -> None:
        """Try a dead letter again."""
        ...

    async def cancel(self, run_id: str, *, answers: str | None = None) -> None:
        """Cancel a run."""
        ...


class Desk:
    """Looks for the requests for one flow."""

    def __init__(self, program: Program, store: Store, actions: Actions, group: asyncio.TaskGroup) -> None:
        self._program = program
        self._store = store
        self._actions = actions
        self._group = group

    async def attend(self) -> None:
        """Carry out requests until cancelled.

        The store answers a request in the step that carries it out, so none is carried out twice, whenever
        this process dies.

        Raises:
            StoreError: the store failed.
        """
        while True:
            for request in await self._store.requests(self._program.flow.name):
                refusal = await undivided(self._group, self._carry_out(request))
                if refusal:
                    await self._store.answer(request.id, refusal)
            await asyncio.sleep(_PERIOD_S)  # other processes live in real time, whatever the engine's clock

    async def _carry_out(self, request: Request) -> str:
        """Do it, and answer; tells why it is refused instead, empty if it is not."""
        try:
            match request.kind:
                case RequestKind.FIRE:
                    await self._fire(request)
                case RequestKind.CANCEL:
                    await self._cancel(request)
                case RequestKind.RETRY:
                    letter = await self._letter(request)
                    await self._actions.retry(
                        self._program,
                        letter,
                        request.data,
                        is_edited=request.has_data,
                        answers=request.id,
                    )
                case RequestKind.DISCARD:
                    run_id, task_id = request.run_id, request.task_id
                    if not await self._store.discard(run_id, task_id, answers=request.id):
                        raise _no_letter(request)
        except HeadraceError as error:
            return error.message
        return ""

    async def _fire(self, request: Request) -> None:
        triggers = self._program.triggers
        if request.trigger not in triggers:
            has = f"; there is {listed(triggers)}" if triggers else ""
            raise StoreError(f"{request.flow} has no trigger `{request.trigger}`{has}")
        await self._actions.fire(self._program, request.trigger, request.data, run_id=request.id)

    async def _cancel(self, request: Request) -> None:
        run = await self._store.run(request.run_id)
        if run is None or run.flow != request.flow:
            raise StoreError(f"there is no run `{request.run_id}`")
        if run.status is not RunStatus.RUNNING:
            raise StoreError(f"run `{run.id}` has ended already: {run.status.value}")
        await self._actions.cancel(run.id, answers=request.id)

    async def _letter(self, request: Request) -> DeadLetter:
        letter = await self._store.dead_letter(request.run_id, request.task_id)
        if letter is None:
            raise _no_letter(request)
        return letter


def _no_letter(request: Request) -> StoreError:
    return StoreError(f"run `{request.run_id}` has no dead letter `{request.task_id}`", code="HR408")
