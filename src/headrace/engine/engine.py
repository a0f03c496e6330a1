"""The engine of one process: programs are loaded, triggers followed or fired on request, runs awaited."""

import asyncio
import sys
from collections.abc import Callable, Container, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from headrace.engine.attendance import Attendance
from headrace.engine.caller import Callers
from headrace.engine.crew import Crew
from headrace.engine.execution import Services
from headrace.engine.failure import Teller
from headrace.engine.firing import Firer
from headrace.engine.observer import Observer, RunStats
from headrace.engine.peers import Peers
from headrace.engine.program import Program
from headrace.engine.programs import Programs
from headrace.engine.receiver import Reception
from headrace.engine.resources import SharedResources
from headrace.engine.sweep import KEEP_ALL, Keep, Sweeper
from headrace.engine.version import ReadVersion, version_record
from headrace.engine.worker import Worker
from headrace.errors import HeadraceError, InternalError, StoreError
from headrace.flow.model import Flow
from headrace.sdk import Address, Clock, SystemClock
from headrace.sdk.budget import BudgetState
from headrace.sdk.resource import DEFAULT_ADDRESS
from headrace.store import (
    DeadLetter,
    OpenRun,
    Revival,
    RunRecord,
    RunStatus,
    Store,
)
from headrace.values import Json

__all__ = ["RECURSION_LIMIT", "Engine"]

