"""Executes flows together with other processes: takes over what they decide (`store.sharing`)."""

from collections.abc import Awaitable, Callable

from headrace.engine.programs import Programs
from headrace.engine.worker import Worker
from headrace.errors import HeadraceError
from headrace.store import OpenRun, RunChange, RunRecord, Store
from headrace.values import Json

__all__ = ["Crew"]


class Crew:
    """Follows the decisions of other processes, one after the other, and has the worker go by them."""

    def __init__(
        self,
        store: Store,
        programs: Programs,
        worker: Worker,
        on_response: Callable[[str, Json], None],
        on_triggers: Callable[[str], Awaitable[None]],
        on_stuck: Callable[[RunRecord, HeadraceError], None],
    ) -> None:
        """Set up.

        Args:
            on_response: called with a run's id and its response.
            on_triggers: called with the name of a flow whose triggers were switched, or have a new version.
            on_stuck: called with a run whose version does not load here.
        """
        self._store = store
        self._programs = programs
        self._worker = worker
        self._on_response = on_response
        self._on_triggers = on_triggers
        self._on_stuck = on_stuck

    async def follow(self) -> None:
        """Go by what others decide, until cancelled; at once, where one process executes a flow alone.

        Raises:
            StoreError: the store failed.
        """
        if self._store.sharing is None:
            return
        async for change in self._store.sharing.changes():
            if change.flow not in self._programs.current:
                continue  # given up meanwhile
            if change.run is not None:
                await self._follow(change.flow, change.run)
            else:
                await self._on_triggers(change.flow)

    async def _follow(self, flow: str, change: RunChange) -> None:
        worker = self._worker
        if change.response is not None:
            self._on_response(change.run_id, change.response)
        if worker.version(change.run_id) is None and change.ended is None:
            if self._programs.is_leaving(flow):
                return  # others begin what is new
            await self._take_up(flow, change.run_id)
            return
        if change.is_cancelled:
            await self._cut_off(change.run_id)
        worker.go_on_elsewhere(change)

    async def _take_up(self, flow: str, run_id: str) -> None:
        """Begin with a run that this process does not know yet."""
        run = await self._store.run(run_id)
        if run is None:
            return
        try:
            program = await self._programs.of(run)
        except HeadraceError as error:
            self._on_stuck(run, error)
            return
        with self._programs.held(program):
            left = await self.current(flow, run_id)
            if left is not None:
                self._worker.go_on(program, left, is_new=not run.tasks_done)

    async def current(self, flow: str, run_id: str) -> OpenRun | None:
        """A run as it is now; None if it has ended."""
        return next((left for left in await self._store.open_runs(flow) if left.run.id == run_id), None)

    async def _cut_off(self, run_id: str) -> None:
        """A run was cancelled: what this process executes of it is rolled back, or ends well."""
        sharing, worker = self._store.sharing, self._worker
        keep = worker.cut_off(run_id)
        held = frozenset() if sharing is None else sharing.held(run_id)
        await worker.drop(run_id, held - keep)
