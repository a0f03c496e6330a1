"""Executes the tasks of runs and decides them: committed, tried again, buried."""

import asyncio
from collections.abc import Callable, Iterable

from headrace.engine.active import ActiveRun
from headrace.engine.agenda import RUNS_ALONE_FROM, Agenda, Entry
from headrace.engine.carrying import Carrier, Done
from headrace.engine.execution import Execution, Services, current_run
from headrace.engine.failure import Raised
from headrace.engine.observer import RunStats, Step
from headrace.engine.program import Program
from headrace.engine.retry import next_attempt
from headrace.errors import ComponentError
from headrace.store import (
    Attempt,
    Committed,
    ErrorFate,
    ErrorRecord,
    OpenRun,
    RunChange,
    RunRecord,
    RunStatus,
    Store,
    TaskRecord,
)
from headrace.values import Json

__all__ = ["Worker"]


_MOST_INTERRUPTIONS = 13
"""Three, and ten more while it ran alone (rule 9)."""


_FIRST = Attempt()


class Worker:
    """Takes tasks from the agendas of the active runs and executes them in a task group of its owner."""

    def __init__(
        self,
        store: Store,
        services: Services,
        group: asyncio.TaskGroup,
        on_end: Callable[[RunRecord], None],
        on_response: Callable[[str, Json], None],
        most_tasks: int | None = None,
    ) -> None:
        """Set up.

        Args:
            on_end: called for each run whose end has become durable.
            on_response: called with a run's id and its response, once its task has committed.
            most_tasks: that execute at once, of all runs; None for no limit but those of the runs.
        """
        self._most_tasks = most_tasks
        self._store = store
        self._services = services
        self._group = group
        self._on_end = on_end
        self._on_response = on_response
        self._sharing = store.sharing
        if self._sharing is not None:
            self._sharing.has_room = self._has_room
        self._carrier = Carrier(store, services)
        self._active: dict[str, ActiveRun] = {}
        self._is_solitary = False  # a task waits that runs while no other does
        self._is_stopping = False

    def begin(self, program: Program, run: RunRecord, tasks: Iterable[tuple[TaskRecord, Attempt]]) -> None:
        """Take up a new run with its open tasks; those that others have ended meanwhile are over."""
        sharing = self._sharing
        left = tuple(each for each in tasks if sharing is None or sharing.may_begin(each[0]))
        if left:
            self.go_on(program, OpenRun(run, left), self._services.observer.run_started)

    def _activate(self, program: Program, run: RunRecord) -> ActiveRun:
        flow = program.flow
        now_ns = self._services.clock.now_ns()
        agenda = Agenda(program.concurrency, flow.max_queued, program.lane_limits())
        active = self._active[run.id] = ActiveRun(run, program, agenda, now_ns)
        if flow.timeout_s is not None:
            timer = self._group.create_task(self._expire(active, flow.timeout_s))
            active.timers.append(timer)
        return active

    def go_on(self, program: Program, left: OpenRun, tell: Callable[[RunRecord], None] | None = None) -> None:
        """Take up open tasks of a run that was left, or has ended before, or goes on.

        Args:
            tell: called with a run that was not active here; if None, the observer is told that it goes on.
        """
        active = self._active.get(left.run.id)
        if active is None:
            active = self._activate(program, left.run)
            active.is_cancelled = left.is_cancelled
            (tell or self._services.observer.run_resumed)(left.run)
        self._take_up(active, left.tasks)
        self._pump(active)

    def _take_up(self, active: ActiveRun, tasks: Iterable[tuple[TaskRecord, Attempt]]) -> None:
        now_ns = self._services.clock.now_ns()
        for task, attempt in tasks:
            if attempt.interruptions >= _MOST_INTERRUPTIONS:
                active.agenda.executing.add(task.id)
                self._group.create_task(self._give_up(active, Entry(task, attempt)))
            else:
                active.agenda.add(task, attempt, now_ns)

    async def wait(self, run_id: str) -> None:
        """Return once the run has ended, durably; at once if it is not active here."""
        active = self._active.get(run_id)
        if active is not None:
            await active.ended.wait()

    def version(self, run_id: str) -> str | None:
        """The version of the flow with which an active run goes on; None if it is not active."""
        active = self._active.get(run_id)
        return None if active is None else active.record.version

    def is_used(self, program: Program) -> bool:
        """Whether an active run goes on with a program."""
        return any(active.program is program for active in self._active.values())

    def count(self, flow: str, trigger: str) -> int:
        """How many runs of a trigger are active."""
        records = [active.record for active in self._active.values()]
        return sum((record.flow, record.trigger) == (flow, trigger) for record in records)

    def open_tasks(self) -> dict[str, int]:
        """By flow, how many tasks of active runs wait or are executed."""
        counts: dict[str, int] = {}
        for active in self._active.values():
            flow = active.record.flow
            counts[flow] = counts.get(flow, 0) + len(active.agenda)
        return counts

    def stats(self, run_id: str) -> RunStats | None:
        """What is known of an active run, for display."""
        active = self._active.get(run_id)
        return None if active is None else active.stats

    async def cancel(
        self,
        run_id: str,
        status: RunStatus,
        error: ErrorRecord | None = None,
        *,
        answers: str | None = None,
    ) -> None:
        """End a run: executing tasks are cut off and rolled back; those that commit already end well."""
        keep, now_ns = self.cut_off(run_id), self._services.clock.now_ns()
        committed = await self._store.cancel(run_id, status, error, keep, now_ns, answers=answers)
        if error is not None:
            self._services.observer.error_raised(run_id, error)
        self.cancelled(run_id, committed)

    def cut_off(self, run_id: str) -> frozenset[str]:
        """Begin nothing more of a run that is to be cancelled.

        Returns:
            The ids of its tasks that are executing, and are decided before it has ended.
        """
        active = self._active.get(run_id)
        if active is None:
            return frozenset()
        active.is_cancelled = True
        active.agenda.clear()
        active.count_time(self._services.clock.now_ns())
        for task_id in active.executing.keys() - active.begun:
            active.executing.pop(task_id).cancel()
            active.agenda.executing.discard(task_id)
        return frozenset(active.agenda.executing)

    async def drop(self, run_id: str, task_ids: Iterable[str]) -> None:
        """Have tasks of a cancelled run that were to be executed here, and were not begun, end undone."""
        now_ns = self._services.clock.now_ns()
        for task, _ in await self._store.open_tasks(run_id):
            if task.id in task_ids:
                self.cancelled(run_id, await self._store.drop(task, now_ns))

    def go_on_elsewhere(self, change: RunChange) -> None:
        """Go by what another process has decided about a run."""
        observer = self._services.observer
        for error in change.errors:
            observer.error_raised_elsewhere(change.run_id, error)
        active = self._active.get(change.run_id)
        if active is None:
            if change.ended is not None:
                observer.run_ended_elsewhere(change.ended)
                self._on_end(change.ended)
            return
        if change.is_cancelled:
            self._cut(active)
        if change.ended is not None:
            self._end(active, change.ended, observer.run_ended_elsewhere)
            return
        self._take_up(active, change.opened)
        self._pump(active)

    def cancelled(self, run_id: str, committed: Committed) -> None:
        """The store has cancelled a run that was cut off: executing tasks are rolled back, or end well."""
        active = self._active.get(run_id)
        if active is None:
            if committed.ended is not None:
                self._on_end(committed.ended)
            return
        self._cut(active)
        self._decided(active, None, committed)

    def _cut(self, active: ActiveRun) -> None:
        for task in list(active.executing.values()):
            task.cancel()

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

    def _pump(self, active: ActiveRun) -> None:
        """Start every task that may start now that something of a run has changed."""
        self._pump_run(active)
        if self._most_tasks is not None:
            for other in list(self._active.values()):
                self._pump_run(other)

    def _pump_run(self, active: ActiveRun) -> None:
        """Start every task of a run that may start now, and a timer for the next that is due later."""
        if self._is_stopping:
            return
        now_ns = self._services.clock.now_ns()
        if active.agenda.waits_alone(now_ns):
            self._is_solitary = True
        if self._is_solitary:
            self._pump_alone(now_ns)
        else:
            while (entry := self._take(active, now_ns)) is not None:
                self._start(active, entry)
        due_ns = active.agenda.next_due_ns()
        if due_ns is not None and (active.wakes_at_ns is None or due_ns < active.wakes_at_ns):
            active.wakes_at_ns = due_ns
            timer = self._group.create_task(self._wake(active, due_ns))
            active.timers.append(timer)

    def _take(self, active: ActiveRun, now_ns: int) -> Entry | None:
        """The next task to execute; those that other processes have begun are passed over."""
        if not self._has_room():
            return None
        if self._sharing is not None:
            active.agenda.concurrency = self._sharing.share_of(active.record, active.program.concurrency)
            if active.agenda.lane_limits:
                active.agenda.place, active.agenda.sharers = self._sharing.place_in(active.record)
        while (entry := active.agenda.take(now_ns)) is not None:
            if self._sharing is None or self._sharing.may_begin(entry.task):
                return entry
            active.agenda.done(entry.task)
        return None

    def _has_room(self) -> bool:
        """Whether this process executes fewer tasks than it may."""
        if self._most_tasks is None:
            return True
        return sum(active.agenda.working for active in self._active.values()) < self._most_tasks

    def _pump_alone(self, now_ns: int) -> None:
        """Once nothing executes, start one of the tasks that run alone; after the last, everything else."""
        runs = list(self._active.values())
        if any(run.agenda.executing for run in runs):
            return
        for run in runs:
            if (entry := run.agenda.take_alone(now_ns)) is not None:
                self._start(run, entry)
                return
        self._is_solitary = False
        for run in runs:
            self._pump(run)

    def _start(self, active: ActiveRun, entry: Entry) -> None:
        active.executing[entry.task.id] = self._group.create_task(self._execute(active, entry))

    async def _wake(self, active: ActiveRun, due_ns: int) -> None:
        await self._services.clock.sleep((due_ns - self._services.clock.now_ns()) / 1e9)
        if active.wakes_at_ns == due_ns:
            active.wakes_at_ns = None
        active.timers = [timer for timer in active.timers if not timer.done()]
        self._pump(active)

    async def _expire(self, active: ActiveRun, timeout_s: float) -> None:
        await self._services.clock.sleep(timeout_s - active.record.worked_ns / 1e9)
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

    async def _execute(self, active: ActiveRun, entry: Entry) -> None:
        task = entry.task
        active.begun.add(task.id)
        begun = await self._begin(active, entry)
        if begun is None:
            self._leave_to_others(active, entry)
            return
        entry = begun
        execution = self._execution(active, entry)
        current_run.set(execution.run_info)
        try:
            done = await self._carrier.carry_out(active, entry, execution)
        except Raised as raised:
            await execution.transactions.rollback()
            await self._failed(active, entry, raised)
        except ComponentError as error:  # of the check, the look for a row, or the commit
            await execution.transactions.rollback()
            node = active.program.units[task.node].node
            failure = execution.raised(error, node, node.span, task.message)
            await self._failed(active, entry, failure)
        except asyncio.CancelledError:
            await execution.transactions.rollback(at_once=True)
            await self._cut_off(active, entry)
            raise
        else:
            await self._succeeded(active, entry, done)

    async def _begin(self, active: ActiveRun, entry: Entry) -> Entry | None:
        """Note that a task is executing; None if another process executes it."""
        try:
            if self._sharing is None:
                await self._store.begin(entry.task, durably=not entry.attempt.first)
                return entry
            attempt = await self._sharing.claim(entry.task, active.program.concurrency)
        except asyncio.CancelledError:
            await self._cut_off(active, entry)
            raise
        return None if attempt is None else Entry(entry.task, attempt)

    def _leave_to_others(self, active: ActiveRun, entry: Entry) -> None:
        """Another process was quicker; or there were too many, and it waits until something has ended."""
        active.executing.pop(entry.task.id, None)
        active.begun.discard(entry.task.id)
        active.agenda.done(entry.task)
        if self._sharing is not None and self._sharing.may_begin(entry.task):
            active.agenda.add(entry.task, entry.attempt, self._services.clock.now_ns())
        else:
            self._pump(active)

    async def _cut_off(self, active: ActiveRun, entry: Entry) -> None:
        """A task does not end: its run was cancelled, or this process stops."""
        active.executing.pop(entry.task.id, None)
        active.agenda.done(entry.task)
        if not active.is_cancelled:
            self._reached(entry, Step.LEFT)
            return
        dropped = await self._store.drop(entry.task, self._services.clock.now_ns())
        self._reached(entry, Step.DROPPED)
        self._decided(active, None, dropped)

    def _reached(self, entry: Entry, step: Step) -> None:
        self._services.observer.task_reached(entry.task, step, entry.attempt.number)

    def _execution(self, active: ActiveRun, entry: Entry) -> Execution:
        info = active.info(entry.attempt.number)
        return Execution(
            active.program,
            entry.task,
            entry.attempt,
            info,
            active.stats,
            active.record.vars,
            self._services,
            speculates=entry.attempt.first and active.program.caution.lets_speculate(),
        )

    async def _succeeded(self, active: ActiveRun, entry: Entry, done: Done) -> None:
        task = entry.task
        now_ns = self._services.clock.now_ns()
        active.count_time(now_ns)
        if not done.is_recorded or self._sharing is not None:  # else it is decided without waiting
            active.agenda.deciding(task)
            self._pump(active)
        committed = await self._store.commit(task, done.outcome, now_ns, is_recorded=done.is_recorded)
        if task.tracks:
            active.program.track(task)
        self._reached(entry, Step.DECIDED)
        for error in committed.dropped:
            self._services.observer.error_raised(task.run_id, error)
        if committed.response is not None:
            self._on_response(task.run_id, committed.response)
        # What a settled task makes may have been carried out as well, before its process died.
        self._decided(active, task, committed, Attempt(first=not done.is_settled))

    async def _give_up(self, active: ActiveRun, entry: Entry) -> None:
        task, attempt = entry.task, entry.attempt
        node = active.program.flow.nodes.get(task.node)
        now_ns = self._services.clock.now_ns()
        error = ErrorRecord(
            at_ns=now_ns,
            code="HR313",
            message=f"its process died {attempt.interruptions} times while this task was executing, the last "
            f"{attempt.interruptions - RUNS_ALONE_FROM} times while it ran alone; it is not tried again",
            node=task.node,
            place=str(node.span) if node is not None else active.program.flow.source.name,
            excerpt="",
            attempt=attempt.number,
            fate=ErrorFate.DEAD,
        )
        committed = await self._store.bury(task, attempt.number, error, now_ns)
        self._services.observer.error_raised(task.run_id, error)
        self._reached(entry, Step.BURIED)
        self._decided(active, task, committed)

    async def _failed(self, active: ActiveRun, entry: Entry, raised: Raised) -> None:
        task, attempt = entry.task, entry.attempt
        active.executing.pop(task.id, None)
        now_ns = self._services.clock.now_ns()
        active.count_time(now_ns)
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
            self._reached(entry, Step.BURIED)
            self._decided(active, task, committed)
            return
        error = raised.fated(ErrorFate.RETRIED)
        dropped = await self._store.retry(task, following, error, now_ns)
        self._services.observer.error_raised(task.run_id, error)
        self._reached(entry, Step.RETRIED if dropped is None else Step.DROPPED)
        if dropped is not None:
            self._decided(active, task, dropped)
            return
        active.agenda.done(task)
        active.begun.discard(task.id)
        active.agenda.add(task, following, now_ns)
        self._pump(active)

    def _decided(
        self,
        active: ActiveRun,
        task: TaskRecord | None,
        committed: Committed,
        attempt: Attempt = _FIRST,
    ) -> None:
        """Go on after the store has decided: new tasks are due, or the run has ended.

        Args:
            attempt: that of the new tasks.
        """
        if task is not None:
            active.agenda.done(task)
            active.begun.discard(task.id)
        for new in committed.tasks:
            active.agenda.add(new, attempt, 0)
        if committed.ended is None:
            self._pump(active)
        else:
            self._end(active, committed.ended, self._services.observer.run_ended)

    def _end(self, active: ActiveRun, run: RunRecord, tell: Callable[[RunRecord], None]) -> None:
        """A run has ended, durably."""
        if self._active.pop(active.record.id, None) is None:
            return  # another process was quicker to tell
        current = asyncio.current_task()
        for timer in active.timers:
            if timer is not current:
                timer.cancel()
        if self._is_solitary:
            self._pump_alone(self._services.clock.now_ns())
        tell(run)
        active.ended.set()
        self._on_end(run)