RECURSION_LIMIT = 10_000
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
        read_version: ReadVersion | None = None,
        keep: Keep = KEEP_ALL,
        address: Address = DEFAULT_ADDRESS,
        most_tasks: int | None = None,
    ) -> None:
        """Set up; nothing is opened yet.

        Args:
            store: of runs and tasks; the caller closes it.
            home: the home folder.
            clock: the time; the machine's if None.
            observer: told of what happens.
            mask: takes secrets out of a text for people.
            read_version: loads versions that unfinished runs began with; needed where `load` finds such runs.
            keep: how long ended runs are remembered.
            address: where triggers listen, if there are such.
            most_tasks: that execute at once, of all runs; None for no limit but those of the runs.
        """
        self._store = store
        self._home = home
        self._clock = clock or SystemClock()
        self._mask = mask
        self._observer = observer or Observer()
        self._read_version = read_version
        self._left: dict[str, tuple[OpenRun, ...]] = {}
        self._address = address
        self._most_tasks = most_tasks
        self._callers = Callers()
        self._sweeper = Sweeper(store, self._clock, keep)
        self._closing = AsyncExitStack()
        self._group: asyncio.TaskGroup | None = None
        self._worker: Worker | None = None
        self._attendance: Attendance | None = None
        self._watching: asyncio.Task[None] | None = None
        self._conversing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
        self._resources = SharedResources(self._home, self._clock, self._closing, self._address)
        self._group = await asyncio.TaskGroup().__aenter__()
        teller = Teller(self._mask, self._clock.now_ns)
        services = Services(self._clock, self._observer, teller, self._store.state)
        worker = self._worker = Worker(
            self._store, services, self._group, self._run_ended, self._callers.respond, self._most_tasks
        )
        self._programs = Programs(self._store, self._resources, self._read_version, worker.is_used)
        self._closing.push_async_callback(self._release)
        firer = self._firer = Firer(
            self._store, self._clock, self._observer, self._programs, worker, self._tidy
        )
        reception = Reception(
            firer.remotely, self._callers, worker, self._store, self._clock, self._mask, self._group
        )
        self._attendance = Attendance(
            self._store,
            self._clock,
            self._observer,
            self._mask,
            self._group,
            reception,
            firer.scheduled,
            self,
        )
        self._crew = Crew(
            self._store,
            self._programs,
            worker,
            self._callers.respond,
            self._attendance.relearn,
            self._observer,
        )
        self._watching = self._group.create_task(self._watch())
        if self._store.sharing is not None:
            self._resources.peers = peers = Peers(self._store.sharing, self._resources)
            self._conversing = self._group.create_task(peers.follow())
        return self

    async def _watch(self) -> None:
        """Follow what others decide, and wait for the store to fail."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._crew.follow())
                group.create_task(self._store.watch())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        group, self._group = self._group, None
        if group is None:
            return
        self._stop_firing()
        try:
            try:
                await self._working.stop(grace_s=0.0)
            except asyncio.CancelledError as cancelled:  # by the group, whose task failed, or from outside
                kind, error, trace = type(cancelled), cancelled, cancelled.__traceback__
            self._callers.dismiss()
            if self._conversing is not None:
                self._conversing.cancel()
            if isinstance(error, asyncio.CancelledError):
                await group.__aexit__(kind, error, trace)
            else:  # what the body raised is the caller's; a task group would wrap it
                await group.__aexit__(None, None, None)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            async with self._closing:
                await self._programs.close_all()

    async def _release(self) -> None:
        """Let other processes execute what was executed here."""
        for flow in self._programs.current:
            await self._store.release(flow)

    async def load(self, flow: Flow, secrets: Mapping[str, str]) -> Program:
        """Make a flow ready to run; this process executes it from now on (rule 20).

        Raises:
            StoreError: another process executes it, or its name is taken by another file.
            FlowError: its settings are wrong.
            ComponentError: a component could not get what it needs.
        """
        async with self._programs.changing:
            return await self._load(flow, secrets)

    async def _load(self, flow: Flow, secrets: Mapping[str, str]) -> Program:
        adoption = await self._store.adopt(version_record(flow))
        try:
            if adoption.moved_from:
                self._observer.flow_moved(flow.name, adoption.moved_from)
            program = await self._programs.open(flow, secrets)
            await self._attending.learn(flow.name)
        except BaseException:
            await self._store.release(flow.name)
            raise
        self._programs.set_current(program)
        self._left[flow.name] = adoption.runs
        self._observer.flow_loaded(flow.name)
        return program

    def program(self, flow: str) -> Program | None:
        """The current version of a flow that is loaded; one given up is until its last run has ended."""
        return self._programs.current.get(flow)

    async def reload(self, flow: Flow, secrets: Mapping[str, str]) -> Program:
        """Load a flow, or replace its version: what begins from now on is of the new one.

        Runs that have begun go on with theirs (rule 21). If this raises, all is as before.

        Raises:
            FlowError: its settings are wrong.
            ComponentError: a component could not get what it needs.
            UsageError: a trigger cannot listen where it is to.
            StoreError: the store failed.
        """
        async with self._programs.changing:
            old = self._programs.current.get(flow.name)
            if old is None:
                return await self._load(flow, secrets)
            program = await self._programs.open(flow, secrets)
            try:
                await self._store.adopt(version_record(flow))  # before anything begins with it
                await self._attending.replace(old, program)
            except BaseException:
                await self._programs.close(program)
                await self._store.adopt(version_record(old.flow))
                raise
            self._programs.set_current(program)
            self._observer.flow_loaded(flow.name)
            await self._programs.close_unused()
        return program

    async def dismiss(self, flow: str) -> None:
        """Begin nothing of a flow any more; once its runs have ended another process may execute it."""
        async with self._programs.changing:
            await self._attending.end(self._programs.current[flow])
            self._programs.leave(flow)
            await self._programs.close_unused()

    async def resume(self, program: Program, only: Container[str] | None = None) -> list[RunRecord]:
        """Go on with the flow's runs that an earlier process left unfinished, each on its own version.

        Args:
            program: of the flow.
            only: ids of those to go on with; all if None.

        Returns:
            Those runs. One whose version does not load any more is told to the observer, and stays.
        """
        resumed = []
        for left in self._left.pop(program.flow.name, ()):
            if only is not None and left.run.id not in only:
                continue
            try:
                own = await self._programs.of(left.run)
            except HeadraceError as error:
                self._observer.run_stuck(left.run, error)
                continue
            now = (
                left if self._store.sharing is None else await self._crew.current(left.run.flow, left.run.id)
            )
            if now is not None:
                self._working.go_on(own, now)
                resumed.append(now.run)
        return resumed

    async def follow(self, program: Program) -> None:
        """Follow the schedules of a program's triggers that are on, and note which are stopped.

        Where several processes have several versions of the flow, those with that of the latest file do so.

        Raises:
            StoreError: the store failed.
        """
        await self._attending.follow(program)

    async def listen(self, program: Program) -> None:
        """Have a program's triggers that listen, and are on, take what comes from now on.

        Raises:
            UsageError: the address cannot be had, or another flow takes the same requests.
        """
        await self._attending.listen(program)

    def attend(self, program: Program) -> None:
        """Carry out what other processes ask of this one about a flow, from now on."""
        self._attending.attend(program)

    async def followed(self) -> None:
        """Return when no schedule fires any more (`maxEmissions`), and no trigger listens."""
        await self._attending.followed()

    async def switch(self, program: Program, trigger: str, *, is_on: bool) -> None:
        """Have a trigger fire by itself from now on, or no more: see `Attendance.switch`."""
        await self._attending.switch(program, trigger, is_on=is_on)

    def is_on(self, program: Program, trigger: str) -> bool:
        """Whether a trigger is to fire by itself: by its file, unless a person has switched it."""
        return self._attending.is_on(program, trigger)

    async def fire(
        self, program: Program, trigger: str, payload: Json = None, *, run_id: str | None = None
    ) -> RunRecord:
        """Fire a trigger now, regardless of its schedule; durable on return.

        Args:
            run_id: of the run, holding no dot; random if None.
        """
        fired = await self._firer.fire(
            program, trigger, self._clock.now_ns(), payload, on_request=True, run_id=run_id
        )
        if fired.run is None:
            raise StoreError(f"the store did not accept the firing: {fired.reason}")
        return fired.run

    async def wait(self, run_id: str) -> RunRecord:
        """Wait for the end of a run; returns its record once the end is durable.

        At once if this process executes nothing of the run, or has not heard yet that another began it.
        """
        await self._working.wait(run_id)
        record = await self._store.run(run_id)
        if record is None:
            raise StoreError(f"the store has no run `{run_id}`")
        return record

    async def retry(
        self,
        program: Program,
        letter: DeadLetter,
        message: Json = None,
        *,
        is_edited: bool = False,
        answers: str | None = None,
    ) -> None:
        """Try a dead letter again on the program's version; its run is running until it has ended (rule 21).

        Args:
            message: takes the place of the task's own, if `is_edited`.
            answers: id of the request that asks for it.

        Raises:
            StoreError: there is no such dead letter any more; its node or port is not in the flow any more;
                or its run has not ended, and goes on with another version or not at all.
        """
        with self._programs.held(program) as program:
            task = letter.task
            run = await self._store.run(task.run_id)
            active = self._working.version(task.run_id)
            is_open = active is not None or (run is not None and run.status is RunStatus.RUNNING)
            if run is not None and is_open and active != program.flow.version:
                raise StoreError(
                    f"run `{run.id}` {'is still going on' if active else 'was left unfinished'} with version "
                    f"{run.version} of the flow; try its dead letters again when it has ended",
                    code="HR408",
                )
            if not program.takes(task):
                raise StoreError(
                    f"the flow has no `{task.node}:{task.port}` any more, which the dead letter is for",
                    code="HR408",
                )
            revival = Revival(
                task.run_id,
                task.id,
                program.flow.version,
                program.vars,
                is_edited=is_edited,
                message=message,
                answers=answers,
            )
            revived = await self._store.revive(revival)
            if revived is None:
                raise StoreError(f"run `{task.run_id}` has no dead letter `{task.id}`", code="HR408")
            self._working.go_on(program, revived)

    async def cancel(self, run_id: str, *, answers: str | None = None) -> None:
        """Cancel a run: what has not begun to commit is rolled back.

        Args:
            run_id: of a run of this process.
            answers: id of the request that asks for it.
        """
        await self._working.cancel(run_id, RunStatus.CANCELLED, answers=answers)

    async def finish(self) -> None:
        """Take no more requests and fire no more by schedule; return when all runs have ended."""
        self._callers.close()
        self._attending.stop()
        self._running.create_task(self._attending.leave())
        if self._watching is not None and self._store.sharing is None:  # else a run may end elsewhere
            self._watching.cancel()
        for run_id in self._working.open_runs:
            await self._working.wait(run_id)

    async def drain(self, grace_s: float) -> list[str]:
        """Stop firing and taking tasks, and let running ones finish within `grace_s` seconds.

        Returns:
            The ids of the runs that are left open in the store.
        """
        self._stop_firing()
        self._running.create_task(self._attending.leave())
        await self._working.stop(grace_s)
        self._callers.dismiss()
        return self._working.open_runs

    @property
    def open_runs(self) -> list[str]:
        """Ids of the runs that have not ended."""
        return self._working.open_runs

    def stats(self, run_id: str) -> RunStats | None:
        """What is known of an active run, for display."""
        return self._working.stats(run_id)

    @property
    def flows(self) -> list[str]:
        """Names of the flows that are executed here."""
        return list(self._programs.current)

    def open_tasks(self) -> dict[str, int]:
        """By flow, how many tasks of active runs wait or are executed, for display."""
        return self._working.open_tasks()

    def budgets(self) -> list[BudgetState]:
        """How the APIs are asked that are being asked, for display."""
        return self._resources.budgets()

    @property
    def _running(self) -> asyncio.TaskGroup:
        if self._group is None:
            raise InternalError("the engine is not running")
        return self._group

    @property
    def _working(self) -> Worker:
        if self._worker is None:
            raise InternalError("the engine is not running")
        return self._worker

    @property
    def _attending(self) -> Attendance:
        if self._attendance is None:
            raise InternalError("the engine is not running")
        return self._attendance

    def _stop_firing(self) -> None:
        self._callers.close()
        self._attending.stop()
        if self._watching is not None:
            self._watching.cancel()

    def _tidy(self) -> None:
        """Close what nothing is of any more."""
        if self._group is not None and self._programs.may_close:
            self._group.create_task(self._close_unused())

    async def _close_unused(self) -> None:
        async with self._programs.changing:
            await self._programs.close_unused()

    def _run_ended(self, run: RunRecord) -> None:
        """Its callers are told; a firing that waits may go now; and rows of old runs may be removed."""
        self._callers.end(run)
        self._attending.run_ended(run)
        if self._group is None:
            return
        self._tidy()
        program = self._programs.current.get(run.flow)
        if program is None:
            return
        if self._sweeper.is_due(run.flow):
            self._group.create_task(self._sweeper.sweep(run.flow, program.all_databases))
