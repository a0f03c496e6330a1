"""The engine of one process: programs are loaded, triggers followed or fired on request, runs awaited."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from headrace.engine.execution import Services
from headrace.engine.failure import Teller
from headrace.engine.observer import Observer, RunStats
from headrace.engine.program import Program
from headrace.engine.resources import SharedResources
from headrace.engine.trigger import Timetable
from headrace.engine.worker import Worker
from headrace.errors import InternalError, StoreError
from headrace.flow.model import Flow
from headrace.sdk import Clock, Firing, SystemClock
from headrace.store import Attempt, Fired, FireRequest, RunRecord, RunStatus, Store
from headrace.values import Json

__all__ = ["Engine"]

_RECURSION_LIMIT = 10_000
"""Each hop awaits the next, five calls deep: room for chains of nearly 2,000 nodes, within 8 MiB of stack."""


class Engine:
    """Runs flows; an asynchronous context manager, which closes what nodes share when it ends."""

    def __init__(
        self,
        store: Store,
        home: Path,
        *,
        clock: Clock | None = None,
        observer: Observer | None = None,
        mask: Callable[[str], str] = str,
    ) -> None:
        """Set up; nothing is opened yet.

        Args:
            store: of runs and tasks; the caller closes it.
            home: the home folder.
            clock: the time; the machine's if None.
            observer: told of what happens.
            mask: takes secrets out of a text for people.
        """
        self._store = store
        self._home = home
        self._clock = clock or SystemClock()
        self._mask = mask
        self._observer = observer or Observer()
        self._programs: dict[str, Program] = {}
        self._closing = AsyncExitStack()
        self._group: asyncio.TaskGroup | None = None
        self._worker: Worker | None = None
        self._timetables: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
        self._resources = SharedResources(self._home, self._clock, self._closing)
        self._group = await asyncio.TaskGroup().__aenter__()
        services = Services(self._clock, self._observer, Teller(self._mask, self._clock.now_ns))
        self._worker = Worker(self._store, services, self._group, self._run_ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        group, self._group = self._group, None
        if group is None:
            return
        self._stop_timetables()
        await self._working.stop(grace_s=0.0)
        try:
            if isinstance(error, asyncio.CancelledError):
                await group.__aexit__(kind, error, trace)
            else:  # what the body raised is the caller's; a task group would wrap it
                await group.__aexit__(None, None, None)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await self._closing.aclose()

    async def load(self, flow: Flow, secrets: Mapping[str, str]) -> Program:
        """Make a flow ready to run.

        Raises:
            FlowError: its settings are wrong.
            ComponentError: a component could not get what it needs.
        """
        program = await Program.open(flow, secrets, self._resources, self._closing)
        self._programs[flow.name] = program
        return program

    def follow(self, program: Program) -> None:
        """Follow the schedules of a program's started triggers from now on."""
        group = self._group
        if group is None:
            raise InternalError("the engine is not running")
        for name, trigger in program.triggers.items():
            schedule = trigger.schedule
            if schedule is not None and program.units[name].node.starts:
                timetable = Timetable(program, name, self._store, self._clock, self._fire_scheduled)
                self._timetables.append(group.create_task(timetable.follow(schedule, trigger.policy)))

    async def followed(self) -> None:
        """Return when all followed schedules have fired for the last time (`maxEmissions`)."""
        if self._timetables:
            await asyncio.wait(self._timetables)

    async def fire(self, program: Program, trigger: str, payload: Json = None) -> RunRecord:
        """Fire a trigger now, regardless of its schedule; durable on return."""
        fired = await self._fire(program, trigger, self._clock.now_ns(), payload, on_request=True)
        if fired.run is None:
            raise StoreError(f"the store did not accept the firing: {fired.reason}")
        return fired.run

    async def wait(self, run_id: str) -> RunRecord:
        """Wait for the end of a run; returns its record once the end is durable."""
        await self._working.wait(run_id)
        record = await self._store.run(run_id)
        if record is None:
            raise StoreError(f"the store has no run `{run_id}`")
        return record

    async def retry(self, program: Program, run_id: str, task_id: str) -> None:
        """Try a dead letter again; its run is running until it has ended.

        Raises:
            StoreError: there is no such dead letter.
        """
        revived = await self._store.revive(run_id, task_id)
        if revived is None:
            raise StoreError(f"run `{run_id}` has no dead letter `{task_id}`")
        self._working.go_on(program, revived.run, list(revived.tasks))

    async def cancel(self, run_id: str) -> None:
        """Cancel a run: what has not begun to commit is rolled back."""
        await self._working.cancel(run_id, RunStatus.CANCELLED)

    async def drain(self, grace_s: float) -> list[str]:
        """Stop firing and taking tasks, and let running ones finish within `grace_s` seconds.

        Returns:
            The ids of the runs that are left open in the store.
        """
        self._stop_timetables()
        await self._working.stop(grace_s)
        return self._working.open_runs

    def stats(self, run_id: str) -> RunStats | None:
        """What is known of an active run, for display."""
        return self._working.stats(run_id)

    @property
    def _working(self) -> Worker:
        if self._worker is None:
            raise InternalError("the engine is not running")
        return self._worker

    def _stop_timetables(self) -> None:
        for timetable in self._timetables:
            timetable.cancel()

    async def _fire_scheduled(self, program: Program, trigger: str, scheduled_at_ns: int) -> Fired:
        fired = await self._fire(program, trigger, scheduled_at_ns, None)
        if fired.run is None:
            self._observer.firing_dropped(trigger, fired.reason)
        return fired

    async def _fire(
        self,
        program: Program,
        trigger: str,
        scheduled_at_ns: int,
        payload: Json,
        *,
        on_request: bool = False,
        queued: bool = False,
    ) -> Fired:
        component = program.triggers[trigger]
        now_ns = self._clock.now_ns()
        fired = await self._store.fire(
            FireRequest(
                flow=program.flow.name,
                version=program.flow.version,
                trigger=trigger,
                port=program.units[trigger].node.spec.outputs[0].name,
                run_id=uuid4().hex[:16],
                scheduled_at_ns=scheduled_at_ns,
                fired_at_ns=now_ns,
                vars=program.vars,
                message=lambda tick: component.message(Firing(now_ns, scheduled_at_ns, tick, payload)),
                on_request=on_request,
                overlap=component.policy.overlap,
                max_firings=component.policy.max_firings,
                queued=queued,
            )
        )
        for superseded in fired.superseded:
            await self.cancel(superseded)
        if fired.run is not None and fired.task is not None:
            self._working.begin(program, fired.run, [(fired.task, Attempt())])
        return fired

    def _run_ended(self, run: RunRecord) -> None:
        """A queued firing of the same trigger may go now."""
        program = self._programs.get(run.flow)
        if program is not None and self._group is not None and run.trigger in program.triggers:
            self._group.create_task(self._fire_queued(program, run.trigger))

    async def _fire_queued(self, program: Program, trigger: str) -> None:
        record, _ = await self._store.activate(program.flow.name, trigger, self._clock.now_ns())
        if record.is_queued:
            await self._fire(program, trigger, record.last_scheduled_ns, None, queued=True)
