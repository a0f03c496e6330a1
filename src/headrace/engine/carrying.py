"""Carries a task out: executes it and commits what it wrote, or finds that this was done before."""

import asyncio

import msgspec

from headrace.engine.active import ActiveRun
from headrace.engine.agenda import Entry
from headrace.engine.delivery import perform
from headrace.engine.execution import Execution, Services
from headrace.engine.failure import Raised
from headrace.engine.observer import Step
from headrace.engine.speculation import Misspeculated
from headrace.errors import ComponentError, TaskCommitted
from headrace.store import EncodedOutcome, Store, TaskRecord, decode_outcome

__all__ = ["Carrier", "Done"]


class Done(msgspec.Struct, frozen=True):
    """A task that was carried out.

    Attributes:
        is_recorded: the outcome lies in the target.
        is_settled: it was found there: the task had been carried out before.
    """

    outcome: EncodedOutcome
    is_recorded: bool
    is_settled: bool = False


class Carrier:
    """Carries tasks out that this process has begun; the store decides about them afterwards."""

    def __init__(self, store: Store, services: Services) -> None:
        self._store = store
        self._services = services

    async def carry_out(self, active: ActiveRun, entry: Entry, execution: Execution) -> Done:
        """Execute a task and commit what it wrote; or find that this was done before (rule 11)."""
        task, observer = entry.task, self._services.observer
        is_first = entry.attempt.first
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

    async def _try(self, active: ActiveRun, execution: Execution) -> Done | None:
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

    async def _perform(self, active: ActiveRun, execution: Execution) -> Done:
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
        return Done(outcome, is_recorded)

    async def _find(self, active: ActiveRun, task: TaskRecord) -> Done | None:
        """Look for the task's row in the databases that it may have written to."""
        for database in active.program.databases(task):
            row = await database.find_task(task.id)
            if row is not None:
                return Done(decode_outcome(row), is_recorded=True, is_settled=True)
        return None
