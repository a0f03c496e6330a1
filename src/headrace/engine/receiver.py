"""Where a trigger that listens fires: see `headrace.sdk.Receiver`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from headrace.engine.caller import Callers, Waiting
from headrace.engine.identity import random_run_id
from headrace.engine.program import Program
from headrace.engine.undivided import undivided
from headrace.engine.worker import Worker
from headrace.errors import ComponentError, StoreError
from headrace.expr import Environment, Template
from headrace.sdk import Clock, Paused
from headrace.store import Caller, Fired, RunStatus, Store
from headrace.values import Json, Message

__all__ = ["Reception", "RemoteFiring", "TriggerReceiver"]


_PAUSED_S = 60.0
"""When who met a paused trigger may look again."""


class RemoteFiring(msgspec.Struct, frozen=True):
    """Somebody outside fires a trigger.

    Attributes:
        run_id: of the run, if it makes one.
        has_caller: somebody waits for an answer.
    """

    program: Program
    trigger: str
    payload: Json
    run_id: str
    dedupe_key: str | None
    has_caller: bool


class Reception(msgspec.Struct, frozen=True):
    """What the receivers of a process share.

    Attributes:
        fire: fires; durable on return, and what it makes has begun.
        group: firings belong to it: who hangs up does not undo one.
        paused: the triggers, by flow and name, that a person has paused.
    """

    fire: Callable[[RemoteFiring], Awaitable[Fired]]
    callers: Callers
    worker: Worker
    store: Store
    clock: Clock
    mask: Callable[[str], str]
    group: asyncio.TaskGroup
    paused: set[tuple[str, str]] = msgspec.field(default_factory=set)


class TriggerReceiver:
    """See `headrace.sdk.Receiver`."""

    def __init__(self, program: Program, trigger: str, reception: Reception) -> None:
        self._program = program
        self._trigger = trigger
        self._at = reception
        self._environment = Environment(now_ns=reception.clock.now_ns, vars=program.vars)

    @property
    def node(self) -> str:
        """See `Receiver`."""
        return f"`{self._trigger}` of `{self._program.flow.name}`"

    @property
    def open_runs(self) -> int:
        """See `Receiver`."""
        return self._at.worker.count(self._program.flow.name, self._trigger)

    def is_wired(self, port: str) -> bool:
        """See `Receiver`."""
        targets = [edge.target for edge in self._program.flow.edges]
        return any((target.node, target.port) == (self._trigger, port) for target in targets)

    def evaluate(self, template: Template, message: Message) -> Json:
        """See `Receiver`."""
        return template.evaluate(message, self._environment)

    def mask(self, text: str) -> str:
        """See `Receiver`."""
        return self._at.mask(text)

    async def fire(self, payload: Json, dedupe_key: str | None = None) -> str:
        """See `Receiver`."""
        self._check()
        run_id = random_run_id()
        fired = await self._fire(payload, run_id, dedupe_key, has_caller=False)
        return fired.repeats or run_id

    @asynccontextmanager
    async def call(self, payload: Json, dedupe_key: str | None = None) -> AsyncIterator[Waiting]:
        """See `Receiver`."""
        self._check()
        callers = self._at.callers
        waiting = Waiting(random_run_id())
        callers.join(waiting)  # before there is a run, whose answer may come at once
        is_first = True
        try:
            fired = await self._fire(payload, waiting.run, dedupe_key, has_caller=True)
            if fired.repeats:
                is_first = False
                callers.move(waiting, fired.repeats)
                await self._catch_up(waiting)
            yield waiting
        except asyncio.CancelledError:
            waiting.settle(Caller.HUNG_UP)
            raise
        finally:
            waiting.settle(Caller.TIMED_OUT)
            callers.leave(waiting)
            if is_first or waiting.fate is Caller.ANSWERED:
                await self._at.store.settle(waiting.run, waiting.fate)

    def _check(self) -> None:
        """Refuse what comes while a person has paused the trigger, or the process stops.

        Raises:
            TemporaryError: it stops.
            Paused: it is so.
        """
        self._at.callers.check()
        if (self._program.flow.name, self._trigger) in self._at.paused:
            raise Paused("this is paused; come again later", retry_after_s=_PAUSED_S)

    async def _catch_up(self, waiting: Waiting) -> None:
        """Give a caller who repeats a request what its run has answered already."""
        response = await self._at.store.response(waiting.run)
        if response is not None:
            waiting.respond(response)
        elif self._at.worker.version(waiting.run) is None:  # else it goes on here, and will answer
            run = await self._at.store.run(waiting.run)
            if run is None:
                raise StoreError(f"the store has no run `{waiting.run}` any more")
            if run.status is not RunStatus.RUNNING:
                waiting.end(run)

    async def _fire(self, payload: Json, run_id: str, dedupe_key: str | None, *, has_caller: bool) -> Fired:
        """Fire; who is cancelled meanwhile is so once it is known whether there is a run."""
        firing = RemoteFiring(self._program, self._trigger, payload, run_id, dedupe_key, has_caller)
        fired = await undivided(self._at.group, self._fired(firing))
        if isinstance(fired, ComponentError):
            raise fired
        return fired

    async def _fired(self, firing: RemoteFiring) -> Fired | ComponentError:
        try:
            return await self._at.fire(firing)
        except ComponentError as error:  # the request's fault, for which the group need not end
            return error
