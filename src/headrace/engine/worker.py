"""Executes the tasks of runs and decides them: committed, tried again, buried."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from headrace.engine.active import ActiveRun
from headrace.engine.agenda import RUNS_ALONE_FROM, Agenda, Entry
from headrace.engine.delivery import perform
from headrace.engine.execution import Execution, Services, current_run
from headrace.engine.failure import Raised
from headrace.engine.observer import RunStats, Step
from headrace.engine.program import Program
from headrace.engine.retry import next_attempt
from headrace.engine.speculation import Misspeculated
from headrace.errors import ComponentError, TaskCommitted
from headrace.store import (
    Attempt,
    Committed,
    EncodedOutcome,
    ErrorFate,
    ErrorRecord,
    OpenRun,
    RunRecord,
    RunStatus,
    Store,
    TaskRecord,
    decode_outcome,
)
from headrace.values import Json

__all__ = ["Worker"]


_MOST_INTERRUPTIONS = 13
"""Three, and ten more while it ran alone (rule 9)."""


_FIRST = Attempt()


class _Done(msgspec.Struct, frozen=True):
    """A task that was carried out.

    Attributes:
        is_recorded: the outcome lies in the target.
        is_settled: it was found there: the task had been carried out before.
    """

    outcome: EncodedOutcome
    is_recorded: bool
    is_settled: bool = False


class Worker:
    """Takes tasks from the agendas of the active runs and executes them in a task group of its owner."""

    def __init__(
        self,
        store: Store,
        services: Services,
        group: asyncio.TaskGroup,
        on_end: Callable[[RunRecord], None],
        on_response: Callable[[str, Json], None],
    ) -> None:
        """Set up.

        Args:
            on_end: called for each run whose end has become durable.
            on_response: called with a run's id and its response, once its task has committed.
        """
        self._store = store
        self._services = services
        self._group = group
        self._on_end = on_end
        self._on_response = on_response
        self._active: dict[str, ActiveRun] = {}
        self._is_solitary = False  # a task waits that runs while no other does
        self._is_stopping = False

    def begin(self, program: Program, run: RunRecord, tasks: list[tuple[TaskRecord, Attempt]]) -> None:
        """Take up a new run with its open tasks."""
        active = self._activate(program, run)
        self._services.observer.run_started(run)
        self._take_up(active, tasks)
        self._pump(active)

    def resume(self, program: Program, left: OpenRun) -> None:
        """Take up a run that was left, or is tried again, with its open tasks."""
        active = self._activate(program, left.run)
        active.is_cancelled = left.is_cancelled
        self._services.observer.run_resumed(left.run)
        self._take_up(active, left.tasks)
        self._pump(active)

    def _activate(self, program: Program, run: RunRecord) -> ActiveRun:
        flow = program.flow
        now_ns = self._services.clock.now_ns()
        agenda = Agenda(program.concurrency, flow.max_queued, program.lane_limits())
        active = self._active[run.id] = ActiveRun(run, program, agenda, now_ns)
        if flow.timeout_s is not None:
            timer = self._group.create_task(self._expire(active, flow.timeout_s))
            active.timers.append(timer)
        return active

    def go_on(self, program: Program, revived: OpenRun) -> None:
        """Take up further open tasks of a run, which may have ended before."""
        active = self._active.get(revived.run.id)
        if active is None:
            self.resume(program, revived)
            return
        self._take_up(active, revived.tasks)
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

    def cancelled(self, run_id: str, committed: Committed) -> None:
        """The store has cancelled a run that was cut off: executing tasks are rolled back, or end well."""
        active = self._active.get(run_id)
        if active is None:
            if committed.ended is not None:
                self._on_end(committed.ended)
            return
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

    def _pump(self, active: ActiveRun) -> None:
        """Start every task of a run that may start now, and a timer for the next that is due later."""
        if self._is_stopping:
            return
        now_ns = self._services.clock.now_ns()
        if active.agenda.waits_alone(now_ns):
            self._is_solitary = True
        if self._is_solitary:
            self._pump_alone(now_ns)
        else:
            while (entry := active.agenda.take(now_ns)) is not None:
                self._start(active, entry)
        due_ns = active.agenda.next_due_ns()
        if due_ns is not None and (active.wakes_at_ns is None or due_ns < active.wakes_at_ns):
            active.wakes_at_ns = due_ns
            timer = self._group.create_task(self._wake(active, due_ns))
            active.timers.append(timer)

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
        execution = self._execution(active, entry)
        current_run.set(execution.run_info)
        try:
            done = await self._carry_out(active, entry, execution)
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
            active.executing.pop(task.id, None)
            active.agenda.done(task)
            if active.is_cancelled:
                now_ns = self._services.clock.now_ns()
                dropped = await self._store.drop(task, now_ns)
                self._reached(entry, Step.DROPPED)
                self._decided(active, None, dropped)
            else:
                self._reached(entry, Step.LEFT)
            raise
        else:
            await self._succeeded(active, entry, done)

    def _reached(self, entry: Entry, step: Step) -> None:
        self._services.observer.task_reached(entry.task, step, entry.attempt.number)

    async def _carry_out(self, active: ActiveRun, entry: Entry, execution: Execution) -> _Done:
        """Execute a task and commit what it wrote; or find that this was done before (rule 11)."""
        task, observer = entry.task, self._services.observer
        is_first = entry.attempt.first
        await self._store.begin(task, durably=not is_first)
        observer.task_reached(task, Step.BEGUN, entry.attempt.number)
        if not is_first and (recorded := await self._find(active, task)) is not None:
            del active.executing[task.id]
            return recorded
        if active.is_cancelled:  # before its process died
            raise asyncio.CancelledError
        execution.probe = observer.probe(task, entry.attempt.number, execution.run_info)
        try:
            if execution.speculates and (done := await self._try(active, execution)) is not None:
                return done
            return await self._perform(active, execution)
        finally:
            execution.tell_counts()

    async def _try(self, active: ActiveRun, execution: Execution) -> _Done | None:
        """Carry the task out as if nothing could fail (`engine.speculation`); None: it is to begin again."""
        caution = active.program.caution
        try:
            done = await self._perform(active, execution)
        except Misspeculated:
            pass
        except ComponentError:
            if not execution.awaits_results:
                raise
        except Raised as raised:
            if raised.is_infrastructure or not execution.awaits_results:
                raise
        else:
            caution.succeeded()
            return done
        # Or what was posted may have failed before this did.
        caution.failed()
        await execution.transactions.rollback()
        execution.begin_again()
        return None

    async def _perform(self, active: ActiveRun, execution: Execution) -> _Done:
        """Have the task done, and commit."""
        task, observer = execution.task, self._services.observer
        outcome = self._store.encode(await perform(execution))
        observer.task_reached(task, Step.PERFORMED, execution.attempt.number)
        if not execution.awaits_results:
            del active.executing[task.id]  # from here on a cancel lets it finish
        try:
            is_recorded, posted, results = await execution.commit(outcome)
        except TaskCommitted:
            active.executing.pop(task.id, None)
            await execution.transactions.rollback()
            recorded = await self._find(active, task)
            if recorded is None:
                raise
            return recorded
        active.executing.pop(task.id, None)
        await execution.tell(posted, results)
        observer.task_reached(task, Step.WRITTEN, execution.attempt.number)
        return _Done(outcome, is_recorded)

    async def _find(self, active: ActiveRun, task: TaskRecord) -> _Done | None:
        """Look for the task's row in the databases that it may have written to."""
        for database in active.program.databases(task):
            row = await database.find_task(task.id)
            if row is not None:
                return _Done(decode_outcome(row), is_recorded=True, is_settled=True)
        return None

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

    async def _succeeded(self, active: ActiveRun, entry: Entry, done: _Done) -> None:
        task = entry.task
        now_ns = self._services.clock.now_ns()
        active.count_time(now_ns)
        if not done.is_recorded:  # else it is decided without waiting
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
            return
        del self._active[active.record.id]
        current = asyncio.current_task()
        for timer in active.timers:
            if timer is not current:
                timer.cancel()
        if self._is_solitary:
            self._pump_alone(self._services.clock.now_ns())
        self._services.observer.run_ended(committed.ended)
        active.ended.set()
        self._on_end(committed.ended)
