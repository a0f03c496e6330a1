"""Executes the tasks of runs and decides them: committed, tried again, buried."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from headrace.engine.agenda import Agenda, Entry
from headrace.engine.delivery import perform
from headrace.engine.execution import Execution, Services
from headrace.engine.failure import Raised
from headrace.engine.observer import RunStats
from headrace.engine.program import Program
from headrace.engine.retry import next_attempt
from headrace.errors import ComponentError
from headrace.expr.time import time_text
from headrace.sdk import RunInfo
from headrace.store import (
    Attempt,
    Committed,
    ErrorFate,
    ErrorRecord,
    Outcome,
    RunRecord,
    RunStatus,
    Store,
    TaskRecord,
)

__all__ = ["Worker"]


@dataclass
class _ActiveRun:
    """A run that has open tasks in this process.

    Attributes:
        executing: the asyncio task of each executing task that may still be cancelled.
        begun: those of them that have come to run; one that is cancelled before never does.
        ended: set once the run's end is durable.
    """

    record: RunRecord
    program: Program
    agenda: Agenda
    stats: RunStats = field(default_factory=RunStats)
    executing: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    timers: list[asyncio.Task[None]] = field(default_factory=list)
    wakes_at_ns: int | None = None


class Worker:
    """Takes tasks from the agendas of the active runs and executes them in a task group of its owner."""

    def __init__(
        self,
        store: Store,
        services: Services,
        group: asyncio.TaskGroup,
        on_end: Callable[[RunRecord], None],
    ) -> None:
        """Set up; `on_end` is called for each run whose end has become durable."""
        self._store = store
        self._services = services
        self._group = group
        self._on_end = on_end
        self._active: dict[str, _ActiveRun] = {}
        self._is_stopping = False

    def begin(self, program: Program, run: RunRecord, tasks: list[tuple[TaskRecord, Attempt]]) -> None:
        """Take up a run with its open tasks."""
        flow = program.flow
        agenda = Agenda(flow.concurrency, flow.max_queued, program.lane_limits())
        active = self._active[run.id] = _ActiveRun(run, program, agenda)
        now_ns = self._services.clock.now_ns()
        for task, attempt in tasks:
            agenda.add(task, attempt, now_ns)
        if flow.timeout_s is not None:
            timer = self._group.create_task(self._expire(active, flow.timeout_s))
            active.timers.append(timer)
        self._services.observer.run_started(run)
        self._pump(active)

    def go_on(self, program: Program, run: RunRecord, tasks: list[tuple[TaskRecord, Attempt]]) -> None:
        """Take up further open tasks of a run, which may have ended before."""
        active = self._active.get(run.id)
        if active is None:
            self.begin(program, run, tasks)
            return
        for task, attempt in tasks:
            active.agenda.add(task, attempt, self._services.clock.now_ns())
        self._pump(active)

    async def wait(self, run_id: str) -> None:
        """Return once the run has ended, durably; at once if it is not active here."""
        active = self._active.get(run_id)
        if active is not None:
            await active.ended.wait()

    def stats(self, run_id: str) -> RunStats | None:
        """What is known of an active run, for display."""
        active = self._active.get(run_id)
        return None if active is None else active.stats

    async def cancel(self, run_id: str, status: RunStatus, error: ErrorRecord | None = None) -> None:
        """End a run: executing tasks are cut off and rolled back; those that commit already end well."""
        active = self._active.get(run_id)
        if active is None:
            return
        active.agenda.clear()
        for task_id in active.executing.keys() - active.begun:
            active.executing.pop(task_id).cancel()
            active.agenda.executing.discard(task_id)
        keep = frozenset(active.agenda.executing)
        now_ns = self._services.clock.now_ns()
        committed = await self._store.cancel(run_id, status, error, keep, now_ns)
        if error is not None:
            self._services.observer.error_raised(run_id, error)
        for task in list(active.executing.values()):
            task.cancel()
        self._decided(active, None, committed)

    async def stop(self, grace_s: float) -> None:
        """Take no more tasks; give executing ones `grace_s` seconds, then cut them off.

        What is cut off is rolled back and stays open in the store.
        """
        self._is_stopping = True
        executing = [task for run in self._active.values() for task in run.executing.values()]
        if executing:
            await asyncio.wait(executing, timeout=grace_s)
        for run in self._active.values():
            for task in (*run.executing.values(), *run.timers):
                task.cancel()

    @property
    def open_runs(self) -> list[str]:
        """Ids of the runs that have not ended."""
        return list(self._active)

    def _pump(self, active: _ActiveRun) -> None:
        """Start every task of a run that may start now, and a timer for the next that is due later."""
        if self._is_stopping:
            return
        now_ns = self._services.clock.now_ns()
        while (entry := active.agenda.take(now_ns)) is not None:
            task = self._group.create_task(self._execute(active, entry))
            active.executing[entry.task.id] = task
        due_ns = active.agenda.next_due_ns()
        if due_ns is not None and (active.wakes_at_ns is None or due_ns < active.wakes_at_ns):
            active.wakes_at_ns = due_ns
            timer = self._group.create_task(self._wake(active, due_ns))
            active.timers.append(timer)

    async def _wake(self, active: _ActiveRun, due_ns: int) -> None:
        await self._services.clock.sleep((due_ns - self._services.clock.now_ns()) / 1e9)
        if active.wakes_at_ns == due_ns:
            active.wakes_at_ns = None
        active.timers = [timer for timer in active.timers if not timer.done()]
        self._pump(active)

    async def _expire(self, active: _ActiveRun, timeout_s: float) -> None:
        await self._services.clock.sleep(timeout_s)
        error = ErrorRecord(
            at_ns=self._services.clock.now_ns(),
            code="HR315",
            message=f"the run took longer than its timeout of {timeout_s:g} s",
            node="",
            place=active.program.flow.source.name,
            excerpt="",
            attempt=1,
            fate=ErrorFate.ENDED,
        )
        await self.cancel(active.record.id, RunStatus.FAILED, error)

    async def _execute(self, active: _ActiveRun, entry: Entry) -> None:
        task = entry.task
        active.begun.add(task.id)
        execution = self._execution(active, entry)
        try:
            outcome = await perform(execution)
            self._store.check(outcome)
            del active.executing[task.id]  # from here on a cancel lets it finish
            await execution.transactions.commit()
        except Raised as raised:
            await execution.transactions.rollback()
            await self._failed(active, entry, raised)
        except ComponentError as error:  # of the check or the commit
            await execution.transactions.rollback()
            node = active.program.units[task.node].node
            failure = execution.raised(error, node, node.span, task.message)
            await self._failed(active, entry, failure)
        except asyncio.CancelledError:
            await execution.transactions.rollback()
            active.executing.pop(task.id, None)
            active.agenda.done(task)
            if not self._is_stopping:
                now_ns = self._services.clock.now_ns()
                self._decided(active, None, await self._store.drop(task, now_ns))
            raise
        else:
            await self._succeeded(active, entry, outcome)

    def _execution(self, active: _ActiveRun, entry: Entry) -> Execution:
        run = active.record
        info = RunInfo(
            id=run.id,
            flow=run.flow,
            trigger=run.trigger,
            started_at=time_text(run.started_at_ns),
            attempt=entry.attempt.number,
        )
        return Execution(
            active.program, entry.task, entry.attempt, info, active.stats, run.vars, self._services
        )

    async def _succeeded(self, active: _ActiveRun, entry: Entry, outcome: Outcome) -> None:
        committed = await self._store.commit(entry.task, outcome, self._services.clock.now_ns())
        self._services.observer.task_committed(entry.task)
        self._decided(active, entry.task, committed)

    async def _failed(self, active: _ActiveRun, entry: Entry, raised: Raised) -> None:
        task, attempt = entry.task, entry.attempt
        active.executing.pop(task.id, None)
        now_ns = self._services.clock.now_ns()
        following = next_attempt(
            attempt,
            active.program.flow.retry,
            now_ns,
            is_infrastructure=raised.is_infrastructure,
            retryable=raised.record.retryable,
            retry_after_s=raised.retry_after_s,
        )
        if following is None:
            error = raised.fated(ErrorFate.DEAD)
            committed = await self._store.bury(task, attempt.number, error, now_ns)
            self._services.observer.error_raised(task.run_id, error)
            self._decided(active, task, committed)
            return
        error = raised.fated(ErrorFate.RETRIED)
        dropped = await self._store.retry(task, following, error, now_ns)
        self._services.observer.error_raised(task.run_id, error)
        if dropped is not None:
            self._decided(active, task, dropped)
            return
        active.agenda.done(task)
        active.begun.discard(task.id)
        active.agenda.add(task, following, now_ns)
        self._pump(active)

    def _decided(self, active: _ActiveRun, task: TaskRecord | None, committed: Committed) -> None:
        """Go on after the store has decided: new tasks are due, or the run has ended."""
        if task is not None:
            active.agenda.done(task)
            active.begun.discard(task.id)
        for new in committed.tasks:
            active.agenda.add(new, Attempt(), 0)
        if committed.ended is None:
            self._pump(active)
            return
        del self._active[active.record.id]
        current = asyncio.current_task()
        for timer in active.timers:
            if timer is not current:
                timer.cancel()
        self._services.observer.run_ended(committed.ended)
        active.ended.set()
        self._on_end(committed.ended)
