"""Executes flows together with other processes: takes over what they decide (`store.sharing`)."""

from collections.abc import Awaitable, Callable

from headrace.engine.observer import Observer
from headrace.engine.programs import Programs
from headrace.engine.worker import Worker
from headrace.errors import HeadraceError
from headrace.store import OpenRun, RunChange, Store
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
        observer: Observer,
    ) -> None:
        """Set up.

        Args:
            on_response: called with a run's id and its response.
            on_triggers: called with the name of a flow whose triggers were switched, or have a new version.
            observer: told of runs that others begin and end.
        """
        self._store = store
        self._programs = programs
        self._worker = worker
        self._on_response = on_response
        self._on_triggers = on_triggers
        self._observer = observer
        self._passed: set[str] = set()  # runs of others that are not taken part in

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
        is_active = worker.version(change.run_id) is not None
        if not is_active and change.ended is None and change.run_id not in self._passed:
            if self._programs.is_leaving(flow):
                return  # others begin what is new
            await self._take_up(flow, change.run_id)
            return
        if change.ended is not None:
            self._passed.discard(change.run_id)
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
            self._passed.add(run_id)
            self._observer.run_stuck(run, error)
            return
        with self._programs.held(program):
            observer = self._observer
            tell = observer.run_resumed_elsewhere if run.tasks_done else observer.run_started_elsewhere
            left = await self.current(flow, run_id)
            if left is not None:
                self._worker.go_on(program, left, tell)
            else:  # it has ended meanwhile, which is heard of next
                self._passed.add(run_id)
                tell(run)

    async def current(self, flow: str, run_id: str) -> OpenRun | None:
        """A run as it is now; None if it has ended."""
        return next((left for left in await self._store.open_runs(flow) if left.run.id == run_id), None)

    async def _cut_off(self, run_id: str) -> None:
        """A run was cancelled: what this process executes of it is rolled back, or ends well."""
        sharing, worker = self._store.sharing, self._worker
        keep = worker.cut_off(run_id)
        held = frozenset() if sharing is None else sharing.held(run_id)
        await worker.drop(run_id, held - keep)
