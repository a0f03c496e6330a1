"""Tells others that the runs of a flow fail, and that they go well again (`spec.hooks`): at least once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from headrace.engine import Observer, Program
from headrace.errors import HeadraceError, StoreError, TemporaryError, UsageError
from headrace.expr.suggestion import listed
from headrace.expr.time import time_text
from headrace.flow.model import Hook
from headrace.monitor.streak import news, notice_id
from headrace.sdk import Clock, SystemClock
from headrace.store import (
    ErrorFate,
    Notice,
    NoticeKind,
    Request,
    RunFilter,
    RunRecord,
    RunStatus,
    Store,
)
from headrace.values import Json, encode_json

__all__ = ["Firing", "Hooks", "Post"]

Post: TypeAlias = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""Post a body to an address with headers; gives the status of the answer."""

_log = logging.getLogger(__name__)

_ENDS = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED})
_LATEST = 200
_SIGNAL = "common-module/signal"
_LONGEST_PAUSE_S = 300.0
_GIVEN_UP_NS = 86_400 * 10**9
"""What nobody has taken for a day is given up."""
_LEAVING_S = 5.0
"""What is being sent when a process ends has so long; what is not sent by then is the next one's."""


class Firing(Protocol):
    """The engine, as far as hooks need it."""

    def program(self, flow: str) -> Program | None:
        """A flow that is executed here."""
        ...

    async def fire(
        self, program: Program, trigger: str, payload: Json = None, *, run_id: str | None = None
    ) -> RunRecord:
        """Fire a trigger."""
        ...


class Hooks(Observer):
    """Looks at the ends of runs; an asynchronous context manager, to be left before the engine.

    What is to be told derives from the runs in the store and from what was told last, so that a process that
    dies leaves it to the next one. It becomes durable before it is sent, and is sent until somebody takes it.
    """

    def __init__(self, store: Store, post: Post, clock: Clock | None = None) -> None:
        self._store = store
        self._post = post
        self._clock = clock or SystemClock()
        self._engine: Firing | None = None
        self._to_check: asyncio.Queue[str | None] = asyncio.Queue()
        self._waiting: set[str] = set()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._pausing: set[str] = set()
        self._is_leaving = False
        self._group = asyncio.TaskGroup()

    def attach(self, engine: Firing) -> None:
        """Set the engine that fires, and has the flows."""
        self._engine = engine

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._checking = self._group.create_task(self._check_all())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_leaving = True
        self._to_check.put_nowait(None)
        await asyncio.wait({self._checking})
        for pausing in self._pausing:
            self._sending[pausing].cancel()
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=_LEAVING_S)
        for task in self._sending.values():
            task.cancel()
        await self._group.__aexit__(None, None, None)

    def flow_loaded(self, flow: str) -> None:
        """See `Observer`."""
        self._look_at(flow)

    def run_ended(self, run: RunRecord) -> None:
        """See `Observer`."""
        self._look_at(run.flow)

    def run_ended_elsewhere(self, run: RunRecord) -> None:
        """See `Observer`. It is told from there; should that process die, with the next end of a run."""

    def _look_at(self, flow: str) -> None:
        if flow not in self._waiting:  # one look sees all that has ended by then
            self._waiting.add(flow)
            self._to_check.put_nowait(flow)

    async def _check_all(self) -> None:
        while (flow := await self._to_check.get()) is not None:
            self._waiting.discard(flow)
            try:
                await self._check(flow)
            except StoreError as error:  # the engine tells of it, if it is there to stay
                _log.info("hooks of flow %s: %s", flow, error.message, extra={"flow": flow})

    def _program(self, flow: str) -> Program | None:
        return None if self._engine is None else self._engine.program(flow)

    async def _check(self, flow: str) -> None:
        """Announce what is new, and begin to send what is not sent."""
        program = self._program(flow)
        if program is None:
            return
        hooks = program.flow.hooks
        if hooks.on_failure is None and hooks.on_recovery is None:
            return
        last = await self._store.last_notice(flow)
        after = hooks.on_failure.after if hooks.on_failure is not None else 1
        latest = RunFilter(flow=flow, statuses=_ENDS, limit=max(_LATEST, after))
        ended = sorted(await self._store.runs(latest), key=lambda run: run.ended_at_ns or 0)
        for kind, run, failures in news(ended, last, after):
            await self._store.announce(await self._notice(kind, run, failures))
        sending = frozenset(self._sending)  # what ends while the store is read may still be in what it gives
        for notice in await self._store.notices(flow):
            if notice.id not in sending:
                self._sending[notice.id] = self._group.create_task(self._send(notice))

    async def _notice(self, kind: NoticeKind, run: RunRecord, failures: int) -> Notice:
        whole = await self._store.run(run.id) or run
        deadly = (error for error in whole.errors if error.fate in (ErrorFate.DEAD, ErrorFate.ENDED))
        error = next(deadly, None) if kind is NoticeKind.FAILURE else None
        ended_ns = run.ended_at_ns or run.started_at_ns
        told: Json = None
        if error is not None:
            told = {"code": error.code, "message": error.message, "node": error.node, "place": error.place}
        body: dict[str, Json] = {
            "event": kind.value,
            "flow": run.flow,
            "run": run.id,
            "failures": failures,
            "startedAt": time_text(run.started_at_ns),
            "endedAt": time_text(ended_ns),
            "error": told,
        }
        return Notice(notice_id(kind, run), run.flow, kind, ended_ns, body)

    async def _send(self, notice: Notice) -> None:
        """Send a notice until somebody takes it, however often that fails."""
        began_ns, pause_s = self._clock.now_ns(), 1.0
        about = {"flow": notice.flow}
        try:
            while (program := self._program(notice.flow)) is not None:
                try:
                    await self._send_once(program, notice)
                    break
                except HeadraceError as error:
                    message = f"hook of flow {notice.flow} ({notice.kind.value}): {error.message}"
                    if self._clock.now_ns() - began_ns > _GIVEN_UP_NS:
                        _log.error("%s; given up", message, extra=about)
                        break
                    _log.warning("%s; tried again in %g s", message, pause_s, extra=about)
                if self._is_leaving:
                    return
                await self._pause(notice, pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            else:
                return
            await self._store.sent(notice)
        except StoreError as error:
            _log.info("hook of flow %s: %s", notice.flow, error.message, extra=about)
        finally:
            self._sending.pop(notice.id, None)

    async def _pause(self, notice: Notice, pause_s: float) -> None:
        self._pausing.add(notice.id)
        try:
            await self._clock.sleep(pause_s)
        finally:
            self._pausing.discard(notice.id)

    async def _send_once(self, program: Program, notice: Notice) -> None:
        """Send it; a hook that is not there has been told.

        Raises:
            HeadraceError: nobody has taken it.
        """
        is_failure = notice.kind is NoticeKind.FAILURE
        hook = program.flow.hooks.on_failure if is_failure else program.flow.hooks.on_recovery
        if hook is None:
            return
        webhook = program.webhooks.get(notice.kind)
        if webhook is None:
            await self._fire(hook, notice)
        else:
            await self._call(*webhook, notice)

    async def _call(self, url: str, headers: dict[str, str], notice: Notice) -> None:
        given = {name.lower() for name in headers}
        own = {"Content-Type": "application/json", "Idempotency-Key": notice.id}
        sent = headers | {name: value for name, value in own.items() if name.lower() not in given}
        status = await self._post(url, sent, encode_json(notice.body))
        if not 200 <= status < 300:
            raise TemporaryError(f"the webhook answered {status}")

    async def _fire(self, hook: Hook, notice: Notice) -> None:
        """Fire the trigger of a flow: here, or where it is executed. The run has the notice's id."""
        if self._engine is None or await self._store.run(notice.id) is not None:
            return
        target = self._program(hook.flow)
        if target is not None:
            trigger = hook.trigger or _only_signal(target)
            if trigger not in target.triggers:
                raise UsageError(f"flow `{hook.flow}` has no trigger `{trigger}`")
            await self._engine.fire(target, trigger, notice.body, run_id=notice.id)
            return
        if not hook.trigger:
            raise UsageError(
                f"flow `{hook.flow}` is not executed by this process, so `trigger` has to name what is fired"
            )
        await self._store.ask(Request.firing(hook.flow, hook.trigger, notice.body, notice.id))


def _only_signal(program: Program) -> str:
    signals = [node.name for node in program.flow.triggers if node.spec.name == _SIGNAL]
    if len(signals) != 1:
        has = f"has {listed(signals)}" if signals else "has no signal"
        raise UsageError(f"flow `{program.flow.name}` {has}; `trigger` has to name what is fired")
    return signals[0]
